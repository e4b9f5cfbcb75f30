"""The rules by which lists of schools with low results are made, by version."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.reference.provenance import Provenance, provenance_of


@dataclass(frozen=True, slots=True)
class RuleProcedure:
    """What a rule looks at: an assessment of a subject in a programme grade."""

    assessment: str
    subject: str
    grade: int


@dataclass(frozen=True, slots=True)
class DataYear:
    """Which results count for a list year: the school year so many years back.

    An empty `season` means both seasons, empty `assessments` mean all assessments of the rule.
    """

    years_back: int
    season: str = ""
    assessments: tuple[str, ...] = ()

    def admits(self, list_year: int, *, school_year: int, season: str, assessment: str) -> bool:
        """Tell whether a result belongs to this data year."""
        return (
            school_year == list_year - self.years_back
            and (not self.season or season == self.season)
            and (not self.assessments or assessment in self.assessments)
        )


@dataclass(frozen=True, slots=True)
class ListingRule:
    """A rule that can be recomputed.

    `kind` threshold: the school is listed when at least `procedures_needed_n` procedures of the data years have a
    share of low results of `threshold` or more. `kind` lowest_share: when it is among the lowest `threshold`
    (a share of all schools) in `procedures_needed_n` data years running.
    """

    version: str
    kind: str
    threshold: float
    procedures_needed_n: int
    procedures: tuple[RuleProcedure, ...]
    data: tuple[DataYear, ...]
    ru: str
    en: str
    provenance: Provenance

    def data_years(self, list_year: int) -> tuple[int, ...]:
        """School years whose results a list year uses, oldest first."""
        return tuple(sorted({list_year - data.years_back for data in self.data}))

    def admits(
        self, list_year: int, *, school_year: int, season: str, assessment: str, subject: str, grade: int
    ) -> bool:
        """Tell whether a result counts under this rule for a list year."""
        if RuleProcedure(assessment, subject, grade) not in self.procedures:
            return False
        return any(
            data.admits(list_year, school_year=school_year, season=season, assessment=assessment)
            for data in self.data
        )

    def text(self, language: str) -> str:
        """The rule in one sentence."""
        return self.ru if language == "ru" else self.en


@dataclass(frozen=True, slots=True)
class ListingPractice:
    """A way of listing schools that is known to exist but cannot be recomputed: its thresholds are not published."""

    version: str
    ru: str
    en: str
    provenance: Provenance

    def text(self, language: str) -> str:
        """The practice in one sentence."""
        return self.ru if language == "ru" else self.en


@lru_cache(maxsize=1)
def listing_rules() -> tuple[ListingRule, ...]:
    """Every rule that can be recomputed, oldest first."""
    raw = _read()
    common = tuple(RuleProcedure(**one) for one in raw["procedures"])
    return tuple(_rule(row, common) for row in raw["rules"])


@lru_cache(maxsize=1)
def listing_practices() -> tuple[ListingPractice, ...]:
    """Known practices that cannot be recomputed."""
    return tuple(
        ListingPractice(version=row["version"], ru=row["ru"], en=row["en"], provenance=provenance_of(row))
        for row in _read()["practices"]
    )


def listing_rule(version: str) -> ListingRule:
    """The rule of a version.

    Raises UsageProblem `listing_rule_unknown`, or `listing_rule_not_computable` for a practice without thresholds.
    """
    rules = {rule.version: rule for rule in listing_rules()}
    if version in rules:
        return rules[version]
    allowed = ", ".join(rules)
    if any(practice.version == version for practice in listing_practices()):
        raise UsageProblem(Problem("listing_rule_not_computable", found=version, allowed=allowed))
    raise UsageProblem(Problem("listing_rule_unknown", found=version, allowed=allowed))


def _read() -> dict[str, Any]:
    text = (resources.files("shnor_analysis.reference") / "listing_rules.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _rule(row: dict[str, Any], common: tuple[RuleProcedure, ...]) -> ListingRule:
    own = tuple(RuleProcedure(**one) for one in row.get("procedures", ()))
    return ListingRule(
        version=row["version"],
        kind=row["kind"],
        threshold=float(row["threshold"]),
        procedures_needed_n=int(row["procedures_needed_n"]),
        procedures=own or common,
        data=tuple(
            DataYear(one["years_back"], one.get("season", ""), tuple(one.get("assessments", ())))
            for one in row["data"]
        ),
        ru=row["ru"],
        en=row["en"],
        provenance=provenance_of(row),
    )
