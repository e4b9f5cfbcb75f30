"""Pupils for the benches: six covariates, two of them categorical, 2 % of rows incomplete, rows shuffled.

Schools have 150 pupils in six classes of 25. The seed is fixed and the columns are the same at every size.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20_500
PUPILS_IN_SCHOOL = 150
PUPILS_IN_CLASS = 25
NUMERIC = ("prior", "ses", "books", "absence")
INCOMPLETE_SHARE = 0.02
ROW_GROUP = 122_880  # as DuckDB writes the warehouse


def simulate_pupils(rows: int, *, outcomes: int = 1, part: int = 0) -> pd.DataFrame:
    """Draw pupils in classes in schools; `points` (500-scale), `pass` (0/1) and further outcomes `points_2` …

    Parts have schools of their own: a country is written part by part.
    """
    chance = np.random.default_rng(SEED + part)
    prefix = f"sch{part:02d}"
    school = np.arange(rows) // PUPILS_IN_SCHOOL
    classroom = np.arange(rows) // PUPILS_IN_CLASS
    frame = pd.DataFrame({name: chance.normal(size=rows) for name in NUMERIC})
    frame["books"] = 100 + 15 * frame["books"]
    frame["sex"] = pd.Categorical.from_codes(chance.integers(0, 2, rows), ["f", "m"])
    frame["language"] = pd.Categorical.from_codes(chance.integers(0, 3, rows), ["home", "mixed", "other"])
    level = _level(frame, chance, school, classroom)
    for number in range(1, outcomes + 1):
        name = "points" if number == 1 else f"points_{number}"
        frame[name] = 500 + 100 * (level + 0.7 * chance.normal(size=rows))
    frame["pass"] = (chance.random(rows) < 1 / (1 + np.exp(-1.5 * level))).astype("int8")
    frame["school_id"] = [f"{prefix}{number:05d}" for number in school]
    frame["class_id"] = [f"{prefix}{s:05d}/{c}" for s, c in zip(school, classroom, strict=True)]
    incomplete = chance.random(rows) < INCOMPLETE_SHARE
    column = chance.integers(0, len(NUMERIC), rows)
    for number, name in enumerate(NUMERIC):
        frame.loc[incomplete & (column == number), name] = np.nan
    return frame.iloc[chance.permutation(rows)].reset_index(drop=True)


def _level(
    frame: pd.DataFrame, chance: np.random.Generator, school: np.ndarray, classroom: np.ndarray
) -> np.ndarray:
    schools, classes = school[-1] + 1, classroom[-1] + 1
    intercept = chance.normal(0, 0.4, schools)[school] + chance.normal(0, 0.25, classes)[classroom]
    slope = 0.5 + chance.normal(0, 0.15, schools)[school]
    steady = 0.2 * frame["ses"] + 0.005 * (frame["books"] - 100) - 0.1 * frame["absence"]
    by_group = -0.15 * (frame["sex"] == "m") - 0.2 * (frame["language"] == "other")
    return (intercept + slope * frame["prior"] + steady + by_group).to_numpy()


def write_pupils(folder: Path, rows: int) -> Path:
    """Write the same pupils as Parquet and, for R, as CSV; returns the Parquet file."""
    path = folder / f"pupils_{rows}.parquet"
    if not path.exists():
        frame = simulate_pupils(rows)
        frame.to_csv(path.with_suffix(".csv"), index=False)
        frame.to_parquet(path, index=False, row_group_size=ROW_GROUP)
    return path


def write_country(folder: Path, parts: int, *, rows: int = 1_000_000, outcomes: int = 3) -> Path:
    """Write `parts` × `rows` pupils with several outcomes as a folder of Parquet files; returns the folder."""
    home = folder / f"country_{parts}"
    home.mkdir(exist_ok=True)
    for part in range(parts):
        path = home / f"part_{part:02d}.parquet"
        if not path.exists():
            frame = simulate_pupils(rows, outcomes=outcomes, part=part)
            frame.to_parquet(path, index=False, row_group_size=ROW_GROUP)
    return home
