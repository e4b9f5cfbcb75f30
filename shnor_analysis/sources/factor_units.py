"""Whether a column of circumstances gives percentages, shares or numbers of people: told by its header and its cells."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from shnor_analysis.reference.layouts import LayoutColumn
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.run_words import PEOPLE, SHARES_OF_PUPILS
from shnor_analysis.sources.spelling import plain
from shnor_analysis.sources.values import parse_cells

SHARE = "_share"
PUPILS = "factor.pupils_n"
_PEOPLE = re.compile(r"\b(?:чел|человек|абс)\b|\bкол-во\b|\bколичество\b")
_PARTS = re.compile(r"%|\bпроцент|\bдол[яией]")


def unit_of(header: str, above: str = "") -> str:
    """The unit that a header and the header over it name: `people`, `percent`, or nothing.

    The column's own header counts first. Of two words that contradict, the one of the percentages counts.
    """
    for text in map(plain, (header, above)):
        if _PARTS.search(text):
            return "percent"
        if _PEOPLE.search(text):
            return PEOPLE
    return ""


def texts_above(draft: Draft, place: int) -> str:
    """What the header's upper row says above a column, a merged cell reaching to its right."""
    for column in range(place, -1, -1):
        if text := draft.sheet.text(draft.header.row, column):
            return text
    return ""


def says_no_unit(draft: Draft, column: LayoutColumn, place: int) -> bool:
    """Tell whether nothing says that a column gives percentages: no word in the header, whole numbers alone below.

    Whole numbers up to 100 may as well be pupils; a decimal, a sign in a cell or a value of 1 and less tells them apart.
    """
    own = draft.sheet.text(draft.header.data_row - 1, place) or column.header
    if unit_of(own, texts_above(draft, place)):
        return False
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    if any(text and text.endswith("%") for text in draft.sheet.columns[place].as_texts(rows)):
        return False
    numbers = parse_cells(draft.sheet.columns[place], rows, "number").cells.dropna().to_numpy(dtype=float)
    return len(numbers) > 0 and not np.any(numbers % 1) and 1 < float(numbers.max()) <= 100


def shares_of_people(
    draft: Draft, findings: Findings, *, code: str, header: str, place: int, people: pd.Series
) -> pd.Series | None:
    """Numbers of pupils as shares of the pupils of their school; None, and a line in the accounting, where they are none.

    Problems: `more_than_all` where a number is above that of all pupils.
    """
    of_all = draft.header.places.get(PUPILS)
    if code not in SHARES_OF_PUPILS or of_all is None:
        findings.reason("factor_of_people_not_read", 1, sheet=draft.sheet.name, column=header)
        return None
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    pupils = parse_cells(draft.sheet.columns[of_all], rows, "number").cells
    pupils = pd.Series(pupils.to_numpy(dtype=float), index=people.index)
    for label in people.index[people > pupils]:
        findings.problem(
            "more_than_all",
            draft.sheet.name,
            (draft.row_of(label), place),
            found=f"{people[label]:g}",
            allowed=f"0–{pupils[label]:g}",
            column=header,
        )
    findings.reason("read_as_people", int(people.notna().sum()), sheet=draft.sheet.name, column=header)
    return people / pupils.where(pupils > 0)
