"""Many questions from one scan, and a country: what a second model, a hundred models and 18 million results cost.

Use: python benchmarks/many_questions.py [--rows 1000000] [--parts 6] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from contender import FIXED, FORMULAS
from pupils import write_country, write_pupils

SUBSETS = 100
ROUNDS = 5
COUNTRY = """
import resource, sys, time
import shnor_analysis as shnor
fixed, folder = sys.argv[1], sys.argv[2]
outcomes = ("points", "points_2", "points_3")
clock = time.perf_counter()
scan = shnor.scan_model([f"{one} ~ {fixed} + (1 + prior | school_id)" for one in outcomes], folder)
scanned = time.perf_counter() - clock
fits = [shnor.fit_multilevel(f"{one} ~ {fixed} + {bar}", scan)
        for one in outcomes for bar in ("(1 | school_id)", "(1 + prior | school_id)")]
spent = time.perf_counter() - clock - scanned
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
import json
print(json.dumps({"scan": scanned, "fits": spent, "peak_mb": peak, "n_obs": int(fits[0].glance()["n_obs"].iloc[0])}))
"""


def seconds(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median of some rounds."""
    spent = []
    for _ in range(rounds):
        clock = time.perf_counter()
        run()
        spent.append(time.perf_counter() - clock)
    return statistics.median(spent)


def questions(path: Path) -> None:
    """A scan of all candidates, a second model of each kind, a hundred subsets of the factors."""
    import shnor_analysis as shnor

    candidates = FIXED.split(" + ")
    shnor.scan_model([FORMULAS["intercept"]], path)
    scanned = seconds(lambda: shnor.scan_model([FORMULAS["intercept"], FORMULAS["slope"]], path))
    print(f"\n{path.stem}: scan of all candidates {scanned:.3f} s; from it, medians of {ROUNDS}:")
    scan = shnor.scan_model([FORMULAS["intercept"], FORMULAS["slope"]], path)
    for model in ("intercept", "slope"):
        print(
            f"  second model, {model:10} {1000 * seconds(lambda m=model: shnor.fit_multilevel(FORMULAS[m], scan)):8.1f} ms"
        )
    chance = random.Random(500)
    chosen = [chance.sample(candidates, chance.randint(1, len(candidates))) for _ in range(SUBSETS)]
    formulas = [f"points ~ {' + '.join(one)} + (1 | school_id)" for one in chosen]
    spent = seconds(lambda: shnor.compare_models(formulas, scan), rounds=3)
    print(f"  {SUBSETS} models of subsets   {1000 * spent:8.1f} ms, {spent / scanned:.1f} × the scan")
    nested = shnor.scan_model(FORMULAS["class"], path)
    print(
        f"  second model, class      {1000 * seconds(lambda: shnor.fit_multilevel(FORMULAS['class'], nested)):8.1f} ms"
    )


def country(folder: Path, parts: int) -> None:
    """Three outcomes, two models each, from one scan of one to `parts` million pupils: seconds and peak memory."""
    print("\nthree outcomes from one scan, random intercept and random slope for each:")
    for size in sorted({1, max(1, parts // 2), parts}):
        home = write_country(folder, size)
        command = [sys.executable, "-c", COUNTRY, FIXED, str(home)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told = json.loads(done.stdout.splitlines()[-1])
        print(
            f"  {size} million pupils: scan {told['scan']:.2f} s, six fits {told['fits']:.2f} s, "
            f"peak {told['peak_mb']:.0f} MB, {told['n_obs']} complete rows"
        )


def main() -> None:
    """Read the options and ask both questions."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--parts", type=int, default=6)
    options.add_argument("--keep", type=Path, help="folder for the data, kept for the next run")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        questions(write_pupils(folder, chosen.rows))
        country(folder, chosen.parts)


if __name__ == "__main__":
    main()
