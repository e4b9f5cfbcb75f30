"""`shnor demo`: an example from raw files to reports, by the same steps as a department's own data."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shnor_analysis.accounting import Accounting
from shnor_analysis.cli import showing
from shnor_analysis.cli.progress import report_progress
from shnor_analysis.cli.speech import progress_line, say, speak_language, tell, tell_facts
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.files import write_text
from shnor_analysis.settings import AnalysisSettings, Settings
from shnor_analysis.workspace import Workspace, create_workspace

DEMO_DATA = ("town", "michigan")
ALL = "all"
INCOMING = "incoming"
EXAMPLE_MARK = ".example.json"
MOST_SCHOOLS = 5_000
# what the models of the invented town look at: factors that go with results there, some that do not, and a boiler house
TOWN_FACTORS = (
    "parents_higher_education_share",
    "low_income_share",
    "vacancies_share",
    "home_language_other_share",
    "special_needs_share",
    "boiler_age_years",
)


@dataclass(slots=True)
class _Clock:
    """Seconds of each step of one demonstration."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step and tell how long it took."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 1)
        tell(say("cli.step_done", what=say(f"cli.step.{name}"), seconds=f"{self.seconds[name]:.1f}"))


def run_demo(
    folder: Path, *, data: str, schools: str | None, seed: int, with_reports: bool, jobs: int | None
) -> int:
    """Write the raw files of an example, import them, build, fit the models, make the reports and the index.

    A second run on the same folder changes nothing that is there already. Returns the exit code.

    Raises:
        UsageProblem: `demo_other` when the folder holds something else, `option_value_wrong` for `--schools`.
    """
    schools_n = _schools_number(schools)
    settings = town_settings(seed) if data == "town" else michigan_settings(seed)
    clock = _Clock()
    with clock.step("raw"):
        workspace = _workspace(folder, settings)
        made = _write_once(workspace.folder, data=data, schools_n=schools_n, seed=seed)
    tell(say("cli.demo_invented" if data == "town" else "cli.demo_michigan"))
    showing.show_accounting(made)
    tell(say("cli.demo_raw", path=workspace.folder / INCOMING))
    with clock.step("ingest"), progress_line("progress.ingest") as progress:
        outcome = workspace.ingest(
            [workspace.folder / INCOMING], tell=lambda at: progress(at.done, at.total, at.file_name)
        )
    showing.show_refusals(outcome)
    with clock.step("build"):
        if not workspace.status().is_up_to_date:
            workspace.build()
    with clock.step("fit"), progress_line("progress.fit") as progress:
        workspace.fit(tell=progress)
    code = outcome.exit_code
    if with_reports:
        code = max(
            code, _report(workspace, clock, data=data, schools_n=schools_n, every=schools == ALL, jobs=jobs)
        )
    tell_facts({"folder": str(workspace.folder), "seconds": clock.seconds, "exit_code": code})
    return code


def town_settings(seed: int) -> Settings:
    """The settings of the invented town."""
    from shnor_analysis.simulation import REGION_NAME, TOWN_NAME

    return Settings(
        workspace_id=f"svetloyarsk-{seed}",
        title_ru="Светлоярск (вымышленный город)",
        title_en="Svetloyarsk (an invented town)",
        municipality_id=TOWN_NAME,
        region_id=REGION_NAME,
        is_invented=True,
        language="en" if speak_language() == "en" else "ru",
        listing_rule="rosobr_2023",
        seed=seed,
        analysis=AnalysisSettings(factors=TOWN_FACTORS),
    )


def michigan_settings(seed: int) -> Settings:
    """The settings of the Michigan schools: the whole state counts as one place."""
    return Settings(
        workspace_id="michigan",
        title_ru="Штат Мичиган, начальные школы",
        title_en="Michigan, elementary schools",
        municipality_id="michigan",
        region_id="michigan",
        language="en" if speak_language() == "en" else "ru",
        listing_rule="lowest_share_15_2",
        seed=seed,
    )


def _workspace(folder: Path, settings: Settings) -> Workspace:
    try:
        return create_workspace(folder, settings)
    except UsageProblem as error:
        raise UsageProblem(Problem("demo_other", file=str(folder))) from error


def _write_once(folder: Path, *, data: str, schools_n: int | None, seed: int) -> Accounting:
    """Write the raw files unless they are there; UsageProblem `demo_other` when they are those of another example."""
    asked = json.dumps({"data": data, "schools": schools_n if data == "town" else None, "seed": seed})
    mark = folder / EXAMPLE_MARK
    if mark.is_file():
        if mark.read_text(encoding="utf-8") != asked:
            raise UsageProblem(Problem("demo_other", file=str(folder)))
        return Accounting()
    accounting = _write_raw(data, folder / INCOMING, schools_n=schools_n, seed=seed)
    write_text(mark, asked)
    return accounting


def _write_raw(data: str, incoming: Path, *, schools_n: int | None, seed: int) -> Accounting:
    if data == "michigan":
        from shnor_analysis.simulation.michigan import write_michigan

        return write_michigan(incoming, language=speak_language()).accounting
    from shnor_analysis.simulation import TownSpec, simulate_town, write_town

    spec = TownSpec(seed=seed) if schools_n is None else TownSpec(seed=seed, schools_n=schools_n)
    write_town(simulate_town(spec), incoming)
    return Accounting()


def _schools_number(schools: str | None) -> int | None:
    if schools in (None, ALL):
        return None
    if not schools.isdigit() or not 1 <= int(schools) <= MOST_SCHOOLS:
        raise UsageProblem(
            Problem(
                "option_value_wrong",
                found=schools,
                allowed=f"1–{MOST_SCHOOLS}, {ALL}",
                fields={"option": "--schools"},
            )
        )
    return int(schools)


def _report(
    workspace: Workspace, clock: _Clock, *, data: str, schools_n: int | None, every: bool, jobs: int | None
) -> int:
    from shnor_analysis.workspace.report_requests import Manner

    chosen: tuple[str, ...] | None = None
    if data == "michigan" and not every:
        chosen = workspace.listed_school_ids()[:schools_n]
    with clock.step("report"), report_progress() as progress:
        run = workspace.report(chosen, manner=Manner(jobs=jobs), tell=progress)
    return showing.show_reports(run)
