from datetime import date

import pandas as pd
import pytest

from shnor_analysis.errors import InputRefused
from shnor_analysis.language import render, render_problem
from shnor_analysis.sources.corrections import apply_corrections, read_corrections

HASH = "a" * 64
GOOD = """
[[correction]]
what = "лишний ноль в числе участников"
report = "regional_marks"
table = "school_results"
where = { school_id = "sch660005", subject = "mathematics", grade = 5 }
column = "tested_n"
was = 510
becomes = 51
why = "в классах школы столько детей нет, подтверждено протоколом"
who = "специалист управления образования"
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def corrections_of(folder, text):
    (folder / "отметки.toml").write_text(text, encoding="utf-8")
    return read_corrections(folder)


def results(tested_n=510):
    return pd.DataFrame(
        {
            "school_id": ["sch660005", "sch660005", "sch660007"],
            "subject": ["mathematics", "russian", "mathematics"],
            "grade": [5, 5, 5],
            "tested_n": [tested_n, 48, 510],
        }
    )


def applied(folder, text, frame, *, sha256=HASH, report="regional_marks"):
    return apply_corrections(
        frame, corrections_of(folder, text), report=report, table="school_results", sha256=sha256
    )


def test_a_correction_changes_its_cell_alone_and_shows_in_the_accounting(folder):
    frame = results()
    done = applied(folder, GOOD, frame)
    assert done.frame["tested_n"].tolist() == [51, 48, 510]
    assert frame["tested_n"].tolist() == [510, 48, 510]
    (reason,) = done.reasons
    assert (reason.code, reason.n) == ("correction_applied", 1)
    assert render("reason.correction_applied", "ru", **reason.fields) == (
        "поправка «лишний ноль в числе участников» (school_id=sch660005 · subject=mathematics · grade=5 · tested_n): "
        "было 510, стало 51; в классах школы столько детей нет, подтверждено протоколом; внёс: специалист управления "
        "образования; файл отметки.toml"
    )
    assert render("reason.correction_applied", "en", **reason.fields).startswith(
        "correction “лишний ноль в числе участников” (school_id=sch660005 · subject=mathematics · grade=5 · "
        "tested_n): was 510, becomes 51;"
    )


def test_a_correction_that_does_not_fit_is_a_problem_in_both_languages(folder):
    done = applied(folder, GOOD, results(tested_n=50))
    assert done.frame["tested_n"].tolist() == [50, 48, 510]
    (problem,) = done.problems
    assert render_problem(problem, "ru") == (
        "файл «отметки.toml»: Поправка не подходит: school_id=sch660005 · subject=mathematics · grade=5 · tested_n. "
        "Ожидалось значение «510». Найдено: «50». Источник мог исправить ошибку сам: проверьте файл и измените или "
        "удалите поправку."
    )
    assert render_problem(problem, "en") == (
        "file “отметки.toml”: A correction does not fit: school_id=sch660005 · subject=mathematics · grade=5 · "
        "tested_n. The value “510” was expected. Found: “50”. The source may have mended the error: check the file "
        "and change or delete the correction."
    )


def test_an_error_that_the_source_mended_itself_needs_no_correction(folder):
    done = applied(folder, GOOD, results(tested_n=51))
    assert not done.problems
    assert [(reason.code, reason.n) for reason in done.reasons] == [("correction_not_needed", 0)]


def test_a_correction_of_another_report_or_file_is_left_alone(folder):
    for_one_file = GOOD + f'sha256 = "{HASH}"\n'
    assert applied(folder, GOOD, results(), report="mark_statistics").frame.equals(results())
    assert applied(folder, for_one_file, results(), sha256="b" * 64).frame.equals(results())
    assert applied(folder, for_one_file, results()).frame["tested_n"].tolist() == [51, 48, 510]


def test_a_correction_for_this_very_file_must_find_its_row(folder):
    for_one_file = GOOD.replace("sch660005", "sch660099") + f'sha256 = "{HASH}"\n'
    assert [problem.code for problem in applied(folder, for_one_file, results()).problems] == [
        "correction_row_missing"
    ]


def test_an_empty_cell_and_a_date_can_be_set_right(folder):
    text = GOOD.replace('"tested_n"', '"test_date"').replace("510", '""').replace("= 51\n", "= 2021-03-01\n")
    done = applied(folder, text, results().assign(test_date=None))
    assert pd.Timestamp(done.frame["test_date"][0]) == pd.Timestamp(date(2021, 3, 1))
    assert done.frame["test_date"].isna().tolist() == [False, True, True]


def test_everything_wrong_with_the_files_is_said_at_once(folder):
    (folder / "битый.toml").write_text("[[correction", encoding="utf-8")
    wrong = GOOD.replace("why =", "because =").replace("специалист управления образования", "Светлова А. Б.")
    person = GOOD.replace("специалист управления образования", "Светлова А. Б.").replace("tested_n", "tested")
    with pytest.raises(InputRefused) as error:
        corrections_of(folder, wrong + person + "[note]\n")
    assert [problem.code for problem in error.value.problems] == [
        "correction_broken",
        "correction_section_unknown",
        "correction_key_unknown",
        "correction_key_missing",
        "correction_who_is_person",
        "correction_column_unknown",
    ]
    assert render_problem(error.value.problems[3], "ru") == (
        "файл «отметки.toml»: В поправке № 1 не хватает ключей. Найдено: «why». Допишите их: что, где, что было, "
        "что стало, почему, кто."
    )
    assert all(render_problem(problem, "en") for problem in error.value.problems)


def test_no_folder_means_no_corrections(folder):
    assert read_corrections(folder / "corrections") == ()
