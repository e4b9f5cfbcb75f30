"""What is said of each school: verdicts, what cannot be told, similar and resilient schools, and how it is kept."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shnor_analysis.errors import UsageProblem
from shnor_analysis.language import render
from shnor_analysis.models.effect_rows import EffectOptions
from shnor_analysis.models.school_effects import fit_school_effects
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.school_effects import UNKNOWN_REASONS, VERDICTS, SchoolEffects
from shnor_analysis.warehouse.engine import engine

QUICK = EffectOptions(draws=200)


def a_town(schools_n=30, pupils_n=60, seed=2, gap_of=None):
    """Pupils of schools whose results go with two factors; some schools have a gap of their own."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(schools_n, 2))
    gaps = rng.normal(0, 0.2, schools_n)
    for school, gap in (gap_of or {}).items():
        gaps[school] = gap
    school = np.repeat(np.arange(schools_n), pupils_n)
    prior = rng.normal(size=len(school))
    outcome = (factors @ [-0.4, 0.1] + gaps)[school] + 0.6 * prior + rng.normal(0, 0.8, len(school))
    return pd.DataFrame(
        {
            "school_id": [f"sch{number + 1}" for number in school],
            "class_id": [f"{number % 2}" for number in range(len(school))],
            "sex": np.where(rng.random(len(school)) < 0.5, "f", "m"),
            "outcome": outcome,
            "prior": prior,
            "poverty": factors[school, 0],
            "size": factors[school, 1],
        }
    )


def fit(frame, **asked):
    return fit_school_effects(
        frame, **{"outcome": "outcome", "context": ("poverty", "size"), "options": QUICK, **asked}
    )


def test_a_large_gap_is_found_and_a_school_in_hard_circumstances_with_one_is_resilient():
    frame = a_town(gap_of={0: 0.9, 1: -0.9, 2: 0.9})
    easiest = frame["poverty"].min() - 0.5
    frame.loc[frame["school_id"] == "sch3", "poverty"] = easiest
    frame.loc[frame["school_id"] == "sch3", "outcome"] -= 0.4 * (easiest - a_town()["poverty"].iloc[120])
    hardest = frame["poverty"].max() + 0.5
    frame.loc[frame["school_id"] == "sch1", "poverty"] = hardest
    frame.loc[frame["school_id"] == "sch1", "outcome"] -= 0.4 * (hardest - a_town()["poverty"].iloc[0])
    effects = fit(frame, adjusters=("sex",))
    assert (effects.of("sch1").verdict, effects.of("sch1").is_resilient) == ("above", True)
    assert (effects.of("sch2").verdict, effects.of("sch2").is_resilient) == ("below", False)
    assert (effects.of("sch3").verdict, effects.of("sch3").is_resilient) == ("above", False)
    one = effects.of("sch1")
    assert one.gap_low < one.gap < one.gap_raw
    assert one.gap_raw == pytest.approx(one.observed - one.expected)
    assert one.expected_left_out < one.expected
    assert one.rank_low == 1


def test_schools_stand_in_the_order_of_their_numbers_and_not_of_results():
    effects = fit(a_town().sample(frac=1, random_state=1))
    assert [one.school_id for one in effects.effects] == [f"sch{number}" for number in range(1, 31)]


def test_what_cannot_be_told_has_its_reason():
    frame = a_town(gap_of={4: 0.0})
    frame.loc[frame["school_id"] == "sch3", "poverty"] = np.nan
    small = frame[(frame["school_id"] != "sch4") | (frame.groupby("school_id").cumcount() < 9)]
    wide = small[(small["school_id"] != "sch5") | (small.groupby("school_id").cumcount() < 12)]
    effects = fit(wide)
    told = {number: effects.of(f"sch{number}") for number in (3, 4, 5)}
    assert {one.verdict for one in told.values()} == {"cannot_be_told"}
    assert {number: one.reason for number, one in told.items()} == {
        3: "context_missing", 4: "few_pupils", 5: "interval_wide",
    }  # fmt: skip
    assert set(UNKNOWN_REASONS) == {one.reason for one in told.values()}
    assert (told[3].expected, told[3].gap_low, told[3].similar, told[3].rank_low) == (None, None, (), None)
    assert told[3].observed == pytest.approx(frame.loc[frame["school_id"] == "sch3", "outcome"].mean())
    assert "context_missing" in effects.notes
    assert "sch3" not in {like.school_id for one in effects.effects for like in one.similar}


def test_as_expected_is_said_only_where_the_margin_would_have_been_seen():
    verdicts = {}
    for margin in (0.1, 0.4):
        effects = fit(a_town(), options=dataclasses.replace(QUICK, margin=margin))
        verdicts[margin] = {verdict: len(effects.with_verdict(verdict)) for verdict in VERDICTS}
    assert verdicts[0.1]["as_expected"] == verdicts[0.4]["cannot_be_told"] == 0
    assert verdicts[0.4]["as_expected"] == verdicts[0.1]["cannot_be_told"] > 10


def test_nine_schools_are_too_few_and_it_is_said_in_words():
    found = fit(a_town(schools_n=9))
    assert isinstance(found, NotEstimable)
    assert found.in_words("en") == "there are 9 schools with known circumstances, and at least 10 are needed."
    assert found.in_words("ru") == "школ с известными условиями 9, а нужно не меньше 10."


def test_context_that_does_not_vary_and_a_column_that_is_not_there_are_refused():
    assert fit(a_town().assign(poverty=1.0)).reason == "constant_column"
    with pytest.raises(UsageProblem) as refused:
        fit(a_town(), context=("no_such_factor",))
    assert [one.code for one in refused.value.problems] == ["formula_column"]


