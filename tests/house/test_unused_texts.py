"""No text waits for code that is gone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

import house


def spoken(sources: Iterable[str]) -> tuple[set[str], list[re.Pattern[str]]]:
    """Text literals of some modules, and the patterns of their f-strings."""
    literals: set[str] = set()
    patterns: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\w+" for p in node.values
                ]
                patterns |= {"".join(parts)} if len("".join(parts).replace(r"\w+", "")) > 2 else set()
    # `f"problem.{code}"` says nothing about which codes there are
    general = re.compile(r"(?:problem|reason|step|not_estimable|suppressed)\\\.\\w\+(?:\\\.fix)?")
    return literals, [re.compile(pattern) for pattern in patterns if not general.fullmatch(pattern)]


def unused(codes: Iterable[str], sources: Iterable[str], data_words: set[str]) -> list[str]:
    """The msgids that no literal, no f-string and no data file leads to."""
    literals, patterns = spoken(sources)
    known = literals | data_words
    found = []
    for code in codes:
        bare = code.removesuffix(".fix")
        names = {code, bare, bare.partition(".")[2], bare.rpartition(".")[2]}
        if not names & known and not any(one.fullmatch(name) for one in patterns for name in names):
            found.append(code)
    return found


def test_every_text_is_used():
    sources = [path.read_text(encoding="utf-8") for path in house.python_files(house.PACKAGE)]
    data = [
        path
        for path in house.kept_files()
        if path.suffix in {".csv", ".toml"} and house.PACKAGE in path.parents
    ]
    words = {word for path in data for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    assert unused(house.all_texts("ru"), sources, words) == []


def test_a_text_that_nothing_uses_is_noticed():
    source = 'Problem("a")\nrender(f"problem.{code}")\nProblem(f"missing_{name}")\nrender("cli.b")\n'
    codes = ["problem.a", "problem.a.fix", "problem.gone", "problem.missing_grade.fix", "cli.b", "break.c"]
    assert unused(codes, [source], {"c"}) == ["problem.gone"]
