"""What a model asks of the data and does not find there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class CannotFit(Exception):
    """The data do not identify the model; `reason_code` says why, `fields` fill the places of its text.

    Codes of every kernel: ``no_rows``, ``too_few_rows`` (fields ``n_rows``, ``n_needed``), ``one_group`` and
    ``one_pupil_per_group`` (``group``), ``constant_outcome``, ``constant_column`` and ``collinear`` (``columns``: a tuple
    of names), ``perfect_fit``, ``too_few_clusters`` (``columns``). Absorbed effects add ``absorbed_column`` (``columns``), ``absorbed_outcome`` and
    ``absorbed_crossing``, logistic models ``separated`` (``columns``), ``groups_separated`` and ``no_optimum``.
    """

    def __init__(self, reason_code: str, **fields: object) -> None:
        self.reason_code = reason_code
        self.fields: Mapping[str, object] = MappingProxyType(fields)
        super().__init__(reason_code)
