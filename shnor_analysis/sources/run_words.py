"""Columns that a form does not list and that are known by their words: marker columns, indicators of circumstances."""

from __future__ import annotations

import re
from functools import lru_cache

from shnor_analysis import glossary
from shnor_analysis.sources.spelling import clean

_MARKER = re.compile(r"(\d{1,2})(?: класс)?[ ,.]*(\D.*)", re.IGNORECASE)
_PERCENT = re.compile(r"[\s,(]*%\)?$")


@lru_cache(maxsize=1024)
def marker_of(header: str) -> tuple[int, str] | None:
    """Grade and subject of a marker column: `4 РУ` is (4, "russian"); None for any other header."""
    found = _MARKER.fullmatch(clean(header).replace("_", " "))
    subject = glossary.code_of("subject", found[2].strip()) if found else None
    return (int(found[1]), subject) if found and subject else None


@lru_cache(maxsize=4096)
def factor_of(header: str) -> str | None:
    """The indicator whose label or alias the header is, with or without a percent sign; None when there is none."""
    return glossary.code_of("factor", header) or glossary.code_of("factor", _PERCENT.sub("", clean(header)))
