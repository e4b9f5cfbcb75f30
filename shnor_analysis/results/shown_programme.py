"""A programme's evaluation as a page shows it: the only place where its numbers are rounded and get words."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from shnor_analysis.language import number, render, render_count
from shnor_analysis.results.programme_parts import SCALES, DesignEstimate, PlaceboRank
from shnor_analysis.results.values import NotEstimable

if TYPE_CHECKING:
    from shnor_analysis.results.programme_effect import ProgrammeEffect

DESIGN_HEAD = ("design", "sd", "pp", "p", "permutation_p")
SMALLEST_P = 0.001
NOTHING = "—"


def html(effect: ProgrammeEffect, language: str) -> str:
    """Sentences and the table of designs; everything that came from data is escaped."""
    words = "".join(f"<p>{escape(one)}</p>" for one in programme_words(effect, language))
    table = "" if effect.is_descriptive else design_table(effect, language).to_html(index=False, border=0)
    return f'<div class="shnor-programme">{words}{table}</div>'


def programme_words(effect: ProgrammeEffect, language: str) -> tuple[str, ...]:
    """What was found and how sure it is, a sentence each: what could be found stands before what was."""
    notes = tuple(one.in_words(language) for one in effect.notes)
    sizes = render(
        "programme_shown.sizes",
        language,
        treated=number(effect.n_treated, language),
        comparison=number(effect.n_comparison, language),
    )
    if effect.is_descriptive:
        said = "" if effect.reason is None else effect.reason.in_words(language)
        reason = (f"{said[:1].upper()}{said[1:]}",) if said else ()
        return (sizes, render("programme_shown.descriptive", language), *reason, *notes)
    return (sizes, *_found(effect, language), *notes)


def method_words(effect: ProgrammeEffect, language: str) -> Iterator[str]:
    """How the permutation p was worked out, and what it would be of bare statistics; nothing where there is none."""
    if effect.permutation_p is None or effect.permutation_p_of_bare_t is None:
        return
    yield render_count(
        "programme_shown.permutation",
        language,
        effect.permutations,
        p=_p(effect.permutation_p, language),
        bare=_p(effect.permutation_p_of_bare_t, language),
    )


def design_table(effect: ProgrammeEffect, language: str) -> pd.DataFrame:
    """A row a design as printed text: both scales with intervals, p of the t test and of the permutation."""
    head = [render(f"programme_shown.column.{name}", language) for name in DESIGN_HEAD]
    return pd.DataFrame(
        [_cells(effect, name, language) for name in ("ancova", "did", "callaway_santanna")], columns=head
    )


def _found(effect: ProgrammeEffect, language: str) -> Iterator[str]:
    if effect.mdes is not None:
        yield render("programme_shown.mdes", language, mdes=number(effect.mdes, language, 2))
    level = number(round(effect.level * 100, 6), language)
    ends = (effect.hull_low, effect.hull_high, effect.hull_low_pp, effect.hull_high_pp)
    low, high, low_pp, high_pp = (
        None if one is None else number(one, language, at) for one, at in zip(ends, (2, 2, 1, 1), strict=True)
    )
    if effect.hull_low is None or effect.hull_high is None:
        yield " ".join((render("programme_shown.no_hull", language), *_why_absent(effect, language)))
        yield from _alone(effect, language)
    else:
        places = {"low": low, "high": high, "low_pp": low_pp, "high_pp": high_pp, "level": level}
        yield render("programme_shown.hull", language, **places)
        holds_zero = effect.hull_low <= 0 <= effect.hull_high
        yield render(f"programme_shown.{'holds_zero' if holds_zero else 'leaves_zero'}", language)
    if isinstance(effect.placebos, PlaceboRank):
        ranked = effect.placebos
        fields = {"rank": ranked.rank, "k": ranked.k, "smallest": number(ranked.smallest_p, language, 2)}
        yield render("programme_shown.placebos", language, **fields)
    if effect.grade is not None:
        yield render("programme_shown.grade", language, grade=effect.grade.padlocks, most=effect.grade.most)


def _why_absent(effect: ProgrammeEffect, language: str) -> Iterator[str]:
    """Each of the two designs that could not be estimated, and why not."""
    for name, reason in effect.absent:
        title = render(f"programme_shown.design.{name}", language)
        yield f"{title}: {reason.in_words(language)}"


def _alone(effect: ProgrammeEffect, language: str) -> Iterator[str]:
    """The one of the two designs that could be estimated, with its intervals."""
    for one in effect.designs:
        pp = effect.design(one.design, "pp")
        if one.scale == "sd" and isinstance(pp, DesignEstimate):
            yield render(
                "programme_shown.alone",
                language,
                design=render(f"programme_shown.design.{one.design}", language),
                sd=_interval(one, language, 2),
                pp=_interval(pp, language, 1),
            )


def _cells(effect: ProgrammeEffect, name: str, language: str) -> tuple[str, ...]:
    title = render(f"programme_shown.design.{name}", language)
    found = [effect.design(name, scale) for scale in SCALES]
    if isinstance(found[0], NotEstimable):
        return title, NOTHING, NOTHING, NOTHING, NOTHING
    shown = [
        _interval(one, language, decimals) if isinstance(one, DesignEstimate) else NOTHING
        for one, decimals in zip(found, (2, 1), strict=True)
    ]
    permuted = NOTHING if found[0].permutation_p is None else _p(found[0].permutation_p, language)
    return title, *shown, _p(found[0].p_value, language), permuted


def _interval(design: DesignEstimate, language: str, decimals: int) -> str:
    value, low, high = (
        number(one, language, decimals) for one in (design.estimate, design.conf_low, design.conf_high)
    )
    return render("programme_shown.interval", language, value=value, low=low, high=high)


def _p(value: float, language: str) -> str:
    return f"< {number(SMALLEST_P, language, 3)}" if value < SMALLEST_P else number(value, language, 3)
