"""Rules by which a list of schools with low results is made, as values that can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.reference.listing_rules import ListingRule, listing_rule

# a rule that looks further back than this leaves no year to learn from
MOST_YEARS = 5


@dataclass(frozen=True, slots=True)
class LowestShare:
    """The lowest part of all schools, so many years running.

    In each of the `years` up to the list's year schools with results are ranked by `low_n / tested_n`, pooled over
    procedures, the highest share first, ties by school_id; the first ⌊share · schools⌋ are low. A school is listed
    when it is low in every one of the years. Raises UsageProblem ``list_rule_wrong``.
    """

    share: float = 0.15
    years: int = 2

    def __post_init__(self) -> None:
        problems = []
        if not (_is_number(self.share) and 0 < self.share < 1):
            problems.append(_wrong("share", self.share, "0 < share < 1"))
        if not (_is_whole(self.years) and 1 <= self.years <= MOST_YEARS):
            problems.append(_wrong("years", self.years, f"1…{MOST_YEARS}"))
        if problems:
            raise UsageProblem(problems)

    @property
    def code(self) -> str:
        """Names the rule's sentence in `locale/` (msgid ``list_rule.<code>``)."""
        return "lowest_share" if self.years > 1 else "lowest_share_once"

    @property
    def parameters(self) -> tuple[tuple[str, float | int | str], ...]:
        """What fills the places of the sentence."""
        return (("share", float(self.share)), ("years", int(self.years)))


@dataclass(frozen=True, slots=True)
class ShareOfLow:
    """At least so many procedures of the year with a share of low results of the threshold or more.

    Procedures of the version (`reference/listing_rules.toml`) count; where the panel names none of them every
    procedure counts, and a note says so. The list of a year uses the data of that year, whatever years the version
    takes. A school with results in fewer than `procedures` procedures cannot be judged. Raises UsageProblem
    ``list_rule_wrong``, ``listing_rule_unknown``, ``listing_rule_not_computable``.
    """

    threshold: float = 0.30
    procedures: int = 2
    version: str = "rosobr_2020"

    def __post_init__(self) -> None:
        problems = []
        if not (_is_number(self.threshold) and 0 < self.threshold <= 1):
            problems.append(_wrong("threshold", self.threshold, "0 < threshold <= 1"))
        if not (_is_whole(self.procedures) and self.procedures >= 1):
            problems.append(_wrong("procedures", self.procedures, "1, 2, …"))
        try:
            if listing_rule(self.version).kind != "threshold":
                problems.append(_wrong("version", self.version, "rosobr_…"))
        except UsageProblem as error:
            problems += error.problems
        if problems:
            raise UsageProblem(problems)

    @property
    def code(self) -> str:
        """Names the rule's sentence in `locale/` (msgid ``list_rule.<code>``)."""
        return "share_of_low"

    @property
    def parameters(self) -> tuple[tuple[str, float | int | str], ...]:
        """What fills the places of the sentence."""
        return (
            ("threshold", float(self.threshold)),
            ("procedures", int(self.procedures)),
            ("version", self.version),
        )

    @property
    def listing(self) -> ListingRule:
        """The version's rule, which names the procedures that count."""
        return listing_rule(self.version)


ListRule = LowestShare | ShareOfLow


def rule_problems(rule: object) -> list[Problem]:
    """What is wrong with a rule asked for: ``list_rule_unknown`` where it is none of this file."""
    if isinstance(rule, LowestShare | ShareOfLow):
        return []
    return [Problem("list_rule_unknown", found=str(rule), allowed="LowestShare(…), ShareOfLow(…)")]


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _wrong(name: str, found: object, allowed: str) -> Problem:
    return Problem("list_rule_wrong", found=str(found), allowed=allowed, fields={"option": name})
