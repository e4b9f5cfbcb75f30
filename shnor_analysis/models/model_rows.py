"""The rows themselves, for models that sums of products cannot carry: crossed effects, absorbed effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.multilevel import CannotFit
from shnor_analysis.results.recipe import labels_of, read_columns
from shnor_analysis.warehouse.formulas import ModelFormula
from shnor_analysis.warehouse.moments import Design, Scan, Source, scan

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class BarRows:
    """One random term over the rows: labels (n,), names of its q columns, the columns (n, q)."""

    group: str
    labels: Labels
    terms: tuple[str, ...]
    matrix: Floats


@dataclass(frozen=True, slots=True)
class ModelRows:
    """Complete rows of a model.

    Attributes:
        terms: Names of the p fixed columns.
        fixed: The columns, shape (n, p).
        outcome: Shape (n,), named `outcome_name`.
        bars: The random terms.
        labels: Further columns of groups, shape (n,) each.
        weights: Shape (n,); None without.
        design: The recipe of the columns.
        rows_dropped: Rows left out for missing values or a weight of 0.
    """

    terms: tuple[str, ...]
    fixed: Floats
    outcome: Floats
    outcome_name: str
    bars: tuple[BarRows, ...]
    labels: Mapping[str, Labels]
    weights: Floats | None
    design: Design
    rows_dropped: int


def read_model_rows(
    formula: ModelFormula, data: Source | Scan, *, weights: str | None, groups: Sequence[str] = ()
) -> ModelRows:
    """Read the rows that are complete in everything the model needs.

    Parameters:
        formula: Fixed part, one outcome, bars.
        data: Rows, or a scan that remembers them.
        weights: Column of precision weights.
        groups: Further columns of groups: clusters, absorbed effects.

    Raises:
        UsageProblem: ``rows_needed`` for a scan without its rows, and what `scan` raises.
        CannotFit: ``no_rows``, ``constant_column``.
    """
    source = data.source if isinstance(data, Scan) else data
    if source is None:
        raise UsageProblem(Problem("rows_needed"))
    needed = dict.fromkeys([*formula.columns, *groups, *([weights] if weights else [])])
    read = read_columns(source, list(needed))
    is_complete = read.notna().all(axis=1)
    if weights:
        is_complete &= read[weights] != 0
    frame = read.loc[is_complete]
    if frame.empty:
        raise CannotFit("no_rows")
    bare = replace(formula, random=())
    parts = [replace(bare, fixed=bar.terms) for bar in formula.random]
    design = scan([bare, *parts], frame, weights=weights).design
    fixed, terms = design.matrix(frame, formula)
    outcome, names = design.matrix(frame, formula.outcomes)
    bars = [(bar.group, *design.matrix(frame, bar.terms)) for bar in formula.random]
    kept = np.isfinite(np.hstack([fixed, outcome, *(matrix for _, matrix, _ in bars)])).all(axis=1)
    frame = frame.iloc[np.flatnonzero(kept)]
    return ModelRows(
        terms=terms,
        fixed=fixed[kept],
        outcome=outcome[kept, 0],
        outcome_name=names[0],
        bars=tuple(BarRows(":".join(one), labels_of(frame, one), at, m[kept]) for one, m, at in bars),
        labels={name: labels_of(frame, (name,)) for name in groups},
        weights=frame[weights].to_numpy(dtype=np.float64) if weights else None,
        design=design,
        rows_dropped=len(read) - len(frame),
    )


def codes_of(labels: Labels) -> npt.NDArray[np.intp]:
    """Number groups from 0 without gaps, shape (n,)."""
    codes: npt.NDArray[np.intp] = pd.factorize(labels)[0].astype(np.intp)
    return codes
