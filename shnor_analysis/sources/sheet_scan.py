"""A fast look at the XML of a sheet before any reader opens it: how far it reaches and which cells hold errors.

The reader turns error cells into blanks and allocates the whole rectangle of a sheet; both are told here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO

from shnor_analysis.sources.cells import ErrorCell, place_of
from shnor_analysis.sources.percent_cells import PercentCells, by_column, cells_of_styles

CHUNK_BYTES = 4 << 20
LONGEST_PIECE_BYTES = 64 << 20
MOST_COLUMNS = 702
LAST_ROW = 1_048_576
MOST_CELLS = 5_000_000
_ERROR = b't="e"'
_PREFIX = re.compile(rb"<(\w+:)?worksheet\b")
_SINGLE_QUOTES = re.compile(rb"<(?:\w+:)?(?:c|row)\s[^<>]*='")
_BEYOND_Z = re.compile(rb' r="([A-Z]{2,3})\d')
_REFERENCE = re.compile(rb'\sr="([A-Z]{1,3}\d{1,7})"')
_CELL_END = re.compile(rb"</(?:\w+:)?c>")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]{1,40})<")


class BrokenSheetError(ValueError):
    """The XML of a sheet is not what a spreadsheet writes."""


@dataclass(frozen=True, slots=True)
class SheetScan:
    """Rows and columns that the filled cells of a sheet span, the cell farthest out, all error and percent cells."""

    rows: int
    columns: int
    far_cell: str = ""
    errors: tuple[ErrorCell, ...] = ()
    percents: PercentCells = field(default_factory=dict)

    @property
    def is_too_wide(self) -> bool:
        """More columns than any known report has."""
        return self.columns > MOST_COLUMNS

    @property
    def is_too_big(self) -> bool:
        """More cells than may be read."""
        return self.rows * self.columns > MOST_CELLS


def scan_sheet(
    stream: IO[bytes], reopen: IO[bytes], *, percent_styles: frozenset[int] = frozenset()
) -> SheetScan:
    """Scan the XML of a sheet piece by piece.

    `stream` is read once; only where the rough bounds look too wide or too big `reopen` (the same part again) is
    read cell by cell, because blanks that are merely formatted reach to the last row of many honest files.
    Rows that lie about their cells are not found here: the limits of the reading child catch them.
    Raises BrokenSheetError for error cells without an address and for a piece without any tag in 64 MB.
    """
    rows, columns = 0, 26
    errors: list[ErrorCell] = []
    percents: list[tuple[int, int]] = []
    find_percents = cells_of_styles(percent_styles) if percent_styles else None
    row_tag: re.Pattern[bytes] | None = None
    for piece in _pieces(stream):
        if row_tag is None:
            found = _PREFIX.search(piece)
            prefix = found[1] or b"" if found else b""
            row_tag = re.compile(b"<" + prefix + rb'row [^>]*?\br="(\d{1,7})"')
        rows = max(rows, max(map(int, row_tag.findall(piece)), default=0))
        columns = max(columns, max(map(_column_number, set(_BEYOND_Z.findall(piece))), default=0))
        errors.extend(_errors(piece))
        if find_percents is not None:
            percents += [(int(row) - 1, _column_number(letters) - 1) for letters, row in find_percents(piece)]
    rough = SheetScan(rows or LAST_ROW, columns, "", tuple(errors), by_column(percents))
    return _measure(reopen, rough) if rough.is_too_wide or rough.is_too_big else rough


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """Cut the XML before a cell or a row, so that no cell is cut in two."""
    rest = b""
    is_single_quoted: bool | None = None
    while chunk := stream.read(CHUNK_BYTES):
        if is_single_quoted is None:
            is_single_quoted = b"='" in chunk and bool(_SINGLE_QUOTES.search(chunk))
        if is_single_quoted:
            # the scan needs structure only: quotes of one kind make every pattern simple
            chunk = chunk.replace(b"'", b'"')
        rest += chunk
        cut = max(rest.rfind(b"<c "), rest.rfind(b":c "), rest.rfind(b"<row "))
        cut = rest.rfind(b"<", 0, cut + 1) if cut > 0 else cut
        if cut > 0:
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > LONGEST_PIECE_BYTES:
            raise BrokenSheetError("no tag")
    yield rest


def _column_number(letters: bytes) -> int:
    """1 for A, 703 for AAA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _errors(piece: bytes) -> Iterator[ErrorCell]:
    place = piece.find(_ERROR)
    while place >= 0:
        start = piece.rfind(b"<", 0, place)
        end = piece.find(b">", place)
        tag = piece[start:end]
        if re.match(rb"<(?:\w+:)?c\s", tag):
            closing = _CELL_END.search(piece, end)
            value = _VALUE.search(piece, end, closing.start() if closing else end)
            address = _REFERENCE.search(tag)
            if address is None:
                raise BrokenSheetError("error cell without an address")
            row, column = place_of(address[1].decode())
            yield ErrorCell(row, column, value[1].decode("utf-8", "replace") if value else "#")
        place = piece.find(_ERROR, place + len(_ERROR))


def _measure(stream: IO[bytes], rough: SheetScan) -> SheetScan:
    """Span of the cells that hold a value, one by one."""
    filled = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3}\d{1,7})"[^>]*(?<!/)>')
    rows, columns, far, weight = 0, 0, "", -1
    for piece in _pieces(stream):
        for found in filled.finditer(piece):
            row, column = place_of(found[1].decode())
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            if row + column > weight:
                far, weight = found[1].decode(), row + column
    return replace(rough, rows=rows, columns=columns, far_cell=far)
