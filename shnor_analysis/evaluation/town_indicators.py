"""The town's indicators, worked out once and read by every report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis import indicators
from shnor_analysis.accounting import Accounting
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.evaluation.areas import build_levels
from shnor_analysis.reference.calendar_breaks import SeriesBreak, calendar_breaks
from shnor_analysis.reference.listing_rules import ListingRule, listing_rule
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.settings import Settings

Tables = Callable[[str], pd.DataFrame]
Places = Mapping[str, "np.typing.NDArray[np.intp]"]
NOWHERE = np.empty(0, dtype=np.intp)
FRAME_NAMES = (
    "schools",
    "shares",
    "pooled",
    "without_special_needs",
    "levels",
    "changes",
    "agreement",
    "context",
    "participation",
    "rule_outcomes",
    "rule_evidence",
    "issued_lists",
    "listings",
    "list_flow",
)


@dataclass(frozen=True, slots=True)
class TownIndicators:
    """Everything that the reports of one school year share; made by `prepare_town`.

    The frames (FRAME_NAMES) are handed out by `frame` and `to_frames` as copies.
    """

    settings: Settings
    school_year: int
    rule: ListingRule
    breaks: tuple[SeriesBreak, ...]
    cards: tuple[FileCard, ...]
    accounting: Accounting
    _frames: Mapping[str, pd.DataFrame]
    _places: Mapping[str, Places] = field(default_factory=dict)

    def frame(self, name: str) -> pd.DataFrame:
        """One table of indicators; KeyError when there is none of the name."""
        return self._frames[name].copy(deep=False)

    def own(self, name: str, school_id: str) -> pd.DataFrame:
        """The rows of one school in a table of indicators that has its column `school_id`."""
        frame = self._frames[name]
        if name in self._places:
            return frame.take(self._places[name].get(school_id, NOWHERE))
        return frame[frame["school_id"] == school_id]

    def by_school(self) -> TownIndicators:
        """The same indicators with the places of each school's rows at hand, for who asks for many schools."""
        places: dict[str, Any] = {
            name: dict(frame.groupby("school_id").indices)
            for name, frame in self._frames.items()
            if "school_id" in frame.columns
        }
        return replace(self, _places=MappingProxyType(places))

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """All tables of indicators by name, to be stored."""
        return {name: self.frame(name) for name in self._frames}

    @property
    def rule_list_year(self) -> int:
        """The list year that looks at the results of the report year."""
        return self.school_year + newest_years_back(self.rule)


def newest_years_back(rule: ListingRule) -> int:
    """How many years lie between the list year of a rule and the newest school year it takes as a whole."""
    whole = [data.years_back for data in rule.data if data.season != "autumn"]
    return min(whole or [data.years_back for data in rule.data])


def prepare_town(
    tables: Tables, *, settings: Settings, school_year: int, cards: Iterable[FileCard] = ()
) -> TownIndicators:
    """Work out every indicator up to a school year from the tables of the warehouse.

    Args:
        tables: Gives a table by its name.
        settings: Place, rule and seed.
        school_year: Year of the reports; later results are left out.
        cards: Cards of the raw files, for the names behind the hashes.

    Returns:
        Indicators of all schools of the register, with one accounting of all steps.

    Raises:
        UsageProblem: `year_without_results`, or an unknown listing rule.
    """
    rule = listing_rule(settings.listing_rule)
    results = _up_to(tables("school_results"), school_year)
    _check_year(results, tables("school_results"), school_year)
    schools, pupil_results = tables("schools"), _up_to(tables("pupil_results"), school_year)
    breaks = calendar_breaks()
    shares, accounting = indicators.build_mark_shares(results)
    pooled, step = indicators.build_pooled_shares(shares, pupil_results, school_year=school_year)
    accounting += step
    without, step = indicators.build_shares_without_special_needs(shares, pupil_results, tables("pupils"))
    accounting += step
    levels, step = build_levels(shares, schools, _up_to(tables("area_results"), school_year))
    accounting += step
    changes, step = indicators.build_changes(shares, breaks=breaks)
    accounting += step
    lists, step = _build_lists(tables, shares, rule, settings, school_year)
    accounting += step
    agreement, step = indicators.build_agreement(
        _up_to(tables("mark_comparisons"), school_year), pupil_results
    )
    accounting += step
    context, step = indicators.build_context(_up_to(tables("factors"), school_year), schools)
    frames = {
        "schools": schools,
        "shares": shares,
        "pooled": pooled,
        "without_special_needs": without,
        "levels": levels,
        "changes": changes,
        "agreement": agreement,
        "context": context,
        "participation": tables("participation"),
        **lists,
    }
    return TownIndicators(
        settings=settings,
        school_year=school_year,
        rule=rule,
        breaks=breaks,
        cards=tuple(cards),
        accounting=accounting + step,
        _frames=MappingProxyType(frames),
    )


def _up_to(table: pd.DataFrame, school_year: int) -> pd.DataFrame:
    return table[table["school_year"] <= school_year]


def _check_year(results: pd.DataFrame, every: pd.DataFrame, school_year: int) -> None:
    if (results["school_year"] == school_year).any():
        return
    known = ", ".join(str(year) for year in sorted(every["school_year"].dropna().unique()))
    raise UsageProblem(Problem("year_without_results", found=str(school_year), allowed=known or "–"))


def _build_lists(
    tables: Tables, shares: pd.DataFrame, rule: ListingRule, settings: Settings, school_year: int
) -> tuple[dict[str, pd.DataFrame], Accounting]:
    last = school_year + newest_years_back(rule)
    listings = tables("listings")
    listings = listings[listings["school_year"] <= last]
    with_results = {int(year) for year in shares["school_year"].unique()}
    first = min(with_results) if with_results else school_year
    list_years = tuple(
        year for year in range(first, last + 1) if with_results.intersection(rule.data_years(year))
    )
    outcomes, evidence, accounting = indicators.apply_listing_rule(
        shares, rule, list_years=list_years, seed=settings.seed
    )
    schools = tables("schools")
    issued, step = indicators.build_issued_lists(listings, schools)
    accounting += step
    flows, step = _build_flows(issued, outcomes, schools, settings.municipality_id)
    frames = {
        "rule_outcomes": outcomes,
        "rule_evidence": evidence,
        "issued_lists": issued,
        "listings": listings,
        "list_flow": flows,
    }
    return frames, accounting + step


def _build_flows(
    issued: pd.DataFrame, outcomes: pd.DataFrame, schools: pd.DataFrame, municipality_id: str
) -> tuple[pd.DataFrame, Accounting]:
    """The flow of the municipality's own schools; the register may hold those of others, too."""
    own = schools.loc[schools["municipality_id"] == municipality_id, "school_id"]
    flow_issued, accounting = indicators.build_list_flow(
        issued[issued["school_id"].isin(own)], source="issued"
    )
    status = outcomes.rename(columns={"fires": "is_listed"})
    flow_rule, step = indicators.build_list_flow(status[status["school_id"].isin(own)], source="rule")
    return pd.concat([flow_issued, flow_rule], ignore_index=True), accounting + step
