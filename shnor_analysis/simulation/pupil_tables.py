"""The tables about pupils, with pseudonyms in place of codes, and how schools solved single items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.simulation.abilities import sitting_shift
from shnor_analysis.simulation.frames import make_frame, procedure_columns, stack
from shnor_analysis.simulation.papers import shift, solve_chance
from shnor_analysis.simulation.pupil_sheets import PupilSheet
from shnor_analysis.simulation.pupils import LETTERS, Pupils
from shnor_analysis.simulation.result_tables import WIDER_AREAS
from shnor_analysis.simulation.schools import Ints, Schools
from shnor_analysis.simulation.spec import COUNTRY_NAME, TownSpec
from shnor_analysis.sources.pseudonyms import pseudonym

# Pseudonyms of invented pupils need no secret; real ones are keyed with the workspace's own key.
INVENTED_KEY = b"an invented town has no secrets "


def raw_code(pupils: Pupils, rows: Ints, sitting_grade: int) -> Ints:
    """The code on a pupil's work: the grade and a number within the school's parallel, another one every year."""
    return sitting_grade * 10_000 + (pupils.school[rows] * 200 + pupils.number[rows]) % 10_000


def link_code(pupils: Pupils, row: Any) -> str:
    """The code that the department keeps for a pupil over the years."""
    return f"СВ-{pupils.cohort[row]}-{pupils.school[row] + 1:02d}-{pupils.number[row] + 1:03d}"


def class_names(pupils: Pupils, rows: Ints, grade: int) -> list[str]:
    """Grade and letter, as 5А."""
    return [f"{grade}{LETTERS[index]}" for index in pupils.class_index[rows]]


class PupilTables:
    """Builds the pupil tables of one place; every pupil and year gets one pseudonym, whatever the number of works."""

    def __init__(
        self, spec: TownSpec, schools: Schools, pupils: Pupils, sheets: Sequence[PupilSheet]
    ) -> None:
        self._spec, self._schools, self._pupils = spec, schools, pupils
        self._sheets = tuple(sheets)
        self._ids: dict[int, Any] = {}
        for sheet in self._sheets:
            self._name(sheet)

    def _name(self, sheet: PupilSheet) -> None:
        """Give pseudonyms to the pupils of a sheet; a pupil's grade is the same in all works of a year."""
        year = sheet.sitting.school_year
        ids = self._ids.setdefault(year, np.full(self._pupils.n, None, dtype=object))
        new = [row for row in sheet.rows if ids[row] is None]
        codes = raw_code(self._pupils, np.array(new, dtype=np.int64), sheet.sitting.grade)
        schools = dict(zip(sheet.rows, sheet.school, strict=True))
        for row, code in zip(new, codes, strict=True):
            ids[row] = pseudonym(
                INVENTED_KEY, "pupil", self._schools.school_ids[schools[row]], str(year), str(code)
            )

    def pupils(self) -> pd.DataFrame:
        """One row a pupil and year with any published work."""
        parts = []
        for year, ids in self._ids.items():
            grade_of, school_of = self._places(year)
            rows = np.flatnonzero([value is not None for value in ids])
            pupils = self._pupils
            links = [
                pseudonym(INVENTED_KEY, "link", link_code(pupils, row)) if pupils.has_link[row] else None
                for row in rows
            ]
            parts.append(
                {
                    "pupil_id": ids[rows],
                    "school_year": year,
                    "school_id": np.array(self._schools.school_ids, dtype=object)[school_of[rows]],
                    "class_id": np.array(
                        [f"{grade_of[row]}{LETTERS[pupils.class_index[row]]}" for row in rows], dtype=object
                    ),
                    "link_id": np.array(links, dtype=object),
                    "sex": np.where(pupils.is_girl[rows], "f", "m").astype(object),
                    "has_special_needs": pupils.has_special_needs[rows],
                    "home_language_other": pupils.home_language_other[rows],
                }
            )
        return make_frame("pupils", stack(parts), self._spec.fingerprint)

    def _places(self, year: int) -> tuple[Ints, Ints]:
        grade = np.zeros(self._pupils.n, dtype=np.int64)
        school = np.zeros(self._pupils.n, dtype=np.int64)
        for sheet in self._sheets:
            if sheet.sitting.school_year == year:
                grade[sheet.rows], school[sheet.rows] = sheet.sitting.grade, sheet.school
        return grade, school

    def results(self) -> pd.DataFrame:
        """One row a pupil and published work."""
        return make_frame(
            "pupil_results", stack([self._result(sheet) for sheet in self._sheets]), self._spec.fingerprint
        )

    def _result(self, sheet: PupilSheet) -> dict[str, Any]:
        n, written = len(sheet.rows), sheet.paper
        missing = np.full(n, np.nan)
        has_variant = sheet.sitting.assessment == "vpr"
        return {
            **self._who(sheet),
            "points": sheet.points.astype(float),
            "points_max": np.full(n, float(written.points_max)),
            "test_points": missing if written.has_marks else written.test_points(sheet.points).astype(float),
            "mark": written.marks(sheet.points).astype(float) if written.has_marks else missing,
            "journal_mark": missing if sheet.journal is None else sheet.journal.astype(float),
            "variant": np.array(
                [str(value) if has_variant else None for value in sheet.variant], dtype=object
            ),
        }

    def _who(self, sheet: PupilSheet) -> dict[str, Any]:
        ids = self._ids[sheet.sitting.school_year]
        return {
            "pupil_id": ids[sheet.rows],
            "school_id": np.array(self._schools.school_ids, dtype=object)[sheet.school],
            "class_id": np.array(class_names(self._pupils, sheet.rows, sheet.sitting.grade), dtype=object),
            **procedure_columns(sheet.sitting),
        }

    def items(self) -> pd.DataFrame:
        """One row a pupil, published work and item."""
        parts = []
        for sheet in self._sheets:
            if sheet.items is None:
                continue
            n, items_n = sheet.items.shape
            who = self._who(sheet)
            parts.append(
                {
                    "pupil_id": np.repeat(who["pupil_id"], items_n),
                    "school_id": np.repeat(who["school_id"], items_n),
                    "item": np.tile(np.array(sheet.paper.items, dtype=object), n),
                    "points": sheet.items.ravel().astype(float),
                    "points_max": np.tile(np.array(sheet.paper.item_points, dtype=float), n),
                    **procedure_columns(sheet.sitting),
                }
            )
        return make_frame("item_results", stack(parts), self._spec.fingerprint)


