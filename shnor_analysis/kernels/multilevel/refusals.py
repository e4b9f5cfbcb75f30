"""What a model asks of the data and does not find there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class CannotFit(Exception):
    """The data do not identify the model; `reason_code` says why, `fields` fill the places of its text.

    Codes: ``no_rows``, ``too_few_rows``, ``one_group``, ``one_pupil_per_group`` (field ``group``),
    ``constant_outcome``, ``constant_column`` and ``collinear`` (field ``columns``: a tuple of names), ``no_optimum``.
    """

    def __init__(self, reason_code: str, **fields: object) -> None:
        self.reason_code = reason_code
        self.fields: Mapping[str, object] = MappingProxyType(fields)
        super().__init__(reason_code)
