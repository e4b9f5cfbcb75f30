"""The card of a file: what is kept of a raw file when the file itself is not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileCard:
    """Which file was read, when, by which layouts, and how many rows it gave.

    `report` holds the codes of its layouts joined by "+"; `received` is an ISO date and time in UTC; `rows` holds
    pairs of table and number of rows. `has_personal` marks names or pupil codes inside: no raw copy is kept.
    """

    sha256: str
    file_name: str
    report: str
    received: str
    owner: str
    rows: tuple[tuple[str, int], ...]
    is_verified_layout: bool
    has_personal: bool
