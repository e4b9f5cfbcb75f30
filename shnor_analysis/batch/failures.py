"""Why a unit failed, in words: our own refusals by their texts, anything else as the failing side said it."""

from __future__ import annotations

from shnor_analysis.batch.settling import Failed
from shnor_analysis.language import has_text, render


def failure_in_words(failed: Failed, language: str) -> str:
    """One sentence for lists and the ledger's reader; names the cell where one stopped."""
    detail = _known(failed.detail, language) or failed.detail
    return render(f"failure.{failed.reason}", language, cell=failed.cell, detail=detail)


def _known(detail: str, language: str) -> str:
    """The texts of the problems that an error of ours carried ("UsageProblem: code, code"); empty for any other."""
    _, _, said = detail.partition(": ")
    codes = [code.strip() for code in said.split(",")]
    if not all(code and has_text(f"problem.{code}", language) for code in codes):
        return ""
    try:
        return " ".join(render(f"problem.{code}", language) for code in codes)
    except KeyError:  # a text with named places, whose values stayed in the child
        return ""
