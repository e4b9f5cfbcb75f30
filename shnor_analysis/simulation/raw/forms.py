"""The department's own forms: register, other names, social passport, lists, participation."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.glossary import term
from shnor_analysis.reference.layouts import LayoutColumn, layouts
from shnor_analysis.simulation.raw.book import Cells, Page
from shnor_analysis.simulation.raw.dirt import dirty_headers
from shnor_analysis.simulation.raw.printing import body, columns_of, headers
from shnor_analysis.simulation.spec import INVENTED_NOTE

FACTOR = "factor."
TITLE = "Управление образования города Светлоярск (вымышленный город)"


def register_page(schools: pd.DataFrame) -> Page:
    """The register under two title rows."""
    columns = columns_of(layouts()["school_register"], schools.columns)
    rows = [[TITLE], ["Реестр школ"], [], dirty_headers(headers(columns), 1), *body(columns, schools)]
    return Page("Реестр", tuple(rows))


def hidden_page() -> Page:
    """A hidden sheet that is no report: words for drop-down lists."""
    words = ["да", "нет", "школа", "гимназия", "лицей"]
    return Page("Справочник", tuple([word] for word in words), is_hidden=True)


def form_rows(code: str, frame: pd.DataFrame) -> list[Cells]:
    """Header and rows of a form, every column of its layout that the frame has."""
    columns = columns_of(layouts()[code], frame.columns)
    return [headers(columns), *body(columns, frame)]


def titled(rows: list[Cells], title: str) -> list[Cells]:
    """Rows of a csv file under a title that says that the town is invented."""
    return [[title], [INVENTED_NOTE], *rows]


def passport_page(factors: pd.DataFrame, names: dict[str, str], school_year: int) -> Page:
    """The social passport of a year, with a merged header of two rows; indicators beyond the form stand at its end."""
    layout = layouts()["social_passport"]
    wide = (
        factors.pivot_table(index="school_id", columns="factor", values="value")
        .add_prefix(FACTOR)
        .reset_index()
    )
    wide = wide.assign(school_year=f"{school_year - 1}/{school_year}", name=wide["school_id"].map(names))
    columns = columns_of(layout, wide.columns)
    listed = {column.field for column in columns}
    others = tuple(
        LayoutColumn(f"{term(name).ru}, %", name, "percent")
        for name in wide.columns
        if name.startswith(FACTOR) and name not in listed
    )
    columns += others
    upper: Cells = [column.above or column.header for column in columns]
    lower: Cells = [column.header if column.above else None for column in columns]
    rows = [[TITLE], ["Социальный паспорт школ"], upper, lower, *body(columns, wide)]
    return Page("Социальный паспорт", tuple(rows), merges=_merges(columns, first_row=2))


def _merges(columns: tuple[LayoutColumn, ...], *, first_row: int) -> tuple[tuple[int, int, int, int], ...]:
    """Groups are merged to the right, single columns downwards."""
    found: list[tuple[int, int, int, int]] = []
    place = 0
    while place < len(columns):
        last = place
        if columns[place].above:
            while last + 1 < len(columns) and columns[last + 1].above == columns[place].above:
                last += 1
            found.append((first_row, first_row, place, last))
        else:
            found.append((first_row, first_row + 1, place, place))
        place = last + 1
    return tuple(found)
