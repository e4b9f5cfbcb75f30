"""Names of the risk factors of a school's risk profile, as each year of the project printed them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from shnor_analysis.reference.provenance import Provenance, provenance_of, read_rows


@dataclass(frozen=True, slots=True)
class RiskFactor:
    """One risk factor of one project year (the calendar year of the project); `order` as printed."""

    year: int
    order: int
    code: str
    ru: str
    en: str
    provenance: Provenance

    def name(self, language: str) -> str:
        """The factor's name."""
        return self.ru if language == "ru" else self.en


@lru_cache(maxsize=1)
def all_risk_factors() -> tuple[RiskFactor, ...]:
    """Every name of every year."""
    return tuple(
        RiskFactor(
            year=int(row["project_year"]),
            order=int(row["order"]),
            code=row["code"],
            ru=row["ru"],
            en=row["en"],
            provenance=provenance_of(row),
        )
        for row in read_rows("risk_factors.csv")
    )


def risk_factors(year: int) -> tuple[RiskFactor, ...]:
    """The names of one project year in their order; empty when none is known."""
    return tuple(factor for factor in all_risk_factors() if factor.year == year)
