"""What a school's report states of leaving the list and of its own course; never an effect of a programme on one school.

An exit is three statements kept apart, each with its evidence; a statement that cannot be made holds the reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from shnor_analysis.evaluation.measures import Measure, Number
from shnor_analysis.evaluation.record_facts import Change, Listing, MarkAgreement, PooledPart, RuleOutcome
from shnor_analysis.results import NotEstimable, Suppressed

Share = float | Suppressed | None


@dataclass(frozen=True, slots=True)
class IssuedStatement:
    """(a) Whether the school stands on the newest issued list that is known.

    `before_list_year` is the last earlier year in which it stood on one, `listings` those lists with issuer, document
    and place in the file; `now_list_year` the newest issued list known, `now_listings` the school's rows on it (none
    when it left), `documents` the names of that list, by which somebody can look it up.
    """

    before_list_year: int
    listings: tuple[Listing, ...]
    now_list_year: int
    now_listings: tuple[Listing, ...]
    documents: tuple[str, ...]
    has_left: bool


@dataclass(frozen=True, slots=True)
class RuleStatement:
    """(b) Whether the listing rule, recomputed on own data, still holds for the school.

    `before` is the last earlier list year in which it held, `now` the list year that looks at the report year's
    results. `chance_left` is how often a school like this leaves within a year with no programme at all (a forecast
    from all earlier years of all schools for the list made of `chance_school_year`), or why there is none: a chance to
    be off the list of the year after `before_list_year`, not a later one. `first_off_list_year` is the first list year
    after it for which the rule can be answered and does not hold; None where it holds now or the answer is closed.
    """

    before_list_year: int
    before: RuleOutcome
    now_list_year: int
    now: RuleOutcome
    has_left: bool | Suppressed
    chance_left: float | NotEstimable | Suppressed
    chance_school_year: int
    first_off_list_year: int | None = None

    @property
    def is_one_year(self) -> bool:
        """Whether the chance, which is of one year, is that of what is stated."""
        seen = self.now_list_year if self.first_off_list_year is None else self.first_off_list_year
        return seen == self.before_list_year + 1


@dataclass(frozen=True, slots=True)
class ChangeStatement:
    """(c) How the share of low results changed, test by test, from the list's results to the report year's.

    `before_school_year` is the newest school year behind the list that the school left, `after_school_year` the
    report's. A change holds a reason in place of its difference where a break of the calendar lies between
    (`across_break`) or no marks were given: those are counted in `not_comparable_n`, and `comparable_n` is the rest.
    """

    before_school_year: int
    after_school_year: int
    changes: tuple[Change, ...]
    comparable_n: int
    not_comparable_n: int


@dataclass(frozen=True, slots=True)
class ExitStatements:
    """The three statements of an exit, kept apart: none follows from another.

    A school that never stood on a list has none of them (`never_listed` in place of this value).
    """

    issued: IssuedStatement | NotEstimable
    rule: RuleStatement | NotEstimable | Suppressed
    change: ChangeStatement | NotEstimable | Suppressed


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """One school year of a course: the share of low results (0–1) over the tests of the rule.

    `expected` is the share that is predicted for this school, with its interval, from its own years up to
    `CourseFacts.through` and all schools; None in the years it rests on. `verdict`: "inside", "better" (fewer low
    results than predicted) or "worse"; None where nothing is predicted. `is_comparable` is false where a break of the
    calendar sets a test of this year apart from other years. `parts`: the tests behind the share; the door keeps them.
    """

    school_year: int
    tested_n: Number
    observed: Measure
    expected: Measure | None
    verdict: str | Suppressed | None
    is_comparable: bool = True
    parts: tuple[PooledPart, ...] = ()


@dataclass(frozen=True, slots=True)
class SimilarShare:
    """The share of low results (0–1) of a like school in one year, over the tests of the rule."""

    school_year: int
    tested_n: Number
    share: Share


@dataclass(frozen=True, slots=True)
class SimilarCourse:
    """The course of a school in like circumstances, oldest year first.

    `school_id` and `name` are None where other schools may not be recognised.
    """

    school_id: str | None
    name: str | None
    shares: tuple[SimilarShare, ...]


@dataclass(frozen=True, slots=True)
class SimilarYear:
    """Like schools in one year: how many have a result of ten or more, and the lowest, middle and highest share."""

    school_year: int
    schools_n: int
    lowest: Share
    middle: Share
    highest: Share


@dataclass(frozen=True, slots=True)
class ObjectivitySigns:
    """Signs of biased results beside a course: lists of such schools, and how marks agree with the journal.

    `listings`: the school's rows on issued lists of biased results; `agreement`: the newest shares lowered,
    confirmed, raised; `flagged_years`: school years whose results are marked so. A sign is a reason to look, no proof.
    """

    listings: tuple[Listing, ...]
    agreement: tuple[MarkAgreement, ...]
    flagged_years: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """A school's own course against its own prediction interval and like schools, signs of biased results beside it.

    `through` is the last school year the prediction rests on: the year before the programme where the school took
    part in one (`programme`, `cohort_year`), else two years before the report's. `level` is that of the intervals.
    `is_stale`: data or settings changed after the models were fitted. `autumn_years`: years for which tests of the
    following autumn count, whose programme they ask for. This says how the school went on, never what
    a programme did: one school cannot show an effect.
    """

    school_year: int
    through: int
    level: float
    programme: str | None
    cohort_year: int | None
    years: tuple[CoursePoint, ...]
    similar: tuple[SimilarCourse, ...] | NotEstimable
    similar_years: tuple[SimilarYear, ...]
    signs: ObjectivitySigns | NotEstimable
    is_stale: bool
    autumn_years: tuple[int, ...] = ()
