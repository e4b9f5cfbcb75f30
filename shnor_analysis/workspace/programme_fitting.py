"""Lists, programmes and courses of a place, kept beside its other models; one school's part is read by itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from shnor_analysis import warehouse
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.reference.listing_rules import listing_rule
from shnor_analysis.results import NotEstimable
from shnor_analysis.settings import Settings
from shnor_analysis.workspace.fits_folder import current_fits, fits_home

if TYPE_CHECKING:
    from shnor_analysis.results.programme_effect import ProgrammeEffect
    from shnor_analysis.results.town_programme import SchoolRecord, TownProgramme
    from shnor_analysis.warehouse.analysis.panel import ResultsPanel
    from shnor_analysis.warehouse.engine import Connection

PROGRAMME = "programme"
Fitted = tuple["TownProgramme", tuple["SchoolRecord", ...]]


def fit_programme(connection: Connection, settings: Settings, school_year: int) -> Fitted:
    """Work out lists, programmes and courses for a school year.

    Raises: UsageProblem for a listing rule that is unknown or cannot be computed.
    """
    from shnor_analysis.models.town_programme import ProgrammePlan, fit_town_programme
    from shnor_analysis.warehouse.analysis import collect_panel, read_participants

    rule = listing_rule(settings.listing_rule)
    panel = collect_panel(connection, school_year=school_year, rule=rule)
    participants = read_participants(connection, school_year=school_year)
    return fit_town_programme(panel, participants, ProgrammePlan(school_year, rule, settings.seed))


def store_programme(fitted: Fitted, folder: Path) -> None:
    """Write what was worked out into a folder of the fits."""
    from shnor_analysis.results.town_programme_files import store_town_programme

    town, schools = fitted
    store_town_programme(town, schools, folder / PROGRAMME)


def read_programme(folder: Path, school_year: int) -> TownProgramme | NotEstimable:
    """The town's part of what was worked out; NotEstimable `not_fitted` before the first time."""
    from shnor_analysis.results.town_programme_files import load_town_programme

    home = _home(folder, school_year)
    return load_town_programme(home) if home else NotEstimable("not_fitted", {"year": school_year})


def read_school_records(
    folder: Path, school_year: int, school_ids: Iterable[str]
) -> dict[str, SchoolRecord] | NotEstimable:
    """The records of some schools, by school; as `read_programme`, but a millisecond however many schools there are."""
    from shnor_analysis.results.town_programme_files import load_school_records

    home = _home(folder, school_year)
    if home is None:
        return NotEstimable("not_fitted", {"year": school_year})
    return load_school_records(home, school_ids)


def read_panel_of(folder: Path, settings: Settings, school_year: int) -> ResultsPanel:
    """The panel up to a school year, straight from the warehouse."""
    from shnor_analysis.warehouse.analysis import collect_panel

    with warehouse.connected(folder) as connection:
        return collect_panel(connection, school_year=school_year, rule=listing_rule(settings.listing_rule))


def effect_of(found: TownProgramme, programme: str | None) -> ProgrammeEffect | NotEstimable:
    """One programme's effect, by default that of the largest.

    Raises: UsageProblem `programme_unknown`.
    """
    effects = found.effects()
    if programme is None:
        return next(iter(effects.values()), NotEstimable("no_programme"))
    if programme not in effects:
        allowed = ", ".join(effects) or "–"
        raise UsageProblem(Problem("programme_unknown", found=programme, allowed=allowed))
    return effects[programme]


def _home(folder: Path, school_year: int) -> Path | None:
    found = current_fits(fits_home(folder, school_year))
    return found / PROGRAMME if found is not None and (found / PROGRAMME).is_dir() else None
