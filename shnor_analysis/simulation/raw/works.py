"""Works of single pupils under codes: individual results of ФИС ОКО and protocols of state examinations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.reference.layouts import layouts
from shnor_analysis.simulation.pupil_sheets import PupilSheet
from shnor_analysis.simulation.pupil_tables import class_names, link_code, raw_code
from shnor_analysis.simulation.pupils import Pupils
from shnor_analysis.simulation.raw.book import Cells, Page
from shnor_analysis.simulation.raw.fisoko import head, sheet_name
from shnor_analysis.simulation.raw.labels import SchoolNames
from shnor_analysis.simulation.raw.printing import body, columns_of, headers, word
from shnor_analysis.simulation.schools import Schools

EGE_PAPERS = {
    ("ege", "mathematics"): "Математика профильная",
    ("ege_base", "mathematics"): "Математика (базовая)",
}
INVENTED_PERSON = {"Фамилия": "Фамилия{:05d}", "Имя": "Имя{:05d}", "Отчество": "Отчество{:05d}"}


def works_frame(sheet: PupilSheet, pupils: Pupils, schools: Schools) -> pd.DataFrame:
    """Everything that a form may print of the works of a sitting; columns are called like the fields of layouts."""
    written, rows = sheet.paper, sheet.rows
    points = sheet.points
    return pd.DataFrame(
        {
            "school_id": np.array(schools.school_ids, dtype=object)[sheet.school],
            "assessment": sheet.sitting.assessment,
            "subject": sheet.sitting.subject,
            "test_date": pd.Timestamp(sheet.sitting.test_date),
            "pupil_code": raw_code(pupils, rows, sheet.sitting.grade),
            "sex": np.where(pupils.is_girl[rows], "f", "m"),
            "class_id": class_names(pupils, rows, sheet.sitting.grade),
            "variant": sheet.variant,
            "points": points,
            "test_points": np.nan if written.has_marks else written.test_points(points),
            "mark": written.marks(points) if written.has_marks else np.nan,
            "journal_mark": np.nan if sheet.journal is None else sheet.journal,
            "has_special_needs": pupils.has_special_needs[rows],
            "link_code": [link_code(pupils, row) if pupils.has_link[row] else None for row in rows],
        }
    )


class IndividualPages:
    """«Индивидуальные результаты» of one sitting: a row a pupil with points item by item."""

    def __init__(self, sheet: PupilSheet, pupils: Pupils, schools: Schools, *, names: SchoolNames) -> None:
        assert sheet.items is not None
        self._sheet, self._items, self._names = sheet, sheet.items, names
        self._frame = works_frame(sheet, pupils, schools)

    def of_school(self, school_id: str) -> Page:
        """One school alone: the title rows name it."""
        rows = np.flatnonzero(self._frame["school_id"] == school_id)
        label = self._names.label(school_id, self._sheet.sitting.test_date)
        title = [*self._head()[:-1], ["ОО:", label], []]
        cells = self._cells(rows, set(self._frame.columns) - {"school_id"})
        return Page(sheet_name(self._sheet.sitting), (*title, *cells))

    def without(self, schools: Sequence[str]) -> Page:
        """All schools but some: a column has the login."""
        rows = np.flatnonzero(~self._frame["school_id"].isin(schools))
        return Page(
            sheet_name(self._sheet.sitting), (*self._head(), *self._cells(rows, set(self._frame.columns)))
        )

    def _head(self) -> list[Cells]:
        return head(layouts()["individual_results"], self._sheet.sitting)

    def _cells(self, rows: Any, fields: set[str]) -> list[Cells]:
        columns = columns_of(layouts()["individual_results"], fields)
        split = next(place for place, column in enumerate(columns) if column.field == "points")
        title = headers(columns)
        printed = zip(body(columns, self._frame.iloc[rows]), self._items[rows].tolist(), strict=True)
        return [
            [*title[:split], *self._sheet.paper.items, *title[split:]],
            *([*cells[:split], *items, *cells[split:]] for cells, items in printed),
        ]


def protocol_rows(
    code: str, sheets: Sequence[PupilSheet], pupils: Pupils, schools: Schools, *, names: SchoolNames
) -> list[Cells]:
    """Header and rows of an examination protocol, with columns of invented names that must not pass the door."""
    frame = pd.concat([works_frame(sheet, pupils, schools) for sheet in sheets], ignore_index=True)
    days = frame["test_date"].dt.date
    frame["name"] = [names.on(school, day) for school, day in zip(frame["school_id"], days, strict=True)]
    frame["subject"] = [
        EGE_PAPERS.get((assessment, subject)) or word("subject", subject)
        for assessment, subject in zip(frame["assessment"], frame["subject"], strict=True)
    ]
    layout = layouts()[code]
    columns = [
        column for column in layout.columns if column.kind == "personal" or column.field in frame.columns
    ]
    kept = [column for column in columns if column.kind != "personal"]
    cells = dict(zip((column.header for column in kept), zip(*body(kept, frame), strict=True), strict=True))
    person: dict[str, list[Any]] = {
        header: [text.format(number + 1) for number in range(len(frame))]
        for header, text in INVENTED_PERSON.items()
    }
    printed = [person.get(column.header) or cells[column.header] for column in columns]
    return [headers(columns), *([*row] for row in zip(*printed, strict=True))]
