"""Writes pages of cells as xlsx, xls or csv; equal pages give equal bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from shnor_analysis.files import atomic_path
from shnor_analysis.simulation.spec import INVENTED_NOTE

Cells = list[Any]
MADE_ON = datetime(2024, 9, 2)  # a file property without a zone, fixed for equal bytes
DATE_FORMAT = "dd.mm.yyyy"
NOTE_SHEET = "Примечание"


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet: rows of cells (None is empty) and merged ranges (first row, last row, first column, last column)."""

    name: str
    rows: tuple[Cells, ...]
    is_hidden: bool = False
    merges: tuple[tuple[int, int, int, int], ...] = ()


def note_page() -> Page:
    """The page that says of a workbook that everything in it is invented."""
    return Page(NOTE_SHEET, ([INVENTED_NOTE],))


def write_xlsx(path: Path, pages: Sequence[Page]) -> Path:
    """Write pages and the note as an xlsx workbook; dates are real dates."""
    import xlsxwriter

    with atomic_path(path) as part:
        book = xlsxwriter.Workbook(str(part), {"in_memory": True, "strings_to_urls": False})
        book.set_properties({"title": INVENTED_NOTE, "created": MADE_ON})
        day = book.add_format({"num_format": DATE_FORMAT})
        for page in (*pages, note_page()):
            sheet = book.add_worksheet(page.name)
            for number, row in enumerate(page.rows):
                _write_row(sheet, number, row, day)
            for first_row, last_row, first, last in page.merges:
                sheet.merge_range(first_row, first, last_row, last, page.rows[first_row][first])
            if page.is_hidden:
                sheet.hide()
        book.close()
    return path


def _write_row(sheet: Any, number: int, row: Cells, day: Any) -> None:
    for column, value in enumerate(row):
        if value is None:
            continue
        if isinstance(value, str):
            sheet.write_string(number, column, value)
        elif isinstance(value, date):
            sheet.write_datetime(number, column, value, day)
        else:
            sheet.write_number(number, column, value)


def write_xls(path: Path, pages: Sequence[Page]) -> Path:
    """Write pages and the note as a workbook of Excel 97."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str=DATE_FORMAT)
    for page in (*pages, note_page()):
        sheet = book.add_sheet(page.name)
        merged = {
            (row, column)
            for first_row, last_row, first, last in page.merges
            for row in range(first_row, last_row + 1)
            for column in range(first, last + 1)
        }
        for number, row in enumerate(page.rows):
            for column, value in enumerate(row):
                if value is None or (number, column) in merged:
                    continue
                sheet.write(number, column, value, *((day,) if isinstance(value, date) else ()))
        for first_row, last_row, first, last in page.merges:
            sheet.write_merge(first_row, last_row, first, last, page.rows[first_row][first])
    with atomic_path(path) as part:
        book.save(str(part))
    return path


def write_csv(path: Path, rows: Sequence[Cells], *, encoding: str = "cp1251", delimiter: str = ";") -> Path:
    """Write rows as text with decimal commas (points where the comma divides columns) and dates as 01.03.2021."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    comma = delimiter != ","
    writer.writerows([[as_text(value, comma=comma) for value in row] for row in rows])
    with atomic_path(path) as part:
        part.write_bytes(stream.getvalue().encode(encoding))
    return path


def as_text(value: Any, *, comma: bool = True) -> str:
    """A cell as a person would type it."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, float):
        shown = f"{value:.6f}".rstrip("0").rstrip(".")
        return shown.replace(".", ",") if comma else shown
    return str(value)
