"""Configuration points at what exists, and nothing that belongs to a machine or a person is kept."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import house
import pytest
import yaml

# written in two parts so that this file does not hold them
FOREIGN = tuple(
    "".join(parts)
    for parts in (
        ("/wo", "rk/"), ("/ro", "ot/"), ("/home", "/"), ("TO", "DO"), ("FIX", "ME"), ("pypi", ".org"),
        ("python", "hosted"), ("index", "-url"), ("trusted", "-host"), ("npmjs", ".org"), ("bash_", "jobs"),
    )
)  # fmt: skip
LOCK_LINE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z,]+\])?==[^\s;@/]+(\s*;[^/@]+)?$")
TARGET = re.compile(r"^([a-z][a-z-]*)\s*:(?!=)", re.MULTILINE)
SPEAKERS = ("README.md", "CONTRIBUTING.md", ".ci/run", ".pre-commit-config.yaml", "docs/README.ru.md")
LARGEST_BYTES = 500_000


def text_of(name: str) -> str:
    """A file of the root."""
    return (house.ROOT / name).read_text(encoding="utf-8")


def makefile_targets() -> set[str]:
    """Targets that the Makefile defines."""
    return set(TARGET.findall(text_of("Makefile")))


def commands_in(text: str) -> set[str]:
    """The first word after each `make` inside code: `make x` in backticks or at the start of a line."""
    inline = re.findall(r"`make ([a-z][a-z-]*)", text)
    lines = re.findall(r"^\s*(?:- |entry: )?make ([a-z][a-z-]*)", text, re.MULTILINE)
    return {*inline, *lines}


@pytest.mark.parametrize("name", SPEAKERS)
def test_every_make_target_named_exists(name):
    assert commands_in(text_of(name)) - makefile_targets() == set()


def test_a_target_that_does_not_exist_is_noticed():
    assert commands_in("Run `make fly`.\n\n    make swim\n      entry: make walk\nwe make tea") == {
        "fly",
        "swim",
        "walk",
    }


def test_phony_targets_exist():
    phony = {
        name
        for line in re.findall(r"^\.PHONY:(.*)$", text_of("Makefile"), re.MULTILINE)
        for name in line.split()
    }
    assert phony - makefile_targets() == set()


def test_paths_named_in_pyproject_exist():
    config = tomllib.loads(text_of("pyproject.toml"))
    project, tool = config["project"], config["tool"]
    named = [project["readme"], *project["license-files"], *tool["pytest"]["ini_options"]["testpaths"]]
    named += list(tool["ruff"]["lint"]["per-file-ignores"])
    assert missing_paths(named) == []
    for target in project["scripts"].values():
        module = target.partition(":")[0].replace(".", "/")
        assert (house.ROOT / f"{module}.py").is_file() or (house.ROOT / module / "__init__.py").is_file()


def idle_patterns(patterns: list[str], folder: Path) -> list[str]:
    """Patterns that find no file in a folder."""
    return [pattern for pattern in patterns if not any(folder.glob(pattern))]


def test_package_data_patterns_find_files():
    patterns = tomllib.loads(text_of("pyproject.toml"))["tool"]["setuptools"]["package-data"][
        "shnor_analysis"
    ]
    assert idle_patterns(patterns, house.PACKAGE) == []


def test_a_pattern_that_finds_nothing_is_noticed(tmp_path):
    assert idle_patterns(["**/*.csv"], tmp_path) == ["**/*.csv"]


def test_modules_named_for_the_import_linter_exist():
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    named = {
        name
        for one in contracts
        for name in (*one.get("source_modules", ()), *one.get("forbidden_modules", ()))
        if name.startswith("shnor_analysis")
    }
    paths = [house.ROOT / name.replace(".", "/") for name in named]
    assert [
        house.shown(path) for path in paths if not path.is_dir() and not path.with_suffix(".py").is_file()
    ] == []


def missing_paths(patterns: list[str]) -> list[str]:
    """The patterns that no kept file fits."""
    return [pattern for pattern in patterns if not any(house.ROOT.glob(pattern))]


def test_a_path_that_does_not_exist_is_noticed():
    assert missing_paths(["pyproject.toml", "tests/**", "nowhere/**"]) == ["nowhere/**"]


def hooks_of(config: str) -> list[dict[str, object]]:
    """The hooks of a pre-commit configuration, each with the place it comes from."""
    return [
        {**hook, "repo": repo["repo"]} for repo in yaml.safe_load(config)["repos"] for hook in repo["hooks"]
    ]


def hook_faults(hooks: list[dict[str, object]]) -> list[str]:
    """Hooks that come from elsewhere, or whose scripts do not exist."""
    faults = [f"{hook['id']}: not local" for hook in hooks if hook["repo"] != "local"]
    for hook in hooks:
        words = str(hook["entry"]).split() if hook.get("language") == "system" else []
        paths = [word for word in words if "/" in word and not word.startswith((".venv/", "-", "'"))]
        faults += [f"{hook['id']}: {path}" for path in missing_paths(paths)]
    return faults


def test_pre_commit_hooks_are_local_and_their_scripts_exist():
    assert hook_faults(hooks_of(text_of(".pre-commit-config.yaml"))) == []


def test_a_hook_from_elsewhere_or_without_its_script_is_noticed():
    config = """
