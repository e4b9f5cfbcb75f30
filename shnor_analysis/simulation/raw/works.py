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
from shnor_analysis.simulation.raw.fisoko import head
from shnor_analysis.simulation.raw.labels import SchoolNames
from shnor_analysis.simulation.raw.printing import body, columns_of, headers
from shnor_analysis.simulation.schools import Schools

INVENTED_PERSON = {"Фамилия": "Фамилия{:05d}", "Имя": "Имя{:05d}", "Отчество": "Отчество{:05d}"}


def works_frame(sheet: PupilSheet, pupils: Pupils, schools: Schools) -> pd.DataFrame:
    """Everything that a form may print of the works of a sitting; columns are called like the fields of layouts."""
    written, rows = sheet.paper, sheet.rows
    points = sheet.points
    return pd.DataFrame(
        {
            "school_id": np.array(schools.school_ids, dtype=object)[sheet.school],
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


def individual_pages(
    sheet: PupilSheet, pupils: Pupils, schools: Schools, *, names: SchoolNames
) -> tuple[Page, ...]:
    """A page a school: title rows with the school, then a row a pupil with points item by item."""
    layout = layouts()["individual_results"]
    frame = works_frame(sheet, pupils, schools)
    columns = columns_of(layout, set(frame.columns) - {"school_id"})
    split = next(place for place, column in enumerate(columns) if column.field == "points")
    title = headers(columns)
    header = [*title[:split], *sheet.paper.items, *title[split:]]
    assert sheet.items is not None
    pages = []
    for at in np.unique(sheet.school):
        own = np.flatnonzero(sheet.school == at)
        school_id = schools.school_ids[at]
        label = names.label(school_id, sheet.sitting.test_date)
        rows: list[Cells] = [*head(layout, sheet.sitting)[:-1], ["ОО:", label], [], header]
        for cells, items in zip(body(columns, frame.iloc[own]), sheet.items[own].tolist(), strict=True):
            rows.append([*cells[:split], *items, *cells[split:]])
        pages.append(Page(f"№ {int(schools.numbers[at])} ({school_id})", tuple(rows)))
    return tuple(pages)


def protocol_rows(
    code: str, sheets: Sequence[PupilSheet], pupils: Pupils, schools: Schools, *, names: SchoolNames
) -> list[Cells]:
    """Header and rows of an examination protocol, with columns of invented names that must not pass the door."""
    frame = pd.concat([works_frame(sheet, pupils, schools) for sheet in sheets], ignore_index=True)
    days = frame["test_date"].dt.date
    frame["name"] = [names.on(school, day) for school, day in zip(frame["school_id"], days, strict=True)]
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
