"""Logins and names of schools that try to be something else: refused in words, or kept as the harmless text they are."""

from __future__ import annotations

import csv

import pytest

from shnor_analysis.language import render_problem
from shnor_analysis.settings import Settings
from shnor_analysis.workspace import create_workspace

SETTINGS = Settings(
    workspace_id="hostile", title_ru="Городок", title_en="Town", municipality_id="m1", region_id="r1"
)
HEADER = ("Логин", "Наименование", "Вид", "Муниципалитет", "Регион")
NAMES = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "{{7*7}} {% raw %}": "{{7*7}} {% raw %}",
    "=1+1": "=1+1",
    "../../x": "../../x",
    "\u202eабв\u202c": "абв",
}


def ingest(folder, rows):
    workspace = create_workspace(folder / "town", SETTINGS)
    path = workspace.folder / "incoming" / "register.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([HEADER, *rows])
    return workspace, workspace.ingest([path])


@pytest.mark.parametrize(
    "login", ["../../x", "=1+1", "<b>x</b>", "{{7*7}}", "a/b", "/etc/x", "a\\b", "..", "@x"]
)
def test_a_login_that_is_no_plain_code_is_refused_with_its_cell(tmp_path, login):
    workspace, outcome = ingest(tmp_path, [(login, "Школа", "школа", "m1", "r1")])
    assert render_problem(outcome.problems[0], "ru") == (
        "файл «register.csv», лист «register», ячейка A2: Такой логин не годится: допустимы буквы, цифры, точка, дефис и "
        f"подчёркивание, не больше 60 знаков. Найдено: «{login}». Исправьте логин школы и загрузите файл снова."
    )
    assert workspace.cards() == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town"]


@pytest.mark.parametrize("login", ["sch660001", "СОШ_5", "1010-3", "a.b@c", "7"])
def test_plain_codes_pass(tmp_path, login):
    workspace, outcome = ingest(tmp_path, [(login, "Школа", "школа", "m1", "r1")])
    assert outcome.problems == ()
    workspace.build()
    assert workspace.school_ids() == (login,)


def test_names_are_text_whatever_they_look_like(tmp_path):
    rows = [(f"sch{n}", name, "школа", "m1", "r1") for n, name in enumerate(NAMES)]
    workspace, outcome = ingest(tmp_path, rows)
    assert outcome.problems == ()
    workspace.build()
    assert workspace.table("schools")["name"].tolist() == list(NAMES.values())


def test_a_file_with_a_nul_is_no_table(tmp_path):
    _, outcome = ingest(tmp_path, [("sch1", "Школа\x00 № 7", "школа", "m1", "r1")])
    assert render_problem(outcome.problems[0], "ru") == (
        "файл «register.csv»: Это не книга Excel и не таблица в текстовом файле. Сохраните таблицу в программе Excel как "
        "книгу (.xlsx) и загрузите её."
    )


def test_a_name_of_ten_thousand_letters_is_refused_in_a_short_message(tmp_path):
    _, outcome = ingest(tmp_path, [("sch1", "Ш" * 10_000, "школа", "m1", "r1")])
    (problem,) = outcome.problems
    assert (problem.code, problem.file, problem.sheet) == ("value_not_allowed", "register.csv", "register")
    assert len(render_problem(problem, "ru")) < 300
