"""Nested models of published data as sums of products, built by hand: what a formula and a scan would make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from reference_data import published

from shnor_analysis.kernels.multilevel import GroupedMoments, MultilevelSpec, RandomTerm, moments_from_arrays

Model = tuple[GroupedMoments, Callable[[str], MultilevelSpec]]


def sums(
    columns: dict[str, Any], groups: dict[str, pd.Series], weights: np.ndarray | None = None
) -> GroupedMoments:
    """Products by group for all columns; the column of ones comes first, the outcome last."""
    rows = len(next(iter(columns.values())))
    values = np.column_stack([np.ones(rows), *(np.asarray(one, dtype=float) for one in columns.values())])
    coded = []
    for name, labels in groups.items():
        codes, found = pd.factorize(labels.astype(str).to_numpy(), sort=True)
        coded.append((name, codes, found.astype(object)))
    names = ("Intercept", *columns)
    return moments_from_arrays(names, values, groups=coded, random=range(len(names)), weights=weights)


def of(moments: GroupedMoments, *random: RandomTerm) -> Model:
    """All columns but the last are the fixed part."""
    last = len(moments.columns) - 1
    return moments, lambda method: MultilevelSpec(tuple(range(last)), last, random, method)


def egsingle_two_slopes() -> Model:
    d = published("mlmRev", "egsingle")
    columns = {
        "year": d["year"],
        "lowinc": d["lowinc"],
        "year:lowinc": d["year"] * d["lowinc"],
        "math": d["math"],
    }
    moments = sums(columns, {"childid": d["childid"], "schoolid": d["schoolid"]})
    return of(moments, RandomTerm(0, (0, 1)), RandomTerm(1, (0, 1)))


def machines_three_columns() -> Model:
    d = published("nlme", "Machines")
    columns = {"MachineB": d["Machine"] == "B", "MachineC": d["Machine"] == "C", "score": d["score"]}
    return of(sums(columns, {"Worker": d["Worker"]}), RandomTerm(0, (0, 1, 2)))


def pixel_side_in_dog() -> Model:
    d = published("nlme", "Pixel")
    side = d["Dog"].astype(str) + ":" + d["Side"].astype(str)
    moments = sums(
        {"day": d["day"], "I(day^2)": d["day"] ** 2, "pixel": d["pixel"]}, {"Dog:Side": side, "Dog": d["Dog"]}
    )
    return of(moments, RandomTerm(0, (0,)), RandomTerm(1, (0, 1)))


def sleepstudy_weights() -> Model:
    d = published("lme4", "sleepstudy")
    weights = 1 + d["Days"].to_numpy(dtype=float) / 3
    moments = sums({"Days": d["Days"], "Reaction": d["Reaction"]}, {"Subject": d["Subject"]}, weights)
    return of(moments, RandomTerm(0, (0, 1)))


def chem97_singular() -> Model:
    d = published("mlmRev", "Chem97")
    school = d["lea"].astype(str) + "." + d["school"].astype(str)
    moments = sums(
        {"gcsecnt": d["gcsecnt"], "genderF": d["gender"] == "F", "score": d["score"]},
        {"sch": school, "lea": d["lea"]},
    )
    return of(moments, RandomTerm(0, (0, 1)), RandomTerm(1, (0, 1)))


def caschools() -> Model:
    d = published("AER", "CASchools")
    columns = {"stratio": d["students"] / d["teachers"]}
    columns |= {name: d[name] for name in ("english", "lunch", "calworks", "income")}
    return of(sums(columns | {"score": (d["read"] + d["math"]) / 2}, {"county": d["county"]}))


MODELS = {
    one.__name__: one
    for one in (
        egsingle_two_slopes,
        machines_three_columns,
        pixel_side_in_dog,
        sleepstudy_weights,
        chem97_singular,
    )
}
