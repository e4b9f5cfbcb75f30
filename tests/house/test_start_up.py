"""Help comes at once: what takes long to import is imported where something is done."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = frozenset(
    {
        "IPython",
        "duckdb",
        "jupyter_client",
        "matplotlib",
        "nbconvert",
        "nbformat",
        "numpy",
        "pandas",
        "pandera",
        "papermill",
        "pyarrow",
        "scipy",
    }
)
# rooms of the package that themselves are long to import
OWN = frozenset({"shnor_analysis.evaluation", "shnor_analysis.warehouse", "shnor_analysis.workspace"})
ASK = """
import sys
from shnor_analysis.cli import main
code = main(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""


def loaded_by(script: str, *arguments: str) -> set[str]:
    """Packages and rooms of ours that a script loads."""
    command = [sys.executable, "-c", script, *arguments]
    ran = subprocess.run(command, capture_output=True, check=True, text=True)
    modules = ran.stderr.splitlines()[-1].split()
    return {name.partition(".")[0] for name in modules} | (OWN & set(modules))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["report", "--help"], ["runs", "--help"], ["plan", "power", "--help"]]
)
def test_help_loads_nothing_slow(arguments: list[str]) -> None:
    loaded = loaded_by(ASK, *arguments)
    assert "typer" in loaded
    assert loaded & (SLOW | OWN) == set()


def test_the_front_door_loads_nothing_but_python() -> None:
    loaded = loaded_by(
        "import sys; known = set(sys.modules); import shnor_analysis; print(*(set(sys.modules) - known), file=sys.stderr)"
    )
    assert loaded <= sys.stdlib_module_names | {"shnor_analysis"}
