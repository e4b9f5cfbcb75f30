"""What each report reads besides its template and parameters, as hashes: a report whose hashes stay would say the same.

A school's page rests on its own rows of the town's indicators, on what stands above them (municipality, region, country,
the same tests), on its part of the fitted models and on that of like schools, on the years of lists, on the cards of the
files behind, and on the account of the data's way. Every table is hashed once for all schools.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shnor_analysis.batch.content_keys import canonical, code_digest, installed_versions
from shnor_analysis.evaluation import TownIndicators
from shnor_analysis.results.school_lines import raw_lines
from shnor_analysis.settings import Settings
from shnor_analysis.warehouse.records import accounting_to
from shnor_analysis.workspace.fits_folder import current_fits, fits_home
from shnor_analysis.workspace.fitting import BASIS
from shnor_analysis.workspace.plan_files import PLANS_FOLDER
from shnor_analysis.workspace.programme_fitting import PROGRAMME
from shnor_analysis.workspace.row_hashes import hash_frame, hash_groups, hash_rows
from shnor_analysis.workspace.town_inputs import TownInputs

OWN = (
    "schools",
    "shares",
    "without_special_needs",
    "changes",
    "agreement",
    "context",
    "rule_outcomes",
    "rule_evidence",
    "listings",
)
TEST = ["school_year", "assessment", "subject", "grade", "season"]
# they choose what is made and how, or are told by the parameters of a report
NOT_READ = frozenset({"engine", "audience", "language"})
LOW_RESULTS = "low_results"
LINEAGE = "source_sha256"
# what numbers, figures and pages are made with
SOFTWARE = (
    "python",
    "babel",
    "duckdb",
    "great_tables",
    "ipykernel",
    "ipython",
    "jinja2",
    "matplotlib",
    "nbclient",
    "nbconvert",
    "nbformat",
    "numpy",
    "pandas",
    "papermill",
    "pillow",
    "pyarrow",
    "scipy",
    "seaborn",
    "shnor_analysis",
)
Inputs = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Models:
    """Every school's lines of what was fitted, and what holds for all of them; empty before the first time."""

    told: bytes
    fits: Mapping[str, bytes]
    records: Mapping[str, bytes]


def school_inputs(
    folder: Path, read: TownInputs, school_ids: Iterable[str], *, audience: str
) -> dict[str, Inputs]:
    """The hashes of what the reports of schools read, by school; 1,000 schools take about a second.

    Args:
        folder: the workspace.
        read: what all reports of the school year share.
        school_ids: schools of the register.
        audience: the account of the reading of files stands on pages for the department only.
    """
    town = read.town
    own = {name: hash_groups(town.frame(name), ["school_id"]) for name in OWN}
    own["participation"] = hash_groups(_participation(town), ["school_id"])
    levels = _Levels(town)
    models = _read_models(folder, town.school_year)
    names = _names(town)
    common = {
        **_common(town.settings),
        "lists": _lists(town),
        "files": _files(town),
        "accounting": _accounting(read, audience),
    }
    return {
        code: {
            **common,
            "data": _digest(*(own[name].get((code,), b"-") for name in own)),
            "levels": levels.of(code),
            "models": _models_of(models, code, names, is_stale=read.is_stale),
        }
        for code in school_ids
    }


def town_inputs_read(folder: Path, read: TownInputs, *, audience: str) -> Inputs:
    """The hashes of what the municipality's report reads: every school's rows, all that was fitted, the frozen plans."""
    town = read.town
    frames = {**town.to_frames(), "participation": _participation(town)}
    fits = current_fits(fits_home(folder, town.school_year))
    models = sorted(path for path in fits.rglob("*") if path.name != BASIS) if fits else []
    plans = sorted((folder / PLANS_FOLDER).glob("*.toml"))
    return {
        **_common(town.settings),
        "files": _files(town),
        "accounting": _accounting(read, audience),
        "data": _digest(*(hash_frame(frames[name]) for name in sorted(frames))),
        "models": _digest(str(read.is_stale).encode(), *map(_file, models)),
        "plans": _digest(*map(_file, plans)),
    }


