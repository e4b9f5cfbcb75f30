"""A report with any cells changed gives valid tables or a refusal with its place, never a crash or a silent half."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))

from fisoko_files import comparison, individual, items, marks, regional, scores
from school_files import a_context

from shnor_analysis.errors import InputRefused
from shnor_analysis.language import render_problem
from shnor_analysis.reference.layouts import layouts
from shnor_analysis.schemas import TABLES, validate
from shnor_analysis.sources import OpenedFile, Recognised, read_tables
from shnor_analysis.sources.cells import Sheet, make_column
from shnor_analysis.sources.recognition import recognise

REGIONAL = regional(
    (2021, 5, "Математика", "sch660005", "МБОУ СОШ № 5", 40, "12,5", "37,5", 25, 25),
    (2021, 5, "Математика", "sch660012", "МБОУ СОШ № 12", 20, 25, 25, 25, 25),
)
REPORTS = [marks(), comparison(), scores(), items(), individual(), REGIONAL]
CELLS = st.one_of(
    st.none(),
    st.integers(-5, 3000),
    st.floats(-10, 200),
    st.sampled_from(
        ["", " ", "#N/A", "н/д", "2021-03-01", "12,5 %", "Итого", "Вся выборка", "sch660005", "true", "Н"]
    ),
    st.text(max_size=8),
)


def a_sheet(rows):
    width = max(map(len, rows))
    padded = [[*row, *[None] * (width - len(row))] for row in rows]
    return Sheet(
        "Лист", False, tuple(make_column(list(cells)) for cells in zip(*padded, strict=True)), len(rows)
    )


def outcome(opened):
    """Tables, or the problems of the refusal."""
    try:
        return read_tables(opened, a_context()).tables, ()
    except InputRefused as refused:
        return {}, refused.problems


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_changed_cells_give_valid_tables_or_a_refusal(data):
    rows = [list(row) for row in data.draw(st.sampled_from(REPORTS))]
    for _ in range(data.draw(st.integers(1, 4))):
        row = data.draw(st.sampled_from([row for row in rows if row]))
        row[data.draw(st.integers(0, len(row) - 1))] = data.draw(CELLS)
    sheet = a_sheet(rows)
    found = recognise(sheet, layouts().values())
    if not isinstance(found, Recognised):
        return
    tables, problems = outcome(OpenedFile(Path("changed.xlsx"), "0" * 64, (sheet,), (found,)))
    assert bool(tables) != bool(problems)
    for problem in problems:
        assert problem.file == "changed.xlsx"
        assert all(render_problem(problem, language) for language in ("ru", "en"))
    for name, table in tables.items():
        validate(TABLES[name], table)


@pytest.mark.parametrize("report", REPORTS, ids=lambda rows: str(rows[0][0])[:20])
def test_unchanged_reports_are_read(report):
    sheet = a_sheet([list(row) for row in report])
    found = recognise(sheet, layouts().values())
    assert read_tables(OpenedFile(Path("a.xlsx"), "0" * 64, (sheet,), (found,)), a_context()).tables
