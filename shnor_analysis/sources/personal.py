"""Columns about persons that never pass the door: names, СНИЛС, birth dates, passports, telephones.

Every reader asks `personal_columns` before it takes a cell of a sheet; what it names is dropped, with a line in the
accounting (`dropped_reason`). Pupil codes are no names: they become pseudonyms, see `pseudonyms`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shnor_analysis.accounting import Reason
from shnor_analysis.sources.spelling import clean, plain

_HEADER = re.compile(
    r"\b(?:фамили[яи]|отчеств[оа]|ф\.? ?и\.? ?о\b|снилс|паспорт\w*|телефон\w*|дат[аы] рожд\w*|год рожд\w*|рождени[ея]"
    r"|surname|last name|first name|given name|patronymic|full name|birth\w*|date of birth|snils|passport|phone)"
    r"|^имя\b|\bимя (?:ученик|участник|учащ|обуч|реб|учител|педагог|директор|родител)\w*"
    r"|^(?:e-?mail|электронная почта|адрес (?:проживания|регистрации)|полис\b.*|свидетельство о рождении)"
)
_SNILS_PRINTED = re.compile(r"\d{3}-\d{3}-\d{3}[ -]\d{2}")
_SNILS_BARE = re.compile(r"\d{11}")
_WORD = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?"
_PERSON = re.compile(
    rf"{_WORD} [А-ЯЁ]\. ?[А-ЯЁ]\.|[А-ЯЁ]\. ?[А-ЯЁ]\. ?{_WORD}"
    rf"|{_WORD} {_WORD} [А-ЯЁ][а-яё]+(?:вич|вна|ична|инична|ьич)|{_WORD} {_WORD} {_WORD} (?:оглы|кызы|Оглы|Кызы)"
)
_PERSON_INSIDE = re.compile(rf"(?<![А-ЯЁа-яё])(?:{_PERSON.pattern})(?![А-ЯЁа-яё])")
_PHONE = re.compile(r"(?:\+7|\b8)[\s(-]{0,2}\d{3}[\s)-]{0,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}(?!\d)")
SMALLEST_BARE_SNILS = 100_199_800  # 001-001-998 00: below it no check number is defined


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """A column that is dropped: its place among the headers (from 0), its header, and what gave it away."""

    index: int
    header: str
    sign: str


def is_personal_header(header: str) -> bool:
    """Tell whether a header announces a person's name, СНИЛС, birth date, passport, telephone or address."""
    return bool(_HEADER.search(plain(header)))


def looks_like_person(text: str) -> bool:
    """Tell whether a text is the name of a person: with initials or with a patronymic, nothing else around it."""
    return bool(_PERSON.fullmatch(clean(text)))


def holds_person(text: str) -> bool:
    """Tell whether a text contains the name of a person anywhere: with initials or with a patronymic."""
    return bool(_PERSON_INSIDE.search(clean(text)))


def without_persons(text: str) -> str:
    """The text with `…` for every name of a person, so that the name of a sheet or file can be stored."""
    return _PERSON_INSIDE.sub("…", text)


def holds_number_of_person(text: str) -> bool:
    """Tell whether a text contains a СНИЛС or a telephone anywhere."""
    spelled = clean(text)
    return bool(_SNILS_PRINTED.search(spelled) or _PHONE.search(spelled) or _is_bare_snils(spelled))


def personal_sign(values: Iterable[object]) -> str | None:
    """What gives a column away by its values: `snils` or `person`, else None.

    One printed СНИЛС is enough; bare eleven digits must have the right check number in most cells; names in half.
    """
    found = {_as_text(value) for value in set(values) if _may_be_personal(value)}
    if any(_SNILS_PRINTED.fullmatch(text) for text in found):
        return "snils"
    bare = [text for text in found if _SNILS_BARE.fullmatch(text)]
    if bare and 2 * sum(map(_is_snils, bare)) > len(bare):
        return "snils"
    if found and 2 * sum(map(looks_like_person, found)) >= len(found):
        return "person"
    return None


def personal_columns(
    headers: Sequence[str], columns: Sequence[Iterable[object]] = ()
) -> tuple[PersonalColumn, ...]:
    """Every column to drop, by header and, where cells are given (one iterable a header), by their values."""
    dropped = []
    for index, header in enumerate(headers):
        sign = "header" if is_personal_header(header) else None
        if sign is None and index < len(columns):
            sign = personal_sign(columns[index])
        if sign:
            dropped.append(PersonalColumn(index, clean(header), sign))
    return tuple(dropped)


def dropped_reason(dropped: Sequence[PersonalColumn], rows: int) -> Reason:
    """The line of the accounting for dropped columns; `rows` is how many rows they had."""
    names = ", ".join(f"«{column.header}»" for column in dropped)
    return Reason("personal_dropped", rows, {"columns": names})


def _may_be_personal(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= SMALLEST_BARE_SNILS


def _as_text(value: object) -> str:
    # a spreadsheet that took a СНИЛС for a number lost its leading zeros
    return clean(value) if isinstance(value, str) else f"{value:011.0f}"


def _is_bare_snils(text: str) -> bool:
    return bool(_SNILS_BARE.fullmatch(text)) and _is_snils(text)


def _is_snils(digits: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(9, 0, -1), strict=True))
    return total % 101 % 100 == int(digits[9:])
