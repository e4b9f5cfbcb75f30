"""The process that reads: it stands alone, and does without limits where the system has none."""

from __future__ import annotations

import ast
import runpy
import sys

import pytest

from shnor_analysis.sources.reading import CHILD


def test_child_imports_nothing_of_the_package():
    tree = ast.parse(CHILD.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name.startswith("shnor_analysis")}


def test_system_without_limits_reads_all_the_same(monkeypatch, tmp_path):
    child = runpy.run_path(str(CHILD))
    monkeypatch.setitem(sys.modules, "resource", None)
    (tmp_path / "a.csv").write_text("а;б\n1;2\n", encoding="utf-8")
    assert child["main"]([str(tmp_path / "a.csv"), str(tmp_path / "out"), "1", "1"]) == 0
    assert b'"rows_n": 2' in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Логин;2;3\nsch1;10,5;89,5\nsch2;1,5;98,5\n", ";"),
        ("Логин,2,3\nsch1,10.5,89.5\n", ","),
        ("Логин\t2\t3\nsch1\t10,5\t89;5\n", "\t"),
        ("Перечень школ\n\nЛогин;Год\nsch1;2021\n", ";"),
    ],
)
def test_delimiter_is_told_from_decimal_commas(text, delimiter):
    assert runpy.run_path(str(CHILD))["find_delimiter"](text) == delimiter
