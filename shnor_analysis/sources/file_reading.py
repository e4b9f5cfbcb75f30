"""From an opened file to validated tables, with every problem of the file at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

import pandas as pd

from shnor_analysis.accounting import Accounting
from shnor_analysis.errors import InputRefused
from shnor_analysis.schemas import TABLES, validate
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.sources.corrections import apply_corrections
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.hints import Card, ReadingContext, read_card
from shnor_analysis.sources.lineage import add_lineage
from shnor_analysis.sources.opening import OpenedFile
from shnor_analysis.sources.personal import without_persons
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.repeats import join_sheets
from shnor_analysis.sources.shapes.comparison import read_comparison
from shnor_analysis.sources.shapes.groups import read_groups_sheet
from shnor_analysis.sources.shapes.items import read_items
from shnor_analysis.sources.shapes.rows import read_rows
from shnor_analysis.sources.shielding import shielded
from shnor_analysis.sources.surroundings import Surroundings, look_around

Frames = dict[str, pd.DataFrame]
SHAPES: Mapping[str, Callable[[Surroundings], tuple[Draft, Frames]]] = MappingProxyType(
    {"rows": read_rows, "groups": read_groups_sheet, "comparison": read_comparison, "items": read_items}
)


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file gave: its card, its tables (validated, with lineage) and the accounting of its rows."""

    card: FileCard
    tables: Mapping[str, pd.DataFrame]
    accounting: Accounting


@dataclass(frozen=True, slots=True)
class _SheetReading:
    tables: Frames
    accounting: Accounting
    has_personal: bool


def read_tables(opened: OpenedFile, context: ReadingContext) -> FileReading:
    """Read every recognised sheet of a file into validated tables.

    Parameters:
        opened: From `open_file`.
        context: Register, other names, hints, corrections, key.

    Raises InputRefused with all problems of the file at once; then nothing of the file is to be stored.
    """
    findings = Findings(opened.path.name)
    card = read_card(opened.path)
    sheets = [
        _read_sheet(found, opened, context, card=card, findings=findings) for found in opened.recognised
    ]
    findings.raise_if_any()
    tables = _validated(sheets, findings)
    findings.raise_if_any()
    accounting = _file_accounting(opened, findings)
    for sheet in sheets:
        accounting += sheet.accounting
    return FileReading(_card(opened, card, sheets, tables), MappingProxyType(tables), accounting)


def _read_sheet(
    found: Recognised, opened: OpenedFile, context: ReadingContext, *, card: Card, findings: Findings
) -> _SheetReading:
    of_sheet = Findings(findings.file)
    draft, frames = SHAPES[found.layout.shape](look_around(found, context, card, of_sheet))
    tables = {}
    for name, frame in frames.items():
        corrected = apply_corrections(
            add_lineage(frame, draft, sha256=opened.sha256),
            context.corrections,
            report=found.layout.code,
            table=name,
            sha256=opened.sha256,
        )
        tables[name] = corrected.frame
        of_sheet.reasons.extend(corrected.reasons)
        of_sheet.problems.extend(corrected.problems)
    if not draft.rows_in and not of_sheet.problems:
        of_sheet.problem("no_rows", found.sheet.name)
    for problem in of_sheet.problems:
        findings.take(shielded(problem, is_about_pupils=is_about_pupils(found)))
    rows_out = sum(len(table) for table in tables.values())
    accounting = Accounting().then("read_sheet", found.sheet.name, draft.rows_in, rows_out, of_sheet.reasons)
    has_codes = "pupil_code" in draft.header.places
    return _SheetReading(tables, accounting, draft.has_personal or has_codes)


def is_about_pupils(found: Recognised) -> bool:
    """Tell whether a sheet has a row a pupil."""
    return (
        any(name.startswith("pupil") for name in found.layout.tables) or "pupil_code" in found.header.places
    )


def _validated(sheets: list[_SheetReading], findings: Findings) -> Frames:
    tables: Frames = {}
    for name in dict.fromkeys(name for sheet in sheets for name in sheet.tables):
        parts = [sheet.tables[name] for sheet in sheets if name in sheet.tables and len(sheet.tables[name])]
        if not parts:
            continue
        try:
            tables[name] = validate(TABLES[name], join_sheets(name, parts, findings))
        except InputRefused as refused:
            for problem in refused.problems:
                placed = replace(problem, file=findings.file)
                findings.take(shielded(placed, is_about_pupils="pupil_id" in TABLES[name].key))
    return tables


def _file_accounting(opened: OpenedFile, findings: Findings) -> Accounting:
    """Which sheets were read, which were not, which were hidden."""
    read = {found.sheet.name for found in opened.recognised}
    for sheet in opened.sheets:
        if sheet.name not in read and sheet.is_hidden:
            findings.reason("sheet_hidden_left_out", 1, sheet=sheet.name)
        elif sheet.name not in read:
            findings.reason("sheet_left_out" if sheet.rows_n else "sheet_empty", 1, sheet=sheet.name)
        elif sheet.is_hidden:
            findings.reason("sheet_hidden_read", 1, sheet=sheet.name)
    findings.reason("external_links", int(opened.has_external_links))
    return Accounting().then("open_file", opened.path.name, len(opened.sheets), len(read), findings.reasons)


def _card(opened: OpenedFile, card: Card, sheets: list[_SheetReading], tables: Frames) -> FileCard:
    layouts = dict.fromkeys(found.layout.code for found in opened.recognised)
    return FileCard(
        sha256=opened.sha256,
        file_name=without_persons(opened.path.name),
        report="+".join(layouts),
        received=datetime.now(UTC).isoformat(timespec="seconds"),
        owner=card.owner,
        rows=tuple((name, len(table)) for name, table in tables.items()),
        is_verified_layout=all(found.layout.is_verified for found in opened.recognised),
        has_personal=any(sheet.has_personal for sheet in sheets),
    )
