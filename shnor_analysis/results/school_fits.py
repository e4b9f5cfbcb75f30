"""One school's part of what was fitted for its place: a page of a school reads some kilobytes, however many schools there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from shnor_analysis.results.school_effects import SchoolEffect, SchoolEffects, SimilarSchool
from shnor_analysis.results.school_lines import read_lines, store_lines
from shnor_analysis.results.town_fits import ALL_SUBJECTS, FamilyFits, TownFits


@dataclass(frozen=True, slots=True)
class SchoolPart:
    """A school's result of one family beside what was expected of it, and what a reader needs to know of the model.

    `given`: `context`, or `context_and_earlier` where the pupils' earlier results are known to the model, too.
    `similar_pupils` are the pupils behind each of `effect.similar`, which is empty but given context for all subjects
    together, or for what there is where they are not put together.
    """

    assessment: str
    subject: str
    given: str
    rows_kind: str
    level: float
    margin: float
    schools_n: int
    context: tuple[str, ...]
    circumstances: tuple[str, ...]
    effect: SchoolEffect
    similar_pupils: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SchoolFits:
    """All parts of one school, in the order in which pages tell them; empty where it has no result."""

    school_year: int
    parts: tuple[SchoolPart, ...]


def parts_of(fits: TownFits, school_id: str) -> SchoolFits:
    """One school's part of what was fitted."""
    return SchoolFits(fits.school_year, tuple(_parts(_told(fits), school_id)))


def store_school_fits(fits: TownFits, folder: Path) -> None:
    """Write a line a school, and where each line starts; the latter last, so that a folder with it is complete."""
    told = _told(fits)
    codes = dict.fromkeys(code for one in told for code in one.schools)
    lines = ((code, [asdict(one) for one in _parts(told, code)]) for code in codes)
    store_lines(folder, lines, told={"school_year": fits.school_year})


def load_school_fits(folder: Path, school_id: str) -> SchoolFits:
    """Read one school's line; equal to `parts_of` what was stored.

    Raises:
        FileNotFoundError: A file is missing.
    """
    told, lines = read_lines(folder, (school_id,))
    return SchoolFits(told["school_year"], tuple(map(_part, lines.get(school_id, ()))))


@dataclass(frozen=True, slots=True)
class _Told:
    """One family given one kind of knowledge, its schools to be found by their codes; `is_whole`: with like schools."""

    family: FamilyFits
    given: str
    effects: SchoolEffects
    schools: Mapping[str, SchoolEffect]
    is_whole: bool


def _told(fits: TownFits) -> tuple[_Told, ...]:
    pooled = {one.assessment for one in fits.families if one.subject == ALL_SUBJECTS}
    return tuple(
        _Told(
            family,
            given,
            effects,
            {one.school_id: one for one in effects.effects},
            given == "context" and (family.subject == ALL_SUBJECTS or family.assessment not in pooled),
        )
        for family in fits.in_reading_order()
        for given, effects in (("context", family.effects), ("context_and_earlier", family.progress))
        if isinstance(effects, SchoolEffects)
    )


def _parts(told: tuple[_Told, ...], school_id: str) -> Iterator[SchoolPart]:
    for one in told:
        if school_id not in one.schools:
            continue
        effect, effects, family = one.schools[school_id], one.effects, one.family
        like = effect.similar if one.is_whole else ()
        yield SchoolPart(
            assessment=family.assessment,
            subject=family.subject,
            given=one.given,
            rows_kind=effects.rows_kind,
            level=effects.level,
            margin=effects.margin,
            schools_n=effects.n_schools,
            context=effects.context,
            circumstances=effects.similar_by or effects.context,
            effect=replace(effect, similar=like),
            similar_pupils=tuple(one.schools[found.school_id].pupils_n for found in like),
        )


def _part(told: Mapping[str, Any]) -> SchoolPart:
    effect = dict(told["effect"])
    similar = tuple(SimilarSchool(**one) for one in effect.pop("similar"))
    lists = {name: tuple(told[name]) for name in ("context", "circumstances", "similar_pupils")}
    return SchoolPart(**{**told, **lists, "effect": SchoolEffect(**effect, similar=similar)})
