"""The look at the XML of a sheet, against what openpyxl finds in the same workbook."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shnor_analysis.sources import sheet_scan
from shnor_analysis.sources.cells import cell_name, column_letters, place_of
from shnor_analysis.sources.preflight import check_file
from shnor_analysis.sources.sheet_scan import scan_sheet

ERRORS = ["#N/A", "#DIV/0!", "#REF!"]


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(1, 60), st.integers(1, 40)), st.sampled_from([1, "x", *ERRORS]), min_size=1
    )
)
def test_error_cells_are_those_that_openpyxl_finds(tmp_path_factory, cells):
    book = openpyxl.Workbook()
    for (row, column), value in cells.items():
        book.active.cell(row, column, value)
    path = tmp_path_factory.mktemp("scan") / "a.xlsx"
    book.save(path)
    page = openpyxl.load_workbook(path).active
    expected = {
        (cell.coordinate, cell.value) for line in page.iter_rows() for cell in line if cell.data_type == "e"
    }
    assert {(cell.name, cell.text) for cell in check_file(path).errors["Sheet"]} == expected


def scan(xml):
    return scan_sheet(io.BytesIO(xml), io.BytesIO(xml))


def a_sheet(rows, *, quote='"', prefix=""):
    lines = []
    for row, cells in rows.items():
        body = "".join(
            f'<{prefix}c r="{name}" t="{kind}"><{prefix}v>{value}</{prefix}v></{prefix}c>'
            for name, kind, value in cells
        )
        lines.append(f'<{prefix}row r="{row}" spans="1:9">{body}</{prefix}row>')
    text = f"<{prefix}worksheet><{prefix}sheetData>{''.join(lines)}</{prefix}sheetData></{prefix}worksheet>"
    return text.replace('"', quote).encode()


@pytest.mark.parametrize(("quote", "prefix"), [('"', ""), ("'", ""), ('"', "x:")])
def test_other_spellings_of_the_same_xml_give_the_same(quote, prefix):
    rows = {3: [("B3", "n", "1"), ("AB3", "e", "#N/A")], 9: [("A9", "n", "2")]}
    found = scan(a_sheet(rows, quote=quote, prefix=prefix))
    assert (found.rows, found.columns) == (9, 28)
    assert [(cell.name, cell.text) for cell in found.errors] == [("AB3", "#N/A")]


def test_error_of_a_formula_is_named_by_its_value():
    xml = b'<worksheet><row r="2"><c r="B2" t="e"><f>NA()</f><v>#N/A</v></c><c r="C2"><v>7</v></c></row></worksheet>'
    assert [(cell.name, cell.text) for cell in scan(xml).errors] == [("B2", "#N/A")]


def test_cell_cut_between_two_pieces_is_found_once(monkeypatch):
    rows = {row: [(f"A{row}", "e", "#N/A"), (f"B{row}", "n", "1")] for row in range(1, 200)}
    whole = scan(a_sheet(rows)).errors
    for size in (64, 101, 333):
        monkeypatch.setattr(sheet_scan, "CHUNK_BYTES", size)
        assert scan(a_sheet(rows)).errors == whole
    assert len(whole) == 199


@given(st.integers(0, 1_048_575), st.integers(0, 16_383))
def test_address_of_a_cell_leads_back_to_it(row, column):
    assert place_of(cell_name(row, column)) == (row, column)
    assert column_letters(column).isalpha()
