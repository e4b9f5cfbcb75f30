"""Effects taken out of the rows instead of being estimated: one way exactly, two ways to the last digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from shnor_analysis.kernels.read_only import make_read_only

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
# residual of the normal equations, as a share of their right side, at which the search rests
TOLERANCE = 1e-14
MOST_STEPS = 10_000
# a column that keeps less than this share of its spread is made of the absorbed effects
SMALLEST_SHARE = 1e-12


@dataclass(frozen=True, slots=True)
class Absorbed:
    """Rows without the absorbed effects.

    Attributes:
        values: The columns less everything that the effects explain, shape (n, k).
        rank: Numbers that the effects take, the general mean included.
        gone: Columns of which nothing is left, positions.
        steps: Steps of the search, the most of any column; 0 for one way, which needs none.
        is_converged: Whether every column came to rest.
    """

    values: Floats
    rank: int
    gone: tuple[int, ...]
    steps: int
    is_converged: bool

    def __post_init__(self) -> None:
        make_read_only(self.values)


def absorb(values: Floats, ways: Sequence[Codes], weights: Floats | None = None) -> Absorbed:
    """Take the effects of one or two groupings out of columns.

    Parameters:
        values: Columns side by side, shape (n, k).
        ways: Group of each row, 0-based without gaps, shape (n,), for each grouping; one or two.
        weights: Precision weights, shape (n,), > 0; None for equal ones.

    Raises:
        ValueError: Not one or two ways.

    Two ways: the first is eliminated exactly, the normal equations of the second are solved by conjugate gradients;
    they are singular (a constant moves between the ways) but consistent, which the method bears.
    Source: Guimarães & Portugal (2010), Stata Journal 10, 628–649; Abowd, Creecy & Kramarz (2002) for the rank.
    """
    if len(ways) not in (1, 2):
        raise ValueError("one or two ways")
    weight = np.ones(len(values)) if weights is None else weights
    first = _Means(ways[0], weight)
    left = first.take_out(values)
    steps, is_converged = 0, True
    if len(ways) == 2:
        left, steps, is_converged = _second_way(left, first, _Means(ways[1], weight))
    spread = np.einsum("nk,n,nk->k", values - np.average(values, axis=0, weights=weight), weight, values)
    kept = np.einsum("nk,n,nk->k", left, weight, left)
    gone = tuple(int(at) for at in np.flatnonzero(kept <= SMALLEST_SHARE * np.abs(spread)))
    return Absorbed(left, _rank(ways), gone, steps, is_converged)


class _Means:
    """Weighted means of a grouping."""

    def __init__(self, codes: Codes, weight: Floats) -> None:
        self.codes, self.weight = codes, weight
        self.total = np.bincount(codes, weights=weight)
        rows = np.arange(len(codes))
        self.sums = csr_array((weight, (codes, rows)), shape=(len(self.total), len(codes)))

    def of(self, values: Floats) -> Floats:
        """Mean of each group, shape (G, k)."""
        return np.asarray(self.sums @ values) / self.total[:, None]

    def take_out(self, values: Floats) -> Floats:
        """Values less the mean of their group."""
        left: Floats = values - self.of(values)[self.codes]
        return left


def _second_way(left: Floats, first: _Means, second: _Means) -> tuple[Floats, int, bool]:
    """Solve for the effects of the second way where the first is already out, all columns at once."""
    shape = (len(first.total), len(second.total))
    both = coo_array((first.weight, (first.codes, second.codes)), shape=shape).tocsr()

    def equations(effects: Floats) -> Floats:
        """Left side of the normal equations of the second way, the first eliminated."""
        through = np.asarray(both @ effects) / first.total[:, None]
        image: Floats = second.total[:, None] * effects - np.asarray(both.T @ through)
        return image

    right = np.asarray(second.sums @ left)
    effects = np.zeros_like(right)
    rest, scaled = right.copy(), right / second.total[:, None]
    direction, size = scaled.copy(), _dots(right, scaled)
    goal, step = TOLERANCE**2 * np.maximum(size, np.finfo(float).tiny), 0
    while (size > goal).any() and step < MOST_STEPS:
        image = equations(direction)
        length = _ratio(size, _dots(direction, image))
        effects += length * direction
        rest -= length * image
        scaled = rest / second.total[:, None]
        new = _dots(rest, scaled)
        direction = scaled + _ratio(new, size) * direction
        size, step = new, step + 1
    found: Floats = left - effects[second.codes]
    return first.take_out(found), step, not bool((size > goal).any())


def _dots(one: Floats, other: Floats) -> Floats:
    dots: Floats = np.einsum("gk,gk->k", one, other)
    return dots


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _rank(ways: Sequence[Codes]) -> int:
    """Groups of all ways less one for each set of groups that rows connect beyond the first."""
    counts = [int(codes.max()) + 1 for codes in ways]
    if len(ways) == 1:
        return counts[0]
    graph = coo_array(
        (np.ones(len(ways[0])), (ways[0], ways[1] + counts[0])), shape=(sum(counts), sum(counts))
    )
    parts, _ = connected_components(graph.tocsr(), directed=False)
    return sum(counts) - int(parts)


def is_nested(inner: Codes, outer: Codes) -> bool:
    """Tell whether each group of `inner` lies in one group of `outer`."""
    home = np.empty(int(inner.max()) + 1, dtype=np.intp)
    home[inner] = outer
    return bool(np.array_equal(home[inner], outer))
