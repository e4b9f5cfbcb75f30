"""From rows of the indicator tables to facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from shnor_analysis.evaluation.facts import (
    LevelResult,
    MarkResult,
    Measure,
    Procedure,
    SourceFile,
    SourceRange,
)
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.schemas import MARKS
from shnor_analysis.schemas.card import FileCard

Row = Mapping[Any, Any]


def is_missing(value: Any) -> bool:
    """Tell whether a cell is empty, in whatever way its column is."""
    return bool(pd.isna(value))


def rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """The rows of a frame as dictionaries."""
    if frame.empty:
        return []
    names = list(frame.columns)
    cells = [frame[name].tolist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*cells, strict=True)]


def procedure_of(row: Row, prefix: str = "") -> Procedure:
    """The procedure that a row is about; `prefix` stands before its year and date."""
    day = row[f"{prefix}test_date"]
    return Procedure(
        school_year=int(row[f"{prefix}school_year"]),
        assessment=str(row["assessment"]),
        subject=str(row["subject"]),
        grade=int(row["grade"]),
        season=str(row["season"]),
        test_date=None if is_missing(day) else pd.Timestamp(day).date(),
    )


def procedure_key(row: Row) -> tuple[int, str, str, int, str]:
    """What rows of one procedure have in common on all levels."""
    return (
        int(row["school_year"]),
        str(row["assessment"]),
        str(row["subject"]),
        int(row["grade"]),
        str(row["season"]),
    )


def years_of(school_year: int) -> str:
    """The two calendar years of a school year: 2024 is 2023/24."""
    return f"{school_year - 1}/{school_year % 100:02d}"


def mark_result_of(row: Row) -> MarkResult:
    """Numbers and shares of a row of `build_mark_shares`."""
    counts = [row[f"mark_{mark}_n"] for mark in MARKS]
    known = not any(is_missing(count) for count in counts)
    two, three, four, five = (int(count) if known else 0 for count in counts)
    return MarkResult(
        tested_n=int(row["tested_n"]),
        tested_n_is_estimated=bool(row["tested_n_is_estimated"]),
        mark_n=(two, three, four, five) if known else None,
        low=measure_of(row, "low"),
        success=measure_of(row, "success"),
        quality=measure_of(row, "quality"),
    )


def measure_of(row: Row, name: str) -> Measure:
    """A share with its interval, or `marks_not_given`."""
    share = row[f"{name}_share"]
    if is_missing(share):
        return NotEstimable("marks_not_given")
    return Estimate(float(share), float(row[f"{name}_conf_low"]), float(row[f"{name}_conf_high"]))


def level_of(row: Row) -> LevelResult:
    """A row of the levels table."""
    schools_n = row.get("schools_n")
    return LevelResult(
        area_level=str(row["area_level"]),
        area_id=str(row["area_id"]),
        result_source=str(row["result_source"]),
        schools_n=None if schools_n is None or is_missing(schools_n) else int(schools_n),
        marks=mark_result_of(row),
    )


class Origins:
    """Names the files behind rows and remembers which ones were named."""

    def __init__(self, cards: Iterable[FileCard]) -> None:
        self._cards = {card.sha256: card for card in cards}
        self._used: set[str] = set()

    def of(self, row: Row) -> tuple[SourceRange, ...]:
        """The cells that a row came from; empty for a row that was computed."""
        digest = row.get("source_sha256")
        if is_missing(digest):
            return ()
        digest = str(digest)
        self._used.add(digest)
        card = self._cards.get(digest)
        name = card.file_name if card else digest[:12]
        return (SourceRange(name, digest, str(row["source_sheet"]), str(row["source_cells"])),)

    def files(self) -> tuple[SourceFile, ...]:
        """Every file named so far, by name."""
        return self._files(self._used)

    def files_behind(self, *frames: pd.DataFrame) -> tuple[SourceFile, ...]:
        """The other files that tables rest on: behind sums, quartiles and ranks in which more rows than named count."""
        known = {str(one) for frame in frames for one in frame["source_sha256"].dropna().unique()}
        return self._files(known - self._used)

    def _files(self, digests: set[str]) -> tuple[SourceFile, ...]:
        chosen = [card for digest, card in self._cards.items() if digest in digests]
        return tuple(
            SourceFile(card.file_name, card.sha256, card.report, card.received, card.is_verified_layout)
            for card in sorted(chosen, key=lambda card: (card.file_name, card.sha256))
        )
