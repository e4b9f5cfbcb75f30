"""Which rows of the levels stand above a school's result."""

from __future__ import annotations

from shnor_analysis.evaluation.conversion import Origins, Row, level_of, procedure_key, rows
from shnor_analysis.evaluation.facts import LevelResult, SourceRange
from shnor_analysis.evaluation.town_indicators import TownIndicators
from shnor_analysis.results import NotEstimable

LEVELS = ("municipality", "region", "russia")


class LevelFinder:
    """Finds municipality, region and country for the procedures of one municipality."""

    def __init__(self, town: TownIndicators, *, municipality_id: str, region_id: str) -> None:
        self._wanted = {"municipality": municipality_id, "region": region_id, "russia": None}
        self._rows: dict[tuple[str, tuple[int, str, str, int, str]], list[Row]] = {}
        frame = town.frame("levels")
        own = (frame["area_level"] != "municipality") | (frame["area_id"] == municipality_id)
        for row in rows(frame[own]):
            self._rows.setdefault((str(row["area_level"]), procedure_key(row)), []).append(row)

    def levels(
        self, result: Row, origins: Origins
    ) -> tuple[tuple[LevelResult | NotEstimable, ...], tuple[SourceRange, ...]]:
        """The three levels of a procedure, each a result or the reason why there is none, and their origin."""
        found: list[LevelResult | NotEstimable] = []
        sources: list[SourceRange] = []
        for level in LEVELS:
            row = self.row(level, result)
            if row is None:
                found.append(NotEstimable(f"no_{level}_result"))
            else:
                found.append(level_of(row))
                sources.extend(origins.of(row))
        return tuple(found), tuple(sources)

    def row(self, level: str, result: Row) -> Row | None:
        """The level's row in the procedure of a result.

        A published area may be named otherwise than in the settings: the only area of a level is taken as it is.
        """
        candidates = self._rows.get((level, procedure_key(result)), [])
        named = [row for row in candidates if row["area_id"] == self._wanted[level]]
        chosen = named or candidates
        return chosen[0] if len(chosen) == 1 else None
