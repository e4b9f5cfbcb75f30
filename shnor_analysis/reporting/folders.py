"""Names of folders from codes: readable where possible, never a way out of the reports folder."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from shnor_analysis.errors import Problem, UsageProblem

PLAIN = re.compile(r"^[a-z0-9][a-z0-9_-]{0,59}$")
NOT_PLAIN = re.compile(r"[^a-z0-9а-яё_-]+")
RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])$")
LONGEST = 48
DIGITS = 8
EXECUTED_NAME = "executed.ipynb"
REPORT_NAME = "report.html"
MANIFEST_NAME = "manifest.json"
INDEX_NAME = "index.html"


def slug(code: str) -> str:
    """A folder name for a code: the code itself where it is plain, else its plain letters and a piece of its hash."""
    if PLAIN.match(code) and not RESERVED.match(code):
        return code
    plain = NOT_PLAIN.sub("-", code.lower()).strip("-_")[:LONGEST]
    digest = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    return f"{plain}-{digest}" if plain else f"unit-{digest}"


def edition(school_year: int, *, audience: str, language: str) -> str:
    """The folder of one edition: `2024`, `2024-public`, `2024-public-en`.

    A page for everybody never lies beside one that is not: each audience and language has a folder of its own; the
    plain year is the Russian edition for the department.
    """
    parts = [str(int(school_year))]
    parts += [audience] if audience != "department" else []
    parts += [language] if language != "ru" else []
    return "-".join(parts)


def report_folder(reports: Path, edition_name: str, name: str) -> Path:
    """The folder of one report: `<reports>/<edition>/<name>`; UsageProblem `folder_outside` when it would lie elsewhere."""
    root = reports.resolve()
    target = (root / edition_name / name).resolve()
    if target.parent.parent != root or target.name != name:
        raise UsageProblem(Problem("folder_outside", found=name[:80]))
    return target
