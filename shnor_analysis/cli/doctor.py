"""What a working installation needs, looked at one by one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from shnor_analysis.cli.options import workspace_folder
from shnor_analysis.cli.speech import say
from shnor_analysis.errors import ShnorError

OLDEST_PYTHON = (3, 11)
FREE_BYTES_NEEDED = 500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its code, whether it is as it should be, and a sentence."""

    code: str
    is_good: bool
    text: str


def examine(folder: Path | None) -> tuple[Finding, ...]:
    """Look at Python, the packages, the workspace, the disk and the kernel; nothing is changed."""
    return (*_environment(), *_workspace(folder))


def _environment() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield _finding("python", sys.version_info >= OLDEST_PYTHON, version=version)
    missing = [name for name in _required() if not _is_installed(name)]
    yield _finding("packages", not missing, missing=", ".join(missing) or "–")


def _workspace(folder: Path | None) -> Iterator[Finding]:
    try:
        found = workspace_folder(folder)
    except ShnorError:
        yield _finding("workspace", False, path=folder or Path.cwd())
        return
    yield _finding("workspace", True, path=found)
    yield _finding("writable", os.access(found, os.W_OK), path=found)
    free = _free_bytes(found)
    yield _finding("disk", free >= FREE_BYTES_NEEDED, megabytes=free // 1_000_000)


def _finding(code: str, is_good: bool, **fields: object) -> Finding:
    return Finding(code, is_good, say(f"doctor.{code}", **fields))


def _required() -> list[str]:
    requirements = metadata.requires("shnor-analysis") or []
    return [line.split(">")[0].split("=")[0].strip() for line in requirements if "extra ==" not in line]


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
