"""Models of a place, fitted once a school year and kept beside the warehouse; inputs that changed since are noticed."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from shnor_analysis import warehouse
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.files import atomic_folder, clear_parts, sha256_of, write_text
from shnor_analysis.results import NotEstimable
from shnor_analysis.settings import Settings
from shnor_analysis.workspace.fits_folder import POINTER, PREFIX, current_fits, fits_home, next_name
from shnor_analysis.workspace.lock import writing
from shnor_analysis.workspace.programme_fitting import fit_programme, read_programme, store_programme

if TYPE_CHECKING:
    from shnor_analysis.results.school_fits import SchoolFits
    from shnor_analysis.results.town_fits import TownFits
    from shnor_analysis.results.town_programme import TownProgramme

BASIS = "basis.json"
VERSION = 5  # of the models and of what their results mean: what another version fitted is fitted anew
TABLES_READ = (
    "schools",
    "factors",
    "pupils",
    "pupil_results",
    "school_results",
    "participation",
    "listings",
)
REPLICATES = 199

FitsState = Literal["missing", "stale", "current"]
Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class FitOutcome:
    """What became of fitting a school year: `is_new` is false where nothing had changed and nothing was done.

    `fits` are the models of results, `programme` the lists and programmes.
    """

    school_year: int
    is_new: bool
    fits: TownFits
    programme: TownProgramme | NotEstimable
    seconds: float


@dataclass(frozen=True, slots=True)
class FitRequest:
    """Which school year, whether to fit although nothing changed, and how many samples of schools for the bounds."""

    school_year: int
    force: bool = False
    replicates: int = REPLICATES


def fit_year(
    folder: Path, settings: Settings, request: FitRequest, *, tell: Tell | None = None
) -> FitOutcome:
    """Fit the models of a school year and keep them; nothing is done where they are there and nothing changed.

    What is fitted appears whole or not at all: an interruption leaves the earlier results in use.

    Raises: EnvironmentProblem `not_built`, `workspace_busy`; UsageProblem `year_without_results`, `factor_unknown`.
    """
    from shnor_analysis.models.town_fits import TownPlan, fit_town
    from shnor_analysis.results.school_fits import store_school_fits
    from shnor_analysis.results.town_fits import store_town_fits

    start = time.perf_counter()
    with writing(folder):
        fingerprint = inputs_fingerprint(folder, settings, request.school_year, replicates=request.replicates)
        home = fits_home(folder, request.school_year)
        if not request.force and _fingerprint_of(current_fits(home)) == fingerprint:
            kept = read_programme(folder, request.school_year)
            return FitOutcome(request.school_year, False, _load(home), kept, time.perf_counter() - start)
        plan = TownPlan(request.school_year, settings.analysis.factors, request.replicates, settings.seed)
        with warehouse.connected(folder) as connection:
            fits = fit_town(connection, plan, fingerprint=fingerprint, tell=tell)
            programme = fit_programme(connection, settings, request.school_year)
        home.mkdir(parents=True, exist_ok=True)
        clear_parts(home)
        name = next_name(home)
        with atomic_folder(home / name) as part:
            write_text(part / BASIS, _basis(folder, settings))
            store_town_fits(fits, part)
            store_school_fits(fits, part)
            store_programme(programme, part)
        write_text(home / POINTER, name + "\n")
        for other in home.glob(f"{PREFIX}*"):
            if other.name != name:
                shutil.rmtree(other, ignore_errors=True)
    return FitOutcome(request.school_year, True, fits, programme[0], time.perf_counter() - start)


def read_fits(folder: Path, school_year: int, *, only: Collection[str] = ()) -> TownFits | NotEstimable:
    """What was fitted for a school year, whether or not its inputs changed since; `not_fitted` before the first time."""
    home = fits_home(folder, school_year)
    if current_fits(home) is None:
        return NotEstimable("not_fitted", {"year": school_year})
    return _load(home, only)


def read_school_fits(folder: Path, school_year: int, school_id: str) -> SchoolFits | NotEstimable:
    """One school's part of what was fitted; as `read_fits`, but a millisecond however many schools there are."""
    from shnor_analysis.results.school_fits import load_school_fits

    found = current_fits(fits_home(folder, school_year))
    if found is None:
        return NotEstimable("not_fitted", {"year": school_year})
    return load_school_fits(found, school_id)


def fits_state(folder: Path, settings: Settings, school_year: int) -> FitsState:
    """Whether the models of a school year were fitted, and to what is in the warehouse and the settings now.

    The number of samples is not asked: results with more or fewer of them are results of the same inputs.
    """
    found = current_fits(fits_home(folder, school_year))
    if found is None:
        return "missing"
    if (found / BASIS).read_text(encoding="utf-8") == _basis(folder, settings):
        # the same build asked for the same: its files need not be read again, for every page asks
        return "current"
    told = json.loads((found / "fits.json").read_text(encoding="utf-8"))["fingerprint"]
    replicates = int(told.partition("-")[2])
    is_same = told == inputs_fingerprint(folder, settings, school_year, replicates=replicates)
    return "current" if is_same else "stale"


def inputs_fingerprint(folder: Path, settings: Settings, school_year: int, *, replicates: int) -> str:
    """SHA-256 over all that the models of a school year rest on, then the number of samples.

    That is the rows of the tables read, up to the year (prior results are older), factors asked for, listing rule, seed
    and version.

    Raises: EnvironmentProblem `not_built`.
    """
    build = warehouse.require_build(folder)
    digest = hashlib.sha256()
    asked = {
        "version": VERSION,
        "year": school_year,
        **_asked(settings),
    }
    digest.update(json.dumps(asked, sort_keys=True).encode("utf-8"))
    for name in TABLES_READ:
        for part in sorted((build / name).rglob("*.parquet")):
            if _year_of(part) <= school_year:
                digest.update(f"{part.relative_to(build).as_posix()} {sha256_of(part)}\n".encode())
    return f"{digest.hexdigest()}-{replicates}"


def _basis(folder: Path, settings: Settings) -> str:
    """Which build was fitted and what was asked of it, as text."""
    build = warehouse.require_build(folder).name
    return json.dumps({"build": build, "version": VERSION, **_asked(settings)}, sort_keys=True) + "\n"


def _asked(settings: Settings) -> dict[str, Any]:
    """What of the settings the models depend on."""
    return {
        "seed": settings.seed,
        "listing_rule": settings.listing_rule,
        "analysis": settings.analysis.model_dump(mode="json"),
    }


def refuse_year(school_year: int, known: tuple[int, ...]) -> None:
    """UsageProblem `year_without_results` unless the warehouse has results of the year."""
    if school_year not in known:
        allowed = ", ".join(map(str, known)) or "–"
        raise UsageProblem(Problem("year_without_results", found=str(school_year), allowed=allowed))


def _year_of(part: Path) -> int:
    """The school year of a partition; tables without one count for every year."""
    name, _, year = part.parent.name.partition("=")
    return int(year) if name == "school_year" else 0


def _fingerprint_of(found: Path | None) -> str | None:
    if found is None:
        return None
    told: str = json.loads((found / "fits.json").read_text(encoding="utf-8"))["fingerprint"]
    return told


def _load(home: Path, only: Collection[str] = ()) -> TownFits:
    from shnor_analysis.results.town_fits import load_town_fits

    found = current_fits(home)
    assert found is not None
    return load_town_fits(found, only=only)
