"""What the town wrote as raw files comes back through the readers as the tables that it was written from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shnor_analysis.schemas import LINEAGE_COLUMNS, TABLES
from shnor_analysis.simulation import Delivery, TownSpec, simulate_town, write_town
from shnor_analysis.simulation.pupil_tables import INVENTED_KEY
from shnor_analysis.sources import ReadingContext, open_file, read_tables
from shnor_analysis.sources.mapping import read_mapping

Frames = dict[str, pd.DataFrame]

# 2018–2019: csv and two tables in a workbook; 2021–2022: old name, merger, tests in two seasons; 2023–2024: a card
# beside a file without a year, a form that only a mapping explains, sheets of single schools.
TOWNS = {
    "2018-2019": TownSpec(
        schools_n=5, first_year=2018, last_year=2019, pupil_years=(2019,), pupil_grades=(4,)
    ),
    "2021-2022": TownSpec(
        schools_n=30, first_year=2021, last_year=2022, pupil_years=(2021,), pupil_grades=(5,)
    ),
    "2023-2024": TownSpec(
        schools_n=6, first_year=2023, last_year=2024, pupil_years=(2023,), pupil_grades=(6,)
    ),
}
HALF_A_PRINTED_UNIT = 0.5e-4 + 1e-12
PRINTED_WITH_TWO_DECIMALS = 0.5e-2 + 1e-12


@pytest.fixture(scope="module", params=sorted(TOWNS))
def came_back(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Mapping[str, Any], Frames]:
    folder = tmp_path_factory.mktemp("town") / "incoming"
    town = simulate_town(TOWNS[request.param])
    delivery = write_town(town, folder)
    return town.tables, read_all(delivery)


def read_all(delivery: Delivery) -> Frames:
    mappings = tuple(read_mapping(path) for path in delivery.mappings)
    opened = sorted(
        (open_file(path, mappings=mappings) for path in delivery.files), key=lambda one: one.order
    )
    stored: dict[str, list[pd.DataFrame]] = {}
    register: Frames = {name: TABLES[name].empty() for name in ("schools", "school_aliases")}
    for one in opened:
        context = ReadingContext(register["schools"], register["school_aliases"], key=INVENTED_KEY)
        reading = read_tables(one, context)
        for name, frame in reading.tables.items():
            stored.setdefault(name, []).append(frame)
            if name in register:
                register[name] = frame
    return {name: pd.concat(frames, ignore_index=True) for name, frames in stored.items()}


def expected_rows(name: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Marks of state examinations come as pupils, not as a table of schools."""
    frame = tables[name]
    return frame[frame["assessment"].isin(["vpr", "internal"])] if name == "school_results" else frame


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_comes_back_as_it_was_written(came_back: tuple[Mapping[str, Any], Frames], name: str) -> None:
    written, stored = came_back
    table, expected = TABLES[name], expected_rows(name, written)
    key = list(table.key)
    if expected.empty:
        assert name not in stored
        return
    found = stored[name].drop_duplicates(key, keep="last")
    both = expected.merge(found, on=key, how="outer", suffixes=("", "_read"), indicator=True)
    assert both["_merge"].eq("both").all(), both.loc[both["_merge"] != "both", [*key, "_merge"]].head()
    for column in table.columns:
        if column not in (*key, *LINEAGE_COLUMNS, "counts_rebuilt", "report"):
            assert_same(both[column], both[f"{column}_read"], table.kind(column), column)


def assert_same(written: pd.Series, read: pd.Series, kind: str, column: str) -> None:
    """Whatever came back equals what was written, up to the rounding of the print."""
    has = read.notna()
    if kind in {"number", "whole"}:
        away = (written[has].astype(float) - read[has].astype(float)).abs()
        limit = PRINTED_WITH_TWO_DECIMALS if column == "mean_points" else HALF_A_PRINTED_UNIT
        assert away.max() <= limit or not has.any(), column
    else:
        assert (written[has] == read[has]).all(), column


def test_counts_are_rebuilt_for_nearly_every_school(came_back: tuple[Mapping[str, Any], Frames]) -> None:
    _, stored = came_back
    marks = stored["school_results"]
    marks = marks[marks["assessment"] == "vpr"]
    assert marks["counts_rebuilt"].mean() > 0.99
    assert np.isfinite(marks.loc[marks["counts_rebuilt"].astype(bool), "mark_2_n"].astype(float)).all()


def test_nothing_read_names_a_person_or_shows_a_code(came_back: tuple[Mapping[str, Any], Frames]) -> None:
    _, stored = came_back
    for name in ("pupils", "pupil_results", "item_results"):
        text = stored[name].drop(columns=list(LINEAGE_COLUMNS)).astype(str)
        assert not text.apply(lambda column: column.str.contains("Фамилия|Отчество|СВ-")).any(axis=None)
