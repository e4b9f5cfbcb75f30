"""What real files look like: stray characters, blanks, underscores, numbers typed as text."""

from __future__ import annotations

from collections.abc import Sequence

from shnor_analysis.simulation.raw.book import Cells, as_text

STRAY = "_x0002_"


def dirty_headers(cells: Cells, salt: int) -> Cells:
    """Headers as exports spoil them, each file in its own way; digits stay digits."""
    ways = (
        lambda text: text + " ",
        lambda text: text.replace(" ", "_"),
        lambda text: text + STRAY,
        lambda text: text,
        lambda text: "  " + text,
    )
    return [
        ways[(salt + place) % len(ways)](cell) if isinstance(cell, str) and not cell.isdigit() else cell
        for place, cell in enumerate(cells)
    ]


def typed_numbers(rows: Sequence[Cells], columns: Sequence[int]) -> tuple[Cells, ...]:
    """Numbers of some columns as text with a decimal comma, now and then with a blank behind."""
    return tuple(
        [
            as_text(cell) + (" " if (number + column) % 7 == 0 else "")
            if column in columns and isinstance(cell, float)
            else cell
            for column, cell in enumerate(row)
        ]
        for number, row in enumerate(rows)
    )


def trailing_blanks(rows: Sequence[Cells], column: int, every: int = 5) -> tuple[Cells, ...]:
    """A blank behind every n-th text of a column."""
    return tuple(
        [
            f"{cell} " if place == column and number % every == 0 and isinstance(cell, str) else cell
            for place, cell in enumerate(row)
        ]
        for number, row in enumerate(rows)
    )
