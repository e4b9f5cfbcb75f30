"""What fitting found, as lines for people and facts for machines."""

from __future__ import annotations

from shnor_analysis.cli.speech import say, speak_language, tell, tell_facts
from shnor_analysis.exhibits.printing import percent
from shnor_analysis.glossary import label
from shnor_analysis.language import number, render, school_year
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.factor_influence import FactorInfluence
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.school_effects import VERDICTS, SchoolEffects
from shnor_analysis.results.town_fits import FamilyFits, TownFits
from shnor_analysis.results.town_programme import TownProgramme
from shnor_analysis.warehouse.analysis import ALL_SUBJECTS
from shnor_analysis.workspace import FitOutcome

MEASURES = ("effects", "progress")


def show_fit(outcome: FitOutcome) -> None:
    """A block a family of results: sizes, what goes with circumstances, how many schools have which verdict; programmes."""
    fits = outcome.fits
    _tell_left_out(fits)
    for family in fits.families:
        _tell_family(family)
    _tell_programmes(outcome.programme)
    if not fits.families:
        tell(say("cli.fit_nothing", year=fits.school_year))
    elif outcome.is_new:
        tell(say("cli.fitted", year=fits.school_year))
    else:
        tell(say("cli.fit_unchanged", year=fits.school_year))
    tell_facts(
        {
            "year": fits.school_year,
            "is_new": outcome.is_new,
            "seconds": round(outcome.seconds, 1),
            "factors": fits.factors,
            "left_out": [
                {"code": reason.code, "n": reason.n, **reason.fields} for reason in fits.accounting.reasons()
            ],
            "families": [_facts(family) for family in fits.families],
            "programmes": _programme_facts(outcome.programme),
        }
    )


def _tell_left_out(fits: TownFits) -> None:
    """A line a reason: factors and rows that no model has."""
    language = speak_language()
    for reason in fits.accounting.reasons():
        fields = dict(reason.fields)
        if "factor" in fields:
            fields["factor"] = label(f"factor.{fields['factor']}", language)
        tell(f"{reason.n} " + render(f"reason.{reason.code}", language, n=reason.n, **fields))


def _tell_family(family: FamilyFits) -> None:
    language = speak_language()
    subject = (
        say("cli.fit_all_subjects")
        if family.subject == ALL_SUBJECTS
        else label(f"subject.{family.subject}", language)
    )
    name = f"{label(f'assessment.{family.assessment}', language)}, {subject}"
    tell(say("cli.fit_family", name=name, schools=family.schools_n, pupils=family.pupils_n))
    _tell_influence(family.influence)
    for measure in MEASURES:
        _tell_effects(measure, getattr(family, measure))


def _tell_influence(influence: FactorInfluence | NotEstimable) -> None:
    language = speak_language()
    total = influence if isinstance(influence, NotEstimable) else influence.total_share
    if isinstance(total, NotEstimable):
        tell(say("cli.fit_no_factors", reason=total.in_words(language)))
        return
    tell(
        say(
            "cli.fit_factors",
            share=percent(total.value, language),
            low=percent(total.low, language),
            high=percent(total.high, language),
        )
    )


def _tell_effects(measure: str, effects: SchoolEffects | NotEstimable) -> None:
    name = say(f"cli.fit_measure_{measure}")
    if isinstance(effects, NotEstimable):
        tell(say("cli.fit_no_effects", measure=name, reason=effects.in_words(speak_language())))
        return
    counts = {verdict: len(effects.with_verdict(verdict)) for verdict in VERDICTS}
    tell(say("cli.fit_effects", measure=name, **counts))


def _tell_programmes(found: TownProgramme | NotEstimable) -> None:
    """A line a programme: its schools by year of joining, and what was estimated of it or why nothing was."""
    if isinstance(found, NotEstimable):
        return
    if not found.programmes:
        tell(say("cli.fit_no_programme"))
    for one in found.programmes:
        cohorts = ", ".join(f"{school_year(year, speak_language())}: {n}" for year, n in one.cohorts)
        tell(say("cli.fit_programme", name=one.programme, schools=len(one.treated), cohorts=cohorts))
        tell(_estimated(one.effect))


def _estimated(effect: ProgrammeEffect | NotEstimable) -> str:
    """What was estimated: the hull of both designs, one design, or nothing and why."""
    language = speak_language()
    missing = effect if isinstance(effect, NotEstimable) else effect.reason
    if missing is not None:
        return say("cli.fit_programme_nothing", reason=missing.in_words(language))
    assert isinstance(effect, ProgrammeEffect)
    schools = {"treated": effect.n_treated, "comparison": effect.n_comparison}
    if effect.hull_low is not None and effect.hull_high is not None:
        low, high = (number(end, language, 2) for end in (effect.hull_low, effect.hull_high))
        return say("cli.fit_programme_hull", low=low, high=high, **schools)
    reason = next((one.in_words(language) for _, one in effect.absent), "")
    return say("cli.fit_programme_alone", reason=reason, **schools)


def _programme_facts(found: TownProgramme | NotEstimable) -> list[dict[str, object]]:
    if isinstance(found, NotEstimable):
        return []
    told: list[dict[str, object]] = []
    for one in found.programmes:
        effect = one.effect
        missing = effect if isinstance(effect, NotEstimable) else effect.reason
        facts: dict[str, object] = {"programme": one.programme, "cohorts": one.cohorts}
        if isinstance(effect, ProgrammeEffect):
            names = ("n_treated", "n_comparison", "hull_low", "hull_high")
            facts |= {name: getattr(effect, name) for name in names}
        told.append(
            facts if missing is None else {**facts, "not_estimable": missing.reason, **missing.fields}
        )
    return told


def _facts(family: FamilyFits) -> dict[str, object]:
    return {
        "assessment": family.assessment,
        "subject": family.subject,
        "rows_kind": family.rows_kind,
        "schools": family.schools_n,
        "pupils": family.pupils_n,
        "total_share": _share_facts(family.influence),
        **{measure: _effect_facts(getattr(family, measure)) for measure in MEASURES},
    }


def _share_facts(influence: FactorInfluence | NotEstimable) -> dict[str, object]:
    total = influence if isinstance(influence, NotEstimable) else influence.total_share
    if isinstance(total, Estimate):
        return {"value": total.value, "low": total.low, "high": total.high}
    return {"not_estimable": total.reason, **total.fields}


def _effect_facts(effects: SchoolEffects | NotEstimable) -> dict[str, object]:
    if isinstance(effects, NotEstimable):
        return {"not_estimable": effects.reason, **effects.fields}
    verdicts: dict[str, object] = {verdict: len(effects.with_verdict(verdict)) for verdict in VERDICTS}
    return {**verdicts, "context": effects.context, "notes": effects.notes}
