"""How files call the schools: by the name of the day, with or without the login."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd


@dataclass(frozen=True, slots=True)
class SchoolNames:
    """Names now and before, and codes of the department's other system, by school; `until` ends the old name."""

    now: dict[str, str]
    before: dict[str, str]
    until: dict[str, date]
    codes: dict[str, str]
    municipality_id: str
    region_id: str

    def on(self, school_id: str, day: date) -> str:
        """The name that a file of that day prints."""
        is_old = school_id in self.before and day <= self.until[school_id]
        return self.before[school_id] if is_old else self.now[school_id]

    def label(self, school_id: str, day: date, *, is_forgetful: bool = False) -> str:
        """The name with the login in brackets; a forgetful file leaves the login out where the name was another."""
        name = self.on(school_id, day)
        if is_forgetful and name != self.now[school_id]:
            return name
        return f"{name} ({school_id})"


def school_names(schools: pd.DataFrame, aliases: pd.DataFrame) -> SchoolNames:
    """Names of the schools of one municipality, from the register and the old names that ended without a merger."""
    old = aliases[
        (aliases["alias_kind"] == "name") & aliases["valid_to"].notna() & aliases["successor_id"].isna()
    ]
    codes = aliases[aliases["alias_kind"] == "code"]
    return SchoolNames(
        now=dict(zip(schools["school_id"], schools["name"], strict=True)),
        before=dict(zip(old["school_id"], old["alias"], strict=True)),
        until={school: day.date() for school, day in zip(old["school_id"], old["valid_to"], strict=True)},
        codes=dict(zip(codes["school_id"], codes["alias"], strict=True)),
        municipality_id=str(schools["municipality_id"].iloc[0]),
        region_id=str(schools["region_id"].iloc[0]),
    )
