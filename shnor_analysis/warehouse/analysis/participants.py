"""Which schools joined which programme by a school year, and how long after its start results can show anything."""

from __future__ import annotations

from dataclasses import dataclass

from shnor_analysis.warehouse.engine import Connection, fetch


@dataclass(frozen=True, slots=True)
class Participants:
    """A programme with its schools and the school year in which each joined first, by school.

    `delay` is 1 where most schools began after the turn of the year, which leaves the tests of that spring some weeks:
    their first results with a programme are those of the school year after; else 0, also where no dates are known.
    """

    programme: str
    schools: tuple[tuple[str, int], ...]
    delay: int

    @property
    def first_years(self) -> dict[str, int]:
        """First school year of the programme by school."""
        return dict(self.schools)


def read_participants(connection: Connection, *, school_year: int) -> tuple[Participants, ...]:
    """The programmes that schools joined by a school year, the one with most schools first.

    Args:
        connection: DuckDB with the warehouse's views.
        school_year: Later cohorts are left out.
    """
    joined: dict[str, dict[str, int]] = {}
    late: dict[str, list[bool]] = {}
    for row in fetch(connection, _QUERY.format(year=int(school_year))):
        joined.setdefault(row["programme"], {})[row["school_id"]] = int(row["cohort_year"])
        if row["is_late"] is not None:
            late.setdefault(row["programme"], []).append(bool(row["is_late"]))
    found = (
        Participants(name, tuple(schools.items()), int(2 * sum(late.get(name, ())) > len(late.get(name, ()))))
        for name, schools in joined.items()
    )
    return tuple(sorted(found, key=lambda one: (-len(one.schools), one.programme)))


_QUERY = """
SELECT programme, school_id, cohort_year,
    date_from >= make_timestamp(cohort_year, 1, 1, 0, 0, 0) AS is_late
FROM participation WHERE cohort_year <= {year}
QUALIFY row_number() OVER (PARTITION BY programme, school_id ORDER BY cohort_year, date_from) = 1
ORDER BY programme, school_id
"""
