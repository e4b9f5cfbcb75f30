"""What words alone tell: columns that a form does not list (markers, indicators), and which assessment is meant."""

from __future__ import annotations

import re
from functools import lru_cache

from shnor_analysis import glossary
from shnor_analysis.sources.spelling import clean, plain

PEOPLE = "people"
# shares of the pupils of a school: a number of pupils becomes one; other shares are of teachers, who are not counted here
SHARES_OF_PUPILS = frozenset(
    [
        "parents_higher_education_share",
        "incomplete_families_share",
        "low_income_share",
        "registers_share",
        "special_needs_share",
        "home_language_other_share",
        "commute_share",
        "second_shift_share",
        "lunch_share",
    ]
)
_MARKERS = (
    re.compile(
        r"(?P<grade>\d{1,2})(?:[- ]?(?:й )?(?:класс|кл\.?))?[ ,.-]*(?P<subject>[^\d\s]\D*)", re.IGNORECASE
    ),
    re.compile(r"(?P<subject>\D+?)[ ,.-]*(?P<grade>\d{1,2})(?:[- ]?(?:й )?(?:класс|кл\.?))?", re.IGNORECASE),
)
_ASSESSMENT = re.compile(
    r"\b(впр|огэ|егэ|всероссийск\w+ проверочн\w+ работ\w*"
    r"|основн\w+ государственн\w+ экзамен\w*|един\w+ государственн\w+ экзамен\w*)\b"
)
ASSESSMENT_WORDS = {"ог": "oge", "ос": "oge", "ег": "ege", "ед": "ege"}
_UNIT = re.compile(r"[\s,(]*(?:%|чел\.?|человек)\)?$", re.IGNORECASE)


def assessment_in(text: str) -> str | None:
    """The assessment that free words name first: vpr, oge or ege; None where they name none."""
    found = _ASSESSMENT.search(plain(text))
    return ASSESSMENT_WORDS.get(found[1][:2], "vpr") if found else None


@lru_cache(maxsize=1024)
def marker_of(header: str) -> tuple[int, str] | None:
    """Grade and subject of a marker column: `4 РУ` and `РУ_4` are (4, "russian"); None for any other header."""
    spelled = " ".join(clean(header).replace("_", " ").split())
    for form in _MARKERS:
        found = form.fullmatch(spelled)
        subject = glossary.code_of("subject", found["subject"].strip()) if found else None
        if found and subject:
            return int(found["grade"]), subject
    return None


@lru_cache(maxsize=4096)
def factor_of(header: str) -> str | None:
    """The indicator whose label or alias the header is, with or without a unit at its end; None when there is none."""
    return glossary.code_of("factor", header) or glossary.code_of("factor", _UNIT.sub("", clean(header)))
