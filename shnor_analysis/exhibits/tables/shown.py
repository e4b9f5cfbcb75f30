"""A table as a value: printed cells under columns, in groups, with notes; every format can walk it.

The markup is built here, and here every character is escaped. Headers are tied to cells by ids, so that a screen
reader says the group, the label above and the column of each cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

# What a page of the house says better in its own style sheet; a notebook has nothing else to go by.
NOTEBOOK_STYLE = (
    "#{id} table {{ width: 100%; border-collapse: collapse; }} "
    "#{id} th, #{id} td {{ text-align: left; vertical-align: baseline; padding: 4px 6px; }} "
    "#{id} .right {{ text-align: right; }} #{id} .center, #{id} .above {{ text-align: center; }} "
    "#{id} thead th {{ vertical-align: bottom; }} #{id} tbody tr {{ border-top: 1px solid #d3d3d3; }}"
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: key of the row, label as shown, alignment, and the label above several columns side by side."""

    key: str
    label: str
    align: str = "right"
    above: str = ""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under one heading; a table without groups has one with an empty label."""

    label: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table that shows itself in a notebook; cells are printed already, in the order of the columns."""

    section: str
    columns: tuple[Column, ...]
    groups: tuple[RowGroup, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = ["\t".join(column.label for column in self.columns)]
        for group in self.groups:
            lines += [group.label] if group.label else []
            lines += ["\t".join(row) for row in group.rows]
        return "\n".join([*lines, *self.notes])

    def html(self) -> str:
        """The table as markup; everything that came from data is escaped."""
        name = f"table-{self.section}"
        parts = [f'<div id="{name}">', f"<style>{NOTEBOOK_STYLE.format(id=name)}</style>", "<table>"]
        parts += [*self._head(name), "<tbody>", *self._body(name), "</tbody>"]
        if self.notes:
            width = len(self.columns)
            notes = (f'<tr><td colspan="{width}">{escape(note)}</td></tr>' for note in self.notes)
            parts += ["<tfoot>", *notes, "</tfoot>"]
        return "\n".join([*parts, "</table>", "</div>"])

    def _head(self, name: str) -> Iterator[str]:
        has_above = any(column.above for column in self.columns)
        lower = []
        yield "<thead>\n<tr>"
        for above, together in self._runs():
            if above:
                place = self.columns.index(together[0])
                yield (
                    f'<th class="above" colspan="{len(together)}" scope="colgroup" id="{name}-above-{place}">'
                    f"<span>{escape(above)}</span></th>"
                )
                lower += [_column_head(name, column) for column in together]
            else:
                rows = 2 if has_above else 1
                yield from (_column_head(name, column, rows=rows) for column in together)
        if lower:
            yield "</tr>\n<tr>"
            yield from lower
        yield "</tr>\n</thead>"

    def _body(self, name: str) -> Iterator[str]:
        above = self._headers_above(name)
        for number, group in enumerate(self.groups):
            heading = f"{name}-group-{number} " if group.label else ""
            if group.label:
                yield (
                    f'<tr class="group"><th colspan="{len(self.columns)}" scope="colgroup"'
                    f' id="{heading.strip()}">{escape(group.label)}</th></tr>'
                )
            starts = [
                f'<td class="{column.align}" headers="{heading}{above[column.key]}{name}-{column.key}">'
                for column in self.columns
            ]
            for row in group.rows:
                yield "<tr>"
                yield from (f"{start}{escape(cell)}</td>" for start, cell in zip(starts, row, strict=True))
                yield "</tr>"

    def _headers_above(self, name: str) -> dict[str, str]:
        """The id of the label above each column, with a blank after it."""
        ids: dict[str, str] = {}
        for above, together in self._runs():
            place = self.columns.index(together[0])
            ids |= {column.key: f"{name}-above-{place} " if above else "" for column in together}
        return ids

    def _runs(self) -> list[tuple[str, list[Column]]]:
        """Columns side by side that have the same label above, in order."""
        return [(above, list(together)) for above, together in groupby(self.columns, lambda one: one.above)]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": str(self)}


def _column_head(name: str, column: Column, *, rows: int = 1) -> str:
    span = f' rowspan="{rows}"' if rows > 1 else ""
    return (
        f'<th class="{column.align}"{span} scope="col" id="{name}-{column.key}">{escape(column.label)}</th>'
    )
