"""A notebook of public libraries alone: papermill in a loop against the warm engine, in turns in one run, on one core.

Use: python benchmarks/any_notebook.py [--reports 4] [--rounds 3]

The notebook has nothing of this project in it: pandas, statsmodels and matplotlib, with about 0.8 s of cells when its
libraries are already imported. Everything is held on one processor, the peer too. CPU is user and system time of
every process concerned; the start of the fork server and the imports that papermill repeats are printed apart.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path

import nbformat
from warm_batch import Spent, by_fork, by_loop, import_seconds, seconds_of_cells, tell

from shnor_analysis.batch.plan import Job

IMPORTS = (
    "import matplotlib.pyplot as plt",
    "import numpy as np",
    "import pandas as pd",
    "import statsmodels.formula.api as smf",
)
PRELOADED = ("matplotlib.pyplot", "numpy", "pandas", "pandas.io.formats.html", "statsmodels.formula.api")
CELLS = (
    "random = np.random.default_rng(seed)\n"
    "count = 20_000\n"
    'frame = pd.DataFrame({"school": random.integers(0, 40, count), "grade": random.integers(5, 12, count)})\n'
    'frame["before"] = random.normal(50, 10, count)\n'
    'frame["after"] = 20 + 0.6 * frame["before"] + 0.3 * frame["school"] + random.normal(0, 8, count)',
    'by_school = frame.groupby("school")[["before", "after"]].agg(["mean", "std", "count"])\nby_school.round(2)',
    'frame.pivot_table(index="grade", columns=pd.cut(frame["before"], 4), values="after", observed=True).round(2)',
    'fit = smf.ols("after ~ before + C(grade) + C(school)", frame).fit()\nfit.summary().tables[0]',
    'fit.params.filter(like="grade").round(3)',
    "figure, axes = plt.subplots(1, 2, figsize=(10, 4))\n"
    'for axis, name in zip(axes, ["before", "after"]):\n'
    "    axis.hist(frame[name], bins=40)\n"
    "    axis.set_title(name)",
    "figure, axis = plt.subplots(figsize=(8, 5))\n"
    'axis.scatter(frame["before"], frame["after"], s=2, alpha=0.3)\n'
    'axis.set_xlabel("before")',
    'frame[["before", "after"]].describe().round(2)',
)


def notebook_jobs(folder: Path, count: int) -> list[Job]:
    """The notebook once for every seed."""
    first = nbformat.v4.new_code_cell("seed: int = 1", metadata={"tags": ["parameters"]})
    cells = [first, *map(nbformat.v4.new_code_cell, ("\n".join(IMPORTS), *CELLS))]
    kernel = {"name": "python3", "language": "python", "display_name": "Python"}
    template = folder / "any.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), template)
    return [Job(f"{n}", template, {"seed": n + 1}, folder / f"any-{n}") for n in range(count)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    loops: list[Spent] = []
    forks: list[Spent] = []
    cells: list[float] = []
    with tempfile.TemporaryDirectory() as kept:
        jobs = notebook_jobs(Path(kept), asked.reports)
        for _ in range(asked.rounds):
            loops.append(by_loop(jobs))
            forks.append(by_fork(jobs, size=1, finisher="", preload=PRELOADED, run_folder=Path(kept) / "run"))
            cells.extend(seconds_of_cells(jobs))
    print(
        f"{asked.reports} notebooks a way, {asked.rounds} rounds in turns, one processor; medians per notebook"
    )
    print(f"{'':<52} {'wall':>8} {'ratio':>7} {'CPU':>8} {'ratio':>7}")
    tell("any notebook: papermill in a loop", loops, loops)
    tell("any notebook: warm", forks, loops)
    print(f"cells with the libraries imported: {statistics.median(cells):.3f} s")
    for statement in ("import papermill", "; ".join(IMPORTS)):
        print(f"{statement}: {import_seconds(statement):.2f} s")
    print(f"load of the machine: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
