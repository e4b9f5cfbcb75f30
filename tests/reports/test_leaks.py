"""No name, number or code of a person gets further than the raw file, and nothing leaves the machine."""

from __future__ import annotations

import re
import subprocess
import sys

import planted_town
import pytest
from planted_town import (
    BIRTH,
    INDIVIDUAL,
    PERSON,
    PHONE,
    PROTOCOL,
    SNILS,
    SURNAME,
    edit,
    find_planted,
    leaks_below,
)

from shnor_analysis.errors import InputRefused
from shnor_analysis.sources import Hints, ReadingContext, open_file, read_tables
from shnor_analysis.warehouse import read_stored

NAME = "Зюзюкин Пафнутий"
# what stands in the third row of data, by header
MISPLACED = {
    "a mark": {"Отметка": 7},
    "a row shifted by one": {
        "Пол": NAME,
        "Класс": SURNAME,
        "Вариант": PERSON,
        "Отметка": NAME,
        "ОВЗ": SNILS,
        "Первичный балл": BIRTH,
        "Предмет": NAME,
        "Дата": PHONE,
        "Логин": NAME,
    },
    "a name for a class": {"Класс": "Зюзюкин П.К."},
    "a name for a variant": {"Вариант": NAME},
    "a code for a mark": {"Отметка": "КУ-774499"},
    "names for points of items": {"1": NAME, "2": "СВ-2018-01-001"},
    "a telephone for a school": {"ОО": PHONE, "Логин": PHONE},
}


def test_the_town_went_through_every_stage(carried):
    assert set(carried.codes.values()) == {0}, carried.said
    assert leaks_below(carried.folder / "incoming"), "the search finds what was planted"
    editions = {path.parent.parent.name for path in carried.reports["public"].glob("*/*/report.html")}
    assert editions == {"2024", "2024-public-en"}


def test_nothing_planted_stands_in_the_workspace_or_the_temporary_folder(carried):
    assert leaks_below(carried.folder, but=[carried.folder / "incoming"]) == {}
    assert leaks_below(carried.temporary) == {}
    assert list(carried.temporary.rglob("cells")) == []


@pytest.mark.parametrize("name", sorted(planted_town.COMMANDS))
def test_no_command_says_anything_planted(carried, name):
    assert find_planted(carried.said[name]) == []


@pytest.mark.parametrize("audience", ["department", "public"])
def test_nothing_planted_stands_in_the_reports_of_any_audience(carried, audience):
    assert leaks_below(carried.reports[audience]) == {}


def named_schools(page, schools):
    """Codes of the schools whose name or code stands in the text of a page."""
    text = re.sub(r"<[^>]+>|\s+", " ", page.read_text(encoding="utf-8").partition("<main")[2])
    return {
        code for code, name in schools.items() if re.search(rf"{re.escape(name)}(?![\w»])|{code}\b", text)
    }


def test_what_the_models_say_of_a_school_names_no_other_outside_the_department(carried):
    schools = dict(read_stored(carried.folder, "schools")[["school_id", "name"]].itertuples(index=False))
    pages = {
        audience: next(carried.reports[audience].glob(f"*/{code}/report.html"))
        for audience, code in (("department", "sch660001"), ("public", "sch660002"))
    }
    assert "Школы в похожих условиях" in pages["department"].read_text(encoding="utf-8")
    assert "Schools in like circumstances" in pages["public"].read_text(encoding="utf-8")
    assert len(named_schools(pages["department"], schools)) > 8, "the search finds names"
    assert named_schools(pages["public"], schools) == {"sch660002"}


def test_everything_works_without_a_network(carried):
    assert not carried.network_log.exists()


def test_the_missing_network_is_really_missing(tmp_path):
    log = tmp_path / "log"
    call = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    tried = subprocess.run(
        [sys.executable, "-c", call],
        env=planted_town.surroundings(
            tmp_path / "key", **planted_town.without_network(tmp_path / "hooks", log)
        ),
        capture_output=True,
        check=False,
    )
    assert (tried.returncode, "192.0.2.1" in log.read_text()) == (1, True)


