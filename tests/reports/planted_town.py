"""A small invented town whose raw files name people everywhere, and a search for what was planted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq

from shnor_analysis.settings import Settings
from shnor_analysis.simulation import ProgrammeCohort, TownSpec, simulate_town, write_town
from shnor_analysis.workspace import create_workspace

SPEC = TownSpec(
    schools_n=12,  # models ask for ten schools
    first_year=2023,
    last_year=2024,
    pupil_years=(2023,),
    pupil_grades=(5,),
    cohorts=(ProgrammeCohort(2023, 1, 0.1),),
    inflated_schools_n=1,
    inflated_treated_n=0,
)
SETTINGS = Settings(
    workspace_id="planted-town",
    title_ru="Светлоярск (вымышленный город)",
    title_en="Svetloyarsk (an invented town)",
    municipality_id="Светлоярск",
    region_id="Заречная область (вымышленная)",
    is_invented=True,
    listing_rule="rosobr_2023",
)
KEPT = (
    "Реестр школ.xlsx",
    "Другие обозначения школ.csv",
    "Социальный паспорт 2024.xls",
    "Статистика по отметкам весна 2024.xlsx",
    "Школа № 2 Статистика по отметкам 2023.xlsx",
    "Индивидуальные результаты МА 2023.xlsx",
    "Протокол ОГЭ 2023.csv",
    "Протокол ОГЭ 2024.xlsx",
    "Перечни школ.csv",
)
INDIVIDUAL, PROTOCOL = "Индивидуальные результаты МА 2023.xlsx", "Протокол ОГЭ 2024.xlsx"
SURNAME, NAME, PATRONYMIC = "Зюзюкин", "Пафнутий", "Кузьмич"
PERSON = f"{SURNAME} {NAME} {PATRONYMIC}"
SNILS, BARE_SNILS = "112-233-445 95", 11223344595
BIRTH, PHONE = "14.02.2011", "+7 912 345-67-89"
CODE_PREFIX, LINK_PREFIX = "КУ-7744", "СВ-20"
# under these headers, the last three of which say nothing of persons
PERSONAL_COLUMNS = {
    "Фамилия": SURNAME,
    "ФИО обучающегося": PERSON,
    "СНИЛС": SNILS,
    "Дата рождения": BIRTH,
    "Телефон": PHONE,
    "Примечание": SNILS,
    "Номер": BARE_SNILS,
    "Кто": PERSON,
}
PLANTED = (
    SURNAME,
    NAME,
    PATRONYMIC,
    SNILS,
    str(BARE_SNILS),
    BIRTH,
    "2011-02-14",
    PHONE,
    CODE_PREFIX,
    LINK_PREFIX,
    "Фамилия0",
    "Имя0",
    "Отчество0",
)

# Python imports `sitecustomize` before anything else, in kernels and readers too.
NO_NETWORK = """
import os
import sys


def watch(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if host not in ("localhost", "::1", "None", "", "0.0.0.0") and not host.startswith("127."):
        with open(os.environ["NETWORK_LOG"], "a", encoding="utf-8") as log:
            log.write(event + " " + host + chr(10))
        raise OSError("there is no network: " + host)


sys.addaudithook(watch)
"""
COMMANDS = {
    "ingest": ("ingest", "{incoming}"),
    "build": ("build", "--json"),
    "fit": ("fit", "--year", "2024"),
    "status": ("status", "--json"),
    "report department": ("report", "--school", "sch660001", "--year", "2024", "--jobs", "2"),
    "report public": (
        *("report", "--school", "sch660002", "--year", "2024", "--jobs", "2"),
        *("--audience", "public", "--language", "en", "--json"),
    ),
}


def plant(folder: Path) -> Path:
    """A workspace with the town's files in `incoming`: columns about persons added, pupil codes made easy to find."""
    workspace = create_workspace(folder, SETTINGS)
    incoming = workspace.folder / "incoming"
    for path in write_town(simulate_town(SPEC), incoming).files:
        if path.name not in KEPT:
            path.unlink()
    for name in (INDIVIDUAL, PROTOCOL):
        edit(incoming / name, _plant_sheet)
    return workspace.folder


def edit(path: Path, change: Any, target: Path | None = None) -> Path:
    """Change each sheet of a workbook that has a header with a pupil code."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        header = next(
            (row for row in sheet.iter_rows() if any(c.value == "Код участника" for c in row)), None
        )
        if header is not None:
            change(sheet, header[0].row, {cell.value: cell.column for cell in header if cell.value})
    book.save(target or path)
    return target or path


def _plant_sheet(sheet: Any, header_row: int, places: Mapping[str, int]) -> None:
    width = sheet.max_column
    columns = {name: place for name, place in places.items() if name in PERSONAL_COLUMNS}
    for header in PERSONAL_COLUMNS:
        if header not in columns:
            width += 1
            columns[header] = width
            sheet.cell(header_row, width, header)
    for row in range(header_row + 1, sheet.max_row + 1):
        code = sheet.cell(row, places["Код участника"])
        if code.value is not None:
            code.value = f"{CODE_PREFIX}{code.value}"
            for header, place in columns.items():
                sheet.cell(row, place, PERSONAL_COLUMNS[header])


def shnor(*arguments: str, folder: Path, key: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `shnor` on a workspace in a process of its own."""
    return subprocess.run(
        command(*arguments, folder=folder),
        env=surroundings(key, **environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def without_network(hooks: Path, log: Path) -> dict[str, str]:
    """Variables under which every Python process refuses any address but this machine and notes it in `log`."""
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(hooks), before] if before else [str(hooks)])
    return {"PYTHONPATH": path, "NETWORK_LOG": str(log)}


def command(*arguments: str, folder: Path) -> list[str]:
    """How `shnor` is called, without relying on a script in the path."""
    call = "import sys; from shnor_analysis.cli import main; sys.exit(main())"
    return [sys.executable, "-c", call, *arguments, "--folder", str(folder)]


def surroundings(key: Path, **environment: str) -> dict[str, str]:
    """The variables of such a process: key outside the workspace."""
    return {**os.environ, "SHNOR_KEY_FILE": str(key), "PYTHONIOENCODING": "utf-8", **environment}


def find_planted(text: str | bytes, planted: Iterable[str] = PLANTED) -> list[str]:
    """What of the planted stands in a text or in bytes, in any encoding that a file here may have."""
    raw = text.encode("utf-8") if isinstance(text, str) else text
    return [one for one in planted if any(form in raw for form in _spellings(one))]


def _spellings(text: str) -> set[bytes]:
    escaped = text.encode("ascii", "backslashreplace")
    return {text.encode("utf-8"), text.encode("utf-16-le"), text.encode("cp1251"), escaped}


def leaks_below(folder: Path, *, but: Iterable[Path] = ()) -> dict[str, list[str]]:
    """Every file and every name of a file below a folder that holds something planted; Parquet is unpacked."""
    left_out = tuple(but)
    found = {}
    for path in sorted(folder.rglob("*")):
        if any(path.is_relative_to(other) for other in left_out):
            continue
        hits = find_planted(str(path.relative_to(folder)))
        if path.is_file():
            hits += find_planted(_content(path))
        if hits:
            found[str(path.relative_to(folder))] = hits
    return found


def _content(path: Path) -> bytes:
    if path.suffix != ".parquet":
        return path.read_bytes()
    table = pq.read_table(path, partitioning=None)
    return path.read_bytes() + repr(table.to_pydict()).encode("utf-8")
