"""How many schools of a list would stay, leave and enter with no programme: expected by chance, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.list_flow.covariance import components_of
from shnor_analysis.models.fit_options import DEFAULT_SEED, option_problems
from shnor_analysis.models.list_flow_draws import FlowDraws, draw_flow
from shnor_analysis.models.list_flow_refusals import refuse_list_year
from shnor_analysis.models.list_flow_rows import FlowRows, read_flow_rows
from shnor_analysis.models.list_rules import ListRule, rule_problems
from shnor_analysis.models.programme_asked import is_year
from shnor_analysis.models.school_panel import NEVER, SchoolPanel, label_of, read_panel
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.list_flow import (
    CalibrationYear,
    FlowComponents,
    ListFlowPrediction,
    SchoolChance,
    count_interval,
)

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

# from so many years on what lasts and what fades is told apart by the data and not by the prior
YEARS_TO_TELL_APART = 4
FEWEST_DRAWS = 200
# past years say whether the method holds, their own numbers need not be as fine
CALIBRATION_DRAWS = 1_000


def predict_list_flow(
    panel: pd.DataFrame,
    *,
    rule: ListRule,
    year: int,
    level: float = 0.95,
    exclude: Mapping[str, int] | None = None,
    draws: int = 2_000,
    seed: int = DEFAULT_SEED,
    calibrate: bool = True,
) -> ListFlowPrediction | NotEstimable:
    """Predict the list of the next year from all years up to this one, as chance alone would make it.

    Model  low ~ Binomial(tested, expit(μ_year + u_school + v_school,year + w)), v AR(1), u, v, w normal; with several
    procedures each has its own means and a lasting part of its own in a school. Levels of all schools are drawn
    together given their own past, parameters drawn from their own uncertainty, then counts, and the whole rule is
    applied to each draw.

    Args:
        panel: Results, `models.school_panel.read_panel`.
        rule: `LowestShare` or `ShareOfLow`.
        year: The list's year: its list uses results up to it, its leavers are seen in the year after.
        level: Of the intervals.
        exclude: First programme year of some schools: their results from then on are not learnt from and not counted
            in past years; chances with no programme are still given.
        draws: Of next year's results, 200 or more.
        seed: Of the random numbers.
        calibrate: Whether past years are predicted, too; they take most of the time.

    Returns:
        Chances of schools, expected flow with intervals beside what was observed where the next year is known, and
        the same for each past year, predicted from the data up to it. NotEstimable ``list_no_year``,
        ``list_few_schools``, ``list_few_years``, ``list_one_value``, ``list_not_judged``, ``list_empty``.

    Raises:
        UsageProblem: What `read_panel` refuses; ``list_rule_unknown``, ``list_year_wrong``, ``list_exclude_wrong``,
            ``fit_option_wrong``.

    Limits: leavers and entrants are counted among schools with a result in the year after; ranks and thresholds are
    drawn for the schools and numbers tested of the list's year. A change of the test, its procedures or its honesty
    is none of chance's doing.
    Source: docs/method/list_flow.md.
    """
    problems = _wrong_options(rule, year, level, draws=draws, seed=seed)
    first, wrong = _first_years(exclude)
    rows_read = _read_with(panel, [*problems, *wrong])
    rows = read_flow_rows(rows_read, rule=rule, exclude=first)
    refused = refuse_list_year(rows, year)
    if refused is not None:
        return refused
    found = draw_flow(rows, year, draws=draws, seed=seed)
    past = tuple(
        _calibrate(rows, one, level=level, draws=min(draws, CALIBRATION_DRAWS), seed=seed)
        for one in (rows.years if calibrate else ())
        if one < year
        and refuse_list_year(rows, one) is None
        and rows.has(one + 1)
        and _counted(rows, one).any()
    )
    return _prediction(found, rows_read, past, level=level, seed=seed)


def _read_with(panel: pd.DataFrame, problems: list[Problem]) -> SchoolPanel:
    """Read the panel and refuse what is wrong with it together with what else was found wrong."""
    try:
        found = read_panel(panel)
    except UsageProblem as error:
        raise UsageProblem([*problems, *error.problems]) from error
    if problems:
        raise UsageProblem(problems)
    return found


def _wrong_options(rule: object, year: object, level: float, *, draws: object, seed: object) -> list[Problem]:
    problems = [*rule_problems(rule), *option_problems(level)]
    if not _is_whole(year):
        problems.append(Problem("list_year_wrong", found=str(year)))
    if not (_is_whole(draws) and int(str(draws)) >= FEWEST_DRAWS):
        option = {"option": "draws"}
        problems.append(
            Problem("fit_option_wrong", found=str(draws), allowed=f">= {FEWEST_DRAWS}", fields=option)
        )
    if not (_is_whole(seed) and int(str(seed)) >= 0):
        problems.append(
            Problem("fit_option_wrong", found=str(seed), allowed=">= 0", fields={"option": "seed"})
        )
    return problems


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _first_years(exclude: Any) -> tuple[dict[str, int], list[Problem]]:
    """First programme years by school as the panel writes schools, and what is wrong with them."""
    if exclude is None:
        return {}, []
    if not isinstance(exclude, Mapping | pd.Series):
        return {}, [Problem("list_exclude_wrong", found=type(exclude).__name__)]
    problems = [
        Problem("list_exclude_wrong", found=f"{school}: {year}")
        for school, year in exclude.items()
        if not is_year(year)
    ]
    return {label_of(school): int(year) for school, year in exclude.items() if is_year(year)}, problems


def _counted(rows: FlowRows, year: int) -> Flags:
    """The list of a past year without the schools that a programme reached by the year after, with a result then."""
    return rows.listed(year) & (rows.first_programme > year + 1) & rows.judged(year + 1)


def _calibrate(rows: FlowRows, year: int, *, level: float, draws: int, seed: int) -> CalibrationYear:
    found = draw_flow(rows, year, draws=draws, seed=seed)
    is_free = rows.first_programme > year + 1
    after, seen = rows.listed(year + 1), rows.judged(year + 1) & is_free
    leavers, entrants = found.leavers(seen), found.entrants(seen)
    observed = int((found.listed & seen & ~after).sum())
    low, high = count_interval(leavers, level)
    entrants_low, entrants_high = count_interval(entrants, level)
    where = np.random.default_rng([seed, year]).random()
    return CalibrationYear(
        year=year,
        list_n=int((found.listed & is_free).sum()),
        without_result_n=int((found.listed & is_free & ~rows.judged(year + 1)).sum()),
        observed_leavers=observed,
        expected_leavers=float(leavers.mean()),
        leavers_low=low,
        leavers_high=high,
        observed_entrants=int((found.judged & ~found.listed & seen & after).sum()),
        expected_entrants=float(entrants.mean()),
        entrants_low=entrants_low,
        entrants_high=entrants_high,
        p_at_least_observed=float((leavers >= observed).mean()),
        pit=float((leavers < observed).mean() + where * (leavers == observed).mean()),
    )


def _prediction(
    found: FlowDraws, panel: SchoolPanel, past: tuple[CalibrationYear, ...], *, level: float, seed: int
) -> ListFlowPrediction:
    rows, year = found.rows, found.year
    is_known = rows.has(year + 1)
    seen = rows.judged(year + 1) if is_known else np.ones(found.listed.size, dtype=bool)
    after = rows.listed(year + 1)
    listed_n = int((found.listed & seen).sum())
    leavers, entrants = found.leavers(seen), found.entrants(seen)
    low, high = count_interval(leavers, level)
    entrants_low, entrants_high = count_interval(entrants, level)
    observed = int((found.listed & seen & ~after).sum()) if is_known else None
    return ListFlowPrediction(
        rule_code=rows.rule.code,
        rule_parameters=rows.rule.parameters,
        year=int(year),
        level=level,
        list_n=int(found.listed.sum()),
        without_result_n=int(found.listed.sum()) - listed_n,
        expected_leavers=float(leavers.mean()),
        leavers_low=low,
        leavers_high=high,
        observed_leavers=observed,
        p_at_least_observed=None if observed is None else float((leavers >= observed).mean()),
        expected_stayers=listed_n - float(leavers.mean()),
        stayers_low=listed_n - high,
        stayers_high=listed_n - low,
        observed_stayers=None if observed is None else listed_n - observed,
        expected_entrants=float(entrants.mean()),
        entrants_low=entrants_low,
        entrants_high=entrants_high,
        observed_entrants=int((found.judged & ~found.listed & seen & after).sum()) if is_known else None,
        components=_components(found),
        schools=_chances(found, seen=seen, after=after, is_known=is_known),
        calibration=past,
        leavers_distribution=tuple(np.bincount(leavers, minlength=listed_n + 1) / found.draws),
        patterns=tuple(np.packbits(one).tobytes() for one in found.stays.T),
        draws=found.draws,
        seed=seed,
        notes=_notes(found, is_known=is_known),
        accounting=panel.accounting + _account(found),
    )


def _chances(found: FlowDraws, *, seen: Flags, after: Flags, is_known: bool) -> tuple[SchoolChance, ...]:
    rows, at = found.rows, found.rows.at(found.year)
    low, tested = rows.low[:, at].sum(axis=1), rows.tested[:, at].sum(axis=1)
    return tuple(
        SchoolChance(
            school_id=rows.school_ids[one],
            is_listed=bool(found.listed[one]),
            tested_n=int(tested[one]),
            observed_share=float(low[one] / tested[one]),
            expected_share=float(found.expected_share[one]),
            p_on_list=float(found.chance[one]),
            is_listed_next=bool(after[one]) if is_known and seen[one] else None,
        )
        for one in np.flatnonzero(found.judged)
    )


def _components(found: FlowDraws) -> FlowComponents:
    parts, rows, at = components_of(found.level.theta), found.rows, found.rows.at(found.year)
    tested = rows.tested[:, at]
    median = float(np.median(tested[tested > 0]))
    share = float(np.clip(rows.low[:, at].sum() / tested.sum(), 0.5 / tested.sum(), 1 - 0.5 / tested.sum()))
    information = median * share * (1 - share)
    total = parts.permanent + parts.yearly + parts.procedure + parts.extra
    lasting = parts.permanent + parts.procedure + parts.yearly * parts.autocorrelation
    return FlowComponents(
        permanent_sd=float(np.sqrt(parts.permanent)),
        yearly_sd=float(np.sqrt(parts.yearly)),
        autocorrelation=parts.autocorrelation,
        extra_sd=float(np.sqrt(parts.extra)),
        procedure_sd=float(np.sqrt(parts.procedure)),
        overdispersion=float(1 + parts.extra * information),
        reliability=float(lasting / (total + 1 / information)),
        median_n=median,
    )


def _notes(found: FlowDraws, *, is_known: bool) -> tuple[str, ...]:
    years_n = np.unique(found.level.cells.year).size
    told = {
        "few_years": years_n < YEARS_TO_TELL_APART,
        "not_converged": not found.level.has_converged,
        "next_year_unknown": not is_known,
        "programme_years_left_out": bool((found.rows.first_programme <= found.year).any()),
    }
    return (*found.rows.notes, *(code for code, holds in told.items() if holds))


def _account(found: FlowDraws) -> Accounting:
    """School-years learnt from: later ones, those of a programme and those the rule does not look at are left out."""
    rows, years = found.rows, np.array(found.rows.years)
    has = np.asarray(rows.tested.sum(axis=2) > 0)
    later = int(has[:, years > found.year].sum())
    is_programme = (years[None, :] >= rows.first_programme[:, None]) & (rows.first_programme < NEVER)[:, None]
    programme = int((has & is_programme)[:, years <= found.year].sum())
    reasons = [Reason("list_later_years", later), Reason("list_programme_years", programme)]
    used = int(has.sum()) - later - programme
    return Accounting().then(
        "list_flow_years", "panel", int(has.sum()), used, [one for one in reasons if one.n]
    )
