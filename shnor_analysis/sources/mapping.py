"""Forms that no layout knows: what the analyst has said about their columns, remembered by the hash of the headers."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.reference.layouts import Layout, LayoutColumn
from shnor_analysis.sources.mapping_fields import (
    MAPPABLE,
    allowed_constant,
    field_of,
    fields_of,
    lacking,
    order_of,
    tables_of,
)
from shnor_analysis.sources.personal import is_personal_header
from shnor_analysis.sources.spelling import plain

MAPPINGS_FOLDER = Path("data") / "mappings"
KEYS = {"title", "table", "headers_sha256", "is_checked", "constants", "columns"}
COLUMN_KEYS = {"header", "above", "field", "kind"}


@dataclass(frozen=True, slots=True)
class TableMapping:
    """What a form's columns mean: all its headers in order, and the layout that they amount to.

    `problems` are the fields that a draft still lacks: they stop files of this form and no others.
    """

    headers: tuple[str, ...]
    layout: Layout
    problems: tuple[Problem, ...] = ()

    @property
    def table(self) -> str:
        """The table that the form fills."""
        return self.layout.tables[-1]


def headers_sha256(headers: Sequence[str]) -> str:
    """Hash of a form: its headers in order, whatever their case, blanks and stray characters."""
    return hashlib.sha256("\n".join(plain(header) for header in headers).encode("utf-8")).hexdigest()


def mapping_path(folder: Path, table: str, headers: Sequence[str]) -> Path:
    """Where the mapping of a form lies within a workspace."""
    return folder / MAPPINGS_FOLDER / f"{table}-{headers_sha256(headers)[:12]}.toml"


def read_mappings(folder: Path) -> tuple[TableMapping, ...]:
    """Read every mapping of a folder, in the order of names; InputRefused with the problems of all of them.

    A draft that lacks fields is read, with its problems.
    """
    read: list[TableMapping] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        raw, wrong = _parse(path)
        if not wrong or {problem.code for problem in wrong} == {"mapping_field_missing"}:
            read.append(replace(_mapping(raw, path.name), problems=tuple(wrong)))
        else:
            problems.extend(wrong)
    if problems:
        raise InputRefused(problems)
    return tuple(read)


def read_mapping(path: Path) -> TableMapping:
    """Read one mapping.

    Raises InputRefused with all problems: `mapping_broken` (no TOML), `mapping_key_unknown`, `mapping_key_missing`,
    `mapping_table_unknown`, `mapping_field_unknown`, `mapping_field_repeated`, `mapping_field_personal`,
    `mapping_kind_wrong`, `mapping_header_repeated`, `mapping_headers_changed`, `mapping_constant_wrong`,
    `mapping_field_missing`.
    """
    raw, problems = _parse(path)
    if problems:
        raise InputRefused(problems)
    return _mapping(raw, path.name)


def _parse(path: Path) -> tuple[Mapping[str, Any], list[Problem]]:
    """What a file says, and everything that is wrong with it."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, [Problem("mapping_broken", file=path.name, found=str(error))]
    return raw, _wrong_shape(raw, path.name) or _wrong_words(raw, path.name)


def _mapping(raw: Mapping[str, Any], source: str) -> TableMapping:
    headers = tuple(str(column["header"]) for column in raw["columns"])
    constants = dict(raw.get("constants", {}))
    layout = Layout(
        code=f"mapped_{headers_sha256(headers)[:12]}",
        title=str(raw["title"]),
        sheet="",
        shape="rows",
        order=order_of(raw["table"]),
        assessment=str(constants.pop("assessment", "")),
        tables=tables_of(raw["table"]),
        source=source,
        is_verified=bool(raw["is_checked"]),
        columns=tuple(_column(raw["table"], column) for column in raw["columns"] if column["field"]),
        constants=tuple(constants.items()),
    )
    return TableMapping(headers, layout)


