"""Cells formatted as percentages: 0.125 that is shown as 12.5 % is read as it is shown, a sign and all.

The reader gives their numbers alone: in one column 0.125 and 12.5 may then mean the same, a hundred times apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import IO
from xml.parsers import expat

import numpy as np
import numpy.typing as npt

from shnor_analysis.sources.cells import Column, Sheet, shown_number

# rows, from 0, of the cells of a column, from 0, that are formatted as percentages
PercentCells = Mapping[int, npt.NDArray[np.int64]]
BUILT_IN = frozenset({9, 10})
MOST_DECIMALS = 6
MOST_STYLES_SEARCHED = 12
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def is_percent_format(code: str) -> bool:
    """Tell whether a number format shows a hundredfold with a sign; a sign in quotes or after a backslash is a text."""
    return "%" in _NOT_SHOWN.sub("", code)


def percent_styles(styles: IO[bytes]) -> frozenset[int]:
    """Numbers of the cell styles of a workbook (`xl/styles.xml`) that show percentages.

    Read tag by tag: a tree of a swollen part would take a hundred times its size. Raises `expat.ExpatError`.
    """
    formats = set(BUILT_IN)
    of_cells: list[int] = []
    inside: list[str] = []

    def start(tag: str, given: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        number = given.get("numFmtId", "0")
        if name == "numFmt" and number.isdigit() and is_percent_format(given.get("formatCode", "")):
            formats.add(int(number))
        elif name == "xf" and inside and inside[-1] == "cellXfs":
            of_cells.append(int(number) if number.isdigit() else 0)
        inside.append(name)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: inside.pop()
    parser.ParseFile(styles)
    return frozenset(place for place, number in enumerate(of_cells) if number in formats)


def cells_of_styles(styles: frozenset[int]) -> Callable[[bytes], list[tuple[bytes, bytes]]]:
    """What finds the filled cells of some styles in the XML of a sheet: letters and row of each.

    Few styles are looked for by their numbers; a search for one of thousands would take thousands of times as long.
    """
    wanted = {str(style).encode() for style in styles}
    is_few = len(wanted) <= MOST_STYLES_SEARCHED
    number = b"(?:" + b"|".join(sorted(wanted)) + b")" if is_few else rb"(\d{1,6})"
    tag = re.compile(
        rb'<(?:\w+:)?c\s(?=[^>]*\bs="' + number + rb'")[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>'
    )
    if is_few:
        return tag.findall
    return lambda piece: [(letters, row) for style, letters, row in tag.findall(piece) if style in wanted]


def by_column(cells: Iterable[tuple[int, int]]) -> PercentCells:
    """Group cells (row, column) by their columns."""
    rows: dict[int, list[int]] = {}
    for row, column in cells:
        rows.setdefault(column, []).append(row)
    return {column: np.array(found, dtype=np.int64) for column, found in rows.items()}


def as_shown(sheet: Sheet, cells: PercentCells) -> Sheet:
    """The same sheet; numbers that are formatted as percentages are texts such as `12.5%`."""
    if not cells:
        return sheet
    columns = [
        _as_shown(column, cells[place]) if place in cells else column
        for place, column in enumerate(sheet.columns)
    ]
    return replace(sheet, columns=tuple(columns))


def _as_shown(column: Column, rows: npt.NDArray[np.int64]) -> Column:
    inside = rows[rows < len(column.numbers)]
    inside = inside[~np.isnan(column.numbers[inside])]
    if not len(inside):
        return column
    values, inverse = np.unique(column.numbers[inside], return_inverse=True)
    known = {text: code for code, text in enumerate(column.texts)}
    shown = [f"{shown_number(round(float(value) * 100, MOST_DECIMALS))}%" for value in values]
    codes = np.array([known.setdefault(text, len(known)) for text in shown], dtype=np.int32)
    numbers, all_codes = column.numbers.copy(), column.codes.copy()
    numbers[inside], all_codes[inside] = np.nan, codes[inverse]
    return Column(numbers, all_codes, tuple(known))
