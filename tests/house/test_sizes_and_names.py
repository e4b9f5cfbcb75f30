"""Rooms stay small enough to be understood, and their names say what they hold."""

from __future__ import annotations

from pathlib import Path

import house


def test_no_file_is_longer_than_400_lines():
    long = {
        house.shown(path): lines
        for path in house.python_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > house.MOST_FILE_LINES
    }
    assert long == {}


def test_no_function_is_longer_than_60_lines():
    long = {
        house.shown(path): found
        for path in house.python_files()
        if (found := house.long_functions(path.read_text(encoding="utf-8")))
    }
    assert long == {}


def test_a_long_function_is_noticed_and_its_docstring_is_not_counted():
    body = "\n".join(f"    x{number} = {number}" for number in range(61))
    assert house.long_functions(f"def f():\n{body}\n") == ["f: 61"]
    words = "\n".join(["    word"] * 80)
    assert house.long_functions(f'def f():\n    """Say.\n\n{words}\n    """\n    return 1\n') == []


def test_no_module_has_a_name_that_says_nothing():
    named = [
        house.shown(path)
        for path in house.python_files()
        if house.is_forbidden_name(path.relative_to(house.ROOT))
    ]
    assert named == []


def test_a_name_that_says_nothing_is_noticed():
    assert house.is_forbidden_name(Path("shnor_analysis/utils.py"))
    assert house.is_forbidden_name(Path("shnor_analysis/helpers/marks.py"))
    assert house.is_forbidden_name(Path("shnor_analysis/marks_.py"))
    assert not house.is_forbidden_name(Path("shnor_analysis/__init__.py"))
    assert not house.is_forbidden_name(Path("shnor_analysis/newcomers.py"))


def test_the_root_is_quiet():
    entries = {path.relative_to(house.ROOT).parts[0] for path in house.kept_files()}
    assert len(entries) <= house.MOST_ROOT_ENTRIES, sorted(entries)
    assert "pyproject.toml" in entries
