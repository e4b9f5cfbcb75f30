"""Arrays of frozen values: nobody writes into them."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray


def make_read_only(*arrays: NDArray[Any] | None) -> None:
    """Forbid writing into arrays of any shape, in place and without a copy; None is passed over.

    Limits: whoever owns an array can allow writing again; values that users hold copy (`results.freezing`).
    """
    for array in arrays:
        if array is not None:
            array.flags.writeable = False
