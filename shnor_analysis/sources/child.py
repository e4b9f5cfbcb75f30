"""Reads one file into plain blocks of numbers and texts; runs as a process of its own, under limits.

Imports nothing of the package, so that it starts at once and can be killed without loss.
Use: ``python -P child.py FILE OUT MEMORY_BYTES CPU_SECONDS``; OUT may be `-`, standard output led into a file. csv files need no limits, they are read here all the same.

OUT begins with a line of JSON (`sheets`: name, is_hidden, first_row, rows_n, columns; a column has the length of each
of its blocks), then the blocks: `numbers` as float64, `codes` as int32, `texts` as JSON. What went wrong is a JSON line with `refused`.
"""

from __future__ import annotations

import csv
import gc
import io
import json
import sys
from array import array
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

EXIT_MEMORY = 71
ENCODINGS = ("utf-8-sig", "cp1251")
DELIMITERS = ("\t", ";", ",")
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
LINES_LOOKED_AT = 60
LAST_LINE = "\x01end"
FEWEST_SWALLOWED = 3
HEAD_ROWS = 40
NUMBERS = frozenset({float, int})

Cells = tuple[str, bool, tuple[int, int], list[list[Any]]]


class OpenQuoteError(ValueError):
    """A quote of a csv file opens a cell of a row (counted from 1) and does not close it."""


def set_limits(memory_bytes: int, cpu_seconds: int) -> None:
    """Limit address space and processor time; where the system knows no such limits (Windows) nothing happens."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def as_text(value: Any) -> str:
    """A cell that is no number as text: dates as 2021-03-01, yes and no as true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def split(cells: tuple[Any, ...]) -> tuple[array[float] | None, tuple[str, ...] | None]:
    """Numbers (NaN elsewhere) and texts (empty elsewhere) of some cells; None where there are none."""
    kinds = set(map(type, cells))
    if kinds <= {float, int}:
        return array("d", cells), None
    numbers = None
    if kinds & {float, int}:
        nan = float("nan")
        numbers = array("d", [cell if type(cell) in NUMBERS else nan for cell in cells])
    if kinds != {str}:
        cells = tuple(
            [cell if type(cell) is str else "" if type(cell) in NUMBERS else as_text(cell) for cell in cells]
        )
    return numbers, cells


def pack(cells: tuple[Any, ...], blocks: list[bytes]) -> dict[str, int]:
    """Append a column's blocks; returns the length of each in bytes.

    The first rows hold titles and headers: apart from the rest, which mostly is of one kind, both are fast.
    """
    parts = [split(cells[:HEAD_ROWS]), split(cells[HEAD_ROWS:])]
    sizes = [min(len(cells), HEAD_ROWS), max(0, len(cells) - HEAD_ROWS)]
    packed: dict[str, bytes] = {}
    if any(numbers for numbers, _ in parts):
        nan = array("d", [float("nan")])
        packed["numbers"] = b"".join(
            (nan * size if numbers is None else numbers).tobytes()
            for (numbers, _), size in zip(parts, sizes, strict=True)
        )
    if any(texts for _, texts in parts):
        known = {
            text: code
            for code, text in enumerate(dict.fromkeys(("", *(parts[0][1] or ()), *(parts[1][1] or ()))))
        }
        packed["codes"] = b"".join(
            (array("i", [0]) * size if texts is None else array("i", map(known.__getitem__, texts))).tobytes()
            for (_, texts), size in zip(parts, sizes, strict=True)
        )
        packed["texts"] = json.dumps(list(known)).encode("utf-8", "surrogatepass")
    blocks.extend(packed.values())
    return {name: len(block) for name, block in packed.items()}


