"""Drafts of plans that cannot be fixed are refused in words, and what is fixed is always read as it was."""

from __future__ import annotations

import errno

import pytest
from small_town import SETTINGS

from shnor_analysis.cli import main
from shnor_analysis.errors import EnvironmentProblem, UsageProblem
from shnor_analysis.language import render_problem
from shnor_analysis.models.planning import plan_power
from shnor_analysis.workspace import analysis_plan, create_workspace, plan_files
from shnor_analysis.workspace.analysis_plan import find_plans, freeze_plan, read_plans

DRAFT = {"name": "a", "question": "?", "treated": {"sch1": 2022}, "years_before": 2, "years_after": 1}


@pytest.fixture
def folder(tmp_path):
    create_workspace(tmp_path, SETTINGS)
    return tmp_path


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("wanted", value) for value in (float("nan"), float("inf"), "0.2", True)),
        *(("question", value) for value in (5, None, "", "a\x7fb", "\ud800")),
        *(("context", value) for value in (None, {"a": 1}, "ab", ["a\x7f"], [1])),
        *(("analyses", value) for value in (None, [["ancova"]], [5], 5, "ancova")),
        *(("rule", value) for value in (None, 3, "zzz", ["rosobr_2020"])),
        *(("specifications", value) for value in ("abc", [1, 2.5], None)),
        *(("treated", value) for value in ({"a\x7f": 2022}, {"sch1": float("inf")}, {}, None, {"": 2022})),
        *(("name", value) for value in (5, None, "../x", ["a"])),
        ("outcome", ["outcome_sd"]),
    ],
)
def test_a_field_that_cannot_be_so_is_refused_by_its_name(folder, field, value):
    with pytest.raises(UsageProblem) as refused:
        freeze_plan(folder, {**DRAFT, field: value})
    assert [one.fields["field"] for one in refused.value.problems] == [field]
    render_problem(refused.value.problems[0], "ru").encode("utf-8")
    assert not (folder / "plans").exists()


def test_a_plan_without_analyses_is_refused(folder):
    with pytest.raises(UsageProblem, match="plan_field_wrong"):
        freeze_plan(folder, {**DRAFT, "analyses": []})


def test_all_that_is_wrong_is_said_at_once_and_in_words(folder):
    wrong = {**DRAFT, "question": 5, "treated": {"sch1": "soon"}, "wanted": float("nan"), "context": None}
    del wrong["years_after"]
    with pytest.raises(UsageProblem) as refused:
        freeze_plan(folder, wrong)
    fields = [one.fields["field"] for one in refused.value.problems]
    assert fields == ["years_after", "question", "treated", "wanted", "context"]
    told = {language: render_problem(refused.value.problems[1], language) for language in ("ru", "en")}
    assert told == {
        "ru": "Поле плана «question» должно быть непустым текстом из обычных знаков. Найдено: «5». Напишите вопрос "
        "словами; образец — в docs/method/planning.md.",
        "en": "The plan's field “question” must be a text of ordinary characters, and not empty. Found: “5”. Write the "
        "question in words; docs/method/planning.md has an example.",
    }


@pytest.mark.parametrize("plan", [None, 5, [1], b"x"])
def test_other_things_than_plans_are_refused(folder, plan):
    with pytest.raises(UsageProblem, match="plan_not_plan"):
        freeze_plan(folder, plan)


@pytest.mark.parametrize("workspace", [None, 5])
def test_other_things_than_workspaces_are_refused(workspace):
    with pytest.raises(UsageProblem, match="plan_no_workspace"):
        freeze_plan(workspace, DRAFT)


def test_unusual_words_come_back_as_they_were(folder):
    frozen = freeze_plan(
        folder, {**DRAFT, "question": 'Так\u00a0ли «"\\»?\r\n\t\u2028', "rule": "rosobr_2020"}
    )
    assert read_plans(folder) == (frozen,)
    assert frozen.is_intact


def test_a_plan_that_would_not_come_back_is_not_written(folder, monkeypatch):
    lines = plan_files._lines
    monkeypatch.setattr(
        plan_files, "_lines", lambda values: lines({**values, "seed": 1} if "seed" in values else values)
    )
    with pytest.raises(UsageProblem, match="plan_not_kept"):
        freeze_plan(folder, DRAFT)
    assert not list(folder.glob("plans/*"))


def test_an_unreadable_plan_is_named_beside_the_others(folder, capsys):
    frozen = freeze_plan(folder, DRAFT)
    (folder / "plans" / "b.toml").write_text('[plan]\n"wanted" = NaN\n', encoding="utf-8")
    (folder / "plans" / "c.toml").mkdir()
    found = find_plans(folder)
    assert found.plans == (frozen,)
    assert found.unreadable_files == ("b.toml", "c.toml")
    assert main(["plan", "show", "--folder", str(folder), "--language", "en"]) == 5
    told = capsys.readouterr().out
    assert "Unreadable: b.toml" in told
    assert "a, frozen" in told or "a, fixed" in told


def test_a_renamed_file_still_holds_its_name(folder):
    freeze_plan(folder, DRAFT)
    (folder / "plans" / "a.toml").rename(folder / "plans" / "other.toml")
    with pytest.raises(UsageProblem) as refused:
        freeze_plan(folder, DRAFT)
    assert refused.value.problems[0].file == str(folder / "plans" / "other.toml")


@pytest.mark.parametrize(("number", "code"), [(errno.EACCES, "folder_closed"), (errno.ENOSPC, "disk_full")])
def test_a_folder_that_cannot_be_written_is_no_crash(folder, monkeypatch, number, code):
    def refuse(path, _):
        raise OSError(number, "no", str(path))

    monkeypatch.setattr(analysis_plan, "write_text", refuse)
    with pytest.raises(EnvironmentProblem, match=code):
        freeze_plan(folder, DRAFT)


def test_a_file_in_place_of_the_folder_of_plans_is_no_crash(folder):
    (folder / "plans").write_text("x", encoding="utf-8")
    with pytest.raises(EnvironmentProblem, match="folder_closed"):
        freeze_plan(folder, DRAFT)
    assert find_plans(folder).unreadable_files == ("plans",)


def test_a_power_no_better_than_chance_is_refused():
    with pytest.raises(UsageProblem) as refused:
        plan_power(schools=40, treated=7, pupils=60, years_before=3, years_after=2, power=0.01)
    assert render_problem(refused.value.problems[0], "ru") == (
        "Вероятность заметить эффект должна быть больше 0.05: столько ложных находок бывает и без всякого эффекта. "
        "Найдено: «0.01». Обычно берут 0,8."
    )


def test_a_missing_option_is_named(capsys):
    assert main(["plan", "power", "--schools", "40", "--language", "ru"]) == 2
    assert capsys.readouterr().err.startswith("Не указано: --treated.")
