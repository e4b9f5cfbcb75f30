"""A folder of work: raw files come in, whole or not at all, and one bad file stops nobody."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import subprocess
import sys

import nbformat
import pytest

from shnor_analysis.errors import EnvironmentProblem, UsageProblem
from shnor_analysis.language import render_problem
from shnor_analysis.reporting.orders import template_path
from shnor_analysis.settings import Settings
from shnor_analysis.sources import Hints
from shnor_analysis.workspace import create_workspace, open_workspace
from shnor_analysis.workspace.lock import writing

# Each takes a tenth of a second or more, which every report would pay, in a process of its own.
SLOW_TO_LOAD = (
    "duckdb",
    "nbconvert",
    "nbformat",
    "papermill",
    "pandera",
    "pyarrow.dataset",
    "python_calamine",
    "scipy",
    "seaborn",
    "shnor_analysis.sources",
)
SETTINGS = Settings(
    workspace_id="small-town", title_ru="Городок", title_en="Small town", municipality_id="m1", region_id="r1"
)
REGISTER = (
    "Логин;Наименование;Вид;Муниципалитет;Регион\nsch1;Школа № 1;школа;m1;r1\nsch2;Школа № 2;школа;m1;r1\n"
)
PASSPORT = "Логин;ОО;Учебный год;Численность обучающихся\nsch1;Школа № 1;2020/2021;{}\nsch2;Школа № 2;2020/2021;300\n"
MARKS = (
    "Группы участников;Кол-во ОО;Кол-во участников;2;3;4;5\nШкола № 1 (sch1);1;20;10,00;40,00;30,00;20,00\n"
)
PROTOCOL = (
    "Логин;ОО;Предмет;Дата;Класс;Фамилия;Имя;Отчество;Код участника;Первичный балл;Отметка\n"
    "sch1;Школа № 1;Математика;24.05.2021;9;Вымышленный;Ученик;Первый;900001;15;4\n"
)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("SHNOR_KEY_FILE", str(tmp_path / "key"))
    return create_workspace(tmp_path / "town", SETTINGS)


def raw(workspace, name, text, encoding="utf-8"):
    path = workspace.folder / "incoming" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def states(outcome):
    return {file.path.name: file.state for file in outcome.files}


def test_the_register_is_read_first_whatever_the_names(workspace):
    raw(workspace, "а паспорт.csv", PASSPORT.format(500), "cp1251")
    raw(workspace, "я реестр.csv", REGISTER)
    outcome = workspace.ingest([workspace.folder / "incoming"])
    assert outcome.problems == ()
    assert states(outcome) == {"а паспорт.csv": "stored", "я реестр.csv": "stored"}
    assert outcome.exit_code == 0
    workspace.build()
    assert workspace.school_ids() == ("sch1", "sch2")
    assert workspace.table("factors")["value"].tolist() == [500.0, 300.0]


def test_the_same_folder_twice_changes_nothing(workspace):
    raw(workspace, "register.csv", REGISTER)
    raw(workspace, "passport.csv", PASSPORT.format(500))
    workspace.ingest([workspace.folder / "incoming"])
    before = tree(workspace.folder)
    outcome = workspace.ingest([workspace.folder / "incoming"])
    assert set(states(outcome).values()) == {"same"}
    assert tree(workspace.folder) == before


def test_a_copy_under_another_name_is_the_same_file(workspace):
    path = raw(workspace, "register.csv", REGISTER)
    shutil.copy(path, path.with_name("register (2).csv"))
    outcome = workspace.ingest([workspace.folder / "incoming"])
    assert sorted(states(outcome).values()) == ["same", "stored"]


def test_a_dry_run_says_what_would_change_and_writes_nothing(workspace):
    raw(workspace, "register.csv", REGISTER)
    raw(workspace, "passport.csv", PASSPORT.format(500))
    workspace.ingest([workspace.folder / "incoming"])
    corrected = raw(workspace, "passport corrected.csv", PASSPORT.format(550))
    before = tree(workspace.folder)
    planned = workspace.ingest([corrected], dry_run=True)
    assert tree(workspace.folder) == before
    (file,) = planned.files
    assert (file.state, planned.is_dry_run) == ("replaced", True)
    (replaced,) = file.replaced
    assert (replaced.file_name, replaced.table, replaced.rows) == ("passport.csv", "factors", 1)
    done = workspace.ingest([corrected])
    assert done.files[0].replaced == file.replaced
    workspace.build()
    assert workspace.table("factors")["value"].tolist() == [550.0, 300.0]


def test_a_bad_file_is_refused_with_its_problems_and_the_others_are_stored(workspace):
    raw(workspace, "register.csv", REGISTER)
    raw(workspace, "passport.csv", PASSPORT.format("много"))
    outcome = workspace.ingest([workspace.folder / "incoming"])
    assert states(outcome) == {"passport.csv": "refused", "register.csv": "stored"}
    assert outcome.exit_code == 3
    assert outcome.problems
    assert workspace.status().files["file_name"].tolist() == ["register.csv"]
    assert workspace.ingest([workspace.folder / "incoming" / "passport.csv"]).exit_code == 4


def test_two_files_that_contradict_are_both_refused(workspace):
    raw(workspace, "register.csv", REGISTER)
    raw(workspace, "a.csv", PASSPORT.format(500))
    raw(workspace, "b.csv", PASSPORT.format(550))
    outcome = workspace.ingest([workspace.folder / "incoming"])
    assert states(outcome) == {"a.csv": "refused", "b.csv": "refused", "register.csv": "stored"}
    assert [problem.code for problem in outcome.problems] == ["files_contradict"] * 2


def test_a_file_is_read_again_when_what_is_said_of_it_changes(workspace):
    raw(workspace, "register.csv", REGISTER)
    path = raw(workspace, "marks.csv", MARKS)
    workspace.ingest([workspace.folder / "incoming" / "register.csv"])
    fifth = Hints(school_year=2021, subject="mathematics", grade=5, season="spring")
    sixth = dataclasses.replace(fifth, grade=6)
    assert workspace.ingest([path], hints=fifth).files[0].state == "stored"
    assert workspace.ingest([path], hints=fifth).files[0].state == "same"
    (again,) = workspace.ingest([path], hints=sixth).files
    assert (again.state, again.replaced[0].file_name) == ("replaced", "marks.csv")
    workspace.build()
    assert workspace.table("school_results")[["grade", "mark_2_n"]].to_numpy().tolist() == [[6, 2]]


def test_only_files_without_names_and_codes_are_copied(workspace):
    path = raw(workspace, "register.csv", REGISTER)
    outcome = workspace.ingest([path], keep_raw=True)
    kept = workspace.folder / "data" / "raw" / f"{outcome.files[0].sha256}.csv"
    assert kept.read_bytes() == path.read_bytes()
    (protocol,) = workspace.ingest([raw(workspace, "protocol.csv", PROTOCOL)], keep_raw=True).files
    assert (protocol.state, [note.code for note in protocol.notes]) == ("stored", ["raw_not_kept"])
    assert sorted((workspace.folder / "data" / "raw").iterdir()) == [kept]


def test_no_name_and_no_code_of_a_pupil_is_left_anywhere_in_the_data(workspace):
    raw(workspace, "register.csv", REGISTER)
    raw(workspace, "protocol.csv", PROTOCOL)
    assert workspace.ingest([workspace.folder / "incoming"]).exit_code == 0
    workspace.build()
    assert workspace.table("pupil_results")["mark"].tolist() == [4]
    for name, content in tree(workspace.folder / "data").items():
        for secret in ("Вымышленный", "Первый", "900001"):
            assert secret.encode("utf-8") not in content, name


def test_reports_of_unknown_schools_are_refused_before_anything_runs(workspace):
    raw(workspace, "register.csv", REGISTER)
    raw(workspace, "protocol.csv", PROTOCOL)
    workspace.ingest([workspace.folder / "incoming"])
    workspace.build()
    with pytest.raises(UsageProblem) as caught:
        workspace.report(["sch1", "sch8", "sch9"])
    told = [(problem.code, problem.found) for problem in caught.value.problems]
    assert told == [("school_not_in_workspace", "sch8"), ("school_not_in_workspace", "sch9")]
    assert not (workspace.folder / "reports" / "2021").exists()


def test_facts_from_kept_indicators_equal_facts_worked_out_anew(workspace):
    raw(workspace, "register.csv", REGISTER)
    raw(workspace, "protocol.csv", PROTOCOL)
    workspace.ingest([workspace.folder / "incoming"])
    workspace.build()
    first, kept = workspace.evaluate_school("sch1", 2021), workspace.evaluate_school("sch1", 2021)
    assert first == kept
    assert first.results[0].school.tested_n == 1


def test_a_report_loads_nothing_that_it_does_not_use(workspace):
    raw(workspace, "register.csv", REGISTER)
    raw(workspace, "protocol.csv", PROTOCOL)
    workspace.ingest([workspace.folder / "incoming"])
    workspace.build()
    workspace.evaluate_school("sch1", 2021)
    cells = [cell for cell in nbformat.read(template_path("school"), 4).cells if cell.cell_type == "code"]
    given = f"school_id, school_year, folder = 'sch1', 2021, {str(workspace.folder)!r}"
    loaded = "import sys; print(*(name for name in sys.modules), file=sys.stderr)"
    script = "\n".join([cells[0].source, given, *(cell.source for cell in cells[1:]), loaded])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "shnor_analysis.exhibits.figures" in done.stderr.split()
    assert set(SLOW_TO_LOAD) & set(done.stderr.split()) == set()


def test_what_is_no_table_is_passed_over(workspace):
    raw(workspace, "register.csv", REGISTER)
    raw(workspace, "~$register.xlsx", "lock")
    raw(workspace, "order.pdf", "order")
    raw(workspace, "register.toml", 'owner = "department"')
    outcome = workspace.ingest([workspace.folder / "incoming"])
    assert states(outcome) == {"register.csv": "stored"}
    assert [path.name for path in outcome.skipped] == ["order.pdf"]
    assert workspace.cards()[0].owner == "department"


def test_paths_that_do_not_exist_and_empty_folders_are_named(workspace, tmp_path):
    with pytest.raises(UsageProblem) as caught:
        workspace.ingest([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert [problem.code for problem in caught.value.problems] == ["path_missing"] * 2
    assert render_problem(caught.value.problems[0], "ru") == (
        f"файл «{tmp_path / 'a.csv'}»: Такого файла или папки нет. Проверьте имя и путь."
    )
    with pytest.raises(UsageProblem, match="no_files"):
        workspace.ingest([workspace.folder / "incoming"])


def test_a_second_writer_is_turned_away(workspace):
    path = raw(workspace, "register.csv", REGISTER)
    with writing(workspace.folder), pytest.raises(EnvironmentProblem) as caught:
        workspace.ingest([path])
    said = render_problem(caught.value.problems[0], "en")
    assert said.startswith(f"file “{workspace.folder}”: Another command works with this workspace: ")
    assert f" (process {os.getpid()} on {socket.gethostname()}, since " in said
    assert said.endswith("). Wait until it is done and try again; if it hangs, end that process.")
    assert workspace.ingest([path]).exit_code == 0


def test_a_killed_import_leaves_everything_as_it_was(workspace, monkeypatch):
    workspace.ingest([raw(workspace, "register.csv", REGISTER)])
    workspace.build()
    before = workspace.status().files.to_dict("records")

    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("shnor_analysis.warehouse.store.write_records", killed)
    with pytest.raises(KeyboardInterrupt):
        workspace.ingest([raw(workspace, "passport.csv", PASSPORT.format(500))])
    assert workspace.status().files.to_dict("records") == before
    assert workspace.status().is_up_to_date
    assert not list((workspace.folder / "data" / "validated").glob(".staged*"))


def test_stored_rows_that_were_damaged_are_found(workspace):
    workspace.ingest([raw(workspace, "register.csv", REGISTER)])
    steps = workspace.validate().steps
    assert [(step.subject, step.rows_out) for step in steps if step.rows_out] == [("schools", 2)]
    (part,) = (workspace.folder / "data" / "validated" / "schools").iterdir()
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(Exception, match="part_changed"):
        workspace.validate()


def test_a_workspace_is_made_once_and_found_again(tmp_path, monkeypatch):
    made = create_workspace(tmp_path / "town", SETTINGS)
    assert open_workspace(tmp_path / "town").settings == SETTINGS
    assert create_workspace(tmp_path / "town", SETTINGS) == made
    with pytest.raises(UsageProblem, match="workspace_exists"):
        create_workspace(tmp_path / "town", SETTINGS.model_copy(update={"seed": 1}))
    monkeypatch.delenv("SHNOR_FOLDER", raising=False)
    monkeypatch.chdir(tmp_path / "town" / "reports")
    assert open_workspace().folder == made.folder


def test_hints_go_to_the_reader_and_an_empty_workspace_has_a_status(workspace):
    status = workspace.status()
    assert (status.is_built, status.is_up_to_date, status.schools_n, status.coverage) == (
        False,
        False,
        0,
        None,
    )
    assert workspace.ingest([raw(workspace, "r.csv", REGISTER)], hints=Hints(school_year=2021)).exit_code == 0
