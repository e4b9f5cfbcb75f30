"""Runs `shnor` in a process whose system fails at a chosen moment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CALL = "import sys; from shnor_analysis.cli import main; sys.exit(main())"
# Python imports `sitecustomize` before anything else, in every child process too.
WATCH = '''
import os
import signal
import sys

PLACE = os.environ["BROKEN_PLACE"]
FAULT, _, MOMENT = os.environ["BROKEN_FAULT"].partition(":")
count = 0


def inside(path):
    return isinstance(path, (str, bytes, os.PathLike)) and os.path.abspath(os.fsdecode(path)).startswith(PLACE)


def is_change(event, arguments):
    """Renames and new files are the moments at which a workspace changes."""
    if event == "os.rename":
        return inside(arguments[1])
    return event == "open" and inside(arguments[0]) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))


def watch(event, arguments):
    global count
    if not is_change(event, arguments):
        return
    count += 1
    if FAULT == "count":
        with os.fdopen(os.open(os.environ["BROKEN_LOG"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w") as log:
            log.write(str(count))
    elif FAULT == "kill" and count == int(MOMENT):
        os.kill(os.getpid(), signal.SIGKILL)
    elif FAULT != "kill" and count >= int(MOMENT):
        raise OSError(int(FAULT), os.strerror(int(FAULT)), str(arguments[0]))


sys.addaudithook(watch)
'''


def command(*arguments: str) -> list[str]:
    """How `shnor` is called, without relying on a script in the path."""
    return [sys.executable, "-c", CALL, *arguments]


def with_hook(folder: Path, hook: str) -> dict[str, str]:
    """The variables of a process that starts with a hook."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(hook, encoding="utf-8")
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(folder), before] if before else [str(folder)])}


def broken(*arguments: str, place: Path, fault: str, hooks: Path) -> subprocess.CompletedProcess[str]:
    """Run `shnor` and let the system fail when a workspace is changed.

    Parameters: place — where changes count; fault — `kill:3` kills at the third change, `28:1` answers every change
    from the first on with error 28, `count` only counts, into the file `changes` beside the hook.
    """
    environment = {
        **os.environ,
        **with_hook(hooks, WATCH),
        "BROKEN_PLACE": str(place),
        "BROKEN_FAULT": fault,
        "BROKEN_LOG": str(hooks / "changes"),
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.run(
        command(*arguments, "--folder", str(place.parent)),
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
