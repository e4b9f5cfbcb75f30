"""What gaps of schools need of the rows: sums of products, an overview of all schools, and the factors that compare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shnor_analysis.kernels.multilevel import INTERCEPT, GroupedMoments, MultilevelSpec, RandomTerm
from shnor_analysis.kernels.multilevel.moments import Floats
from shnor_analysis.models.fit_options import DEFAULT_SEED
from shnor_analysis.warehouse.formulas import parse_formula
from shnor_analysis.warehouse.moments import Source, scan
from shnor_analysis.warehouse.moments.opening import open_rows
from shnor_analysis.warehouse.moments.source import VIEW, Rows, quoted

CLASS, MISSING, WEIGHT = "class_of_school", "prior_missing", "precision"
MODEL_ROWS = "effect_rows"


@dataclass(frozen=True, slots=True)
class EffectOptions:
    """What `fit_school_effects` can be asked for beside its columns.

    Attributes:
        classes: Column of the class within a school: pupils of a class are alike, and a school with few classes is
            known less well than its number of pupils says.
        sampling_variance: Column with the known variance of a row's result, where a row is a school.
        pupils: Column with the number of pupils behind a row, where a row is a school.
        similar_by: Numeric factors by which similar schools are found; default: the context.
        similar_n: Similar schools shown.
        margin: Gap that the data must be able to show before "as expected" is said; in the unit of the outcome. The
            default, 0.3 standard deviations of pupils, is about what pupils of grades 5–8 learn in a school year
            (Hill, Bloom, Black & Lipsey 2008, Child Development Perspectives 2: 172–177).
        pupils_needed: Fewest pupils for any verdict.
        least_linked: Least part of pupils with a prior result for it to be used.
        seed, draws: Of the draws behind the bounds of ranks.
    """

    classes: str | None = None
    sampling_variance: str | None = None
    pupils: str | None = None
    similar_by: tuple[str, ...] = ()
    similar_n: int = 10
    margin: float = 0.3
    pupils_needed: int = 10
    least_linked: float = 0.5
    seed: int = DEFAULT_SEED
    draws: int = 2000


@dataclass(frozen=True, slots=True)
class EffectPlan:
    """The columns of a comparison of schools."""

    outcome: str
    context: tuple[str, ...]
    prior: str | None
    adjusters: tuple[str, ...]
    school: str
    options: EffectOptions

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the data that is read."""
        options = self.options
        named = (self.prior, options.classes, options.sampling_variance, options.pupils)
        wanted = (self.outcome, self.school, *self.adjusters, *self.context, *options.similar_by)
        return tuple(dict.fromkeys((*wanted, *(name for name in named if name))))

    def formula(self, *, with_prior: bool, with_indicator: bool) -> str:
        """The model as text; the context stands last in the fixed part."""
        prior = [f"`{self.prior}`"] if with_prior else []
        indicator = [MISSING] if with_indicator else []
        fixed = [
            *(f"`{name}`" for name in self.adjusters),
            *prior,
            *indicator,
            *(f"`{name}`" for name in self.context),
        ]
        bar = f"`{self.school}`/{CLASS}" if self.options.classes else f"`{self.school}`"
        return f"`{self.outcome}` ~ {' + '.join(['1', *fixed])} + (1 | {bar})"


@dataclass(frozen=True, slots=True)
class SchoolOverview:
    """A school as its rows show it, whether its context is known or not."""

    pupils_n: int
    observed: float


