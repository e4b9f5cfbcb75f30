"""Which primary points make which mark, by assessment, subject, programme grade and year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from shnor_analysis.reference.provenance import Provenance, provenance_of, read_rows

MARKS = (2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class MarkScale:
    """Bands of primary points of the marks 2, 3, 4 and 5, both ends included.

    `condition` names a further demand that the points alone cannot show (`geometry`: at least two geometry points;
    `literacy`: points for literacy), else it is empty. With a condition the mark of a pupil cannot be recomputed
    from the points with certainty.
    """

    assessment: str
    subject: str
    grade: int
    bands: tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]
    condition: str
    provenance: Provenance

    @property
    def points_max(self) -> int:
        """The highest possible number of primary points."""
        return self.bands[3][1]

    @property
    def cuts(self) -> tuple[int, int, int]:
        """Lowest points of the marks 3, 4 and 5."""
        return self.bands[1][0], self.bands[2][0], self.bands[3][0]

    def mark(self, points: float) -> int:
        """The mark of a number of points; ValueError outside 0..points_max."""
        if not 0 <= points <= self.points_max:
            raise ValueError(f"{points} is not in 0..{self.points_max}")
        return 2 + sum(points >= cut for cut in self.cuts)


@lru_cache(maxsize=1)
def mark_scales() -> tuple[MarkScale, ...]:
    """Every scale known, verified or not."""
    return tuple(_scale(row) for row in read_rows("mark_scales.csv"))


def mark_scale(
    assessment: str, subject: str, grade: int, year: int, *, on: date | None = None
) -> MarkScale | None:
    """The scale that holds in a school year, or on a day of it; None when none is known.

    A scale replaced within the year gives way to the later one, unless `on` names a day.
    """
    fitting = [
        scale
        for scale in mark_scales()
        if (scale.assessment, scale.subject, scale.grade) == (assessment, subject, grade)
        and scale.provenance.covers(year)
        and (on is None or _holds_on(scale.provenance, on))
    ]
    return max(fitting, key=lambda scale: scale.provenance.valid_from, default=None)


def _holds_on(provenance: Provenance, day: date) -> bool:
    return provenance.valid_from <= day and (provenance.valid_to is None or day <= provenance.valid_to)


def _scale(row: dict[str, str]) -> MarkScale:
    two, three, four, five = (_band(row[f"mark_{mark}"]) for mark in MARKS)
    return MarkScale(
        assessment=row["assessment"],
        subject=row["subject"],
        grade=int(row["grade"]),
        bands=(two, three, four, five),
        condition=row["condition"],
        provenance=provenance_of(row),
    )


def _band(text: str) -> tuple[int, int]:
    low, high = text.split("–")
    return int(low), int(high)
