"""The data dictionary, the glossary and the Excel templates follow from the tables."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from shnor_analysis.glossary import code_of, group, term
from shnor_analysis.language import LANGUAGES
from shnor_analysis.schemas import LINEAGE_COLUMNS, TABLES
from shnor_analysis.schemas.dictionary import render_data_dictionary, render_glossary, write_docs
from shnor_analysis.schemas.forms import DERIVED, OF_EXAMPLES, template_columns, template_layout
from shnor_analysis.schemas.template import write_template

DOCS = Path(__file__).parents[2] / "docs"
UP_TO_DATE = "run `make docs`"


@pytest.fixture(params=TABLES, scope="module")
def table(request):
    return TABLES[request.param]


@pytest.fixture(params=LANGUAGES, scope="module")
def book(request, table, tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "шаблон с пробелом.xlsx"
    write_template(table.name, path, request.param)
    return request.param, openpyxl.load_workbook(path)


def test_the_committed_pages_are_up_to_date():
    assert (DOCS / "data_dictionary.md").read_text(encoding="utf-8") == render_data_dictionary(), UP_TO_DATE
    assert (DOCS / "glossary.md").read_text(encoding="utf-8") == render_glossary(), UP_TO_DATE


def test_both_pages_are_written_side_by_side(tmp_path):
    written = write_docs(tmp_path)
    assert [path.name for path in written] == ["data_dictionary.md", "glossary.md"]
    assert written[0].read_text(encoding="utf-8") == render_data_dictionary()


def test_the_dictionary_names_every_column_with_label_and_limits(table):
    text = render_data_dictionary()
    section = text.split(f"## `{table.name}` —")[1].split("\n## ")[0]
    for column in table.own_columns:
        assert f"| `{column}` | {term(column).ru} | {term(column).en} |" in section
    if table.name == "area_results":
        assert "«Статистика по отметкам» (`mark_statistics`)" in section
    if "mark" in table.columns:
        assert "| 2–5 |" in section


def test_the_header_row_is_the_glossary_label_of_each_column(table, book):
    language, workbook = book
    sheet = workbook.worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    assert headers == [column.term.label(language) for column in template_columns(table)]
    assert sheet.title == term(f"table.{table.name}").label(language)
    assert sheet.max_row == 1, "a blank template holds no row"


def test_the_notes_explain_every_column(table, book):
    language, workbook = book
    notes = list(workbook.worksheets[1].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in notes] == [column.term.label(language) for column in template_columns(table)]
    assert [row[4] for row in notes] == [
        column.term.definition(language) for column in template_columns(table)
    ]


def test_choices_are_validated_against_their_list(table, book):
    language, workbook = book
    rules = workbook.worksheets[0].data_validations.dataValidation
    with_choices = [column for column in template_columns(table) if column.choices]
    lists = workbook.worksheets[2]
    for place, column in enumerate(with_choices, start=1):
        shown = [cell.value for cell in lists[openpyxl.utils.get_column_letter(place)]][1:]
        expected = [one.label(language) for one in group(column.choices)]
        assert [value for value in shown if value] == expected
    list_rules = [rule for rule in rules if rule.type == "list" and "!" in rule.formula1]
    assert len(list_rules) == len(with_choices)


def test_dates_shares_and_codes_have_their_format(tmp_path):
    path = tmp_path / "results.xlsx"
    write_template("school_results", path, "ru")
    sheet = openpyxl.load_workbook(path).worksheets[0]
    formats = {cell.value: sheet.column_dimensions[cell.column_letter].number_format for cell in sheet[1]}
    assert formats["Дата работы"] == "dd.mm.yyyy"
    assert formats["Доля «2»"] == '0.00" %"'
    assert formats["Код школы"] == "@"


def test_the_same_template_has_the_same_bytes(tmp_path):
    for name in ("one.xlsx", "two.xlsx"):
        write_template("schools", tmp_path / name, "ru")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_the_layout_of_a_template_fills_the_whole_table(table):
    layout = template_layout(table)
    names = {"pupil_code": "pupil_id", "link_code": "link_id"}
    filled = {names.get(column.field, column.field) for column in layout.columns}
    if table.name == "factors":
        assert filled - {"school_id", "school_year"} == {one.key for one in group("factor")} - set(
            OF_EXAMPLES
        )
        filled |= {"factor", "value"}
    assert filled | set(DERIVED) | set(LINEAGE_COLUMNS) >= set(table.columns)
    assert layout.tables[-1] == table.name
    headers = [column.header for column in layout.columns]
    assert len(headers) == len(set(headers)), "two columns of a template may not share a header"


def test_a_label_chosen_from_a_list_leads_back_to_its_code(table):
    for column in template_columns(table):
        for one in group(column.choices) if column.choices else ():
            code = one.key.rpartition(".")[2]
            assert {code_of(column.choices, one.ru), code_of(column.choices, one.en)} == {code}


def test_two_layouts_of_templates_are_told_apart():
    required = [
        frozenset(column.header for column in template_layout(one).columns if column.is_required)
        for one in TABLES.values()
    ]
    assert len(set(required)) == len(required)
