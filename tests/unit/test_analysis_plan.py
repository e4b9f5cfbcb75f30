"""A plan is fixed before its outcome is loaded, cannot be changed unseen, and stands beside what was done."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from small_town import SETTINGS
from warehouse_tables import a_card, a_table, marks, schools

from shnor_analysis.cli import main
from shnor_analysis.errors import InputRefused, UsageProblem
from shnor_analysis.language import LANGUAGES, has_text, render_problem
from shnor_analysis.models.plan_comparison import HEADLINE, compare_plan
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.analysis_plan import ANALYSES, AnalysisPlan, FrozenPlan, hash_of
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.programme_parts import DesignEstimate, GroupYear, LeaveOneOut, Specification
from shnor_analysis.warehouse import store_reading
from shnor_analysis.workspace import create_workspace
from shnor_analysis.workspace.analysis_plan import freeze_plan, plan_state, read_plans

PLAN = AnalysisPlan(
    name="help-2022",
    question="Помогла ли программа школам набора 2022 года?",
    treated=(("sch1", 2022), ("sch2", 2022)),
    years_before=2,
    years_after=1,
    analyses=("ancova", "did", "permutation"),
)
OLD_HASH = "67ea5285be6806fb1aa549ca6718561d9cb77776f17e4f0df89535200f627f46"
FROZEN = FrozenPlan(PLAN, "2021-08-01T09:00:00+00:00", (2020, 2021), True, "", "")


@pytest.fixture
def folder(tmp_path):
    create_workspace(tmp_path, SETTINGS)
    load(tmp_path, schools("sch1", "sch2", "sch3"), file="register.csv", report="school_register")
    load(tmp_path, marks({"sch1": (5, 5, 5, 5)}, file="2021.xlsx"), file="2021.xlsx")
    return tmp_path


def load(folder, tables, *, file, report="mark_statistics"):
    store_reading(folder, a_card(file, report, tables), tables)


def effect(**given) -> ProgrammeEffect:
    did = DesignEstimate("did", "sd", 0.1, 0.1, 9.0, 1.0, 0.3, -0.1, 0.3, None, 2, 12)
    told = {
        "level": 0.95,
        "cohorts": ((2022, 2),),
        "n_treated": 2,
        "n_comparison": 12,
        "delay": 0,
        "selection_years": 1,
        "seed": 500,
        "flow": (),
        "groups_by_year": tuple(
            GroupYear(year, "comparison", 0.2, 0.0, 12, 600) for year in (2020, 2021, 2022)
        ),
        "is_descriptive": False,
        "reason": None,
        "designs": (did, replace(did, design="ancova")),
        "permutation_p": 0.4,
        "permutations": 999,
    }
    return ProgrammeEffect(**{**told, **given})


def test_a_plan_is_fixed_and_found_again(folder):
    frozen = freeze_plan(folder, PLAN)
    assert read_plans(folder) == (frozen,)
    assert frozen.is_intact
    assert frozen.is_before_outcome
    assert frozen.loaded_years == (2021,)
    assert "Помогла ли программа" in (folder / "plans" / "help-2022.toml").read_text(encoding="utf-8")


def test_a_fixed_plan_is_never_written_over(folder):
    freeze_plan(folder, PLAN)
    with pytest.raises(UsageProblem) as refused:
        freeze_plan(folder, replace(PLAN, level=0.9))
    assert render_problem(refused.value.problems[0], "en").endswith(
        "A plan of this name is fixed already, and a fixed plan is never written over. Found: “help-2022”. Give the "
        "new plan another name: the old one stays, and the deviation can be seen."
    )
    assert read_plans(folder)[0].plan == PLAN


def test_a_plan_after_its_outcome_is_refused_or_says_so(folder):
    later = marks({"sch1": (5, 5, 5, 5)}, file="2022.xlsx", school_year=2022)
    load(folder, later, file="2022.xlsx")
    with pytest.raises(UsageProblem) as refused:
        freeze_plan(folder, PLAN)
    assert render_problem(refused.value.problems[0], "ru") == (
        "Результаты 2022 года, о которых план, уже загружены. Найдено: «2022». Закрепить план всё же можно с "
        "--after-data: отчёт скажет, что план появился после результатов. Если план о новых школах, назовите в нём только "
        "их («treated»)."
    )
    assert not (folder / "plans").exists()
    assert not freeze_plan(folder, PLAN, after_data=True).is_before_outcome


def test_autumn_results_are_those_of_the_year_before(folder):
    """An autumn test of 2022 tests the programme of 2021: it is no outcome of a programme that starts in 2022."""
    autumn = marks({"sch1": (5, 5, 5, 5)}, file="autumn.xlsx", school_year=2022, season="autumn")
    load(folder, autumn, file="autumn.xlsx")
    assert freeze_plan(folder, PLAN).is_before_outcome


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.95", "0.9"),
        ("sch2", "sch3"),
        ('"is_before_outcome" = true', '"is_before_outcome" = false'),
        ("2021", "2020"),
    ],
)
def test_a_changed_plan_is_noticed(folder, old, new, capsys):
    freeze_plan(folder, PLAN)
    path = folder / "plans" / "help-2022.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert not read_plans(folder)[0].is_intact
    assert plan_state(folder, effect()) == NotEstimable("plan_changed", {"name": "help-2022"})
    assert main(["plan", "show", "--folder", str(folder), "--language", "en"]) == 5
    said = capsys.readouterr()
    assert "The fixed plan was changed after it was fixed." in said.err
    assert "Changed after it was fixed!" in said.out


def test_a_broken_plan_is_refused(folder):
    freeze_plan(folder, PLAN)
    (folder / "plans" / "help-2022.toml").write_text("[frozen]\n", encoding="utf-8")
    with pytest.raises(InputRefused, match="plan_unreadable"):
        read_plans(folder)


def test_a_plan_names_schools_of_the_register(folder):
    """A mistyped number would be found only when the outcome is there, and the plan could never be kept."""
    with pytest.raises(UsageProblem) as error:
        freeze_plan(folder, replace(PLAN, treated=(("sch1", 2022), ("sch9", 2022))))
    (told,) = error.value.problems
    assert (told.code, told.found) == ("plan_school_unknown", "sch9")
    assert not (folder / "plans").exists()


def test_everything_wrong_with_a_draft_is_said_at_once(folder):
    with pytest.raises(UsageProblem) as refused:
        freeze_plan(folder, {"name": "x", "treated": {"sch1": 2022}, "colour": "red"})
    assert [one.code for one in refused.value.problems] == ["plan_field_missing"] * 3 + ["plan_field_unknown"]
    draft = {
        "name": "A b",
        "question": " ",
        "treated": {"sch1": 2022},
        "years_before": 0,
        "years_after": True,
    }
    with pytest.raises(UsageProblem) as refused:
        freeze_plan(folder, {**draft, "primary": "magic", "level": "high"})
    fields = [one.fields["field"] for one in refused.value.problems]
    assert fields == ["name", "question", "primary", "level", "years_before", "years_after"]
    with pytest.raises(UsageProblem, match="plan_field_wrong"):
        freeze_plan(folder, {**draft, "treated": {"s": "soon"}})


def test_the_command_fixes_a_draft_with_the_schools_of_a_programme(folder, tmp_path, capsys):
    rows = [{"school_id": one, "programme": "500+", "cohort_year": 2022} for one in ("sch1", "sch2")]
    rows.append({"school_id": "sch3", "programme": "other", "cohort_year": 2021})
    table = a_table("participation", rows, file="list.csv", report="participation")
    load(folder, {"participation": table}, file="list.csv", report="participation")
    draft = tmp_path / "draft.toml"
    draft.write_text(
        'name = "help-2022"\nquestion = "Did it help?"\nprogramme = "500+"\nyears_before = 2\nyears_after = 1\n',
        encoding="utf-8",
    )
    assert main(["plan", "freeze", str(draft), "--folder", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["plan"]["treated"] == [["sch1", 2022], ["sch2", 2022]]
    assert told["plan"]["programme"] == "500+"
    assert told["sha256"] == read_plans(folder)[0].sha256
    assert main(["plan", "show", "--folder", str(folder), "--language", "en"]) == 0
    said = capsys.readouterr().out
    assert "Before the results of 2022. Programme “500+”. Did it help?" in said
    assert " UTC, SHA-256 " in said
    draft.write_text(draft.read_text(encoding="utf-8").replace("500+", "600+"), encoding="utf-8")
    assert main(["plan", "freeze", str(draft), "--folder", str(folder), "--language", "ru"]) == 2
    assert capsys.readouterr().err == (
        "Школ такой программы в таблице участия нет. Найдено: «600+». Допустимо: 500+, other. Назовите программу, как она "
        "названа там, или перечислите школы плана в таблице «treated».\n"
    )


def test_what_was_done_stands_beside_the_plan(folder):
    assert plan_state(folder, effect()) == NotEstimable("no_plan")
    freeze_plan(folder, PLAN)
    state = plan_state(folder, effect(), treated={"sch1": 2022, "sch2": 2022})
    assert not isinstance(state, NotEstimable)
    assert set(state.tidy()["status"]) == {"as_planned"}


def test_a_plan_belongs_to_the_programme_it_names(folder):
    freeze_plan(folder, replace(PLAN, name="nameless"))
    freeze_plan(folder, replace(PLAN, name="of-another", programme="Другая", seed=1))
    treated = {"sch1": 2022, "sch2": 2022}

    def found(programme):
        return plan_state(folder, effect(), treated=treated, programme=programme).frozen.plan.name

    assert found("500+") == "nameless"
    freeze_plan(folder, replace(PLAN, name="of-this", programme="500+"))
    assert (found("500+"), found("Другая"), found("Третья")) == ("of-this", "of-another", "nameless")
    assert plan_state(folder, effect(), treated=treated).frozen.plan.name == "nameless"


def test_a_plan_of_another_programme_alone_is_no_plan(folder):
    freeze_plan(folder, replace(PLAN, programme="Другая"))
    assert plan_state(folder, effect(), programme="500+") == NotEstimable("no_plan")
    assert plan_state(folder, effect(), programme="Другая").frozen.plan == replace(PLAN, programme="Другая")


def test_programme_and_rule_of_a_plan_stand_beside_those_evaluated():
    plan = replace(FROZEN, plan=replace(PLAN, programme="500+", rule="rosobr_2020"))
    done = compare_plan(plan, effect(), programme="500+", rule="rosobr_2021")
    lines = {one.analysis: (one.status, one.planned, one.done) for one in done.lines}
    assert lines["programme"] == ("as_planned", "500+", "500+")
    assert lines["rule"] == ("deviation", "rosobr_2020", "rosobr_2021")
    silent = {one.analysis for one in compare_plan(FROZEN, effect(), programme="500+", rule="x").lines}
    assert silent.isdisjoint({"programme", "rule"})
    assert all(
        has_text(f"plan_analysis.{one}", language) for one in ("programme", "rule") for language in LANGUAGES
    )


def test_a_plan_fixed_before_plans_could_name_a_programme_keeps_its_hash():
    """The hash of this plan as it was when `programme` was no field."""
    frozen = FrozenPlan(PLAN, "2021-08-01T09:00:00+00:00", (2020, 2021), True, "", "")
    assert hash_of(frozen) == OLD_HASH
    assert hash_of(replace(frozen, plan=replace(PLAN, programme="500+"))) != OLD_HASH


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"level": 0.9}, ("level", "deviation", "0.95", "0.9")),
        ({"cohorts": ((2022, 3),)}, ("schools", "deviation", "2022: 2", "2022: 3")),
        ({"permutations": 99}, ("permutations", "deviation", "999", "99")),
        ({"permutations": 99, "is_exact_permutation": True}, ("permutations", "as_planned", "999", "99")),
        ({"groups_by_year": ()}, ("years_after", "deviation", "1", "0")),
        ({"context": ("is_rural",)}, ("context", "deviation", "", "is_rural")),
        ({"permutation_p": None}, ("permutation", "deviation", "", "not_done")),
        ({"reason": NotEstimable("few_schools")}, ("ancova", "deviation", "", "few_schools")),
        ({"leave_one_out": (LeaveOneOut("sch1", 0.1, -0.1, 0.3),)}, ("leave_one_out", "exploratory", "", "")),
    ],
)
def test_each_deviation_is_named_with_both_sides(given, line):
    lines = compare_plan(FROZEN, effect(**given)).lines
    found = next(one for one in lines if one.analysis == line[0])
    assert (found.analysis, found.status, found.planned, found.done) == line
    others = [
        one
        for one in lines
        if one.analysis != line[0] and "reason" not in given and given.get("groups_by_year")
    ]
    assert {one.status for one in others} <= {"as_planned"}


def test_other_schools_of_the_same_number_are_a_deviation():
    lines = compare_plan(FROZEN, effect(), treated={"sch1": 2022, "sch9": 2022}).lines
    assert lines[0].status == "deviation"


def test_the_list_of_specifications_is_compared():
    plan = replace(
        PLAN, analyses=(*PLAN.analyses, "specifications"), specifications=("ancova|all|all|never", "x|y|z|u")
    )
    one = Specification("ancova", "all", "all", "never", True, "sd", 0.1, -0.1, 0.3, True)
    done = effect(specifications=(one, replace(one, design="did")))
    lines = {line.analysis: line for line in compare_plan(replace(FROZEN, plan=plan), done).lines}
    assert (lines["specification_list"].status, lines["specification_list"].done) == ("deviation", "1")
    assert lines["specifications_added"].status == "exploratory"


def test_every_line_of_a_comparison_has_its_words():
    lines = compare_plan(FROZEN, effect()).lines
    codes = [f"plan_analysis.{one}" for one in (*ANALYSES, *(line.analysis for line in lines))]
    assert [code for code in codes for language in LANGUAGES if not has_text(code, language)] == []


def test_a_plan_for_another_headline_is_not_said_to_be_kept():
    plan = replace(PLAN, outcome="low_share", comparison="never", primary="did")
    lines = {one.analysis: one for one in compare_plan(replace(FROZEN, plan=plan), effect()).lines}
    told = {name: (lines[name].status, lines[name].planned, lines[name].done) for name in HEADLINE}
    assert told == {
        "outcome": ("deviation", "low_share", "outcome_sd"),
        "comparison": ("deviation", "never", "not_yet"),
        "primary": ("deviation", "did", "ancova"),
    }
    kept = {one.analysis for one in compare_plan(FROZEN, effect()).lines}
    assert kept.isdisjoint(HEADLINE)
    assert all(has_text(f"plan_analysis.{name}", language) for name in HEADLINE for language in LANGUAGES)
