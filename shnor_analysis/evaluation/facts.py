"""The facts that a report states, as frozen values: every number with its origin, nothing rounded, no words."""

from __future__ import annotations

from dataclasses import dataclass

from shnor_analysis.accounting import Accounting
from shnor_analysis.evaluation.factor_facts import FactorFacts, SchoolExpectations
from shnor_analysis.evaluation.measures import Measure as Measure
from shnor_analysis.evaluation.measures import Number as Number
from shnor_analysis.evaluation.programme_facts import ListFlowFacts, ProgrammeFacts, UnseenProgramme
from shnor_analysis.evaluation.record_facts import Change as Change
from shnor_analysis.evaluation.record_facts import Listing as Listing
from shnor_analysis.evaluation.record_facts import MarkAgreement as MarkAgreement
from shnor_analysis.evaluation.record_facts import Participation as Participation
from shnor_analysis.evaluation.record_facts import PooledPart as PooledPart
from shnor_analysis.evaluation.record_facts import Procedure as Procedure
from shnor_analysis.evaluation.record_facts import RuleEvidence as RuleEvidence
from shnor_analysis.evaluation.record_facts import RuleOutcome as RuleOutcome
from shnor_analysis.evaluation.record_facts import RuleYear as RuleYear
from shnor_analysis.evaluation.record_facts import SourceRange as SourceRange
from shnor_analysis.evaluation.school_programme_facts import CourseFacts, ExitStatements
from shnor_analysis.reference.calendar_breaks import SeriesBreak
from shnor_analysis.results import NotEstimable, Suppressed

NOT_FITTED = NotEstimable("no_models")
NEVER_LISTED = NotEstimable("never_listed")


@dataclass(frozen=True, slots=True)
class MarkResult:
    """Marks of one group of pupils in one procedure.

    `mark_n` holds the numbers of marks 2, 3, 4, 5, or is None where only shares are known.
    `low`, `success` and `quality` are shares (0–1) with Wilson intervals.
    """

    tested_n: Number
    tested_n_is_estimated: bool
    mark_n: tuple[Number, Number, Number, Number] | None
    low: Measure
    success: Measure
    quality: Measure


@dataclass(frozen=True, slots=True)
class LevelResult:
    """The same procedure one level up: municipality, region or country; `result_source` published or computed."""

    area_level: str
    area_id: str
    result_source: str
    schools_n: int | None
    marks: MarkResult


@dataclass(frozen=True, slots=True)
class ProcedureResult:
    """A school's result in one procedure beside the levels above it."""

    procedure: Procedure
    school: MarkResult
    without_special_needs: MarkResult | NotEstimable
    levels: tuple[LevelResult | NotEstimable, ...]
    sources: tuple[SourceRange, ...]


@dataclass(frozen=True, slots=True)
class ListYear:
    """One list year: issued lists the school stands on, whether any list of that year is known, and the rule.

    The last one is the year after the report's: the rule on the report year's own results.
    """

    school_year: int
    issued: tuple[Listing, ...]
    has_issued_list: bool
    rule: RuleOutcome | NotEstimable