def read_workbook(path: str) -> Iterator[Cells]:
    """Name, hidden or not, first row, first column and rows of each sheet of a workbook."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    # an open file, not a path: the kind of workbook is then told by its content, not by its name
    with Path(path).open("rb") as stream, CalamineWorkbook.from_object(stream) as workbook:
        for meta in workbook.sheets_metadata:
            if meta.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_name(meta.name)
            place = sheet.start or (0, 0)
            rows = sheet.to_python()
            fill_merged(rows, sheet.merged_cell_ranges or [], place)
            yield meta.name, meta.visible != SheetVisibleEnum.Visible, place, rows


def fill_merged(rows: list[list[Any]], merged: list[Any], place: tuple[int, int]) -> None:
    """Write the value of cells merged down a column into each of them: it holds for all these rows.

    Cells merged down beside cells merged across are the headers of two rows: they stay as they are.
    """
    headers = {first[0] for first, last in merged if first[1] != last[1]}
    for (first_row, first_column), (last_row, last_column) in merged:
        row, column = first_row - place[0], first_column - place[1]
        if (
            first_row in headers
            or first_column != last_column
            or row < 0
            or row >= len(rows)
            or not 0 <= column < len(rows[row])
        ):
            continue
        for below in rows[row + 1 : last_row - place[0] + 1]:
            below[column] = rows[row][column]


def read_csv(path: str) -> Iterator[Cells]:
    """The one sheet of a csv file; every cell is text."""
    raw = Path(path).read_bytes()
    text = decode(raw)
    delimiter = find_delimiter(text)
    # whatever a quote that never ends swallows, it swallows the last line too
    lines = io.StringIO(f"{text}\n{LAST_LINE}", newline="")
    rows: list[list[Any]] = list(csv.reader(lines, delimiter=delimiter))
    if rows.pop() != [LAST_LINE]:
        raise OpenQuoteError(len(rows) + 1)
    if rows and not rows[-1]:
        rows.pop()
    width = max(map(len, rows), default=0)
    for place, row in enumerate(rows, start=1):
        if any("\n" in cell and is_swallowed(cell, delimiter, width) for cell in row):
            raise OpenQuoteError(place)
    yield "csv", False, (0, 0), [row + [""] * (width - len(row)) for row in rows]


def is_swallowed(cell: str, delimiter: str, width: int) -> bool:
    """Tell whether a cell of several lines holds what looks like cells of a row: a quote ended too late."""
    return width > FEWEST_SWALLOWED and cell.count(delimiter) * 2 >= width


def decode(raw: bytes) -> str:
    """Text of a csv file: utf-16 with its mark (Excel's «Unicode text»), utf-8 where the bytes allow it, else cp1251."""
    if raw.startswith(UTF_16_MARKS):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode(ENCODINGS[0])
    except UnicodeDecodeError:
        return raw.decode(ENCODINGS[1], errors="replace")


def find_delimiter(text: str) -> str:
    """The first of tab, semicolon and comma that cuts at least half of the first lines; decimal commas come last."""
    lines = [line for line in text[:200_000].splitlines()[:LINES_LOOKED_AT] if line.strip()]
    for delimiter in DELIMITERS:
        if sum(delimiter in line for line in lines) * 2 >= len(lines):
            return delimiter
    return max(DELIMITERS, key=text[:200_000].count)


def write(sheets: Iterator[Cells], out: BinaryIO) -> None:
    """Write all sheets column by column; a sheet is let go as soon as it is packed."""
    blocks: list[bytes] = []
    described = []
    for name, is_hidden, (first_row, first_column), rows in sheets:
        rows_n = len(rows)
        columns = list(zip(*rows, strict=True))
        rows.clear()
        packed: list[dict[str, int]] = [{} for _ in range(first_column)]
        while columns:
            packed.append(pack(columns.pop(0), blocks))
        described.append(
            {
                "name": name,
                "is_hidden": is_hidden,
                "first_row": first_row,
                "rows_n": rows_n,
                "columns": packed,
            }
        )
    out.write(json.dumps({"sheets": described}).encode() + b"\n")
    out.writelines(blocks)


def main(arguments: list[str]) -> int:
    """Read FILE into OUT; what the reader refuses is written as JSON, exit code 0."""
    path, target, memory_bytes, cpu_seconds = arguments
    gc.disable()  # nothing here is cyclic, and there are millions of cells to look through
    set_limits(int(memory_bytes), int(cpu_seconds))
    is_csv = Path(path).suffix.lower() in {".csv", ".tsv", ".txt"}
    with sys.stdout.buffer if target == "-" else Path(target).open("wb") as out:
        try:
            write(read_csv(path) if is_csv else read_workbook(path), out)
        except MemoryError:
            return EXIT_MEMORY
        except Exception as error:  # whatever a damaged file makes the reader raise is the file's fault
            out.seek(0)
            out.truncate()
            refused = {"refused": type(error).__name__, "message": str(error)[:300]}
            out.write(json.dumps(refused).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
