"""A worker seen from the parent: started with one thread a job, asked with a time limit, ended with its group."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "ARROW_NUM_THREADS",
)
QUIET = {
    "JUPYTER_PREFER_ENV_PATH": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONUTF8": "1",
    "NoDefaultCurrentDirectoryInExePath": "1",
}
FAREWELL_SECONDS = 5.0


class WorkerProcess:
    """One child process that executes notebooks; it starts when it is first asked and again after it died."""

    def __init__(self, log: Path) -> None:
        """Remember where the child's chatter goes; nothing is started yet."""
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[bytes] = queue.Queue()

    def ask(self, job: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
        """Have a job done; a child that is late or dies is killed with its group and the job fails with a reason."""
        child = self._child or self._start()
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps(dict(job), ensure_ascii=False).encode() + b"\n")
            child.stdin.flush()
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.kill()
            return {"reason": "report_timeout", "seconds": seconds}
        except OSError:
            answer = b""
        if not answer:
            self.kill()
            return {"reason": "worker_died", "detail": f"exit {child.returncode}"}
        return dict(json.loads(answer))

    def close(self) -> None:
        """Let the child end by itself, or kill it when it does not."""
        child = self._child
        if child is None or child.stdin is None:
            return
        child.stdin.close()
        try:
            child.wait(FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._forget()

    def kill(self) -> None:
        """End the child and everything in its group at once."""
        child = self._child
        if child is None:
            return
        if child.poll() is None:
            if os.name == "posix":
                os.killpg(child.pid, signal.SIGKILL)
            else:
                child.kill()
        child.wait()
        self._forget()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **dict.fromkeys(ONE_THREAD, "1"), **QUIET}
        with self._log.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "shnor_analysis.batch.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        self._child, self._answers = child, queue.Queue()
        assert child.stdout is not None
        threading.Thread(target=_pump, args=(child.stdout, self._answers), daemon=True).start()
        return child

    def _forget(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            for stream in (child.stdin, child.stdout):
                if stream is not None and not stream.closed:
                    _close_quietly(stream)


def _close_quietly(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:  # a pipe to a killed child may still hold bytes
        return


def _pump(stream: IO[bytes], answers: queue.Queue[bytes]) -> None:
    """Pass on whole lines; an empty one says that the child is gone."""
    try:
        for line in stream:
            answers.put(line)
    except (OSError, ValueError):  # closed by the parent while reading
        pass
    answers.put(b"")
