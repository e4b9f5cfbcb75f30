"""Published facts are well formed and say where they come from; no test claims that an unverified fact is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest

from shnor_analysis.errors import UsageProblem
from shnor_analysis.language import LANGUAGES, has_text, render_problem
from shnor_analysis.reference import (
    breaks_between,
    calendar_breaks,
    exam_minima,
    exam_minimum,
    facts,
    listing_practices,
    listing_rule,
    listing_rules,
    mark_scale,
    mark_scales,
    programme_history,
    risk_factors,
    unverified,
)
from shnor_analysis.reference.mark_scales import MarkScale
from shnor_analysis.reference.provenance import Provenance, provenance_of

OPEN_END = date(9999, 12, 31)


def scale_faults(scale: MarkScale) -> list[str]:
    """What is wrong with the bands of a scale: start, order, gaps."""
    faults = [] if scale.bands[0][0] == 0 else ["does not start at 0"]
    faults += [f"empty band {low}–{high}" for low, high in scale.bands if low > high]
    pairs = zip(scale.bands, scale.bands[1:], strict=False)
    faults += [f"gap or overlap after {before[1]}" for before, after in pairs if after[0] != before[1] + 1]
    return faults


def overlaps(one: Provenance, other: Provenance) -> bool:
    """Whether two intervals of validity share a day."""
    return one.valid_from <= (other.valid_to or OPEN_END) and other.valid_from <= (one.valid_to or OPEN_END)


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: fact.code)
def test_every_fact_names_its_source_and_its_validity(fact):
    assert fact.provenance.source.strip()
    assert fact.provenance.valid_to is None or fact.provenance.valid_from <= fact.provenance.valid_to


def test_no_two_facts_share_a_key():
    codes = [fact.code for fact in facts()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    "scale", mark_scales(), ids=lambda scale: f"{scale.assessment}-{scale.subject}-{scale.grade}"
)
def test_scales_start_at_0_rise_and_have_no_gap(scale):
    assert scale_faults(scale) == []


def test_a_scale_with_a_gap_is_noticed():
    broken = replace(mark_scales()[0], bands=((1, 7), (9, 14), (15, 14), (15, 31)))
    assert scale_faults(broken) == ["does not start at 0", "empty band 15–14", "gap or overlap after 7"]


def test_scales_and_minima_of_one_key_do_not_overlap_in_time():
    scales = [((one.assessment, one.subject, one.grade), one.provenance) for one in mark_scales()]
    minima = [((one.kind, one.assessment, one.subject), one.provenance) for one in exam_minima()]
    clashes = [
        one[0]
        for group in (scales, minima)
        for one, other in combinations(group, 2)
        if one[0] == other[0] and overlaps(one[1], other[1])
    ]
    assert clashes == []
    assert overlaps(scales[0][1], scales[0][1]), "the check itself sees an overlap"


def test_the_published_oge_scale_of_mathematics_turns_points_into_marks():
    scale = mark_scale("oge", "mathematics", 9, 2023)
    assert scale.provenance.is_verified
    assert [scale.mark(points) for points in (0, 7, 8, 14, 15, 21, 22, 31)] == [2, 2, 3, 3, 4, 4, 5, 5]
    assert (scale.condition, scale.points_max, scale.cuts) == ("geometry", 31, (8, 15, 22))
    with pytest.raises(ValueError, match="32"):
        scale.mark(32)


def test_a_scale_holds_only_within_its_years():
    assert mark_scale("oge", "mathematics", 9, 2024) is None
    assert mark_scale("oge", "mathematics", 9, 2023, on=date(2023, 2, 20)) is None
    assert mark_scale("vpr", "russian", 4, 2026).points_max == 24
    assert mark_scale("vpr", "russian", 4, 2025) is None


def test_certificate_and_admission_are_different_minima():
    assert exam_minimum("mathematics", 2026).minimum == 27
    assert exam_minimum("mathematics", 2026).provenance.is_verified
    assert exam_minimum("mathematics", 2023, "admission").minimum == 39
    assert exam_minimum("mathematics", 2022, assessment="oge").unit == "points"
    assert exam_minimum("mathematics", 2031) is None
    assert all(exam_minimum("russian", year) is not None for year in range(2019, 2027))


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        (2018, 2019, []),
        (2019, 2021, ["vpr_2020_moved"]),
        (2021, 2023, ["vpr_2022_suspended"]),
        (2022, 2023, ["vpr_2022_suspended"]),
        (2023, 2024, []),
        (2024, 2025, ["vpr_2025_new_papers"]),
    ],
)
def test_changes_of_spring_tests_across_a_break_are_forbidden(before, after, codes):
    found = breaks_between("vpr", "russian", season="spring", before=before, after=after)
    assert [one.code for one in found] == codes


def test_autumn_tests_and_other_exams_have_their_own_breaks():
    autumn = breaks_between("vpr", "russian", season="autumn", before=2021, after=2023)
    assert [one.code for one in autumn] == ["vpr_2020_autumn", "vpr_2022_autumn"]
    assert breaks_between("meap", "mathematics", season="spring", before=1993, after=1998) == ()
    assert breaks_between("oge", "russian", season="spring", before=2021, after=2022) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_break_has_its_text(language):
    assert [one.code for one in calendar_breaks() if not has_text(f"break.{one.code}", language)] == []


def test_a_rule_says_which_results_count():
    rule = listing_rule("rosobr_2021")
    maths = {"subject": "mathematics", "grade": 5, "assessment": "vpr"}
    assert rule.data_years(2021) == (2019, 2021)
    assert rule.admits(2021, school_year=2021, season="autumn", **maths)
    assert not rule.admits(2021, school_year=2021, season="spring", **maths)
    assert rule.admits(2021, school_year=2019, season="spring", **maths)
    assert not rule.admits(
        2021, school_year=2019, season="spring", assessment="vpr", subject="physics", grade=8
    )
    assert listing_rule("lowest_share_15_2").data_years(1998) == (1997, 1998)


def test_rules_have_sensible_numbers_and_two_languages():
    for rule in listing_rules():
        assert 0 < rule.threshold < 1
        assert rule.kind in {"threshold", "lowest_share"}
        assert rule.procedures_needed_n >= 1
        assert rule.procedures
        assert rule.data
        assert rule.text("ru") != rule.text("en")
    assert all(practice.text("ru") and practice.text("en") for practice in listing_practices())


def test_an_unknown_rule_and_a_rule_without_thresholds_are_refused_in_words():
    with pytest.raises(UsageProblem) as unknown:
        listing_rule("rosobr_1999")
    assert render_problem(unknown.value.problems[0], "en") == (
        "There is no such version of the listing rule. Found: “rosobr_1999”. Allowed: rosobr_2020, rosobr_2021, "
        "rosobr_2022, rosobr_2023, lowest_share_15_2. Name one of the allowed versions in shnor.toml, key listing_rule."
    )
    with pytest.raises(UsageProblem) as practice:
        listing_rule("hse_2012")
    assert render_problem(practice.value.problems[0], "ru") == (
        "Это правило известно, но пересчитать его нельзя: его пороги не опубликованы. Найдено: «hse_2012». "
        "Допустимо: rosobr_2020, rosobr_2021, rosobr_2022, rosobr_2023, lowest_share_15_2. "
        "Назовите одну из допустимых версий в shnor.toml, ключ listing_rule."
    )


def test_what_nobody_verified_is_listed_by_kind():
    rules = {fact.key for fact in unverified("listing_rule")}
    assert rules == {"rosobr_2020", "rosobr_2021", "rosobr_2022", "rosobr_2023"}
    assert {fact.kind for fact in unverified()} > {"mark_scale", "listing_rule", "risk_factor"}
    assert not any(fact.provenance.is_verified for fact in unverified())


def test_risk_factors_belong_to_a_year():
    names = risk_factors(2021)
    assert [factor.order for factor in names] == list(range(1, 10))
    assert names[0].name("ru") == "Низкий уровень оснащения школы"
    assert risk_factors(1999) == ()


def test_the_history_holds_schools_and_roles():
    history = programme_history()
    assert history.cohort("participants_2022").schools == ("1", "17", "35", "38", "51", "60", "Лицей 9")
    assert len(history.cohort("low_results_2023").schools) == 10
    assert history.cohort("biased_results").year is None
    with pytest.raises(KeyError):
        history.cohort("participants_1999")


def test_a_row_must_say_yes_or_no_to_verified():
    row = {"source": "x", "valid_from": "2020-01-01", "valid_to": "", "verified": "maybe"}
    with pytest.raises(ValueError, match="maybe"):
        provenance_of(row)


def test_facts_cannot_be_changed():
    with pytest.raises(AttributeError):
        mark_scales()[0].bands = ()
