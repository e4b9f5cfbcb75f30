"""The gate of this room: only released values come in, only known sections are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from shnor_analysis.disclosure import Released
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.language import LANGUAGES

Made = TypeVar("Made")
Maker = Callable[[Released[Any], str], Made]


def find_maker(
    released: object,
    section: str,
    language: str,
    *,
    makers: Mapping[type, Mapping[str, Maker[Made]]],
) -> Maker[Made]:
    """Find what makes a section of a released evaluation.

    Raises:
        UsageProblem: `not_released` for anything that did not come through the door, `section_unknown` with the
            sections that exist, `language_unknown`.
    """
    if not isinstance(released, Released):
        raise UsageProblem(Problem("not_released", found=type(released).__name__))
    if language not in LANGUAGES:
        raise UsageProblem(Problem("language_unknown", found=language, allowed=", ".join(LANGUAGES)))
    sections = makers.get(type(released.value), {})
    if section not in sections:
        raise UsageProblem(Problem("section_unknown", found=section, allowed=", ".join(sections) or "—"))
    return sections[section]
