"""Reading a large workbook: this package against pandas with openpyxl, same file, equal values, error cells kept.

Use: python benchmarks/excel_import.py [ROWS]   (100,000 by default; 23 columns)
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import xlsxwriter

HEADER = [
    "Код участника",
    "Пол",
    "Класс",
    "Вариант",
    *(str(item) for item in range(1, 16)),
    "Первичный балл",
    "Отметка",
    "Отметка по журналу",
    "ОВЗ",
]
ERROR_EVERY = 9_973
MEGABYTE = 1024
OURS = """
import sys
from pathlib import Path
from shnor_analysis.sources import open_file
opened = open_file(Path(sys.argv[1]))
"""
THEIRS = """
import sys
import pandas as pd
frame = pd.read_excel(sys.argv[1], engine="openpyxl")
"""


def write_workbook(path: Path, rows: int) -> list[tuple[int, int]]:
    """Write individual results of `rows` pupils; returns the cells (from 0) that hold #N/A."""
    chance = random.Random(500)
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    page = book.add_worksheet("Школа 5 (sch660005)")
    page.write_row(0, 0, HEADER)
    errors = []
    for row in range(1, rows + 1):
        page.write_row(row, 0, [f"{10_000_000 + row}", chance.choice("жм"), chance.choice(["5А", "5Б"])])
        page.write_row(row, 3, [chance.randint(1, 4), *(chance.randint(0, 3) for _ in range(15))])
        page.write_row(row, 19, [chance.randint(0, 40), chance.randint(2, 5), chance.randint(2, 5)])
        page.write_string(row, 22, chance.choice(["да", "нет"]))
        if row % ERROR_EVERY == 1:
            page.write_formula(row, 19, "=NA()", None, "#N/A")
            errors.append((row, 19))
    book.close()
    return errors


def measure(code: str, path: Path) -> tuple[float, float]:
    """Seconds and processor seconds of a fresh process and its children, imports taken off."""
    timed = (
        "import time, resource, shnor_analysis.sources, pandas, openpyxl\n"
        "def processor(): return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))\n"
        f"started, used = time.perf_counter(), processor()\n{code}\n"
        "seconds, used = time.perf_counter() - started, processor() - used\n"
        "own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))\n"
        "print(seconds, used, own, children)"
    )
    done = subprocess.run(
        [sys.executable, "-c", timed, str(path)], capture_output=True, text=True, check=True
    )
    seconds, used, own, children = map(float, done.stdout.split())
    memory = f"peak memory {own / MEGABYTE:.0f} MB, of the reading child {children / MEGABYTE:.0f} MB"
    print(f"  {seconds:6.2f} s, {used:6.2f} s of processor time, {memory}")
    return seconds, used


def compare(path: Path, errors: list[tuple[int, int]]) -> None:
    """Check every value against pandas, and the error cells against those written (pandas makes them blanks)."""
    import pandas as pd

    from shnor_analysis.sources import open_file

    sheet = open_file(path).sheets[0]
    frame = pd.read_excel(path, engine="openpyxl", keep_default_na=False, na_values=[""], dtype=object)
    rows = np.arange(1, sheet.rows_n)
    for place, name in enumerate(frame.columns):
        column = sheet.columns[place]
        theirs = frame[name].to_numpy()
        ours = np.where(
            np.isnan(column.numbers[rows]), column.as_texts(rows), column.numbers[rows].astype(object)
        )
        is_error = np.isin(rows, [row for row, column_place in errors if column_place == place])
        assert (ours[~is_error] == theirs[~is_error]).all(), name
    assert {(cell.row, cell.column) for cell in sheet.errors} == set(errors)
    assert all(cell.text == "#N/A" for cell in sheet.errors)
    print(f"equal: {sheet.rows_n - 1:,} rows × {len(sheet.columns)} columns; error cells kept: {len(errors)}")


def main() -> None:
    """Write the file, time both readers in fresh processes, compare every value."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.xlsx"
        errors = write_workbook(path, rows)
        print(f"{rows:,} rows × {len(HEADER)} columns, {path.stat().st_size / 1e6:.1f} MB")
        print("shnor: preflight, reading child, recognition, hash")
        ours, ours_used = min(measure(OURS, path) for _ in range(2))
        print("pandas + openpyxl")
        theirs, theirs_used = measure(THEIRS, path)
        print(f"ratio: {theirs / ours:.1f}, of processor time {theirs_used / ours_used:.1f}")
        compare(path, errors)
    print(f"peak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE:.0f} MB")


if __name__ == "__main__":
    main()
