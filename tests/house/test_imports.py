"""Imports look down, nothing happens at import, and the front door is small."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import house
import pytest

HEAVY = (
    "numpy",
    "pandas",
    "pandera",
    "duckdb",
    "pyarrow",
    "matplotlib",
    "scipy",
    "great_tables",
    "papermill",
    "nbconvert",
)
MOST_NAMES = 25
PROBE = """
import json, logging, os, sys, warnings
before = (list(logging.root.handlers), logging.root.level, logging.root.manager.disable,
          list(warnings.filters), dict(os.environ), sys.excepthook)
known = set(sys.modules)
import {module}
after = (list(logging.root.handlers), logging.root.level, logging.root.manager.disable,
         list(warnings.filters), dict(os.environ), sys.excepthook)
names = ("log handlers", "log level", "log disabled", "warning filters", "environment", "excepthook")
print(json.dumps({{
    "changed": [name for name, one, other in zip(names, before, after) if one != other],
    "loaded": sorted({{name.split(".")[0] for name in set(sys.modules) - known}}),
}}))
"""


def probe(module: str, *, path: str | None = None) -> dict[str, list[str]]:
    """Import a module in a fresh process; what it changed, and which packages it loaded."""
    code = (f"import sys; sys.path.insert(0, {path!r})\n" if path else "") + PROBE.format(module=module)
    command = [sys.executable, "-W", "error", "-c", code]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def rooms() -> set[str]:
    """Modules and packages directly inside the package."""
    inside = {path.relative_to(house.PACKAGE).parts[0] for path in house.python_files(house.PACKAGE)}
    return {name.removesuffix(".py") for name in inside} - {"__init__"}


def test_importing_the_package_changes_nothing_and_loads_nothing_heavy():
    seen = probe("shnor_analysis")
    assert seen["changed"] == []
    assert set(seen["loaded"]).isdisjoint(HEAVY)


def test_a_module_with_side_effects_is_noticed(tmp_path):
    (tmp_path / "noisy.py").write_text(
        "import logging, os, sqlite3, warnings\n"
        "logging.basicConfig(level=10)\nwarnings.simplefilter('ignore')\nos.environ['NOISY'] = '1'\n"
    )
    seen = probe("noisy", path=str(tmp_path))
    assert seen["changed"] == ["log handlers", "log level", "warning filters", "environment"]
    assert "sqlite3" in seen["loaded"]


def test_no_module_imports_the_front_door():
    found = {
        house.shown(path): lines
        for path in house.python_files(house.PACKAGE)
        if (lines := house.front_door_imports(path.read_text(encoding="utf-8"), rooms()))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import shnor_analysis\n", [1]),
        ("import shnor_analysis as shnor\n", [1]),
        ("def f():\n    from shnor_analysis import open_workspace\n", [2]),
        ("from shnor_analysis import errors\n", []),
        ("import shnor_analysis.errors\n", []),
    ],
)
def test_an_import_of_the_front_door_is_noticed(source, lines):
    assert house.front_door_imports(source, {"errors"}) == lines


def test_the_floors_are_guarded_and_name_every_room():
    contracts = tomllib.loads((house.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]
    floors = next(one for one in contracts["contracts"] if one["type"] == "layers")
    named = [part.strip(" ()") for layer in floors["layers"] for part in layer.split("|")]
    assert floors["exhaustive"]
    assert len(named) == len(set(named))
    assert set(named) - {"locale"} == rooms()


def test_nothing_runs_what_it_reads():
    found = {
        house.shown(path): lines
        for path in house.python_files(house.PACKAGE)
        if (lines := house.dangerous_code(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_code_that_runs_what_it_reads_is_noticed():
    assert house.dangerous_code("import pickle\n") == ["pickle"]
    assert house.dangerous_code("from joblib import load\n") == ["joblib"]
    assert house.dangerous_code("x = eval('1')\n") == ["eval in line 1"]
    assert house.dangerous_code("connection.exec('1')\n") == []


def test_the_front_door_is_small_sorted_and_opens():
    import shnor_analysis

    names = list(shnor_analysis.__all__)
    assert len(names) <= MOST_NAMES
    assert names == sorted(names)
    assert [name for name in names if not hasattr(shnor_analysis, name)] == []
