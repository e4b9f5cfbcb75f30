"""Opens a file: looks at it, reads it in a child process, and finds out which reports it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from shnor_analysis.errors import NOT_SHOWN, InputRefused, Problem
from shnor_analysis.files import sha256_of
from shnor_analysis.reference.layouts import Layout, layouts
from shnor_analysis.sources.cells import Sheet
from shnor_analysis.sources.header_lines import header_guess, is_header_like
from shnor_analysis.sources.hints import read_card
from shnor_analysis.sources.personal import without_persons
from shnor_analysis.sources.preflight import check_file
from shnor_analysis.sources.reading import DEFAULT_LIMITS, Limits, read_sheets
from shnor_analysis.sources.recognition import NearMiss, Recognised, find_mapped, recognise
from shnor_analysis.sources.stacked import split_tables
from shnor_analysis.sources.templates import find_template

MOST_HEADERS_SHOWN = 12


class MappingLike(Protocol):
    """What opening needs of a mapping: its headers, the layout that it amounts to, and what it still lacks."""

    @property
    def headers(self) -> tuple[str, ...]: ...  # noqa: D102  # told by the class
    @property
    def layout(self) -> Layout: ...  # noqa: D102  # told by the class
    @property
    def problems(self) -> tuple[Problem, ...]: ...  # noqa: D102  # told by the class


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file whose reports are known and whose values are not yet looked at."""

    path: Path
    sha256: str
    sheets: tuple[Sheet, ...]
    recognised: tuple[Recognised, ...]
    has_external_links: bool = False

    @property
    def order(self) -> int:
        """Place in an import of many files: the register comes before what refers to it."""
        return min(found.layout.order for found in self.recognised)


def open_file(
    path: Path,
    *,
    mappings: tuple[MappingLike, ...] = (),
    assessment: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> OpenedFile:
    """Open a file of a department and recognise its reports by their headers.

    Parameters:
        path: xlsx, xls or csv (utf-8 or cp1251; tab, semicolon or comma).
        mappings: What the analyst has said about forms that no layout knows.
        assessment: What an option says the file is about; the card beside the file says it too.
        limits: Of the reading child process.

    Raises InputRefused: what `check_file` and `read_sheets` raise, `columns_missing` for a report that lacks some,
    `table_repeated`, `not_recognised` with the headers seen, `file_empty`, what a draft of a mapping lacks.
    """
    seen = check_file(path)
    sheets = _without_persons(read_sheets(path, seen, limits=limits))
    if seen.kind == "csv":
        sheets = tuple(Sheet(path.stem[:60], False, sheet.columns, sheet.rows_n) for sheet in sheets)
    if not any(sheet.rows_n for sheet in sheets):
        raise InputRefused(Problem("file_empty", file=path.name))
    named = read_card(path).hints.assessment or assessment
    found = [_mapped(sheet, mappings) or _recognised(sheet, named) for sheet in sheets]
    near = [item for item in found if isinstance(item, NearMiss) and not item.sheet.is_hidden]
    recognised = tuple(
        table for item in found if isinstance(item, Recognised) for table in split_tables(item, path.name)
    )
    if near:
        raise InputRefused(_columns_missing(path, miss) for miss in near)
    if not recognised:
        raise InputRefused(_not_recognised(path, sheets))
    return OpenedFile(path, sha256_of(path), sheets, recognised, seen.has_external_links)


def _without_persons(sheets: tuple[Sheet, ...]) -> tuple[Sheet, ...]:
    """The sheets by names that can be stored: a sheet may be called after a teacher."""
    names = {sheet.name for sheet in sheets}
    found = []
    for sheet in sheets:
        name = without_persons(sheet.name)
        while name != sheet.name and name in names:
            name += "…"
        names.add(name)
        found.append(replace(sheet, name=name))
    return tuple(found)


def _mapped(sheet: Sheet, mappings: Iterable[MappingLike]) -> Recognised | None:
    for mapping in mappings:
        if mapped := find_mapped(sheet, mapping.layout, mapping.headers):
            if mapping.problems:
                raise InputRefused(mapping.problems)
            return mapped
    return None


def _recognised(sheet: Sheet, assessment: str | None) -> Recognised | NearMiss | None:
    return find_template(sheet) or recognise(sheet, layouts().values(), assessment=assessment)


def _columns_missing(path: Path, miss: NearMiss) -> Problem:
    return Problem(
        "columns_missing",
        file=path.name,
        sheet=miss.sheet.name,
        cell=f"A{miss.row + 1}",
        found=_headers(miss.sheet),
        fields={"report": miss.layout.title, "columns": ", ".join(f"«{name}»" for name in miss.missing)},
    )


def _not_recognised(path: Path, sheets: tuple[Sheet, ...]) -> Problem:
    shown = next((sheet for sheet in sheets if sheet.rows_n and not sheet.is_hidden), sheets[0])
    row, _ = header_guess(shown)
    return Problem(
        "not_recognised",
        file=path.name,
        sheet=shown.name,
        cell=f"A{row + 1}",
        found=_headers(shown),
        fields={"command": f'shnor map "{path.name}"' if " " in path.name else f"shnor map {path.name}"},
    )


def _headers(sheet: Sheet) -> str:
    row, texts = header_guess(sheet)
    if not is_header_like(sheet, row):
        return NOT_SHOWN
    shown = " | ".join(text if len(text) <= 40 else f"{text[:39]}…" for text in texts[:MOST_HEADERS_SHOWN])
    return shown + (" | …" if len(texts) > MOST_HEADERS_SHOWN else "")
