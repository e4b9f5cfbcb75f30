"""The child process: executes one notebook after another as it is told on its input, and answers on its output.

One JSON line a job in, one JSON line an answer out. It writes only into the folder that the job names.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

from shnor_analysis.batch.memory_kills import memory_kills

EXECUTED_NAME = "executed.ipynb"
KERNEL = "python3"
LOOK_SECONDS = 0.3
SYSTEM_REASONS = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EACCES: "folder_closed",
    errno.EPERM: "folder_closed",
    errno.EROFS: "folder_closed",
    errno.ENOMEM: "out_of_memory",
}


def main() -> None:
    """Answer jobs until the input ends; whatever a notebook prints goes to the log, never into the answers."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    for line in sys.stdin:
        _answer(answers, run_job(json.loads(line)))


def _end_with(parent: int) -> None:
    """End at once when the parent was killed: nobody waits for the answer, and the next run needs the folder."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def _answer(answers: TextIO, result: Mapping[str, Any]) -> None:
    answers.write(json.dumps(result, ensure_ascii=False) + "\n")
    answers.flush()


def run_job(job: Mapping[str, Any], *, engine: str | None = None) -> dict[str, Any]:
    """Execute a job's notebook into its folder with an engine of papermill and hand it to the finisher; never raises."""
    started = time.perf_counter()
    try:
        result = _execute(job, engine) or _finish(job)
    except Exception as error:
        result = {**_failure("worker_failed", error), "cell": None}
    return {"unit_id": job["unit_id"], "seconds": time.perf_counter() - started, **result}


def _execute(job: Mapping[str, Any], engine_name: str | None) -> dict[str, Any]:
    from shnor_analysis.batch.lean_papermill import papermill

    engine, killed = papermill(), memory_kills()
    try:
        with nullcontext() if engine_name else _papermill_quiet():
            engine.execute_notebook(
                job["template"],
                str(Path(job["part"]) / EXECUTED_NAME),
                parameters=job["parameters"],
                engine_name=engine_name,
                kernel_name=KERNEL,
                progress_bar=False,
                request_save_on_cell_execute=False,
                # another engine runs in this very process, whose time is watched from outside
                execution_timeout=None if engine_name else job["cell_seconds"],
                start_timeout=job["start_seconds"],
            )
    except engine.PapermillExecutionError as error:
        return {
            "reason": "out_of_memory" if str(error.ename).endswith("MemoryError") else "cell_failed",
            "cell": int(error.cell_index) + 1,
            "detail": f"{error.ename}: {error.evalue}"[:500],
        }
    except TimeoutError as error:
        return _failure("cell_timeout", error)
    except RuntimeError as error:
        return _failure("out_of_memory" if memory_kills() > killed else "kernel_died", error)
    return {}


@contextmanager
def _papermill_quiet() -> Any:
    """Keep papermill's warnings of missing tags out of the log of every report."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _finish(job: Mapping[str, Any]) -> dict[str, Any]:
    if not job["finisher"]:
        return {"reason": ""}
    module, _, name = str(job["finisher"]).partition(":")
    try:
        told = getattr(importlib.import_module(module), name)(
            Path(job["part"]),
            unit_id=job["unit_id"],
            template=Path(job["template"]),
            parameters=job["parameters"],
        )
    except Exception as error:
        return {**_failure("finisher_failed", error), "cell": None}  # all of them had been executed
    numbers = told.get("numbers", "") if isinstance(told, Mapping) else ""
    return {"reason": "", "numbers": str(numbers)}


def no_folder(error: OSError) -> dict[str, Any]:
    """The answer for a job whose folder could not be made."""
    return _failure("folder_closed", error)


def _failure(reason: str, error: BaseException) -> dict[str, Any]:
    if isinstance(error, OSError):
        reason = SYSTEM_REASONS.get(error.errno or 0, reason)
    return {"reason": reason, "detail": f"{type(error).__name__}: {error}"[:500]}


if __name__ == "__main__":
    main()
