"""Blank Excel templates of the tables."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from shnor_analysis.files import atomic_path
from shnor_analysis.glossary import group, term, unit
from shnor_analysis.language import render
from shnor_analysis.schemas import TABLES
from shnor_analysis.schemas.columns import FIRST_SCHOOL_YEAR, LAST_SCHOOL_YEAR
from shnor_analysis.schemas.forms import TemplateColumn, template_columns, template_layout, template_layouts

__all__ = ["template_layout", "template_layouts", "write_template"]

FILLED_ROWS = 5000
WIDTH = 22
MADE = datetime(2020, 1, 1)


def write_template(table_name: str, path: Path, language: str) -> None:
    """Write a blank workbook: the table's sheet, notes on every column, and the lists to choose from.

    A file that is there already is replaced. KeyError when there is no such table.
    """
    table = TABLES[table_name]
    with atomic_path(path) as part:
        book = xlsxwriter.Workbook(part)
        book.set_properties({"created": MADE})
        columns = template_columns(table)
        sheet = book.add_worksheet(term(f"table.{table.name}").label(language))
        _write_notes(book, columns, language)
        lists = _write_lists(book, columns, language)
        for place, column in enumerate(columns):
            _write_column(book, sheet, column, place=place, lists=lists, language=language)
        sheet.freeze_panes(1, 0)
        book.close()


def _allowed(column: TemplateColumn, language: str) -> str:
    if column.choices:
        return ", ".join(one.label(language) for one in group(column.choices))
    if column.kind == "flag":
        return f"{term('yes.true').label(language)}, {term('yes.false').label(language)}"
    if column.kind == "school_year":
        return f"{FIRST_SCHOOL_YEAR}–{LAST_SCHOOL_YEAR}"
    if column.limits:
        return f"{column.limits[0]:.15g}–{column.limits[1]:.15g}"
    return ""


def _write_notes(book: Any, columns: tuple[TemplateColumn, ...], language: str) -> None:
    sheet = book.add_worksheet(render("template.notes", language))
    bold = book.add_format({"bold": True, "text_wrap": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    heads = ("column", "required", "unit", "allowed", "definition")
    for place, head in enumerate(heads):
        sheet.write_string(0, place, render(f"template.{head}", language), bold)
    for row, column in enumerate(columns, start=1):
        required = term("yes.true" if column.is_required else "yes.false").label(language)
        allowed = _allowed(column, language)
        shown = (
            column.term.label(language),
            required,
            "%" if column.kind == "percent" else unit(column.field, language),
            allowed,
            column.term.definition(language),
        )
        for place, text in enumerate(shown):
            sheet.write_string(row, place, text, wrapped)
    sheet.set_column(0, 3, WIDTH)
    sheet.set_column(4, 4, 4 * WIDTH)
    sheet.freeze_panes(1, 0)


def _write_lists(book: Any, columns: tuple[TemplateColumn, ...], language: str) -> dict[str, str]:
    """Write the values to choose from, one column a list, and return the range of each."""
    name = render("template.lists", language)
    sheet = book.add_worksheet(name)
    ranges: dict[str, str] = {}
    wanted = [(column.choices, column.term.label(language)) for column in columns if column.choices]
    for place, (choices, head) in enumerate(wanted):
        labels = [one.label(language) for one in group(choices)]
        sheet.write_column(0, place, [head, *labels])
        letter = xlsxwriter.utility.xl_col_to_name(place)
        ranges[choices] = f"='{name}'!${letter}$2:${letter}${len(labels) + 1}"
    sheet.set_column(0, max(len(wanted) - 1, 0), 1.5 * WIDTH)
    return ranges


def _write_column(
    book: Any, sheet: Any, column: TemplateColumn, *, place: int, lists: dict[str, str], language: str
) -> None:
    head = {"bold": True, "text_wrap": True, "bottom": 2 if column.is_required else 1}
    sheet.set_column(place, place, WIDTH, book.add_format({"num_format": _number_format(column)}))
    sheet.write_string(0, place, column.term.label(language), book.add_format(head))
    rule = _rule(column, lists, language)
    if rule:
        sheet.data_validation(1, place, FILLED_ROWS, place, rule)


def _number_format(column: TemplateColumn) -> str:
    if column.kind == "date":
        return "dd.mm.yyyy"
    if column.kind == "percent":
        # the sign is only printed: 20 stays 20, and a cell that was filled with 20% shows 0.20 % at once
        return '0.00" %"'
    return "@" if column.kind in {"text", "identifier"} else "General"


def _rule(column: TemplateColumn, lists: dict[str, str], language: str) -> dict[str, Any] | None:
    """The validation of a column: a list (a warning where own names are allowed), limits, or a date."""
    if column.choices:
        return {
            "validate": "list",
            "source": lists[column.choices],
            "error_type": "warning" if column.is_open else "stop",
        }
    if column.kind == "flag":
        return {
            "validate": "list",
            "source": [term(f"yes.{value}").label(language) for value in ("true", "false")],
        }
    if column.kind == "date":
        return {"validate": "date", "criteria": ">=", "value": datetime(FIRST_SCHOOL_YEAR, 1, 1)}
    if column.limits:
        kind = "decimal" if column.kind in {"number", "percent"} else "integer"
        return {
            "validate": kind,
            "criteria": "between",
            "minimum": column.limits[0],
            "maximum": column.limits[1],
        }
    return None
