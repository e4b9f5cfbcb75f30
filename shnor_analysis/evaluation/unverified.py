"""Which published facts behind a report nobody has checked against their documents."""

from __future__ import annotations

from collections.abc import Iterable

from shnor_analysis.evaluation.facts import SourceFile
from shnor_analysis.evaluation.town_indicators import TownIndicators
from shnor_analysis.reference.calendar_breaks import SeriesBreak


def unverified_facts(
    town: TownIndicators, breaks: Iterable[SeriesBreak], files: Iterable[SourceFile]
) -> tuple[str, ...]:
    """Name them as `listing_rule.<version>`, `break.<code>` and `layout.<code>`, each once."""
    found: list[str] = []
    if not town.rule.provenance.is_verified:
        found.append(f"listing_rule.{town.rule.version}")
    found.extend(f"break.{item.code}" for item in breaks if not item.provenance.is_verified)
    layouts = {code for file in files if not file.is_verified_layout for code in file.report.split("+")}
    found.extend(f"layout.{code}" for code in sorted(layouts))
    return tuple(dict.fromkeys(found))
