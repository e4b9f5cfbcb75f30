"""A template that a person has filled in is imported without a mapping, whatever the table and the language."""

from __future__ import annotations

from datetime import date

import openpyxl
import pandas as pd
import pytest

from shnor_analysis.schemas import TABLES
from shnor_analysis.schemas.forms import template_columns
from shnor_analysis.schemas.template import write_template
from shnor_analysis.sources import ReadingContext, open_file, read_tables

LINEAGE = {"report": "x", "source_sha256": "0" * 64, "source_sheet": "s", "source_cells": "A1"}
REGISTER = pd.DataFrame(
    [
        {
            "school_id": "sch660005",
            "name": "Школа № 5",
            "kind": "school",
            "municipality_id": "Светлоярск",
            "region_id": "Край",
            "is_rural": False,
            **LINEAGE,
        }
    ]
)
WRITTEN = {
    "ru": {"kind": "школа", "alias_kind": "название", "sex": "женский", "yes": "да", "no": "нет", "assessment": "ВПР",
           "subject": "Математика", "season": "весна", "area_level": "Муниципалитет",
           "list": "низкие результаты (ШНОР)"},
    "en": {"kind": "school", "alias_kind": "name", "sex": "Female", "yes": "yes", "no": "no", "assessment": "VPR",
           "subject": "Mathematics", "season": "spring", "area_level": "Municipality", "list": "low results"},
}  # fmt: skip
CELLS = {
    "school_id": "sch660005", "name": "Школа № 5", "municipality_id": "Светлоярск", "region_id": "Край",
    "alias": "Школа 5", "valid_from": date(2018, 9, 1), "school_year": 2023, "pupil_code": "5001", "link_code": "77",
    "class_id": "5А", "grade": 5, "test_date": date(2023, 3, 21), "points": 12, "points_max": 20, "test_points": 55,
    "mark": 4, "journal_mark": 5, "variant": "1", "item": "3.1", "tested_n": 20, "mark_2_n": 4, "mark_3_n": 8,
    "mark_4_n": 6, "mark_5_n": 2, "mark_2_share": 20, "mark_3_share": 40, "mark_4_share": 30, "mark_5_share": 10,
    "low_n": 4, "low_share": 20, "mean_points": 10.5, "schools_n": 41, "area_id": "Светлоярск", "solved_share": 70,
    "lowered_n": 5, "confirmed_n": 12, "raised_n": 3, "lowered_share": 25, "confirmed_share": 60, "raised_share": 15,
    "score_n": 3, "score_share": 15, "issuer": "Рособрнадзор", "document": "№ 1", "programme": "500+",
    "cohort_year": 2022, "date_from": date(2022, 2, 1), "factor.pupils_n": 640, "factor.low_income_share": 12.5,
}  # fmt: skip
CODES = {
    "kind": "school", "alias_kind": "name", "sex": "f", "assessment": "vpr", "subject": "mathematics",
    "season": "spring", "area_level": "municipality", "list": "low_results",
}  # fmt: skip
FLAGS = {"is_rural": False, "has_special_needs": False, "home_language_other": True}


def fill(table: str, path, language: str, *, without: tuple[str, ...] = (), **changes: object) -> None:
    """Write a template and fill in one row; columns of `without` are left empty."""
    write_template(table, path, language)
    book = openpyxl.load_workbook(path)
    words = WRITTEN[language]
    flags = {name: words["yes" if value else "no"] for name, value in FLAGS.items()}
    cells = {**CELLS, **words, **flags, **changes}
    for place, column in enumerate(template_columns(TABLES[table]), start=1):
        if column.field not in without:
            book.worksheets[0].cell(2, place, cells.get(column.field))
    book.save(path)


def read(path) -> dict[str, pd.DataFrame]:
    context = ReadingContext(schools=REGISTER, aliases=TABLES["school_aliases"].empty(), key=b"k" * 32)
    return dict(read_tables(open_file(path), context).tables)


def expected(column: str) -> object:
    """What a filled cell means in the table."""
    value = {**CELLS, **CODES, **FLAGS}.get(column)
    if isinstance(value, date):
        return pd.Timestamp(value)
    return value / 100 if column.endswith("_share") and value is not None else value


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_filled_template_becomes_its_table(table, language, tmp_path):
    path = tmp_path / "заполненный шаблон.xlsx"
    fill(table, path, language)
    tables = read(path)
    row = tables[table].iloc[0]
    assert row["report"] == f"template_{table}"
    if table == "factors":
        values = dict(tables[table][["factor", "value"]].itertuples(index=False))
        assert values == {"pupils_n": 640, "low_income_share": 0.125}
        return
    wanted = {name: expected(name) for name in TABLES[table].own_columns if expected(name) is not None}
    assert {name: row[name] for name in wanted} == wanted
    if "pupil_id" in TABLES[table].columns:
        assert len(row["pupil_id"]) == 32


def test_percentages_alone_give_their_counts_where_only_one_set_fits(tmp_path):
    path = tmp_path / "results.xlsx"
    fill("school_results", path, "ru", without=("mark_2_n", "mark_3_n", "mark_4_n", "mark_5_n"))
    row = read(path)["school_results"].iloc[0]
    assert row["counts_rebuilt"]
    assert [row[f"mark_{mark}_n"] for mark in (2, 3, 4, 5)] == [4, 8, 6, 2]


def test_optional_columns_may_be_deleted_and_columns_moved(tmp_path):
    path = tmp_path / "factors.xlsx"
    fill("factors", path, "ru")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    kept = [place for place in range(len(rows[0])) if rows[1][place] is not None]
    short = openpyxl.Workbook()
    for row in rows:
        short.active.append([row[place] for place in reversed(kept)])
    short.save(path)
    values = dict(read(path)["factors"][["factor", "value"]].itertuples(index=False))
    assert values == {"pupils_n": 640, "low_income_share": 0.125}
