"""Pictures say what the facts say, also to those who cannot see them."""

from dataclasses import replace

import pytest
from evaluations import YEAR, a_school, breaks_named, result_of, vpr, wilson
from matplotlib.collections import LineCollection

from shnor_analysis.accounting import Accounting
from shnor_analysis.disclosure import release
from shnor_analysis.evaluation.facts import Change, SchoolLine, TownEvaluation
from shnor_analysis.exhibits import draw
from shnor_analysis.exhibits.figures.trend import may_join, rows_of, series_of
from shnor_analysis.exhibits.reading import position
from shnor_analysis.results import Estimate, NotEstimable

TOWN = (1000, 150)


def one(year: int, *, season: str = "spring", grade: int = 5, low: int = 10):
    return result_of(vpr("russian", grade, year=year, season=season), 40, low, town=TOWN)


def test_no_line_goes_across_a_break_a_gap_or_a_season() -> None:
    broken = breaks_named("vpr_2022_suspended")
    assert may_join(one(2018), one(2019), broken, ())
    assert not may_join(one(2021), one(2022), broken, ())
    assert not may_join(one(2022), one(2023), broken, ()), "2022 itself is like no other year"
    assert may_join(one(2023), one(2024), broken, ())
    assert not may_join(one(2018), one(2020), (), ())
    assert not may_join(one(2021, season="autumn"), one(2022), (), ())


def test_the_facts_decide_over_the_calendar() -> None:
    before, after = one(2018), one(2019)
    refused = Change(before.procedure, after.procedure, NotEstimable("across_break"))
    allowed = replace(refused, difference=Estimate(0.1, 0.0, 0.2))
    assert not may_join(before, after, (), (refused,))
    assert may_join(before, after, breaks_named("vpr_2020_moved"), (allowed,))


def test_lines_that_are_drawn_are_those_that_may_be() -> None:
    results = tuple(one(year) for year in (2018, 2019, 2020, 2021))
    school = a_school(results=results, changes=(), breaks=breaks_named("vpr_2020_moved"))
    (axes,) = draw(release(school), "trend", "ru").figure.axes
    lines = [part for part in axes.collections if isinstance(part, LineCollection)]
    intervals, joined = (part.get_segments() for part in lines[:2])
    assert len(intervals) == 4
    assert len(joined) == 2, "2018–2019 and 2020–2021"


def test_series_go_in_rows_of_five_and_keep_subjects_together() -> None:
    results = [one(year, grade=grade) for year in (2023, 2024) for grade in (4, 5, 6, 7, 8)]
    results += [result_of(vpr("mathematics", 4, year=year), 40, 3, town=TOWN) for year in (2023, 2024)]
    rows = rows_of(series_of(results))
    assert [[series.key[1:] for series in row] for row in rows] == [
        [("mathematics", 4)],
        [("russian", grade) for grade in (4, 5, 6, 7, 8)],
    ]


@pytest.mark.parametrize(("low", "expected"), [(30, "above"), (0, "below"), (6, "not_told_apart")])
def test_the_place_against_the_municipality_looks_at_the_interval(low: int, expected: str) -> None:
    assert position(one(YEAR, low=low)) == expected


def test_the_alternative_text_has_the_numbers() -> None:
    drawn = draw(release(a_school()), "trend", "ru")
    assert drawn.alt.replace("\u00a0", " ") == (
        "Доля низких результатов по годам. Математика, ВПР, 5 класс: весна 2023: 30 %, весна 2024: 40 %."
    )
    _, metadata = drawn._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == drawn.alt


def test_the_same_facts_give_the_same_picture() -> None:
    assert draw(release(a_school()), "levels", "en").png() == draw(release(a_school()), "levels", "en").png()


@pytest.mark.parametrize("schools_n", [3, 400])
def test_schools_of_any_number_are_drawn_without_ranking(schools_n: int) -> None:
    lines = tuple(
        SchoolLine(
            f"sch{n}",
            f"Школа № {n} $x$",
            "school",
            100,
            wilson(n % 90, 100),
            wilson(50, 100),
            3,
            n % 7 == 0,
            NotEstimable("rule_without_results"),
            (),
        )
        for n in range(1, schools_n + 1)
    )
    town = TownEvaluation(
        "М",
        "Р",
        "М",
        "М",
        True,
        YEAR,
        schools_n,
        lines,
        (),
        (),
        (),
        (),
        "rosobr_2020",
        YEAR + 1,
        False,
        (),
        Accounting(),
        (),
    )
    drawn = draw(release(town), "schools", "ru")
    assert drawn.png().startswith(b"\x89PNG")
    (axes,) = drawn.figure.axes
    if schools_n == 3:
        assert [label.get_text() for label in axes.get_yticklabels()] == [
            rf"Школа № {n} \$x\$" for n in (1, 2, 3)
        ]
