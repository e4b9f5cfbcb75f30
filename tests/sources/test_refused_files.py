"""Files that are refused: each defect with its exact words in both languages, and nothing else refused with it."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path

import broken_files
import pytest
from fisoko_files import individual, marks
from school_files import a_book, a_context, reading

from shnor_analysis.errors import InputRefused
from shnor_analysis.language import render_problem
from shnor_analysis.sources import Limits, open_file, read_tables

EXPECTED = tomllib.loads(Path(__file__).with_name("refusals.toml").read_text(encoding="utf-8"))
DEFECTS = {
    name: make
    for name, make in inspect.getmembers(broken_files, inspect.isfunction)
    if make.__module__ == "broken_files" and not name.startswith("_")
}


def said(refused, language):
    return [render_problem(problem, language) for problem in refused.value.problems]


@pytest.mark.parametrize("defect", sorted(DEFECTS))
def test_defect_is_refused_in_exactly_these_words(defect, tmp_path):
    path = DEFECTS[defect](tmp_path)
    with pytest.raises(InputRefused) as refused:
        reading(path)
    assert said(refused, "ru") == EXPECTED[defect]["ru"]
    assert said(refused, "en") == EXPECTED[defect]["en"]


def test_every_expected_message_belongs_to_a_file():
    assert set(EXPECTED) == set(DEFECTS)


def test_workbook_that_passes_the_door_and_kills_the_reader_leaves_the_parent_alive(tmp_path):
    rows = [*marks(), *([None] * 6 for _ in range(150_000)), [*["x"] * 25]]
    path = a_book(tmp_path / "sparse.xlsx", rows)
    tight = Limits(memory_bytes=120 << 20)
    assert open_file(a_book(tmp_path / "small.xlsx", marks()), limits=tight).recognised
    with pytest.raises(InputRefused) as refused:
        open_file(path, limits=tight)
    assert said(refused, "ru") == [
        "файл «sparse.xlsx»: Файл не удалось прочитать: чтение прервано, потому что файлу не хватило отведённой "
        "памяти или он повреждён. Скопируйте таблицу в новую книгу и загрузите её; очень большую таблицу разделите "
        "на части."
    ]
    assert len(open_file(path).recognised) == 1


def test_reader_that_takes_too_long_is_stopped(tmp_path):
    path = a_book(tmp_path / "slow.xlsx", marks())
    with pytest.raises(InputRefused) as refused:
        open_file(path, limits=Limits(wall_seconds=0.001))
    assert said(refused, "en") == [
        "file “slow.xlsx”: Reading the file takes too long and was stopped. Copy the table into a new workbook and "
        "import that; split a very large table."
    ]


def test_pupil_codes_are_not_read_without_a_key(tmp_path):
    path = a_book(tmp_path / "pupils.xlsx", individual())
    with pytest.raises(InputRefused) as refused:
        read_tables(open_file(path), a_context(key=None))
    assert said(refused, "ru") == [
        "файл «pupils.xlsx», лист «Лист1»: В файле есть коды учеников, а ключа для них нет. Задайте ключ рабочей "
        "папки: переменная SHNOR_KEY_FILE или папка настроек; подробнее показывает shnor doctor."
    ]


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ({"grade": 6}, "contradicts_grade"),
        ({"subject": "russian"}, "contradicts_subject"),
        ({"school_year": 2020}, "contradicts_school_year"),
        ({"season": "autumn"}, "contradicts_season"),
        ({"assessment": "oge"}, "contradicts_assessment"),
    ],
)
def test_option_against_the_file_is_a_contradiction(option, code, tmp_path):
    path = a_book(tmp_path / "marks.xlsx", marks())
    with pytest.raises(InputRefused) as refused:
        reading(path, **option)
    assert [problem.code for problem in refused.value.problems] == [code]
