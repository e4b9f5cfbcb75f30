"""Notebooks under test: `pytest --nbval-lax` with an ordinary kernel against the warm one, in turns in one run.

Use: python benchmarks/nbval_kernels.py [--notebooks FOLDER] [--workspace FOLDER] [--rounds 3]

Without a folder the notebooks of the project are tested on the invented town, which is made when no workspace is given.
Both sides are the same command with another `--nbval-kernel-name`; the warm one has the server of kernels to itself,
under a name of its own, and starts it in a run that is told apart. Every run must pass. Seconds are by the clock, with
the start of pytest in them on both sides.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import shnor_analysis.batch.warm

PROJECT = Path(__file__).parents[1]
ORDINARY, WARM = "python3", "python3-warm"


def install_kernel(home: Path) -> None:
    """The kernel as a wheel brings it along."""
    source = Path(shnor_analysis.batch.warm.__file__).parent / "kernelspec"
    shutil.copytree(source, home / "jupyter" / "kernels" / WARM)


def seconds_of_test(notebooks: Path, kernel: str, environment: dict[str, str]) -> float:
    """One run of pytest over the notebooks; what it said where it failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-W", "default", "-p", "no:cacheprovider", "--nbval-lax"]
    command += [f"--nbval-kernel-name={kernel}", str(notebooks), f"--ignore={notebooks / 'reports'}"]
    clock = time.perf_counter()
    ran = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(ran.stdout[-4000:] + ran.stderr[-2000:])
    return time.perf_counter() - clock


def make_town(folder: Path) -> Path:
    """The invented town with its models, without reports."""
    shnor = Path(sys.executable).parent / "shnor"
    subprocess.run([shnor, "demo", "--folder", folder, "--no-reports"], check=True, capture_output=True)
    return folder


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebooks", type=Path, default=PROJECT / "notebooks")
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as kept:
        home = Path(kept)
        install_kernel(home)
        workspace = (asked.workspace or make_town(home / "town")).resolve()
        environment = {
            **os.environ,
            "JUPYTER_PATH": str(home / "jupyter"),
            "XDG_RUNTIME_DIR": str(home),
            "SHNOR_FOLDER": str(workspace),
            "SHNOR_WARM_MINUTES": "2",
        }
        home.chmod(0o700)
        first = seconds_of_test(asked.notebooks, WARM, environment)
        spent: dict[str, list[float]] = {ORDINARY: [], WARM: []}
        for _ in range(asked.rounds):
            for kernel, seconds in spent.items():
                seconds.append(seconds_of_test(asked.notebooks, kernel, environment))
    print(f"nbval over {asked.notebooks.name}, {asked.rounds} rounds in turns, seconds by the clock")
    for kernel, seconds in spent.items():
        ratio = statistics.median(spent[ORDINARY]) / statistics.median(seconds)
        every = " ".join(f"{one:.2f}" for one in seconds)
        print(f"{kernel:<14} {statistics.median(seconds):7.2f} {ratio:6.2f}x   ({every})")
    print(f"the run that starts the server: {first:.2f}; load of the machine: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