def test_intervals_of_more_than_everything_are_refused():
    with pytest.raises(UsageProblem) as refused:
        fit(a_town(), level=1.5)
    assert [one.code for one in refused.value.problems] == ["fit_option_wrong"]


def test_similar_schools_are_the_nearest_by_standardised_factors():
    frame = a_town()
    effects = fit(frame)
    by_school = frame.groupby("school_id")[["poverty", "size"]].first()
    standard = by_school / by_school.std()
    distance = np.sqrt(((standard - standard.loc["sch7"]) ** 2).mean(axis=1)).drop("sch7").sort_values()
    similar = effects.of("sch7").similar
    assert [one.school_id for one in similar] == list(distance.index[:10])
    assert [one.distance for one in similar] == pytest.approx(list(distance[:10]))
    assert similar[0].observed == pytest.approx(effects.of(similar[0].school_id).observed)
    assert similar[0].gap == effects.of(similar[0].school_id).gap


def test_a_prior_result_is_used_where_half_of_the_pupils_have_one_and_missing_ones_have_an_indicator():
    frame = a_town()
    seen = frame.assign(prior=frame["prior"].where(frame.index % 4 != 0))
    with_prior, few = (
        fit(seen, prior="prior"),
        fit(frame.assign(prior=frame["prior"].where(frame.index % 4 == 0)), prior="prior"),
    )
    assert (with_prior.uses_prior, with_prior.prior_share, with_prior.notes) == (
        True,
        0.75,
        ("partly_linked",),
    )
    assert with_prior.n_pupils == len(frame)
    assert with_prior.sigma2 < 0.85 * fit(frame).sigma2
    assert (few.uses_prior, few.notes) == (False, ("few_linked",))
    # sums over threads have no fixed order: equal but for the last digits
    pd.testing.assert_frame_equal(few.tidy(), fit(frame).tidy(), rtol=1e-9)


def test_classes_make_a_school_known_less_well():
    frame = a_town()
    rng = np.random.default_rng(4)
    key = frame["school_id"] + frame["class_id"]
    frame["outcome"] += key.map(dict(zip(key.unique(), rng.normal(0, 0.3, key.nunique()), strict=True)))
    plain = fit(frame)
    by_class = fit(frame, options=dataclasses.replace(QUICK, classes="class_id"))
    assert by_class.tau2_class == pytest.approx(0.09, abs=0.06)
    assert by_class.tau2 < plain.tau2


def test_means_of_schools_with_known_variance_give_nearly_the_gaps_of_their_pupils():
    frame = a_town()
    pupils = fit(frame)
    means = frame.groupby("school_id").agg(
        outcome=("outcome", "mean"),
        n=("outcome", "size"),
        poverty=("poverty", "first"),
        size=("size", "first"),
    )
    means = means.assign(variance=pupils.sigma2 / means["n"]).reset_index()
    schools = fit(means, options=dataclasses.replace(QUICK, sampling_variance="variance", pupils="n"))
    assert (schools.rows_kind, schools.n_pupils, schools.notes) == ("schools", len(frame), ("school_rows",))
    assert schools.tau2 == pytest.approx(pupils.tau2, rel=0.02)
    gaps = [[one.gap for one in effects.effects] for effects in (pupils, schools)]
    assert gaps[0] == pytest.approx(gaps[1], abs=0.005)


def test_a_frame_a_file_and_a_relation_give_the_same(tmp_path):
    frame = a_town()
    frame.loc[::7, "prior"] = np.nan
    expected = fit(frame, prior="prior", adjusters=("sex",))
    pq.write_table(pa.table({name: frame[name].to_numpy() for name in frame}), tmp_path / "rows.parquet")
    with engine() as connection:
        connection.register("told", frame)
        for source in (tmp_path / "rows.parquet", connection.table("told")):
            found = fit(source, prior="prior", adjusters=("sex",))
            assert (found.prior_share, found.n_obs) == (expected.prior_share, expected.n_obs)
            assert [one.gap for one in found.effects] == pytest.approx([one.gap for one in expected.effects])
    assert expected.prior_share == pytest.approx(frame["prior"].notna().mean())


def test_stored_effects_come_back_as_they_were(tmp_path):
    frame = a_town()
    frame.loc[frame["school_id"] == "sch3", "size"] = np.nan
    effects = fit(frame, adjusters=("sex",), prior="prior")
    effects.store(tmp_path)
    assert SchoolEffects.load(tmp_path) == effects
    (tmp_path / "spec.json").write_text('{"kind": "other"}', encoding="utf-8")
    with pytest.raises(ValueError, match="school_effects"):
        SchoolEffects.load(tmp_path)


def test_a_constant_moves_results_and_no_gap_and_labels_move_nothing():
    frame = a_town()
    before = fit(frame)
    moved = fit(frame.assign(outcome=frame["outcome"] + 7, poverty=frame["poverty"] * 1000 + 3))
    assert [one.gap for one in moved.effects] == pytest.approx([one.gap for one in before.effects], abs=1e-7)
    assert [one.observed - 7 for one in moved.effects] == pytest.approx(
        [one.observed for one in before.effects]
    )
    renamed = fit(frame.assign(school_id="x" + frame["school_id"].str[3:]))
    assert renamed.of("x9").gap == pytest.approx(before.of("sch9").gap, abs=1e-9)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_verdict_reason_and_note_has_words_without_blame_and_cause(language):
    codes = [f"effect_verdict.{one}" for one in VERDICTS] + [
        f"effect_unknown.{one}" for one in UNKNOWN_REASONS
    ]
    texts = [render(code, language) for code in codes]
    forbidden = ("вин", "причин", "из-за", "рейтинг", "fault", "cause", "because of", "rank", "worst", "худш")
    assert [text for text in texts for word in forbidden if word in text.lower()] == []
