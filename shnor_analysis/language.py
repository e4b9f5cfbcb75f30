"""The two languages of the workbench: renders codes and fields as Russian or English text.

Texts are gettext catalogues in `locale/<language>/*.po`; a msgid is a code, never a sentence.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal, Protocol, get_args

from shnor_analysis.errors import NOT_SHOWN
from shnor_analysis.glossary import terms

Language = Literal["ru", "en"]
LANGUAGES: tuple[str, ...] = get_args(Language)


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


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> gettext.GNUTranslations:
    """Read all texts of a language; two catalogues may not define one code twice (ValueError)."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    merged = Catalog(locale=language)
    folder = resources.files("shnor_analysis") / "locale" / language
    for part in sorted(folder.iterdir(), key=lambda item: item.name):
        if not part.name.endswith(".po"):
            continue
        for message in read_po(io.BytesIO(part.read_bytes()), locale=language):
            if not message.id:
                continue
            key = message.id if isinstance(message.id, str) else message.id[0]
            if merged.get(key) is not None:
                raise ValueError(f"{part.name}: {key} is defined twice")
            merged.add(message.id, message.string)
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def has_text(code: str, language: str) -> bool:
    """Tell whether `locale/` holds a text for a code."""
    return catalogue(language).gettext(code) != code


def render(code: str, language: str, /, **fields: object) -> str:
    """Fill the text of a code; KeyError when the code or one of its named places is unknown."""
    text = catalogue(language).gettext(code)
    if text == code:
        raise KeyError(code)
    return text.format(**fields)


def render_count(code: str, language: str, n: int, /, **fields: object) -> str:
    """Fill the text of a code in the plural form that `n` asks for; the text may name `{n}`."""
    text = catalogue(language).ngettext(code, code, n)
    if text == code:
        raise KeyError(code)
    return text.format(n=n, **fields)


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
