"""What a worker is asked to run: say what it has, do a chunk, end its fork server. Each unit's story is told at once."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shnor_analysis.batch.cluster.server_beside import ServerBeside
from shnor_analysis.batch.content_keys import code_digest, installed_versions
from shnor_analysis.batch.warm.crew import CannotFork
from shnor_analysis.batch.worker import SYSTEM_REASONS
from shnor_analysis.files import sha256_of

LOOK_SECONDS = 0.3
IDLE_SECONDS = 120.0
RUNNING = "running"

_servers: dict[str, ServerBeside] = {}
_lock = threading.Lock()


def describe_worker(question: Mapping[str, Any]) -> dict[str, Any]:
    """What matters of a worker: software, own code, system, templates, and whether it sees the shared folder.

    Args:
        question: `names` of software, paths of `templates`, `token` and the `folder` whose file `token_name` holds it.
    """
    installed = installed_versions()
    folder = Path(question["folder"])
    return {
        "versions": {name: installed.get(name, "") for name in question["names"]},
        "code": code_digest(),
        "platform": sys.platform,
        "templates": {path: _hash_or_nothing(Path(path)) for path in question["templates"]},
        "token": _text_or_nothing(folder / question["token_name"]),
        "left": _leave_sign(folder, question["token_name"]),
    }


def do_chunk(chunk: Mapping[str, Any]) -> None:
    """Have the units of a chunk done by the fork server beside this worker; every event is told to who ordered them.

    Ends early, with units unanswered, when the server dies or nobody waits for the chunk any more.
    """
    from distributed import get_worker

    teller = _Teller(get_worker(), chunk)
    try:
        server = _server_for(chunk)
    except CannotFork as error:
        teller.tell("refused", reason=error.reason, detail=error.detail)
        return
    if not _do_units(server, chunk, teller):
        end_server(chunk["label"])
    teller.tell("ended")
    _end_when_idle(chunk["label"])


class _Teller:
    """Sends events of a chunk to whoever ordered it, and knows whether anybody still wants them."""

    def __init__(self, worker: Any, chunk: Mapping[str, Any]) -> None:
        self._worker, self._key = worker, worker.get_current_task()
        self._topic, self._number = chunk["topic"], chunk["number"]

    def tell(self, event: str, **rest: Any) -> None:
        self._worker.log_event(self._topic, {"number": self._number, **rest, "event": event})

    def is_wanted(self) -> bool:
        """Whether the task was not called off and the worker is not about to end."""
        task = self._worker.state.tasks.get(self._key)
        return task is not None and task.state == "executing" and self._worker.status.name == RUNNING


def _do_units(server: ServerBeside, chunk: Mapping[str, Any], teller: _Teller) -> bool:
    """Whether the server is fit for more."""
    waiting = list(reversed(chunk["units"]))
    running = 0
    while waiting or running:
        while waiting and running < chunk["at_a_time"]:
            try:
                running += _begin(server, waiting.pop(), teller)
            except FileExistsError:  # the scheduler gave this very chunk out twice
                return False
        if not running:
            continue
        said = server.hear(LOOK_SECONDS)
        if said is None:
            if not teller.is_wanted():
                return False
            continue
        if not said:
            return False
        teller.tell(said.pop("event"), **said)
        running -= "reason" in said
    return True


def _begin(server: ServerBeside, unit: Mapping[str, Any], teller: _Teller) -> int:
    """Give a unit to the server; 1 when it is on its way, 0 when it failed at once. FileExistsError: it was begun before."""
    try:
        Path(unit["part"]).mkdir(parents=True)
    except FileExistsError:
        raise
    except OSError as error:
        reason = SYSTEM_REASONS.get(error.errno or 0, "worker_failed")
        teller.tell(
            "over", unit_id=unit["unit_id"], reason=reason, detail=f"{type(error).__name__}: {error}"[:500]
        )
        return 0
    server.tell(unit)
    return 1


def _server_for(chunk: Mapping[str, Any]) -> ServerBeside:
    """The server of a run: started for the first chunk, kept for the next ones."""
    with _lock:
        server = _servers.get(chunk["label"])
        if server is None:
            server = _servers[chunk["label"]] = ServerBeside(preload=chunk["preload"], log=Path(chunk["log"]))
        server.last_used = time.monotonic()
        return server


def end_server(label: str) -> None:
    """End the server of a run, if there is one."""
    with _lock:
        server = _servers.pop(label, None)
    if server is not None:
        server.end()


def _end_when_idle(label: str) -> None:
    """See to it that a server ends for which nothing comes any more."""
    timer = threading.Timer(IDLE_SECONDS, _end_if_idle, [label])
    timer.daemon = True
    timer.start()


def _end_if_idle(label: str) -> None:
    server = _servers.get(label)
    if server is not None and time.monotonic() - server.last_used >= IDLE_SECONDS:
        end_server(label)


def _hash_or_nothing(path: Path) -> str:
    return sha256_of(path) if path.is_file() else ""


def _text_or_nothing(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _leave_sign(folder: Path, name: str) -> str:
    """Write an empty file beside the token; its name, or empty where that cannot be done."""
    sign = f"{name}.{secrets.token_hex(4)}"
    try:
        (folder / sign).touch()
    except OSError:
        return ""
    return sign
