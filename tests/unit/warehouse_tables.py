"""Tiny validated tables and cards for the tests of the store and the warehouse."""

from __future__ import annotations

import hashlib

import pandas as pd

from shnor_analysis.schemas import TABLES, validate
from shnor_analysis.schemas.card import FileCard

SPRING = {"school_year": 2021, "assessment": "vpr", "subject": "mathematics", "grade": 5, "season": "spring"}


def sha_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def a_card(
    name: str, report: str, tables: dict[str, pd.DataFrame], *, has_personal: bool = False
) -> FileCard:
    return FileCard(
        sha256=sha_of(name),
        file_name=name,
        report=report,
        received="2026-09-01T08:00:00+00:00",
        owner="department",
        rows=tuple((table, len(frame)) for table, frame in tables.items()),
        is_verified_layout=False,
        has_personal=has_personal,
    )


def a_table(name: str, rows: list[dict], *, file: str, report: str, sheet: str = "Лист1") -> pd.DataFrame:
    lineage = {"report": report, "source_sha256": sha_of(file), "source_sheet": sheet}
    placed = [
        {**row, **lineage, "source_cells": row.get("source_cells", f"A{i}:G{i}")}
        for i, row in enumerate(rows, start=8)
    ]
    return validate(TABLES[name], pd.DataFrame(placed))


def schools(*ids: str, file: str = "register.csv") -> dict[str, pd.DataFrame]:
    rows = [
        {"school_id": i, "name": f"Школа {i}", "kind": "school", "municipality_id": "m1", "region_id": "r1"}
        for i in ids
    ]
    return {"schools": a_table("schools", rows, file=file, report="school_register", sheet="Реестр")}


def marks(
    counts: dict[str, tuple[int, int, int, int]], *, file: str, report: str = "mark_statistics", **procedure
) -> dict[str, pd.DataFrame]:
    rows = []
    for school_id, numbers in counts.items():
        n = sum(numbers)
        rows.append(
            {
                "school_id": school_id,
                **SPRING,
                **procedure,
                "tested_n": n,
                "tested_n_is_estimated": False,
                **{f"mark_{m}_n": k for m, k in zip((2, 3, 4, 5), numbers, strict=True)},
                **{f"mark_{m}_share": k / n for m, k in zip((2, 3, 4, 5), numbers, strict=True)},
                "low_n": numbers[0],
                "low_share": numbers[0] / n,
                "counts_rebuilt": True,
            }
        )
    return {"school_results": a_table("school_results", rows, file=file, report=report)}


def pupil_code(school_id: str, number: int) -> str:
    return sha_of(f"{school_id}/{number}")[:32]


def pupil_file(
    school_id: str,
    given: list[tuple[int, float, int]],
    *,
    file: str,
    class_id: str = "5А",
    facts: dict | None = None,
    report: str = "individual_results",
    **procedure,
) -> dict[str, pd.DataFrame]:
    """`given`: number of the pupil, points, mark."""
    when = {**SPRING, **procedure}
    pupils, results = [], []
    for number, points, mark in given:
        code = pupil_code(school_id, number)
        pupils.append(
            {
                "pupil_id": code,
                "school_year": when["school_year"],
                "school_id": school_id,
                "class_id": class_id,
                **(facts or {}),
            }
        )
        results.append(
            {
                "pupil_id": code,
                **when,
                "school_id": school_id,
                "class_id": class_id,
                "points": points,
                "points_max": 20,
                "mark": mark,
            }
        )
    return {
        "pupils": a_table("pupils", pupils, file=file, report=report),
        "pupil_results": a_table("pupil_results", results, file=file, report=report),
    }
