"""Where a published fact comes from, how long it holds and whether anybody checked it against its document."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from importlib import resources


@dataclass(frozen=True, slots=True)
class Provenance:
    """Source of a fact, its first and last day (None: open end) and whether it was verified in a source read.

    An unverified fact may be used, but every page that uses it has to say so.
    """

    source: str
    valid_from: date
    valid_to: date | None
    is_verified: bool

    def covers(self, school_year: int) -> bool:
        """Tell whether the fact holds on any day of a school year (1 September to 31 August)."""
        first, last = date(school_year - 1, 9, 1), date(school_year, 8, 31)
        return self.valid_from <= last and (self.valid_to is None or self.valid_to >= first)


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of a table of this room as text, by column name."""
    text = (resources.files("shnor_analysis.reference") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter=";"))


def provenance_of(row: dict[str, str]) -> Provenance:
    """Take source, validity and check from a row or a TOML table; ValueError when `verified` is neither yes nor no."""
    if row["verified"] not in {"yes", "no"}:
        raise ValueError(f"verified: {row['verified']}")
    return Provenance(
        source=row["source"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        is_verified=row["verified"] == "yes",
    )