def software() -> Inputs:
    """The versions of the packages that a page depends on."""
    installed = installed_versions()
    return {name: installed[name] for name in SOFTWARE if name in installed}


class _Levels:
    """What stands above the results of a school, test by test."""

    def __init__(self, town: TownIndicators) -> None:
        frame = town.frame("levels")
        is_town = frame["area_level"] == "municipality"
        self._above = hash_groups(frame[~is_town], TEST)
        self._towns = hash_groups(frame[is_town], ["area_id", *TEST])
        schools = town.frame("schools")
        self._area = dict(zip(schools["school_id"], schools["municipality_id"], strict=True))
        shares = town.frame("shares")
        self._tests: dict[str, list[tuple[Any, ...]]] = {}
        for code, *test in shares[["school_id", *TEST]].itertuples(index=False, name=None):
            self._tests.setdefault(code, []).append(tuple(test))

    def of(self, code: str) -> str:
        area = self._area.get(code)
        return _digest(
            *(
                self._above.get(test, b"-") + self._towns.get((area, *test), b"-")
                for test in self._tests.get(code, ())
            )
        )


def _read_models(folder: Path, school_year: int) -> _Models:
    fits = current_fits(fits_home(folder, school_year))
    if fits is None:
        return _Models(b"not_fitted", {}, {})
    told, lines = raw_lines(fits)
    if not (fits / PROGRAMME).is_dir():
        return _Models(canonical(told), lines, {})
    of_records, records = raw_lines(fits / PROGRAMME)
    return _Models(canonical({"fits": told, "records": of_records}), lines, records)


def _models_of(models: _Models, code: str, names: Mapping[str, str], *, is_stale: bool) -> str:
    own = models.fits.get(code, b"[]")
    parts = json.loads(own)
    similar = sorted({str(one["school_id"]) for part in parts for one in part["effect"]["similar"]})
    told = [models.told, str(is_stale).encode(), own, models.records.get(code, b"-")]
    for other in similar:
        told += [names.get(other, "-").encode(), models.records.get(other, b"-")]
    return _digest(*told)


def _common(settings: Settings) -> Inputs:
    told = {name: value for name, value in settings.model_dump(mode="json").items() if name not in NOT_READ}
    return {"code": code_digest(), "settings": _digest(canonical(told))}


def _names(town: TownIndicators) -> dict[str, str]:
    schools = town.frame("schools")
    return {str(code): str(name) for code, name in zip(schools["school_id"], schools["name"], strict=True)}


def _participation(town: TownIndicators) -> Any:
    """A programme that begins later is not told of."""
    frame = town.frame("participation")
    return frame[frame["cohort_year"] <= town.school_year]


def _lists(town: TownIndicators) -> str:
    """Which list years are known at all, and the documents of issued lists: every page names them."""
    listings = town.frame("listings")
    issued = listings.loc[listings["list"] == LOW_RESULTS, ["school_year", "document", "issuer"]]
    computed = sorted({int(year) for year in town.frame("rule_evidence")["list_year"]})
    return _digest(json.dumps(computed).encode(), hash_rows(issued.drop_duplicates()).tobytes())


def _files(town: TownIndicators) -> str:
    """The cards of the files that indicators rest on: a page names its own and counts the others."""
    used: set[str] = set()
    for frame in town.to_frames().values():
        if LINEAGE in frame.columns:
            used |= {str(one) for one in frame[LINEAGE].dropna().unique()}
    cards = sorted((card for card in town.cards if card.sha256 in used), key=lambda card: card.sha256)
    told = [
        [card.sha256, card.file_name, card.report, card.received, card.is_verified_layout] for card in cards
    ]
    return _digest(json.dumps(told).encode())


def _accounting(read: TownInputs, audience: str) -> str:
    whole = read.accounting.reading_merged() + read.town.accounting
    shown = whole if audience == "department" else whole.without_reading()
    return _digest(json.dumps(accounting_to(shown), sort_keys=True).encode())


def _file(path: Path) -> bytes:
    return path.name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"")


def _digest(*pieces: bytes) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()
