"""The words of the field: label, unit, aliases in files and definition of every column, code and factor."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Term:
    """One word of the field in two languages; `aliases` are spellings met in files, in lower case."""

    key: str
    ru: str
    en: str
    unit: str
    aliases: tuple[str, ...]
    definition_ru: str
    definition_en: str

    def label(self, language: str) -> str:
        """The word itself."""
        return self.ru if language == "ru" else self.en

    def definition(self, language: str) -> str:
        """What it means, one sentence."""
        return self.definition_ru if language == "ru" else self.definition_en


@lru_cache(maxsize=1)
def terms() -> dict[str, Term]:
    """Every term by key; the keys are columns, or `<group>.<code>` for the values of a column."""
    read: dict[str, Term] = {}
    folder = resources.files("shnor_analysis.glossary")
    for part in sorted(folder.iterdir(), key=lambda item: item.name):
        if part.name.endswith(".csv"):
            for term in _read_terms(part.read_text(encoding="utf-8")):
                if term.key in read:
                    raise ValueError(f"{part.name}: {term.key} is defined twice")
                read[term.key] = term
    return read


def _read_terms(text: str) -> Iterator[Term]:
    for row in csv.DictReader(text.splitlines(), delimiter=";"):
        aliases = tuple(alias.strip().lower() for alias in row["aliases"].split("|") if alias)
        yield Term(
            row["key"], row["ru"], row["en"], row["unit"], aliases, row["definition_ru"], row["definition_en"]
        )


def term(key: str) -> Term:
    """The term of a key; KeyError when the glossary has none."""
    return terms()[key]


def label(key: str, language: str) -> str:
    """The label of a key; a name of the user's own (`subject.astronomy`) is shown as it is."""
    found = terms().get(key)
    return found.label(language) if found else key.rpartition(".")[2].replace("_", " ")


def unit(key: str, language: str) -> str:
    """The unit of a term as a word; empty where it has none."""
    found = terms().get(key)
    return label(f"unit.{found.unit}", language) if found and found.unit else ""


def group(prefix: str) -> tuple[Term, ...]:
    """All terms `<prefix>.<code>` in the order of the glossary."""
    return tuple(item for key, item in terms().items() if key.startswith(f"{prefix}."))


def code_of(prefix: str, spelling: str) -> str | None:
    """The code within a group whose label or alias is the spelling, whatever its case; None when there is none."""
    return _codes(prefix).get(" ".join(spelling.replace("_", " ").split()).lower())


@cache
def _codes(prefix: str) -> Mapping[str, str]:
    """Code by spelling within a group; of two terms with one spelling the first counts."""
    codes: dict[str, str] = {}
    for item in group(prefix):
        code = item.key.rpartition(".")[2]
        for spelling in (code, item.ru.lower(), item.en.lower(), *item.aliases):
            codes.setdefault(spelling, code)
    return codes
