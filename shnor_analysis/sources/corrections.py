"""Known errors of a source, set right by a file of `data/corrections/`, never by code; each shows in the accounting."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from shnor_analysis.accounting import Reason
from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.schemas import LINEAGE_COLUMNS, TABLES
from shnor_analysis.sources.personal import looks_like_person

CORRECTIONS_FOLDER = Path("data") / "corrections"
SAME = 1e-9
Scalar = str | int | float | bool | date


@dataclass(frozen=True, slots=True)
class Correction:
    """One known error: where it is (`where` names columns of the table), what it was, what it becomes, why, who.

    `who` is a role, never a name. With `sha256` it is meant for one file alone; without, for every file of the report
    that has the row.
    """

    what: str
    report: str
    table: str
    where: tuple[tuple[str, Scalar], ...]
    column: str
    was: Scalar | None
    becomes: Scalar | None
    why: str
    who: str
    sha256: str = ""
    source: str = ""

    def place(self) -> str:
        """Where it applies, without words: `school_id=sch660005 · grade=5 · tested_n`."""
        return " · ".join([*(f"{name}={value}" for name, value in self.where), self.column])


@dataclass(frozen=True, slots=True)
class Corrected:
    """The frame with its errors set right, a reason for each correction, and every correction that did not fit."""

    frame: pd.DataFrame
    reasons: tuple[Reason, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_corrections(folder: Path) -> tuple[Correction, ...]:
    """Read every `*.toml` of a folder, in the order of names; a folder that is not there holds none.

    Raises InputRefused with all problems: `correction_broken` (no TOML), `correction_section_unknown`,
    `correction_key_unknown`, `correction_key_missing`, `correction_where_empty`, `correction_table_unknown`, `correction_column_unknown`, `correction_who_is_person`.
    """
    corrections: list[Correction] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(Problem("correction_broken", file=path.name, found=str(error)))
            continue
        problems.extend(
            Problem("correction_section_unknown", file=path.name, found=name)
            for name in raw
            if name != "correction"
        )
        entries = raw.get("correction", [])
        for number, entry in enumerate(entries if isinstance(entries, list) else [entries], start=1):
            wrong = _wrong_in(entry, path.name, number)
            problems.extend(wrong)
            if not wrong:
                corrections.append(_correction(entry, path.name))
    if problems:
        raise InputRefused(problems)
    return tuple(corrections)


def apply_corrections(
    frame: pd.DataFrame, corrections: Iterable[Correction], *, report: str, table: str, sha256: str
) -> Corrected:
    """Apply the corrections of one report, table and file to a frame that is not validated yet.

    A value that is already right gets the reason `correction_not_needed`. A value that is neither `was` nor
    `becomes` is the problem `correction_does_not_fit`; a correction for this very file (by sha256) without its
    row is `correction_row_missing`. The frame given stays as it is.
    """
    corrected = frame.copy()
    reasons: list[Reason] = []
    problems: list[Problem] = []
    for one in corrections:
        if (one.report, one.table) != (report, table) or one.sha256 not in ("", sha256):
            continue
        rows = _rows_of(corrected, one)
        if not rows.any():
            if one.sha256:
                problems.append(_misfit("correction_row_missing", one, None))
            continue
        values = (
            corrected.loc[rows, one.column] if one.column in corrected else pd.Series([None], dtype="object")
        )
        is_was, is_right = _equal(values, one.was), _equal(values, one.becomes)
        if not (is_was | is_right).all():
            problems.append(_misfit("correction_does_not_fit", one, values[~(is_was | is_right)].iloc[0]))
            continue
        if is_was.any():
            corrected = _with_value(corrected, values.index[is_was], one)
        reasons.append(_reason(one, int(is_was.sum())))
    return Corrected(corrected, tuple(reasons), tuple(problems))


def _reason(one: Correction, changed: int) -> Reason:
    code = "correction_applied" if changed else "correction_not_needed"
    said = {"what": one.what, "why": one.why, "who": one.who, "file": one.source, "place": one.place()}
    return Reason(code, changed, {**said, "was": _shown(one.was), "becomes": _shown(one.becomes)})


def _misfit(code: str, one: Correction, found: object) -> Problem:
    shown = None if code == "correction_row_missing" else _shown(found)
    return Problem(code, file=one.source, found=shown, fields={"place": one.place(), "was": _shown(one.was)})


def _with_value(frame: pd.DataFrame, rows: pd.Index, one: Correction) -> pd.DataFrame:
    column = (
        frame[one.column].astype("object")
        if one.column in frame
        else pd.Series(None, frame.index, dtype="object")
    )
    column.loc[rows] = pd.Timestamp(one.becomes) if isinstance(one.becomes, date) else one.becomes
    return frame.assign(**{one.column: column.infer_objects()})


def _rows_of(frame: pd.DataFrame, one: Correction) -> pd.Series:
    rows = pd.Series(True, index=frame.index)
    for name, value in one.where:
        rows &= _equal(frame[name], value) if name in frame else False
    return rows


def _equal(values: pd.Series, wanted: Scalar | None) -> pd.Series:
    if wanted is None or wanted == "":
        return values.isna()
    if isinstance(wanted, date):
        return pd.to_datetime(values, errors="coerce") == pd.Timestamp(wanted)
    if isinstance(wanted, int | float):
        return (pd.to_numeric(values, errors="coerce") - float(wanted)).abs().fillna(1.0).astype(
            float
        ) <= SAME
    return values.astype("object").map(lambda value: str(value).strip(), na_action="ignore") == wanted.strip()


def _shown(value: object) -> str:
    if value is None or value == "" or (not isinstance(value, str) and bool(pd.isna(value))):  # type: ignore[call-overload]
        return "—"
    return value.strftime("%Y-%m-%d") if isinstance(value, date | datetime) else str(value)


def _correction(entry: Mapping[str, Any], source: str) -> Correction:
    empty_is_none = {name: entry[name] if entry[name] != "" else None for name in ("was", "becomes")}
    return Correction(**{**entry, **empty_is_none, "where": tuple(entry["where"].items()), "source": source})


def _wrong_in(entry: Any, file: str, number: int) -> list[Problem]:
    """Everything that is wrong with one entry of a file, numbered from 1."""

    def problem(code: str, found: str | None = None, allowed: Iterable[str] = ()) -> Problem:
        return Problem(
            code, file=file, found=found, allowed=", ".join(allowed) or None, fields={"number": number}
        )

    names = [item.name for item in fields(Correction) if item.name != "source"]
    entry = entry if isinstance(entry, dict) else {}
    problems = [problem("correction_key_unknown", name, names) for name in entry if name not in names]
    missing = [name for name in names if name not in entry and name != "sha256"]
    if missing:
        return [*problems, problem("correction_key_missing", ", ".join(missing))]
    if looks_like_person(str(entry["who"])):
        problems.append(problem("correction_who_is_person"))
    table = TABLES.get(str(entry["table"]))
    if table is None:
        return [*problems, problem("correction_table_unknown", str(entry["table"]), TABLES)]
    where = entry["where"]
    if not isinstance(where, dict) or not where:
        return [*problems, problem("correction_where_empty")]
    known = [name for name in table.columns if name not in LINEAGE_COLUMNS]
    named = [*where, str(entry["column"])]
    return problems + [
        problem("correction_column_unknown", name, known) for name in named if name not in known
    ]
