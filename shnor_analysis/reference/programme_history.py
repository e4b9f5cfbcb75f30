"""What the source document says of the project in one town: cohorts, orders and events by school number and role."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any

from shnor_analysis.reference.provenance import Provenance

PROJECT_START = date(2022, 1, 1)


@dataclass(frozen=True, slots=True)
class Cohort:
    """Schools named together in one year (None when the document names no year)."""

    code: str
    year: int | None
    schools: tuple[str, ...]
    ru: str
    en: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class CuratorPair:
    """A curator's school and the school helped: only the pairs that the document states without doubt."""

    curator_school: str
    helped_school: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ProgrammeOrder:
    """An order: level (region, municipality), number, and the date where the document gives it."""

    level: str
    number: str
    day: date | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ProgrammeEvent:
    """An event: host school (empty when not stated), stage of the project and directions."""

    code: str
    host_school: str
    stage: int
    directions: tuple[str, ...]
    ru: str
    en: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ProgrammeClaim:
    """A statement of the document about success, stored as a claim and never as a result."""

    code: str
    ru: str
    en: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ProgrammeHistory:
    """Everything taken from the document, without a person's name."""

    municipality: str
    cohorts: tuple[Cohort, ...]
    pairs: tuple[CuratorPair, ...]
    orders: tuple[ProgrammeOrder, ...]
    events: tuple[ProgrammeEvent, ...]
    claims: tuple[ProgrammeClaim, ...]

    def cohort(self, code: str) -> Cohort:
        """The cohort of a code; KeyError when there is none."""
        for cohort in self.cohorts:
            if cohort.code == code:
                return cohort
        raise KeyError(code)


@lru_cache(maxsize=1)
def programme_history() -> ProgrammeHistory:
    """Read the history; the same frozen value every time."""
    path = resources.files("shnor_analysis.reference") / "programme_history.toml"
    raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    source = raw["source"]
    return ProgrammeHistory(
        municipality=raw["municipality"],
        cohorts=tuple(_cohort(row, source) for row in raw["cohorts"]),
        pairs=tuple(
            CuratorPair(row["curator_school"], row["helped_school"], _stated(row, source))
            for row in raw["pairs"]
        ),
        orders=tuple(_order(row, source) for row in raw["orders"]),
        events=tuple(_event(row, source) for row in raw["events"]),
        claims=tuple(
            ProgrammeClaim(row["code"], row["ru"], row["en"], _stated(row, source)) for row in raw["claims"]
        ),
    )


def _stated(row: dict[str, Any], source: str) -> Provenance:
    year = row.get("year")
    first = date.fromisoformat(row["date"]) if "date" in row else date(year, 1, 1) if year else PROJECT_START
    return Provenance(source, first, date(year, 12, 31) if year else None, row["verified"] == "yes")


def _cohort(row: dict[str, Any], source: str) -> Cohort:
    return Cohort(
        code=row["code"],
        year=row["year"] or None,
        schools=tuple(row["schools"]),
        ru=row["ru"],
        en=row["en"],
        provenance=_stated(row, source),
    )


def _order(row: dict[str, Any], source: str) -> ProgrammeOrder:
    provenance = _stated(row, source)
    day = provenance.valid_from if "date" in row else None
    return ProgrammeOrder(row["level"], row["number"], day, provenance)


def _event(row: dict[str, Any], source: str) -> ProgrammeEvent:
    return ProgrammeEvent(
        code=row["code"],
        host_school=row["host_school"],
        stage=row["stage"],
        directions=tuple(row.get("directions", ())),
        ru=row["ru"],
        en=row["en"],
        provenance=_stated(row, source),
    )
