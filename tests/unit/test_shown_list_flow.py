"""A list beside chance shows itself: the rule, both languages, what is not known, and a picture without a library."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from test_list_flow import a_panel

from shnor_analysis.models.list_flow import predict_list_flow
from shnor_analysis.models.list_rules import LowestShare, ShareOfLow
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.list_flow import GroupFlow, calibration_verdict
from shnor_analysis.results.shown_list_flow import flow_table, rule_words

YEARS = tuple(range(2014, 2023))
RULE = LowestShare(share=0.125, years=2)
GROUP = GroupFlow(7, 0, 3.1, 1, 5, 7, 0.004)


@pytest.fixture(scope="module")
def known():
    return predict_list_flow(a_panel(60, YEARS), rule=RULE, year=2021, draws=200)


@pytest.fixture(scope="module")
def coming():
    return predict_list_flow(
        a_panel(60, YEARS, procedures=2), rule=ShareOfLow(threshold=0.45, procedures=1), year=2022, draws=200
    )


def test_all_of_them_left_and_chance_is_set_beside_it():
    assert GROUP.in_words("ru") == (
        "Из школ перечня (7) вышли 7. Без всякой помощи через год вышло бы в среднем 3,1 школы (от 1 до 5; эти границы "
        "накрывают 95\u00a0% случаев). Все 7 вышли бы по одной случайности реже чем в 1 случае из 100. Это выше границ: "
        "одной случайностью такой выход объяснить трудно, но что именно помогло, отсюда не видно."
    )
    assert GROUP.in_words("en") == (
        "Of the listed schools (7) 7 left. With no help at all 3.1 would have left within a year on average (from 1 to 5; "
        "these bounds hold in 95% of cases). All 7 would leave by chance alone in fewer than 1 case in 100. This is above "
        "the bounds: chance alone hardly explains it, but what it was that helped cannot be seen from this."
    )


@pytest.mark.parametrize(
    ("group", "said"),
    [
        (GroupFlow(0, 0, 0.0, 0, 0, 0, 1.0), "Ни одной из этих школ в перечне нет: выходить неоткуда."),
        (
            GroupFlow(0, 2, 0.0, 0, 0, 0, 1.0),
            "У 2 школ перечня на следующий год нет результатов: они не считаются ни вышедшими, ни оставшимися.",
        ),
        (
            GroupFlow(3, 0, 1.2, 0, 3, None, None, 0.9),
            "В перечне из этих школ стоят 3; сколько из них выйдет, ещё не видно. Без всякой помощи через год выйдет в "
            "среднем 1,2 школы (от 0 до 3; эти границы накрывают 90\u00a0% случаев).",
        ),
        (
            GroupFlow(9, 1, 4.0, 2, 6, 0, 1.0),
            "Из школ перечня (9) не вышла ни одна. Без всякой помощи через год вышло бы в среднем 4,0 школы (от 2 до 6; "
            "эти границы накрывают 95\u00a0% случаев). Это ниже границ: вышло меньше школ, чем обычно выходит и без "
            "помощи. У 1 школы перечня на следующий год нет результатов: она не считается ни вышедшей, ни оставшейся.",
        ),
    ],
)
def test_what_is_not_known_of_a_group_is_said(group, said):
    assert group.in_words("ru") == said


def test_the_rule_is_named_with_its_share_as_a_percentage(known, coming):
    assert rule_words(known, "ru") == (
        "среди 12,5\u00a0% школ с наибольшей долей низких результатов, лет подряд: 2"
    )
    assert rule_words(known, "en").startswith("among the 12.5% of schools")
    assert rule_words(coming, "ru") == (
        "низкий результат у 45\u00a0% писавших и больше, процедур не меньше 1 (правило Рособрнадзора, версия 2020 года)"
    )


def test_the_numbers_said_are_those_of_the_prediction(known):
    said = known.in_words("en")
    assert f"the list has {known.list_n} schools." in said
    bounds = f"(from {known.leavers_low} to {known.leavers_high};"
    assert f"{known.expected_leavers:.1f} would have left within a year on average {bounds}" in said
    assert f"{known.observed_leavers} schools left." in said
    assert f"{known.observed_entrants} entered." in said
    assert f"{len(known.calibration)} lists were checked" in said
    assert flow_table(known, "en")["Happened"].tolist() == [
        str(getattr(known, f"observed_{one}")) for one in ("leavers", "stayers", "entrants")
    ]


def test_a_list_whose_leavers_are_not_known_says_so(coming):
    said = coming.in_words("ru")
    assert "выйдет в среднем" in said
    assert "Что станет с последним перечнем, ещё не известно" in said
    assert set(flow_table(coming, "ru")["Случилось"]) == {"—"}


def test_a_prediction_without_a_check_says_so_and_draws_nothing():
    bare = predict_list_flow(a_panel(60, YEARS), rule=RULE, year=2021, draws=200, calibrate=False)
    assert "Проверки на прошлых перечнях нет: её не запрашивали" in bare.in_words("ru")
    assert bare.draw_calibration("ru") == NotEstimable("list_unchecked")
    assert "<svg" not in bare._repr_html_()


def test_the_picture_has_a_row_for_each_past_list_and_the_list_itself(known, coming):
    for flow, own in ((known, 1), (coming, 0)):
        picture = flow.draw_calibration("en")
        drawn = ElementTree.fromstring(picture.svg)
        dots = [one.get("fill") for one in drawn.iter("{http://www.w3.org/2000/svg}circle")]
        # past lists and one in the legend; the same of the list itself where its leavers are known
        assert (dots.count("#0b5394"), dots.count("#b8500c")) == (len(flow.calibration) + 1, 2 * own)
        last = flow.calibration[-1]
        assert f"{last.observed_leavers} left, {last.expected_leavers:.1f} expected" in str(picture)
        assert picture.svg in flow._repr_html_() or flow.draw_calibration("ru").svg in flow._repr_html_()


def test_dots_lie_where_the_numbers_say(known):
    drawn = ElementTree.fromstring(known.draw_calibration("en").svg)
    ticks = {
        int(one.text): float(one.get("x"))
        for one in drawn.iter("{http://www.w3.org/2000/svg}text")
        if one.get("text-anchor") == "middle"
    }
    first, second = sorted(ticks)[:2]
    unit = (ticks[second] - ticks[first]) / (second - first)
    places = [float(one.get("cx")) for one in drawn.iter("{http://www.w3.org/2000/svg}circle")]
    seen = [(one - ticks[first]) / unit + first for one in places[: len(known.calibration)]]
    assert seen == pytest.approx([one.observed_leavers for one in known.calibration], abs=0.02)


def test_what_comes_from_data_is_escaped(known):
    assert not re.search(
        r"<(?!/?(?:div|style|p|table|thead|tbody|tr|th|td|svg|line|text|rect|circle)\b)", known._repr_html_()
    )


@pytest.mark.parametrize(
    ("inside", "n", "verdict"), [(3, 3, "few"), (3, 4, "holds"), (2, 4, "fails"), (6, 8, "holds")]
)
def test_the_verdict_on_past_lists(inside, n, verdict):
    assert calibration_verdict(inside, n) == verdict
