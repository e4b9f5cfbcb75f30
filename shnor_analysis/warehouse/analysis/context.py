"""The circumstances of schools in a year, wide: which factors can be used, and why the others cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.principal_component import first_component
from shnor_analysis.warehouse.engine import Connection, fetch, fetch_count, names, text

CONTEXT = "analysis_context"
INDEX = "context_index"
LEAST_FACTORS, LEAST_SCHOOLS = 2, 3
LEAST_COVERAGE = 0.9
MOST_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class ContextFactors:
    """The factors that stand as columns in `analysis_context`, and what was left out with the reason."""

    names: tuple[str, ...]
    accounting: Accounting


def create_context(
    connection: Connection, *, school_year: int, factors: Sequence[str] = ()
) -> ContextFactors:
    """Create the table `analysis_context`: a row a school with a result in the year, a column a factor.

    Columns: school_id, municipality_id, kind, is_rural (0, 1 or empty), context_index (first principal component of
    the standardised factors, for when schools are too few for all of them; empty for a school that lacks one of them,
    and for fewer than two factors), then the factors of that year.
    A factor is left out when more than one school in ten has no value of it (`factor_not_covered`), or when more than
    nine schools in ten have the same value (`factor_same`).

    Parameters: factors — only these, in this order; default: all that the table `factors` has for the year.
    Raises: UsageProblem `factor_unknown`, one problem for each name that the table never has.
    """
    _create_schools(connection, school_year)
    known = _known(connection, school_year)
    _refuse_unknown(connection, factors)
    asked = tuple(dict.fromkeys(factors)) or tuple(known)
    schools_n = fetch_count(connection, "SELECT count(*) FROM analysis_school_ids")
    reasons = {name: _reason(name, known.get(name), schools_n) for name in asked}
    kept = tuple(name for name in asked if reasons[name] is None)
    wide = "".join(f', max(value) FILTER (factor = {text(name)}) AS "{name}"' for name in kept)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE {CONTEXT} AS
        SELECT * FROM analysis_school_ids JOIN (
            SELECT school_id, municipality_id, kind, CAST(is_rural AS DOUBLE) AS is_rural,
                CAST(NULL AS DOUBLE) AS {INDEX} FROM schools
        ) USING (school_id) LEFT JOIN (
            SELECT school_id{wide} FROM factors WHERE school_year = {school_year} GROUP BY school_id
        ) USING (school_id) ORDER BY school_id"""
    )
    _fill_index(connection, kept)
    left_out = [reason for reason in reasons.values() if reason is not None]
    return ContextFactors(
        kept, Accounting().then("analysis_context", "factors", len(asked), len(kept), left_out)
    )


def _create_schools(connection: Connection, school_year: int) -> None:
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE analysis_school_ids AS
        SELECT DISTINCT school_id FROM school_results WHERE school_year = {school_year}
        UNION SELECT DISTINCT school_id FROM pupil_results WHERE school_year = {school_year}"""
    )


def _fill_index(connection: Connection, factors: Sequence[str]) -> None:
    """Work out the index over the schools that have all factors."""
    whole = " AND ".join(f'"{name}" IS NOT NULL' for name in factors)
    if len(factors) < LEAST_FACTORS:
        return
    told = fetch(
        connection, f"SELECT school_id, {names(factors)} FROM {CONTEXT} WHERE {whole} ORDER BY school_id"
    )
    if len(told) < LEAST_SCHOOLS:
        return
    values = np.array([[row[name] for name in factors] for row in told], dtype=np.float64)
    index = first_component(values, directions=np.zeros(len(factors)))
    parts = zip(index.weights.tolist(), factors, index.means.tolist(), index.sds.tolist(), strict=True)
    score = " + ".join(f'{weight!r} * ("{name}" - {mean!r}) / {sd!r}' for weight, name, mean, sd in parts)
    connection.execute(f"UPDATE {CONTEXT} SET {INDEX} = {score}")


def _known(connection: Connection, school_year: int) -> dict[str, dict[str, Any]]:
    """Per factor of the year, in the order of names: schools with a value, and how many share the commonest one."""
    told = fetch(
        connection,
        f"""WITH counted AS (
            SELECT factor, value, count(*) AS n FROM factors JOIN analysis_school_ids USING (school_id)
            WHERE school_year = {school_year} GROUP BY ALL)
        SELECT factor, CAST(sum(n) AS BIGINT) AS schools_n, max(n) AS alike_n
        FROM counted GROUP BY factor ORDER BY factor""",
    )
    return {str(row["factor"]): row for row in told}


def _refuse_unknown(connection: Connection, factors: Sequence[str]) -> None:
    if not factors:
        return
    there = [
        str(row["factor"]) for row in fetch(connection, "SELECT DISTINCT factor FROM factors ORDER BY 1")
    ]
    strange = [name for name in factors if name not in there]
    if strange:
        raise UsageProblem(
            Problem("factor_unknown", found=name, allowed=", ".join(there)) for name in strange
        )


def _reason(name: str, found: dict[str, Any] | None, schools_n: int) -> Reason | None:
    with_value = int(found["schools_n"]) if found else 0
    if found is None or with_value < LEAST_COVERAGE * schools_n:
        return Reason("factor_not_covered", schools_n - with_value, {"factor": name, "schools": schools_n})
    if found["alike_n"] > MOST_ALIKE * with_value:
        return Reason("factor_same", int(found["alike_n"]), {"factor": name, "schools": with_value})
    return None


def context_columns(factors: Sequence[str]) -> tuple[str, ...]:
    """The columns that a school's context adds to a row."""
    return ("municipality_id", "kind", "is_rural", INDEX, *factors)
