"""Report notebooks are thin: they ask and explain, the package answers."""

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from shnor_analysis.batch.plan import Job, declared_parameters, make_plan
from shnor_analysis.reporting.orders import (
    FINISHER,
    order_municipality_report,
    order_school_reports,
    template_path,
)

NAMES = ("school", "municipality")
STORIES = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MOST_LINES = 12
IMPORT = "import shnor_analysis as shnor"
FORBIDDEN = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.Lambda)


def read(name: str) -> Any:
    return nbformat.read(template_path(name), as_version=4)


def faults(cells: list[Any]) -> list[str]:
    """Every broken habit, by cell."""
    found = []
    for number, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        tags = cell.metadata.get("tags", [])
        found += [f"{number}: logic" for node in ast.walk(tree) if isinstance(node, FORBIDDEN)]
        found += [
            f"{number}: print"
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and node.id in {"print", "pd"}
        ]
        if len(cell.source.splitlines()) > MOST_LINES:
            found.append(f"{number}: too long")
        if cell.outputs or cell.execution_count:
            found.append(f"{number}: outputs")
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        if imports and cell.source != IMPORT:
            found.append(f"{number}: import")
        is_first_of_section = number and cells[number - 1].cell_type == "markdown"
        if not tags and not imports and not is_first_of_section and cells[number - 1].cell_type != "code":
            found.append(f"{number}: no question")
    return found


def story_faults(cells: list[Any]) -> list[str]:
    """Broken habits of a notebook for exploring: as `faults`, but sealed cells keep their short text."""
    sealed = [n for n, cell in enumerate(cells) if "nbval-check-output" in cell.metadata.get("tags", [])]
    bare = [nbformat.from_dict({**cell, "outputs": [], "execution_count": None}) for cell in cells]
    for cell in bare:  # a story may take more from the package by name, and a temporary folder
        if re.fullmatch(
            rf"{IMPORT}\n(from (shnor_analysis\.[\w.]+|tempfile) import [\w, ]+\n?)+", cell.source
        ):
            cell.source = IMPORT
    found = faults(bare)
    for number, cell in enumerate(cells):
        if cell.cell_type == "code" and bool(cell.outputs) != (number in sealed):
            found.append(f"{number}: outputs")
        if cell.cell_type == "code" and cell.execution_count is None:
            found.append(f"{number}: never run, and its seal would compare nothing")
    return found if 2 <= len(sealed) <= 6 else [*found, f"{len(sealed)} seals"]


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_asks_and_the_package_answers(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert story_faults(cells) == []
    assert cells[0].source.startswith("# ")
    assert [cell.cell_type for cell in cells[:3]] == ["markdown", "code", "code"]
    assert cells[1].metadata["tags"] == ["parameters"]


def test_an_output_without_a_seal_and_a_missing_seal_would_be_noticed() -> None:
    cells = nbformat.read(STORIES[-1], as_version=4).cells
    (place, *_) = [n for n, cell in enumerate(cells) if cell.cell_type == "code" and cell.outputs]
    cells[place].metadata["tags"] = []
    assert f"{place}: outputs" in story_faults(cells)


def test_a_story_may_take_from_the_package_only() -> None:
    title = nbformat.v4.new_markdown_cell("# t")
    own = nbformat.v4.new_code_cell(f"{IMPORT}\nfrom shnor_analysis.errors import Problem")
    other = nbformat.v4.new_code_cell(f"{IMPORT}\nfrom pandas import DataFrame")
    assert "1: import" not in story_faults([title, own])
    assert "1: import" in story_faults([title, other])


@pytest.mark.parametrize("name", NAMES)
def test_a_template_asks_and_the_package_answers(name: str) -> None:
    assert faults(read(name).cells) == []


def test_logic_in_a_notebook_would_be_noticed() -> None:
    cells = [
        nbformat.v4.new_markdown_cell("# t"),
        nbformat.v4.new_code_cell("import pandas as pd\nfor x in y:\n    print(x)"),
    ]
    assert faults(cells) == ["1: logic", "1: print", "1: import"]


@pytest.mark.parametrize("name", NAMES)
def test_title_parameters_and_import_come_first(name: str) -> None:
    title, parameters, imports, *_ = read(name).cells
    assert title.source.startswith("# ")
    assert parameters.metadata["tags"] == ["parameters"]
    for line in parameters.source.splitlines():
        assert re.fullmatch(r'[a-z_]+: (str|int) = ("[^"]*"|\d+)  # .*[а-яё].*', line), line
    assert imports.source == IMPORT


@pytest.mark.parametrize("name", NAMES)
def test_notes_of_the_author_are_marked_so_that_pages_have_one_language(name: str) -> None:
    markdown = [cell for cell in read(name).cells if cell.cell_type == "markdown"]
    assert all("note" in cell.metadata["tags"] for cell in markdown)


@pytest.mark.parametrize("name", NAMES)
def test_every_section_is_known_to_the_package(name: str) -> None:
    from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
    from shnor_analysis.exhibits import figures, sentences, tables

    kind = SchoolEvaluation if name == "school" else TownEvaluation
    makers = {"describe": sentences.MAKERS, "make_table": tables.MAKERS, "draw": figures.MAKERS}
    source = "\n".join(cell.source for cell in read(name).cells if cell.cell_type == "code")
    asked = re.findall(r'shnor\.(describe|make_table|draw)\(\w+, "(\w+)", language\)', source)
    assert len(asked) > 12
    assert [pair for pair in asked if pair[1] not in makers[pair[0]][kind]] == []
    described = {section for call, section in asked if call == "describe"}
    assert described == set(sentences.MAKERS[kind]), "a section that exists is missing from the report"


def test_orders_fit_the_parameters_of_their_templates(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"school_year": 2024, "audience": "public", "language": "en"}
    orders = (
        *order_school_reports(tmp_path, ["sch1", "sch2"], **chosen),
        order_municipality_report(tmp_path, "М", **chosen),
    )
    jobs = [Job(order.unit_id, order.template, order.parameters, order.output) for order in orders]
    assert len(make_plan(jobs, finisher=FINISHER).jobs) == 3
    assert declared_parameters(template_path("school")) == {
        "school_id": "str",
        "school_year": "int",
        "audience": "str",
        "language": "str",
        "folder": "str",
    }
