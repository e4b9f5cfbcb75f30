"""`shnor map FILE`: reads a file that no layout knows and writes what its columns seem to mean, for a person to correct."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
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


def propose_mappings(path: Path, *, table: str | None = None) -> tuple[Proposal, ...]:
    """Guess the mapping of every sheet of a file that no layout recognises; with a `table`, of one sheet alone.

    Sheets with the same headers are one form. The first guess always counts, another only where it explains a column.
    Raises InputRefused as reading does, and `mapping_no_header` where no sheet has headers over data; UsageProblem
    `mapping_table_unknown`, `mapping_not_needed` (every sheet is a known report).
    """
    if table is not None and table not in MAPPABLE:
        raise UsageProblem(Problem("mapping_table_unknown", found=table, allowed=", ".join(MAPPABLE)))
    sheets = [sheet for sheet in read_sheets(path, check_file(path)) if not sheet.is_hidden and sheet.rows_n]
    known = {sheet.name: recognise(sheet, layouts().values()) for sheet in sheets}
    unknown = [sheet for sheet in sheets if not isinstance(known[sheet.name], Recognised)]
    # who names a table knows better what a sheet is
    wanted = unknown or (sheets if table else [])
    if not wanted and sheets:
        titles = sorted({found.layout.title for found in known.values() if isinstance(found, Recognised)})
        raise UsageProblem(Problem("mapping_not_needed", file=path.name, found=", ".join(titles)))
    proposals = _guesses(wanted, table)
    if not proposals:
        raise InputRefused(Problem("mapping_no_header", file=path.name))
    return proposals[:1] if table else proposals


def _guesses(sheets: list[Sheet], table: str | None) -> tuple[Proposal, ...]:
    found: dict[str, Proposal] = {}
    for sheet in sheets:
        proposal = propose(sheet, table)
        if proposal is not None and (not found or any(column.field for column in proposal.columns)):
            found.setdefault(headers_sha256(proposal.headers), proposal)
    return tuple(found.values())


def write_mapping(proposal: Proposal, folder: Path, *, title: str, language: str) -> Path:
    """Write a proposal as TOML into the mappings of a workspace, with what to do in comments; returns the path.

    Raises UsageProblem `mapping_exists`: what a person has corrected is never overwritten.
    """
    path = mapping_path(folder, proposal.table, proposal.headers)
    if path.exists():
        raise UsageProblem(Problem("mapping_exists", file=str(path.relative_to(folder))))
    write_text(path, describe_mapping(proposal, title=title, language=language))
    return path


def write_mappings(
    proposals: Sequence[Proposal], folder: Path, *, title: str, language: str
) -> tuple[Path, ...]:
    """Write every proposal whose form has no mapping yet, see `write_mapping`; a title names the sheet among several."""
    fresh = [one for one in proposals if not mapping_path(folder, one.table, one.headers).exists()]
    return tuple(
        write_mapping(
            one, folder, title=f"{title} · {one.sheet}" if len(proposals) > 1 else title, language=language
        )
        for one in fresh or proposals
    )


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
    if proposal.table == "factors":
        yield from _comment("mapping.own_factor", language)


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
