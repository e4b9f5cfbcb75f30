"""A form of the department's own that no layout knows, and the mapping by which an analyst explains it."""

from __future__ import annotations

import json

import pandas as pd

from shnor_analysis.simulation.raw.book import Cells, Page
from shnor_analysis.simulation.schools import short_name
from shnor_analysis.simulation.sittings import Sitting
from shnor_analysis.sources.mapping import headers_sha256

TABLE = "school_results"
COLUMNS = (
    ("№ п/п", "", "text"),
    ("Образовательная организация", "school_id", "identifier"),
    ("Выполняли работу, чел.", "tested_n", "whole"),
    ("Не достигли базового уровня, чел.", "low_n", "whole"),
    ("Средний балл", "mean_points", "number"),
    ("Комментарий", "", "text"),
)
TITLE = "Мониторинг читательской грамотности"


def odd_page(results: pd.DataFrame, schools: pd.DataFrame, sitting: Sitting) -> Page:
    """The form: schools by their short names, numbers of pupils instead of percentages."""
    year = sitting.school_year
    kinds = dict(zip(schools["school_id"], zip(schools["name"], schools["kind"], strict=True), strict=True))
    rows: list[Cells] = [
        [TITLE],
        ["Учебный год:", f"{year - 1}/{year}"],
        [],
        [header for header, _, _ in COLUMNS],
    ]
    for number, row in enumerate(results.to_dict("records"), start=1):
        comment = "проверено повторно" if number % 9 == 0 else None
        low, mean = int(row["low_n"]), round(float(row["mean_points"]), 2)
        rows.append([number, short_name(*kinds[row["school_id"]]), int(row["tested_n"]), low, mean, comment])
    return Page("Лист1", tuple(rows))


def mapping_text(sitting: Sitting) -> str:
    """The mapping as the analyst has corrected it, in TOML."""
    lines = [
        f"title = {json.dumps(TITLE, ensure_ascii=False)}",
        f'table = "{TABLE}"',
        f'headers_sha256 = "{headers_sha256([header for header, _, _ in COLUMNS])}"',
        "is_checked = true",
        "",
        "[constants]",
        f'assessment = "{sitting.assessment}"',
        f'subject = "{sitting.subject}"',
        f"grade = {sitting.grade}",
        f'season = "{sitting.season}"',
    ]
    for header, field, kind in COLUMNS:
        lines += ["", "[[columns]]", f"header = {json.dumps(header, ensure_ascii=False)}"]
        lines += [f'field = "{field}"', f'kind = "{kind}"']
    return "\n".join(lines) + "\n"
