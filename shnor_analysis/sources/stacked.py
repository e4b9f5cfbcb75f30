"""Several tables on one sheet: each under its own header and its own title rows is a table of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.sources.cells import Column, Sheet, cell_name
from shnor_analysis.sources.header_lines import header_key
from shnor_analysis.sources.header_matching import Header
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.values import parse_number

MOST_CELLS_OF_TITLE = 2


def split_tables(found: Recognised, file: str) -> tuple[Recognised, ...]:
    """The tables that stand one under another on a recognised sheet, in order; each sees its own rows alone.

    A header that stands again right below rows of data, without a title between, is a repetition for print: it is
    taken out, and the rows go on. Facts of one table's titles are never taken for another.

    Raises InputRefused `table_repeated` where a header stands again with other columns, or to the right of the table.
    """
    _refuse_beside(found, file)
    again = tuple(_headers_below(found, file))
    if not again:
        return (found,)
    height = found.header.data_row - found.header.row
    tables: list[Recognised] = []
    start, header, dropped = 0, found.header, set[int]()
    for row in again:
        top = row - height + 1
        first = _first_title(found, top)
        if first == top:
            dropped.update(range(top, row + 1))
            continue
        tables.append(_part(found, header, range(start, first), dropped))
        start, header, dropped = first, replace(found.header, row=top, data_row=row + 1), set()
    tables.append(_part(found, header, range(start, found.sheet.rows_n), dropped))
    return tuple(tables)


def _used(header: Header) -> list[int]:
    return sorted({*header.places.values(), *(place for _, place in header.run)})


def _headers_below(found: Recognised, file: str) -> Iterator[int]:
    """Rows below the header in which all its texts stand again; refused where only a part of a run does."""
    sheet, header = found.sheet, found.header
    row_of_header = header.data_row - 1
    listed = sorted(header.places.values())
    first = sheet.columns[listed[0]]
    text = sheet.text(row_of_header, listed[0])
    for row in np.flatnonzero(_says(first, text)).tolist():
        if row <= row_of_header or not _same(sheet, row, row_of_header, listed):
            continue
        if not _same(sheet, row, row_of_header, _used(header)):
            raise _refusal(found, file, row, listed[0])
        yield row


def _says(column: Column, text: str) -> npt.NDArray[np.bool_]:
    number = parse_number(text)
    code = column.texts.index(text) if text in column.texts else None
    found = np.zeros(len(column.numbers), dtype=bool)
    if number is not None:
        found |= column.numbers == number
    if code is not None:
        found |= column.codes == code
    return found


def _same(sheet: Sheet, row: int, other: int, places: list[int]) -> bool:
    return all(sheet.text(row, place) == sheet.text(other, place) for place in places)


def _first_title(found: Recognised, top: int) -> int:
    """The first of the title rows over a header: those of few cells, and of none, right above it."""
    first, seen = top, top
    places = _used(found.header)
    while seen > found.header.data_row:
        cells = sum(bool(found.sheet.text(seen - 1, place)) for place in places)
        if cells > min(MOST_CELLS_OF_TITLE, len(places) - 1):
            break
        seen -= 1
        first = seen if any(found.sheet.row_texts(seen)) else first
    return first


def _part(found: Recognised, header: Header, rows: range, dropped: set[int]) -> Recognised:
    """The same sheet with some rows alone; the others are empty, so that addresses stay."""
    sheet = found.sheet
    is_kept = np.zeros(sheet.rows_n, dtype=bool)
    is_kept[rows.start : rows.stop] = True
    is_kept[sorted(dropped)] = False
    columns = tuple(
        Column(
            np.where(is_kept, column.numbers, np.nan),
            np.where(is_kept, column.codes, -1).astype(np.int32),
            column.texts,
        )
        for column in sheet.columns
    )
    errors = tuple(cell for cell in sheet.errors if is_kept[cell.row : cell.row + 1].any())
    return replace(found, sheet=replace(sheet, columns=columns, errors=errors), header=header)


def _refuse_beside(found: Recognised, file: str) -> None:
    """Refuse a second table to the right: its rows would be lost."""
    places = found.header.places.values()
    own = {header_key(found.sheet.text(found.header.data_row - 1, place)): place for place in places}
    again = [column for column in found.header.unread if header_key(column.header) in own]
    if len(own) > MOST_CELLS_OF_TITLE and len({header_key(column.header) for column in again}) == len(own):
        raise _refusal(found, file, found.header.data_row - 1, min(column.column for column in again))


def _refusal(found: Recognised, file: str, row: int, place: int) -> InputRefused:
    return InputRefused(Problem("table_repeated", file, found.sheet.name, cell_name(row, place)))
