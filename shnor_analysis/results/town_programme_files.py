"""Keeps what was worked out of lists and programmes in a folder: the town's part in one file, a line a school in another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shnor_analysis.files import write_text
from shnor_analysis.results.list_flow import GroupFlow, ListFlowPrediction
from shnor_analysis.results.list_flow_files import chance_from, chance_to, list_flow_from, list_flow_to
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.school_course import CourseYear, SchoolCourse
from shnor_analysis.results.school_lines import read_lines, store_lines
from shnor_analysis.results.town_programme import (
    CohortList,
    ProgrammeFit,
    SchoolRecord,
    TownProgramme,
    YearRecord,
)
from shnor_analysis.results.values import NotEstimable
from shnor_analysis.warehouse.records import accounting_from, accounting_to

TOWN = "programme.json"


def store_town_programme(town: TownProgramme, schools: Iterable[SchoolRecord], folder: Path) -> None:
    """Write the town's part, each effect in a folder of its own, and a line a school; the latter last."""
    told = {
        "school_year": town.school_year,
        "rule": town.rule,
        "years": town.years,
        "breaks": town.breaks,
        "broken_years": town.broken_years,
        "autumn_years": town.autumn_years,
        "observed": _flow_to(town.observed),
        "forecast": _flow_to(town.forecast),
        "cohorts": [_cohort_to(one) for one in town.cohorts],
        "programmes": [_fit_to(one, folder / _effect_home(n)) for n, one in enumerate(town.programmes)],
        "accounting": accounting_to(town.accounting),
    }
    write_text(folder / TOWN, json.dumps(told, ensure_ascii=False) + "\n")
    lines = ((one.school_id, _school_to(one)) for one in schools)
    store_lines(folder, lines, told={"school_year": town.school_year})


def load_town_programme(folder: Path) -> TownProgramme:
    """Read the town's part; equal to what was stored.

    Raises:
        FileNotFoundError: A file is missing.
    """
    told: dict[str, Any] = json.loads((folder / TOWN).read_text(encoding="utf-8"))
    return TownProgramme(
        school_year=told["school_year"],
        rule=told["rule"],
        years=tuple(told["years"]),
        breaks=tuple(told["breaks"]),
        broken_years=tuple(told["broken_years"]),
        autumn_years=tuple(told["autumn_years"]),
        observed=_flow_from(told["observed"]),
        forecast=_flow_from(told["forecast"]),
        cohorts=tuple(_cohort_from(one) for one in told["cohorts"]),
        programmes=tuple(
            _fit_from(one, folder / _effect_home(n)) for n, one in enumerate(told["programmes"])
        ),
        accounting=accounting_from(told["accounting"]),
    )


def load_school_records(folder: Path, school_ids: Iterable[str]) -> dict[str, SchoolRecord]:
    """Read the records of some schools by school; a school without a result is left out.

    Raises:
        FileNotFoundError: A file is missing.
    """
    _, lines = read_lines(folder, school_ids)
    return {school_id: _school_from(school_id, told) for school_id, told in lines.items()}


def _effect_home(place: int) -> str:
    return f"effect-{place + 1}"


def _reason_to(missing: NotEstimable) -> dict[str, Any]:
    return {"reason": missing.reason, "fields": dict(missing.fields)}


def _reason_from(told: Mapping[str, Any]) -> NotEstimable | None:
    return NotEstimable(told["reason"], told["fields"]) if "reason" in told else None


def _flow_to(flow: ListFlowPrediction | NotEstimable) -> dict[str, Any]:
    return _reason_to(flow) if isinstance(flow, NotEstimable) else list_flow_to(flow)


def _flow_from(told: Mapping[str, Any]) -> ListFlowPrediction | NotEstimable:
    return _reason_from(told) or list_flow_from(told)


def _cohort_to(cohort: CohortList) -> dict[str, Any]:
    flow = cohort.flow
    return {
        "programme": cohort.programme,
        "cohort_year": cohort.cohort_year,
        "list_year": cohort.list_year,
        "schools_n": cohort.schools_n,
        "schools": [chance_to(one) for one in cohort.schools],
        "flow": _reason_to(flow) if isinstance(flow, NotEstimable) else asdict(flow),
    }


def _cohort_from(told: Mapping[str, Any]) -> CohortList:
    flow = told["flow"]
    chances = tuple(chance_from(one) for one in told["schools"])
    return CohortList(**{**told, "schools": chances, "flow": _reason_from(flow) or GroupFlow(**flow)})


def _fit_to(fit: ProgrammeFit, home: Path) -> dict[str, Any]:
    missing = _reason_to(fit.effect) if isinstance(fit.effect, NotEstimable) else None
    if isinstance(fit.effect, ProgrammeEffect):
        fit.effect.store(home)
    return {"programme": fit.programme, "treated": fit.treated, "delay": fit.delay, "missing": missing}


def _fit_from(told: Mapping[str, Any], home: Path) -> ProgrammeFit:
    missing = told["missing"]
    effect = ProgrammeEffect.load(home) if missing is None else NotEstimable(**missing)
    treated = tuple((str(school_id), int(year)) for school_id, year in told["treated"])
    return ProgrammeFit(told["programme"], treated, told["delay"], effect)


def _school_to(school: SchoolRecord) -> dict[str, Any]:
    course = school.course
    return {
        "years": [asdict(one) for one in school.years],
        "course": _reason_to(course) if isinstance(course, NotEstimable) else asdict(course),
        "chances": [(year, chance_to(one)) for year, one in school.chances],
    }


def _school_from(school_id: str, told: Mapping[str, Any]) -> SchoolRecord:
    years = tuple(
        YearRecord(**{**one, "parts": tuple((tested, low) for tested, low in one["parts"])})
        for one in told["years"]
    )
    chances = tuple((int(year), chance_from(one)) for year, one in told["chances"])
    return SchoolRecord(school_id, years, _course_from(told["course"]), chances)


def _course_from(told: Mapping[str, Any]) -> SchoolCourse | NotEstimable:
    missing = _reason_from(told)
    if missing is not None:
        return missing
    return SchoolCourse(**{**told, "years": tuple(CourseYear(**one) for one in told["years"])})
