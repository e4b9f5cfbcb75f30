"""One report that fails of many: the others are done, the failed one is listed in words, the exit code says so."""

from __future__ import annotations

import html
import json
import re

import pytest

from shnor_analysis.batch.ledger import Ledger
from shnor_analysis.batch.plan import Job, Plan
from shnor_analysis.batch.plan_files import write_plan
from shnor_analysis.batch.runs import Outcome
from shnor_analysis.batch.settling import Done, Failed
from shnor_analysis.cli import showing
from shnor_analysis.cli.speech import speak_language
from shnor_analysis.settings import Settings
from shnor_analysis.workspace import create_workspace
from shnor_analysis.workspace import reports as reports_module
from shnor_analysis.workspace.report_requests import ReportRequest
from shnor_analysis.workspace.reports import make_reports

SETTINGS = Settings(
    workspace_id="one-of-many", title_ru="Городок", title_en="Town", municipality_id="m1", region_id="r1"
)
SCHOOLS = tuple(f"sch{number}" for number in range(1, 8))
WORDS = {
    "ru": "sch4: ошибка в ячейке 7: ValueError: нет данных",
    "en": "sch4: an error in cell 7: ValueError: нет данных",
}


def engine_in_which_one_fails(plan, *, run_folder, **_):
    done = []
    for job in plan.jobs:
        if job.unit_id != "sch4":
            job.output.mkdir(parents=True)
            manifest = {
                "unit_id": job.unit_id, "kind": "school", "title": f"Школа {job.unit_id}", "audience": "department",
                "made_at": "2024-06-01", "is_invented": True,
            }  # fmt: skip
            (job.output / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
            done.append(Done(job.unit_id, job.output, 1.0))
    failed = Failed("sch4", "cell_failed", "ValueError: нет данных", 7, 1.0)
    ledger = Ledger(run_folder)
    write_plan(run_folder, plan, is_forced=False)
    ledger.write("run_started", turn=1)
    ledger.write("failed", "sch4", reason=failed.reason, detail=failed.detail, cell=failed.cell)
    return Outcome(tuple(done), (failed,), 7.0)


def plan_of(folder, settings, request):
    home = request.home(folder)
    jobs = tuple(Job(code, folder / "none.ipynb", {}, home / code) for code in request.school_ids)
    return Plan(jobs, keys=dict.fromkeys(request.school_ids, "key"))


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_others_are_done_and_the_failed_one_is_listed_with_its_reason(
    tmp_path, monkeypatch, capsys, language
):
    workspace = create_workspace(tmp_path / "town", SETTINGS)
    monkeypatch.setattr(reports_module, "_refuse_unknown", lambda *_: None)
    monkeypatch.setattr(reports_module, "plan_reports", plan_of)
    monkeypatch.setattr(reports_module, "run_plan", engine_in_which_one_fails)
    request = ReportRequest(SCHOOLS, 2024, "department", language, with_municipality=False)
    run = make_reports(workspace.folder, SETTINGS, request)
    speak_language(language)
    assert showing.show_reports(run) == 3
    speak_language("ru")
    assert WORDS[language] in capsys.readouterr().err
    page = run.index.read_text(encoding="utf-8")
    assert len(re.findall(r'href="sch\d/report\.html"', page)) == len(SCHOOLS) - 1
    failed = re.search(r'<ul class="failed">(.*)</ul>', page)
    assert failed
    assert html.unescape(re.sub("<[^>]+>", "", failed[1])) == WORDS[language]
