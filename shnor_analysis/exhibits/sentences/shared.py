"""Sections that a school and a town have alike: cover, accounting, limits, provenance."""

from __future__ import annotations

from collections import Counter
from typing import Any

from shnor_analysis.accounting import Reason
from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import SchoolEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.glossary import label
from shnor_analysis.language import has_text, render
from shnor_analysis.reference.listing_rules import listing_rule

MAPPED = "mapped_"  # how the code of a form begins that `shnor map` has made known


def describe_cover(released: Released[Any], language: str) -> Text:
    """Who and what the page is about, for whose eyes it is, and whether the place exists."""
    value = released.value
    title = value.name if isinstance(value, SchoolEvaluation) else place_of(value, language)
    kind = "school" if isinstance(value, SchoolEvaluation) else "municipality"
    subtitle = render(
        f"cover.{kind}",
        language,
        place=place_of(value, language),
        year=printing.school_year(value.school_year, language),
        code=getattr(value, "school_id", value.municipality_id),
    )
    confidentiality = render(f"audience.{released.audience}.line", language)
    blocks: list[Block] = [Heading(title, 1), Paragraph(subtitle, "subtitle")]
    if value.is_invented:
        blocks.append(Paragraph(render("cover.invented", language), "caution"))
    blocks += [Paragraph(confidentiality, "quiet"), Paragraph(render("cover.use", language), "quiet")]
    facts = {
        "kind": kind,
        "title": title,
        "subtitle": subtitle,
        "audience": released.audience,
        "confidentiality": confidentiality,
        "invented": render("cover.invented.short", language) if value.is_invented else "",
        "school_year": value.school_year,
        "unit_id": getattr(value, "school_id", value.municipality_id),
    }
    return Text("cover", tuple(blocks), facts)


def place_of(value: Any, language: str) -> str:
    """The name of the place in the language of the page."""
    return str(value.place_ru if language == "ru" else value.place_en)


def describe_accounting(released: Released[Any], language: str) -> Text:
    """What became of the rows, in words; the table below gives each step."""
    steps = released.value.accounting.steps
    blocks: list[Block] = [
        Heading(render("accounting.heading", language)),
        Paragraph(render("accounting.intro", language)),
    ]
    if not steps:
        blocks.append(Paragraph(render("accounting.empty", language)))
    elif not any(step.reasons for step in steps):
        blocks.append(Paragraph(render("accounting.nothing_lost", language)))
    return Text("accounting", tuple(blocks))


def reason_in_words(reason: Reason, language: str) -> str:
    """One reason of the accounting with its count."""
    text = printing.counted(f"reason.{reason.code}", reason.n, language, **reason.fields)
    n = printing.number(reason.n, language)
    return text if n in text or str(reason.n) in text else f"{text}: {n}"


def describe_limits(released: Released[Any], language: str) -> Text:
    """What the page cannot tell, and which of its rules nobody has confirmed yet."""
    value = released.value
    blocks: list[Block] = [
        Heading(render("limits.heading", language)),
        Bullets(
            tuple(
                render(f"limits.{code}", language)
                for code in ("use", "association", "sampling", "missing", "breaks")
            )
        ),
    ]
    if value.breaks:
        blocks += [
            Heading(render("limits.breaks.heading", language), 3),
            Bullets(tuple(_break(known.code, value.unverified_facts, language) for known in value.breaks)),
        ]
    unverified = _unverified(value, language)
    if unverified:
        blocks += [
            Heading(render("limits.unverified.heading", language), 3),
            Paragraph(render("limits.unverified.intro", language)),
            Bullets(unverified),
        ]
    return Text("limits", tuple(blocks))


def _break(code: str, unverified: tuple[str, ...], language: str) -> str:
    text = in_words("break", code, language)
    return f"{text} {render('limits.break.unverified', language)}" if f"break.{code}" in unverified else text


def _unverified(value: Any, language: str) -> tuple[str, ...]:
    said, layouts, minima = [], [], []
    for known in value.unverified_facts:
        family, _, code = known.partition(".")
        if family == "layout":
            layouts.append(report_name(code, language))
        elif family == "exam_minimum":
            minima.append(_minimum(code, language))
        elif family == "listing_rule":
            said.append(
                render(
                    "limits.rule", language, rule=rule_name(code, language), text=rule_text(code, language)
                )
            )
        elif family != "break":  # said where the breaks are listed
            said.append(in_words(family, code, language))
    if minima:
        said.append(render("limits.minima", language, minima="; ".join(minima)))
    if layouts:
        said.append(render("limits.layouts", language, layouts="; ".join(dict.fromkeys(layouts))))
    return tuple(said)


def _minimum(code: str, language: str) -> str:
    """An exam with its lowest passing result: "ЕГЭ, русский язык — 24"."""
    assessment, subject, minimum = code.split(".")
    kind = label(f"assessment.{assessment}", language)
    return f"{kind}, {printing.subject_named(subject, language)} — {minimum}"


def rule_name(version: str, language: str) -> str:
    """The name of a rule's version; a version of the user's own is shown by its code."""
    return in_words("rule_name", version, language)


def rule_text(version: str, language: str) -> str:
    """What a rule demands, one sentence; UsageProblem when the version is unknown."""
    return listing_rule(version).text(language)


def in_words(prefix: str, code: str, language: str) -> str:
    """The text of a code of a family, or the code itself where it is a name of the user's own."""
    key = f"{prefix}.{code}"
    return render(key, language) if has_text(key, language) else code


def report_name(report: str, language: str) -> str:
    """The kinds of report that a file held, joined by commas; a form mapped by the analyst is called so."""
    parts = ("own_form" if part.startswith(MAPPED) else part for part in report.split("+"))
    return ", ".join(dict.fromkeys(in_words("layout", part, language) for part in parts))


def describe_provenance(released: Released[Any], language: str) -> Text:
    """From which files the numbers come; the page adds versions, parameters and seed from its manifest."""
    value = released.value
    blocks: list[Block] = [
        Heading(render("provenance.heading", language)),
        Paragraph(render("provenance.intro", language)),
    ]
    if not value.files:
        blocks.append(Paragraph(render("provenance.empty", language)))
    if released.audit:
        blocks.append(Paragraph(_not_shown(released, language), "quiet"))
    if value.files_behind:
        blocks.append(
            Paragraph(printing.counted("provenance.behind", len(value.files_behind), language), "quiet")
        )
    every = (*value.files, *value.files_behind)
    files = [{"file_name": file.file_name, "sha256": file.sha256} for file in every]
    return Text("provenance", tuple(blocks), {"files": files, "suppressed_n": len(released.audit)})


def _not_shown(released: Released[Any], language: str) -> str:
    """How many values of all facts the release closed, by rule."""
    by_rule = Counter(line.rule for line in released.audit)
    rules = "; ".join(
        render("provenance.by_rule", language, rule=render(f"audit.{rule}", language), n=n)
        for rule, n in sorted(by_rule.items())
    )
    return printing.counted("provenance.suppressed", len(released.audit), language, rules=rules)


SECTIONS = {
    "cover": describe_cover,
    "accounting": describe_accounting,
    "limits": describe_limits,
    "provenance": describe_provenance,
}
