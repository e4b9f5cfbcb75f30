"""The page that links all reports of a year: in number order, failed ones with their reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shnor_analysis.files import write_text
from shnor_analysis.glossary import label
from shnor_analysis.language import render, render_count
from shnor_analysis.reporting.folders import INDEX_NAME, MANIFEST_NAME, REPORT_NAME
from shnor_analysis.reporting.look import POLICY, running_marks, style_sheet


@dataclass(frozen=True, slots=True)
class FailedReport:
    """A report that could not be made: its unit and the reason in words."""

    unit_id: str
    reason: str


def write_index(
    folder: Path, *, school_year: int, language: str, failed: Iterable[FailedReport] = ()
) -> Path:
    """Write `index.html` of a year's folder from the manifests that lie in it.

    A report that failed is listed with its reason and is not linked, even where an older page of it exists.
    """
    broken = tuple(failed)
    manifests = read_manifests(folder)
    missing = {one.unit_id for one in broken}
    listed = [(name, one) for name, one in manifests if one["unit_id"] not in missing]
    target = folder / INDEX_NAME
    write_text(target, _page(listed, broken, school_year=school_year, language=language))
    return target


def read_manifests(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Folder name and manifest of each finished report of a year: municipality first, then schools by number."""
    found = [
        (path.parent.name, json.loads(path.read_text(encoding="utf-8")))
        for path in folder.glob(f"*/{MANIFEST_NAME}")
        if not path.parent.name.startswith(".")
    ]
    return sorted(found, key=lambda item: (item[1]["kind"] == "school", number_order(item[1]["unit_id"])))


def number_order(unit_id: str) -> tuple[tuple[int, int, str], ...]:
    """A key that puts codes in the order of the numbers in them: 9 before 10."""
    pieces = re.findall(r"\d+|\D+", unit_id)
    return tuple((0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces)


def _page(
    listed: list[tuple[str, dict[str, Any]]],
    failed: tuple[FailedReport, ...],
    *,
    school_year: int,
    language: str,
) -> str:
    title = render("index.title", language, start=school_year - 1, end=f"{school_year % 100:02d}")
    marks = _marks(listed, language)
    groups = {
        "municipality": [item for item in listed if item[1]["kind"] != "school"],
        "schools": [item for item in listed if item[1]["kind"] == "school"],
    }
    body = [f"<h1>{escape(title)}</h1>"]
    body += [f'<p class="caution">{escape(mark)}</p>' for mark in marks]
    body.append(f'<p class="lead">{escape(render_count("index.count", language, len(listed)))}</p>')
    for name, items in groups.items():
        if items:
            body.append(f"<h2>{escape(render(f'index.{name}', language))}</h2>")
            body.append(f'<ul class="links">{"".join(_link(*item, language) for item in items)}</ul>')
    if failed:
        body.append(f"<h2>{escape(render('index.failed', language))}</h2>")
        lines = "".join(
            f"<li><strong>{escape(one.unit_id)}</strong>: {escape(one.reason)}</li>"
            for one in sorted(failed, key=lambda one: number_order(one.unit_id))
        )
        body.append(f'<ul class="failed">{lines}</ul>')
    return _document("\n".join(body), title=title, marks=marks, language=language)


def _marks(listed: list[tuple[str, dict[str, Any]]], language: str) -> list[str]:
    marks = [render("index.invented", language)] if any(one["is_invented"] for _, one in listed) else []
    audiences = dict.fromkeys(str(one["audience"]) for _, one in listed if one["audience"])
    said = ", ".join(label(f"audience.{audience}", language) for audience in audiences)
    return [*marks, render("index.audience", language, audience=said)] if said else marks


def _link(folder: str, manifest: Mapping[str, Any], language: str) -> str:
    title, unit = escape(str(manifest["title"])), escape(str(manifest["unit_id"]))
    made = escape(str(manifest["made_at"])[:10])
    kind = label(f"audience.{manifest['audience']}", language) if manifest["audience"] else ""
    href = f"{quote(folder)}/{REPORT_NAME}"
    return f'<li><a href="{escape(href)}">{title}</a> <span class="quiet">{unit} · {escape(kind)} · {made}</span></li>'


def _document(body: str, *, title: str, marks: list[str], language: str) -> str:
    return f"""<!doctype html>
<html lang="{escape(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{style_sheet()}{running_marks(marks, title)}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
