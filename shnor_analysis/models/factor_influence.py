"""Which factors go with results, how strongly, and how much of the spread between schools each one carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, Unpack, overload

from shnor_analysis.models.factor_answers import answer
from shnor_analysis.models.factor_options import Options, check_options, check_roles
from shnor_analysis.models.factor_rows import Roles, read_questions
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.factor_influence import FactorInfluence

if TYPE_CHECKING:
    from shnor_analysis.warehouse.moments import Source

Influence: TypeAlias = FactorInfluence | NotEstimable


@overload
def fit_factor_influence(
    data: Source,
    *,
    outcome: str,
    factors: Sequence[str],
    adjusters: Sequence[str] = (),
    school: str = "school_id",
    **options: Unpack[Options],
) -> Influence: ...
@overload
def fit_factor_influence(
    data: Source,
    *,
    outcome: list[str] | tuple[str, ...] | Mapping[str, str | Sequence[str]],
    factors: Sequence[str],
    adjusters: Sequence[str] = (),
    school: str = "school_id",
    **options: Unpack[Options],
) -> dict[str, Influence]: ...
def fit_factor_influence(
    data: Source,
    *,
    outcome: str | list[str] | tuple[str, ...] | Mapping[str, str | Sequence[str]],
    factors: Sequence[str],
    adjusters: Sequence[str] = (),
    school: str = "school_id",
    **options: Unpack[Options],
) -> Influence | dict[str, Influence]:
    """Estimate how factors go with an outcome over schools, and split the variance between schools among them.

    Model  y_ij = a_ij'γ + f_ij'β + u_j + e_ij,  u_j ~ N(0, τ²),  e_ij ~ N(0, σ²), by REML; adjusters a in every model.
    Association: β of the model with all factors. Share: Shapley value of v(S) = 1 − τ²_S / τ²_0 over all sets S of
    factors; shares sum to 1 − τ²_full / τ²_0 and may be negative.

    Parameters:
        data: A row a pupil, or a row a school (or school and year, or school and procedure) with `pupils_n`; a frame,
            Parquet, or a relation of DuckDB. Rows with a missing value are dropped and counted.
        outcome: A column; several columns; or by name the columns of each outcome: several columns of one outcome are
            plausible values. Higher is better (for the direction of the composite index).
        factors: Columns, or terms such as ``log(pupils_n)`` and ``C(kind)``; all categories of one are one factor.
        adjusters: Columns or terms that belong to every model, the one without factors included.
        school: Column of schools.
        options: `level` (0.95); `replicates` of the school bootstrap (199; 0: no bounds) and `seed` (500); `weights`:
            column of precision weights; `pupils_n`: column with the pupils behind a row, which makes rows those of
            schools; `sampling_variance`: column with the known variance of such a row; `pupil_sd`: spread of pupils
            in the outcome's unit where rows are those of schools, or "share" where the outcome is a share of pupils;
            `harder`: by factor, 1 or −1, whether a higher value is harder for a school; `errors`: "model" or "CR2",
            by default "CR2" where a factor varies within schools.

    Returns:
        For one column as `outcome` the result or why there is none; otherwise one by outcome, with p-values adjusted
        over all associations of all outcomes.

    Raises:
        UsageProblem: ``factors_missing``, ``factor_repeated``, ``replicates_too_few``, ``influence_option``, ``fit_option_wrong``, and what
            a formula or a column can have wrong.
        InputRefused: The data cannot be read.

    Limits: association, not cause; with 40 schools about four factors can be told apart, and the composite index says
        what they say together. One row a school without pupils behind it: associations only.
    Source: docs/method/factor_influence.md. Checked against closed forms and simulation, tests/recovery/.
    """
    asked = _outcomes(outcome)
    named = [*(one for many in asked.values() for one in many), *factors, *adjusters, school]
    check_roles(named, factors)
    check_options(options)
    roles = Roles(tuple(factors), tuple(adjusters), school)
    questions = read_questions(data, outcomes=asked, roles=roles, options=options)
    answers = answer(questions, adjusters=roles.adjusters, options=options)
    return answers[outcome] if isinstance(outcome, str) else answers


def _outcomes(
    outcome: str | list[str] | tuple[str, ...] | Mapping[str, str | Sequence[str]],
) -> dict[str, tuple[str, ...]]:
    """Columns of each outcome by its name."""
    if isinstance(outcome, str):
        return {outcome: (outcome,)}
    if isinstance(outcome, Mapping):
        return {name: (one,) if isinstance(one, str) else tuple(one) for name, one in outcome.items()}
    return {one: (one,) for one in outcome}
