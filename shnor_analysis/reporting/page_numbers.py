"""The numbers that a page shows, each under its place on the page in words; for setting two runs side by side.

They are read from the outputs that reach the page, so that nothing is here that its reader does not see: tables and
sentences from their plain text, figures from the words that stand for them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

SECTION = re.compile(r'<div (?:id="table-|class="text )(\w+)')
# the place of the files and their dates: what a page was made from, not what it shows
NOT_COMPARED = frozenset({"provenance", "cover"})
NUMBER = re.compile(r"[−+-]?\d+(?:[\u00a0\u202f]\d{3})*(?:[.,]\d+)?(?:[\u00a0\u202f ]?%)?")
TABLE, TEXT, FIGURE = "table", "text", "figure"
BETWEEN = " · "
GAP = "…"


def shown_on(notebook: Any) -> str:
    """What the page of an executed notebook shows, section by section: lines `kind<TAB>heading` and what follows them."""
    pieces: list[str] = []
    heading = ""
    for data in _shown(notebook):
        markup, plain = str(data.get("text/html", "")), str(data.get("text/plain", ""))
        found = SECTION.match(markup)
        kind = FIGURE if "image/png" in data else TABLE if markup.startswith('<div id="table-') else TEXT
        if found and found[1] in NOT_COMPARED:
            continue
        if kind == TEXT:
            heading = plain.partition("\n")[0].strip()
        pieces.append(f"\x1e{kind}\t{heading}\n{plain.strip()}")
    return "".join(pieces)


def numbers_of(shown: str) -> dict[str, str]:
    """Place in words → number as the page shows it, from what `shown_on` kept."""
    numbers: dict[str, str] = {}
    for piece in shown.split("\x1e")[1:]:
        head, _, body = piece.partition("\n")
        kind, _, heading = head.partition("\t")
        read = {TABLE: _of_table, TEXT: _of_text, FIGURE: _of_figure}[kind]
        for place, number in read(body.splitlines()):
            numbers[_unused(BETWEEN.join(part for part in (heading, place) if part), numbers)] = number
    return numbers


def _shown(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type in {"execute_result", "display_data"}:
                yield output.data


def _of_table(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Cells with a digit, under row and column; a line of one cell is the heading of those below it."""
    head, *rows = [line.split("\t") for line in lines]
    group, grouped = "", []
    for name, *cells in rows:
        group = group if cells else name
        grouped.append((group, name, cells))
    counts = Counter((group, name) for group, name, _ in grouped)
    for group, name, cells in grouped:
        # steps of an accounting have one name and tell in the next cell what they are about
        is_told_apart = counts[group, name] > 1 and cells and not _has_digit(cells[0])
        row = f"{name}, {cells[0]}" if is_told_apart else name
        for column, cell in zip(head[1:], cells, strict=False):
            if _has_digit(cell):
                yield BETWEEN.join(part for part in (group, row, column) if part), cell.strip()


def _has_digit(text: str) -> bool:
    return any(sign.isdigit() for sign in text)


def _of_text(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Numbers of a sentence, under the sentence without them."""
    for line in lines:
        numbers = NUMBER.findall(line)
        if numbers:
            yield NUMBER.sub(GAP, line.lstrip("– ")), "; ".join(numbers)


def _of_figure(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Points of a figure, as the words that stand for it tell them: `series: point: value, point: value; series …`."""
    for line in lines:
        title, _, rest = line.partition(". ")
        for series in rest.rstrip(".").split("; "):
            name, _, points = series.partition(": " if ": " in series else " — ")
            told = [point.rpartition(": ") for point in points.split(", ")]
            if points and all(label for label, _, _ in told):
                yield from ((BETWEEN.join((title, name, label)), value) for label, _, value in told)
            elif NUMBER.search(series):
                yield (
                    BETWEEN.join((title, name if points else NUMBER.sub(GAP, name))),
                    points or "; ".join(NUMBER.findall(name)),
                )


def _unused(place: str, numbers: dict[str, str]) -> str:
    """A place that is there already gets a number."""
    count, found = 2, place
    while found in numbers:
        found, count = f"{place} ({count})", count + 1
    return found
