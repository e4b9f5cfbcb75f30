"""The panel of schools over years: one reader for list flow, courses and programme effects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.read_only import make_read_only

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]

PROCEDURE_COLUMNS = ("assessment", "subject", "grade", "season")
# first programme year of a school that has none
NEVER = np.iinfo(np.int64).max
MARK_COLUMNS = ("mark_2_n", "mark_3_n", "mark_4_n", "mark_5_n")


@dataclass(frozen=True, slots=True)
class Procedure:
    """What pupils wrote, as far as the panel names it; None where it does not."""

    assessment: str | None = None
    subject: str | None = None
    grade: int | None = None
    season: str | None = None


@dataclass(frozen=True, slots=True)
class SchoolPanel:
    """A row a school, year and procedure with at least one tested, in this order; arrays are of equal length, read-only.

    `school` and `procedure` are places in `school_ids` and `procedures`. Schools stand in the order in which ties are
    broken: by number where all school_id are whole numbers, else by text. `tested` and `low` are whole numbers of
    pupils; `marks`, shape (rows, 4), the numbers of marks 2 to 5, NaN where a row does not have them all, None where no
    row does. `municipalities` has one entry a school, None where unknown.
    """

    school_ids: tuple[str, ...]
    procedures: tuple[Procedure, ...]
    school: Codes
    year: Codes
    procedure: Codes
    tested: Array
    low: Array
    marks: Array | None
    is_flagged: Flags
    municipalities: tuple[str | None, ...]
    accounting: Accounting

    @property
    def rows_n(self) -> int:
        """Rows that are used."""
        return int(self.school.size)

    @property
    def years(self) -> tuple[int, ...]:
        """School years with at least one row, oldest first."""
        return tuple(int(year) for year in np.unique(self.year))

    def where(self, rows: Flags | Places) -> SchoolPanel:
        """The same schools and procedures with some of the rows, flags or places; nothing is accounted."""
        picked: dict[str, Any] = {
            name: np.asarray(getattr(self, name))[rows]
            for name in ("school", "year", "procedure", "tested", "low", "is_flagged")
        }
        picked["marks"] = None if self.marks is None else self.marks[rows]
        make_read_only(*picked.values())
        return replace(self, **picked)


def read_panel(panel: pd.DataFrame) -> SchoolPanel:
    """Read and check a panel of school results.

    Args:
        panel: `school_id`, `school_year` (named by its end), `tested_n`, and `low_n` or `mark_2_n`; optional
            `mark_3_n`, `mark_4_n`, `mark_5_n`, `assessment`, `subject`, `grade`, `season`, `municipality_id`,
            `is_flagged`. Several rows a school and year are several procedures, told apart by the optional columns.

    Returns:
        The panel as arrays. Rows with nobody tested, or without a number of tested or low results, are left out and
        accounted; a panel without rows is an empty one.

    Raises:
        UsageProblem: Everything that is wrong at once: ``panel_not_table``, ``panel_column_doubled``,
            ``panel_column_missing``, ``panel_not_flag``,
            ``panel_value_missing``, ``panel_not_number``, ``panel_not_whole``, ``panel_negative``,
            ``panel_low_above_tested``, ``panel_marks_sum``, ``panel_key_repeated``.
    """
    if not isinstance(panel, pd.DataFrame):
        raise UsageProblem(Problem("panel_not_table", found=type(panel).__name__))
    frame = panel.reset_index(drop=True)
    if doubled := [str(name) for name in frame.columns[frame.columns.duplicated()].unique()]:
        raise UsageProblem([Problem("panel_column_doubled", found=name) for name in doubled])
    problems = [
        Problem("panel_column_missing", found=name)
        for name in ("school_id", "school_year", "tested_n")
        if name not in frame
    ]
    if "low_n" not in frame and "mark_2_n" not in frame:
        problems.append(Problem("panel_column_missing", found="low_n / mark_2_n"))
    numbers, wrong = _numbers(frame)
    problems += wrong + _missing_keys(frame) + _wrong_flags(frame)
    if problems:
        raise UsageProblem(problems)
    problems = _contradictions(frame, numbers)
    if problems:
        raise UsageProblem(problems)
    return _as_panel(frame, numbers)


def _numbers(frame: pd.DataFrame) -> tuple[dict[str, Array], list[Problem]]:
    """The columns of whole numbers as floats, NaN where empty, and what is wrong with them."""
    numbers: dict[str, Array] = {}
    problems: list[Problem] = []
    for name in ("school_year", "tested_n", "low_n", *MARK_COLUMNS, "grade"):
        if name not in frame:
            continue
        given = frame[name]
        values = _as_numbers(given)
        numbers[name] = values
        checks = (
            ("panel_not_number", (np.isnan(values) & given.notna().to_numpy()) | np.isinf(values)),
            ("panel_not_whole", np.isfinite(values) & (values != np.round(values))),
            ("panel_negative", values < 0),
        )
        problems += [problem for code, bad in checks if (problem := _problem(code, name, given, bad))]
    return numbers, problems


def _as_numbers(given: pd.Series[Any]) -> Array:
    """Numbers as floats, NaN where there is none; a date is no number of anything."""
    if pd.api.types.is_datetime64_any_dtype(given) or pd.api.types.is_timedelta64_dtype(given):
        return np.full(len(given), np.nan)
    return np.asarray(pd.to_numeric(given, errors="coerce").to_numpy(dtype=float, na_value=np.nan))


def _missing_keys(frame: pd.DataFrame) -> list[Problem]:
    found = [
        _problem("panel_value_missing", name, frame[name], frame[name].isna().to_numpy())
        for name in ("school_id", "school_year")
        if name in frame
    ]
    return [problem for problem in found if problem]


def _wrong_flags(frame: pd.DataFrame) -> list[Problem]:
    """Words as flags are refused: taken as truth values, "no" would count as yes."""
    if "is_flagged" not in frame:
        return []
    given = frame["is_flagged"]
    bad = given.notna().to_numpy() & ~given.isin([True, False]).to_numpy()
    found = _problem("panel_not_flag", "is_flagged", given, bad)
    return [found] if found else []


def _contradictions(frame: pd.DataFrame, numbers: dict[str, Array]) -> list[Problem]:
    tested, low = numbers["tested_n"], _low(numbers)
    name = "low_n" if "low_n" in numbers else "mark_2_n"
    problems = [_problem("panel_low_above_tested", name, frame[name], low > tested)]
    if all(mark in numbers for mark in MARK_COLUMNS):
        total = sum((numbers[mark] for mark in MARK_COLUMNS), np.zeros(len(frame)))
        differs = np.isfinite(total) & np.isfinite(tested) & (total != tested)
        problems.append(_problem("panel_marks_sum", "tested_n", frame["tested_n"], differs))
    key = ["school_id", "school_year", *(one for one in PROCEDURE_COLUMNS if one in frame)]
    # "2022" and 2022 are one year, "4" and 4 one grade
    same = {name: numbers[name] for name in ("school_year", "grade") if name in numbers}
    repeated = frame.assign(school_id=_labels(frame["school_id"]), **same).duplicated(key).to_numpy()
    problems.append(_problem("panel_key_repeated", ", ".join(key), frame["school_id"], repeated))
    return [problem for problem in problems if problem]


def _problem(code: str, column: str, given: pd.Series[Any], bad: NDArray[np.bool_]) -> Problem | None:
    """One problem for all rows of a kind: how many, the first of them by its place, and what stands there."""
    places = np.flatnonzero(bad)
    if not places.size:
        return None
    first = int(places[0])
    fields = {"column": column, "rows": int(places.size), "row": first + 1}
    return Problem(code, found=str(given.iloc[first]), fields=fields)


def _low(numbers: dict[str, Array]) -> Array:
    return numbers["low_n"] if "low_n" in numbers else numbers["mark_2_n"]


def label_of(school_id: Any) -> str:
    """A school's number as text; whole numbers without a decimal point."""
    is_number = isinstance(school_id, int | float | np.number) and not isinstance(school_id, bool)
    return str(int(school_id)) if is_number and float(school_id).is_integer() else str(school_id)


