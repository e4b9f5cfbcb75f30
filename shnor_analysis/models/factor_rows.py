"""Reads the rows of a factor analysis: of pupils in one pass, of schools with what is known of their noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.multilevel import INTERCEPT, CannotFit
from shnor_analysis.models.factor_options import Options
from shnor_analysis.models.factor_questions import FactorColumns, Questions
from shnor_analysis.models.refusals import not_estimable
from shnor_analysis.results import NotEstimable
from shnor_analysis.warehouse.formulas import formula_columns, parse_formula
from shnor_analysis.warehouse.moments import Scan, scan

if TYPE_CHECKING:
    from shnor_analysis.warehouse.moments import Source

# column of weights beside those of the data
PRECISION = "row_precision"
# rows a school from which the spread within schools can be estimated rather than taken as known
ENOUGH_ROWS = 1.5


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column or term has which part in the question."""

    factors: tuple[str, ...]
    adjusters: tuple[str, ...]
    school: str

    def formula(self, outcomes: Sequence[str]) -> str:
        """The model with all factors, in lme4's language."""
        right = " + ".join(written(one) for one in (*self.adjusters, *self.factors))
        left = " + ".join(written(one) for one in outcomes)
        return f"{left} ~ {right} + (1 | {written(self.school)})"


def written(term: str) -> str:
    """A term as a formula has it: a name with blanks or signs that make no expression stands in backticks."""
    is_expression = any(sign in term for sign in "(:*^`")
    return term if term.isidentifier() or is_expression else f"`{term}`"


def read_questions(
    data: Source, *, outcomes: Mapping[str, tuple[str, ...]], roles: Roles, options: Options
) -> dict[str, Questions | NotEstimable]:
    """Read the rows and sum their products by school: one pass for all outcomes that lack the same rows.

    Raises:
        UsageProblem, InputRefused: See `fit_factor_influence`.
    """
    if "pupils_n" in options:
        return {
            name: _guarded(data, {name: columns}, roles, options)[name] for name, columns in outcomes.items()
        }
    found = _guarded(data, outcomes, roles, options)
    if len(outcomes) > 1 and any(
        isinstance(one, NotEstimable) or one.moments.rows_dropped for one in found.values()
    ):
        # a row that lacks one outcome still counts for the others
        return {
            name: _guarded(data, {name: columns}, roles, options)[name] for name, columns in outcomes.items()
        }
    return found


def _guarded(
    data: Source, outcomes: Mapping[str, tuple[str, ...]], roles: Roles, options: Options
) -> dict[str, Questions | NotEstimable]:
    try:
        if "pupils_n" in options:
            ((name, columns),) = outcomes.items()
            return {name: _of_schools(data, {name: columns}, roles, options)}
        asked = scan(
            roles.formula([one for many in outcomes.values() for one in many]),
            data,
            weights=options.get("weights"),
            with_group_products=True,
        )
        return {name: _questions(asked, {name: columns}, roles) for name, columns in outcomes.items()}
    except CannotFit as error:
        return dict.fromkeys(outcomes, not_estimable(error))


def _questions(asked: Scan, outcomes: Mapping[str, tuple[str, ...]], roles: Roles) -> Questions:
    design = asked.design
    factors = []
    for name in roles.factors:
        terms = parse_formula(f"~ {written(name)}").fixed
        columns = asked.positions([one for one in design.names(terms) if one != INTERCEPT])
        is_category = any(column in design.levels for column in formula_columns(terms))
        factors.append(FactorColumns(name, columns, is_category))
    taken = {column for one in factors for column in one.columns}
    targets = {
        name: asked.positions([one.strip("`") for one in columns]) for name, columns in outcomes.items()
    }
    (formula,) = asked.formulas
    fixed = asked.positions(design.names(formula.fixed))
    ones = asked.positions([INTERCEPT])
    base = (*ones, *(one for one in fixed if one not in taken and one not in ones))
    return Questions(asked.moments, base, tuple(factors), targets)


def _of_schools(
    data: Source, outcomes: Mapping[str, tuple[str, ...]], roles: Roles, options: Options
) -> Questions:
    """Rows of schools: their weights and what is known of their noise."""
    frame = _frame(data)
    pupils = options["pupils_n"]
    columns = [one for many in outcomes.values() for one in many]
    named = [pupils, *(options[name] for name in ("sampling_variance",) if name in options)]
    lacking = [one for one in named if one not in frame]
    if lacking:
        raise UsageProblem(
            Problem("formula_column", found=one, allowed=", ".join(map(str, frame.columns)))
            for one in lacking
        )
    formula = roles.formula(columns)
    used = frame.dropna(subset=list(dict.fromkeys([*parse_formula(formula).columns, *named])))
    used = used[used[named].gt(0).all(axis=1)]
    sd = _pupil_sd(used, columns, pupils, options.get("pupil_sd"))
    variance = used[options["sampling_variance"]] if "sampling_variance" in options else None
    if variance is None and sd is not None:
        variance = sd**2 / used[pupils]
    noise = _noise(len(used), used[roles.school].nunique(), is_known=variance is not None)
    precision = used[pupils] if variance is None else 1 / variance
    # a school's own spread outweighs chance: where chance is not known every school counts the same
    weighted = used.assign(**{PRECISION: 1.0 if noise == "unknown" else precision.astype(float)})
    made = _questions(scan(formula, weighted, weights=PRECISION, with_group_products=True), outcomes, roles)
    return replace(
        made,
        moments=replace(made.moments, rows_dropped=len(frame) - made.moments.n_obs),
        noise=noise,
        pupil_sd=sd,
        n_pupils=int(used[pupils].sum()),
        pupils_by_school=_largest_rows(used, pupils, roles.school, made.moments.levels[-1].labels),
        rows_kind="schools",
    )


def _largest_rows(frame: pd.DataFrame, pupils: str, school: str, labels: Any) -> NDArray[np.int64]:
    """The pupils of each school's largest row, in the order of the labels."""
    largest = frame.groupby(school, observed=True)[pupils].max()
    return np.asarray(largest.reindex(list(labels)).to_numpy(), dtype=np.int64)


def _noise(rows: int, schools: int, *, is_known: bool) -> str:
    """What is known of the spread within schools; see `Questions`."""
    if rows < ENOUGH_ROWS * schools and is_known:
        return "known"
    return "unknown" if rows == schools else "estimated"


def _frame(data: Any) -> pd.DataFrame:
    """All rows of a source; rows of schools are few."""
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, str | Path):
        return pd.read_parquet(data)
    frame: pd.DataFrame = data.df()
    return frame


def _pupil_sd(
    frame: pd.DataFrame, columns: Sequence[str], pupils: str, told: float | str | None
) -> float | None:
    """The spread of pupils in the outcome's unit: as told, or of a share p √(p (1 − p))."""
    if told != "share":
        return None if told is None else float(told)
    share = float(np.average(frame[columns[0]], weights=frame[pupils])) if len(frame) else 0.0
    return float(np.sqrt(share * (1 - share))) if 0 < share < 1 else None
