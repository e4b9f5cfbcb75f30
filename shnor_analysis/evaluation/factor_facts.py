"""What a report states of factors and of results beside what was expected of them; frozen, nothing rounded, no words."""

from __future__ import annotations

from dataclasses import dataclass

from shnor_analysis.evaluation.measures import Measure, Number
from shnor_analysis.results import NotEstimable, Suppressed
from shnor_analysis.results.factor_influence import FactorInfluence

Spread = float | Suppressed | None


@dataclass(frozen=True, slots=True)
class LikeSchool:
    """A school in like circumstances; `distance` and results as in `results.school_effects.SimilarSchool`.

    `school_id`, `name`, `distance` and `gap` are None where other schools may not be recognised.
    """

    school_id: str | None
    name: str | None
    pupils_n: Number
    distance: float | None
    observed: Spread
    gap: Spread


@dataclass(frozen=True, slots=True)
class BesideExpected:
    """A result beside what was expected of it, in standard deviations of pupils, higher is better.

    `gap` is shrunk, with its interval; `reason` says why a verdict cannot be told.
    """

    pupils_n: Number
    observed: Spread
    expected: Spread
    gap: Measure
    verdict: str | Suppressed
    reason: str | None
    is_resilient: bool | Suppressed


@dataclass(frozen=True, slots=True)
class ExpectedResult(BesideExpected):
    """A school's results of one assessment (of one subject, or `all`) beside what was expected of them.

    `given` says what the expectation knows: `context`, or `context_and_earlier` (the pupils' earlier results, too).
    `context` names what the model knows of circumstances, `circumstances`
    the single factors behind it. `like` holds the schools in like circumstances, nearest first: given context, for
    all subjects together or for what there is where they are not put together.
    """

    assessment: str
    subject: str
    given: str
    rows_kind: str
    margin: float
    schools_n: int
    context: tuple[str, ...]
    circumstances: tuple[str, ...]
    like: tuple[LikeSchool, ...]


@dataclass(frozen=True, slots=True)
class SchoolExpectations:
    """Everything expected of one school; `is_stale`: data or settings changed after the models were fitted."""

    school_year: int
    results: tuple[ExpectedResult, ...]
    is_stale: bool

    def given_context(self) -> tuple[ExpectedResult, ...]:
        """The results that are compared given context alone, pooled first."""
        return tuple(one for one in self.results if one.given == "context")


@dataclass(frozen=True, slots=True)
class SchoolGap(BesideExpected):
    """One school in the town's picture of gaps."""

    school_id: str
    name: str


@dataclass(frozen=True, slots=True)
class FamilyFacts:
    """What was found for the results of one assessment (one subject, or `all`); schools in the order of their numbers."""

    assessment: str
    subject: str
    rows_kind: str
    schools_n: int
    pupils_n: Number
    linked_share: float
    margin: float | None
    influence: FactorInfluence | NotEstimable
    gaps: tuple[SchoolGap, ...] | NotEstimable


@dataclass(frozen=True, slots=True)
class FactorFacts:
    """Which factors go with results in this place, and each school's gap; `is_stale` as in `SchoolExpectations`.

    The families stand in the order of telling: the assessment with most pupils first, all its subjects before each.
    """

    school_year: int
    factors: tuple[str, ...]
    families: tuple[FamilyFacts, ...]
    is_stale: bool
