"""What a file does not say of itself: the card beside it and the options of the command."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.sources.aliases import Directory, make_directory
from shnor_analysis.sources.corrections import Correction

OPTIONS: Mapping[str, str] = {
    "school_year": "--year",
    "test_year": "--year",
    "grade": "--grade",
    "subject": "--subject",
    "assessment": "--assessment",
    "test_date": "--date",
    "season": "--season",
    "school_id": "--school",
}


@dataclass(frozen=True, slots=True)
class Hints:
    """Facts of a procedure that options or a card give; `school_year` is named by the year in which it ends."""

    school_year: int | None = None
    grade: int | None = None
    subject: str | None = None
    assessment: str | None = None
    test_date: date | None = None
    season: str | None = None
    school_id: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """What NAME.toml beside a file says: hints, and who sent the file."""

    hints: Hints = Hints()
    owner: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What reading needs besides the file: the register, other names of schools, hints, corrections, the key.

    `directory` finds the schools of the two tables.
    """

    schools: pd.DataFrame
    aliases: pd.DataFrame
    hints: Hints = Hints()
    corrections: tuple[Correction, ...] = ()
    key: bytes | None = None
    directory: Directory = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the directory together, once for all sheets."""
        object.__setattr__(self, "directory", make_directory(self.schools, self.aliases))


def read_card(path: Path) -> Card:
    """Read the card beside a file (`marks.xlsx` has `marks.toml`); an empty card where there is none.

    Raises InputRefused `card_broken`, or every `card_key_unknown` and `card_value_wrong` at once.
    """
    beside = path.with_suffix(".toml")
    if not beside.is_file():
        return Card()
    try:
        raw = tomllib.loads(beside.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefused(Problem("card_broken", file=beside.name, found=str(error)[:80])) from error
    kinds: dict[str, type[Any]] = dict.fromkeys(("school_year", "grade"), int)
    kinds["test_date"] = date
    allowed = [item.name for item in fields(Hints)]
    problems = []
    for key, value in raw.items():
        if key not in (*allowed, "owner"):
            problems.append(
                Problem("card_key_unknown", beside.name, found=key, allowed=", ".join([*allowed, "owner"]))
            )
        elif not isinstance(value, kinds.get(key, str)):
            problems.append(Problem("card_value_wrong", beside.name, cell=key, found=str(value)[:80]))
    if problems:
        raise InputRefused(problems)
    return Card(
        Hints(**{key: raw[key] for key in allowed if key in raw}), str(raw.get("owner", "")), beside.name
    )
