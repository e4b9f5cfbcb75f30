"""Multilevel models: this package against its peers and against the bare scan; one run, same data, medians.

Use: python benchmarks/models.py [--rows 1000000] [--rounds 3] [--models intercept,slope,class,logistic] [--keep FOLDER]

Every fit is a process of its own and the engines take turns, so a slow minute of the machine meets all of them.
Peers that are not installed are named and left out. lme4 fits the logistic model at a tenth of the rows.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from contender import FORMULAS
from pupils import write_pupils

HERE = Path(__file__).parent
FIELDS = {
    "intercept": (
        "plain_sum",
        "bare_scan",
        "ours",
        "mixedlm",
        "mixedlm_rs",
        "gpboost",
        "statsmodels",
        "lme4",
    ),
    "slope": ("bare_scan", "ours", "mixedlm", "mixedlm_rs", "lme4"),
    "class": ("bare_scan", "ours", "mixedlm", "lme4"),
    "logistic": ("ours", "gpboost", "mixedlm"),
    "logistic_tenth": ("ours", "gpboost", "mixedlm", "lme4"),
}
OWN = ("ours", "bare_scan", "plain_sum")
LIMIT_SECONDS = 1_200


def is_present(engine: str) -> bool:
    """Whether an engine can be run on this machine."""
    if engine in OWN:
        return True
    if engine != "lme4":
        return importlib.util.find_spec(engine) is not None
    if shutil.which("Rscript") is None:
        return False
    probe = "q(status = !all(c('lme4', 'data.table', 'jsonlite') %in% rownames(installed.packages())))"
    return subprocess.run(["Rscript", "-e", probe], check=False).returncode == 0


def fit_once(engine: str, model: str, path: Path) -> dict[str, object]:
    """Run one fit in its own process."""
    if engine == "lme4":
        family = "binomial" if model == "logistic" else "gaussian"
        command = ["Rscript", str(HERE / "lme4.R"), str(path.with_suffix(".csv")), FORMULAS[model], family]
    else:
        command = [sys.executable, str(HERE / "contender.py"), engine, model, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    if done.returncode != 0:
        return {
            "error": done.stderr.strip().splitlines()[-1]
            if done.stderr.strip()
            else f"exit {done.returncode}"
        }
    return json.loads(done.stdout.strip().splitlines()[-1])


def compare(field: str, folder: Path, rows: int, rounds: int) -> None:
    """Let the engines of one field take turns and print their medians."""
    model = field.removesuffix("_tenth")
    path = write_pupils(folder, rows // 10 if field.endswith("_tenth") else rows)
    engines = [engine for engine in FIELDS[field] if is_present(engine)]
    absent = [engine for engine in FIELDS[field] if engine not in engines]
    fits: dict[str, list[dict[str, object]]] = {engine: [] for engine in engines}
    for _ in range(rounds):
        for engine in engines:
            fits[engine].append(fit_once(engine, model, path))
    print(
        f"\n{FORMULAS[model]}   {path.stem}, {rounds} rounds"
        + (f"; not installed: {', '.join(absent)}" if absent else "")
    )
    print(
        f"{'engine':12}{'seconds':>10}{'range':>18}{'× ours':>9}{'CPU s':>9}{'peak MB':>9}   log-likelihood"
    )
    mine = statistics.median(float(fit["seconds"]) for fit in fits["ours"] if "error" not in fit)
    for engine in engines:
        print(row(engine, fits[engine], mine))


def row(engine: str, fits: list[dict[str, object]], mine: float) -> str:
    """One line of the table; an engine that failed says why."""
    failed = [str(fit["error"]) for fit in fits if "error" in fit]
    if failed:
        return f"{engine:12}{'failed':>10}   {failed[0]}"
    seconds = sorted(float(fit["seconds"]) for fit in fits)
    middle = statistics.median(seconds)
    cpu = statistics.median(float(fit["cpu"]) for fit in fits)
    peak = max(float(fit["peak_mb"]) for fit in fits)
    spread = f"{seconds[0]:.3f}-{seconds[-1]:.3f}"
    return f"{engine:12}{middle:>10.3f}{spread:>18}{middle / mine:>9.2f}{cpu:>9.2f}{peak:>9.0f}   {fits[0]['loglik']}"


def main() -> None:
    """Read the options and compare field after field."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--models", default=",".join(FIELDS))
    options.add_argument("--keep", type=Path, help="folder for the data, kept for the next run")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for field in chosen.models.split(","):
            compare(field, folder, chosen.rows, chosen.rounds)


if __name__ == "__main__":
    main()
