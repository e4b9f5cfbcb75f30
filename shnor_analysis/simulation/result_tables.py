"""The tables of results of schools and areas, from the sheets of all sittings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.simulation.abilities import sitting_shift
from shnor_analysis.simulation.frames import make_frame, procedure_columns, stack
from shnor_analysis.simulation.papers import Floats
from shnor_analysis.simulation.schools import Schools
from shnor_analysis.simulation.scores import ScoreSheet, expected_scores
from shnor_analysis.simulation.spec import COUNTRY_NAME, TownSpec

MARKS = (2, 3, 4, 5)
# What the published rows of wider areas stand for (invented): schools, pupils tested, mean in pupil SD.
WIDER_AREAS = {"russia": (35_000, 1_400_000, 0.0), "region": (920, 38_000, -0.04)}
# Calendar years for which the town has the sheets of ФИС ОКО; for others only the region's workbook of schools.
FISOKO_YEARS = (2020, 2021, 2023, 2024)
SCORE_GRADES = (4, 5, 6)
SCORE_YEARS = (2019, 2021, 2023, 2024)


def school_results_table(spec: TownSpec, schools: Schools, sheets: Sequence[ScoreSheet]) -> pd.DataFrame:
    """Tested, marks, mean and spread of points of every school in every sitting."""
    ids = np.array(schools.school_ids, dtype=object)
    parts = [
        {"school_id": ids[sheet.positions], **_summary(sheet)} | procedure_columns(sheet.sitting)
        for sheet in sheets
    ]
    return make_frame("school_results", stack(parts), spec.fingerprint)


def _summary(sheet: ScoreSheet) -> dict[str, Any]:
    points = np.arange(sheet.paper.points_max + 1)
    mean = sheet.counts @ points / sheet.tested_n
    square = sheet.counts @ points**2 / sheet.tested_n - mean**2
    sd = np.sqrt(np.clip(square * sheet.tested_n, 0, None) / np.maximum(sheet.tested_n - 1, 1))
    return {
        "tested_n": sheet.tested_n,
        "tested_n_is_estimated": False,
        **_mark_columns(sheet.mark_counts(), sheet.tested_n, has_marks=sheet.paper.has_marks),
        "counts_rebuilt": False,
        "mean_points": mean,
        "sd_points": np.where(sheet.tested_n > 1, sd, np.nan),
        "points_max": float(sheet.paper.points_max),
    }


def _mark_columns(counts: Any, tested: Any, *, has_marks: bool) -> dict[str, Any]:
    """Numbers and shares of marks; a paper without marks has only low results."""
    unknown = np.full(len(counts), np.nan)
    columns: dict[str, Any] = {}
    for index, mark in enumerate(MARKS):
        columns[f"mark_{mark}_n"] = counts[:, index].astype(float) if has_marks else unknown
        columns[f"mark_{mark}_share"] = counts[:, index] / tested if has_marks else unknown
    columns["low_n"] = unknown if has_marks else counts[:, 0].astype(float)
    columns["low_share"] = unknown if has_marks else counts[:, 0] / tested
    return columns


def area_results_table(spec: TownSpec, schools: Schools, sheets: Sequence[ScoreSheet]) -> pd.DataFrame:
    """Rows of country, region and municipality where ФИС ОКО published them; the town is the sum of its schools."""
    parts = []
    for sheet in sheets:
        if sheet.sitting.assessment != "vpr" or sheet.sitting.test_date.year not in FISOKO_YEARS:
            continue
        names, schools_n, counts = _areas(spec, schools, sheet)
        tested = counts.sum(axis=1)
        parts.append(
            {
                "area_level": np.array([level for level, _ in names], dtype=object),
                "area_id": np.array([name for _, name in names], dtype=object),
                "schools_n": np.array(schools_n),
                "tested_n": tested,
                **_mark_columns(counts, tested, has_marks=sheet.paper.has_marks),
                "counts_rebuilt": False,
                "result_source": "published",
            }
            | procedure_columns(sheet.sitting)
        )
    return make_frame("area_results", stack(parts), spec.fingerprint)


def _areas(
    spec: TownSpec, schools: Schools, sheet: ScoreSheet
) -> tuple[list[tuple[str, str]], list[int], Any]:
    place = schools.place
    marks = sheet.paper.marks(np.arange(sheet.paper.points_max + 1))
    names, schools_n, counts = [], [], []
    for level, (wide_n, tested, mean) in WIDER_AREAS.items():
        chances = area_chances(spec, sheet, mean)
        shares = [chances[marks == mark].sum() for mark in MARKS]
        low = np.rint(np.array(shares[:-1]) * tested).astype(np.int64)
        counts.append(
            [*low, tested - low.sum()] if sheet.paper.has_marks else [low[0], tested - low[0], 0, 0]
        )
        names.append((level, COUNTRY_NAME if level == "russia" else place.region_id))
        schools_n.append(wide_n)
    names.append(("municipality", place.municipality_id))
    schools_n.append(len(sheet.positions))
    counts.append(list(sheet.mark_counts().sum(axis=0)))
    return names, schools_n, np.array(counts)


def area_chances(spec: TownSpec, sheet: ScoreSheet, mean: float) -> Floats:
    """Chance of every number of points among pupils N(mean, 1), as a wide area publishes it."""
    shift = sitting_shift(spec, sheet.sitting)
    return np.asarray(expected_scores(np.array([mean]), 1.0, sheet.paper, shift)[0].sum(axis=1))


def mark_comparisons_table(spec: TownSpec, schools: Schools, sheets: Sequence[ScoreSheet]) -> pd.DataFrame:
    """Works below, at and above the journal mark in every school and in the municipality."""
    ids = np.array([*schools.school_ids, schools.place.municipality_id], dtype=object)
    parts = []
    for sheet in sheets:
        if sheet.relations is None:
            continue
        counts = np.vstack([sheet.relations, sheet.relations.sum(axis=0)])
        positions = np.append(sheet.positions, schools.n)
        tested = counts.sum(axis=1)
        parts.append(
            {
                "area_level": np.where(positions == schools.n, "municipality", "school").astype(object),
                "area_id": ids[positions],
                "tested_n": tested,
                **{
                    f"{name}_{unit}": counts[:, index] / (tested if unit == "share" else 1)
                    for index, name in enumerate(("lowered", "confirmed", "raised"))
                    for unit in ("n", "share")
                },
                "counts_rebuilt": False,
            }
            | procedure_columns(sheet.sitting)
        )
    return make_frame("mark_comparisons", stack(parts), spec.fingerprint)


def score_counts_table(spec: TownSpec, schools: Schools, sheets: Sequence[ScoreSheet]) -> pd.DataFrame:
    """Pupils by points in the diagnostic tests of the grades and years for which distributions are published."""
    ids = np.array(schools.school_ids, dtype=object)
    parts = []
    for sheet in sheets:
        sitting = sheet.sitting
        is_published = sitting.school_year in SCORE_YEARS and sitting.grade in SCORE_GRADES
        if sitting.assessment != "vpr" or not is_published:
            continue
        schools_n, scores_n = sheet.counts.shape
        tested = np.repeat(sheet.tested_n, scores_n)
        parts.append(
            {
                "school_id": np.repeat(ids[sheet.positions], scores_n),
                "points": np.tile(np.arange(scores_n, dtype=float), schools_n),
                "tested_n": tested,
                "score_n": sheet.counts.ravel(),
                "score_share": sheet.counts.ravel() / tested,
                "counts_rebuilt": False,
            }
            | procedure_columns(sitting)
        )
    return make_frame("score_counts", stack(parts), spec.fingerprint)
