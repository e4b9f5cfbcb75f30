"""The numbers of a page by their places: what a reader sees, and nothing that the page does not show."""

from __future__ import annotations

import nbformat

from shnor_analysis.reporting.page_numbers import numbers_of, shown_on


def output(plain: str, markup: str = "", *, figure: bool = False) -> nbformat.NotebookNode:
    data = {"text/plain": plain}
    if markup:
        data["text/html"] = markup
    if figure:
        data["image/png"] = "…"
    return nbformat.v4.new_output("execute_result", data=data)


def numbers(*outputs: nbformat.NotebookNode) -> dict[str, str]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=list(outputs))])
    return numbers_of(shown_on(notebook))


HEADING = output("Результаты\n\nПисали 54 ученика из 60, это 90 %.\nБез чисел.", '<div class="text results">')
TABLE = output(
    "Работа\tПисали\tдоля\tинтервал\nВПР\nМатематика\t54\t13\u00a0%\t—\nОГЭ\nМатематика\t1\u202f048\t0,5\u00a0%\tот 6 до 24\u00a0%",
    '<div id="table-results">',
)
FIGURE = output(
    "Доля по годам. Математика, ВПР, 4 класс: 2023: 9 %, 2024: 13 %; 2020/21 — 15 % (от 12 до 35 %).",
    figure=True,
)


def test_cells_of_a_table_stand_under_their_row_and_column() -> None:
    assert numbers(HEADING, TABLE) == {
        "Результаты · Писали … ученика из …, это ….": "54; 60; 90 %",
        "Результаты · ВПР · Математика · Писали": "54",
        "Результаты · ВПР · Математика · доля": "13\u00a0%",
        "Результаты · ОГЭ · Математика · Писали": "1\u202f048",
        "Результаты · ОГЭ · Математика · доля": "0,5\u00a0%",
        "Результаты · ОГЭ · Математика · интервал": "от 6 до 24\u00a0%",
    }


def test_points_of_a_figure_stand_under_their_series() -> None:
    assert numbers(FIGURE) == {
        "Доля по годам · Математика, ВПР, 4 класс · 2023": "9 %",
        "Доля по годам · Математика, ВПР, 4 класс · 2024": "13 %",
        "Доля по годам · 2020/21": "15 % (от 12 до 35 %)",
    }


def test_two_rows_of_one_name_are_told_apart() -> None:
    rows = output("Шаг\tС чем\tСтрок\nСборка\tШколы\t41\nСборка\tУченики\t44", '<div id="table-accounting">')
    assert numbers(rows) == {"Сборка, Школы · Строк": "41", "Сборка, Ученики · Строк": "44"}
    twice = output("A\tB\tB\nx\t1\t2", '<div id="table-x">')
    assert numbers(twice) == {"x · B": "1", "x · B (2)": "2"}


def test_what_the_page_was_made_from_is_not_compared() -> None:
    files = output("Файл\tПолучен\nмаркеры\t23 ноября 2026", '<div id="table-provenance">')
    stream = nbformat.v4.new_output("stream", name="stdout", text="77 учеников")
    assert numbers(files, stream) == {}
