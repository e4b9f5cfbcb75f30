"""List status in words: the issued list, the rule recomputed, and the change, never mixed with one another."""

from __future__ import annotations

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import Change, ListYear, SchoolEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.reading import changes_to, latest_list_year
from shnor_analysis.exhibits.sentences.shared import rule_name, rule_text
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable

School = Released[SchoolEvaluation]


def describe_list_status(released: School, language: str) -> Text:
    """Three statements of the latest list year: the issued list, the rule recomputed, the change with its interval."""
    value = released.value
    latest = latest_list_year(value)
    blocks: list[Block] = [Heading(render("lists.heading", language))]
    if latest is None:
        return Text("list_status", (*blocks, Paragraph(render("found.no_list", language))))
    blocks += [
        Paragraph(render("lists.intro", language)),
        Heading(render("lists.issued", language), 3),
        Paragraph(listing_in_words(latest, language)),
        Heading(render("lists.rule", language), 3),
        Paragraph(rule_in_words(latest, language)),
    ]
    if not isinstance(latest.rule, NotEstimable):
        blocks.append(Paragraph(rule_text(latest.rule.version, language), "quiet"))
    chance = chance_in_words(value, language)
    if chance:
        blocks.append(Paragraph(chance))
    if not isinstance(latest.rule, NotEstimable) and not latest.rule.is_verified:
        blocks.append(Paragraph(render("lists.unverified", language), "caution"))
    blocks += [Heading(render("lists.change", language), 3), *_changes(value, language)]
    return Text("list_status", tuple(blocks))


def listing_in_words(year: ListYear, language: str) -> str:
    """Whether the school stands on the lists that were issued for a year."""
    name = printing.school_year(year.school_year, language)
    if not year.issued:
        return render("lists.off" if year.has_issued_list else "lists.unknown", language, year=name)
    items = [
        render(
            "lists.item",
            language,
            list=label(f"list.{item.list}", language),
            issuer=item.issuer,
            document=f", {item.document}" if item.document else "",
        )
        for item in year.issued
    ]
    return render("lists.on", language, year=name, lists="; ".join(items))


def rule_in_words(year: ListYear, language: str) -> str:
    """Whether the rule fires on own data, and how many procedures stand behind it."""
    rule = year.rule
    if isinstance(rule, NotEstimable):
        return render("rule.unknown", language, why=printing.why_not(rule, language))
    return printing.counted(
        "rule.fires" if rule.fires else "rule.silent",
        rule.procedures_low_n,
        language,
        rule=rule_name(rule.version, language),
        needed=rule.procedures_needed_n,
        years=", ".join(printing.school_year(item, language) for item in rule.data_years),
    )


def chance_in_words(value: SchoolEvaluation, language: str) -> str:
    """How often the rule would fire at like schools by chance of sampling alone; empty where it is unknown."""
    latest = latest_list_year(value)
    if latest is None or isinstance(latest.rule, NotEstimable):
        return ""
    chance = latest.rule.chance_if_unchanged
    if isinstance(chance, NotEstimable):
        return render("chance.unknown", language, why=printing.why_not(chance, language))
    code = "chance.fires" if latest.rule.fires else "chance.silent"
    return render(code, language, n=printing.of_hundred(chance, language))


def _changes(value: SchoolEvaluation, language: str) -> list[Block]:
    changes = changes_to(value, value.school_year)
    if not changes:
        return [Paragraph(render("found.no_change", language))]
    return [Bullets(tuple(_change(item, language) for item in changes))]


def _change(item: Change, language: str) -> str:
    difference = item.difference
    names = {
        "work": printing.work(item.after, language),
        "before": printing.season(item.before, language),
        "after": printing.season(item.after, language),
    }
    if not isinstance(difference, Estimate):
        return render("change.unknown", language, why=printing.why_not(difference, language), **names)
    verdict = "up" if difference.low > 0 else "down" if difference.high < 0 else "unsure"
    return render(
        f"change.{verdict}",
        language,
        change=printing.change(difference, language),
        interval=printing.change_interval(difference, language),
        **names,
    )


def describe_list_history(released: School, language: str) -> Text:
    """What the table of list years shows."""
    code = "history.intro" if released.value.list_years else "found.no_list"
    return Text(
        "list_history",
        (Heading(render("history.heading", language), 3), Paragraph(render(code, language))),
    )


SECTIONS = {"list_status": describe_list_status, "list_history": describe_list_history}
