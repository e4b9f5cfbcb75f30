"""Which published facts behind a report nobody has checked against their documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from shnor_analysis.evaluation.conversion import rows
from shnor_analysis.evaluation.facts import SourceFile
from shnor_analysis.evaluation.town_indicators import TownIndicators
from shnor_analysis.reference.calendar_breaks import SeriesBreak
from shnor_analysis.reference.exam_minima import CERTIFICATE, exam_minimum

COUNTED_FROM = "pupil_results"  # what stands for the report of a row that was counted from that table


def unverified_facts(
    town: TownIndicators,
    breaks: Iterable[SeriesBreak],
    files: Iterable[SourceFile],
    *,
    shares: pd.DataFrame,
) -> tuple[str, ...]:
    """Name what the report uses and nobody has checked, each once.

    Args:
        town: The town's indicators, for its rule.
        breaks: Breaks that the report names.
        files: Files that the report names.
        shares: The mark shares that the report rests on (`build_mark_shares`).

    Returns:
        `listing_rule.<version>`, `break.<code>`, `exam_minimum.<assessment>.<subject>.<minimum>`, `layout.<code>`.
    """
    found: list[str] = []
    if not town.rule.provenance.is_verified:
        found.append(f"listing_rule.{town.rule.version}")
    found.extend(f"break.{item.code}" for item in breaks if not item.provenance.is_verified)
    found.extend(_minima(shares))
    layouts = {code for file in files if not file.is_verified_layout for code in file.report.split("+")}
    found.extend(f"layout.{code}" for code in sorted(layouts))
    return tuple(dict.fromkeys(found))


def _minima(shares: pd.DataFrame) -> Iterator[str]:
    """The certificate's minima under which pupils without marks were counted as low results."""
    judged = shares["mark_2_n"].isna() & shares["low_n"].notna() & (shares["report"] == COUNTED_FROM)
    named = shares.loc[judged, ["assessment", "subject", "school_year"]].drop_duplicates()
    for row in rows(named.sort_values(list(named.columns))):
        assessment, subject = str(row["assessment"]), str(row["subject"])
        known = exam_minimum(subject, int(row["school_year"]), CERTIFICATE, assessment=assessment)
        if known is not None and not known.provenance.is_verified:
            yield f"exam_minimum.{assessment}.{subject}.{known.minimum}"
