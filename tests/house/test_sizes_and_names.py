"""Rooms stay small enough to be understood, and their names say what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import house


def long_files(paths: Iterable[Path]) -> list[str]:
    """Files above the limit and their lines."""
    lengths = [(path, len(path.read_text(encoding="utf-8").splitlines())) for path in paths]
    return [f"{path.name}: {lines}" for path, lines in lengths if lines > house.MOST_FILE_LINES]


def test_no_file_is_longer_than_400_lines():
    assert long_files(house.python_files()) == []


def test_a_long_file_is_noticed(tmp_path):
    (tmp_path / "long.py").write_text("x = 1\n" * 401)
    (tmp_path / "short.py").write_text("x = 1\n" * 400)
    assert long_files(sorted(tmp_path.iterdir())) == ["long.py: 401"]


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


def root_entries(names: Iterable[str]) -> set[str]:
    """Files and folders that somebody sees first."""
    return {name.split("/")[0] for name in names}


def test_the_root_is_quiet():
    entries = root_entries(house.shown(path) for path in house.kept_files())
    assert len(entries) <= house.MOST_ROOT_ENTRIES, sorted(entries)
    assert "pyproject.toml" in entries


def test_entries_of_the_root_are_counted_once():
    assert root_entries(["a/b.py", "a/c.py", "d.py"]) == {"a", "d.py"}
