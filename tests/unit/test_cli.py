"""The command line as a person meets it: words, languages, exit codes, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

USAGE = [
    (
        ["status", "--language", "de"],
        2,
        "У --language нет такого значения. Найдено: «de». Допустимо: ru, en. Выберите одно из допустимых значений.",
    ),
    (["stat"], 2, "Команда не понята. Найдено: «shnor stat». Список команд: shnor --help."),
    (
        ["ingest", "x", "--grade", "z", "--language", "en"],
        2,
        "--grade has no such value. Found: “z”. Choose one of the allowed values.",
    ),
    (["ingest"], 2, "Не указано: ФАЙЛЫ. Допишите его; пример даёт --help после команды."),
    (
        ["status", "--bad"],
        2,
        "Такого параметра нет. Найдено: «--bad». Список параметров: --help после команды.",
    ),
    (
        ["demo", "--seed", "-1"],
        2,
        "У --seed нет такого значения. Найдено: «-1». Допустимо: ≥ 0. Выберите одно из допустимых значений.",
    ),
    (
        ["report", "--all", "--jobs", "0", "--language", "en"],
        2,
        "--jobs has no such value. Found: “0”. Allowed: ≥ 1. Choose one of the allowed values.",
    ),
    (
        ["report", "--language", "en"],
        2,
        "Either --school ID or --all is needed. Name the schools or ask for all.",
    ),
]


def shnor(*arguments, cwd):
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from shnor_analysis.cli import main; sys.exit(main())",
            *arguments,
        ],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(("arguments", "code", "words"), USAGE)
def test_wrong_usage_is_said_in_words(arguments, code, words, tmp_path):
    ran = shnor(*arguments, cwd=tmp_path)
    assert (ran.returncode, ran.stderr.strip()) == (code, words)


def test_outside_a_workspace_the_way_in_is_named(tmp_path):
    ran = shnor("status", cwd=tmp_path)
    assert ran.returncode == 6
    assert "shnor demo" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_debug_shows_the_traceback(tmp_path):
    assert "Traceback" in shnor("status", "--debug", cwd=tmp_path).stderr


def test_a_template_is_written_and_never_over_a_file(tmp_path):
    first = shnor("template", "schools", "--json", cwd=tmp_path)
    assert json.loads(first.stdout) == {"template": "schools.xlsx"}
    before = (tmp_path / "schools.xlsx").read_bytes()
    second = shnor("template", "schools", cwd=tmp_path)
    assert second.returncode == 2
    assert (tmp_path / "schools.xlsx").read_bytes() == before


def test_a_template_takes_the_folder_like_every_command_and_writes_where_it_runs(tmp_path):
    ran = shnor("template", "schools", "--folder", str(tmp_path / "elsewhere"), "--json", cwd=tmp_path)
    assert (ran.returncode, json.loads(ran.stdout)) == (0, {"template": "schools.xlsx"})
    assert [path.name for path in tmp_path.iterdir()] == ["schools.xlsx"]


@pytest.mark.parametrize("command", ["", "demo", "ingest", "template", "report"])
def test_russian_help_has_no_words_of_the_framework(command, tmp_path):
    shown = shnor(*command.split(), "--help", cwd=tmp_path).stdout
    words = (
        "Usage",
        "Show this",
        "Options",
        "Arguments",
        "default",
        "required",
        "<bool>",
        "<str>",
        "Path",
        "[ARGS",
    )
    assert [word for word in words if word in shown] == []
    assert "Вызов: shnor" in shown


def test_help_speaks_the_language_asked_for(tmp_path):
    assert "Загрузить файлы." in shnor("--help", cwd=tmp_path).stdout
    assert "Import files." in shnor("ingest", "--help", "--language", "en", cwd=tmp_path).stdout