def put(cells):
    def change(sheet, header_row, places):
        for header, value in cells.items():
            if header in places:
                sheet.cell(header_row + 3, places[header], value)

    return change


def refusal(path, folder):
    """What a refused file says, in both languages and as facts."""
    from shnor_analysis.language import render_problem

    context = ReadingContext(
        read_stored(folder, "schools"), read_stored(folder, "school_aliases"), hints=Hints(), key=b"k" * 32
    )
    with pytest.raises(InputRefused) as refused:
        read_tables(open_file(path), context)
    return refused.value.problems, [
        render_problem(problem, language) for problem in refused.value.problems for language in ("ru", "en")
    ]


@pytest.mark.parametrize("source", [INDIVIDUAL, PROTOCOL])
@pytest.mark.parametrize("defect", sorted(MISPLACED))
def test_a_refusal_names_the_cell_and_never_the_person(carried, tmp_path, defect, source):
    cells = MISPLACED[defect]
    if source == PROTOCOL and cells.keys() <= {"Вариант", "1", "2"}:
        pytest.skip("a protocol has no such column")
    path = edit(carried.folder / "incoming" / source, put(cells), tmp_path / "bad.xlsx")
    problems, said = refusal(path, carried.folder)
    assert find_planted("\n".join(said)) == []
    assert all(problem.file and problem.sheet and problem.cell for problem in problems)


def test_a_value_that_cannot_name_anybody_is_shown(carried, tmp_path):
    path = edit(carried.folder / "incoming" / PROTOCOL, put({"Отметка": 7}), tmp_path / "bad.xlsx")
    (problem,), _ = refusal(path, carried.folder)
    assert (problem.found, problem.cell) == ("7", "K4")


def test_a_hidden_value_is_said_to_be_hidden(carried, tmp_path):
    path = edit(carried.folder / "incoming" / PROTOCOL, put({"Отметка": SURNAME}), tmp_path / "bad.xlsx")
    _, said = refusal(path, carried.folder)
    assert said == [
        "файл «bad.xlsx», лист «Протокол ОГЭ», ячейка K4: Такой отметки не бывает. Найденное не показано: там может быть "
        "имя или код человека. Допустимо: 2, 3, 4, 5. Исправьте отметку в колонке «Отметка» и загрузите файл снова.",
        "file “bad.xlsx”, sheet “Протокол ОГЭ”, cell K4: There is no such mark. What was found is not shown: it may be a "
        "name or a code of a person. Allowed: 2, 3, 4, 5. Correct the mark in column “Отметка” and import the file again.",
    ]


@pytest.mark.parametrize("source", [INDIVIDUAL, PROTOCOL])
def test_a_sheet_without_headers_shows_nobody(carried, tmp_path, source):
    path = edit(
        carried.folder / "incoming" / source,
        lambda sheet, header_row, places: sheet.delete_rows(1, header_row),
        tmp_path / "headless.xlsx",
    )
    problems, said = refusal(path, carried.folder)
    assert [problem.code for problem in problems] == ["not_recognised"]
    assert find_planted("\n".join(said)) == []


def test_a_list_of_persons_gives_no_mapping_and_an_unknown_form_none_of_its_cells(carried, tmp_path):
    persons = tmp_path / "list.csv"
    persons.write_text(f"{PERSON};{SNILS};5;{BIRTH}\n{PERSON};{SNILS};4;{BIRTH}\n", encoding="utf-8")
    form = tmp_path / "form.csv"
    form.write_text(
        f"Школа;Ученик;Оценка;Связь\nsch660001;{NAME};5;{PHONE}\nsch660002;{NAME};4;{PHONE}\n",
        encoding="utf-8",
    )
    told = [
        planted_town.shnor("map", str(path), folder=carried.folder, key=carried.key)
        for path in (persons, form)
    ]
    assert [ran.returncode for ran in told] == [4, 0]
    assert find_planted("".join(ran.stdout + ran.stderr for ran in told)) == []
    mappings = carried.folder / "data" / "mappings"
    assert len(list(mappings.glob("pupil_results-*.toml"))) == 1
    assert leaks_below(mappings) == {}