@dataclass(frozen=True, slots=True)
class SimilarBy:
    """Factors by which schools are compared: shape (schools, factors), only schools that have all of them."""

    school_ids: tuple[str, ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class EffectRows:
    """All that was read of the rows; `context_columns` are the columns of the design that belong to the context."""

    plan: EffectPlan
    moments: GroupedMoments
    spec: MultilevelSpec
    context_columns: tuple[str, ...]
    overview: Mapping[str, SchoolOverview]
    similar: SimilarBy
    prior_share: float | None
    uses_prior: bool
    notes: tuple[str, ...]

    def pupils_of(self, school_ids: tuple[str, ...]) -> tuple[int, ...]:
        """Pupils behind each school of the model."""
        if self.plan.options.sampling_variance:
            return tuple(self.overview[school_id].pupils_n for school_id in school_ids)
        return tuple(int(size) for size in self.moments.levels[-1].sizes)


def read_effect_rows(data: Source, plan: EffectPlan) -> EffectRows:
    """Scan the rows once for the model and once for the overview.

    Raises:
        UsageProblem: A column that the data do not have.
        CannotFit: No row has everything.
    """
    with open_rows(data, plan.columns) as rows:
        linked = _linked_share(rows, plan)
        uses_prior = linked is not None and linked >= plan.options.least_linked
        formula = parse_formula(
            plan.formula(with_prior=uses_prior, with_indicator=uses_prior and linked != 1.0)
        )
        weights = WEIGHT if plan.options.sampling_variance else None
        overview, similar = _overview(rows, plan)
        found = scan(formula, _model_rows(rows, plan), weights=weights, with_group_products=True)
    columns = found.moments.columns
    notes = []
    if plan.prior:
        notes += ["few_linked"] if not uses_prior else ["partly_linked"] if linked != 1.0 else []
    return EffectRows(
        plan=plan,
        moments=found.moments,
        spec=_spec(found.moments),
        context_columns=tuple(one for one in columns if _is_column_of(one, plan.context)),
        overview=overview,
        similar=similar,
        prior_share=linked,
        uses_prior=uses_prior,
        notes=tuple(notes) + (("school_rows",) if plan.options.sampling_variance else ()),
    )


def _spec(moments: GroupedMoments) -> MultilevelSpec:
    """The outcome is the last column, and every level has an intercept of its own."""
    outcome = len(moments.columns) - 1
    ones = moments.columns.index(INTERCEPT)
    random = tuple(RandomTerm(level, (ones,)) for level in range(len(moments.levels)))
    return MultilevelSpec(tuple(range(outcome)), outcome, random)


def _is_column_of(column: str, names: tuple[str, ...]) -> bool:
    """A column of the design bears the name of its factor, a category in brackets behind it."""
    return any(column == name or column.startswith(f"{name}[") for name in names)


def _model_rows(rows: Rows, plan: EffectPlan) -> Any:
    """The rows of the model as a relation."""
    if rows.connection is None:
        return rows.query(_model_sql(rows, plan))
    # a scan gives its own rows the name that a frame or a file has here: what it reads must stand apart from them
    rows.connection.execute(f"CREATE TEMP TABLE {MODEL_ROWS} AS {_model_sql(rows, plan)}")
    rows.connection.execute(f"DROP VIEW {VIEW}")
    return rows.connection.table(MODEL_ROWS)


def _cell(rows: Rows, name: str) -> str:
    """A column in SQL; "not a number" counts as empty.

    DuckDB takes isnan() for false in a Parquet column whose statistics do not mention it, as pyarrow writes them.
    """
    cell = quoted(name)
    if not rows.is_float(name):
        return cell
    return f"CASE WHEN isfinite({cell}) OR isinf({cell}) THEN {cell} END"


def _model_sql(rows: Rows, plan: EffectPlan) -> str:
    """The rows as the formula sees them; without a school or a result a row says nothing."""
    options = plan.options
    kept = dict.fromkeys((plan.outcome, plan.school, *plan.adjusters, *plan.context))
    columns = [quoted(name) for name in kept]
    if plan.prior:
        prior = _cell(rows, plan.prior)
        columns += [
            f"coalesce({prior}, 0.0) AS {quoted(plan.prior)}",
            f"CAST(({prior}) IS NULL AS DOUBLE) AS {MISSING}",
        ]
    if options.classes:
        columns.append(f"coalesce(CAST({quoted(options.classes)} AS VARCHAR), '') AS {CLASS}")
    if options.sampling_variance:
        columns.append(f"1.0 / {quoted(options.sampling_variance)} AS {WEIGHT}")
    return f"SELECT {', '.join(columns)} FROM {VIEW}"


def _linked_share(rows: Rows, plan: EffectPlan) -> float | None:
    if plan.prior is None:
        return None
    prior, outcome = _cell(rows, plan.prior), _cell(rows, plan.outcome)
    query = f"SELECT count({prior}) / nullif(count(*), 0) FROM {VIEW} WHERE ({outcome}) IS NOT NULL"
    share = rows.row(query)[0]
    return 0.0 if share is None else float(share)


def _overview(rows: Rows, plan: EffectPlan) -> tuple[dict[str, SchoolOverview], SimilarBy]:
    """Pupils, result and factors of every school with a result; categories are no distance."""
    asked = plan.options.similar_by or plan.context
    numeric = [name for name in asked if rows.kinds[name] in ("flag", "whole", "number")]
    pupils = f"sum({quoted(plan.options.pupils)})" if plan.options.pupils else "count(*)"
    means = "".join(f", avg(CAST({_cell(rows, name)} AS DOUBLE))" for name in numeric)
    outcome, school = _cell(rows, plan.outcome), quoted(plan.school)
    told: list[tuple[Any, ...]] = rows.query(
        f"""SELECT CAST({school} AS VARCHAR), CAST({pupils} AS BIGINT), avg({outcome}){means} FROM {VIEW}
        WHERE ({outcome}) IS NOT NULL AND {school} IS NOT NULL GROUP BY {school} ORDER BY 1"""
    ).fetchall()
    overview = {row[0]: SchoolOverview(int(row[1]), float(row[2])) for row in told}
    whole = [row for row in told if None not in row[3:]]
    values = np.array([row[3:] for row in whole], dtype=np.float64).reshape(len(whole), len(numeric))
    return overview, SimilarBy(tuple(row[0] for row in whole), values)
