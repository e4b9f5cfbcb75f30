"""Layouts of the files that departments receive, one TOML a report: read by the sources and by the simulation alike."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class LayoutColumn:
    """A column of a report: its header as printed, other spellings, and the field that it fills.

    `above` is the upper row of a two-row header. `kind` says how a cell is read: text, identifier, whole, number,
    percent, share, mark, grade, date, flag, test_year (calendar year of the test), school_year (`2021`, `2020/2021`),
    a word of a group of the glossary (subject, kind, season, sex, list, alias_kind), or personal (a name, СНИЛС, birth
    date: dropped at the door). `factor.<code>` as the field is an indicator of the school's circumstances;
    `pupil_code` and `link_code` become pseudonyms. `may_stand_outside` says of a required column that it may be missing
    altogether, because the title, the sheet's name, a card or an option may say the same of the whole sheet. The cells of a required column are filled, unless `allows_empty`.
    """

    header: str
    field: str
    kind: str
    above: str = ""
    aliases: tuple[str, ...] = ()
    is_required: bool = True
    allows_empty: bool = False
    may_stand_outside: bool = False

    @property
    def is_needed_in_header(self) -> bool:
        """Without this column a sheet is not the report."""
        return self.is_required and not self.may_stand_outside


@dataclass(frozen=True, slots=True)
class Layout:
    """One report: what its sheet looks like and which tables it fills.

    `shape` says how the sheet is built: `rows` (a header row, then a row a unit), `groups` (first column a group of
    participants, from the whole sample down to the school), `comparison` (blocks of three rows a group), `items`
    (a row an item, a column a group). `run` names a run of columns that the form does not list: `scores`
    (digits from 0 on), `items` (numbers of items), `groups`, `markers` (a grade and a subject: «4 РУ») or `factors`
    (words of the glossary). `constants` are fields that every row of the report has: the grade of an exam. `order`
    is the place in an import: register first. `is_usual_assessment` lets a title or an option say another assessment;
    `is_named` asks that a sheet names the assessment itself (its title or its tab) where a column that
    may stand outside is not there: a table of marks may be about any work.
    """

    code: str
    title: str
    sheet: str
    shape: str
    order: int
    assessment: str
    tables: tuple[str, ...]
    source: str
    is_verified: bool
    columns: tuple[LayoutColumn, ...]
    run: str = ""
    run_field: str = ""
    run_kind: str = ""
    is_usual_assessment: bool = False
    is_named: bool = False
    constants: tuple[tuple[str, str | int], ...] = ()

    def column(self, field: str) -> LayoutColumn:
        """The column that fills a field; KeyError when the layout has none."""
        for column in self.columns:
            if column.field == field:
                return column
        raise KeyError(field)


@lru_cache(maxsize=1)
def layouts() -> dict[str, Layout]:
    """Every layout by code."""
    folder = resources.files("shnor_analysis.reference.layouts")
    read = [
        read_layout(part.read_text(encoding="utf-8"))
        for part in sorted(folder.iterdir(), key=lambda item: item.name)
        if part.name.endswith(".toml")
    ]
    return {layout.code: layout for layout in read}


def read_layout(text: str) -> Layout:
    """Build a layout from its TOML text; TypeError names a key that does not exist."""
    raw = tomllib.loads(text)
    columns = tuple(
        LayoutColumn(**{**column, "aliases": tuple(column.get("aliases", ()))})
        for column in raw.pop("columns")
    )
    constants = tuple(raw.pop("constants", {}).items())
    return Layout(**{**raw, "tables": tuple(raw["tables"]), "columns": columns, "constants": constants})