def _column(table: str, raw: Mapping[str, Any]) -> LayoutColumn:
    field = field_of(table, raw["field"])
    return LayoutColumn(
        header=raw["header"],
        field=raw["field"],
        kind=raw["kind"],
        above=raw.get("above", ""),
        is_required=bool(field and field.is_required),
    )


def _wrong_shape(raw: Mapping[str, Any], file: str) -> list[Problem]:
    """Sections and keys that do not exist or are not there."""
    columns = raw.get("columns", [])
    columns = columns if isinstance(columns, list) and all(isinstance(one, dict) for one in columns) else []
    wrong = [(name, KEYS) for name in raw if name not in KEYS]
    wrong += [(name, COLUMN_KEYS) for column in columns for name in column if name not in COLUMN_KEYS]
    problems = [
        Problem("mapping_key_unknown", file=file, found=name, allowed=", ".join(sorted(known)))
        for name, known in wrong
    ]
    missing = sorted(KEYS - {"constants"} - set(raw))
    missing += sorted(
        {name for column in columns for name in ("header", "field", "kind") if name not in column}
    )
    if missing or not columns:
        problems.append(Problem("mapping_key_missing", file=file, found=", ".join(missing or ["columns"])))
    return problems


def _wrong_words(raw: Mapping[str, Any], file: str) -> list[Problem]:
    """Tables, fields, kinds and constants that do not fit one another."""
    table = raw["table"]
    if table not in MAPPABLE:
        return [Problem("mapping_table_unknown", file=file, found=str(table), allowed=", ".join(MAPPABLE))]
    headers = [str(column["header"]) for column in raw["columns"]]
    problems = []
    if headers_sha256(headers) != raw["headers_sha256"]:
        problems.append(Problem("mapping_headers_changed", file=file))
    for column in raw["columns"]:
        problems.extend(_wrong_column(table, column, file))
    problems.extend(_repeated(raw["columns"], file))
    given = {column["field"] for column in raw["columns"]}
    constants = raw.get("constants", {})
    for name, value in constants.items():
        if name in given or not allowed_constant(table, name, value):
            problems.append(Problem("mapping_constant_wrong", file=file, found=f"{name} = {value}"))
    missing = lacking(table, frozenset(given) | frozenset(constants))
    if missing:
        found = "; ".join(missing)
        problems.append(Problem("mapping_field_missing", file=file, found=found, fields={"table": table}))
    return problems


def _repeated(columns: Sequence[Mapping[str, Any]], file: str) -> list[Problem]:
    """Fields that two columns claim, and columns that cannot be told apart by their headers."""
    problems = []
    claimed: dict[str, str] = {}
    places: set[tuple[str, str]] = set()
    for column in columns:
        name, header = column["field"], str(column["header"])
        place = (plain(str(column.get("above", ""))), plain(header))
        if name and name in claimed:
            problems.append(
                _of_column("mapping_field_repeated", file, header, found=name, other=claimed[name])
            )
        if name and place in places:
            problems.append(_of_column("mapping_header_repeated", file, header))
        places.add(place)
        claimed.setdefault(name, header)
    return problems


def _wrong_column(table: str, column: Mapping[str, Any], file: str) -> list[Problem]:
    name, header = column["field"], str(column["header"])
    if not name:
        return []
    if is_personal_header(header):
        return [_of_column("mapping_field_personal", file, header, found=name)]
    field = field_of(table, name)
    if field is None:
        return [
            _of_column("mapping_field_unknown", file, header, found=name, allowed=tuple(fields_of(table)))
        ]
    if column["kind"] not in field.kinds:
        return [_of_column("mapping_kind_wrong", file, header, found=column["kind"], allowed=field.kinds)]
    return []


def _of_column(
    code: str,
    file: str,
    header: str,
    *,
    found: str | None = None,
    allowed: tuple[str, ...] = (),
    other: str = "",
) -> Problem:
    fields = {"header": header, "other": other}
    return Problem(code, file=file, found=found, allowed=", ".join(allowed) or None, fields=fields)
