"""The rows that models of results look at, for who asks questions of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from shnor_analysis import warehouse
from shnor_analysis.errors import Problem, UsageProblem

if TYPE_CHECKING:
    import pandas as pd

    from shnor_analysis.warehouse.analysis import Family

ROWS = "asked_rows"
PERSONS = ("pupil_id", "link_id")


def read_model_rows(folder: Path, factors: tuple[str, ...], *, school_year: int, name: str) -> pd.DataFrame:
    """The rows of one family of results: a row a pupil, or a school where single pupils are not known.

    Parameters: factors — circumstances of schools wanted as columns, none named means all that enough schools have;
    name — of the family, as in what `fit` keeps (`vpr-all`, `oge-russian`).
    Returns: `school_id`, `outcome` (standard deviations of pupils, higher is better), what is known of the pupil, the
    factors and their index `context_index`; no codes of pupils.
    Raises: UsageProblem `family_unknown`, `factor_unknown`; EnvironmentProblem `not_built`.
    """
    from shnor_analysis.warehouse.analysis import (
        create_context,
        create_pupil_rows,
        create_school_rows,
        family_rows,
        find_families,
    )

    with warehouse.connected(folder) as connection:
        context = create_context(connection, school_year=school_year, factors=factors)
        create_pupil_rows(connection, school_year=school_year, context=context)
        create_school_rows(connection, school_year=school_year, context=context)
        family = _named(find_families(connection), name)
        view = family_rows(connection, family, context.names, view=ROWS)
        rows: Any = connection.table(view).df()
    found: pd.DataFrame = rows.drop(columns=[one for one in PERSONS if one in rows])
    return found.sort_values(list(found.columns), ignore_index=True, kind="stable")


def _named(families: tuple[Family, ...], name: str) -> Family:
    found = [one for one in families if one.name == name]
    if not found:
        allowed = ", ".join(one.name for one in families) or "–"
        raise UsageProblem(Problem("family_unknown", found=name, allowed=allowed))
    return found[0]
