"""Which schools joined which programmes by the report year."""

from __future__ import annotations

from collections.abc import Iterable

from shnor_analysis.evaluation.conversion import Origins, Row
from shnor_analysis.evaluation.facts import Participation
from shnor_analysis.evaluation.town_indicators import TownIndicators


def participations(
    joined_rows: Iterable[Row], town: TownIndicators, origins: Origins
) -> dict[str, tuple[Participation, ...]]:
    """Read rows of the table `participation`; schools without any are left out.

    Programmes that begin after the report year are left out, too.
    """
    found: dict[str, tuple[Participation, ...]] = {}
    for row in sorted(joined_rows, key=lambda row: (int(row["cohort_year"]), str(row["programme"]))):
        if int(row["cohort_year"]) <= town.school_year:
            school_id = str(row["school_id"])
            joined = Participation(str(row["programme"]), int(row["cohort_year"]), origins.of(row))
            found[school_id] = (*found.get(school_id, ()), joined)
    return found
