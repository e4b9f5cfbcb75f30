"""Schools that an unknown spelling may mean, for a person to choose from: likeness of logins and of names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from shnor_analysis.sources.spelling import numbers_in, plain, plain_name, split_login, words_in

MOST_CANDIDATES = 3
LIKENESS_WANTED = 0.6
LIKENESS_SPREAD = 0.1
LOOKALIKES = str.maketrans("оoсаерхуlз", "00caepxy13")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A school of the register that a spelling may mean: proposed to a person, never joined by itself."""

    school_id: str
    name: str
    likeness: float

    def __str__(self) -> str:
        return f"{self.school_id} ({self.name})"


def find_candidates(spelling: str, labels: Mapping[str, str]) -> tuple[Candidate, ...]:
    """Up to three schools (name by id) whose login or name is like the spelling, the likeliest first.

    A number in a name is compared as a number: «№ 5» and «№05» are alike, «№ 5» and «№ 15» are not.
    """
    name, login = split_login(spelling)
    by_code, by_name = _Likeness(_look(login or spelling)), _Likeness(plain_name(name))
    scored = (
        Candidate(one, other, round(max(by_code.of_code(_look(one)), by_name.of_name(plain_name(other))), 3))
        for one, other in labels.items()
    )
    near = [candidate for candidate in scored if candidate.likeness >= LIKENESS_WANTED]
    best = max((candidate.likeness for candidate in near), default=0.0)
    near = [candidate for candidate in near if candidate.likeness >= best - LIKENESS_SPREAD]
    return tuple(sorted(near, key=lambda found: (-found.likeness, found.school_id))[:MOST_CANDIDATES])


@lru_cache(maxsize=65_536)
def _look(code: str) -> str:
    """A login as the eye sees it: letters of both alphabets and digits that look the same become one."""
    return plain(code).translate(LOOKALIKES)


class _Likeness:
    """Compares one spelling with many; what is prepared of it is prepared once."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.numbers = numbers_in(wanted)
        self.whole = difflib.SequenceMatcher(None, "", wanted, autojunk=False)
        self.words = difflib.SequenceMatcher(None, "", words_in(wanted), autojunk=False)

    def of_code(self, other: str) -> float:
        """A login with one slip keeps its beginning or its end: only such are compared."""
        begins_or_ends = other[:6] == self.wanted[:6] or other[-4:] == self.wanted[-4:]
        return _ratio(self.whole, other) if begins_or_ends else 0.0

    def of_name(self, other: str) -> float:
        """The number is what tells schools of one town apart: words only rank those that share it."""
        others = numbers_in(other)
        if self.numbers and others:
            return 0.6 + 0.4 * _ratio(self.words, words_in(other)) if self.numbers == others else 0.0
        return _ratio(self.whole, other)


def _ratio(matcher: difflib.SequenceMatcher[str], other: str) -> float:
    matcher.set_seq1(other)
    if matcher.real_quick_ratio() < LIKENESS_WANTED or matcher.quick_ratio() < LIKENESS_WANTED:
        return 0.0
    return matcher.ratio()
