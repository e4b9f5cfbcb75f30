"""Factors and gaps on pages: everyday numbers, no ranking, no empty picture, nothing that colour alone tells."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import nbformat
import numpy as np
import pytest
from evaluations import YEAR
from executed import execute_template
from fitted_facts import (
    a_family,
    a_fitted_school,
    a_fitted_town,
    a_gap,
    an_expected,
    an_influence,
    without_fits,
)
from matplotlib.colors import to_rgb
from PIL import Image

from shnor_analysis.disclosure import release
from shnor_analysis.exhibits import describe, draw, make_table
from shnor_analysis.exhibits.figures.drawing import Drawing
from shnor_analysis.exhibits.figures.gaps import MARKS
from shnor_analysis.exhibits.figures.hundred import FEWEST_TICKS, place_of, ticks_between
from shnor_analysis.exhibits.text import Text
from shnor_analysis.reporting.counting import count_outputs, count_page
from shnor_analysis.reporting.finishing import finish_report
from shnor_analysis.reporting.orders import template_path
from shnor_analysis.results import Estimate, NotEstimable

BLANKS = {0x00A0: " ", 0x202F: " ", 0x2212: "-"}
TOWN_FIGURES = ("factors", "shares", "partials", "gaps")


def said(value, section, language="ru", *, audience="department"):
    return str(describe(release(value, audience=audience), section, language)).translate(BLANKS)


def shown(value, section, language="ru", *, audience="department"):
    return str(make_table(release(value, audience=audience), section, language)).translate(BLANKS)


def test_an_association_is_said_in_pupils_of_a_hundred():
    told = said(a_fitted_town(), "factors")
    assert (
        "– «Оба родителя с высшим образованием»: где показатель больше на 15 п. п., ученик из середины опережает не 50, "
        "а примерно 60 из 100 учеников школ, в остальном таких же (возможно от 54 до 65)."
    ) in told
    assert "ВПР, все предметы вместе: 14 школ, 1401 ученик. У учеников учтено: пол." in told
    assert "Не отличить от случайности: возраст котельной. Это не значит, что связи нет." in told
    english = said(a_fitted_town(), "factors", "en")
    assert (
        "“Both parents with higher education”: where it is higher by 15 points, the pupil in the middle is ahead of about "
        "60 of 100 pupils of schools otherwise alike, not of 50 (possibly 54 to 65)."
    ) in english


def test_a_gap_is_said_in_pupils_of_a_hundred():
    told = said(a_fitted_school(), "expected")
    n, low, high = (round(100 * NormalDist().cdf(gap)) for gap in (0.21, 0.05, 0.37))
    assert (n, low, high) == (58, 52, 64)
    assert (
        "ВПР, все предметы вместе: ученик из середины этой школы опережает примерно 58 из 100 учеников школ в таких же "
        "условиях (возможно от 52 до 64). Ровно как ожидалось было бы 50."
    ) in told
    assert "Выше, чем обычно в таких условиях: ВПР (все предметы вместе)." in told


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_school_reads_no_standard_deviations(language):
    told = [
        *(said(a_fitted_school(), section, language) for section in ("expected", "like")),
        *(shown(a_fitted_school(), section, language) for section in ("expected", "like")),
    ]
    assert re.findall(r"стандартн\w+|ст\. откл|standard dev\w+|\bSD\b|[+-]\d", " ".join(told)) == []


def test_results_with_the_same_reading_stand_in_one_line():
    results = [
        an_expected(),
        an_expected(subject="mathematics", like=()),
        an_expected(assessment="oge", verdict="cannot_be_told", reason="interval_wide", like=()),
        an_expected(assessment="oge", given="context_and_earlier", verdict="below", like=()),
    ]
    told = said(a_fitted_school(*results), "expected")
    assert "– Выше, чем обычно в таких условиях: ВПР (все предметы вместе, математика)." in told
    assert told.count("Выше, чем обычно") == 1
    assert "– Сказать нельзя: ОГЭ (все предметы вместе) — границы слишком широки" in told
    earlier = told.partition("С учётом прежних результатов тех же учеников:")[2]
    assert "– Ниже, чем обычно в таких условиях: ОГЭ (все предметы вместе)." in earlier


def test_verdicts_are_counted_and_those_that_cannot_be_told_have_their_reason():
    told = said(a_fitted_town(), "gaps")
    assert "– У 1 школы результат выше ожидаемого." in told
    assert "– О 1 школе сказать нельзя — границы слишком широки" in told
    assert "– 1 школа не показана: меньше 10 писавших." in told
    assert "Условия трудные, а результат заметно выше ожидаемого: Школа № 1." in told


def test_many_resilient_schools_are_counted_not_listed():
    gaps = tuple(a_gap(n, 0.5, "above", is_resilient=True) for n in range(1, 23))
    told = said(a_fitted_town(a_family(gaps=gaps)), "gaps")
    assert "у 22 школ: они отмечены в таблице" in told
    assert "Школа № 3" not in told


def test_schools_stand_in_the_order_given_and_never_by_their_gaps():
    rows = shown(a_fitted_town(), "gaps").splitlines()[1:6]
    assert [row.split("\t")[0] for row in rows] == [f"Школа № {n}" for n in range(1, 6)]
    assert rows[0].split("\t")[2:] == ["70", "54", "67 (от 57 до 75)", "выше ожидаемого; условия трудные"]
    labels = [
        tick.get_text()
        for tick in draw(release(a_fitted_town()), "gaps", "ru").figure.axes[0].get_yticklabels()
    ]
    assert labels == [f"Школа № {n}" for n in range(1, 5)]


def test_only_whole_assessments_stand_in_the_table_of_factors():
    parts = (a_family(), a_family(subject="russian"), a_family(assessment="ege_base", subject="mathematics"))
    table = make_table(release(a_fitted_town(*parts)), "factors", "ru")
    assert [group.label for group in table.groups] == ["ВПР, все предметы вместе", "ЕГЭ, база, математика"]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("audience", ["department", "public"])
def test_before_the_models_are_fitted_words_stand_and_no_empty_panel(language, audience):
    town, school = without_fits(a_fitted_town()), without_fits(a_fitted_school())
    commands = ["shnor fit --year 2024" in said(town, "factors", language, audience=audience)]
    commands += ["shnor fit --year 2024" in said(school, "expected", language, audience=audience)]
    assert commands == [audience == "department"] * 2, "who cannot type a command is not told one"
    assert "2023/24" in said(school, "expected", language, audience=audience)
    for value, sections in (
        (town, ("shares", "index", "partials", "gaps", "factor_limits")),
        (school, ("like",)),
    ):
        assert [said(value, one, language) for one in sections] == [""] * len(sections)
    drawn = [draw(release(town), one, language) for one in TOWN_FIGURES] + [
        draw(release(school), "like", language)
    ]
    tables = [make_table(release(town), one, language) for one in ("factors", "index", "gaps")]
    assert {type(one) for one in (*drawn, *tables)} == {Text}


def test_what_changed_after_the_fit_is_said():
    assert "Посчитать: shnor fit --year 2024" in said(a_fitted_town(is_stale=True), "factors")
    assert "изменились после расчёта" in said(a_fitted_school(is_stale=True), "expected")
    assert "изменились" not in said(a_fitted_school(), "expected")


def test_a_question_that_could_not_be_asked_has_its_reason():
    asked = a_family(influence=NotEstimable("no_factors"), gaps=NotEstimable("no_factors"))
    town = a_fitted_town(asked)
    assert "ВПР, все предметы вместе: условия школ за этот год не известны." in said(town, "factors")
    assert "Этого раздела нет: условия школ за этот год не известны." in said(town, "gaps")
    assert {type(draw(release(town), one, "ru")) for one in TOWN_FIGURES} == {Text}


def test_bounds_that_leave_the_value_out_are_not_told():
    wild = a_family(influence=an_influence(total_share=Estimate(0.4, 1.18, 2.75)))
    assert "связано 40 % различий между школами." in said(a_fitted_town(wild), "shares")


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_picture_has_words_that_give_its_numbers(language):
    pictures = {one: draw(release(a_fitted_town()), one, language) for one in TOWN_FIGURES}
    pictures["like"] = draw(release(a_fitted_school()), "like", language)
    assert all(one.alt.endswith(".") and "{" not in one.alt for one in pictures.values())
    numbers = {"factors": "60 (", "shares": "30", "gaps": "67 (", "like": "62"}
    assert [name for name, n in numbers.items() if n not in pictures[name].alt] == []
    assert len({one.alt for one in pictures.values()}) == len(pictures)


def test_verdicts_are_told_apart_without_colour():
    markers = {(marker, face == "white") for marker, _, face in MARKS.values()}
    assert len(markers) == len(MARKS)


def marks_of(drawing):
    """The marks of a figure as a reader in black and white sees them: form and whether it is filled."""
    return {
        (line.get_marker(), grey(line.get_markerfacecolor()) < 0.6)
        for line in drawing.figure.axes[0].lines
        if line.get_marker() not in ("None", "", None)
    }


def grey(colour):
    """Lightness of a colour in black and white; nothing is paper."""
    if colour == "none":
        return 1.0
    red, green, blue = to_rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_pictures_are_readable_in_black_and_white():
    assert marks_of(draw(release(a_fitted_town()), "factors", "ru")) == {
        ("o", True),
        ("o", False),
        ("D", True),
    }
    assert marks_of(draw(release(a_fitted_town()), "gaps", "ru")) == {
        ("^", True), ("o", False), ("v", True), ("x", True),
    }  # fmt: skip
    assert marks_of(draw(release(a_fitted_school()), "like", "ru")) == {
        ("D", True),
        ("|", True),
        ("o", False),
    }
    bars = draw(release(a_fitted_town()), "shares", "ru").figure.axes[0].patches
    assert [bar.get_hatch() for bar in bars] == ["", "////"], "a negative share has a hatch"


@pytest.mark.parametrize("section", TOWN_FIGURES)
def test_a_picture_in_grey_has_ink_and_nothing_runs_off_its_edge(section):
    picture = Image.open(io.BytesIO(draw(release(a_fitted_town()), section, "ru").png())).convert("L")
    pixels = np.asarray(picture)
    assert (pixels < 110).mean() > 0.002
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert edge.min() > 200, "something is cut"


def test_the_axis_has_everyday_numbers_in_their_places():
    assert place_of(50) == 0
    assert place_of(84) == pytest.approx(0.9945, abs=1e-4)
    for reach in (0.05, 0.2, 0.5, 1.0, 3.0):
        found = ticks_between(-reach, reach)
        assert 50 in found
        assert len(found) >= FEWEST_TICKS or reach < 0.1
        assert found == sorted(found)


@pytest.mark.parametrize("name", ["school", "municipality"])
@pytest.mark.parametrize("audience", ["department", "public"])
def test_tables_and_pictures_of_the_new_sections_reach_the_page(tmp_path: Path, name, audience):
    value = a_fitted_school() if name == "school" else a_fitted_town()
    bare = without_fits(value)
    counts = {}
    for one, facts in (("fitted", value), ("bare", bare)):
        folder = tmp_path / one
        folder.mkdir()
        notebook = execute_template(name, release(facts, audience=audience), "ru")
        counts[one] = count_outputs(notebook)
        nbformat.write(notebook, folder / "executed.ipynb")
        parameters = {"school_year": YEAR, "audience": audience, "language": "ru", "folder": ""}
        finish_report(folder, unit_id=one, template=template_path(name), parameters=parameters)
        assert count_page((folder / "report.html").read_text(encoding="utf-8")) == counts[one]
    more = (
        counts["fitted"].tables_n - counts["bare"].tables_n,
        counts["fitted"].figures_n - counts["bare"].figures_n,
    )
    # names of like schools are for the department: their table is not on public pages
    tables = {"school": 2 if audience == "department" else 1, "municipality": 3}[name]
    assert more == (tables, {"school": 1, "municipality": 4}[name])


def test_a_factor_of_the_users_own_keeps_its_name_and_a_dollar_is_no_formula():
    links = tuple(replace(one, factor="own $x$") for one in an_influence().associations)
    influence = an_influence(associations=links)
    drawn = draw(release(a_fitted_town(a_family(influence=influence))), "factors", "ru")
    assert isinstance(drawn, Drawing)
    assert drawn.png().startswith(b"\x89PNG")
    assert "own $x$" in drawn.alt
