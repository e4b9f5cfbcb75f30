"""Facts of a procedure from the rows above a table, the sheet's name, the card and the options, the nearest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from shnor_analysis import glossary
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.hints import OPTIONS, Card, Hints, ReadingContext
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.spelling import split_login
from shnor_analysis.sources.title_facts import Fact, UnreadFact, sheet_name_facts, title_facts
from shnor_analysis.sources.values import parse_word

WORDS = frozenset({"subject", "assessment", "season"})


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word of a card or an option that the glossary does not know: the place as a person wrote it, what is allowed."""

    word: str
    shown: str
    allowed: str


def gather_facts(
    recognised: Recognised, context: ReadingContext, card: Card, findings: Findings
) -> dict[str, Fact]:
    """Collect what title rows, the sheet's name, the card and the options say, the nearest first.

    Problems: `fact_not_read` for a named fact without meaning, `contradicts_…` where two places differ.
    """
    kept: dict[str, Fact] = {}
    sheet = recognised.sheet
    for fact in _all_facts(recognised, context, card):
        if isinstance(fact, UnknownWord):
            findings.problem(
                "hint_unknown", sheet.name, found=fact.word, allowed=fact.allowed, place=fact.shown
            )
        elif isinstance(fact, UnreadFact):
            findings.problem("fact_not_read", sheet.name, fact.cell, found=fact.shown, label=fact.label)
        elif fact.name not in kept:
            kept[fact.name] = fact
        elif (
            kept[fact.name].value != fact.value
            and fact.name in OPTIONS
            and not _same_school(kept[fact.name], fact)
        ):
            first = kept[fact.name]
            findings.problem(
                f"contradicts_{fact.name}",
                sheet.name,
                first.cell or None,
                found=first.shown,
                other=fact.shown,
            )
    usual = recognised.layout.assessment
    if usual:
        kept.setdefault("assessment", Fact("assessment", usual, "", usual))
    return kept


def _all_facts(
    recognised: Recognised, context: ReadingContext, card: Card
) -> Iterator[Fact | UnreadFact | UnknownWord]:
    layout = recognised.layout
    yield from title_facts(recognised.sheet, recognised.header.row)
    yield from sheet_name_facts(recognised.sheet.name)
    _, login = split_login(recognised.sheet.name)
    if login or context.directory.school_of(recognised.sheet.name, None):
        yield Fact("school_id", recognised.sheet.name, "", recognised.sheet.name)
    yield from _hinted(card.hints, card.name)
    yield from _hinted(context.hints, "")
    for name, constant in layout.constants:
        yield Fact(name, float(constant) if isinstance(constant, int) else constant, "", str(constant))
    if layout.assessment and not layout.is_usual_assessment:
        yield Fact("assessment", layout.assessment, "", layout.assessment)


def _hinted(hints: Hints, card: str) -> Iterator[Fact | UnknownWord]:
    for item in fields(Hints):
        value = getattr(hints, item.name)
        if value is not None:
            shown = f"{card}: {item.name} = {value}" if card else f"{OPTIONS[item.name]} {value}"
            if item.name == "test_date":
                value = value.isoformat()
            if item.name in WORDS:
                word, value = value, parse_word(item.name, value)
                if value is None:
                    yield UnknownWord(word, shown, ", ".join(one.ru for one in glossary.group(item.name)))
                    continue
            yield Fact(item.name, float(value) if isinstance(value, int) else value, "", shown)


def _same_school(one: Fact, other: Fact) -> bool:
    """Tell whether two spellings may mean one school: a name without a login says nothing against a login."""
    if one.name != "school_id":
        return False
    codes = [split_login(str(fact.value))[1] or str(fact.value) for fact in (one, other)]
    return codes[0] == codes[1] or any(" " in code for code in codes)
