"""The same notebooks through plain papermill and through the warm engine, compared cell by cell."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fidelity
import nbformat
import pytest

import notebooks
from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.batch.runs import EngineName, run_plan
from shnor_analysis.batch.warm.choosing import is_this_python
from shnor_analysis.batch.warm.forking import why_not_fork

pytestmark = pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork")
PRELOAD = ("numpy", "pandas", "matplotlib.pyplot", "rich")
SOURCES = {
    "report": notebooks.REPORT,
    "failing": notebooks.FAILING,
    "torture": notebooks.TORTURE,
    "unannounced": notebooks.UNANNOUNCED,
    "widgets": notebooks.WIDGETS,
}
SLOW = {"widgets", "unannounced"}
LONGEST = 300


@contextmanager
def as_without_pytest(folder: Path) -> Iterator[None]:
    """ipykernel watches no file descriptors where it sees pytest; every engine works in one folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        patch.setenv("OPENBLAS_NUM_THREADS", "1")
        patch.chdir(folder)
        yield


def by_batch(template: Path, folder: Path, engine: EngineName) -> nbformat.NotebookNode:
    """What a run of the batch leaves, finished or failed."""
    job = Job("unit", template, {"number": 3}, folder / engine / "unit")
    with as_without_pytest(folder):
        run_plan(make_plan([job], preload=PRELOAD), run_folder=folder / engine / "run", engine=engine)
    (executed,) = (folder / engine).rglob("executed.ipynb")
    return nbformat.read(executed, as_version=4)


def by_papermill(
    template: Path, folder: Path, *options: str, said: list[list[str]] | None = None
) -> nbformat.NotebookNode:
    """What the command leaves and says; a notice of the fallback would be a failure of the test."""
    executed = folder / "executed.ipynb"
    command = [sys.executable, "-m", "papermill", *options, "--no-progress-bar", "-p", "number", "3"]
    with as_without_pytest(folder):
        ran = subprocess.run(
            [*command, str(template), str(executed)], capture_output=True, check=False, timeout=LONGEST
        )
    words = [line for line in ran.stderr.decode().splitlines() if line and line[0] not in " -["]
    assert "обычным образом" not in ran.stderr.decode()
    if said is not None:
        said.append(words)
    return nbformat.read(executed, as_version=4)


def when(source: str) -> Any:
    """Kernels, plain ones too, now and then stop answering a client that handles widgets with an output of their own."""
    return pytest.param(source, marks=pytest.mark.slow) if source in SLOW else source


@pytest.fixture(scope="module", params=[when(source) for source in sorted(SOURCES)])
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A template and the folder for its results."""
    folder = tmp_path_factory.mktemp(request.param)
    return notebooks.write(folder / "template.ipynb", SOURCES[request.param]), folder


@pytest.fixture(scope="module")
def executed_plainly(plain: tuple[Path, Path]) -> nbformat.NotebookNode:
    """By papermill's own engine, in the same surroundings as the others."""
    return by_batch(*plain, "plain")


def test_the_batch_gives_the_same_cells(plain, executed_plainly):
    assert fidelity.differences(executed_plainly, by_batch(*plain, "warm")) == []


def test_papermill_with_the_warm_engine_gives_the_same_cells(plain, executed_plainly):
    assert fidelity.differences(executed_plainly, by_papermill(*plain, "--engine", "warm")) == []


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("import os, time; time.sleep(0.5); os._exit(7)", "DeadKernelError"),
        ("import time; time.sleep(60)", "CellTimeoutError"),
    ],
)
def test_papermill_says_the_same_of_a_dead_kernel_and_of_a_late_cell(cell: str, error: str, tmp_path: Path):
    template = notebooks.write(tmp_path / "template.ipynb", f"print(1)\n---\n{cell}\n---\nprint(2)")
    said, cells = [], []
    for engine in ("nbclient", "warm"):
        cells.append(
            by_papermill(template, tmp_path, "--engine", engine, "--execution-timeout", "3", said=said)
        )
    told = [[line for line in lines if line.startswith("nbclient.exceptions.")] for lines in said]
    assert told[0] == told[1]
    assert error in told[0][-1]
    assert said[0][-1] == said[1][-1], "and nothing after it"
    assert fidelity.differences(*cells) == []


@pytest.mark.parametrize(
    ("kernel", "expected"), [("python3", True), ("python3-of-another", False), ("no-such-kernel", False)]
)
def test_only_notebooks_of_this_python_are_forked(
    kernel: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    another = tmp_path / "kernels" / "python3-of-another"
    another.mkdir(parents=True)
    argv = ["/usr/bin/python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (another / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "x", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert is_this_python(kernel) is expected


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cell: cell.update(source="other"),
        lambda cell: cell.update(execution_count=9),
        lambda cell: cell.outputs[0].update(text="other"),
        lambda cell: cell.outputs[1].update(text="other"),
        lambda cell: cell.outputs[1].update(name="stderr"),
        lambda cell: cell.metadata.update(tags=["other"]),
        lambda cell: cell.metadata.papermill.update(status="failed"),
    ],
)
def test_a_difference_would_be_noticed(spoil: Callable[[nbformat.NotebookNode], None]):
    def notebook(*cut: str) -> nbformat.NotebookNode:
        cell = nbformat.v4.new_code_cell("print(1)", id="one", execution_count=1)
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in cut]
        cell.metadata["papermill"] = nbformat.NotebookNode(status="completed", duration=1.5)
        return nbformat.v4.new_notebook(cells=[cell])

    other = notebook("1", "\n")
    other.cells[0].metadata.papermill.duration = 0.5
    assert fidelity.differences(notebook("1\n"), other) == []
    spoil(other.cells[0])
    assert len(fidelity.differences(notebook("1\n"), other)) == 1
