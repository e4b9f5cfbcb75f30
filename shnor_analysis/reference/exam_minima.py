"""The lowest result that counts as passed: for the certificate, or for admission, which is another thing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from shnor_analysis.reference.provenance import Provenance, provenance_of, read_rows

CERTIFICATE, ADMISSION = "certificate", "admission"


@dataclass(frozen=True, slots=True)
class ExamMinimum:
    """The minimum of an exam in `unit`: points (primary), test_points (of 100) or mark.

    Lists of schools with low results need the certificate's minimum (`kind` certificate), never that of admission.
    """

    kind: str
    assessment: str
    subject: str
    unit: str
    minimum: int
    condition: str
    provenance: Provenance


@lru_cache(maxsize=1)
def exam_minima() -> tuple[ExamMinimum, ...]:
    """Every minimum known, verified or not."""
    return tuple(
        ExamMinimum(
            kind=row["kind"],
            assessment=row["assessment"],
            subject=row["subject"],
            unit=row["unit"],
            minimum=int(row["minimum"]),
            condition=row["condition"],
            provenance=provenance_of(row),
        )
        for row in read_rows("exam_minima.csv")
    )


def exam_minimum(
    subject: str, year: int, kind: str = CERTIFICATE, *, assessment: str = "ege"
) -> ExamMinimum | None:
    """The minimum of a subject in a school year; None when none is known."""
    for minimum in exam_minima():
        named = (minimum.subject, minimum.kind, minimum.assessment)
        if named == (subject, kind, assessment) and minimum.provenance.covers(year):
            return minimum
    return None
