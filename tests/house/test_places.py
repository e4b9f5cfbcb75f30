"""Every place in a text is filled by the code that uses it: no text fails when it is shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import house
import pytest

from shnor_analysis.language import LANGUAGES

# what is always there when a text of the kind is shown, and where its own fields stand among the arguments
ALWAYS = {
    "Problem": {"found", "allowed"},
    "Reason": {"n"},
    "NotEstimable": set(),
    "Step": set(),
    "Suppressed": set(),
}
FIELDS_AT = {"Problem": 6, "Reason": 2, "NotEstimable": 1}


def uses(source: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Each msgid used with a literal code, and the places that its call fills; calls with variable fields are left out."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        filled = _filled(call, name) if name in ALWAYS else None
        if filled is not None:
            for code in house.literals(call):
                yield from ((pattern.format(code), filled) for pattern in house.TEXT_OF[name])


def _filled(call: ast.Call, name: str) -> frozenset[str] | None:
    at = FIELDS_AT.get(name)
    fields = next((keyword.value for keyword in call.keywords if keyword.arg == "fields"), None)
    if fields is None and at is not None and len(call.args) > at:
        fields = call.args[at]
    if any(keyword.arg is None for keyword in call.keywords):
        return None
    if fields is None:
        return frozenset(ALWAYS[name])
    if not isinstance(fields, ast.Dict) or not all(isinstance(key, ast.Constant) for key in fields.keys):
        return None
    return frozenset(ALWAYS[name]) | {str(key.value) for key in fields.keys if isinstance(key, ast.Constant)}


def unfilled(source: str, places: dict[str, frozenset[str]]) -> list[str]:
    """The msgids whose places a module does not fill."""
    return sorted(
        {
            f"{code}: {', '.join(sorted(places[code] - filled))}"
            for code, filled in uses(source)
            if code in places and places[code] - filled
        }
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_place_of_a_text_is_filled(language):
    places = {code: text.places for code, text in house.all_texts(language).items()}
    found = {
        house.shown(path): wrong
        for path in house.python_files(house.PACKAGE)
        if (wrong := unfilled(path.read_text(encoding="utf-8"), places))
    }
    assert found == {}


def test_a_place_that_nobody_fills_is_noticed():
    places = {
        "problem.a": frozenset({"table", "found"}),
        "problem.a.fix": frozenset(),
        "reason.b": frozenset({"n", "x"}),
        "not_estimable.c": frozenset({"y"}),
    }
    filled = (
        'Problem("a", fields={"table": t})\nReason("b", 1, {"x": 2})\nNotEstimable("c", fields={"y": 1})\n'
    )
    assert unfilled(filled, places) == []
    empty = 'Problem("a", found="x")\nReason("b", 1)\nNotEstimable("c", {"z": 1})\nReason("b", 1, known)\n'
    assert unfilled(empty, places) == ["not_estimable.c: y", "problem.a: table", "reason.b: x"]