def _labels(ids: pd.Series[Any]) -> pd.Series[Any]:
    return ids.astype(object).map(label_of)


def _are_numbers(ids: pd.Series[Any]) -> bool:
    """Whether all are numbers, whatever the type of the column that holds them."""
    plain = ids.astype(object).infer_objects()
    return pd.api.types.is_numeric_dtype(plain) and not pd.api.types.is_bool_dtype(plain)


def _as_panel(frame: pd.DataFrame, numbers: dict[str, Array]) -> SchoolPanel:
    tested, low = numbers["tested_n"], _low(numbers)
    unknown = np.isnan(tested) | np.isnan(low)
    nobody = ~unknown & (tested == 0)
    used = ~unknown & ~nobody
    reasons = (Reason("panel_unknown", int(unknown.sum())), Reason("panel_nobody_tested", int(nobody.sum())))
    accounting = Accounting().then(
        "panel_rows", "panel", len(frame), int(used.sum()), (one for one in reasons if one.n)
    )
    kept, numbers = frame[used], {name: values[used] for name, values in numbers.items()}
    school, school_ids = _schools(kept["school_id"])
    procedure, procedures = _procedures(kept, numbers.get("grade"))
    has_marks = all(name in numbers for name in MARK_COLUMNS)
    marks = np.column_stack([numbers[name] for name in MARK_COLUMNS]) if has_marks else None
    if marks is not None:
        marks[np.isnan(marks).any(axis=1)] = np.nan
    flagged = (
        kept["is_flagged"].fillna(False).to_numpy(dtype=bool)
        if "is_flagged" in kept
        else np.zeros(len(kept), dtype=bool)
    )
    year, tested, low = numbers["school_year"].astype(np.int64), tested[used], low[used]
    # no digit of an answer may depend on how the rows were mixed
    order = np.lexsort((procedure, year, school))
    found = SchoolPanel(
        school_ids=school_ids,
        procedures=procedures,
        school=school,
        year=year,
        procedure=procedure,
        tested=tested,
        low=low,
        marks=marks,
        is_flagged=flagged,
        municipalities=_municipalities(kept.iloc[order], school[order], len(school_ids)),
        accounting=accounting,
    )
    return found.where(order)


