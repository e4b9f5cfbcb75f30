"""One report in a forked child: execute in process, save once, finish, say what became of it, end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from shnor_analysis.batch.warm.forking import leave_parent

ENGINE = "warm-in-process"


def be_report(job: Mapping[str, Any], answers: int) -> NoReturn:
    """Do a job of the worker and end this process; never returns.

    Args:
        job: as `worker.run_job` takes it.
        answers: file descriptor for one JSON line a cell that starts and one at the end.
    """
    try:
        leave_parent()
        from papermill.engines import papermill_engines

        from shnor_analysis.batch.warm.kernel import run_exit_functions
        from shnor_analysis.batch.worker import run_job

        engine = _engine_for(Path(job["template"]))
        engine.cell_starts = lambda number: _say(answers, {"cell": number})
        papermill_engines.register(ENGINE, engine)
        result = run_job(job, engine=ENGINE)
        result["private_kb"] = private_kb()
        run_exit_functions()
        _say(answers, result)
    except BaseException as error:
        _say(answers, {"reason": "worker_failed", "detail": f"{type(error).__name__}: {error}"[:500]})
    finally:
        sys.__stderr__.flush()  # type: ignore[union-attr]
        os._exit(0)


def _engine_for(template: Path) -> Any:
    """A notebook with widgets needs a kernel with all its ports, in a process of its own."""
    from shnor_analysis.batch.warm.widgets import has_widgets

    if has_widgets(json.loads(template.read_text(encoding="utf-8"))):
        from shnor_analysis.batch.warm.port_engine import OwnPortEngine

        return OwnPortEngine
    from shnor_analysis.batch.warm.papermill_engines import InProcessEngine

    return InProcessEngine


def _say(answers: int, line: Mapping[str, Any]) -> None:
    piece = json.dumps(dict(line), ensure_ascii=False).encode() + b"\n"
    while piece:
        piece = piece[os.write(answers, piece) :]


def private_kb() -> int:
    """Memory that this process shares with no other, in KiB."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
