"""An invented town: its tables and the truths behind them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import pandas as pd

from shnor_analysis.schemas import TABLES
from shnor_analysis.simulation.abilities import Levels, draw_levels
from shnor_analysis.simulation.frames import concat
from shnor_analysis.simulation.history import History, live_through
from shnor_analysis.simulation.pupil_sheets import PupilSheet, pupil_maker
from shnor_analysis.simulation.pupil_tables import PupilTables, item_summaries_table
from shnor_analysis.simulation.pupils import Pupils, draw_pupils
from shnor_analysis.simulation.result_tables import (
    area_results_table,
    mark_comparisons_table,
    school_results_table,
    score_counts_table,
)
from shnor_analysis.simulation.school_tables import (
    aliases_table,
    factors_table,
    listings_table,
    participation_table,
    schools_table,
)
from shnor_analysis.simulation.schools import Place, Schools, draw_schools, places
from shnor_analysis.simulation.spec import TownSpec
from shnor_analysis.simulation.truths import Truths, join_truths, truths_of


@dataclass(frozen=True, slots=True)
class PlaceDraw:
    """Everything drawn for one municipality; without pupils when the spec leaves them out."""

    place: Place
    schools: Schools
    levels: Levels
    history: History
    pupils: Pupils | None
    pupil_sheets: tuple[PupilSheet, ...]


@dataclass(frozen=True, slots=True)
class Town:
    """Tables that pass `schemas.validate`, and the truths that no analysis may read."""

    spec: TownSpec
    tables: Mapping[str, pd.DataFrame]
    truths: Truths
    draws: tuple[PlaceDraw, ...]


def simulate_town(spec: TownSpec | None = None, *, only: Collection[str] = ()) -> Town:
    """Draw an invented town; equal specs give equal towns.

    Parameters:  spec — sizes, years, programmes, spreads and seed; default: «Светлоярск», 41 schools, 2018–2024.
                 only — names of the tables wanted, for studies of many draws; the others stay empty.
    Returns:     all 13 tables (key: name of the table), the truths, and the draws behind them.
    Limits:      items, names, effects and published rows are invented; only cut-offs and the calendar are real.
    """
    spec = spec or TownSpec()
    draws = tuple(draw_place(spec, place) for place in places(spec))
    made = [own_areas(draw.place, place_tables(spec, draw, only=only)) for draw in draws]
    tables = {name: concat(name, [tables[name] for tables in made]) for name in TABLES}
    truths = join_truths([truths_of(spec, draw.schools, draw.levels, draw.history) for draw in draws])
    return Town(spec, MappingProxyType(tables), truths, draws)


def draw_place(spec: TownSpec, place: Place) -> PlaceDraw:
    """Draw the schools of a municipality and live through all years."""
    schools = draw_schools(spec, place)
    levels = draw_levels(spec, schools)
    if spec.school_level_only:
        return PlaceDraw(place, schools, levels, live_through(spec, schools, levels), None, ())
    pupils = draw_pupils(spec, schools, levels)
    kept: list[PupilSheet] = []
    maker = pupil_maker(spec, schools, pupils=pupils, kept=kept)
    history = live_through(spec, schools, levels, maker)
    return PlaceDraw(place, schools, levels, history, pupils, tuple(kept))


def place_tables(spec: TownSpec, draw: PlaceDraw, *, only: Collection[str] = ()) -> dict[str, pd.DataFrame]:
    """All tables of one municipality, or those wanted; country and region stand in the tables of every one."""
    schools, history = draw.schools, draw.history
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "schools": lambda: schools_table(spec, schools),
        "school_aliases": lambda: aliases_table(spec, schools),
        "factors": lambda: factors_table(spec, schools, draw.levels),
        "school_results": lambda: school_results_table(spec, schools, history.sheets),
        "area_results": lambda: area_results_table(spec, schools, history.sheets),
        "mark_comparisons": lambda: mark_comparisons_table(spec, schools, history.sheets),
        "score_counts": lambda: score_counts_table(spec, schools, history.sheets),
        "listings": lambda: listings_table(spec, schools, history),
        "participation": lambda: participation_table(spec, schools, history),
    }
    if draw.pupils is not None:
        rows = PupilTables(spec, schools, draw.pupils, draw.pupil_sheets)
        makers |= {
            "pupils": rows.pupils,
            "pupil_results": rows.results,
            "item_results": rows.items,
            "item_summaries": lambda: item_summaries_table(spec, schools, draw.pupil_sheets),
        }
    return {
        name: makers[name]() if name in makers and (not only or name in only) else _empty(name).copy()
        for name in TABLES
    }


@lru_cache(maxsize=len(TABLES))
def _empty(name: str) -> pd.DataFrame:
    return TABLES[name].empty()


def own_areas(place: Place, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Leave the country to the first municipality and a region to its first, so that no area stands twice."""
    foreign = {level for level, is_own in place.writes_areas.items() if not is_own}
    kept = {
        name: tables[name][~tables[name]["area_level"].isin(foreign)]
        for name in ("area_results", "item_summaries")
    }
    return {**tables, **kept} if foreign else tables
