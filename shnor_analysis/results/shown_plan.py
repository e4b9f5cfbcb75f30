"""A plan's power as a page shows it: sentences and a table; the only place where its numbers are rounded."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import pandas as pd

from shnor_analysis.language import number, render
from shnor_analysis.results.planning import NeededSize, PowerPlan, PowerRow

# what programmes of help seldom go beyond, in standard deviations of pupils: Kraft (2020), docs/method/planning.md
USUAL_EFFECT = 0.20
MOST_PERCENT = 99.0
SIZE_COLUMNS = ("schools", "treated", "pupils", "years_before", "years_after")


def plan_words(plan: PowerPlan, language: str) -> tuple[str, ...]:
    """What can be found, what cannot, and what would be needed: a sentence each."""
    return (*_found(plan, language), *_lacking(plan, language), _basis(plan, language))


def plan_html(plan: PowerPlan, language: str) -> str:
    """Sentences, the table of neighbouring plans, what the wanted effect needs."""
    words = "".join(f"<p>{escape(one)}</p>" for one in plan_words(plan, language))
    table = plan_table(plan, language).to_html(index=False, border=0)
    return f'<div class="shnor-plan">{words}{table}</div>'


def plan_table(plan: PowerPlan, language: str) -> pd.DataFrame:
    """The plan and its neighbours as printed text, columns named in the language."""
    names = ("lever", *SIZE_COLUMNS, "mdes", "mdes_did")
    head = [render(f"plan.column.{name}", language) for name in names]
    return pd.DataFrame([_cells(row, language) for row in plan.rows], columns=head)


def _found(plan: PowerPlan, language: str) -> Iterator[str]:
    sizes = {name: number(getattr(plan, name), language) for name in SIZE_COLUMNS}
    # a panel counts results: a pupil has one in each procedure
    code = "plan.sizes_results" if plan.components.source == "panel" else "plan.sizes"
    yield render(code, language, **sizes)
    yield render(
        "plan.mdes",
        language,
        power=_percent(plan.power, language),
        mdes=number(plan.mdes, language, 2),
        points=number(plan.mdes_points, language, 0 if plan.mdes_points >= 1 else 1),
        share=_percent(plan.low_share, language),
    )
    yield render(
        "plan.chance",
        language,
        wanted=number(plan.wanted, language, 2),
        chance=_percent(plan.power_for_wanted, language),
    )


def _lacking(plan: PowerPlan, language: str) -> Iterator[str]:
    if plan.mdes > USUAL_EFFECT:
        yield render("plan.too_small", language, usual=number(USUAL_EFFECT, language, 2))
    wanted = number(plan.wanted, language, 2)
    if plan.mdes <= plan.wanted:
        yield render("plan.enough", language, wanted=wanted)
        return
    ways = [_way(one, language) for one in plan.needed if one.needed is not None]
    if ways:
        code = "plan.needed.one" if len(ways) == 1 else "plan.needed"
        yield render(code, language, wanted=wanted, ways="; ".join(ways))
    helpless = [
        render(f"plan.lever.{one.lever}", language).lower() for one in plan.needed if one.needed is None
    ]
    if helpless:
        yield render("plan.not_enough", language, wanted=wanted, levers=", ".join(helpless))


def _basis(plan: PowerPlan, language: str) -> str:
    parts = plan.components
    code = "plan.estimated" if parts.source == "panel" else "plan.assumed"
    return render(
        code,
        language,
        permanent=number(parts.permanent_sd, language, 2),
        yearly=number(parts.yearly_sd, language, 2),
        rho=number(parts.autocorrelation, language, 2),
        schools=number(parts.schools_n, language),
        years=number(parts.years_n, language),
    )


def _way(one: NeededSize, language: str) -> str:
    name = render(f"plan.lever.{one.lever}", language).lower()
    return render(
        "plan.way", language, lever=name, needed=number(one.needed or 0, language), planned=one.planned
    )


def _cells(row: PowerRow, language: str) -> list[str]:
    sizes = [number(getattr(row, name), language) for name in SIZE_COLUMNS]
    effects = ["–" if one is None else number(one, language, 2) for one in (row.mdes, row.mdes_did)]
    return [render(f"plan.lever.{row.lever}", language), *sizes, *effects]


def _percent(share: float, language: str) -> str:
    value = 100.0 * share
    text = number(min(value, MOST_PERCENT), language)
    return f"> {text}" if value > MOST_PERCENT else text
