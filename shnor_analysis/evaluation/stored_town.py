"""The town's indicators as plain tables and back, so that a batch of reports works them out once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pandas as pd

from shnor_analysis.accounting import Accounting, Reason, Step
from shnor_analysis.errors import Problem, RuleBroken
from shnor_analysis.evaluation.conversion import rows
from shnor_analysis.evaluation.town_indicators import FRAME_NAMES, TownIndicators
from shnor_analysis.reference.calendar_breaks import calendar_breaks
from shnor_analysis.reference.listing_rules import listing_rule
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.settings import Settings

ACCOUNTING = "accounting"
COLUMNS = ("place", "code", "subject", "rows_in", "rows_out", "reason", "reason_n", "reason_fields")


def town_to_frames(town: TownIndicators) -> dict[str, pd.DataFrame]:
    """All tables of indicators by name, and the accounting as one more; each can be written to Parquet."""
    return {**town.to_frames(), ACCOUNTING: _accounting_frame(town.accounting)}


def town_from_frames(
    frames: Mapping[str, pd.DataFrame],
    *,
    settings: Settings,
    school_year: int,
    cards: Iterable[FileCard] = (),
) -> TownIndicators:
    """Put stored tables together again.

    Args:
        frames: What `town_to_frames` gave.
        settings: The settings under which the town was prepared; another listing rule needs a new preparation.
        school_year: The year for which it was prepared.
        cards: Cards of the raw files.

    Raises:
        RuleBroken: `indicators_incomplete`, one problem for each table that is missing.
    """
    missing = [name for name in (*FRAME_NAMES, ACCOUNTING) if name not in frames]
    if missing:
        raise RuleBroken(Problem("indicators_incomplete", found=name) for name in missing)
    return TownIndicators(
        settings=settings,
        school_year=school_year,
        rule=listing_rule(settings.listing_rule),
        breaks=calendar_breaks(),
        cards=tuple(cards),
        accounting=_accounting_of(frames[ACCOUNTING]),
        _frames=MappingProxyType({name: frames[name] for name in FRAME_NAMES}),
    )


def _accounting_frame(accounting: Accounting) -> pd.DataFrame:
    """A row a step and reason; a step without reasons has one row with an empty reason."""
    told: list[tuple[object, ...]] = []
    for place, step in enumerate(accounting.steps):
        known = (place, step.code, step.subject, step.rows_in, step.rows_out)
        why = [(reason.code, reason.n, _fields(reason)) for reason in step.reasons] or [("", 0, "{}")]
        told.extend((*known, *one) for one in why)
    return pd.DataFrame(told, columns=list(COLUMNS))


def _fields(reason: Reason) -> str:
    return json.dumps(dict(reason.fields), ensure_ascii=False, sort_keys=True)


def _accounting_of(frame: pd.DataFrame) -> Accounting:
    steps: dict[int, Step] = {}
    for row in rows(frame):
        place = int(row["place"])
        before = steps[place].reasons if place in steps else ()
        code, fields = str(row["reason"]), json.loads(row["reason_fields"])
        reasons = (*before, Reason(code, int(row["reason_n"]), fields)) if code else before
        steps[place] = Step(
            str(row["code"]), str(row["subject"]), int(row["rows_in"]), int(row["rows_out"]), reasons
        )
    return Accounting(tuple(steps[place] for place in sorted(steps)))
