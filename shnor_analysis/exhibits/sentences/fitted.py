"""How a section about fitted models opens: its heading, and what is to be known of the fit before anything is told."""

from __future__ import annotations

from typing import Protocol

from shnor_analysis.exhibits.factor_reading import why_nothing
from shnor_analysis.exhibits.text import Block, Heading, Paragraph
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable


class Fitted(Protocol):
    """What stands on models: for which school year, and whether data or settings changed since."""

    @property
    def school_year(self) -> int: ...  # noqa: D102 - said above
    @property
    def is_stale(self) -> bool: ...  # noqa: D102 - said above


def opening(section: str, facts: Fitted | NotEstimable, language: str, *, audience: str) -> tuple[Block, ...]:
    """The heading, then why there is nothing to tell, or that data or settings changed since; who can, is told what to do."""
    heading = Heading(render(f"{section}.heading", language))
    if isinstance(facts, NotEstimable):
        return heading, Paragraph(why_nothing(facts, language, audience=audience), "note")
    if not facts.is_stale:
        return (heading,)
    said = render("factors.stale", language)
    if audience == "department":
        said = f"{said} {render('factors.fit_them', language, year=facts.school_year)}"
    return heading, Paragraph(said, "caution")
