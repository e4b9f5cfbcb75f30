"""Years in which a series of results breaks: works not written, moved, or replaced by others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from shnor_analysis.language import render
from shnor_analysis.reference.provenance import Provenance, provenance_of, read_rows


@dataclass(frozen=True, slots=True)
class SeriesBreak:
    """A break of a series in one school year.

    `season` and `subjects` are empty when all are meant. `effect` is one of not_held, other_season, split_seasons,
    other_pupils, new_scale. `side` says which comparisons it forbids: `before` (this year and later with earlier
    ones) or `both` (this year with any other, too). `code` names the text (msgid ``break.<code>``).
    """

    code: str
    assessment: str
    subjects: tuple[str, ...]
    school_year: int
    season: str
    effect: str
    side: str
    provenance: Provenance

    def concerns(self, assessment: str, subject: str, season: str) -> bool:
        """Tell whether the break is about a series of works of one season."""
        return (
            self.assessment == assessment
            and (not self.subjects or subject in self.subjects)
            and (not self.season or season == self.season)
        )

    def forbids(self, before: int, after: int) -> bool:
        """Tell whether a change from one school year to a later one goes across the break."""
        return before < self.school_year <= after or (self.side == "both" and before == self.school_year)

    def text(self, language: str) -> str:
        """What happened, one sentence."""
        return render(f"break.{self.code}", language)


def first_crossed(
    breaks: Iterable[SeriesBreak], series: tuple[str, str, str], *, before: int, after: int
) -> SeriesBreak | None:
    """The first of some breaks that forbids a change of a series between two school years; None when it is allowed.

    Changes, lines of pictures and the list of breaks all ask here, so that they cannot disagree.

    Args:
        breaks: Breaks that are known.
        series: Assessment, subject and season.
        before: School year of the earlier result.
        after: School year of the later result.
    """
    crossed = [item for item in breaks if item.concerns(*series) and item.forbids(before, after)]
    return min(crossed, key=lambda item: item.school_year, default=None)


@lru_cache(maxsize=1)
def calendar_breaks() -> tuple[SeriesBreak, ...]:
    """Every break known, by assessment and year."""
    return tuple(
        SeriesBreak(
            code=row["code"],
            assessment=row["assessment"],
            subjects=tuple(part for part in row["subjects"].split("|") if part),
            school_year=int(row["school_year"]),
            season=row["season"],
            effect=row["effect"],
            side=row["side"],
            provenance=provenance_of(row),
        )
        for row in read_rows("calendar_breaks.csv")
    )


def breaks_between(
    assessment: str, subject: str, *, season: str, before: int, after: int
) -> tuple[SeriesBreak, ...]:
    """The breaks that forbid a raw change of one school between two school years; empty when it is allowed.

    Works of different seasons are never compared, whatever the calendar: that check (text `break.season_differs`)
    belongs to the caller, who passes the season that both years share.
    """
    return tuple(
        one
        for one in calendar_breaks()
        if one.concerns(assessment, subject, season) and one.forbids(before, after)
    )
