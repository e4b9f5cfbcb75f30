"""Arrays that cannot be changed: frozen values hold nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def frozen(values: ArrayLike) -> NDArray[np.float64]:
    """Copy numbers into an array that nobody can make writable again (its memory is immutable bytes).

    Returns the same shape, float64. `setflags(write=True)` on it raises ValueError, unlike on a read-only copy.
    """
    array = np.ascontiguousarray(values, dtype=np.float64)
    return np.frombuffer(array.tobytes(), dtype=np.float64).reshape(array.shape)


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two fields of a value are equal: arrays by every number (NaN equals NaN), the rest by `==`."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other, equal_nan=True))
    return bool(one == other)
