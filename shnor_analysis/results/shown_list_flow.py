"""A list beside chance as a page shows it: sentences and a table; the only place where its numbers are rounded."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from shnor_analysis.language import (
    has_text,
    in_cases,
    number,
    percent_sign,
    render,
    render_count,
    school_year,
)
from shnor_analysis.results.list_flow import calibration_verdict
from shnor_analysis.results.shown_flow_picture import calibration_picture
from shnor_analysis.results.values import NotEstimable

if TYPE_CHECKING:
    from shnor_analysis.results.list_flow import GroupFlow, ListFlowPrediction

NOTHING = "—"
PARTS = ("leavers", "stayers", "entrants")
TABLE_HEAD = ("part", "expected", "bounds", "observed")
# a notebook has no style sheet of the house; colours are left to its theme
STYLE = (
    ".shnor-flow p {margin: 0.3em 0; max-width: 46em;} "
    ".shnor-flow table {border-collapse: collapse; margin: 0.6em 0;} "
    ".shnor-flow th, .shnor-flow td {padding: 2px 12px; text-align: right; border-bottom: 1px solid #8884;} "
    ".shnor-flow th:first-child, .shnor-flow td:first-child {text-align: left; padding-left: 0;}"
)


def flow_html(flow: ListFlowPrediction, language: str) -> str:
    """Sentences, the table of leavers, stayers and entrants, the picture of past lists."""
    table = flow_table(flow, language).to_html(index=False, border=0)
    picture = calibration_picture(flow, language)
    drawn = "" if isinstance(picture, NotEstimable) else picture.svg
    return _block(flow_words(flow, language), table + drawn)


def group_html(group: GroupFlow, language: str) -> str:
    """The sentences of some listed schools."""
    return _block(group_words(group, language), "")


def _block(words: tuple[str, ...], below: str) -> str:
    said = "".join(f"<p>{escape(one)}</p>" for one in words)
    return f'<div class="shnor-flow"><style>{STYLE}</style>{said}{below}</div>'


def flow_words(flow: ListFlowPrediction, language: str) -> tuple[str, ...]:
    """The list and its rule, leavers by chance and as seen, entrants, the check on past lists, notes: a paragraph each."""
    listed = render_count(
        "list_flow_shown.listed", language, flow.list_n, year=school_year(flow.year, language)
    )
    rule = render("list_flow_shown.rule", language, rule=rule_words(flow, language))
    notes = tuple(render(f"list_flow_note.{one}", language) for one in flow.notes)
    return (
        f"{listed} {rule}",
        _leavers(flow, language),
        _entrants(flow, language),
        _check(flow, language),
        *notes,
    )


def rule_words(flow: ListFlowPrediction, language: str) -> str:
    """What the rule demands, shares as percentages and its version by name."""
    places: dict[str, object] = dict(flow.rule_parameters)
    for name in ("share", "threshold"):
        if isinstance(value := places.get(name), float):
            places[name] = _percent(value, language)
    key = f"rule_name.{places.get('version')}"
    if has_text(key, language):
        places["version"] = render(key, language)
    return render(f"list_rule.{flow.rule_code}", language, **places)


def flow_table(flow: ListFlowPrediction, language: str) -> pd.DataFrame:
    """Leavers, stayers and entrants as printed text: expected with no programme, bounds, observed."""
    head = [render(f"list_flow_shown.column.{name}", language) for name in TABLE_HEAD]
    rows = []
    for name in PARTS:
        observed = getattr(flow, f"observed_{name}")
        rows.append(
            [
                render(f"list_flow_shown.part.{name}", language),
                number(getattr(flow, f"expected_{name}"), language, 1),
                f"{getattr(flow, f'{name}_low')}–{getattr(flow, f'{name}_high')}",
                NOTHING if observed is None else number(observed, language),
            ]
        )
    return pd.DataFrame(rows, columns=head)


def group_words(group: GroupFlow, language: str) -> tuple[str, ...]:
    """How many of some listed schools left, how many would have anyway, and how often by chance alone."""
    lost = _lost(group.without_result_n, language)
    if not group.listed_n:
        return (lost or render("list_flow_shown.group.none_listed", language),)
    if group.observed is None:
        said = render_count("list_flow_shown.group.coming", language, group.listed_n)
        return (f"{said} {_expected('coming', group, language)}",)
    left = (
        render_count("list_flow_shown.group.left", language, group.observed, listed=group.listed_n)
        if group.observed
        else render("list_flow_shown.group.left.none", language, listed=group.listed_n)
    )
    chance = _by_chance(group.observed, group.p_at_least_observed, group.listed_n, language)
    verdict = _beside(group.observed, group.low, group.high, language)
    return (" ".join(filter(None, (left, _expected("known", group, language), chance, verdict, lost))),)


def _expected(state: str, group: GroupFlow, language: str) -> str:
    return render(
        f"list_flow_shown.expected.{state}",
        language,
        expected=number(group.expected, language, 1),
        low=group.low,
        high=group.high,
        level=_percent(group.level, language),
    )


def _leavers(flow: ListFlowPrediction, language: str) -> str:
    """The listed schools as the group that all of them are."""
    whole = flow.of_schools(one.school_id for one in flow.listed)
    if flow.observed_leavers is None:
        return _expected("coming", whole, language)
    seen = (
        render_count("list_flow_shown.observed", language, flow.observed_leavers)
        if flow.observed_leavers
        else render("list_flow_shown.observed.none", language)
    )
    chance = _by_chance(flow.observed_leavers, flow.p_at_least_observed, whole.listed_n, language)
    verdict = _beside(flow.observed_leavers, flow.leavers_low, flow.leavers_high, language)
    lost = _lost(flow.without_result_n, language)
    return " ".join(filter(None, (_expected("known", whole, language), seen, chance, verdict, lost)))


def _by_chance(left: int, chance: float | None, listed: int, language: str) -> str:
    """How often so many leave by chance alone; nothing where none left, for that many always do."""
    if not left or chance is None:
        return ""
    cases = in_cases(chance, language)
    if left == 1:
        return render("list_flow.by_chance.one", language, cases=cases)
    code = "list_flow.by_chance.all" if left == listed else "list_flow.by_chance"
    return render_count(code, language, left, cases=cases)


def _beside(left: int, low: int, high: int, language: str) -> str:
    """What the bounds allow to say of those who left."""
    side = "below" if left < low else "above" if left > high else "within"
    return render(f"list_flow_shown.{side}", language)


def _lost(n: int, language: str) -> str:
    return render_count("list_flow.lost", language, n) if n else ""


def _entrants(flow: ListFlowPrediction, language: str) -> str:
    places = {
        "expected": number(flow.expected_entrants, language, 1),
        "low": flow.entrants_low,
        "high": flow.entrants_high,
    }
    if flow.observed_entrants is None:
        return render("list_flow_shown.entrants.coming", language, **places)
    return render("list_flow_shown.entrants.known", language, **places, observed=flow.observed_entrants)


def _check(flow: ListFlowPrediction, language: str) -> str:
    """Whether predictions of this kind held for past lists, or that it was not looked at."""
    past = flow.calibration
    if not past:
        said = NotEstimable("list_unchecked").in_words(language)
        return f"{said[:1].upper()}{said[1:]}"
    inside = sum(one.is_inside for one in past)
    told = (
        render("list_flow_shown.checked", language),
        render_count("calibration.inside", language, len(past), inside=inside),
        render(f"calibration.{calibration_verdict(inside, len(past))}", language),
    )
    return " ".join(told)


def _percent(share: float, language: str) -> str:
    """A share chosen by people: whole percent as they are, others with one decimal."""
    percent = round(share * 100, 6)
    return number(percent, language, 0 if percent.is_integer() else 1) + percent_sign(language)
