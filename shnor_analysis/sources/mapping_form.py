"""`shnor map FILE`: reads a file that no layout knows and writes what its columns seem to mean, for a person to correct."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from shnor_analysis import glossary
from shnor_analysis.errors import InputRefused, Problem, UsageProblem
from shnor_analysis.files import write_text
from shnor_analysis.language import render
from shnor_analysis.reference.layouts import layouts
from shnor_analysis.sources.cells import Sheet
from shnor_analysis.sources.mapping import headers_sha256, mapping_path
from shnor_analysis.sources.mapping_fields import CONSTANTS, MAPPABLE, fields_of
from shnor_analysis.sources.preflight import check_file
from shnor_analysis.sources.proposals import Proposal, ProposedColumn, propose
from shnor_analysis.sources.reading import read_sheets
from shnor_analysis.sources.recognition import Recognised, recognise

# a mapping is committed: figures of schools and remarks nobody asked for do not belong there
KINDS_NOT_SHOWN = frozenset({"whole", "number", "percent", "share", "mark"})
EXAMPLES_OF_CONSTANTS = {
    "grade": "5",
    "season": '"spring"',
    "assessment": '"internal"',
    "subject": '"mathematics"',
}


def propose_mapping(path: Path, *, table: str | None = None) -> Proposal:
    """Guess the mapping of the first sheet of a file that no layout recognises, or of its first sheet for a `table`.

    Raises InputRefused as reading does, and `mapping_no_header` where no sheet has headers over data; UsageProblem
    `mapping_table_unknown`, `mapping_not_needed` (every sheet is a known report).
    """
    if table is not None and table not in MAPPABLE:
        raise UsageProblem(Problem("mapping_table_unknown", found=table, allowed=", ".join(MAPPABLE)))
    sheets = read_sheets(path, check_file(path).errors)
    known = {sheet.name: recognise(sheet, layouts().values()) for sheet in sheets}
    # who names a table knows better what a sheet is
    unknown = [sheet for sheet in sheets if table or not isinstance(known[sheet.name], Recognised)]
    visible = [sheet for sheet in unknown if not sheet.is_hidden and sheet.rows_n]
    if not visible and any(isinstance(found, Recognised) for found in known.values()):
        titles = sorted({found.layout.title for found in known.values() if isinstance(found, Recognised)})
        raise UsageProblem(Problem("mapping_not_needed", file=path.name, found=", ".join(titles)))
    return _first_guess(visible, path, table)


def _first_guess(sheets: list[Sheet], path: Path, table: str | None) -> Proposal:
    for sheet in sheets:
        proposal = propose(sheet, table)
        if proposal is not None:
            return proposal
    raise InputRefused(Problem("mapping_no_header", file=path.name))


def write_mapping(proposal: Proposal, folder: Path, *, title: str, language: str) -> Path:
    """Write a proposal as TOML into the mappings of a workspace, with what to do in comments; returns the path.

    Raises UsageProblem `mapping_exists`: what a person has corrected is never overwritten.
    """
    path = mapping_path(folder, proposal.table, proposal.headers)
    if path.exists():
        raise UsageProblem(Problem("mapping_exists", file=str(path.relative_to(folder))))
    write_text(path, describe_mapping(proposal, title=title, language=language))
    return path


def describe_mapping(proposal: Proposal, *, title: str, language: str) -> str:
    """The TOML text of a proposal."""
    return "\n".join(_lines(proposal, title, language)) + "\n"


def _lines(proposal: Proposal, title: str, language: str) -> Iterator[str]:
    given = {column.field for column in proposal.columns if column.field}
    yield from _comment(
        "mapping.intro", language, file=title, sheet=proposal.sheet, row=proposal.header_row + 1
    )
    yield f"title = {_quoted(title)}"
    yield f"table = {_quoted(proposal.table)}"
    yield f"headers_sha256 = {_quoted(headers_sha256(proposal.headers))}"
    yield from _comment("mapping.checked", language)
    yield "is_checked = false"
    if proposal.lacking:
        yield ""
        yield from _comment("mapping.lacking", language, fields="; ".join(proposal.lacking))
    yield ""
    yield from _comment("mapping.constants", language)
    yield "[constants]"
    for name in CONSTANTS:
        if name in fields_of(proposal.table) and name not in given:
            shown = EXAMPLES_OF_CONSTANTS.get(name, '"…"')
            yield f"# {name} = {shown}  # {glossary.label(name, language)}"
    for column in proposal.columns:
        yield ""
        yield from _column_lines(column, language)
    yield ""
    yield from _comment("mapping.kinds", language)
    yield from _comment("mapping.fields", language, table=proposal.table)
    for field in fields_of(proposal.table).values():
        yield f"#   {field.name} — {glossary.label(field.name, language)} ({', '.join(field.kinds)})"


def _column_lines(column: ProposedColumn, language: str) -> Iterator[str]:
    yield "[[columns]]"
    if column.is_personal:
        yield from _comment("mapping.personal", language)
    if column.examples and column.field and column.kind not in KINDS_NOT_SHOWN:
        yield from _comment("mapping.examples", language, examples=" | ".join(column.examples))
    yield f"header = {_quoted(column.header)}"
    if column.above:
        yield f"above = {_quoted(column.above)}"
    said = f"  # {glossary.label(column.field, language)}" if column.field else ""
    yield f"field = {_quoted(column.field)}{said}"
    yield f"kind = {_quoted(column.kind)}"


def _comment(code: str, language: str, **fields: object) -> Iterator[str]:
    for line in render(code, language, **fields).split("\n"):
        yield f"# {line}"


def _quoted(text: str) -> str:
    # what JSON escapes is escaped alike in a TOML string
    return json.dumps(text, ensure_ascii=False)
