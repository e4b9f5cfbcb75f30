"""The store keeps whole files in the order of receipt, and says what a new file changes."""

from __future__ import annotations

import pytest
from warehouse_tables import a_card, marks, pupil_file, sha_of

from shnor_analysis.errors import InputRefused
from shnor_analysis.language import render_problem
from shnor_analysis.warehouse import Replaced, plan_store, store_reading, store_together
from shnor_analysis.warehouse import store as store_module


def store(folder, name, tables, report="mark_statistics"):
    return store_reading(folder, a_card(name, report, tables), tables)


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_file_twice_changes_nothing(tmp_path):
    tables = marks({"s1": (1, 2, 3, 4)}, file="a.xlsx")
    assert store(tmp_path, "a.xlsx", tables).is_new
    before = tree(tmp_path)
    again = store(tmp_path, "a.xlsx", tables)
    assert not again.is_new
    assert again.replaced == ()
    assert tree(tmp_path) == before


def test_a_corrected_file_replaces_and_says_which_file_table_and_rows(tmp_path):
    store(tmp_path, "a.xlsx", marks({"s1": (1, 2, 3, 4), "s2": (0, 5, 5, 0)}, file="a.xlsx"))
    outcome = store(tmp_path, "b.xlsx", marks({"s1": (2, 2, 3, 4), "s2": (0, 5, 5, 0)}, file="b.xlsx"))
    assert outcome.replaced == (Replaced("a.xlsx", sha_of("a.xlsx"), "school_results", 1),)


def test_a_file_of_another_layout_or_procedure_replaces_nothing(tmp_path):
    store(tmp_path, "a.xlsx", marks({"s1": (1, 2, 3, 4)}, file="a.xlsx"))
    other = marks({"s1": (2, 2, 3, 4)}, file="b.xlsx", report="regional_marks")
    assert store(tmp_path, "b.xlsx", other, "regional_marks").replaced == ()
    assert store(tmp_path, "c.xlsx", marks({"s1": (2, 2, 3, 4)}, file="c.xlsx", grade=6)).replaced == ()


def test_a_corrected_file_takes_away_a_pupil_but_another_class_takes_away_nobody(tmp_path):
    first = pupil_file("s1", [(1, 5, 2), (2, 9, 3)], file="a.xlsx")
    store(tmp_path, "a.xlsx", first, "individual_results")
    second_class = pupil_file("s1", [(3, 12, 4)], file="b.xlsx", class_id="5Б")
    assert store(tmp_path, "b.xlsx", second_class, "individual_results").replaced == ()
    corrected = pupil_file("s1", [(1, 5, 2)], file="c.xlsx")
    outcome = store(tmp_path, "c.xlsx", corrected, "individual_results")
    assert outcome.replaced == (Replaced("a.xlsx", sha_of("a.xlsx"), "pupil_results", 1),)


def test_a_plan_says_the_same_and_writes_nothing(tmp_path):
    store(tmp_path, "a.xlsx", marks({"s1": (1, 2, 3, 4)}, file="a.xlsx"))
    before = tree(tmp_path)
    tables = marks({"s1": (2, 2, 3, 4)}, file="b.xlsx")
    card = a_card("b.xlsx", "mark_statistics", tables)
    planned = plan_store(tmp_path, card, tables)
    assert tree(tmp_path) == before
    assert planned == store_reading(tmp_path, card, tables)


