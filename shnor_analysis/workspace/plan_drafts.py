"""Drafts of plans as people write them: read from a file or a mapping, every field that cannot be named at once."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from shnor_analysis import warehouse
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.reference.listing_rules import listing_practices, listing_rules
from shnor_analysis.results.analysis_plan import (
    ANALYSES,
    COMPARISONS,
    OUTCOMES,
    AnalysisPlan,
    field_names,
    plain_value,
    plan_of,
    treated_of,
)
from shnor_analysis.workspace.plan_files import read_toml

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LEAST = {"years_before": 1, "years_after": 1, "selection_years": 1, "delay": 0, "permutations": 1, "seed": 0}
# characters of control and halves of characters: a TOML text cannot hold all of them, and nobody sees them
UNWRITABLE = frozenset({"Cc", "Cs"})
LINE_ENDS = "\n\r\t"
SHOWN = 80


def read_draft(folder: Path, plan: object) -> AnalysisPlan:
    """A plan from what people give: the plan itself, a mapping of its fields, or a TOML file of them.

    Raises:
        UsageProblem: ``plan_not_plan``, ``path_missing``; every field that is missing, unknown or wrong at once, and
            ``plan_school_unknown``.
        InputRefused: ``toml_broken``.
    """
    told = _told(plan)
    programme, problems = told.get("programme"), []
    if _is_text(programme) and programme and "treated" not in told:
        joined = _participants(folder)
        if programme in joined:
            told["treated"] = joined[programme]
        else:
            allowed = ", ".join(joined) or "–"
            problems.append(Problem("plan_programme_unknown", found=_shown(programme), allowed=allowed))
    # the schools of a programme that there is not are missing for this reason alone
    required = [
        one.name
        for one in fields(AnalysisPlan)
        if one.default is MISSING and not (one.name == "treated" and problems)
    ]
    problems += [
        Problem("plan_field_missing", fields={"field": name}) for name in required if name not in told
    ]
    known = field_names()
    problems += [
        Problem("plan_field_unknown", found=_shown(name), allowed=", ".join(known))
        for name in told
        if name not in known
    ]
    problems += _wrong({name: value for name, value in told.items() if name in known})
    problems += _unknown_schools(folder, told.get("treated"))
    if problems:
        raise UsageProblem(problems)
    return plan_of(told)


def _told(plan: object) -> dict[Any, Any]:
    if isinstance(plan, AnalysisPlan):
        return {name: getattr(plan, name) for name in field_names()}
    if isinstance(plan, Mapping):
        return dict(plan)
    if isinstance(plan, Path | str):
        return read_toml(Path(plan))
    raise UsageProblem(Problem("plan_not_plan", found=type(plan).__name__))


def _participants(folder: Path) -> dict[str, dict[str, int]]:
    """First school year by school, for each programme that schools joined."""
    table = warehouse.read_stored(folder, "participation")
    first = table.groupby(["programme", "school_id"])["cohort_year"].min().reset_index()
    found: dict[str, dict[str, int]] = {}
    for programme, school, year in first.to_numpy(dtype=object).tolist():
        found.setdefault(str(programme), {})[str(school)] = int(year)
    return found


def _unknown_schools(folder: Path, treated: object) -> Iterator[Problem]:
    """Schools of the plan that the register does not have; where there is no register yet nothing is said."""
    register = warehouse.read_stored(folder, "schools")["school_id"]
    if register.empty or not _are_schools(treated):
        return
    unknown = sorted({school for school, _ in treated_of(treated)} - set(register.astype(str)))
    if unknown:
        yield Problem("plan_school_unknown", found=_shown(", ".join(unknown)), fields={"n": len(unknown)})


def _wrong(told: Mapping[str, Any]) -> Iterator[Problem]:
    """Every field given, or standing by itself, that cannot be so."""
    usual = {one.name: one.default for one in fields(AnalysisPlan) if one.default is not MISSING}
    given = {**usual, **{name: plain_value(value) for name, value in told.items()}}
    for name, (is_right, allowed) in _checks(given).items():
        if name in given and not is_right:
            code = "plan_field_no_text" if name == "question" else "plan_field_wrong"
            yield Problem(code, found=_shown(given[name]), allowed=allowed, fields={"field": name})


def _checks(given: Mapping[str, Any]) -> dict[str, tuple[bool, str | None]]:
    """Whether each field can be so, and what it may be."""
    name, question, level, wanted, analyses = (
        given.get(one, "") for one in ("name", "question", "level", "wanted", "analyses")
    )
    are_known = _are_texts(analyses) and bool(analyses) and set(analyses) <= set(ANALYSES)
    rules = [one.version for one in listing_rules()] + [one.version for one in listing_practices()]
    checks: dict[str, tuple[bool, str | None]] = {
        "name": (_is_text(name) and NAME.fullmatch(name) is not None, "a–z, 0–9, _, -"),
        "question": (_is_text(question) and bool(question.strip()), None),
        "treated": (_are_schools(given.get("treated")), "{school_id: 2022}"),
        **_of("outcome", given, OUTCOMES),
        **_of("comparison", given, COMPARISONS),
        **_of("primary", given, analyses if are_known else ANALYSES),
        "programme": (_is_text(given["programme"]), "«500+»"),
        "analyses": (are_known, ", ".join(ANALYSES)),
        "level": (_is_number(level) and 0 < level < 1, "0 < level < 1"),
        "wanted": (wanted is None or (_is_number(wanted) and abs(wanted) < math.inf), "0.20"),
        **_of("rule", given, ("", *rules)),
        "specifications": (_are_texts(given["specifications"]), '["…"]'),
        "context": (_are_texts(given["context"]), '["…"]'),
    }
    return checks | {
        one: (_is_whole(given.get(one)) and given[one] >= least, f"≥ {least}") for one, least in LEAST.items()
    }


def _of(name: str, given: Mapping[str, Any], choices: tuple[str, ...]) -> dict[str, tuple[bool, str]]:
    return {name: (isinstance(given[name], str) and given[name] in choices, ", ".join(filter(None, choices)))}


def _are_schools(treated: object) -> bool:
    """Whether schools and their first years are told, at least one, each school once."""
    try:
        found = treated_of(treated)
    except (TypeError, ValueError, OverflowError):
        return False
    return bool(found) and all(school and _is_text(school) for school, _ in found)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and all(
        one in LINE_ENDS or unicodedata.category(one) not in UNWRITABLE for one in value
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(_is_text(one) for one in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    """A value in a message, with characters that cannot be printed written out."""
    text = str(value)[:SHOWN]
    return "".join(one if unicodedata.category(one) not in UNWRITABLE else ascii(one)[1:-1] for one in text)
