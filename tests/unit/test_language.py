"""Texts by code: a text that a number has to choose is never said without one."""

import pytest

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