def _schools(ids: pd.Series[Any]) -> tuple[Codes, tuple[str, ...]]:
    labels = _labels(ids)
    distinct = sorted(set(labels), key=(lambda one: float(one)) if _are_numbers(ids) else None)
    place = {label: at for at, label in enumerate(distinct)}
    return labels.map(place).to_numpy(dtype=np.int64), tuple(distinct)


def _procedures(kept: pd.DataFrame, grade: Array | None) -> tuple[Codes, tuple[Procedure, ...]]:
    named = [name for name in PROCEDURE_COLUMNS if name in kept]
    if not named:
        return np.zeros(len(kept), dtype=np.int64), (Procedure(),) if len(kept) else ()
    told = kept[named].astype(object).where(kept[named].notna(), None)
    if grade is not None:
        told["grade"] = [None if np.isnan(one) else int(one) for one in grade]
    rows = [
        Procedure(**dict(zip(named, values, strict=True)))
        for values in told.itertuples(index=False, name=None)
    ]
    distinct = sorted(set(rows), key=repr)
    place = {one: at for at, one in enumerate(distinct)}
    return np.array([place[one] for one in rows], dtype=np.int64), tuple(distinct)


def _municipalities(kept: pd.DataFrame, school: Codes, schools_n: int) -> tuple[str | None, ...]:
    """The municipality of each school's last row that names one; rows stand by year."""
    found: list[str | None] = [None] * schools_n
    if "municipality_id" in kept:
        for at, label in zip(school, kept["municipality_id"], strict=True):
            if not pd.isna(label):
                found[at] = str(label)
    return tuple(found)
