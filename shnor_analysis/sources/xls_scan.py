"""The same look at an old workbook (.xls): its sheets, how far they reach, and their error cells.

Source: [MS-CFB] for the container, [MS-XLS] for the records; only what is needed of both.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from shnor_analysis.sources.cells import ErrorCell, cell_name
from shnor_analysis.sources.percent_cells import BUILT_IN, by_column, is_percent_format
from shnor_analysis.sources.sheet_scan import BrokenSheetError, SheetScan

END_OF_CHAIN = 0xFFFFFFFA
DIFAT_IN_HEADER = 109
BOF, EOF, BOUNDSHEET, FILEPASS, FORMULA, BOOLERR = 0x0809, 0x000A, 0x0085, 0x002F, 0x0006, 0x0205
FORMAT, STYLE, NUMBER, RK, MANY_RK = 0x041E, 0x00E0, 0x0203, 0x027E, 0x00BD
CELL_RECORDS = frozenset({FORMULA, BOOLERR, 0x0203, 0x0204, 0x027E, 0x00FD, 0x00BD, 0x00D6})
ERROR_NAMES = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


class EncryptedWorkbookError(ValueError):
    """The workbook is protected by a password."""


@dataclass(frozen=True, slots=True)
class _Container:
    """The sectors of a compound file."""

    raw: bytes
    sector: int
    fat: tuple[int, ...]

    def chain(self, first: int) -> bytes:
        """The bytes of a chain of sectors; a chain longer than the file is broken."""
        parts: list[bytes] = []
        place = first
        while place < END_OF_CHAIN:
            if len(parts) > len(self.fat):
                raise BrokenSheetError("endless chain")
            start = (place + 1) * self.sector
            parts.append(self.raw[start : start + self.sector])
            place = self.fat[place]
        return b"".join(parts)


def scan_workbook(raw: bytes) -> dict[str, SheetScan]:
    """Scan every sheet of an .xls file.

    Raises EncryptedWorkbookError, and BrokenSheetError for whatever is not such a file.
    """
    try:
        stream = _workbook_stream(raw)
        styles = _percent_styles(stream)
        return {name: _scan_sheet(stream, place, styles) for name, place in _sheets(stream)}
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BrokenSheetError(str(error)) from error


def _workbook_stream(raw: bytes) -> bytes:
    sector = 1 << struct.unpack_from("<H", raw, 30)[0]
    small_sector = 1 << struct.unpack_from("<H", raw, 32)[0]
    directory_at, cutoff, small_fat_at = (struct.unpack_from("<I", raw, place)[0] for place in (48, 56, 60))
    container = _Container(raw, sector, _fat(raw, sector))
    directory = container.chain(directory_at)
    entries = dict(_entries(directory))
    found = entries.get("Workbook") or entries.get("Book")
    if found is None:
        raise BrokenSheetError("no workbook")
    first, size = found
    if size >= cutoff:
        return container.chain(first)[:size]
    root_first, _ = entries["Root Entry"]
    small_fat = container.chain(small_fat_at)
    links = struct.unpack(f"<{len(small_fat) // 4}I", small_fat[: len(small_fat) // 4 * 4])
    small = _Container(b"\x00" * small_sector + container.chain(root_first), small_sector, links)
    return small.chain(first)[:size]


def _fat(raw: bytes, sector: int) -> tuple[int, ...]:
    places = list(struct.unpack_from(f"<{DIFAT_IN_HEADER}I", raw, 76))
    following, count = struct.unpack_from("<II", raw, 68)
    per_sector = sector // 4
    for _ in range(min(count, len(raw) // sector)):
        listed = struct.unpack_from(f"<{per_sector}I", raw, (following + 1) * sector)
        places += listed[:-1]
        following = listed[-1]
    fat: list[int] = []
    for place in places:
        if place < END_OF_CHAIN:
            fat += struct.unpack_from(f"<{per_sector}I", raw, (place + 1) * sector)
    return tuple(fat)


def _entries(directory: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    for place in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, place + 64)[0]
        name = directory[place : place + max(0, length - 2)].decode("utf-16-le", "replace")
        yield name, struct.unpack_from("<II", directory, place + 116)


def _records(stream: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Kind, first byte and length of each record up to the end of its part; charts inside a sheet are passed over."""
    depth = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        depth += (kind == BOF) - (kind == EOF)
        if depth <= 1:
            yield kind, place + 4, length
        if depth <= 0:
            return
        place += 4 + length


def _sheets(stream: bytes) -> Iterator[tuple[str, int]]:
    for kind, at, _ in _records(stream, 0):
        if kind == FILEPASS:
            raise EncryptedWorkbookError
        if kind == BOUNDSHEET:
            place, _, of_kind, length, is_wide = struct.unpack_from("<IBBBB", stream, at)
            if of_kind == 0:
                yield _text(stream, at + 8, length, is_wide), place


def _text(stream: bytes, at: int, length: int, is_wide: int) -> str:
    text = stream[at : at + length * (2 if is_wide & 1 else 1)]
    return text.decode("utf-16-le" if is_wide & 1 else "latin-1")


def _percent_styles(stream: bytes) -> frozenset[int]:
    """Numbers of the cell styles that show percentages."""
    formats = set(BUILT_IN)
    styles: list[int] = []
    for kind, at, length in _records(stream, 0):
        if kind == FORMAT and length > 5:
            number, size, is_wide = struct.unpack_from("<HHB", stream, at)
            if is_percent_format(_text(stream, at + 5, size, is_wide)):
                formats.add(number)
        elif kind == STYLE:
            styles.append(struct.unpack_from("<H", stream, at + 2)[0])
    return frozenset(place for place, number in enumerate(styles) if number in formats)


def _styled_cells(stream: bytes, record: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    """Row, column and style of each cell of a record of numbers."""
    kind, at, length = record
    row, column, style = struct.unpack_from("<HHH", stream, at)
    if kind in {NUMBER, RK, FORMULA}:
        yield row, column, style
    elif kind == MANY_RK:
        for number in range((length - 6) // 6):
            yield row, column + number, struct.unpack_from("<H", stream, at + 4 + 6 * number)[0]


def _scan_sheet(stream: bytes, place: int, percent_styles: frozenset[int]) -> SheetScan:
    rows, columns = 0, 0
    errors = []
    percents = []
    for kind, at, length in _records(stream, place):
        if kind not in CELL_RECORDS:
            continue
        if percent_styles:
            cells = _styled_cells(stream, (kind, at, length))
            percents += [(row, column) for row, column, style in cells if style in percent_styles]
        row, column = struct.unpack_from("<HH", stream, at)
        rows, columns = max(rows, row + 1), max(columns, column + 1)
        code = _error_code(stream, at, kind)
        if code is not None:
            errors.append(ErrorCell(row, column, ERROR_NAMES.get(code, "#")))
    far = cell_name(rows - 1, columns - 1) if rows else ""
    return SheetScan(rows, columns, far, tuple(errors), by_column(percents))


def _error_code(stream: bytes, at: int, kind: int) -> int | None:
    if kind == BOOLERR and stream[at + 7]:
        return stream[at + 6]
    if kind == FORMULA and stream[at + 12 : at + 14] == b"\xff\xff" and stream[at + 6] == 2:
        return stream[at + 8]
    return None
