"""The workspace: a folder with `shnor.toml`, and what can be done in it.

The way of the data, top to bottom: `ingest` reads raw files into validated tables, `build` makes the warehouse of
them, `fit` fits the models of a school year and keeps what they say, `evaluate_school` and `evaluate_town` state the
facts that reports show. Reading of raw files is loaded where it starts: every report's notebook opens a workspace, and
none of them reads a raw file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from shnor_analysis import warehouse
from shnor_analysis.accounting import Accounting
from shnor_analysis.batch.runs import Progress as ReportProgress
from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.results import NotEstimable
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.settings import Settings, check_folder, find_folder, read_settings
from shnor_analysis.warehouse import BuildOutcome
from shnor_analysis.workspace.evaluating import school_facts, town_facts
from shnor_analysis.workspace.fitting import (
    REPLICATES,
    FitOutcome,
    FitRequest,
    FitsState,
    fit_year,
    fits_state,
    read_fits,
    refuse_year,
)
from shnor_analysis.workspace.lock import writing
from shnor_analysis.workspace.model_rows import read_model_rows
from shnor_analysis.workspace.outcomes import IngestOutcome, Progress, Status
from shnor_analysis.workspace.programme_fitting import effect_of, read_panel_of, read_programme
from shnor_analysis.workspace.report_requests import Manner, ReportRequest, request_of, run_to_resume
from shnor_analysis.workspace.reports import ReportRun, make_reports
from shnor_analysis.workspace.town_inputs import TownInputs, town_inputs

if TYPE_CHECKING:
    from shnor_analysis.results.factor_influence import FactorInfluence
    from shnor_analysis.results.list_flow import ListFlowPrediction
    from shnor_analysis.results.programme_effect import ProgrammeEffect
    from shnor_analysis.results.school_effects import SchoolEffects
    from shnor_analysis.results.town_fits import TownFits
    from shnor_analysis.sources import Hints
    from shnor_analysis.workspace.importing import Tell


def _keep_still(progress: Progress) -> None:
    """Nobody wants to know how far the import has come."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder of work and its settings; made by `open_workspace`."""

    folder: Path
    settings: Settings

    def ingest(
        self,
        paths: Iterable[Path | str],
        *,
        hints: Hints | None = None,
        dry_run: bool = False,
        keep_raw: bool = False,
        owner: str = "",
        tell: Tell = _keep_still,
    ) -> IngestOutcome:
        """Read raw files and folders of them into validated tables; the register is read before what refers to it.

        Parameters: paths — files or folders; hints — what the files do not say of themselves (`--year`, `--grade` …);
        dry_run — say what would change, store nothing; keep_raw — copy files without names and codes to `data/raw`;
        owner — who sent the files, where no card beside them says so; tell — called with the progress.
        Returns: the outcome of every file. A refused file leaves nothing and stops nobody.
        Raises: UsageProblem `path_missing`, `no_files`; EnvironmentProblem `workspace_busy`; InputRefused for a broken
        mapping or correction.
        """
        from shnor_analysis.sources import Hints
        from shnor_analysis.workspace.importing import Import, ingest

        asked = Import(tuple(Path(path) for path in paths), hints or Hints(), dry_run, keep_raw, owner)
        return ingest(self.folder, self.settings, asked, tell=tell)

    def propose_mappings(
        self, path: Path | str, *, table: str | None = None, language: str = "ru"
    ) -> tuple[Path, ...]:
        """Guess what the columns of unknown forms mean and write each guess as TOML for a person to correct.

        Returns the paths of the TOML files, one for every sheet that no report is known for. Such a form then comes
        in by itself; until it says `is_checked = true` every report that uses it says that nobody has checked its
        columns. Raises UsageProblem `mapping_exists` where every form has its mapping.
        """
        from shnor_analysis.sources import propose_mappings
        from shnor_analysis.sources.mapping_form import write_mappings

        return write_mappings(
            propose_mappings(Path(path), table=table), self.folder, title=Path(path).stem, language=language
        )

    def build(self) -> BuildOutcome:
        """Build the warehouse from everything stored; RuleBroken with all problems, and the old warehouse stays."""
        with writing(self.folder):
            return warehouse.build(self.folder)

    def validate(self) -> Accounting:
        """Check every stored table again: types, limits, keys, references, totals; RuleBroken with all problems."""
        return warehouse.check_stored(self.folder)

    def status(self) -> Status:
        """What is there and what is missing: files, school years, procedures, schools."""
        records = warehouse.read_records(self.folder)
        files = pd.DataFrame(
            {
                "receipt": [record.receipt for record in records],
                "file_name": [record.card.file_name for record in records],
                "report": [record.card.report for record in records],
                "received": [record.card.received for record in records],
                "owner": [record.card.owner for record in records],
                "rows_n": [sum(rows for _, rows in record.card.rows) for record in records],
            }
        )
        is_built = warehouse.current_build(self.folder) is not None
        return Status(
            files=files,
            is_built=is_built,
            is_up_to_date=warehouse.is_up_to_date(self.folder),
            schools_n=len(warehouse.read_stored(self.folder, "schools")),
            coverage=warehouse.read_coverage(self.folder) if is_built else None,
            models=self._models_state() if is_built else None,
        )

    def _models_state(self) -> tuple[int, str] | None:
        known = self.years()
        return (known[-1], self.fits_state(known[-1])) if known else None

    def missing(self, school_year: int) -> pd.DataFrame:
        """Schools of the register without a result, for each procedure of a school year."""
        return warehouse.read_missing(self.folder, school_year)

    def table(self, name: str) -> pd.DataFrame:
        """A table of the built warehouse, in the order of its key."""
        return warehouse.read_table(self.folder, name)

    def conflicts(self) -> pd.DataFrame:
        """What two layouts say differently about the same row, and which of them counts."""
        return warehouse.read_conflicts(self.folder)

    def accounting(self) -> Accounting:
        """Rows in, rows out and why, from the reading of each file to the warehouse."""
        return warehouse.read_accounting(self.folder)

    def cards(self) -> tuple[FileCard, ...]:
        """The cards of all stored files, in the order of receipt."""
        return tuple(record.card for record in warehouse.read_records(self.folder))

    def school_ids(self) -> tuple[str, ...]:
        """Every school of the register, in the order of its code."""
        return tuple(warehouse.read_table(self.folder, "schools", columns=["school_id"])["school_id"])

    def years(self) -> tuple[int, ...]:
        """School years with results, oldest first."""
        found = warehouse.read_table(self.folder, "school_results", columns=["school_year"])["school_year"]
        return tuple(sorted(int(year) for year in found.unique()))

    def listed_school_ids(self, school_year: int | None = None) -> tuple[str, ...]:
        """Schools on the list that follows a school year (default: the last): the issued list, else the rule's own."""
        lines = self.evaluate_town(school_year or self.years()[-1]).schools
        issued = tuple(line.school_id for line in lines if line.is_listed)
        return issued or tuple(line.school_id for line in lines if line.rule_fires is True)

    def evaluate_school(self, school_id: str, school_year: int) -> SchoolEvaluation:
        """Every fact of one school's report for a school year."""
        read = self._inputs(school_year)
        return school_facts(
            self.folder, read.town, school_id, accounting=read.accounting, is_stale=read.is_stale
        )

    def evaluate_town(self, school_year: int) -> TownEvaluation:
        """Every fact of the municipality's report for a school year."""
        read = self._inputs(school_year)
        return town_facts(self.folder, read.town, accounting=read.accounting, is_stale=read.is_stale)

    def fit(
        self,
        school_year: int | None = None,
        *,
        force: bool = False,
        replicates: int = REPLICATES,
        tell: Callable[[int, int, str], None] | None = None,
    ) -> FitOutcome:
        """Fit the models of a school year (default: the last with results) and keep what they say.

        Parameters: force — fit although nothing changed; replicates — samples of schools behind the bounds of shares;
        tell — called after each family of results with done, total, name.
        Raises: UsageProblem `year_without_results`, `factor_unknown`; EnvironmentProblem `not_built`, `workspace_busy`.
        """
        known = self.years()
        year = school_year or (known[-1] if known else 0)
        refuse_year(year, known)
        request = FitRequest(year, force=force, replicates=replicates)
        return fit_year(self.folder, self.settings, request, tell=tell)

    def fits(self, school_year: int, *, only: Collection[str] = ()) -> TownFits | NotEstimable:
        """What was fitted for a school year; NotEstimable `not_fitted` before the first time.

        Parameters: only — names of the families wanted (`vpr-all`, `oge-russian` …): one is read in some milliseconds.
        """
        return read_fits(self.folder, school_year, only=only)

    def fits_state(self, school_year: int) -> FitsState:
        """Whether the models of a school year are "missing", "stale" (data or settings changed since) or "current"."""
        return fits_state(self.folder, self.settings, school_year)

    def influence(
        self, school_year: int, *, only: Collection[str] = ()
    ) -> dict[str, FactorInfluence | NotEstimable]:
        """Which factors go with results, by family (`vpr-all`, `oge-russian` …); empty before `fit`."""
        found = self.fits(school_year, only=only)
        return {} if isinstance(found, NotEstimable) else found.influences()

    def effects(
        self, school_year: int, *, only: Collection[str] = ()
    ) -> dict[str, SchoolEffects | NotEstimable]:
        """Each school's result beside the result expected of it, by family; empty before `fit`."""
        found = self.fits(school_year, only=only)
        return {} if isinstance(found, NotEstimable) else found.effects()

    def panel(self, school_year: int) -> pd.DataFrame:
        """Schools over the school years up to one: tested and low results in the tests of the listing rule.

        `school_year` of a row is the year whose programme was tested (autumn counts for the year before); columns as
        `predict_list_flow` and `estimate_programme_effect` take them. Raises: UsageProblem `year_without_results`.
        """
        refuse_year(school_year, self.years())
        return read_panel_of(self.folder, self.settings, school_year).rows

    def list_flow(self, school_year: int) -> tuple[ListFlowPrediction | NotEstimable, ...]:
        """Lists beside chance, as fitted: that of the year before beside its leavers, and the forecast of this year's."""
        found = read_programme(self.folder, school_year)
        return (found,) if isinstance(found, NotEstimable) else (found.observed, found.forecast)

    def programme_effect(
        self, school_year: int, programme: str | None = None
    ) -> ProgrammeEffect | NotEstimable:
        """What can be said of a programme's effect, as fitted (default: the programme with most schools).

        Raises: UsageProblem `programme_unknown`.
        """
        found = read_programme(self.folder, school_year)
        return found if isinstance(found, NotEstimable) else effect_of(found, programme)

    def model_rows(self, school_year: int, family: str = "vpr-all") -> pd.DataFrame:
        """The rows that models look at, a row a pupil or a school, without codes of pupils; for questions of one's own.

        Parameters: family — results of one assessment, of all subjects (`vpr-all`) or one (`oge-russian`).
        Raises: UsageProblem `year_without_results`, `family_unknown`.
        """
        refuse_year(school_year, self.years())
        return read_model_rows(
            self.folder, self.settings.analysis.factors, school_year=school_year, name=family
        )

    def report(
        self,
        school_ids: Iterable[str] | None = None,
        *,
        school_year: int | None = None,
        audience: str | None = None,
        language: str | None = None,
        with_municipality: bool = True,
        manner: Manner | None = None,
        tell: ReportProgress | None = None,
    ) -> ReportRun:
        """Make a page a school, one of the municipality, and the index of the year; what is unchanged stays as it is.

        Parameters: school_ids — default: every school of the register; school_year — default: the last with results;
        audience, language — default: the settings'; with_municipality — whether the municipality's page is made, too;
        manner — how many at a time, which part of all, whether made anew, whether an earlier run is gone on with;
        tell — called after each report with what became of it, how many are over, how many there are.
        Raises: UsageProblem before anything runs: `school_not_in_workspace` for every unknown school, a year without
        results. A report that fails stops nobody.
        """
        asked = manner or Manner()
        request = ReportRequest(
            school_ids=None if school_ids is None else tuple(school_ids),
            school_year=school_year or self.years()[-1],
            audience=audience or self.settings.audience,
            language=language or self.settings.language,
            with_municipality=with_municipality,
            shard=asked.shard,
        )
        return make_reports(self.folder, self.settings, request, manner=asked, on_progress=tell)

    def resume(self, manner: Manner, *, tell: ReportProgress | None = None) -> ReportRun:
        """Go on with a run as it was ordered: `manner.resume` names it, "" is the last that left something undone.

        Raises: UsageProblem `no_run_to_resume`, `run_unknown`, `run_ambiguous`, and as `report`.
        """
        run = run_to_resume(self.folder, manner.resume or "")
        request = request_of(run.plan.request)
        named = replace(manner, resume=run.run_id)
        return make_reports(self.folder, self.settings, request, manner=named, on_progress=tell)

    def _inputs(self, school_year: int) -> TownInputs:
        return town_inputs(self.folder, self.settings, school_year, self.table)


def open_workspace(folder: Path | str | None = None) -> Workspace:
    """Open a workspace: the folder given, else SHNOR_FOLDER, else the nearest parent with `shnor.toml`.

    Raises EnvironmentProblem `no_workspace`; InputRefused with every wrong setting.
    """
    found = find_folder() if folder is None else check_folder(Path(folder))
    return Workspace(found, read_settings(found))