repos:
  - repo: https://example.org/hooks
    hooks: [{id: far, entry: far, language: python}]
  - repo: local
    hooks: [{id: lost, entry: .venv/bin/python scripts/lost.py, language: system}]
"""
    assert hook_faults(hooks_of(config)) == ["far: not local", "lost: scripts/lost.py"]


def test_the_hook_for_data_stops_data_and_nothing_else():
    hook = next(hook for hook in hooks_of(text_of(".pre-commit-config.yaml")) if hook["id"] == "no-data")
    stopped = re.compile(str(hook["files"]))
    assert all(stopped.search(name) for name in ("data/raw/x.xlsx", "data/validated/schools/a.parquet"))
    assert not any(stopped.search(name) for name in ("data/README.md", "data/corrections/2021.toml"))


def foreign_words(text: str) -> list[str]:
    """Words that belong to a machine, a registry or a work list."""
    return [word for word in FOREIGN if word in text]


def test_kept_files_hold_no_machine_paths_hosts_or_work_lists():
    found = {}
    for path in house.kept_files():
        try:
            words = foreign_words(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
        if words:
            found[house.shown(path)] = words
    assert found == {}


def test_a_foreign_word_is_noticed():
    assert foreign_words("see " + FOREIGN[0] + "main") == [FOREIGN[0]]
    assert foreign_words("homework and workshop") == []


def large_files(paths: Iterable[Path]) -> list[str]:
    """Files above the limit."""
    return [path.name for path in paths if path.stat().st_size > LARGEST_BYTES]


def test_no_kept_file_is_large():
    assert large_files(house.kept_files()) == []


def test_a_large_file_is_noticed(tmp_path):
    (tmp_path / "large.bin").write_bytes(b"0" * (LARGEST_BYTES + 1))
    assert large_files(tmp_path.iterdir()) == ["large.bin"]


def test_no_raw_or_built_data_is_kept():
    assert kept_data([house.shown(path) for path in house.kept_files()]) == []


def kept_data(names: list[str]) -> list[str]:
    """Files that must never be committed: data of pupils and schools, and what is made from them."""
    closed = ("data/raw/", "data/validated/", "data/warehouse/", "incoming/", "demo/")
    reports = [name for name in names if name.startswith("reports/") and name != "reports/README.md"]
    return [name for name in names if name.startswith(closed)] + reports


def test_kept_data_is_noticed():
    assert kept_data(
        ["data/raw/x.xlsx", "reports/2024/index.html", "reports/README.md", "data/README.md"]
    ) == [
        "data/raw/x.xlsx",
        "reports/2024/index.html",
    ]


def unpinned_lines(lock: str) -> list[str]:
    """Lines of a lock that are not `name==version`, or that name a host or an index."""
    lines = [line.strip() for line in lock.splitlines()]
    return [line for line in lines if line and not line.startswith("#") and not LOCK_LINE.match(line)]


def test_the_lock_pins_every_version_and_names_no_host():
    assert unpinned_lines(text_of("requirements.lock")) == []


def test_a_lock_that_names_a_host_is_noticed():
    lock = "# locked\nnumpy==2.2.0\ntomli==2.0 ; python_version < '3.11'\n--find-links x\nfoo @ file:///x\nbar>=1\n"
    assert unpinned_lines(lock) == ["--find-links x", "foo @ file:///x", "bar>=1"]


def unsealed_outputs(notebook: dict[str, list[dict[str, object]]]) -> list[int]:
    """Places of cells that keep an output without being sealed for comparison."""
    seals = {"keep_output", "nbval-check-output"}
    return [
        place
        for place, cell in enumerate(notebook["cells"])
        if cell.get("outputs") and not seals <= set(cell["metadata"].get("tags", ()))
    ]


def notebooks() -> list[Path]:
    """Every kept notebook."""
    return [path for path in house.kept_files() if path.suffix == ".ipynb"]


def test_notebooks_keep_no_outputs_but_sealed_ones():
    found = {
        house.shown(path): places
        for path in notebooks()
        if (places := unsealed_outputs(json.loads(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_an_output_without_a_seal_is_noticed():
    sealed = {"metadata": {"tags": ["keep_output", "nbval-check-output"]}, "outputs": [{"text": "1"}]}
    loose = {"metadata": {"tags": ["keep_output"]}, "outputs": [{"text": "1"}]}
    assert unsealed_outputs({"cells": [sealed, loose, {"metadata": {}}]}) == [1]
