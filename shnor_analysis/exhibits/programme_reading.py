"""What pages ask of a programme's facts before they speak: may one speak of an effect, names of codes, printed fields."""

from __future__ import annotations

from collections.abc import Mapping

from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import GroupYearRow, ProgrammeFacts
from shnor_analysis.exhibits import printing
from shnor_analysis.glossary import label, terms
from shnor_analysis.language import catalogue, has_text, render
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.evidence import may_speak_of_cause

COMPARISON = "comparison"


def estimated(town: TownEvaluation) -> ProgrammeFacts | None:
    """The programme's facts where there is a headline; None where there is nothing, or a description alone."""
    facts = town.programme
    if isinstance(facts, NotEstimable) or facts.effect.is_descriptive or facts.effect.hull_low is None:
        return None
    return facts


def is_effect(facts: ProgrammeFacts) -> bool:
    """Whether the word may stand: the groups were not too far apart before the programme."""
    return may_speak_of_cause(facts.effect.baseline)


def coded(code: str, fields: Mapping[str, object], language: str) -> str:
    """The text of a code with its numbers printed; the form that `n` asks for where the text has several."""
    told = {name: _field(name, value, language) for name, value in fields.items()}
    known = catalogue(language)
    n = fields.get("n")
    if isinstance(n, int) and len(known.texts[code]) > 1:
        return printing.counted(code, n, language, **{name: one for name, one in told.items() if name != "n"})
    return render(code, language, **told)


def _field(name: str, value: object, language: str) -> object:
    if name == "outcome":
        return render(f"baseline_outcome.{value}", language)
    if name.endswith("year") and isinstance(value, int):
        return printing.school_year(value, language)
    if isinstance(value, float):
        if name.endswith("_share"):
            return printing.percent(value, language)
        return (
            printing.spread(value, language)
            if name in {"g", "estimate", "low", "high", "slope", "drift"}
            else printing.number(value, language, 2)
        )
    return (
        printing.number(value, language) if isinstance(value, int) and not isinstance(value, bool) else value
    )


def autumn_in_words(years: tuple[int, ...], language: str) -> str:
    """That tests written in autumn count for the year before, with those years; nothing where there are none."""
    if not years:
        return ""
    named = ", ".join(printing.school_year(year, language) for year in years)
    return render("autumn.counted", language, years=named)


def group_name(group: str, language: str) -> str:
    """The schools of one year of joining, or those without a programme."""
    if group == COMPARISON:
        return render("group.comparison", language)
    return render("group.cohort", language, year=printing.school_year(int(group), language))


def cohort_years(facts: ProgrammeFacts, group: str) -> dict[int, GroupYearRow]:
    """A group's rows by school year."""
    return {row.school_year: row for row in facts.groups if row.group == group}


def choice_name(axis: str, code: str, language: str) -> str:
    """A choice on one axis of the specification curve in words; a code of the user's own stays what it is."""
    if has_text(f"specification.{axis}.{code}", language):
        return render(f"specification.{axis}.{code}", language)
    years = code.split("-")
    if all(part.isdigit() and len(part) == 4 for part in years):
        return "–".join(printing.school_year(int(part), language) for part in years)
    for prefix in ("subject", "assessment"):
        if f"{prefix}.{code}" in terms():
            return printing.within(label(f"{prefix}.{code}", language))
    return code
