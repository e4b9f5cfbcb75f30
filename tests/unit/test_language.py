"""Texts by code: a text that a number has to choose is never said without one."""

import pytest

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.language import LANGUAGES, catalogue, render, render_count


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_with_plural_forms_is_refused_without_its_number(language: str) -> None:
    several = [code for code, forms in catalogue(language).texts.items() if len(forms) > 1]
    assert "alt.schools" in several
    for code in several:
        with pytest.raises(ValueError, match=f"{code} has plural forms"):
            render(code, language)


@pytest.mark.parametrize(
    ("n", "ru"), [(1, "1 школы с интервалом"), (3, "3 школ с интервалами"), (40, "40 школ с интервалами")]
)
def test_the_words_of_a_picture_follow_the_number_of_schools(n: int, ru: str) -> None:
    assert ru in render_count("alt.schools", "ru", n, rows="")


def test_a_text_without_forms_takes_any_number() -> None:
    one, many = (render_count("found.no_list", "en", n) for n in (1, 5))
    assert one == many == render("found.no_list", "en")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "ru",
            "В формуле многоуровневой модели нет ни одной группы. Найдено: «y ~ x». "
            "Добавьте, например, «(1 | school_id)» или возьмите fit_linear(). [multilevel_without_groups]",
        ),
        (
            "en",
            "The formula of a multilevel model names no groups. Found: “y ~ x”. "
            "Add “(1 | school_id)”, for instance, or take fit_linear(). [multilevel_without_groups]",
        ),
    ],
)
def test_an_error_is_read_as_words_in_the_language_of_the_session(
    language: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHNOR_LANGUAGE", language)
    error = UsageProblem(Problem("multilevel_without_groups", found="y ~ x"))
    assert str(error) == said
    assert error._render_traceback_() == [f"UsageProblem: {said}"]


def test_an_error_without_words_still_tells_its_code() -> None:
    assert str(UsageProblem(Problem("no_such_code"))) == "no_such_code"
