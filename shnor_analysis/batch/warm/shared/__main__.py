"""Start of a shared server: leave the process that started it, prepare, take the socket, say `ready`, serve."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from shnor_analysis.batch.warm.forking import fork
from shnor_analysis.batch.warm.shared.key import server_name
from shnor_analysis.batch.warm.shared.place import Place
from shnor_analysis.batch.warm.shared.server import SharedServer, refusal

GUESTS_IN_LINE = 64


def main() -> None:
    """`python -m shnor_analysis.batch.warm.shared FOLDER NAME`.

    Its input is one JSON line, the environment that the name stands for; its output one JSON line: `ready`, `refused`, or
    `again` where whoever started it is to look again.
    """
    if sys.path[0] in {"", str(Path.cwd())}:
        del sys.path[0]
    place = Place(Path(sys.argv[1]), sys.argv[2])
    environment = json.loads(sys.stdin.readline())
    if fork() != 0:
        os._exit(0)  # nobody has to wait for the server
    os.umask(0o077)
    answers = os.dup(1)
    os.dup2(2, 1)
    lock = _lock(place.alive)
    if lock is None:
        _say(answers, {"event": "again"})
        return
    refused = refusal()
    if refused:
        place.refused.write_text(json.dumps(refused), encoding="utf-8")
        _say(answers, {"event": "refused", **refused})
        return
    if server_name(environment) != place.name:  # a package was installed meanwhile
        _say(answers, {"event": "again"})
        return
    os.truncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    server = SharedServer(place, listener=_listen(place), lock=lock, environment=environment)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, server.end)
    _say(answers, {"event": "ready"})
    server.serve()
    os._exit(0)


def _lock(path: Path) -> int | None:
    """The lock of the one server of a place; None where another one has it, or had it until just now."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_there = path.stat().st_ino == os.fstat(lock).st_ino
    except OSError:
        is_there = False
    if is_there:
        return lock
    os.close(lock)
    return None


def _listen(place: Place) -> socket.socket:
    """Take the address; the lock says that no other server has it."""
    place.address.unlink(missing_ok=True)
    place.refused.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(place.address))
    place.address.chmod(0o600)
    listener.listen(GUESTS_IN_LINE)
    listener.setblocking(False)
    return listener


def _say(answers: int, line: Mapping[str, str]) -> None:
    with suppress(OSError):  # who started it did not wait
        os.write(answers, json.dumps(dict(line)).encode() + b"\n")
    os.close(answers)


if __name__ == "__main__":
    main()
