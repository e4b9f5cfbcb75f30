"""What a programme's evaluation is asked: treated schools, covariates and options, checked all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.models.programme_study import ProgrammeOptions
from shnor_analysis.models.school_panel import SchoolPanel, label_of, read_panel

MOST_SELECTION_YEARS = 3
CONTEXT_KEYS = ("school_id", "school_year")


@dataclass(frozen=True, slots=True)
class Asked:
    """The panel as read, and the first programme year by school as text."""

    panel: SchoolPanel
    treated: Mapping[str, int]


def read_asked(
    panel: pd.DataFrame,
    treated: Mapping[str, int],
    *,
    context: pd.DataFrame | None,
    level: float,
    options: ProgrammeOptions,
) -> Asked:
    """Read the panel and check everything else.

    Raises:
        UsageProblem: All that is wrong at once: the codes of `read_panel`, ``programme_treated_wrong``,
            ``programme_year_wrong``, ``programme_nobody_in_panel``, ``programme_level_wrong``,
            ``programme_option_wrong``, ``programme_context_wrong``, ``programme_context_not_number``,
            ``programme_context_repeated``, ``programme_panel_empty``.
    """
    problems = [*_options(level, options), *_context(context)]
    starts, wrong = _treated(treated)
    problems += wrong
    found: SchoolPanel | None = None
    try:
        found = read_panel(panel)
    except UsageProblem as error:
        problems += error.problems
    if found is not None and not found.rows_n:
        problems.append(Problem("programme_panel_empty"))
    elif found is not None and starts and not set(starts) & set(found.school_ids):
        problems.append(Problem("programme_nobody_in_panel", found=", ".join(list(starts)[:5])))
    if problems or found is None:
        raise UsageProblem(problems)
    return Asked(found, starts)


def _treated(treated: Any) -> tuple[dict[str, int], list[Problem]]:
    if not isinstance(treated, Mapping | pd.Series) or not len(treated):
        return {}, [Problem("programme_treated_wrong", found=type(treated).__name__)]
    wrong = [f"{name}: {year}" for name, year in treated.items() if not is_year(year)]
    problems = []
    if wrong:
        shown = ", ".join(wrong[:3])
        problems.append(Problem("programme_year_wrong", found=shown, fields={"n": len(wrong)}))
    found: dict[str, int] = {}
    for name, year in treated.items():
        if not is_year(year):
            continue
        # 1 and "1" are one school
        if found.setdefault(label_of(name), int(year)) != int(year):
            shown = f"{label_of(name)}: {found[label_of(name)]}, {int(year)}"
            problems.append(Problem("programme_year_wrong", found=shown, fields={"n": 1}))
    return found, problems


def is_year(year: Any) -> bool:
    """Whether this can be a school year: a whole number, whatever its type."""
    is_number = isinstance(year, int | float | np.integer | np.floating) and not isinstance(year, bool)
    return bool(is_number and np.isfinite(year) and float(year).is_integer() and 1900 < year < 2200)


def _options(level: float, options: object) -> Iterator[Problem]:
    is_number = isinstance(level, int | float) and not isinstance(level, bool)
    if not (is_number and 0 < level < 1):
        yield Problem("programme_level_wrong", found=str(level), allowed="0 < level < 1")
    if not isinstance(options, ProgrammeOptions):
        found, shown = type(options).__name__, {"name": "options"}
        yield Problem("programme_option_wrong", found=found, allowed="ProgrammeOptions(…)", fields=shown)
        return
    allowed = {
        "delay": (0, 5),
        "selection_years": (1, MOST_SELECTION_YEARS),
        "permutations": (0, 100_000),
        "seed": (0, 2**32 - 1),
    }
    for name, (low, high) in allowed.items():
        value = getattr(options, name)
        if not (isinstance(value, int | np.integer) and not isinstance(value, bool) and low <= value <= high):
            yield Problem(
                "programme_option_wrong", found=str(value), allowed=f"{low}…{high}", fields={"name": name}
            )


def with_school_column(context: pd.DataFrame | None) -> pd.DataFrame | None:
    """The table of circumstances with school_id (and school_year) as columns where they are its index."""
    if not isinstance(context, pd.DataFrame) or not set(CONTEXT_KEYS) & set(context.index.names):
        return context
    if doubled := set(context.index.names) & set(context.columns):
        context = context.drop(columns=list(doubled))
    return context.reset_index([name for name in context.index.names if name in CONTEXT_KEYS])


def _context(context: pd.DataFrame | None) -> Iterator[Problem]:
    if context is None:
        return
    if not isinstance(context, pd.DataFrame) or "school_id" not in context:
        yield Problem("programme_context_wrong", found=type(context).__name__)
        return
    columns = [name for name in context.columns if name not in CONTEXT_KEYS]
    if not columns:
        yield Problem("programme_context_wrong", found=", ".join(map(str, context.columns)))
    for name in columns:
        is_number = pd.api.types.is_numeric_dtype(context[name])
        values = context[name].to_numpy(dtype=float, na_value=np.nan) if is_number else np.array([np.inf])
        if np.isinf(values).any():
            yield Problem("programme_context_not_number", found=str(name))
    yield from _context_keys(context)


def _context_keys(context: pd.DataFrame) -> Iterator[Problem]:
    """Rows without a school, with a year that is none, or with the key of another row."""
    if context["school_id"].isna().any():
        yield Problem("programme_context_wrong", found="school_id: —")
    wrong = [year for year in context.get("school_year", ()) if not is_year(year)]
    if wrong:
        yield Problem("programme_context_wrong", found=f"school_year: {wrong[0]}")
    keys = [name for name in CONTEXT_KEYS if name in context]
    if context[keys].assign(school_id=context["school_id"].astype(object).map(label_of)).duplicated().any():
        yield Problem("programme_context_repeated", fields={"columns": ", ".join(keys)})
