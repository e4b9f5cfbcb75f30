"""The two languages of the workbench: renders codes and fields as Russian or English text.

Texts are gettext catalogues in `locale/<language>/*.po`; a msgid is a code, never a sentence.
"""

from __future__ import annotations

import gettext
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal, Protocol, get_args

from shnor_analysis.glossary import terms

Language = Literal["ru", "en"]
LANGUAGES: tuple[str, ...] = get_args(Language)
LANGUAGE_VARIABLE = "SHNOR_LANGUAGE"
THIN_SPACE = "\u202f"
HARD_SPACE = "\u00a0"
MINUS = "\u2212"
GROUPED_FROM = 10_000
# Stands in `found` where a cell may name a person: shown as words, never as the value.
NOT_SHOWN = "•••"

# what a field of a problem names in the glossary: the prefix before its code
GLOSSARY_FIELDS = {"column": "", "table": "table.", "kind": "column_kind."}


@dataclass(frozen=True, slots=True)
class Coded:
    """A code inside a text: `{column}` shows it as it is, `{column:label}` its label in the language of the text."""

    code: str
    key: str
    language: str

    def __format__(self, spec: str) -> str:
        """The code, or its label where the text asks for it and the glossary has one."""
        term = terms().get(self.key) if spec == "label" else None
        return term.label(self.language) if term else self.code


class ProblemLike(Protocol):
    """What `render_problem` needs to know of a problem."""

    @property
    def code(self) -> str: ...
    @property
    def file(self) -> str | None: ...
    @property
    def sheet(self) -> str | None: ...
    @property
    def cell(self) -> str | None: ...
    @property
    def found(self) -> str | None: ...
    @property
    def allowed(self) -> str | None: ...
    @property
    def fields(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language by code, each with its forms: one, or one for each way of counting.

    `plural_form` tells which form a number asks for, by the rule in the head of the catalogues.
    """

    texts: Mapping[str, tuple[str, ...]]
    plural_form: Callable[[int], int]

    def text(self, code: str) -> str:
        """The text of a code; KeyError when there is none, ValueError when only a number can choose its form."""
        forms = self.texts[code]
        if len(forms) > 1:
            raise ValueError(f"{code} has plural forms: render_count")
        return forms[0]

    def form(self, code: str, n: int) -> str:
        """The form of a text that a number asks for; KeyError when there is none."""
        forms = self.texts[code]
        return forms[min(self.plural_form(n), len(forms) - 1)]


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Catalogue:
    """Read all texts of a language; two catalogues may not define one code twice (ValueError)."""
    from babel.messages.pofile import read_po

    texts: dict[str, tuple[str, ...]] = {}
    rule = ""
    folder = resources.files("shnor_analysis") / "locale" / language
    for part in sorted(folder.iterdir(), key=lambda item: item.name):
        if not part.name.endswith(".po"):
            continue
        read = read_po(io.BytesIO(part.read_bytes()), locale=language)
        rule = read.plural_expr
        for message in read:
            code = message.id if isinstance(message.id, str) else message.id[0]
            if code in texts:
                raise ValueError(f"{part.name}: {code} is defined twice")
            if code:
                texts[code] = (
                    (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
                )
    return Catalogue(texts, gettext.c2py(rule))


def session_language() -> str:
    """The language of the variable SHNOR_LANGUAGE where values show themselves; Russian without it."""
    chosen = os.environ.get(LANGUAGE_VARIABLE, "ru")
    return chosen if chosen in LANGUAGES else "ru"


def has_text(code: str, language: str) -> bool:
    """Tell whether `locale/` holds a text for a code."""
    return code in catalogue(language).texts


def render(code: str, language: str, /, **fields: object) -> str:
    """Fill the text of a code.

    Raises KeyError when the code or one of its named places is unknown, ValueError when the text has plural forms.
    """
    return catalogue(language).text(code).format(**fields)


def render_count(code: str, language: str, n: int, /, **fields: object) -> str:
    """Fill the text of a code in the plural form that `n` asks for; the text may name `{n}`."""
    return catalogue(language).form(code, n).format(n=n, **fields)


def number(value: float, language: str, decimals: int = 0) -> str:
    """Print a number: decimal comma and thin spaces in Russian, point and commas in English."""
    rounded = round(value, decimals) + 0.0
    text = f"{abs(rounded):,.{decimals}f}" if abs(rounded) >= GROUPED_FROM else f"{abs(rounded):.{decimals}f}"
    if language == "ru":
        text = text.replace(",", THIN_SPACE).replace(".", ",")
    return f"{MINUS}{text}" if rounded < 0 else text


def percent_sign(language: str) -> str:
    """The percent sign with the space that the language wants before it."""
    return f"{HARD_SPACE}%" if language == "ru" else "%"


def school_year(year: int, language: str) -> str:
    """Print a school year, named in the tables by its end: 2024 is 2023/24."""
    return render("school_year", language, start=year - 1, end=f"{year % 100:02d}")


def in_cases(chance: float, language: str) -> str:
    """Print a chance (0–1) as cases of one hundred within a sentence: "в 12 случаях из 100"."""
    n = round(chance * 100)
    if n == 0:
        return render("cases.hardly_ever", language)
    if n == 100:
        return render("cases.nearly_always", language)
    return render_count("cases.about", language, n)


def render_problem(problem: ProblemLike, language: str) -> str:
    """Say where a problem is, what was found, what is allowed and what to do; one paragraph."""
    where = [
        render(f"place.{name}", language, value=value)
        for name, value in (
            ("file", problem.file),
            ("sheet", problem.sheet),
            ("cell", problem.cell),
        )
        if value
    ]
    fields: dict[str, object] = {**problem.fields, "found": problem.found, "allowed": problem.allowed}
    for name, prefix in GLOSSARY_FIELDS.items():
        if name in fields:
            fields[name] = Coded(str(fields[name]), f"{prefix}{fields[name]}", language)
    said = [render(f"problem.{problem.code}", language, **fields)]
    if problem.found == NOT_SHOWN:
        said.append(render("place.not_shown", language))
    elif problem.found is not None:
        said.append(render("place.found", language, value=problem.found))
    if problem.allowed is not None:
        said.append(render("place.allowed", language, value=problem.allowed))
    said.append(render(f"problem.{problem.code}.fix", language, **fields))
    prefix = ", ".join(where) + ": " if where else ""
    return prefix + " ".join(said)
