"""Pages name commands, options and files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import house
import pytest

PAGES = [path for path in house.kept_files() if path.suffix == ".md" and "CHANGELOG" not in path.name]
COMMAND = re.compile(r"(?:^|[`\s])shnor ([a-z]+)\b(?![.-])", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]+)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
PATH = re.compile(r"`((?:shnor_analysis|tests|docs|notebooks|benchmarks)/[\w./*-]*)`")
# options of other programmes that the pages name
FOREIGN_OPTIONS = frozenset({"name", "sys-prefix", "no-deps", "help", "keep-count", "keep-id"})


def code_of(text: str) -> str:
    """Everything that a page shows as code."""
    return "\n".join(CODE.findall(text))


def commands() -> set[str]:
    """Commands that have a help text."""
    return {code.removeprefix("command.") for code in house.all_texts("ru") if code.startswith("command.")}


def options() -> set[str]:
    """Long options that the commands define."""
    sources = (path.read_text(encoding="utf-8") for path in house.python_files(house.PACKAGE / "cli"))
    return {name for source in sources for name in re.findall(r"--([a-z][a-z-]+)", source)}


def broken_links(text: str, folder: Path) -> list[str]:
    """Relative links of a page that lead nowhere."""
    return [link for link in LINK.findall(text) if not (folder / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=house.shown)
def test_a_page_names_commands_and_options_that_exist(page):
    code = code_of(page.read_text(encoding="utf-8"))
    named = set(COMMAND.findall(code))
    assert named - commands() == set()
    shnor_lines = "\n".join(line for line in code.splitlines() if "pip " not in line)
    assert set(OPTION.findall(shnor_lines)) - options() - FOREIGN_OPTIONS == set()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_texts_name_commands_and_options_that_exist(language):
    forms = [form for text in house.all_texts(language).values() for form in text.forms]
    named = {name for form in forms for name in COMMAND.findall(f" {form}")}
    assert named - commands() == set()
    assert {name for form in forms for name in OPTION.findall(form)} - options() - FOREIGN_OPTIONS == set()


def missing_paths(text: str) -> list[str]:
    """Paths of this repository that a page names in code and that do not exist."""
    return [path for path in PATH.findall(text) if not any(house.ROOT.glob(path.rstrip("/")))]


@pytest.mark.parametrize("page", PAGES, ids=house.shown)
def test_paths_that_a_page_names_exist(page):
    assert missing_paths(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=house.shown)
def test_links_of_a_page_lead_somewhere(page):
    assert broken_links(page.read_text(encoding="utf-8"), page.parent) == []


def test_wrong_commands_options_and_links_are_noticed():
    page = "Run `shnor fly --wings` in `docs/gone.md` or `docs/*.md`, see [x](nowhere.md), [y](pyproject.toml) and [z](https://example.org)."
    assert set(COMMAND.findall(code_of(page))) == {"fly"}
    assert set(OPTION.findall(code_of(page))) == {"wings"}
    assert missing_paths(page) == ["docs/gone.md"]
    assert broken_links(page, house.ROOT) == ["nowhere.md"]
