"""How every table of the house is built: columns with one alignment, groups, reasons as notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.tables.shown import Column, RowGroup, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable, Suppressed

GROUP = "group"


def build_table(
    rows: Sequence[Mapping[str, str]],
    columns: Sequence[Column],
    *,
    section: str,
    notes: Iterable[str] = (),
) -> ShownTable | Text:
    """Build a table from printed cells; rows may carry a `group`. No rows give an empty `Text`."""
    if not rows:
        return Text(section, ())
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        groups.setdefault(row.get(GROUP, ""), []).append(tuple(row[column.key] for column in columns))
    return ShownTable(
        section=section,
        columns=tuple(columns),
        groups=tuple(RowGroup(label, tuple(found)) for label, found in groups.items()),
        notes=tuple(dict.fromkeys(notes)),
    )


def reasons_of(values: Iterable[object], language: str) -> tuple[str, ...]:
    """The notes that explain the dashes and the closed cells of a table, each once."""
    notes: dict[str, None] = {}
    for value in values:
        if isinstance(value, NotEstimable):
            notes[render("note.dash", language, why=printing.why_not(value, language))] = None
        elif isinstance(value, Suppressed):
            notes[render(f"closed.{value.reason}.note", language)] = None
    return tuple(notes)