@dataclass(frozen=True, slots=True)
class ContextFactor:
    """One circumstance of the school beside the middle and the middle half of the municipality's schools."""

    factor: str
    school_year: int
    value: float | Suppressed
    municipality_quartiles: tuple[float, float, float] | NotEstimable
    schools_n: int
    sources: tuple[SourceRange, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A raw file behind the facts."""

    file_name: str
    sha256: str
    report: str
    received: str
    is_verified_layout: bool


@dataclass(frozen=True, slots=True)
class SchoolEvaluation:
    """Every fact of one school's report.

    `files` stand behind the school's own rows, `files_behind` are the others behind sums, quartiles and ranks.
    `expectations` come from models fitted for the whole place beforehand.
    """

    school_id: str
    name: str
    kind: str
    municipality_id: str
    region_id: str
    place_ru: str
    place_en: str
    is_invented: bool
    school_year: int
    results: tuple[ProcedureResult, ...]
    changes: tuple[Change, ...]
    breaks: tuple[SeriesBreak, ...]
    list_years: tuple[ListYear, ...]
    context: tuple[ContextFactor, ...]
    agreement: tuple[MarkAgreement, ...]
    participation: tuple[Participation, ...]
    unverified_facts: tuple[str, ...]
    accounting: Accounting
    files: tuple[SourceFile, ...]
    files_behind: tuple[SourceFile, ...] = ()
    expectations: SchoolExpectations | NotEstimable = NOT_FITTED
    exits: ExitStatements | NotEstimable | Suppressed = NEVER_LISTED
    course: CourseFacts | NotEstimable = NOT_FITTED


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """One school in the town's report: pooled low results of the year, list status, what is there.

    `tested_n` counts works over all procedures of the report year; `interval_basis` says what the intervals take as
    independent: `pupils`, `works` (pupils unknown: the truth is wider) or `partly`. `is_listed`: on an issued
    low-results list of the report year, None when no list of that year is known. `rule`: the rule on the report
    year's results, for the list year `rule_list_year` of the town; `earlier_rules`: its answers for the list years
    before; `parts`: the procedures behind the pooled share. The door keeps parts and evidence to itself.
    """

    school_id: str
    name: str
    kind: str
    tested_n: Number
    low: Measure
    success: Measure
    procedures_n: int
    is_listed: bool | None
    rule: RuleOutcome | NotEstimable
    programmes: tuple[Participation, ...]
    interval_basis: str = "works"
    earlier_rules: tuple[RuleYear, ...] = ()
    parts: tuple[PooledPart, ...] = ()

    @property
    def rule_fires(self) -> bool | NotEstimable | Suppressed:
        """The answer of the rule alone."""
        return self.rule.fires if isinstance(self.rule, RuleOutcome) else self.rule


@dataclass(frozen=True, slots=True)
class ListFlow:
    """Schools on the list of `school_year` and what became of the list of the year before.

    `source` is `issued` or `rule`. `listed_n` counts the list of `school_year`; those on the list before are
    `stayed_n` + `left_n` + `without_result_n` (nothing known that could tell).
    """

    school_year: int
    source: str
    listed_n: Number
    stayed_n: Number
    left_n: Number
    entered_n: Number
    without_result_n: Number


@dataclass(frozen=True, slots=True)
class CoverageCell:
    """How many of the register's schools have a result in a procedure.

    `sizes`: the number tested of each school, for the door alone, which keeps them: less the numbers on the schools' own
    pages the sum would tell one that is hidden there.
    """

    procedure: Procedure
    schools_n: int
    tested_n: Number
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TownEvaluation:
    """Every fact of the municipality's report; schools in the order of their numbers, never ranked.

    In `levels` the place of the school is taken by the municipality, computed from its schools. `rule_list_year` is
    the list year for which the rule looks at the results of the report year. `programme` is the one with most schools,
    `unseen_programmes` those beside it that have no results at all.
    """

    municipality_id: str
    region_id: str
    place_ru: str
    place_en: str
    is_invented: bool
    school_year: int
    schools_n: int
    schools: tuple[SchoolLine, ...]
    levels: tuple[ProcedureResult, ...]
    flows: tuple[ListFlow, ...]
    coverage: tuple[CoverageCell, ...]
    breaks: tuple[SeriesBreak, ...]
    rule_version: str
    rule_list_year: int
    rule_is_verified: bool
    unverified_facts: tuple[str, ...]
    accounting: Accounting
    files: tuple[SourceFile, ...]
    files_behind: tuple[SourceFile, ...] = ()
    factors: FactorFacts | NotEstimable = NOT_FITTED
    list_flow: ListFlowFacts | NotEstimable = NOT_FITTED
    programme: ProgrammeFacts | NotEstimable = NOT_FITTED
    other_programmes: tuple[ProgrammeFacts, ...] = ()
    unseen_programmes: tuple[UnseenProgramme, ...] = ()
