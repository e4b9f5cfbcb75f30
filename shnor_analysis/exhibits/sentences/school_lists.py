"""List status in words: the issued list, the rule recomputed, and the change, never mixed with one another."""

from __future__ import annotations

from collections.abc import Iterable

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import Listing, SchoolEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.reading import (
    LOW_RESULTS,
    changes_to,
    latest_issued,
    latest_rule,
    of_year,
    on_low_list,
    other_lists,
)
from shnor_analysis.exhibits.sentences.shared import rule_name, rule_text
from shnor_analysis.exhibits.text import Block, Heading, Paragraph, Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.reference.listing_rules import listing_rule
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

School = Released[SchoolEvaluation]


def describe_list_status(released: School, language: str) -> Text:
    """Two of the three statements, the issued list and the rule recomputed; `changes` and `list_history` follow."""
    value = released.value
    blocks: list[Block] = [Heading(render("lists.heading", language))]
    recomputed = latest_rule(value)
    if recomputed is None and latest_issued(value) is None:
        return Text("list_status", (*blocks, Paragraph(render("found.no_list", language))))
    blocks += [
        Paragraph(render("lists.intro", language)),
        Heading(render("lists.issued", language), 3),
        Paragraph(issued_in_words(value, language)),
        Heading(render("lists.rule", language), 3),
        Paragraph(rule_in_words(value, language)),
    ]
    if recomputed is not None:
        blocks += [
            Paragraph(
                render("rule.text", language, text=rule_text(recomputed[1].version, language)), "quiet"
            ),
            Paragraph(chance_in_words(value, language)),
        ]
        if not recomputed[1].is_verified:
            blocks.append(Paragraph(render("lists.unverified", language), "caution"))
    return Text("list_status", tuple(blocks))


def issued_in_words(value: SchoolEvaluation, language: str) -> str:
    """Whether the school stands on the newest issued list of low results; lists of other kinds are named apart."""
    year = latest_issued(value)
    if year is None:
        said = render("lists.unknown", language)
    elif on_low_list(year):
        low = [item for item in year.issued if item.list == LOW_RESULTS]
        name = printing.school_year(year.school_year, language)
        said = render("lists.on", language, year=name, lists=_named(low, language))
    else:
        said = render("lists.off", language, year=printing.school_year(year.school_year, language))
    others = other_lists(value)
    if not others:
        return said
    name = printing.school_year(others[0].school_year, language)
    return f"{said} {render('lists.other', language, year=name, lists=_named(others, language))}"


def _named(listings: Iterable[Listing], language: str) -> str:
    """Lists with who issued them, joined by semicolons."""
    return "; ".join(
        render(
            "lists.item",
            language,
            list=label(f"list.{item.list}", language),
            issuer=item.issuer,
            document=f", {item.document}" if item.document else "",
        )
        for item in listings
    )


def rule_in_words(value: SchoolEvaluation, language: str) -> str:
    """Whether the rule fires on the newest data, for which list year, and how many procedures stand behind it."""
    recomputed = latest_rule(value)
    if recomputed is None:
        reasons = [year.rule for year in value.list_years if isinstance(year.rule, NotEstimable)]
        why = printing.why_not(reasons[-1], language) if reasons else render("rule.no_results", language)
        return render("rule.unknown", language, why=why)
    year, rule = recomputed
    if isinstance(rule.fires, Suppressed):
        return render("rule.closed", language, why=printing.why_not(rule.fires, language))
    if not isinstance(rule.procedures_low_n, int):
        return render(
            "rule.fires.closed" if rule.fires else "rule.silent.closed",
            language,
            list_year=printing.school_year(year.school_year, language),
            rule=rule_name(rule.version, language),
        )
    return printing.counted(
        "rule.fires" if rule.fires else "rule.silent",
        rule.procedures_low_n,
        language,
        list_year=printing.school_year(year.school_year, language),
        rule=rule_name(rule.version, language),
        needed=rule.procedures_needed_n,
        years=", ".join(printing.school_year(item, language) for item in rule.data_years),
    )


def chance_in_words(value: SchoolEvaluation, language: str) -> str:
    """How often the rule would fire at like schools by chance of sampling alone; empty where nothing was recomputed."""
    recomputed = latest_rule(value)
    if recomputed is None:
        return ""
    rule = recomputed[1]
    chance = rule.chance_if_unchanged
    if isinstance(chance, NotEstimable):
        return render("chance.unknown", language, why=printing.why_not(chance, language))
    if isinstance(chance, Suppressed):
        return render("chance.closed", language, why=printing.why_not(chance, language))
    code = "chance.fires" if rule.fires is True else "chance.silent"
    return render(code, language, n=printing.at_hundred(chance, language))


def changes_in_words(value: SchoolEvaluation, language: str) -> str:
    """How many changes of the year are more than chance gives, up and down, and how many are not shown."""
    known = [
        change.difference
        for change in changes_to(value, value.school_year)
        if isinstance(change.difference, Estimate)
    ]
    if not known:
        return render("found.no_change", language)
    verdicts = [change_verdict(difference) for difference in known]
    parts = [
        printing.counted(f"found.change.{code}", verdicts.count(code), language)
        for code in ("up", "down", "unsure")
        if code in verdicts
    ]
    unknown_n = len(of_year(value.results, value.school_year)) - len(known)
    if unknown_n > 0:
        parts.append(printing.counted("found.change.unknown", unknown_n, language))
    return render("found.change", language, parts="; ".join(parts))


def change_verdict(difference: Estimate) -> str:
    """`up` or `down` where the interval leaves out zero, else `unsure`."""
    return "up" if difference.low > 0 else "down" if difference.high < 0 else "unsure"


def describe_changes(released: School, language: str) -> Text:
    """The third statement of the list status: the change of the shares, with what may be compared."""
    blocks: list[Block] = [
        Heading(render("lists.change", language), 3),
        Paragraph(changes_in_words(released.value, language)),
        Paragraph(render("changes.note", language), "note"),
    ]
    return Text("changes", tuple(blocks))


def describe_list_history(released: School, language: str) -> Text:
    """What the table of list years shows."""
    code = "history.intro" if released.value.list_years else "found.no_list"
    blocks: list[Block] = [
        Heading(render("history.heading", language), 3),
        Paragraph(render(code, language)),
    ]
    recomputed = latest_rule(released.value)
    if recomputed is not None:
        years = [year.school_year for year in released.value.list_years]
        blocks.append(Paragraph(_one_version(recomputed[1].version, years, language), "note"))
    return Text("list_history", tuple(blocks))


def _one_version(version: str, list_years: list[int], language: str) -> str:
    """That one version of the rule stands in the whole table, and when it is in force if some list is of another time."""
    said = render("history.one_version", language, rule=rule_name(version, language))
    known = listing_rule(version).provenance
    if all(known.covers(year) for year in list_years):
        return said
    since = printing.day(known.valid_from, language)
    period = render("history.period.open", language, since=since)
    if known.valid_to is not None:
        until = printing.day(known.valid_to, language)
        period = render("history.period.closed", language, since=since, until=until)
    return f"{said} {render('history.not_valid', language, period=period)}"


SECTIONS = {
    "list_status": describe_list_status,
    "changes": describe_changes,
    "list_history": describe_list_history,
}
