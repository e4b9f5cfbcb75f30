"""One timed fit by one engine, in a process of its own.

Use: python benchmarks/contender.py ENGINE MODEL PARQUET; prints one line of JSON.

Ours reads the Parquet file, the formula and the missing rows inside the clock. The others get the data frame in memory:
reading is outside their clock. Each engine is warmed up on a small part first, so imports and compiling do not count.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pupils import NUMERIC

FIXED = "prior + ses + books + absence + sex + language"
FORMULAS = {
    "intercept": f"points ~ {FIXED} + (1 | school_id)",
    "slope": f"points ~ {FIXED} + (1 + prior | school_id)",
    "class": f"points ~ {FIXED} + (1 | class_id) + (1 | school_id)",
    "logistic": f"pass ~ {FIXED} + (1 | school_id)",
}
WARM_UP_ROWS = 3_000
Fit = Callable[[], tuple[list[float], float]]


def ours(model: str, path: Path) -> Fit:
    """This package: everything from the file."""
    import shnor_analysis as shnor

    fit = shnor.fit_multilevel_logistic if model == "logistic" else shnor.fit_multilevel

    def run() -> tuple[list[float], float]:
        fitted: Any = fit(FORMULAS[model], path)
        return fitted.tidy()["estimate"].tolist(), float(fitted.glance()["loglik"].iloc[0])

    return run


def bare_scan(model: str, path: Path) -> Fit:
    """The cheapest single query with the model's sufficient statistics; it is told what the engine must find out."""
    import duckdb
    from bare_scan import run

    sql = described(model, path).sql
    return lambda: ([float(len(run(duckdb.connect(), sql)))], float("nan"))


def plain_sum(model: str, path: Path) -> Fit:
    """A sum by school: what merely touching the file costs."""
    import duckdb
    from bare_scan import run

    sql = described(model, path).plain_sum
    return lambda: ([float(len(run(duckdb.connect(), sql)))], float("nan"))


def described(model: str, path: Path) -> Any:
    """What the bare scan knows beforehand of the pupils."""
    from bare_scan import BareScan

    return BareScan(
        path=str(path),
        outcome="points",
        numbers=NUMERIC,
        categories={"sex": ("f", "m"), "language": ("home", "mixed", "other")},
        groups=("class_id", "school_id") if model == "class" else ("school_id",),
        slopes=("prior",) if model == "slope" else (),
        shifts={"points": 500.0, "books": 100.0},
    )


def statsmodels(model: str, path: Path) -> Fit:
    """statsmodels MixedLM; one grouping."""
    import statsmodels.formula.api as smf

    frame = pd.read_parquet(path)
    slope = {"re_formula": "~prior"} if model == "slope" else {}

    def run() -> tuple[list[float], float]:
        fitted = smf.mixedlm(f"points ~ {FIXED}", frame, groups="school_id", missing="drop", **slope).fit()
        return fitted.fe_params.tolist(), float(fitted.llf)

    return run


def mixedlm(model: str, path: Path) -> Fit:
    """The Rust engine mixedlm with lme4's formulas."""
    import mixedlm as engine

    frame = pd.read_parquet(path)

    def run() -> tuple[list[float], float]:
        if model == "logistic":
            fitted = engine.glmer(FORMULAS[model], frame, family=engine.families.Binomial(), nAGQ=1)
        else:
            fitted = engine.lmer(FORMULAS[model], frame, REML=True)
        effects = fitted.fixef()
        return [float(value) for value in getattr(effects, "values", lambda: effects)()], float(
            fitted.logLik().value
        )

    return run


def mixedlm_rs(model: str, path: Path) -> Fit:
    """The Rust engine mixedlm-rs; one grouping, intercept and slopes."""
    import mixedlm_rs as engine

    frame = pd.read_parquet(path)
    slope = {"re_formula": "~prior"} if model == "slope" else {}

    def run() -> tuple[list[float], float]:
        fitted = engine.mixedlm(f"points ~ {FIXED}", frame, groups="school_id", missing="drop", **slope).fit(
            reml=True
        )
        return np.asarray(fitted.fe_params).tolist(), float(fitted.llf)

    return run


def gpboost(model: str, path: Path) -> Fit:
    """gpboost; a design matrix is made inside the clock, as the others make theirs."""
    import gpboost as engine

    frame = pd.read_parquet(path)
    outcome = "pass" if model == "logistic" else "points"
    likelihood = "bernoulli_logit" if model == "logistic" else "gaussian"

    def run() -> tuple[list[float], float]:
        complete = frame.dropna()
        factors = ["sex", "language"]
        numeric = complete[["prior", "ses", "books", "absence"]]
        dummies = pd.get_dummies(complete[factors], drop_first=True, dtype=float)
        design = np.column_stack([np.ones(len(complete)), numeric, dummies])
        groups = complete["school_id"].astype("category").cat.codes.to_numpy()
        fitted = engine.GPModel(group_data=groups, likelihood=likelihood)
        fitted.fit(y=complete[outcome].to_numpy(dtype=float), X=design)
        return np.asarray(fitted.get_coef()).ravel().tolist(), -float(fitted.get_current_neg_log_likelihood())

    return run


ENGINES: dict[str, Callable[[str, Path], Fit]] = {
    "ours": ours,
    "bare_scan": bare_scan,
    "plain_sum": plain_sum,
    "statsmodels": statsmodels,
    "mixedlm": mixedlm,
    "mixedlm_rs": mixedlm_rs,
    "gpboost": gpboost,
}


def main() -> None:
    """Warm up, fit once, print the clock, the peak memory and the estimates."""
    engine, model, path = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    warnings.simplefilter("ignore")
    small = path.with_name(f"warm_up_{path.stem}.parquet")
    if not small.exists():
        frame = pd.read_parquet(path)
        frame[frame["school_id"].isin(sorted(frame["school_id"].unique())[:20])].head(
            WARM_UP_ROWS
        ).to_parquet(small)
    ENGINES[engine](model, small)()
    run = ENGINES[engine](model, path)
    clock, cpu = time.perf_counter(), time.process_time()
    estimates, loglik = run()
    spent, busy = time.perf_counter() - clock, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"seconds": spent, "cpu": busy, "peak_mb": peak, "estimates": estimates, "loglik": loglik})
    )


if __name__ == "__main__":
    main()
