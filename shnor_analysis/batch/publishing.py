"""From a folder in the making to its final name: a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import shutil
from pathlib import Path

from shnor_analysis.files import clear_parts

PART = ".part"
OLD = ".old"


def part_path(output: Path) -> Path:
    """The hidden folder beside the final one in which a unit is worked on."""
    return output.parent / f".{output.name}{PART}"


def part_folder(output: Path) -> Path:
    """Make that folder, empty."""
    part = part_path(output)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def publish(part: Path, output: Path) -> None:
    """Give a finished folder its final name; one that stood there before gives way at this moment."""
    old = output.parent / f".{output.name}{OLD}"
    shutil.rmtree(old, ignore_errors=True)
    if output.exists():
        output.rename(old)
    try:
        part.rename(output)
    except OSError:
        if old.exists():
            old.rename(output)
        raise
    shutil.rmtree(old, ignore_errors=True)


def recover(folder: Path) -> None:
    """Clear what a killed run left in a folder of outputs: parts go, an output caught between old and new comes back."""
    clear_parts(folder)
    for old in folder.glob(f".*{OLD}"):
        output = folder / old.name.removeprefix(".").removesuffix(OLD)
        if output.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(output)


def discard(part: Path, keep: Path | None = None) -> None:
    """Remove an unfinished folder; what it holds may be moved to a folder of the run for those who look for the fault."""
    if keep is not None and part.exists() and any(part.iterdir()):
        keep.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(keep, ignore_errors=True)
        shutil.move(str(part), str(keep))
    shutil.rmtree(part, ignore_errors=True)
