"""Killed, short of disk, shut out: what was stored stays, nothing half-written is seen, and a repeat run ends the same."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time

import pytest
from broken_system import broken, command

from shnor_analysis.settings import Settings
from shnor_analysis.workspace import create_workspace, open_workspace

SETTINGS = Settings(
    workspace_id="broken-town",
    title_ru="Городок",
    title_en="Small town",
    municipality_id="m1",
    region_id="r1",
)
FILES = {
    "register.csv": "Логин;Наименование;Вид;Муниципалитет;Регион\nsch1;Школа № 1;школа;m1;r1\nsch2;Школа № 2;школа;m1;r1\n",
    "passport.csv": "Логин;ОО;Учебный год;Численность обучающихся\nsch1;Школа № 1;2020/2021;500\nsch2;Школа № 2;2020/2021;300\n",
    "protocol.csv": (
        "Логин;ОО;Предмет;Дата;Класс;Фамилия;Код участника;Первичный балл;Отметка\n"
        "sch1;Школа № 1;Математика;24.05.2021;9А;Вымышленный;900001;15;4\n"
        "sch2;Школа № 2;Математика;24.05.2021;9А;Вымышленный;900002;5;2\n"
    ),
}
WORDS_OF_FULL_DISK = (
    "На диске не осталось места. Сохранённое раньше не изменилось. Освободите место и повторите команду."
)
TABLES = ("schools", "factors", "pupils", "pupil_results", "school_results")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("SHNOR_KEY_FILE", str(tmp_path / "key"))
    (tmp_path / "key").write_text("ab" * 32 + "\n", encoding="ascii")
    made = create_workspace(tmp_path / "town", SETTINGS)
    for name, text in FILES.items():
        (made.folder / "incoming" / name).write_text(text, encoding="utf-8")
    return made


def stored(workspace):
    """All that is stored, but for the time of receipt; and that it opens and is valid."""
    assert workspace.validate()
    return workspace.status().files.drop(columns="received").to_dict("records")


def built(workspace):
    return [workspace.table(name).to_json(date_format="iso") for name in TABLES]


def left_overs(workspace):
    names = (path.name for path in workspace.folder.rglob("*"))
    return [
        name
        for name in names
        if name.endswith((".part", ".old", "pending.json")) or name.startswith((".s", ".b"))
    ]


def run(workspace, tmp_path, *arguments, fault):
    return broken(*arguments, place=workspace.folder / "data", fault=fault, hooks=tmp_path / "hooks")


def changes(workspace, tmp_path, *arguments):
    """How many changes of the workspace an unbroken run makes."""
    assert run(workspace, tmp_path, *arguments, fault="count").returncode == 0
    return int((tmp_path / "hooks" / "changes").read_text())


def test_an_import_killed_at_any_change_is_whole_or_absent_and_repeats_to_the_same(workspace, tmp_path):
    incoming = workspace.folder / "incoming"
    ingest = ("ingest", str(incoming))
    total = changes(workspace, tmp_path, *ingest)
    workspace.build()
    whole, tables = stored(workspace), built(workspace)
    seen = set()
    for moment in (total // 3, total - 14, total - 5, total):
        other = create_workspace(tmp_path / f"town-{moment}", SETTINGS)
        killed = run(other, tmp_path, *ingest, fault=f"kill:{moment}")
        assert killed.returncode == -signal.SIGKILL
        seen.add(len(stored(other)))
        assert stored(other) in ([], whole)
        assert other.ingest([incoming]).exit_code == 0
        other.build()
        assert (stored(other), built(other), left_overs(other)) == (whole, tables, [])
    assert seen == {0, len(FILES)}, "kills before and after the moment at which the import counts"


def test_a_build_killed_at_any_change_leaves_the_old_warehouse_and_nothing_else_for_ever(workspace, tmp_path):
    workspace.ingest([workspace.folder / "incoming"])
    workspace.build()
    before = built(workspace)
    total = changes(workspace, tmp_path, "build")
    for moment in (3, total):
        assert run(workspace, tmp_path, "build", fault=f"kill:{moment}").returncode == -signal.SIGKILL
        assert built(open_workspace(workspace.folder)) == before
        assert workspace.status().is_built
    workspace.build()
    assert (built(workspace), left_overs(workspace)) == (before, [])
    assert len(list((workspace.folder / "data" / "warehouse").glob("build-*"))) == 1


@pytest.mark.parametrize("moment", [2, 20])
def test_a_full_disk_is_said_in_words_and_nothing_is_lost(workspace, tmp_path, moment):
    register = workspace.folder / "incoming" / "register.csv"
    workspace.ingest([register])
    workspace.build()
    before = (stored(workspace), built(workspace))
    full = run(workspace, tmp_path, "ingest", str(register.parent), fault=f"{errno.ENOSPC}:{moment}")
    assert (full.returncode, full.stderr.strip()) == (6, WORDS_OF_FULL_DISK)
    assert (stored(workspace), built(workspace)) == before
    assert workspace.ingest([register.parent]).exit_code == 0
    assert len(stored(workspace)) == len(FILES)
    assert left_overs(workspace) == []


def test_a_full_disk_stops_a_build_and_the_old_warehouse_stays(workspace, tmp_path):
    workspace.ingest([workspace.folder / "incoming"])
    workspace.build()
    before = built(workspace)
    full = run(workspace, tmp_path, "build", fault=f"{errno.ENOSPC}:2")
    assert (full.returncode, full.stderr.strip()) == (6, WORDS_OF_FULL_DISK)
    assert built(workspace) == before


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_not_be_written_is_named(workspace, tmp_path, number):
    shut = run(workspace, tmp_path, "ingest", str(workspace.folder / "incoming"), fault=f"{number}:1")
    lock = workspace.folder / "data" / ".lock"
    assert (shut.returncode, shut.stderr.strip()) == (
        6,
        f"файл «{lock}»: Сюда нельзя записать: нет прав или файл открыт в другой программе. Закройте файл в других "
        "программах, проверьте права на папку и повторите команду.",
    )


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
def test_interrupting_an_import_gives_130_and_words(workspace):
    child = subprocess.Popen(
        command("ingest", str(workspace.folder / "incoming"), "--folder", str(workspace.folder)),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    lock = workspace.folder / "data" / ".lock"
    while not lock.exists():
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert (child.returncode, said.decode().strip()) == (
        130,
        "Прервано. Готовое сохранено, недоделанного не осталось.",
    )
    assert left_overs(workspace) == []
    assert workspace.ingest([workspace.folder / "incoming"]).exit_code == 0
