"""What the records say of a school, each with its place in a file: tests, changes, rules, lists, agreement of marks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shnor_analysis.evaluation.measures import Measure, Number
from shnor_analysis.results import NotEstimable, Suppressed


@dataclass(frozen=True, slots=True)
class SourceRange:
    """Cells of a raw file: label of the file, its hash, sheet and range."""

    file_name: str
    sha256: str
    sheet: str
    cells: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """What was written, by which programme grade, when."""

    school_year: int
    assessment: str
    subject: str
    grade: int
    season: str
    test_date: date | None = None

    @property
    def cohort(self) -> int:
        """The year in which these pupils would have finished grade 0: follows one group through the grades."""
        return self.school_year - (self.season == "autumn") - self.grade


@dataclass(frozen=True, slots=True)
class Change:
    """Change of the share of low results of the same assessment, subject and grade between two years, after − before."""

    before: Procedure
    after: Procedure
    difference: Measure


@dataclass(frozen=True, slots=True)
class RuleEvidence:
    """One procedure under a listing rule."""

    procedure: Procedure
    tested_n: Number
    low: Measure
    threshold: float
    is_low: bool | Suppressed


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """A listing rule recomputed on own data for one list year.

    `data_years` are the years whose results were used. `chance_if_unchanged` is the share of like schools (true
    shares equal to the observed ones) on which the rule would fire again by chance of sampling alone.
    """

    version: str
    is_verified: bool
    data_years: tuple[int, ...]
    fires: bool | Suppressed
    procedures_low_n: Number
    procedures_needed_n: int
    evidence: tuple[RuleEvidence, ...]
    chance_if_unchanged: float | NotEstimable | Suppressed


@dataclass(frozen=True, slots=True)
class RuleYear:
    """What the rule says for one list year."""

    list_year: int
    outcome: RuleOutcome


@dataclass(frozen=True, slots=True)
class Listing:
    """The school stands on a list that a body issued."""

    school_year: int
    list: str
    issuer: str
    document: str | None
    sources: tuple[SourceRange, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkAgreement:
    """How marks of the work agree with the journal: shares lowered, confirmed, raised."""

    procedure: Procedure
    tested_n: Number
    lowered: Measure
    confirmed: Measure
    raised: Measure
    sources: tuple[SourceRange, ...] = ()


@dataclass(frozen=True, slots=True)
class Participation:
    """The school took part in a programme from the named school year."""

    programme: str
    cohort_year: int
    sources: tuple[SourceRange, ...] = ()


@dataclass(frozen=True, slots=True)
class PooledPart:
    """One procedure behind a school's pooled share."""

    tested_n: int
    low_n: int
