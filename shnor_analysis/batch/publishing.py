"""From a folder in the making to its final name: a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

PART = ".part"
OLD = ".old"
AT_WORK = re.compile(r"^\.(?P<name>.+)~(?P<run>[^~]*)~[0-9a-z-]+\.(?:part|old)$")


def part_path(output: Path, label: str) -> Path:
    """The hidden folder beside the final one in which a unit is worked on; `label` as `run_label` makes it."""
    return output.parent / f".{output.name}{label}{PART}"


def run_label(run_id: str, turn: int) -> str:
    """What tells the folders of one sitting at a run from those of any other, even of a worker that nobody waits for."""
    return f"~{run_id}~{turn}"


def part_folder(output: Path, label: str) -> Path:
    """Make that folder, empty."""
    part = part_path(output, label)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def publish(part: Path, output: Path) -> None:
    """Give a finished folder its final name; one that stood there before gives way at this moment."""
    old = part.with_suffix(OLD)
    _remove(old)
    if output.exists():
        output.rename(old)
    try:
        part.rename(output)
    except OSError:
        if old.exists():
            old.rename(output)
        raise
    _remove(old)


def recover(folder: Path, *, is_going: Callable[[str], bool]) -> None:
    """Clear what killed runs left in a folder of outputs: parts go, an output caught between old and new comes back.

    Args:
        folder: where outputs stand.
        is_going: whether a run, by its id, is worked on by another process: what it has there is its own.
    """
    for path in sorted(folder.glob(".*~*~*")):
        found = AT_WORK.match(path.name)
        if found is None or is_going(found["run"]):
            continue
        output = folder / found["name"]
        if path.suffix == OLD and not output.exists():
            path.rename(output)
        else:
            _remove(path)


def _remove(path: Path) -> None:
    """Remove a folder, or the file that somebody put where a folder belongs."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def discard(part: Path, keep: Path | None = None) -> None:
    """Remove an unfinished folder; what it holds may be moved to a folder of the run for those who look for the fault."""
    if keep is not None and part.exists() and any(part.iterdir()):
        keep.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(keep, ignore_errors=True)
        shutil.move(str(part), str(keep))
    shutil.rmtree(part, ignore_errors=True)
