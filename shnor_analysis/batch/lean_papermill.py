"""Papermill without the slowest part of its import: a grammar for addresses that no notebook needs."""

from __future__ import annotations

import sys
from functools import lru_cache
from types import ModuleType

UNUSED_GRAMMAR = "rfc3987_syntax"


@lru_cache(maxsize=1)
def papermill() -> ModuleType:
    """Import papermill; the checker of international addresses, which builds a grammar at import, stays out.

    jsonschema takes it as optional: without it only the format "iri" goes unchecked, and notebooks have none.
    """
    is_free = UNUSED_GRAMMAR not in sys.modules
    if is_free:
        sys.modules[UNUSED_GRAMMAR] = None  # type: ignore[assignment]  # makes the optional import fail at once
    try:
        import papermill as module
    finally:
        if is_free:
            del sys.modules[UNUSED_GRAMMAR]
    return module  # type: ignore[no-any-return]
