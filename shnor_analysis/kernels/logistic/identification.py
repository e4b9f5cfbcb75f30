"""What the data of a logistic model cannot tell: equal outcomes, repeated columns, coefficients without an end."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from shnor_analysis.kernels.logistic.rows import Floats, LogisticRows
from shnor_analysis.kernels.multilevel.moments import INTERCEPT
from shnor_analysis.kernels.refusals import CannotFit

# variance of a column left after the columns before it, as a share of its own: below, it adds nothing
REPEATED = 1e-9
# variance of a column as a share of its mean square: below, it is rounding
CONSTANT = 1e-13
# coefficient of a column, in units of its root mean square, above which another is said to follow from it
INVOLVED = 1e-6
# information about a direction, as a share of what the trials could give: below, it rests on nobody
RUN_AWAY = 1e-6
# part of the strongest column in such a direction from which on a column is named
NAMED = 0.5


def products(rows: LogisticRows) -> Floats:
    """Σ w x x' over all columns of the design, shape (k, k)."""
    k = len(rows.names)
    found = np.zeros((k, k))
    for piece in rows.pieces:
        part = rows.design[:, piece.rows]
        weighted = part if rows.trials is None else part * rows.trials[piece.rows]
        found += weighted @ part.T
    return found


def check_outcome(rows: LogisticRows, groups: tuple[str, str]) -> None:
    """Refuse an outcome that everybody, or nobody, has, and groups that tell nothing of their spread.

    Parameters:
        rows: The rows.
        groups: Names of the outer and the inner grouping.

    Raises:
        CannotFit: ``constant_outcome``, ``one_group`` or ``one_pupil_per_group``.
    """
    reached = float(rows.successes.sum())
    if reached in (0.0, rows.n_trials):
        raise CannotFit("constant_outcome")
    if rows.n_groups == 1:
        raise CannotFit("one_group", group=groups[0])
    for n_groups, group in zip((rows.n_groups, rows.n_inner), groups, strict=True):
        if rows.n_trials == n_groups:
            raise CannotFit("one_pupil_per_group", group=group)


def check_columns(names: tuple[str, ...], crossed: Floats, trials: float) -> None:
    """Refuse columns that are constant or follow from the others.

    Parameters:
        names: Names of the p columns.
        crossed: Σ w x x', shape (p, p).
        trials: Σ w.

    Raises:
        CannotFit: ``constant_column`` or ``collinear``, with the names.
    """
    order = sorted(range(len(names)), key=lambda one: names[one] != INTERCEPT)
    left = crossed[np.ix_(order, order)].copy()
    own = np.diag(left).copy()
    sums = left[0].copy() if INTERCEPT in names else np.zeros(len(names))
    centred = own - sums**2 / trials
    shares: Floats = np.zeros(0)
    for place in range(len(order)):
        is_constant = place > 0 and INTERCEPT in names and centred[place] <= CONSTANT * own[place]
        if own[place] == 0.0 or is_constant:
            raise CannotFit("constant_column", columns=(names[order[place]],))
        if place:
            before = _scaled(crossed, order[:place], order[:place])
            own_share = _scaled(crossed, order[:place], [order[place]])[:, 0]
            shares = np.asarray(np.linalg.lstsq(before, own_share, rcond=None)[0], dtype=np.float64)
        if left[place, place] <= REPEATED * (centred[place] if place else own[place]):
            involved = [names[order[one]] for one in range(place) if abs(shares[one]) > INVOLVED]
            raise CannotFit("collinear", columns=(*involved, names[order[place]]))
        left -= np.outer(left[:, place], left[place]) / left[place, place]


def _scaled(crossed: Floats, rows: list[int], columns: list[int]) -> Floats:
    root = np.sqrt(np.diag(crossed))
    scaled: Floats = crossed[np.ix_(rows, columns)] / np.outer(root[rows], root[columns])
    return scaled


def check_separation(names: tuple[str, ...], information: Floats, crossed: Floats, share: float) -> None:
    """Refuse coefficients that grow without end because their pupils all have one outcome.

    Parameters:
        names: Names of the p columns.
        information: Minus the second derivatives by the coefficients at the end of the search, shape (p, p).
        crossed: Σ w x x', shape (p, p).
        share: Share of successes, 0–1.

    Raises:
        CannotFit: ``separated`` with the names of the columns along which nothing holds the search.
    """
    if not names:
        return
    values, vectors = eigh(information, crossed * share * (1.0 - share))
    if values[0] > RUN_AWAY:
        return
    weight = np.abs(vectors[:, 0]) * np.sqrt(np.diag(crossed))
    columns = tuple(name for name, one in zip(names, weight, strict=True) if one > NAMED * weight.max())
    raise CannotFit("separated", columns=columns)
