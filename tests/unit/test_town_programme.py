"""Lists, programmes and courses of a place: what the models are asked, what is kept, what pages are told of it."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import pytest
from warehouse_tables import a_card, sha_of

from shnor_analysis.accounting import Accounting
from shnor_analysis.errors import UsageProblem
from shnor_analysis.evaluation.programme import list_flow_of, programmes_of, unseen_programmes
from shnor_analysis.evaluation.programme_facts import UnseenProgramme
from shnor_analysis.models import school_records, town_programme
from shnor_analysis.models.town_programme import ProgrammePlan, fit_town_programme
from shnor_analysis.reference.calendar_breaks import calendar_breaks
from shnor_analysis.reference.listing_rules import listing_rule
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.list_flow import ListFlowPrediction
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.town_programme_files import load_town_programme
from shnor_analysis.settings import Settings
from shnor_analysis.simulation import ProgrammeCohort, TownSpec, simulate_town
from shnor_analysis.warehouse import store_reading
from shnor_analysis.warehouse.analysis import Participants, ResultsPanel
from shnor_analysis.workspace import create_workspace, open_workspace
from shnor_analysis.workspace.fits_folder import current_fits, fits_home

STORED = ("schools", "school_results", "listings", "participation")
SPEC = TownSpec(
    seed=2, schools_n=24, first_year=2021, last_year=2024, cohorts=(ProgrammeCohort(2023, 6, 0.3),), inflated_schools_n=0,
    inflated_treated_n=0,
)  # fmt: skip
SETTINGS = Settings(
    workspace_id="programme-town",
    title_ru="Городок",
    title_en="Small town",
    municipality_id="Светлоярск",
    region_id="Заречная область (вымышленная)",
    listing_rule="rosobr_2023",
)
HELPED = ("sch660008", "sch660019", "sch660021", "sch660022", "sch660023", "sch660024")


def store(folder, file, tables):
    told = {name: frame.assign(source_sha256=sha_of(file)) for name, frame in tables.items()}
    store_reading(folder, a_card(file, "mark_statistics", told), told)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    tables = simulate_town(SPEC, only=STORED).tables
    made = create_workspace(tmp_path_factory.mktemp("programme"), SETTINGS)
    for name in STORED:
        store(made.folder, f"{name}.csv", {name: tables[name]})
    made.build()
    made.fit(replicates=0)
    return made


def parts_of(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, tuple | Mapping):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from parts_of(item)
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            yield from parts_of(getattr(value, one.name))


def test_the_last_list_stands_beside_its_leavers_and_the_next_one_is_a_forecast(workspace):
    observed, forecast = workspace.list_flow(2024)
    assert (observed.year, forecast.year) == (2023, 2024)
    assert (observed.observed_leavers is None, forecast.observed_leavers) == (False, None)
    assert observed.calibration
    told = workspace.evaluate_town(2024).list_flow
    assert [(one.list_school_year, one.next_school_year) for one in told.lists] == [
        (2023, 2024),
        (2024, 2025),
    ]
    assert (told.lists[0].expected_leavers, told.lists[0].observed_leavers) == (
        observed.expected_leavers,
        observed.observed_leavers,
    )
    assert [one.list_school_year for one in told.calibration] == [one.year for one in observed.calibration]


def test_a_list_that_cannot_be_predicted_is_named_with_its_reason(workspace):
    found = load_town_programme(current_fits(fits_home(workspace.folder, 2024)) / "programme")
    empty = NotEstimable("list_empty", {"year": 2024})
    facts = list_flow_of(
        dataclasses.replace(found, forecast=empty), rule=listing_rule("rosobr_2023"), names={}, is_stale=False
    )
    assert [one.list_school_year for one in facts.lists] == [2023]
    assert [(one.list_school_year, one.reason) for one in facts.absent] == [(2024, empty)]


def test_a_programme_of_which_nothing_is_known_is_kept_beside_the_others(workspace):
    found = load_town_programme(current_fits(fits_home(workspace.folder, 2024)) / "programme")
    (fit,) = found.programmes
    silent = dataclasses.replace(fit, programme="Other", effect=NotEstimable("programme_without_results"))
    both = dataclasses.replace(found, programmes=(fit, silent))
    assert unseen_programmes(both) == (UnseenProgramme("Other", 6, silent.effect),)
    alone = dataclasses.replace(found, programmes=(silent,))
    assert programmes_of(alone, names={}, plans={}, is_stale=False) == silent.effect
    assert unseen_programmes(alone) == unseen_programmes(silent.effect) == ()


def test_years_that_hold_tests_of_the_following_autumn_are_told(workspace):
    panel = workspace.panel(2024)
    autumn = tuple(sorted({int(year) for year in panel.loc[panel["season"] == "autumn", "school_year"]}))
    facts = workspace.evaluate_town(2024)
    assert facts.programme.autumn_years == facts.list_flow.autumn_years == autumn == (2020, 2022)
    assert workspace.evaluate_school("sch660008", 2024).course.autumn_years == autumn


def test_a_cohort_is_set_against_the_list_of_the_year_before_it_joined(workspace):
    (cohort,) = workspace.evaluate_town(2024).list_flow.cohorts
    assert (cohort.cohort_year, cohort.list_school_year, cohort.next_school_year) == (2023, 2022, 2023)
    assert (cohort.schools_n, cohort.listed_n) == (len(HELPED), len(cohort.schools))
    assert {one.school_id for one in cohort.schools} <= set(HELPED)
    assert cohort.left_n == sum(one.has_left for one in cohort.schools)
    assert cohort.expected_leavers == pytest.approx(sum(one.p_left for one in cohort.schools), abs=0.02)


def test_pages_are_told_the_effect_with_what_may_be_closed_beside_it(workspace):
    effect = workspace.programme_effect(2024)
    facts = workspace.evaluate_town(2024).programme
    assert (facts.programme, facts.cohorts, facts.effect.delay) == ("500+", ((2023, 6),), 1)
    assert (facts.effect.flow, facts.effect.groups_by_year, facts.effect.leave_one_out) == ((), (), ())
    assert [one.school_year for one in facts.groups] == [one.school_year for one in effect.groups_by_year]
    assert [one.schools_used for one in facts.flow] == [effect.n_treated, effect.n_comparison]
    # fewer low results is better: the ends change places with their sign
    assert (facts.hull_low_of_100, facts.hull_high_of_100) == (-effect.hull_high_pp, -effect.hull_low_pp)
    assert facts.plan == NotEstimable("no_plan")
    assert len(facts.trend) == 22
    estimates = [one.estimate for one in effect.leave_one_out]
    assert (facts.leave_one_out.lowest, facts.leave_one_out.highest) == (min(estimates), max(estimates))
    broken = {one.school_year for one in facts.groups if not one.is_comparable}
    assert broken == {2020, 2021, 2022}


def test_estimates_of_one_or_two_schools_are_told_nobody(workspace):
    home = current_fits(fits_home(workspace.folder, 2024))
    found = load_town_programme(home / "programme")
    (fit,) = found.programmes
    two = tuple(dataclasses.replace(one, n_treated=2) for one in fit.effect.event_study)
    few = dataclasses.replace(fit, effect=dataclasses.replace(fit.effect, event_study=two))
    (facts,) = programmes_of(
        dataclasses.replace(found, programmes=(few,)), names={}, plans={}, is_stale=False
    )
    assert (len(two) > 0, facts.effect.event_study) == (True, ())


@pytest.mark.parametrize("school_id", ["sch660008", "sch660002"])
def test_a_school_has_a_course_of_its_own_and_never_an_effect(workspace, school_id):
    facts = workspace.evaluate_school(school_id, 2024)
    assert not [one for one in parts_of(facts) if isinstance(one, ProgrammeEffect)]
    course = facts.course
    assert course.through == 2022
    assert (course.cohort_year, course.programme) == ((2023, "500+") if school_id in HELPED else (None, None))
    assert [one.school_year for one in course.years if one.expected is not None] == [2023, 2024]
    assert all((one.verdict is None) == (one.expected is None) for one in course.years)
    for one in course.years:
        low, tested = (sum(getattr(part, name) for part in one.parts) for name in ("low_n", "tested_n"))
        assert (one.tested_n, one.observed.value) == (tested, pytest.approx(low / tested))
    assert course.similar == NotEstimable("like_schools_unknown")


def test_the_panel_of_a_workspace_is_what_the_models_take(workspace):
    panel = workspace.panel(2023)
    assert (panel["school_year"].max(), panel["school_id"].nunique()) == (2023, 24)
    with pytest.raises(UsageProblem):
        workspace.panel(1999)
    with pytest.raises(UsageProblem) as refused:
        workspace.programme_effect(2024, "600+")
    assert [(one.code, one.found, one.allowed) for one in refused.value.problems] == [
        ("programme_unknown", "600+", "500+")
    ]
    assert workspace.programme_effect(2023).in_words("en").startswith("the models of school year 2023")


def test_another_rule_and_another_participant_make_what_was_fitted_stale(workspace, tmp_path):
    assert workspace.fits_state(2024) == "current"
    other = SETTINGS.model_copy(update={"listing_rule": "rosobr_2022"})
    assert dataclasses.replace(workspace, settings=other).fits_state(2024) == "stale"
    copy = open_workspace(shutil.copytree(workspace.folder, tmp_path / "copy"))
    joined = simulate_town(SPEC, only=STORED).tables["participation"].head(1).assign(school_id="sch660002")
    store(copy.folder, "joined.csv", {"participation": joined})
    copy.build()
    assert copy.fits_state(2024) == "stale"
    assert copy.evaluate_town(2024).programme.is_stale
    assert copy.evaluate_school("sch660002", 2024).course.is_stale


class Asked:
    """Stands for the models and remembers what they are asked."""

    def __init__(self, monkeypatch):
        self.lists, self.effects, self.courses = [], [], []
        monkeypatch.setattr(town_programme, "predict_list_flow", self._flow)
        monkeypatch.setattr(town_programme, "estimate_programme_effect", self._effect)
        monkeypatch.setattr(school_records, "predict_school_courses", self._course)

    def _flow(self, rows, **asked):
        self.lists.append(asked)
        return NotEstimable("list_empty", {"year": asked["year"]})

    def _effect(self, rows, *, treated, options):
        self.effects.append((rows, treated, options))
        return NotEstimable("not_worked_out")

    def _course(self, rows, *, through, seed):
        self.courses.append(through)
        return {}


def hand_made(*rows):
    """A panel of rows (school, year, break)."""
    frame = pd.DataFrame(rows, columns=["school_id", "school_year", "break_code"])
    frame = frame.assign(tested_n=20, low_n=5, is_flagged=False, is_comparable=frame["break_code"] == "")
    frame["season"] = "spring"
    codes = set(frame["break_code"])
    breaks = tuple(one for one in calendar_breaks() if one.code in codes)
    return ResultsPanel(frame, breaks, Accounting())


def test_the_models_are_asked_for_each_list_once_and_learn_from_no_programme_year(monkeypatch):
    asked = Asked(monkeypatch)
    panel = hand_made(*((school, year, "") for school in ("a", "b", "c") for year in range(2019, 2025)))
    joined = (
        Participants("500+", (("a", 2022), ("b", 2024)), 1),
        Participants("mentors", (("a", 2023), ("b", 2021)), 0),
    )
    town, records = fit_town_programme(panel, joined, ProgrammePlan(2024, listing_rule("rosobr_2023")))
    assert sorted(one["year"] for one in asked.lists) == [2020, 2021, 2022, 2023, 2024]
    # past lists are the same for all: they are asked for once
    assert [one["year"] for one in asked.lists if one["calibrate"]] == [2023]
    # of two programmes the first year counts
    assert [one["exclude"] for one in asked.lists] == [{"a": 2022, "b": 2021}] * 5
    assert [(one.programme, one.cohort_year, one.list_year) for one in town.cohorts] == [
        ("500+", 2022, 2021), ("500+", 2024, 2023), ("mentors", 2021, 2020), ("mentors", 2023, 2022)
    ]  # fmt: skip
    assert asked.courses == [{"a": 2021, "b": 2020}, 2022]
    assert [one.school_id for one in records] == ["a", "b", "c"]
    assert [one.years[0].parts for one in records] == [((20, 5),)] * 3


def test_an_effect_is_asked_without_the_years_of_other_programmes_and_exams_of_other_pupils(monkeypatch):
    asked = Asked(monkeypatch)
    rows = [(school, year, "") for school in ("a", "b") for year in (2020, 2021, 2022)]
    panel = hand_made(*rows, ("a", 2019, "ege_2020_admission_only"), ("b", 2019, "vpr_2022_autumn"))
    joined = (Participants("500+", (("a", 2022),), 1), Participants("mentors", (("b", 2021),), 0))
    fit_town_programme(panel, joined, ProgrammePlan(2022, listing_rule("lowest_share_15_2"), seed=7))
    (rows, treated, options), _ = asked.effects
    told = set(zip(rows["school_id"], rows["school_year"], strict=True))
    assert told == {("a", 2020), ("a", 2021), ("a", 2022), ("b", 2019), ("b", 2020)}
    assert treated == {"a": 2022}
    assert (options.delay, options.selection_years, options.seed, options.has_break) == (1, 2, 7, True)
    assert (options.rule.share, options.rule.years) == (0.15, 2)


def test_autumn_tests_written_between_joining_and_the_first_effect_are_no_comparison(monkeypatch):
    asked = Asked(monkeypatch)
    panel = hand_made(*((school, year, "") for school in ("a", "b") for year in (2021, 2022, 2023)))
    autumn = ResultsPanel(panel.rows.assign(season="autumn"), (), Accounting())
    joined = (Participants("500+", (("a", 2022),), 1),)
    for rows in (panel, autumn):
        fit_town_programme(rows, joined, ProgrammePlan(2023, listing_rule("rosobr_2023")))
    spring, written_after = (
        set(zip(rows["school_id"], rows["school_year"], strict=True)) for rows, *_ in asked.effects
    )
    assert spring - written_after == {("a", 2022)}


def test_a_programme_of_schools_without_results_and_a_town_without_programmes_say_so(monkeypatch):
    asked = Asked(monkeypatch)
    panel, rule = hand_made(("a", 2024, "")), listing_rule("rosobr_2023")
    town, _ = fit_town_programme(panel, (Participants("500+", (("z", 2023),), 1),), ProgrammePlan(2024, rule))
    assert (asked.effects, town.effects()["500+"].reason) == ([], "programme_without_results")
    assert programmes_of(town, names={}, plans={}, is_stale=False).reason == "programme_without_results"
    town, _ = fit_town_programme(panel, (), ProgrammePlan(2024, rule))
    assert programmes_of(town, names={}, plans={}, is_stale=False).reason == "no_programme"


def test_what_was_kept_is_what_was_worked_out(workspace, tmp_path):
    from shnor_analysis import warehouse
    from shnor_analysis.results.town_programme_files import load_school_records
    from shnor_analysis.workspace.programme_fitting import fit_programme, store_programme

    with warehouse.connected(workspace.folder) as connection:
        town, schools = fit_programme(connection, SETTINGS, 2024)
    assert isinstance(town.observed, ListFlowPrediction)
    store_programme((town, schools), tmp_path)
    assert load_town_programme(tmp_path / "programme") == town
    kept = load_school_records(tmp_path / "programme", [one.school_id for one in schools])
    assert tuple(kept.values()) == schools
    assert load_school_records(tmp_path / "programme", ["nobody"]) == {}
    # the same seed gives the same draws
    assert workspace.list_flow(2024)[0] == town.observed