def item_summaries_table(spec: TownSpec, schools: Schools, sheets: Sequence[PupilSheet]) -> pd.DataFrame:
    """Share of the maximum reached in every item by country, region, municipality and school."""
    parts = [_item_summary(spec, schools, sheet) for sheet in sheets if sheet.items is not None]
    return make_frame("item_summaries", stack(parts), spec.fingerprint)


def _item_summary(spec: TownSpec, schools: Schools, sheet: PupilSheet) -> dict[str, Any]:
    assert sheet.items is not None
    most = np.array(sheet.paper.item_points, dtype=float)
    wrote = np.unique(sheet.school)
    rows = [
        _expected_items(sheet, mean + sitting_shift(spec, sheet.sitting))
        for _, _, mean in WIDER_AREAS.values()
    ]
    rows.append(sheet.items.mean(axis=0) / most)
    rows.extend(sheet.items[sheet.school == at].mean(axis=0) / most for at in wrote)
    names = [COUNTRY_NAME, schools.place.region_id, schools.place.municipality_id]
    names += [schools.school_ids[at] for at in wrote]
    tested = [area[1] for area in WIDER_AREAS.values()] + [len(sheet.rows)]
    tested += [int((sheet.school == at).sum()) for at in wrote]
    levels = [*WIDER_AREAS, "municipality"] + ["school"] * len(wrote)
    items_n = len(most)
    return {
        "area_level": np.repeat(np.array(levels, dtype=object), items_n),
        "area_id": np.repeat(np.array(names, dtype=object), items_n),
        "item": np.tile(np.array(sheet.paper.items, dtype=object), len(rows)),
        "points_max": np.tile(most, len(rows)),
        "solved_share": np.concatenate(rows),
        "tested_n": np.repeat(tested, items_n),
        **procedure_columns(sheet.sitting),
    }


def _expected_items(sheet: PupilSheet, mean: float) -> Any:
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    ability = nodes[:, None] + mean - shift(sheet.paper)
    return (weights / weights.sum()) @ solve_chance(ability, sheet.paper.difficulties[None, :])
