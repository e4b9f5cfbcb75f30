"""One spelling for what files write in many ways: headers, names of schools, logins."""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_QUOTES = re.compile(r"[«»„“”\"'`]")
_NUMBER_SIGN = re.compile(r"(?:№|\bn\b|#)\s*(?=\d)")
_DASHES = re.compile(r"\s*[-\u2010\u2011–—−]\s*")
_PUNCTUATION = re.compile(r"[.,;:()\[\]]+")
_LOGIN_AT_END = re.compile(r"^(?P<name>.*?)\s*\((?P<login>[^\s()]*\d[^\s()]*)\)\s*$")
_DIGITS = re.compile(r"\d+")


@lru_cache(maxsize=65_536)
def clean(text: str) -> str:
    """Take out what spreadsheets add: `_x0002_`, control and invisible characters, doubled and outer blanks."""
    return " ".join(_CONTROL.sub("", _ESCAPE.sub("", text)).split())


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """A header or code without case, `ё`, underscores for spaces and stray characters."""
    return " ".join(clean(text).replace("_", " ").split()).lower().replace("ё", "е")


@lru_cache(maxsize=65_536)
def plain_name(text: str) -> str:
    """The name of a school without quotes, dots and brackets, with every `№ 5`, `N5` and `#5` as `№5`."""
    name = _QUOTES.sub(" ", plain(text))
    name = _DASHES.sub("-", _PUNCTUATION.sub(" ", name))
    return " ".join(_NUMBER_SIGN.sub("№", name).split())


def split_login(text: str) -> tuple[str, str]:
    """Name and login of `МБОУ СОШ № 5 (sch660005)`; the login is empty where no bracket with digits ends the text."""
    found = _LOGIN_AT_END.match(clean(text))
    return (found["name"], found["login"]) if found else (clean(text), "")


@lru_cache(maxsize=65_536)
def numbers_in(text: str) -> tuple[int, ...]:
    """The whole numbers of a text in order: `№ 05` and `№5` have the same."""
    return tuple(int(digits) for digits in _DIGITS.findall(text))


@lru_cache(maxsize=65_536)
def words_in(text: str) -> str:
    """The text without its numbers."""
    return " ".join(_DIGITS.sub(" ", text.replace("№", " ")).split())
