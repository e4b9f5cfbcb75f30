"""Models of a place are fitted once: kept whole, found again, known to be stale, and never half-written."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest
from scipy.stats import false_discovery_control
from warehouse_tables import a_card, sha_of

from shnor_analysis.cli import main
from shnor_analysis.errors import UsageProblem
from shnor_analysis.language import render_problem
from shnor_analysis.models import town_fits
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.factor_influence import FactorInfluence
from shnor_analysis.results.school_effects import SchoolEffects
from shnor_analysis.results.school_fits import load_school_fits, parts_of, store_school_fits
from shnor_analysis.settings import AnalysisSettings, Settings
from shnor_analysis.simulation import TownSpec, simulate_town
from shnor_analysis.warehouse import store_reading
from shnor_analysis.workspace import create_workspace, open_workspace

YEARS = (2023, 2024)
FACTORS = ("low_income_share", "vacancies_share")
SETTINGS = Settings(
    workspace_id="fitted-town",
    title_ru="Городок",
    title_en="Small town",
    municipality_id="Светлоярск",
    region_id="Заречная область (вымышленная)",
    analysis=AnalysisSettings(factors=FACTORS),
)
SPEC = TownSpec(
    schools_n=14, first_year=YEARS[0], last_year=YEARS[1], pupil_years=YEARS, cohorts=(), inflated_schools_n=0,
    inflated_treated_n=0,
)  # fmt: skip
STORED = ("schools", "factors", "pupils", "pupil_results")


@pytest.fixture(scope="module")
def town():
    tables = simulate_town(SPEC, only=STORED).tables
    results = tables["pupil_results"]
    # a family takes a second: the tests of grades 5 and 6 are enough
    return {**tables, "pupil_results": results[results["assessment"] == "vpr"]}


def store(folder, file, tables):
    told = {name: frame.assign(source_sha256=sha_of(file)) for name, frame in tables.items()}
    store_reading(folder, a_card(file, "individual_results", told), told)


def made(folder, town, *, years=YEARS):
    workspace = create_workspace(folder, SETTINGS)
    tables = {name: town[name] for name in STORED}
    if years != YEARS:
        tables |= {name: town[name][town[name]["school_year"].isin(years)] for name in STORED[1:]}
    for name, frame in tables.items():
        store(folder, f"{name}.csv", {name: frame})
    workspace.build()
    return workspace


@pytest.fixture(scope="module")
def fitted(tmp_path_factory, town):
    workspace = made(tmp_path_factory.mktemp("fitted"), town)
    told = []
    outcome = workspace.fit(replicates=0, tell=lambda done, total, name: told.append((done, total, name)))
    return workspace, outcome, told


def test_every_family_of_ten_schools_has_its_factors_and_its_gaps(fitted):
    workspace, outcome, told = fitted
    names = [one.name for one in outcome.fits.families]
    assert names == ["vpr-all", "vpr-mathematics", "vpr-russian"]
    assert told == [(place, len(names), name) for place, name in enumerate(names, start=1)]
    pooled = outcome.fits.of("vpr")
    assert isinstance(pooled.influence, FactorInfluence)
    assert isinstance(pooled.effects, SchoolEffects)
    assert (pooled.rows_kind, pooled.effects.context) == ("pupils", ("context_index",))
    assert pooled.effects.similar_by == FACTORS
    assert pooled.effects.adjusters[:1] == ("sex",)
    assert workspace.fits(2024) == outcome.fits
    assert workspace.effects(2024, only=("vpr-russian",)) == {
        "vpr-russian": outcome.fits.of("vpr", "russian").effects
    }


def test_progress_is_told_of_the_grades_whose_pupils_were_tested_before(fitted):
    family = fitted[1].fits.of("vpr")
    assert 0.2 < family.linked_share < 0.5
    assert family.progress.uses_prior
    assert 0.5 < family.progress.prior_share < 0.9
    assert family.progress.n_pupils < 0.7 * family.pupils_n
    assert family.progress.sigma2 < 0.8 * family.effects.sigma2


def test_p_values_are_adjusted_over_all_families_of_the_year(fitted):
    told = [
        one for family in fitted[1].fits.families for one in getattr(family.influence, "associations", ())
    ]
    expected = false_discovery_control([one.p_value for one in told])
    assert [one.p_adjusted for one in told] == pytest.approx(list(expected))


def test_pages_state_what_was_fitted(fitted):
    workspace, outcome, _ = fitted
    pooled = outcome.fits.of("vpr")
    school = workspace.evaluate_school("sch660001", 2024)
    first = school.expectations.results[0]
    effect = pooled.effects.of("sch660001")
    assert (first.assessment, first.subject, first.given) == ("vpr", "all", "context")
    assert (first.observed, first.verdict, first.pupils_n) == (
        effect.observed,
        effect.verdict,
        effect.pupils_n,
    )
    assert [like.school_id for like in first.like] == [one.school_id for one in effect.similar]
    town = workspace.evaluate_town(2024)
    assert town.factors.families[0].influence == pooled.influence
    assert [one.school_id for one in town.factors.families[0].gaps] == [
        line.school_id for line in town.schools
    ]
    assert not school.expectations.is_stale
    assert not town.factors.is_stale


def test_a_page_of_a_school_reads_its_own_part_and_loads_no_engine(fitted, tmp_path):
    workspace, outcome, _ = fitted
    store_school_fits(outcome.fits, tmp_path)
    for school_id in workspace.school_ids():
        assert load_school_fits(tmp_path, school_id) == parts_of(outcome.fits, school_id)
    assert load_school_fits(tmp_path, "sch0").parts == ()
    part = load_school_fits(tmp_path, "sch660002").parts[0]
    sizes = {one.school_id: one.pupils_n for one in outcome.fits.of("vpr").effects.effects}
    assert part.similar_pupils == tuple(sizes[one.school_id] for one in part.effect.similar)
    code = (
        "import sys; from pathlib import Path; from shnor_analysis.results.school_fits import load_school_fits;"
        f"load_school_fits(Path({str(tmp_path)!r}), 'sch660001');"
        "print(sorted({'duckdb', 'formulaic', 'scipy', 'statsmodels'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]", "each of them costs every page of a school"


def test_pages_tell_the_assessment_with_most_pupils_first_and_all_its_subjects_before_each(fitted):
    vpr = fitted[1].fits.families
    small = tuple(
        dataclasses.replace(one, assessment="ege", pupils_n=one.pupils_n // 3) for one in reversed(vpr)
    )
    told = dataclasses.replace(fitted[1].fits, families=(*small, *vpr)).in_reading_order()
    assert [one.name for one in told] == [
        f"{kind}-{part}" for kind in ("vpr", "ege") for part in ("all", "mathematics", "russian")
    ]


def test_questions_of_ones_own_get_the_same_rows_without_codes_of_pupils(fitted):
    workspace, outcome, _ = fitted
    rows = workspace.model_rows(2024)
    assert len(rows) == outcome.fits.of("vpr").pupils_n
    assert {"school_id", "outcome", "sex", *FACTORS, "context_index"} <= set(rows.columns)
    assert [name for name in rows.columns if "pupil" in name or "link" in name] == []
    with pytest.raises(UsageProblem) as refused:
        workspace.model_rows(2024, "pisa-all")
    (problem,) = refused.value.problems
    assert [render_problem(problem, language) for language in ("ru", "en")] == [
        "Таких результатов в этом году нет. Найдено: «pisa-all». Допустимо: vpr-all, vpr-mathematics, vpr-russian. "
        "Назовите одни из допустимых: вид работы и предмет или all.",
        "There are no such results in this year. Found: “pisa-all”. Allowed: vpr-all, vpr-mathematics, vpr-russian. "
        "Name one of those allowed: assessment and subject, or all.",
    ]


def test_nothing_is_done_where_nothing_changed_and_force_fits_anew(fitted, monkeypatch):
    workspace, outcome, _ = fitted
    assert workspace.fits_state(2024) == "current"
    workspace.build()
    assert workspace.fits_state(2024) == "current"
    monkeypatch.setattr(town_fits, "find_families", lambda connection: ())
    again = workspace.fit(replicates=0)
    assert (again.is_new, again.fits) == (False, outcome.fits)
    assert workspace.fit(replicates=0, force=True).fits.families == ()


def test_other_settings_and_other_data_make_what_was_fitted_stale(tmp_path, town, monkeypatch):
    workspace = made(tmp_path, town, years=(2024,))
    assert workspace.fits_state(2024) == "missing"
    assert workspace.fits(2024).in_words("en").startswith("the models of school year 2024 are not fitted yet")
    assert workspace.effects(2024) == workspace.influence(2024) == {}
    monkeypatch.setattr(town_fits, "find_families", lambda connection: ())
    workspace.fit(replicates=0)
    changed = SETTINGS.model_copy(update={"analysis": AnalysisSettings(factors=FACTORS[:1])})
    assert dataclasses.replace(workspace, settings=changed).fits_state(2024) == "stale"
    earlier = {name: town[name][town[name]["school_year"] == 2023] for name in ("pupils", "pupil_results")}
    store(tmp_path, "earlier.csv", earlier)
    assert workspace.fits_state(2024) == "current"
    workspace.build()
    assert workspace.fits_state(2024) == "stale"
    assert workspace.fit(2024, replicates=0).is_new
    assert workspace.fits_state(2024) == "current"


def test_an_interrupted_fit_leaves_the_earlier_results_in_use(fitted, monkeypatch):
    workspace = fitted[0]
    before = workspace.fits(2024)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(town_fits, "find_families", lambda connection: ())
    monkeypatch.setattr("shnor_analysis.results.town_fits.write_text", interrupt)
    with pytest.raises(KeyboardInterrupt):
        workspace.fit(replicates=0, force=True)
    monkeypatch.undo()
    assert workspace.fits(2024) == before
    home = workspace.folder / "data" / "warehouse" / "results" / "2024"
    assert [path.name for path in home.iterdir() if path.name.endswith(".part")] == []


def test_an_unknown_factor_and_a_year_without_results_are_refused_by_name(fitted):
    workspace = fitted[0]
    settings = SETTINGS.model_copy(update={"analysis": AnalysisSettings(factors=("moon_phase",))})
    with pytest.raises(UsageProblem) as refused:
        dataclasses.replace(workspace, settings=settings).fit(2024)
    assert [(one.code, one.found) for one in refused.value.problems] == [("factor_unknown", "moon_phase")]
    with pytest.raises(UsageProblem) as refused:
        workspace.fit(1999)
    assert [one.code for one in refused.value.problems] == ["year_without_results"]


def test_the_command_says_what_was_fitted_and_that_a_second_run_has_nothing_to_do(tmp_path, town, capsys):
    workspace = made(tmp_path, town)
    assert main(["fit", "--folder", str(tmp_path), "--language", "ru", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["is_new"], first["year"], first["factors"]) == (True, 2024, list(FACTORS))
    family = next(one for one in first["families"] if (one["assessment"], one["subject"]) == ("vpr", "all"))
    assert sum(family["effects"][name] for name in ("above", "as_expected", "below", "cannot_be_told")) == 14
    assert family["total_share"]["low"] < family["total_share"]["value"]
    assert main(["fit", "--folder", str(tmp_path), "--language", "ru"]) == 0
    said = capsys.readouterr().out
    assert "Всероссийск" in said or "ВПР" in said
    assert said.rstrip().endswith(
        "Модели за 2024 учебный год уже посчитаны, и с тех пор ничего не изменилось. Посчитать заново: --force"
    )
    assert isinstance(open_workspace(workspace.folder).fits(2023), NotEstimable)


def test_ctrl_c_in_the_midst_of_a_query_is_an_interruption_and_no_fault(fitted, monkeypatch, capsys):
    def stopped(*_, **__):
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(town_fits, "create_context", stopped)
    assert main(["fit", "--folder", str(fitted[0].folder), "--force", "--language", "en"]) == 130
    assert "fault" not in capsys.readouterr().err
