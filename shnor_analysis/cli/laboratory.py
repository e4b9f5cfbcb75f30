"""JupyterLab on a workspace: its own process, loopback only, a token as JupyterLab itself makes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from shnor_analysis.errors import EnvironmentProblem, Problem
from shnor_analysis.settings import FOLDER_VARIABLE

NOTEBOOKS = "notebooks"


def open_lab(folder: Path) -> None:
    """Start JupyterLab where the notebooks lie and wait until it ends.

    Raises EnvironmentProblem `lab_failed` when it cannot be started.
    """
    root = next((place for place in (folder, Path.cwd()) if (place / NOTEBOOKS).is_dir()), folder)
    command = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--ServerApp.root_dir={root}"]
    environment = {**os.environ, FOLDER_VARIABLE: str(folder)}
    finished = subprocess.run(command, env=environment, check=False)
    if finished.returncode != 0:
        raise EnvironmentProblem(Problem("lab_failed", found=str(finished.returncode)))
