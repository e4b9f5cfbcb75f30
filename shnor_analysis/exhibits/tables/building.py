"""How every table of the house is built: columns with one alignment, groups, reasons as notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from great_tables import GT

from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable, Suppressed

GROUP = "group"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: key of the row, label as shown, alignment, and the label above several columns."""

    key: str
    label: str
    align: str = "right"
    above: str = ""


def build_table(
    rows: Sequence[Mapping[str, str]],
    columns: Sequence[Column],
    *,
    section: str,
    notes: Iterable[str] = (),
) -> GT | Text:
    """Build a table from printed cells; rows may carry a `group`. No rows give an empty `Text`."""
    if not rows:
        return Text(section, ())
    has_groups = GROUP in rows[0]
    keys = [column.key for column in columns]
    frame = pd.DataFrame(list(rows), columns=[*([GROUP] if has_groups else []), *keys], dtype=object)
    table = GT(frame, id=f"table-{section}", groupname_col=GROUP if has_groups else None)
    table = table.cols_label(cases={column.key: column.label for column in columns})
    for align in ("left", "center", "right"):
        chosen = [column.key for column in columns if column.align == align]
        if chosen:
            table = table.cols_align(align, columns=chosen)
    for above in dict.fromkeys(column.above for column in columns if column.above):
        table = table.tab_spanner(above, columns=[column.key for column in columns if column.above == above])
    for note in dict.fromkeys(notes):
        table = table.tab_source_note(note)
    return table.tab_options(table_width="100%", table_font_size="0.92em", data_row_padding="4px")


def reasons_of(values: Iterable[object], language: str) -> tuple[str, ...]:
    """The notes that explain the dashes and the closed cells of a table, each once."""
    notes: dict[str, None] = {}
    for value in values:
        if isinstance(value, NotEstimable):
            notes[render("note.dash", language, why=printing.why_not(value, language))] = None
        elif isinstance(value, Suppressed):
            notes[render(f"closed.{value.reason}.note", language)] = None
    return tuple(notes)
