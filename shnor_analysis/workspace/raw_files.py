"""Raw files on their way in: found in folders, copied only when nobody's name or code is inside."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.files import atomic_path
from shnor_analysis.schemas.card import FileCard

RAW = Path("data") / "raw"
TABLE_SUFFIXES = frozenset({".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".csv", ".tsv"})
LOCK_PREFIXES = ("~$", ".~lock", ".")


def find_raw_files(paths: Iterable[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Expand folders into files that may hold tables; returns these and the files passed over.

    A file that is named itself is always taken. Left out of folders: lock files of Excel and hidden files (without a
    word), cards `NAME.toml` (they belong to their file), and files of other kinds (returned as passed over).
    Raises UsageProblem: `path_missing` for every path that does not exist, `no_files` when nothing is left.
    """
    found: dict[Path, None] = {}
    skipped: list[Path] = []
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise UsageProblem(Problem("path_missing", file=str(path)) for path in missing)
    for path in paths:
        if path.is_file():
            found[path] = None
            continue
        for inside in sorted(path.rglob("*")):
            if (
                not inside.is_file()
                or inside.name.startswith(LOCK_PREFIXES)
                or inside.suffix.lower() == ".toml"
            ):
                continue
            if inside.suffix.lower() in TABLE_SUFFIXES:
                found[inside] = None
            else:
                skipped.append(inside)
    if not found:
        raise UsageProblem(Problem("no_files", file=", ".join(str(path) for path in paths)))
    return tuple(found), tuple(skipped)


def keep_raw_copy(folder: Path, path: Path, card: FileCard) -> Problem | None:
    """Copy a raw file to `data/raw/`; returns the problem `raw_not_kept` when names or pupil codes are inside."""
    if card.has_personal:
        return Problem("raw_not_kept", file=path.name)
    target = folder / RAW / f"{card.sha256}{path.suffix.lower()}"
    if not target.exists():
        with atomic_path(target) as part:
            shutil.copyfile(path, part)
    return None
