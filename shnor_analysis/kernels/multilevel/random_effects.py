"""Conditional modes of the random coefficients and their errors, level by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.multilevel.descent import Search
from shnor_analysis.kernels.multilevel.fit import MultilevelFit
from shnor_analysis.kernels.multilevel.likelihood import Eliminated, multiply
from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments
from shnor_analysis.kernels.multilevel.working import WorkingLevel, prepare
from shnor_analysis.kernels.read_only import make_read_only


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """Random coefficients of one level's groups.

    Attributes:
        level: Position of the level in the moments.
        columns: Positions of the q columns in the moments, blocks in the order of the fit's components.
        estimates: Conditional modes, shape (G, q), groups as in the level's labels.
        covariances: Conditional covariances given the estimated parameters, shape (G, q, q).
    """

    level: int
    columns: tuple[int, ...]
    estimates: Floats
    covariances: Floats

    def __post_init__(self) -> None:
        make_read_only(self.estimates, self.covariances)

    @property
    def std_errors(self) -> Floats:
        """Conditional standard deviations, shape (G, q)."""
        return np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))


@dataclass(frozen=True, slots=True)
class _Lineage:
    """Joint distribution of each group's coefficients and those of the groups above it, in units of σ."""

    cols: tuple[int, ...]
    mode: Floats
    covariance: Floats


def random_effects(moments: GroupedMoments, fit: MultilevelFit) -> tuple[RandomEffects, ...]:
    """Predict the random coefficients of each level with random terms, innermost first.

    Parameters:
        moments: The sums that were fitted.
        fit: The fit.

    Returns:
        Modes and covariances as lme4 ranef(condVar = TRUE): fixed part and variance parameters are taken as known,
        the uncertainty of the outer levels counts at the inner ones.

    Source: docs/method/multilevel_model.md. Checked against lme4, tests/reference/.
    """
    working = prepare(moments, fit.spec)
    at = Search(working).evaluation(fit.working_theta)
    above: _Lineage | None = None
    made: list[RandomEffects] = []
    for level, done in reversed(list(zip(working.levels, at.levels, strict=True))):
        above = _conditional(level, done, at.direction, above)
        made.insert(0, _in_units(level, above, fit.sigma))
    return tuple(made)


def _conditional(
    level: WorkingLevel, done: Eliminated, direction: Floats, above: _Lineage | None
) -> _Lineage:
    own = done.split.own
    rest = np.einsum("akg,k->ag", own[:, : len(direction)], direction)
    mode = np.einsum("abg,bg->ag", done.shrink, rest)
    own_cols = tuple(int(col) for col in level.cols)
    if above is None or level.parent is None:
        return _Lineage(own_cols, mode, done.shrink)
    # given the coefficients above, the own ones move by −W Z'Z(above)
    moved = -multiply(done.shrink, own[:, list(above.cols)])
    mode_above = above.mode[:, level.parent]
    covariance_above = above.covariance[:, :, level.parent]
    mode = mode + np.einsum("abg,bg->ag", moved, mode_above)
    crossed = multiply(moved, covariance_above)
    covariance = done.shrink + multiply(crossed, moved.transpose(1, 0, 2))
    joint = np.concatenate(
        [
            np.concatenate([covariance, crossed], axis=1),
            np.concatenate([crossed.transpose(1, 0, 2), covariance_above], axis=1),
        ]
    )
    return _Lineage((*own_cols, *above.cols), np.concatenate([mode, mode_above]), joint)


def _in_units(level: WorkingLevel, lineage: _Lineage, sigma: float) -> RandomEffects:
    q = len(level.cols)
    back = np.zeros((q, q))
    for block in level.blocks:
        place = slice(block.at, block.at + block.size)
        back[place, place] = block.back
    estimates = np.empty((len(level.order), q))
    covariances = np.empty((len(level.order), q, q))
    estimates[level.order] = (back @ lineage.mode[:q]).T
    working = lineage.covariance[:q, :q].transpose(2, 0, 1)
    covariances[level.order] = sigma**2 * back @ working @ back.T
    columns = tuple(column for block in level.blocks for column in block.columns)
    return RandomEffects(level.level, columns, estimates, covariances)
