"""A report whose hashes of inputs stay would say the same: every cell that it reads is in them, and little else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from warehouse_tables import a_card, sha_of

from shnor_analysis.evaluation import TownIndicators, prepare_town
from shnor_analysis.settings import AnalysisSettings, Settings
from shnor_analysis.simulation import TownSpec, simulate_town
from shnor_analysis.warehouse import store_reading
from shnor_analysis.workspace import create_workspace, open_workspace
from shnor_analysis.workspace.evaluating import school_facts, town_facts
from shnor_analysis.workspace.fits_folder import current_fits, fits_home
from shnor_analysis.workspace.report_inputs import OWN, Inputs, school_inputs, town_inputs_read
from shnor_analysis.workspace.town_inputs import TownInputs, town_inputs

YEAR = 2024
SETTINGS = Settings(
    workspace_id="read-town",
    title_ru="Городок (вымышленный)",
    title_en="Small town (invented)",
    municipality_id="Светлоярск",
    region_id="Заречная область (вымышленная)",
    listing_rule="rosobr_2023",
    analysis=AnalysisSettings(factors=("low_income_share", "vacancies_share")),
)
SPEC = TownSpec(
    schools_n=14, first_year=2022, last_year=2025, pupil_years=(2024,), inflated_schools_n=0, inflated_treated_n=0
)  # fmt: skip
OWNER, OTHERS = "sch660003", ("sch660009",)
EVERY = (OWNER, *OTHERS)
SHARED = {"lists", "files", "accounting", "code", "settings"}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return dict(simulate_town(SPEC).tables)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tables: dict[str, pd.DataFrame]) -> Path:
    """A workspace with a warehouse and models."""
    workspace = create_workspace(tmp_path_factory.mktemp("town") / "town", SETTINGS)
    results = tables["pupil_results"]
    told = {**tables, "pupil_results": results[results["assessment"] == "vpr"]}
    told = {name: frame.assign(source_sha256=sha_of("all")) for name, frame in told.items() if len(frame)}
    store_reading(workspace.folder, a_card("all", "individual_results", told), told)
    workspace.build()
    open_workspace(workspace.folder).fit(YEAR, replicates=0)
    return workspace.folder


@pytest.fixture(scope="module")
def read(folder: Path) -> TownInputs:
    workspace = open_workspace(folder)
    return town_inputs(folder, workspace.settings, YEAR, workspace.table)


def inputs(folder: Path, read: TownInputs, audience: str = "department") -> dict[str, Inputs]:
    return school_inputs(folder, read, EVERY, audience=audience)


def facts(folder: Path, read: TownInputs, school_id: str) -> str:
    """All that a page of a school rests on, or why there is nothing."""
    try:
        return repr(
            school_facts(folder, read.town, school_id, accounting=read.accounting, is_stale=read.is_stale)
        )
    except Exception as error:  # a value that no reading gives, such as a code of nothing
        return repr(error)


def with_frame(read: TownInputs, name: str, frame: pd.DataFrame) -> TownInputs:
    frames = {**read.town.to_frames(), name: frame}
    return replace(read, town=replace(read.town, _frames=MappingProxyType(frames), _places={}))


def another(value: Any) -> Any:
    """A value that is not this one, of the same kind where there is one."""
    if value is None or value is pd.NaT or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return not value
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, pd.Timestamp):
        return value + pd.Timedelta(days=1)
    return value + 1


def changed_frames(read: TownInputs) -> Iterator[tuple[str, str, str, TownInputs]]:
    """The town with one cell changed: of each column of each table one of the owner's rows, or any row."""
    for name, frame in read.town.to_frames().items():
        places = range(len(frame))
        if "school_id" in frame.columns and (frame["school_id"] == OWNER).any():
            places = np.flatnonzero(frame["school_id"] == OWNER)
        for column in frame.columns:
            told = [place for place in places if another(frame[column].iloc[place]) is not None]
            if not told:
                continue
            place = told[len(told) * 2 // 3]
            other = frame.copy()
            values = other[column].astype(object)
            values.iloc[place] = another(frame[column].iloc[place])
            other[column] = values.astype(frame[column].dtype)
            owner = str(frame["school_id"].iloc[place]) if "school_id" in frame.columns else ""
            yield name, column, owner, with_frame(read, name, other)


def test_a_page_whose_inputs_stay_says_the_same_whatever_cell_changed(folder: Path, read: TownInputs) -> None:
    before, said = inputs(folder, read), {code: facts(folder, read, code) for code in EVERY}
    tried = spared = 0
    for name, column, owner, changed in islice(changed_frames(read), 0, None, 4):
        after = inputs(folder, changed)
        tried += 1
        if name in OWN and owner == OWNER:
            assert after[OWNER] != before[OWNER], f"{name}.{column}"
        for code in EVERY:
            if after[code] == before[code]:
                assert facts(folder, changed, code) == said[code], f"{name}.{column}"
                spared += 1
    assert tried > 35
    assert spared > tried / 2, "most cells are read by few pages"


def test_the_page_of_the_municipality_rests_on_every_cell(folder: Path, read: TownInputs) -> None:
    before = town_inputs_read(folder, read, audience="department")
    said = repr(town_facts(folder, read.town, accounting=read.accounting, is_stale=read.is_stale))
    for name, column, _, changed in islice(changed_frames(read), 0, None, 4):
        if town_inputs_read(folder, changed, audience="department") != before:
            continue
        again = repr(town_facts(folder, changed.town, accounting=read.accounting, is_stale=read.is_stale))
        assert again == said, f"{name}.{column}"


def prepared(tables: dict[str, pd.DataFrame], read: TownInputs, **changed: pd.DataFrame) -> TownInputs:
    told = {**tables, **changed}
    town: TownIndicators = prepare_town(told.__getitem__, settings=SETTINGS, school_year=YEAR)
    return replace(read, town=town)


def test_another_year_and_a_table_that_no_page_reads_change_nothing(
    folder: Path, tables: dict[str, pd.DataFrame], read: TownInputs
) -> None:
    before = inputs(folder, prepared(tables, read))
    results = tables["school_results"].copy()
    later = results["school_year"] > YEAR
    assert later.any()
    results.loc[later, "low_share"] = 0.5
    without_later = results[~later]
    nothing = tables["item_summaries"].iloc[:0]
    for one in ({"school_results": results}, {"school_results": without_later}, {"item_summaries": nothing}):
        assert inputs(folder, prepared(tables, read, **one)) == before, list(one)


def test_a_result_of_the_year_changes_its_school_and_those_that_are_shown_beside_it(
    folder: Path, tables: dict[str, pd.DataFrame], read: TownInputs
) -> None:
    before = inputs(folder, prepared(tables, read))
    results = tables["school_results"].copy()
    mine = results.index[(results["school_id"] == OWNER) & (results["school_year"] == YEAR)][0]
    counts = ["mark_2_n", "mark_3_n"]
    results.loc[mine, counts] = results.loc[mine, counts[::-1]].to_numpy()
    after = inputs(folder, prepared(tables, read, school_results=results))
    names = {code: {name for name in one if after[code][name] != one[name]} for code, one in before.items()}
    assert "data" in names[OWNER]
    for code in OTHERS:
        assert names[code] <= {"levels"}, "the sum of the municipality, where it took the same test"


def leaves(told: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of each number and text in JSON."""
    if isinstance(told, dict | list):
        for key, value in told.items() if isinstance(told, dict) else enumerate(told):
            yield from leaves(value, (*path, key))
    elif told is not None:
        yield path


def rewrite(folder: Path, lines: dict[str, Any]) -> None:
    """Write the lines of schools as `store_lines` does."""
    index, places, text = json.loads((folder / "schools.json").read_text()), {}, b""
    for code, told in lines.items():
        line = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        places[code] = (len(text), len(line))
        text += line + b"\n"
    (folder / "schools.jsonl").write_bytes(text)
    (folder / "schools.json").write_text(json.dumps({**index, "places": places}, ensure_ascii=False))


@pytest.mark.parametrize("part", ["", "programme"])
def test_what_was_fitted_changes_the_pages_that_tell_of_it(folder: Path, read: TownInputs, part: str) -> None:
    fits = current_fits(fits_home(folder, YEAR))
    assert fits
    home = fits / part
    whole = (home / "schools.jsonl").read_bytes(), (home / "schools.json").read_bytes()
    index = json.loads(whole[1])["places"]
    lines = {code: json.loads(whole[0][start : start + length]) for code, (start, length) in index.items()}
    before, said = inputs(folder, read), {code: facts(folder, read, code) for code in EVERY}
    paths = list(leaves(lines[OWNER]))
    spared = told = 0
    try:
        for path in paths[:: max(1, len(paths) // 15)]:
            changed = json.loads(json.dumps(lines))
            inner = changed[OWNER]
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = another(inner[path[-1]])
            rewrite(home, changed)
            after = inputs(folder, read)
            assert after[OWNER]["models"] != before[OWNER]["models"], path
            for code in OTHERS:
                if after[code] == before[code]:
                    assert facts(folder, read, code) == said[code], path
                    spared += 1
            told += 1
    finally:
        (home / "schools.jsonl").write_bytes(whole[0])
        (home / "schools.json").write_bytes(whole[1])
    assert told > 10
    assert part or spared == told, "only the records of like schools are read by other pages"


def test_the_account_of_reading_counts_where_a_page_shows_it(folder: Path, read: TownInputs) -> None:
    more = replace(read, accounting=read.accounting.then("read_sheet", "raw_files", 10, 9))
    department, school = (
        (inputs(folder, read, audience), inputs(folder, more, audience))
        for audience in ("department", "school")
    )
    assert department[0] != department[1]
    assert school[0] == school[1]
    stale = replace(read, is_stale=not read.is_stale)
    assert inputs(folder, stale)[OWNER]["models"] != inputs(folder, read)[OWNER]["models"]
