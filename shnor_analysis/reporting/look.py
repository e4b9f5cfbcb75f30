"""How every page of the house looks, on screen and on paper, and what it may load: nothing."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

TEMPLATE = "page"
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@lru_cache(maxsize=1)
def style_sheet() -> str:
    """The page's own style."""
    return (resources.files("shnor_analysis.reporting") / TEMPLATE / "page.css").read_text(encoding="utf-8")


def running_marks(marks: list[str], title: str) -> str:
    """Style that prints the marks, the title and the page's number on every sheet of paper."""
    return (
        f"@page {{ @top-left {{ content: {css_text(title)}; }}"
        f" @top-right {{ content: {css_text(' · '.join(marks[:1]))}; }}"
        f" @bottom-left {{ content: {css_text(marks[-1] if marks else '')}; }}"
        ' @bottom-right { content: counter(page) " / " counter(pages); } }'
    )


def css_text(text: str) -> str:
    """A CSS string in which every character that is no letter, digit or space stands as its number."""
    return '"' + re.sub(r"[^\w ]", lambda found: f"\\{ord(found[0]):06x} ", text) + '"'
