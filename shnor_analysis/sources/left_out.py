"""Rows below a header that are no data: sums, means, the highest points possible, notes, and rows without a result."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from shnor_analysis.sources.cells import Column
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.spelling import plain

COLUMNS_WITH_SUM_WORD = 4
# «Средняя школа № 5» is a school, «Средний балл» is none
_SUM = re.compile(
    r"(?:итого|всего|в среднем|средн\w+ (?:перв\w+ )?(?:балл|знач|отметк|оценк|процент|показат)"
    r"|макс\S*(?: \S+)? балл|максимум\b|минимум\b|% выполн|процент выполн|медиана)"
)
# who did not come has one of these words, or nothing, in every cell of the result
ABSENT_WORDS = frozenset(
    [
        "",
        "н",
        "н/я",
        "ня",
        "н/б",
        "нб",
        "н.я.",
        "н.б.",
        "н/п",
        "б",
        "x",
        "х",
        "-",
        "–",
        "—",
        "отс",
        "отс.",
        "нет",
        "не писал",
    ]
)
_ABSENT = re.compile(r"(?:не ?яв|отсутств|болел|болен|боле[ею]т|не писал|не участв|освобожд|не выполнял)")
TABLES_OF_RESULTS = frozenset({"pupil_results", "school_results", "score_counts"})
RESULT_FIELDS = re.compile(r"points|test_points|mark|tested_n|mark_\d_(?:share|n)|low_(?:share|n)")
RUNS_OF_RESULTS = frozenset({"items", "scores"})


def data_rows(recognised: Recognised, findings: Findings) -> npt.NDArray[np.intp]:
    """Rows below the header that hold data; what is left out is counted.

    Left out: empty rows, sums and means, notes of one cell, and rows whose every result is empty or says that nobody
    wrote («н/я», «отс.», a dash).
    """
    sheet, header = recognised.sheet, recognised.header
    used = sorted({*header.places.values(), *(place for _, place in header.run)})
    if sheet.rows_n <= header.data_row:
        return np.zeros(0, dtype=np.intp)
    filled = np.vstack([sheet.columns[place].is_filled()[header.data_row :] for place in used])
    filled_n = filled.sum(axis=0)
    rows = np.flatnonzero(filled_n) + header.data_row
    is_sum = np.zeros(len(rows), dtype=bool)
    for place in range(used[:COLUMNS_WITH_SUM_WORD][-1] + 1):
        is_sum |= _says(sheet.columns[place], rows, is_sum_word)
    is_note = ~is_sum & (filled_n[rows - header.data_row] == 1) if len(used) > 2 else np.zeros_like(is_sum)
    is_absent = ~is_sum & ~is_note & _without_result(recognised, rows)
    for code, left_out in (
        ("sum_rows_left_out", is_sum),
        ("note_rows_left_out", is_note),
        ("rows_without_result", is_absent),
    ):
        findings.reason(code, int(left_out.sum()), sheet=sheet.name)
    kept: npt.NDArray[np.intp] = rows[~is_sum & ~is_note & ~is_absent]
    return kept


def is_sum_word(text: str) -> bool:
    """Tell whether a text says that its row is a sum, a mean or the highest points possible."""
    return bool(_SUM.match(plain(text)))


def is_absent_word(text: str) -> bool:
    """Tell whether a text says that there is no result."""
    spelled = plain(text)
    return spelled in ABSENT_WORDS or bool(_ABSENT.match(spelled))


def _without_result(recognised: Recognised, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Rows in which no cell of the result holds anything but a word for nothing, at least one of them a word."""
    layout, header = recognised.layout, recognised.header
    nothing = np.zeros(len(rows), dtype=bool)
    if TABLES_OF_RESULTS.isdisjoint(layout.tables):
        return nothing
    places = [place for name, place in header.places.items() if RESULT_FIELDS.fullmatch(name)]
    places += [place for _, place in header.run if layout.run in RUNS_OF_RESULTS]
    is_without, has_word = ~nothing, nothing
    for place in places:
        column = recognised.sheet.columns[place]
        is_word = _says(column, rows, is_absent_word)
        is_without = is_without & (is_word | ~column.is_filled()[rows])
        has_word = has_word | is_word
    return is_without & has_word if places else nothing


def _says(column: Column, rows: npt.NDArray[np.intp], says: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
    known = np.array([says(text) for text in column.texts] + [False], dtype=np.bool_)
    found: npt.NDArray[np.bool_] = known[column.codes[rows]]
    return found
