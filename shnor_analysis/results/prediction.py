"""What a fitted model expects of rows: from the fixed part alone, or with the effects of the groups it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from scipy.special import expit

from shnor_analysis.errors import Problem, UsageProblem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shnor_analysis.results.fitted_model import FittedModel, GroupEffects

LEVELS = ("population", "group")


@dataclass(frozen=True, slots=True)
class GroupRows:
    """Group of each row, shape (m,) (None where it is missing), and its random columns, shape (m, q)."""

    labels: NDArray[np.object_]
    matrix: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PredictionRows:
    """Rows as a model sees them; numbers are NaN where a column of the row is missing.

    Shapes: `index` (m,), `fixed` (m, p); `groups` has one entry for each of the model's effects, in their order,
    and is empty when they were not asked for.
    """

    index: pd.Index[Any]
    fixed: NDArray[np.float64]
    groups: tuple[GroupRows, ...]


class Predictor(Protocol):
    """Knows how columns become the terms of one model."""

    @property
    def has_data(self) -> bool:
        """Whether the rows of the fit can be read again."""

    def plain(self) -> dict[str, Any]:
        """All but the data as values that JSON can hold."""

    def rows(self, new: Any, *, with_groups: bool) -> PredictionRows:
        """The rows of `new`, or those of the fit when it is None.

        Raises:
            ShnorError: A column is missing, or holds a category that the fit has not seen.
        """


def predict(fit: FittedModel, new: Any, level: str) -> pd.DataFrame:
    """Predict for each row; see `FittedModel.predict`."""
    predictor = _predictor(fit, new, level)
    rows = predictor.rows(new, with_groups=level == "group")
    linear = rows.fixed @ fit.estimates
    made: dict[str, Any] = {}
    if level == "group":
        unknown = []
        for effects, group in zip(fit.effects, rows.groups, strict=True):
            place = _places(effects, group.labels)
            linear = linear + _contribution(effects, group, place)
            unknown.append((effects.group, place < 0))
        made = {"unknown_groups": _names(unknown, len(linear))}
    predicted = expit(linear) if fit.model == "logistic" else linear
    return pd.DataFrame({"predicted": predicted, **made}, index=rows.index)


def _predictor(fit: FittedModel, new: Any, level: str) -> Predictor:
    if level not in LEVELS:
        raise UsageProblem(Problem("predict_level_unknown", found=level, allowed=", ".join(LEVELS)))
    if fit.facts.df_absorbed is not None:
        raise UsageProblem(Problem("predict_absorbed"))
    if fit.predictor is None or (new is None and not fit.predictor.has_data):
        raise UsageProblem(Problem("predict_without_data"))
    return fit.predictor


def _places(effects: GroupEffects, labels: NDArray[np.object_]) -> NDArray[np.intp]:
    """Place of each row's group among the groups of the fit; -1 for one that it does not know."""
    known = pd.Index(pd.Series(list(effects.labels), dtype=object))
    found: NDArray[np.intp] = known.get_indexer(pd.Index(pd.Series(labels, dtype=object)))
    return found


def _contribution(effects: GroupEffects, group: GroupRows, place: NDArray[np.intp]) -> NDArray[np.float64]:
    own = np.where(place[:, None] >= 0, effects.estimates[place], 0.0)
    added: NDArray[np.float64] = np.einsum("mq,mq->m", own, group.matrix)
    return added


def _names(unknown: list[tuple[str, NDArray[np.bool_]]], rows: int) -> NDArray[np.object_]:
    """For each row the groupings whose group the fit does not know, each once."""
    by_group: dict[str, NDArray[np.bool_]] = {}
    for name, is_unknown in unknown:
        by_group[name] = by_group.get(name, np.zeros(rows, dtype=bool)) | is_unknown
    names = np.full(rows, "", dtype=object)
    for name, is_unknown in by_group.items():
        names[is_unknown] = [f"{one}, {name}" if one else name for one in names[is_unknown]]
    return names
