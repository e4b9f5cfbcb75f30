"""Groups of participants: the whole sample, a region, a municipality, a school with its login in brackets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from shnor_analysis import glossary
from shnor_analysis.sources.aliases import day_in_year, match_schools
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.hints import ReadingContext
from shnor_analysis.sources.spelling import clean, plain_name, split_login
from shnor_analysis.sources.surroundings import Surroundings

PLACE_WORDS = frozenset(
    [
        "г",
        "го",
        "мо",
        "мр",
        "ат",
        "город",
        "городской",
        "округ",
        "муниципальный",
        "муниципальное",
        "образование",
        "район",
        "область",
        "обл",
        "край",
        "республика",
        "респ",
        "автономный",
        "автономная",
        "ао",
        "административный",
        "регион",
        "субъект",
        "рф",
    ]
)


@dataclass(frozen=True, slots=True)
class Group:
    """What a label means: level, id (empty for a school that is not known), and whether only its place told so."""

    label: str
    level: str
    area_id: str
    is_by_order: bool = False


def read_groups(
    labels: Sequence[str], context: ReadingContext, day: pd.Timestamp | None
) -> tuple[Group, ...]:
    """Tell what each label of a report means; the level of a label that means nothing is empty.

    The whole sample has its own word; a login in brackets is a school, found or not; a name equal to a region or
    municipality of the register (whatever words such as «город» stand around it) has that id; any other name may be a
    school by an alias. What is left is told by order alone: after the whole sample comes the region, after the region
    the municipality, once each.
    """
    areas = _areas(context.schools)
    groups: list[Group] = []
    for label in labels:
        area = _area(label, areas)
        known = _school(label, context.directory.school_of(label, day)) if area is None else area
        groups.append(known or _by_order(label, groups, context.schools))
    return tuple(groups)


def place_groups(draft: Draft, around: Surroundings, procedure: pd.DataFrame) -> pd.DataFrame:
    """Level and id of every row of a draft whose field `group` names a group; index as the draft's.

    Problems: unknown schools, `group_unknown`. Rows told by their order alone are counted in the accounting.
    """
    labels = draft.frame["group"].fillna("").astype(str).tolist()
    day = first_day(procedure)
    groups = read_groups(labels, around.context, day)
    tell_groups(around, groups, cells=[draft.cell(label, "group") for label in draft.frame.index], day=day)
    return pd.DataFrame(
        {"level": [group.level for group in groups], "area_id": [group.area_id or None for group in groups]},
        index=draft.frame.index,
        dtype="object",
    )


def tell_groups(
    around: Surroundings, groups: Sequence[Group], *, cells: Sequence[str], day: pd.Timestamp | None
) -> None:
    """Tell every group that means nothing or stands twice, with its cell, and count those told by their place."""
    seen: dict[tuple[str, str], str] = {}
    sheet, findings, context = around.recognised.sheet.name, around.findings, around.context
    for group, cell in zip(groups, cells, strict=True):
        if group.level == "school" and not group.area_id:
            spelling = pd.Series([group.label], dtype="object")
            found = match_schools(spelling, context.directory, on_date=day)
            for unknown in found.unknown:
                findings.take(unknown.problem(file=findings.file, sheet=sheet, cell=cell))
        elif not group.level and group.label:
            findings.problem("group_unknown", sheet, cell, found=group.label)
        elif (group.level, group.area_id) in seen:
            first = seen[group.level, group.area_id]
            findings.problem("group_repeated", sheet, cell, found=group.label, first=first)
        seen.setdefault((group.level, group.area_id), cell)
    by_order = [group for group in groups if group.is_by_order]
    names = ", ".join(f"«{group.label}»" for group in by_order)
    findings.reason("groups_by_order", len(by_order), sheet=sheet, groups=names)


def first_day(procedure: pd.DataFrame) -> pd.Timestamp | None:
    """A day of the procedure of a sheet: its date, or one that stands for its season; None where both are unknown."""
    if not len(procedure):
        return None
    first = procedure.iloc[0]
    if not pd.isna(first["test_date"]):
        return pd.Timestamp(first["test_date"])
    return None if pd.isna(first["school_year"]) else day_in_year(int(first["school_year"]), first["season"])


def _school(label: str, school_id: str | None) -> Group | None:
    """A school, found or not: a label with a login can be nothing else."""
    is_school = school_id is not None or split_login(label)[1]
    return Group(label, "school", school_id or "") if is_school else None


def _area(label: str, areas: dict[str, tuple[str, str]]) -> Group | None:
    """The whole sample, or an area of the register; a label with a login is none."""
    if glossary.code_of("area_level", clean(label)) == "russia":
        return Group(label, "russia", clean(label))
    found = None if split_login(label)[1] else areas.get(_bare(label))
    return Group(label, *found) if found else None


def _by_order(label: str, before: Sequence[Group], schools: pd.DataFrame) -> Group:
    last = before[-1].level if before else ""
    level = {"russia": "region", "region": "municipality"}.get(last, "")
    if not level or not label:
        return Group(label, "", "")
    ids = schools[f"{level}_id"].unique()
    # a register that codes its areas (`66`) can only mean this one; a register that names them would have matched
    is_coded = len(ids) == 1 and str(ids[0]).isascii()
    return Group(label, level, str(ids[0]) if is_coded else clean(label), is_by_order=True)


def _areas(schools: pd.DataFrame) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for level in ("region", "municipality"):
        for area_id in schools[f"{level}_id"].unique():
            found[_bare(str(area_id))] = (level, str(area_id))
    return found


def _bare(label: str) -> str:
    """The name itself, without the words that say what kind of place it is."""
    words = plain_name(label).replace("-", " ").split()
    return " ".join(word for word in words if word not in PLACE_WORDS) or plain_name(label)
