"""Families of outcomes: which results of a year can be looked at together, and their rows, one a pupil or a school."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shnor_analysis.warehouse.analysis.context import context_columns
from shnor_analysis.warehouse.analysis.pupils import PUPIL_COLUMNS, PUPIL_ROWS
from shnor_analysis.warehouse.analysis.schools import SCHOOL_ROWS
from shnor_analysis.warehouse.engine import Connection, fetch, text

LEAST_SCHOOLS = 10
LEAST_KNOWN = 0.8  # part of the schools with a result whose single pupils are known: below it the schools' rows tell more
LEAST_KNOWN_OF_PUPILS = 0.95
ALL_SUBJECTS = "all"


@dataclass(frozen=True, slots=True)
class Family:
    """Results of one assessment in a school year: of one subject, or of all subjects together (`all`).

    `rows_kind`: "pupils" or "schools", what a row is.
    `linked_share` is the part of pupils with an earlier result, `classes_n` the number of classes (0 for schools).
    """

    assessment: str
    subject: str
    rows_kind: str
    schools_n: int
    pupils_n: int
    classes_n: int
    linked_share: float

    @property
    def name(self) -> str:
        """Name in folders and facts: `vpr-all`, `oge-russian`."""
        return f"{self.assessment}-{self.subject}"


def find_families(connection: Connection) -> tuple[Family, ...]:
    """Families of at least ten schools, each assessment pooled first, then by subject where it has several.

    Needs the tables `analysis_pupils` and `analysis_schools`. Where single pupils are known in most schools with a
    result (LEAST_KNOWN) their rows count, else those of schools.
    """
    found: dict[tuple[str, str], Family] = {}
    for rows_kind, query in (("schools", _SCHOOL_FAMILIES), ("pupils", _PUPIL_FAMILIES)):
        for row in fetch(connection, query):
            one = Family(**row, rows_kind=rows_kind)
            other = found.get((one.assessment, one.subject))
            if one.schools_n >= max(LEAST_SCHOOLS, LEAST_KNOWN * (other.schools_n if other else 0)):
                found[one.assessment, one.subject] = one
    pooled = [one for one in found.values() if one.subject == ALL_SUBJECTS]
    return tuple(
        family
        for one in sorted(pooled, key=lambda item: item.assessment)
        for family in _of_assessment(one, found)
    )


def family_rows(
    connection: Connection, family: Family, factors: Sequence[str], *, view: str, only_linked: bool = False
) -> str:
    """Create a view with the rows of a family and return its name.

    `only_linked` keeps the procedures in which at least half of the pupils have an earlier result: grades that write
    for the first time say nothing of progress.

    Pupils: a row a pupil: school_id, class_key, pupil_id, outcome and prior (means over the pupil's procedures),
    sex, has_special_needs, home_language_other, context. Schools: a row a school: school_id, tested_n (pupils: the
    largest subject of each grade and season, because the same pupils write all of them), outcome (mean weighted by
    pupils tested), sampling_variance of it, context.
    """
    where = f"assessment = {text(family.assessment)}"
    if family.subject != ALL_SUBJECTS:
        where += f" AND subject = {text(family.subject)}"
    if only_linked:
        where += f" AND (subject, grade, season) IN ({_LINKED.format(where=where)})"
    make = _pupil_query if family.rows_kind == "pupils" else _school_query
    connection.execute(f'CREATE OR REPLACE TEMP VIEW "{view}" AS {make(where, factors)}')
    return view


def pupil_adjusters(connection: Connection, view: str) -> tuple[str, ...]:
    """What is known of the pupils of a view themselves and varies; a column that many lack would cost their rows."""
    asked = ", ".join(
        f'count("{name}") AS "{name}_n", count(DISTINCT "{name}") AS "{name}_values"'
        for name in PUPIL_COLUMNS
    )
    told = fetch(connection, f'SELECT count(*) AS rows_n, {asked} FROM "{view}"')[0]
    least = LEAST_KNOWN_OF_PUPILS * told["rows_n"]
    return tuple(name for name in PUPIL_COLUMNS if told[f"{name}_n"] >= least and told[f"{name}_values"] > 1)


def count_rows(connection: Connection, view: str) -> int:
    """Rows of a view."""
    # fetched to the end: a connection with an unfinished result refuses the relations that models read
    return int(fetch(connection, f'SELECT count(*) AS n FROM "{view}"')[0]["n"])


def _of_assessment(pooled: Family, found: dict[tuple[str, str], Family]) -> tuple[Family, ...]:
    """The pooled family, then its subjects; one subject alone is the same as all."""
    subjects = sorted(
        (
            one
            for (assessment, subject), one in found.items()
            if assessment == pooled.assessment and subject != ALL_SUBJECTS
        ),
        key=lambda item: item.subject,
    )
    return (pooled, *subjects) if len(subjects) > 1 else tuple(subjects) or (pooled,)


def _pupil_query(where: str, factors: Sequence[str]) -> str:
    known = ", ".join(
        f'any_value("{column}") AS "{column}"' for column in (*PUPIL_COLUMNS, *context_columns(factors))
    )
    return f"""SELECT school_id, min(class_key) AS class_key, pupil_id, avg(outcome) AS outcome, avg(prior) AS prior,
        {known} FROM {PUPIL_ROWS} WHERE {where} GROUP BY school_id, pupil_id"""


def _school_query(where: str, factors: Sequence[str]) -> str:
    known = ", ".join(f'any_value("{column}") AS "{column}"' for column in context_columns(factors))
    return f"""WITH kept AS (SELECT * FROM {SCHOOL_ROWS} WHERE {where}),
        pupils AS (
            SELECT school_id, CAST(sum(n) AS BIGINT) AS tested_n
            FROM (SELECT school_id, grade, season, max(tested_n) AS n FROM kept GROUP BY ALL) GROUP BY school_id)
        SELECT school_id, any_value(pupils.tested_n) AS tested_n,
            sum(kept.tested_n * outcome) / sum(kept.tested_n) AS outcome,
            sum(kept.tested_n * variance_one) / sum(kept.tested_n) / any_value(pupils.tested_n) AS sampling_variance,
            {known} FROM kept JOIN pupils USING (school_id) GROUP BY school_id"""


_LINKED = f"""SELECT subject, grade, season FROM {PUPIL_ROWS} WHERE {{where}}
    GROUP BY ALL HAVING 2 * count(prior) >= count(*)"""
_PUPIL_FAMILIES = f"""WITH pupil AS (
        SELECT assessment, subject, school_id, pupil_id, min(class_key) AS class_key, max(prior) AS prior
        FROM (SELECT assessment, subject, school_id, pupil_id, class_key, prior FROM {PUPIL_ROWS}
            UNION ALL SELECT assessment, {text(ALL_SUBJECTS)}, school_id, pupil_id, class_key, prior FROM {PUPIL_ROWS})
        GROUP BY ALL)
    SELECT assessment, subject, count(DISTINCT school_id) AS schools_n, count(*) AS pupils_n,
        count(DISTINCT (school_id, class_key)) AS classes_n, count(prior) / count(*) AS linked_share
    FROM pupil GROUP BY ALL ORDER BY ALL"""
_SCHOOL_FAMILIES = f"""WITH counted AS (
        SELECT assessment, subject, school_id, grade, season, tested_n FROM {SCHOOL_ROWS}
        UNION ALL SELECT assessment, {text(ALL_SUBJECTS)}, school_id, grade, season, max(tested_n) FROM {SCHOOL_ROWS}
        GROUP BY ALL)
    SELECT assessment, subject, count(DISTINCT school_id) AS schools_n, CAST(sum(tested_n) AS BIGINT) AS pupils_n,
        0 AS classes_n, 0::DOUBLE AS linked_share
    FROM counted GROUP BY ALL ORDER BY ALL"""
