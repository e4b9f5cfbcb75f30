"""The register of schools and their other names: what would make two schools one, or one school two, is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from shnor_analysis.schemas import TABLES
from shnor_analysis.sources.aliases import match_schools
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.spelling import plain
from shnor_analysis.sources.surroundings import Surroundings

PLAIN_LOGIN = re.compile(r"\w(?:[\w .@№-]{0,58}\w)?")


def make_schools(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `schools`.

    Problems: `school_repeated` for a school that stands twice, whatever the case of its login; `school_id_not_plain` for
    a login that could not name a folder or a page.
    """
    made = _own_fields(draft, "schools")
    for label, login in made["school_id"].dropna().items():
        if not PLAIN_LOGIN.fullmatch(str(login)):
            cell = draft.cell(label, "school_id")
            around.findings.problem("school_id_not_plain", draft.sheet.name, cell, found=login)
    spelled = made["school_id"].dropna().map(plain)
    for _, labels in spelled.groupby(spelled).groups.items():
        if len(labels) > 1:
            places = ", ".join(draft.cell(label, "school_id") for label in labels)
            first = made.loc[labels[0], "school_id"]
            cell = draft.cell(labels[1], "school_id")
            around.findings.problem("school_repeated", draft.sheet.name, cell, school_id=first, places=places)
    return {"schools": made}


def make_aliases(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `school_aliases`.

    Problems: unknown schools and successors, `successor_without_date` (the last day of a merged school is needed to
    divide its results from the successor's), `successor_is_itself` (directly or in a circle).
    """
    made = _own_fields(draft, "school_aliases")
    made = made.assign(school_id=around.schools(draft, made["school_id"]))
    if "successor_id" in made:
        made = made.assign(successor_id=_successors(draft, around, made))
        _check_mergers(draft, around, made)
    return {"school_aliases": made}


def _successors(draft: Draft, around: Surroundings, made: pd.DataFrame) -> pd.Series:
    found = match_schools(made["successor_id"], around.context.directory)
    for unknown in found.unknown:
        cell = draft.cell(unknown.rows[0], "successor_id")
        around.findings.take(unknown.problem(file=around.findings.file, sheet=draft.sheet.name, cell=cell))
    return found.school_id


def _check_mergers(draft: Draft, around: Surroundings, made: pd.DataFrame) -> None:
    merged = made[made["successor_id"].notna()]
    heirs = dict(zip(merged["school_id"], merged["successor_id"], strict=True))
    has_day: Any = (
        merged["valid_to"].notna() if "valid_to" in merged else pd.Series(False, index=merged.index)
    )
    for label, school_id in merged["school_id"].items():
        cell = draft.cell(label, "successor_id")
        if not has_day[label]:
            around.findings.problem("successor_without_date", draft.sheet.name, cell, school_id=school_id)
        if _comes_back(str(school_id), heirs):
            around.findings.problem("successor_is_itself", draft.sheet.name, cell, school_id=school_id)


def _comes_back(school_id: str, heirs: Mapping[str, str]) -> bool:
    heir, passed = heirs.get(school_id), {school_id}
    while heir is not None and heir not in passed:
        passed.add(heir)
        heir = heirs.get(heir)
    return heir == school_id


def _own_fields(draft: Draft, name: str) -> pd.DataFrame:
    """The fields of a table, constants of the form included."""
    table = TABLES[name]
    given = [field for field in draft.frame if field in table.own_columns]
    constants = {field: value for field, value in draft.layout.constants if field in table.own_columns}
    return draft.frame[["row", *given]].assign(**constants)
