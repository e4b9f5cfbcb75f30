"""Where what was fitted for a school year lies: a folder a time, and a pointer to the last whole one."""

from __future__ import annotations

from pathlib import Path

HOME = Path("data") / "warehouse" / "results"
POINTER = "current"
PREFIX = "fit-"
LAST_WRITTEN = "schools.json"


def fits_home(folder: Path, school_year: int) -> Path:
    """The folder of all that was ever fitted for a school year."""
    return folder / HOME / str(school_year)


def current_fits(home: Path) -> Path | None:
    """What was fitted last and is whole; None before the first time."""
    pointer = home / POINTER
    if not pointer.is_file():
        return None
    found = home / pointer.read_text(encoding="utf-8").strip()
    return found if (found / LAST_WRITTEN).is_file() else None


def next_name(home: Path) -> str:
    """A name that nothing here has."""
    numbers = [int(path.name.removeprefix(PREFIX)) for path in home.glob(f"{PREFIX}*")]
    return f"{PREFIX}{max(numbers, default=0) + 1:06d}"
