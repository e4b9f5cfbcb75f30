"""What options and cards say: in words of either language, and never against the file."""

import pytest
from fisoko_files import a_workbook, individual
from school_files import a_book, reading, shown

from shnor_analysis.errors import InputRefused
from shnor_analysis.language import render_problem

HEADER = ("Логин", "Кол-во участников", "2", "3", "4", "5")
ROWS = [("ВПР 2021. 5 класс",), HEADER, ("sch660005", 40, 12.5, 37.5, 25, 25)]
SAID = {
    "hint_unknown": (
        {"season": "winter"},
        "файл «a.xlsx», лист «Лист1»: Такого слова нет в глоссарии: «--season winter». Найдено: «winter». Допустимо: "
        "весна, осень. Исправьте слово в карточке или в параметре и загрузите файл снова.",
        "file “a.xlsx”, sheet “Лист1”: The glossary has no such word: “--season winter”. Found: “winter”. Allowed: "
        "весна, осень. Correct the word in the card or the option and import the file again.",
    ),
    "contradicts_school_id": (
        {"season": "spring", "school_id": "sch660007"},
        "файл «a.xlsx», лист «Лист1», ячейка A3: Школа указана по-разному, в другом месте «--school sch660007». "
        "Найдено: «sch660005». Исправьте неверное место: ячейку, карточку или параметр --school.",
        "file “a.xlsx”, sheet “Лист1”, cell A3: The school is given in two ways, elsewhere it is “--school sch660007”. "
        "Found: “sch660005”. Correct the wrong place: the cell, the card or the option --school.",
    ),
}


def test_a_subject_and_a_season_may_be_given_in_russian(tmp_path):
    table = reading(a_book(tmp_path / "a.xlsx", ROWS), subject="Математика", season="Весна").tables
    assert shown(table["school_results"], "subject", "season") == [("mathematics", "spring")]


@pytest.mark.parametrize("code", SAID)
def test_a_word_that_cannot_hold_is_refused(code, tmp_path):
    given, ru, en = SAID[code]
    with pytest.raises(InputRefused) as refused:
        reading(a_book(tmp_path / "a.xlsx", ROWS), subject="mathematics", **given)
    (found,) = (problem for problem in refused.value.problems if problem.code == code)
    assert render_problem(found, "ru") == ru
    assert render_problem(found, "en") == en


def test_a_sheet_and_a_file_that_are_called_after_a_person_are_stored_without_the_name(tmp_path):
    pupils = individual(("50002", "ж", "5А", 3, 1, 0, 2, "Н", 3, 2))
    sheets = {"5А Светлова А.Б.": individual(), "5А Яснов Б.В.": pupils}
    done = reading(a_workbook(tmp_path / "от Светловой А.Б..xlsx", sheets))
    assert done.tables["pupil_results"]["source_sheet"].tolist() == ["5А …", "5А ……"]
    assert done.card.file_name == "от ….xlsx"
    assert "Яснов" not in repr(done.accounting)
