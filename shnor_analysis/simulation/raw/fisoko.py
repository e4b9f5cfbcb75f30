"""Sheets of ФИС ОКО for one procedure: marks, comparison with the journal, points, items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from shnor_analysis.reference.layouts import Layout, layouts
from shnor_analysis.simulation.papers import paper
from shnor_analysis.simulation.raw.book import Cells, Page
from shnor_analysis.simulation.raw.dirt import dirty_headers
from shnor_analysis.simulation.raw.labels import SchoolNames
from shnor_analysis.simulation.raw.printing import headers, percent, word
from shnor_analysis.simulation.sittings import Sitting

SHORT_SUBJECTS = {"mathematics": "МА", "russian": "РУ"}
AREA_ORDER = {"russia": 0, "region": 1, "municipality": 2, "school": 3}
LOWERED = "Понизили (Отметка < Отметка по журналу)"
CONFIRMED = "Подтвердили (Отметка = Отметка по журналу)"
RAISED = "Повысили (Отметка > Отметка по журналу)"
TOTAL = "Всего"


def head(layout: Layout, sitting: Sitting, *, is_dated: bool = True) -> list[Cells]:
    """The title rows: report, subject, maximum, date, name of the work, an empty row."""
    written = paper(sitting.assessment, sitting.subject, sitting.grade)
    rows: list[Cells] = [
        [layout.title],
        ["Предмет:", word("subject", sitting.subject)],
        ["Максимальный первичный балл:", str(written.points_max)],
    ]
    if not is_dated:
        return [*rows, [f"ВПР. {sitting.grade} класс"], []]
    day = sitting.test_date
    return [*rows, ["Дата:", f"{day:%d.%m.%Y}"], [f"ВПР {day.year}. {sitting.grade} класс"], []]


def sheet_name(sitting: Sitting) -> str:
    """Short subject and grade, as МА 5."""
    return f"{SHORT_SUBJECTS[sitting.subject]} {sitting.grade}"


class FisokoSheets:
    """Makes the sheets of one municipality from the tables of its town."""

    def __init__(self, tables: dict[str, pd.DataFrame], names: SchoolNames) -> None:
        self._names = names
        self._tables = {
            name: dict(list(tables[name].groupby(_KEY, sort=False, observed=True)))
            for name in (
                "school_results",
                "area_results",
                "mark_comparisons",
                "score_counts",
                "item_summaries",
            )
        }

    def has(self, table: str, sitting: Sitting) -> bool:
        """Whether a table has rows of the sitting."""
        return _key(sitting) in self._tables[table]

    def marks(
        self, sitting: Sitting, *, only: str | None = None, without: Sequence[str] = (), salt: int = 0
    ) -> Page:
        """«Статистика по отметкам»: wider areas, then the schools, or one alone."""
        layout = layouts()["mark_statistics"]
        areas = self._in_order(self._tables["area_results"][_key(sitting)])
        schools = self._tables["school_results"][_key(sitting)]
        rows = [*head(layout, sitting), dirty_headers(headers(layout.columns), salt)]
        for row in areas.to_dict("records"):
            rows.append([row["area_id"], int(row["schools_n"]), int(row["tested_n"]), *_marks(row)])
        for row in schools.to_dict("records"):
            if only in (None, row["school_id"]) and row["school_id"] not in without:
                label = self._label(row["school_id"], sitting, is_forgetful=only is None)
                rows.append([label, 1, int(row["tested_n"]), *_marks(row)])
        return Page(sheet_name(sitting) if only is None else f"Отметки {sheet_name(sitting)}", tuple(rows))

    def comparison(self, sitting: Sitting, *, is_dated: bool, salt: int = 0) -> Page:
        """«Сравнение отметок с отметками по журналу»: a block of rows for every group."""
        layout = layouts()["mark_comparison"]
        found = self._in_order(self._tables["mark_comparisons"][_key(sitting)])
        rows = [*head(layout, sitting, is_dated=is_dated), dirty_headers(headers(layout.columns), salt)]
        for row in found.to_dict("records"):
            rows.append([self._group(row, sitting)])
            for name, unit in ((LOWERED, "lowered"), (CONFIRMED, "confirmed"), (RAISED, "raised")):
                rows.append([name, int(row[f"{unit}_n"]), percent(row[f"{unit}_share"])])
            rows.append([TOTAL, int(row["tested_n"]), 100.0])
        return Page(sheet_name(sitting), tuple(rows))

    def scores(self, sitting: Sitting, *, salt: int = 0) -> Page:
        """«Распределение первичных баллов»: a row a school, a column a score."""
        layout = layouts()["score_distribution"]
        found = self._tables["score_counts"][_key(sitting)]
        points = sorted(int(value) for value in found["points"].unique())
        rows = [*head(layout, sitting), [*dirty_headers(headers(layout.columns), salt), *map(str, points)]]
        for school_id, part in found.groupby("school_id", sort=True):
            shares = part.sort_values("points")["score_share"]
            label = self._label(str(school_id), sitting)
            rows.append([label, int(part["tested_n"].iloc[0]), *map(percent, shares)])
        return Page(sheet_name(sitting), tuple(rows))

    def items(self, sitting: Sitting) -> Page:
        """«Выполнение заданий»: a row an item, a column a group; under the header the number tested."""
        layout = layouts()["item_completion"]
        found = self._in_order(self._tables["item_summaries"][_key(sitting)])
        groups = found.drop_duplicates("area_id")
        labels = [self._group(row, sitting) for row in groups.to_dict("records")]
        rows: list[Cells] = [
            *head(layout, sitting),
            [*headers(layout.columns), *labels],
            ["Кол-во участников", None, None, *map(int, groups["tested_n"])],
        ]
        wide = found.pivot_table(index="item", columns="area_id", values="solved_share", sort=False)
        most: Any = found.drop_duplicates("item").set_index("item")["points_max"]
        for item, shares in wide[list(groups["area_id"])].iterrows():
            rows.append([str(item), f"Умение {item} (вымышлено)", int(most.loc[item]), *map(percent, shares)])
        return Page(sheet_name(sitting), tuple(rows))

    def _group(self, row: Mapping[Any, Any], sitting: Sitting) -> str:
        if row["area_level"] != "school":
            return str(row["area_id"])
        return self._label(str(row["area_id"]), sitting)

    def _label(self, school_id: str, sitting: Sitting, *, is_forgetful: bool = False) -> str:
        return self._names.label(school_id, sitting.test_date, is_forgetful=is_forgetful)

    def _in_order(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Groups from wide to narrow; areas of other municipalities left out."""
        own = {self._names.municipality_id, self._names.region_id, *self._names.now}
        is_here = rows["area_id"].isin(own) | (rows["area_level"] == "russia")
        rank = rows["area_level"].map(AREA_ORDER)
        return rows[is_here].assign(rank=rank).sort_values("rank", kind="stable")


_KEY = ["school_year", "assessment", "subject", "grade", "season"]


def _key(sitting: Sitting) -> tuple[int, str, str, int, str]:
    return sitting.school_year, sitting.assessment, sitting.subject, sitting.grade, sitting.season


def _marks(row: Mapping[Any, Any]) -> list[float | None]:
    return [percent(row[f"mark_{mark}_share"]) for mark in (2, 3, 4, 5)]
