"""`shnor runs`: what runs there were, what became of each report, and which numbers two of them showed differently."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tiny_reports import home, make_town, order

from shnor_analysis.batch.ledger import Ledger, line
from shnor_analysis.batch.run_locks import owning
from shnor_analysis.batch.warm.forking import why_not_fork
from shnor_analysis.workspace.run_records import find_runs

pytestmark = pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork")
A, B, C = (["--school", name] for name in ("a", "b", "c"))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs: a and b, where b fails; b alone; a, reused, and b and c, where a number changed; a and b by force."""
    folder = make_town(tmp_path_factory.mktemp("runs") / "town")
    (folder / "fault-b").write_text("raises")
    order(folder, "report", *A, *B)
    (folder / "fault-b").unlink()
    order(folder, "report", *B)
    (folder / "change").write_text("14")
    order(folder, "report", *A, *B, *C)
    order(folder, "report", *A, *B, "--force")
    return folder


def asked(town: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    """What machines get."""
    assert order(town, "runs", *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def ids(town: Path) -> list[str]:
    """The oldest first."""
    return [run.run_id for run in reversed(find_runs(town))]


def test_every_run_is_listed_with_what_became_of_it(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = asked(town, capsys)["runs"]
    counts = [(one["state"], one["done"], one["reused"], one["failed"]) for one in reversed(listed)]
    assert counts == [("ended", 1, 0, 1), ("ended", 1, 0, 0), ("ended", 1, 2, 0), ("ended", 2, 0, 0)]
    assert [one["run_id"] for one in listed] == sorted(ids(town), reverse=True)
    assert order(town, "runs") == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(
        r"номер +начат +что заказано +состояние +готово / взято / не удалось +секунд", lines[0]
    )
    assert re.fullmatch(
        r"\d{8}T\d{6}-[0-9a-f]{4}  \d{4}-\d\d-\d\d \d\d:\d\d  2024, 3 отчёта +закончен +1 / 2 / 0 +\d+,\d",
        lines[2],
    )


def test_a_run_is_shown_report_by_report(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _, third, _ = ids(town)
    units = {one["unit_id"]: one for one in asked(town, capsys, "show", first)["units"]}
    assert units["a"]["outcome"] == "done"
    assert units["a"]["peak_mb"] > 20
    failed = {name: units["b"][name] for name in ("outcome", "reason", "cell", "reason_text")}
    assert failed == {
        "outcome": "failed",
        "reason": "cell_failed",
        "cell": 5,
        "reason_text": "ошибка в ячейке 5: ValueError: no such school",
    }
    assert order(town, "runs", "show", third) == 0
    assert f"a      взят готовым" in (said := capsys.readouterr().out)  # noqa: F541
    assert f"сделан в заказе {first}" in said


def test_two_runs_are_compared_number_by_number(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, second, third, fourth = ids(town)
    found = asked(town, capsys, "compare", third, fourth)
    assert found["changes"] == [
        {"unit_id": unit, "place": f"Результаты · {unit}, 4 класс · доля", "old": "13 %", "new": "14 %"}
        for unit in ("a", "b")
    ], "what was reused is looked for in the run that made it"
    assert (found["same_n"], found["units_n"]) == (2, 2)
    assert (found["only_old"], found["only_new"], found["unknown"]) == (["c"], [], [])
    assert order(town, "runs", "compare", third, fourth) == 0
    assert capsys.readouterr().out == (
        "a\n  Результаты · a, 4 класс · доля: 13 % → 14 %\n"
        "b\n  Результаты · b, 4 класс · доля: 13 % → 14 %\n"
        "Только в первом заказе 1 отчёт: c\n"
        "Изменилось 2 числа, не изменилось 2.\n"
    )
    assert order(town, "runs", "compare", second, third) == 0
    assert capsys.readouterr().out == (
        "Только во втором заказе 2 отчёта: a, c\nНичего не изменилось: 2 числа те же самые (отчётов: 1).\n"
    )


def test_numbers_that_nobody_kept_are_unknown_and_not_unchanged(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(town, tmp_path / "copy"))
    _, second, third, fourth = ids(copy)
    (home(copy) / "runs" / second / "numbers.jsonl").unlink()
    found = asked(copy, capsys, "compare", third, fourth)
    assert found["unknown"] == ["b"]
    assert [one["unit_id"] for one in found["changes"]] == ["a"]


def test_the_state_of_a_run_is_said_by_its_lock_and_its_last_line(town: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(town, tmp_path / "copy"))
    run = home(copy) / "runs" / ids(copy)[-1]

    def state() -> tuple[str, int]:
        record = find_runs(copy)[0]
        return record.state, len(record.of("going"))

    assert state() == ("ended", 0)
    ledger = Ledger(run)
    ledger.write_all([line("run_resumed", turn=9), line("started", "a")])
    assert state() == ("broken", 0), "nobody holds its lock"
    with owning(run):
        assert state() == ("going", 1)
    ledger.write("interrupted")
    assert state() == ("interrupted", 0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody", "Такого заказа отчётов нет. Найдено: «nobody». Допустимо: "),
        ("20", "Так начинаются номера нескольких заказов. Найдено: «20». Допустимо: "),
    ],
)
def test_a_name_that_is_not_of_one_run_is_refused_in_words(
    town: Path, name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert order(town, "runs", "show", name) == 2
    assert capsys.readouterr().err.startswith(words)


def test_where_nothing_was_ordered_the_way_in_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert order(make_town(tmp_path / "town"), "runs") == 0
    assert capsys.readouterr().out == "Отчётов ещё не заказывали: shnor report.\n"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('{"version": 1, "run_id": ', "JSONDecodeError"),
        ("[]", "Input should be a dictionary"),
        ('{"version": 99}', "version 99"),
        (
            '{"version": 1, "run_id": "a", "request": {}, "is_forced": false, "units": [{"unit_id": 7}]}',
            "units.0",
        ),
        ('{"version": 1, "run_id": "a", "request": 5, "is_forced": false, "units": []}', "request"),
    ],
)
def test_a_damaged_run_is_said_and_stops_nothing_else(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, found: str
) -> None:
    copy = Path(shutil.copytree(town, tmp_path / "copy"))
    *kept, last = ids(copy)
    (home(copy) / "runs" / last / "plan.json").write_text(content)
    assert ids(copy) == kept
    assert order(copy, "report", *A, *B) == 0, "an order goes on without it"
    assert order(copy, "report", "--resume") == 0
    assert (home(copy) / "runs" / last).is_dir(), "nobody removes what he cannot read"
    capsys.readouterr()
    for command in (["runs", "show", last], ["report", "--resume", "--run", last]):
        assert order(copy, *command) == 2
        said = capsys.readouterr().err
        assert "Запись заказа отчётов повреждена или сделана другой версией" in said
        assert found in said


def test_a_run_that_does_not_say_what_was_ordered_is_not_gone_on_with(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(town, tmp_path / "copy"))
    plan = home(copy) / "runs" / ids(copy)[-1] / "plan.json"
    told = json.loads(plan.read_text())
    del told["request"]["school_year"]
    plan.write_text(json.dumps(told))
    capsys.readouterr()
    assert order(copy, "report", "--resume") == 2
    assert "повреждено, что было заказано. Найдено: «school_year»" in capsys.readouterr().err


@pytest.mark.parametrize(
    "damage",
    [
        "\x00\x00",
        "5",
        '{"event": "finished"}',
        '{"at": "", "event": "finished", "unit_id": 7}',
        "[" * 100_000,
    ],
)
def test_a_damaged_line_of_a_ledger_finishes_nothing(town: Path, tmp_path: Path, damage: str) -> None:
    copy = Path(shutil.copytree(town, tmp_path / "copy"))
    run = home(copy) / "runs" / ids(copy)[-1]
    before = [unit.outcome for unit in find_runs(copy)[0].units]
    text = (run / "ledger.jsonl").read_text().splitlines()
    finished = next(place for place, one in enumerate(text) if '"finished"' in one)
    text[finished] = damage
    (run / "ledger.jsonl").write_text("\n".join(text) + "\n")
    after = [unit.outcome for unit in find_runs(copy)[0].units]
    assert (before, after.count("left"), after.count("done")) == (["done", "done"], 1, 1)


@pytest.mark.parametrize("address", ["foo://x", "localhost", "tcp://", "tcp://a:b", "LOCAL"])
def test_what_is_no_address_of_a_cluster_is_refused_before_a_run_begins(
    town: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set((home(town) / "runs").iterdir())
    assert order(town, "report", *A, "--cluster", address) == 2
    assert capsys.readouterr().err.startswith(f"Это не адрес планировщика кластера. Найдено: «{address}».")
    assert set((home(town) / "runs").iterdir()) == before
