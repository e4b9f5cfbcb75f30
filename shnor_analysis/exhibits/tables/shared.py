"""Tables that a school and a town have alike: accounting and source files."""

from __future__ import annotations

from typing import Any

from shnor_analysis.disclosure import Released
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.sentences.shared import in_words, reason_in_words, report_name
from shnor_analysis.exhibits.tables.building import build_table
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label, terms
from shnor_analysis.language import has_text, render

HASH_SHOWN = 12


def make_accounting_table(released: Released[Any], language: str) -> ShownTable | Text:
    """Each step: on what, rows in, rows out, why."""
    rows = [
        {
            "step": in_words("step", step.code, language),
            "subject": _subject(step.subject, language),
            "rows_in": printing.number(step.rows_in, language),
            "rows_out": printing.number(step.rows_out, language),
            "why": "; ".join(reason_in_words(reason, language) for reason in step.reasons),
        }
        for step in released.value.accounting.steps
    ]
    columns = (
        Column("step", render("column.step", language), "left"),
        Column("subject", render("column.subject", language), "left"),
        Column("rows_in", render("column.rows_in", language)),
        Column("rows_out", render("column.rows_out", language)),
        Column("why", render("column.why", language), "left"),
    )
    return build_table(rows, columns, section="accounting")


def _subject(subject: str, language: str) -> str:
    """What a step worked on: a table, a kind of list or a rule by its name, a file or a school as it is called."""
    if f"table.{subject}" in terms():
        return label(f"table.{subject}", language)
    for family in ("flow.source", "rule_name"):
        if has_text(f"{family}.{subject}", language):
            return render(f"{family}.{subject}", language)
    return subject


def make_provenance_table(released: Released[Any], language: str) -> ShownTable | Text:
    """Each source file: what it is, when it came, and the start of its hash."""
    rows = [
        {
            "file": file.file_name,
            "report": report_name(file.report, language),
            "received": printing.day(file.received, language),
            "hash": file.sha256[:HASH_SHOWN],
        }
        for file in released.value.files
    ]
    columns = (
        Column("file", render("column.file", language), "left"),
        Column("report", render("column.report", language), "left"),
        Column("received", render("column.received", language), "left"),
        Column("hash", render("column.hash", language), "left"),
    )
    notes = (render("note.hash", language, n=HASH_SHOWN),)
    return build_table(rows, columns, section="provenance", notes=notes)


SECTIONS = {"accounting": make_accounting_table, "provenance": make_provenance_table}
