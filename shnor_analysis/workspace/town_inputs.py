"""What all reports of a school year read, read once: by a process for itself, or for the processes forked from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from shnor_analysis import shared_state, warehouse
from shnor_analysis.accounting import Accounting
from shnor_analysis.evaluation import TownIndicators
from shnor_analysis.settings import Settings
from shnor_analysis.warehouse.build import POINTER, WAREHOUSE
from shnor_analysis.warehouse.records import VALIDATED
from shnor_analysis.workspace import fits_folder
from shnor_analysis.workspace.fitting import fits_state
from shnor_analysis.workspace.prepared import fingerprint, indicators_home, prepared_town

Tables = Callable[[str], pd.DataFrame]
Stamp = tuple[object, ...]
_shared: dict[Stamp, TownInputs] = {}


@dataclass(frozen=True, slots=True)
class TownInputs:
    """The town's indicators, the account of the data's way into the warehouse, whether the models are older than the data."""

    town: TownIndicators
    accounting: Accounting
    is_stale: bool


def town_inputs(folder: Path, settings: Settings, school_year: int, tables: Tables) -> TownInputs:
    """Read what the reports of a school year share, or take what this process was given (`share_inputs`).

    Parameters: tables — gives a table of the warehouse, for the first report after a build.
    Raises: EnvironmentProblem `not_built`; UsageProblem as `prepare_town`.
    """
    known = _shared.get(_stamp(folder, settings, school_year)) if _shared else None
    return known or _read(folder, settings, school_year, tables)


def share_inputs(folder: Path, settings: Settings, school_year: int) -> bool:
    """Read and keep them for the processes that will be forked from this one; starts no thread.

    They serve as long as nothing was stored, built or fitted since, and their fingerprint stands in `shared_state`.
    Nothing is kept, and the answer is False, where the indicators of the year are not worked out yet.
    """
    build = warehouse.current_build(folder)
    home = indicators_home(build, settings, school_year) if build else None
    if home is None or not home.is_dir():
        return False
    stamp = _stamp(folder, settings, school_year)
    read = _read(folder, settings, school_year, _no_table)
    _shared[stamp] = replace(read, town=read.town.by_school())
    shared_state.declare(f"indicators_{school_year}", fingerprint(home))
    return True


def _read(folder: Path, settings: Settings, school_year: int, tables: Tables) -> TownInputs:
    build, records = warehouse.require_build(folder), warehouse.read_records(folder)
    cards = (record.card for record in records)
    return TownInputs(
        prepared_town(build, tables, settings=settings, school_year=school_year, cards=cards),
        warehouse.read_accounting(folder, records),
        fits_state(folder, settings, school_year) == "stale",
    )


def _no_table(name: str) -> pd.DataFrame:
    raise LookupError(name)


def _stamp(folder: Path, settings: Settings, school_year: int) -> Stamp:
    """Year, settings, and the moment of each file that is replaced when data are stored, built or fitted."""
    fits = fits_folder.fits_home(folder, school_year) / fits_folder.POINTER
    told = (folder / WAREHOUSE / POINTER, folder / VALIDATED / "cards", fits)
    return (folder.resolve(), school_year, settings, *map(_moment, told))


def _moment(path: Path) -> tuple[int, int]:
    """When a file or a folder was changed last and which one it is; zeros where there is none."""
    try:
        known = path.stat()
    except FileNotFoundError:
        return 0, 0
    return known.st_mtime_ns, known.st_ino
