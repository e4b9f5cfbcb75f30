"""Cells of a sheet as they were read: columns of numbers and texts, nothing interpreted yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shnor_analysis.sources.spelling import clean

ERROR_TEXTS = frozenset(
    [
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "#Н/Д",
        "#ССЫЛКА!",
        "#ЗНАЧ!",
        "#ДЕЛ/0!",
        "#ИМЯ?",
        "#ЧИСЛО!",
        "#ПУСТО!",
    ]
)


def column_letters(column: int) -> str:
    """Letters of a column counted from 0: 0 is A, 26 is AA."""
    letters, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """Address of a cell, both counted from 0: (7, 0) is A8."""
    return f"{column_letters(column)}{row + 1}"


def shown_number(value: float) -> str:
    """A number as a person would type it: 2.0 is `2`, 3.1 is `3.1`."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet: `numbers` (NaN where a cell holds none) and `texts[codes]` (-1 where there is none).

    Texts stand once each in `texts`, cleaned of stray characters, so that whatever is done to a text is done once.
    Dates are texts of the form `2021-03-01`; yes and no of Excel are the texts `true` and `false`.
    """

    numbers: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int32]
    texts: tuple[str, ...]

    def text(self, row: int) -> str:
        """The cell as text, whatever it holds; empty for an empty cell."""
        code = int(self.codes[row])
        if code >= 0:
            return self.texts[code]
        value = float(self.numbers[row])
        return "" if np.isnan(value) else shown_number(value)

    def is_filled(self) -> npt.NDArray[np.bool_]:
        """Which cells hold something; a text of blanks alone does not count."""
        blank = np.array([not text for text in self.texts] + [True])
        filled: npt.NDArray[np.bool_] = ~np.isnan(self.numbers) | ~blank[self.codes]
        return filled

    def as_texts(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """The cells of some rows as text (None where empty), numbers as a person would type them."""
        known = np.array([*(text or None for text in self.texts), None], dtype=object)
        found = known[self.codes[rows]]
        numbers = self.numbers[rows]
        places = np.flatnonzero(~np.isnan(numbers))
        if len(places):
            values, inverse = np.unique(numbers[places], return_inverse=True)
            found[places] = np.array([shown_number(float(value)) for value in values], dtype=object)[inverse]
        return found


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that holds an error of the spreadsheet, counted from 0."""

    row: int
    column: int
    text: str

    @property
    def name(self) -> str:
        """Address, such as C7."""
        return cell_name(self.row, self.column)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: all its columns have the same number of rows; row 0 is row 1 of the file."""

    name: str
    is_hidden: bool
    columns: tuple[Column, ...]
    rows_n: int
    errors: tuple[ErrorCell, ...] = ()

    def text(self, row: int, column: int) -> str:
        """A cell as text; empty outside the sheet."""
        if row >= self.rows_n or column >= len(self.columns):
            return ""
        return self.columns[column].text(row)

    def row_texts(self, row: int) -> tuple[str, ...]:
        """All cells of a row as text."""
        return tuple(column.text(row) for column in self.columns)


def make_column(cells: list[Any]) -> Column:
    """Build a column from Python values (None or an empty text is an empty cell)."""
    numbers = np.full(len(cells), np.nan)
    codes = np.full(len(cells), -1, dtype=np.int32)
    known: dict[str, int] = {}
    for row, value in enumerate(cells):
        if isinstance(value, int | float) and not isinstance(value, bool):
            numbers[row] = value
        elif value is not None and value != "":
            codes[row] = known.setdefault(clean(str(value)), len(known))
    return Column(numbers, codes, tuple(known))


def place_of(name: str) -> tuple[int, int]:
    """Row and column, from 0, of an address such as C7; ValueError when it is none."""
    found = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", name)
    if not found:
        raise ValueError(name)
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1