def test_files_of_one_import_that_contradict_are_refused_with_both_places(tmp_path):
    one = marks({"s1": (1, 2, 3, 4), "s2": (1, 1, 1, 1)}, file="a.xlsx")
    two = marks({"s1": (2, 1, 3, 4), "s2": (1, 1, 1, 1)}, file="b.xlsx")
    readings = {
        a_card("a.xlsx", "mark_statistics", one): one,
        a_card("b.xlsx", "mark_statistics", two): two,
    }
    with pytest.raises(InputRefused) as caught:
        store_together(tmp_path, readings)
    assert tree(tmp_path) == {}
    said = {problem.file: problem for problem in caught.value.problems}
    assert set(said) == {"a.xlsx", "b.xlsx"}
    assert render_problem(said["a.xlsx"], "ru") == (
        "файл «a.xlsx», лист «Лист1», ячейка A8:G8: Два файла одной загрузки противоречат друг другу в таблице "
        "«school_results», строка «s1 · 2021 · vpr · mathematics · 5 · spring»: в файле «b.xlsx», лист «Лист1», "
        "ячейки A8:G8, стоит «mark_2_n = 2, mark_3_n = 1, mark_2_share = 0.2, mark_3_share = 0.1, low_n = 2, "
        "low_share = 0.2». Найдено: «mark_2_n = 1, mark_3_n = 2, mark_2_share = 0.1, mark_3_share = 0.2, low_n = 1, "
        "low_share = 0.1». Оставьте в загрузке верный файл; если второй — исправленный, загрузите его отдельно, "
        "после первого. Ни один из двух не сохранён."
    )
    assert render_problem(said["b.xlsx"], "en") == (
        "file “b.xlsx”, sheet “Лист1”, cell A8:G8: Two files of one import contradict each other in table "
        "“school_results”, row “s1 · 2021 · vpr · mathematics · 5 · spring”: file “a.xlsx”, sheet “Лист1”, "
        "cells A8:G8, has “mark_2_n = 1, mark_3_n = 2, mark_2_share = 0.1, mark_3_share = 0.2, low_n = 1, "
        "low_share = 0.1”. Found: “mark_2_n = 2, mark_3_n = 1, mark_2_share = 0.2, mark_3_share = 0.1, low_n = 2, "
        "low_share = 0.2”. Import only the right file; if one of them is the corrected one, import it by itself "
        "after the other. Neither of the two is stored."
    )


def test_files_of_one_import_that_agree_are_both_stored(tmp_path):
    one = marks({"s1": (1, 2, 3, 4)}, file="a.xlsx")
    two = marks({"s1": (1, 2, 3, 4)}, file="b.xlsx")
    outcomes = store_together(
        tmp_path,
        {a_card("a.xlsx", "mark_statistics", one): one, a_card("b.xlsx", "mark_statistics", two): two},
    )
    assert [outcome.is_new for outcome in outcomes.values()] == [True, True]


def test_a_kill_before_the_card_leaves_the_old_state_and_the_next_import_cleans_up(tmp_path, monkeypatch):
    store(tmp_path, "a.xlsx", marks({"s1": (1, 2, 3, 4)}, file="a.xlsx"))
    cards_before = sorted((tmp_path / "data/validated/cards").iterdir())

    def killed(folder, record):
        raise KeyboardInterrupt

    tables = marks({"s1": (2, 2, 3, 4)}, file="b.xlsx")
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "write_records", killed)
        with pytest.raises(KeyboardInterrupt):
            store(tmp_path, "b.xlsx", tables)
    orphan = tmp_path / f"data/validated/school_results/{sha_of('b.xlsx')}.parquet"
    assert orphan.exists()
    assert sorted((tmp_path / "data/validated/cards").iterdir()) == cards_before
    store(tmp_path, "c.xlsx", marks({"s3": (1, 1, 1, 1)}, file="c.xlsx"))
    assert not orphan.exists()


def test_a_file_read_anew_under_other_options_replaces_its_own_rows(tmp_path):
    wrong = marks({"s1": (1, 2, 3, 4)}, file="a.xlsx", school_year=2021)
    right = marks({"s1": (1, 2, 3, 4)}, file="a.xlsx", school_year=2022)
    store(tmp_path, "a.xlsx", wrong)
    outcome = store(tmp_path, "a.xlsx", right)
    assert outcome.is_new
    assert outcome.replaced == (Replaced("a.xlsx", sha_of("a.xlsx"), "school_results", 1),)
