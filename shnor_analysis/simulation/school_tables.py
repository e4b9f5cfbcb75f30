"""The tables about schools: register, other names, circumstances, lists and programmes."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.reference.layouts import layouts
from shnor_analysis.simulation.abilities import Levels
from shnor_analysis.simulation.circumstances import FACTORS
from shnor_analysis.simulation.frames import make_frame, stack
from shnor_analysis.simulation.history import History
from shnor_analysis.simulation.schools import (
    LAST_DAY_BEFORE_MERGER,
    LAST_DAY_OF_OLD_NAME,
    MERGED_NUMBER,
    RENAMED_NUMBER,
    SUCCESSOR_NUMBER,
    Schools,
    school_name,
    short_name,
)
from shnor_analysis.simulation.sittings import NO_SPRING_VPR, SPLIT_VPR_YEAR
from shnor_analysis.simulation.spec import TownSpec

ISSUER = "Рособрнадзор (вымышленный перечень)"
PROGRAMME = "500+"
# The region's table of markers names no issuer; its layout does.
BIAS_ISSUER = str(dict(layouts()["regional_bias"].constants).get("issuer", ISSUER))
BIAS_SUBJECTS = ("russian", "mathematics")
BIAS_GRADES = (4, 5)
MARKED_WHEN_INFLATED, MARKED_OTHERWISE = 0.55, 0.02


def schools_table(spec: TownSpec, schools: Schools) -> pd.DataFrame:
    """The register: every school that existed in any year."""
    return make_frame(
        "schools",
        {
            "school_id": list(schools.school_ids),
            "name": [
                school_name(int(number), kind)
                for number, kind in zip(schools.numbers, schools.kinds, strict=True)
            ],
            "kind": list(schools.kinds),
            "municipality_id": schools.place.municipality_id,
            "region_id": schools.place.region_id,
            "is_rural": schools.is_rural,
        },
        spec.fingerprint,
    )


def aliases_table(spec: TownSpec, schools: Schools) -> pd.DataFrame:
    """Codes of another system for every school, the old name of one, the end of another."""
    rows: list[tuple[str, str, str, date | None, date | None, str | None]] = [
        (
            school_id,
            f"{schools.place.region_code}-{schools.place.index + 1:03d}-{number:03d}",
            "code",
            None,
            None,
            None,
        )
        for school_id, number in zip(schools.school_ids, schools.numbers, strict=True)
    ]
    rows += [
        (school_id, short_name(school_name(int(number), kind), kind), "name", None, None, None)
        for school_id, number, kind in zip(schools.school_ids, schools.numbers, schools.kinds, strict=True)
    ]
    renamed = schools.position(RENAMED_NUMBER)
    if renamed is not None:
        old = school_name(RENAMED_NUMBER, "school", is_old=True)
        rows.append((schools.school_ids[renamed], old, "name", None, LAST_DAY_OF_OLD_NAME, None))
    merged, successor = schools.position(MERGED_NUMBER), schools.position(SUCCESSOR_NUMBER)
    if merged is not None and successor is not None:
        name = school_name(MERGED_NUMBER, "school")
        heir = schools.school_ids[successor]
        rows.append((schools.school_ids[merged], name, "name", None, LAST_DAY_BEFORE_MERGER, heir))
    names = ("school_id", "alias", "alias_kind", "valid_from", "valid_to", "successor_id")
    return make_frame(
        "school_aliases",
        dict(zip(names, ([row[i] for row in rows] for i in range(len(names))), strict=True)),
        spec.fingerprint,
    )


def factors_table(spec: TownSpec, schools: Schools, levels: Levels) -> pd.DataFrame:
    """Every factor of every school in every year in which the school was open."""
    parts = []
    for index, year in enumerate(spec.years):
        is_open = schools.last_year >= year
        ids = np.array(schools.school_ids, dtype=object)[is_open]
        for factor in FACTORS:
            value = levels.factors[factor][is_open, index]
            parts.append({"school_id": ids, "school_year": year, "factor": factor, "value": value})
    return make_frame("factors", stack(parts), spec.fingerprint)


def listings_table(spec: TownSpec, schools: Schools, history: History) -> pd.DataFrame:
    """Low results by the rule, and signs of biased results (drawn: likely where marks are inflated)."""
    rows: list[dict[str, Any]] = []
    for year, positions in history.listed.items():
        rows.extend(
            _listing(schools, int(position), year, "low_results", f"Перечень {year} года (вымышленный)")
            for position in positions
        )
    for year in bias_years(spec):
        rows.extend(_biased(spec, schools, history, year))
    columns = {name: [row.get(name) for row in rows] for name in _LISTING_COLUMNS}
    return make_frame("listings", columns, spec.fingerprint)


def bias_years(spec: TownSpec) -> tuple[int, ...]:
    """Years in which all schools wrote in spring, so that they could be compared."""
    return tuple(year for year in spec.years if year not in (*NO_SPRING_VPR, SPLIT_VPR_YEAR))


_LISTING_COLUMNS = ("school_id", "school_year", "list", "issuer", "document", "subject", "grade", "markers_n")


def _listing(schools: Schools, position: int, year: int, name: str, document: str | None) -> dict[str, Any]:
    return {
        "school_id": schools.school_ids[position],
        "school_year": year,
        "list": name,
        "issuer": ISSUER,
        "document": document,
    }


def _biased(spec: TownSpec, schools: Schools, history: History, year: int) -> list[dict[str, Any]]:
    rng = spec.stream("bias", schools.place.index, year)
    chance = np.where(history.inflated_from <= year, MARKED_WHEN_INFLATED, MARKED_OTHERWISE)
    marked = rng.random((schools.n, len(BIAS_GRADES), len(BIAS_SUBJECTS))) < chance[:, None, None]
    marked &= (schools.last_year >= year)[:, None, None]
    return [
        {
            **_listing(schools, int(position), year, "biased_results", None),
            "issuer": BIAS_ISSUER,
            "subject": BIAS_SUBJECTS[subject],
            "grade": BIAS_GRADES[grade],
            "markers_n": int(marked[position].sum()),
        }
        for position, grade, subject in np.argwhere(marked)
    ]


def participation_table(spec: TownSpec, schools: Schools, history: History) -> pd.DataFrame:
    """Which schools joined the programme, from February to the end of the calendar year."""
    positions = np.flatnonzero(history.joined)
    years = history.joined[positions]
    return make_frame(
        "participation",
        {
            "school_id": [schools.school_ids[position] for position in positions],
            "programme": PROGRAMME,
            "cohort_year": years,
            "date_from": [pd.Timestamp(int(year), 2, 1) for year in years],
            "date_to": [pd.Timestamp(int(year), 12, 30) for year in years],
        },
        spec.fingerprint,
    )
