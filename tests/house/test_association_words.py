"""Texts say what goes with what; no text claims that a factor causes a result."""

from __future__ import annotations

import re
from collections.abc import Iterator

import house
import pytest

from shnor_analysis.glossary import terms

CLAIMS = {
    "ru": re.compile(
        r"\bвлия\w+|\bповлия\w+|\bвоздейств\w+|\bобуслов\w+|\bвызыва\w+|\bвызван[аоы]?\b|\bсказыва\w+|\bпривод[ия]т\w* к\b"
        r"|\bпричин\w*|\bэффект\w* (?:фактор|услови|обстоятельств)\w*|\bулучша[ею]т\b|\bснижа[ею]т результат\w*",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\bcaus(?:e|es|ed|ing|al)\b|\baffect(?:s|ed|ing)?\b|\binfluenc(?:e|es|ed|ing)\b|\bimpacts?\b|\beffects? (?:of|on)\b"
        r"|\bleads? to\b|\bdriv(?:es|en|ing)\b|\bdue to\b|\bbecause of (?:the )?factors?\b",
        re.IGNORECASE,
    ),
}
# to say that there is no cause is not to claim one; random and absorbed effects are terms of models, not of schools
DENIALS = {
    "ru": re.compile(
        r"\bнет причин\b|\bа не причин\w+|\bне (?:доказывает|говорит о) причин\w*", re.IGNORECASE
    ),
    "en": re.compile(
        r"\bno causes?\b|\bnot causes?\b|\brandom effects of\b|\beffects of one or two columns\b",
        re.IGNORECASE,
    ),
}

# a programme has an effect, which is estimated, with an interval and a grade: only the rooms about it say so
PROGRAMME_ROOMS = (
    "cli",
    "course_page",
    "evidence",
    "planning",
    "programme_effect",
    "programme_page",
    "programme_robustness",
    "town_programme",
)
PROGRAMME_EFFECT = {
    "ru": re.compile(r"\bэффект\w*", re.IGNORECASE),
    "en": re.compile(
        r"\beffects? of (?:the programme|“?\{programme\}”?|\{mdes\}|\{wanted\})|\bprogramme(?:'s)? effects?\b",
        re.IGNORECASE,
    ),
}
OF_A_PROGRAMME = {
    "ru": re.compile(r"\bэффект\w* (?:программ|«?\{programme\})", re.IGNORECASE),
    "en": PROGRAMME_EFFECT["en"],
}


def claims(text: str, language: str, *, room: str = "") -> list[str]:
    """Words of a text that claim a cause; in rooms about programmes the effect of one is none of them."""
    told = DENIALS[language].sub(" ", text)
    if room in PROGRAMME_ROOMS:
        return CLAIMS[language].findall(PROGRAMME_EFFECT[language].sub(" ", told))
    return CLAIMS[language].findall(told) + OF_A_PROGRAMME[language].findall(told)


def shown_texts(language: str) -> Iterator[tuple[str, str, str]]:
    """Every text that a reader can meet, with its room and code: catalogues and the definitions of factors."""
    for name, content in house.catalogue_files(language).items():
        for code, text in house.texts_of(content, language).items():
            for form in text.forms:
                yield name.removesuffix(".po"), code, form
    for key, term in terms().items():
        yield "", key, f"{term.label(language)}. {term.definition(language)}"


@pytest.mark.parametrize("language", sorted(CLAIMS))
def test_no_text_claims_a_cause(language):
    found = {
        code: words
        for room, code, text in shown_texts(language)
        if (words := claims(text, language, room=room))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Доля вакансий влияет на результаты."),
        ("ru", "Низкие результаты обусловлены бедностью."),
        ("ru", "Главная причина — нехватка учителей."),
        ("ru", "Эффект фактора равен 0,2."),
        ("en", "Vacancies cause low results."),
        ("en", "The effect of vacancies is 0.2."),
        ("en", "Results are driven by poverty."),
    ],
)
def test_a_claim_would_be_noticed(language, text):
    assert claims(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Доля вакансий связана с результатами. Показаны совпадения, а не причины."),
        ("en", "Vacancies go with lower results. There are no causes here."),
    ],
)
def test_an_association_may_be_said(language, text):
    assert claims(text, language) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Эффект программы — между двумя границами."),
        ("en", "The effect of the programme lies between two bounds."),
    ],
)
def test_only_rooms_about_programmes_speak_of_their_effect(language, text):
    assert claims(text, language, room="programme_page") == []
    assert claims(text, language, room="exhibits")


def test_rooms_about_programmes_claim_no_cause_of_anything_else():
    assert claims("The effect of vacancies is 0.2.", "en", room="programme_page")
    assert claims("Вакансии влияют на результаты.", "ru", room="programme_page")
