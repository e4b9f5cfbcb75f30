"""The workbooks that a region puts together: marks, points and markers of bias for all schools."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.reference.layouts import layouts
from shnor_analysis.simulation.raw.book import Cells, Page
from shnor_analysis.simulation.raw.dirt import dirty_headers
from shnor_analysis.simulation.raw.labels import SchoolNames
from shnor_analysis.simulation.raw.printing import body, columns_of, headers, percent

KEYS = ("test_year", "grade", "subject", "municipality_id", "school_id", "name", "tested_n")
MARK_FIELDS = tuple(f"mark_{mark}_share" for mark in (2, 3, 4, 5))
MARKERS = (
    ("4 РУ", 4, "russian"),
    ("4 МА", 4, "mathematics"),
    ("5 РУ", 5, "russian"),
    ("5 МА", 5, "mathematics"),
)


def marks_rows(
    results: pd.DataFrame, names: SchoolNames, *, extra: tuple[str, ...] = (), salt: int = 0
) -> list[Cells]:
    """Header and rows of marks.xlsx; `extra` adds the columns `test_date` or `season`."""
    columns = columns_of(layouts()["regional_marks"], (*KEYS, *MARK_FIELDS, *extra))
    return [dirty_headers(headers(columns), salt), *body(columns, _with_names(results, names))]


def scores_pages(scores: pd.DataFrame, names: SchoolNames, *, extra: tuple[str, ...] = ()) -> list[Page]:
    """The sheets of scores.xlsx, one for each length of the scale: papers with equal maxima stand in one table."""
    most = scores.groupby(["subject", "grade"])["points"].transform("max")
    return [
        Page(f"scores 0-{int(last)}", tuple(_scores_rows(scores[most == last], names, extra=extra)))
        for last in sorted(most.unique())
    ]


def _scores_rows(scores: pd.DataFrame, names: SchoolNames, *, extra: tuple[str, ...]) -> list[Cells]:
    columns = columns_of(layouts()["regional_scores"], (*KEYS, *extra))
    most = int(scores["points"].max())
    index = ["school_year", "assessment", "subject", "grade", "season", "test_date", "school_id", "tested_n"]
    wide = scores.pivot_table(
        index=index, columns="points", values="score_share", sort=False, observed=True
    ).reset_index()
    keys = body(columns, _with_names(wide, names))
    shares = wide[[float(points) for points in range(most + 1)]]
    rows = [[*key, *map(percent, row)] for key, row in zip(keys, shares.to_numpy(), strict=True)]
    return [[*headers(columns), *map(str, range(most + 1))], *rows]


def bias_page(
    listings: pd.DataFrame, schools: pd.DataFrame, names: SchoolNames, years: tuple[int, ...]
) -> Page:
    """bias.xlsx: a row a school and year, 1 where a marker was set."""
    layout = layouts()["regional_bias"]
    columns = [column.header for column in layout.columns]
    rows: list[Cells] = [[*columns[:-1], *(label for label, _, _ in MARKERS), columns[-1]]]
    marked = set(
        zip(
            listings["school_id"],
            listings["school_year"],
            listings["grade"],
            listings["subject"],
            strict=True,
        )
    )
    for year in years:
        for school_id in schools["school_id"]:
            flags = [int((school_id, year, grade, subject) in marked) for _, grade, subject in MARKERS]
            rows.append([year, school_id, names.municipality_id, names.now[school_id], *flags, sum(flags)])
    return Page("bias", tuple(rows))


def _with_names(rows: pd.DataFrame, names: SchoolNames) -> pd.DataFrame:
    """Add the calendar year of the test, the municipality and the name of the day."""
    days = rows["test_date"].dt.date
    return rows.assign(
        test_year=rows["test_date"].dt.year,
        municipality_id=names.municipality_id,
        name=[names.on(school, day) for school, day in zip(rows["school_id"], days, strict=True)],
    )
