"""What each audience may see, read off the finished pages of every school of the planted town."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_pages import make_page

from shnor_analysis.workspace import open_workspace

SCHOOLS = [f"sch66000{number}" for number in range(1, 7)]
SHARE = re.compile(r"\d ?%")


class Tables(HTMLParser):
    """Rows of cells of each table of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._cell: list[str] | None = None
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self._cell is not None:
            self.tables[-1][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


@pytest.fixture(scope="module")
def pages(carried, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    root = tmp_path_factory.mktemp("pages")
    workspace = open_workspace(carried.folder)
    made = {}
    for school_id in SCHOOLS:
        evaluated = workspace.evaluate_school(school_id, 2024)
        for audience in ("public", "school", "department"):
            page = make_page(root / audience / school_id, "school", evaluated, audience=audience)
            made[audience, school_id] = page.read_text(encoding="utf-8")
    return made


def results(markup: str) -> list[list[str]]:
    """The rows of the table of marks: work, tested, four marks, shares."""
    (table,) = (
        table for table in Tables(markup).tables if any("«2»" in cell for row in table for cell in row)
    )
    return [row for row in table if len(row) >= 6 and "класс" in row[0]]


def whole(cells: list[str]) -> list[int]:
    return [int(cell.replace(" ", "")) for cell in cells if re.fullmatch(r"\d[\d ]*", cell)]


@pytest.mark.parametrize("school_id", SCHOOLS)
def test_no_number_of_one_to_four_pupils_stands_in_a_public_table(pages, school_id):
    public = results(pages["public", school_id])
    assert public
    shown = [count for row in public for count in whole(row[1:6])]
    assert shown
    assert not {1, 2, 3, 4} & set(shown)


def test_the_same_tables_hold_small_numbers_for_the_department(pages):
    shown = [
        count
        for school_id in SCHOOLS
        for row in results(pages["department", school_id])
        for count in whole(row[1:6])
    ]
    assert sum(count in {1, 2, 3, 4} for count in shown) > 10


@pytest.mark.parametrize("audience", ["public", "school", "department"])
def test_no_share_of_fewer_than_ten_tested_is_on_any_page(pages, audience):
    for school_id in SCHOOLS:
        for table in Tables(pages[audience, school_id]).tables:
            heads = [row for row in table if "Писали работу" in row]
            for row in table if heads else ():
                tested = whole(row[1:2])
                if tested and tested[0] < 10:
                    assert not [cell for cell in row[2:] if SHARE.search(cell)], row


@pytest.mark.parametrize("school_id", SCHOOLS)
@pytest.mark.parametrize("audience", ["school", "public"])
def test_a_school_reads_of_no_other_school(carried, pages, audience, school_id):
    schools = open_workspace(carried.folder).table("schools")
    others = schools[schools["school_id"] != school_id]
    page = pages[audience, school_id]
    assert school_id in page
    named = [
        text
        for text in (*others["school_id"], *others["name"])
        if re.search(re.escape(text) + r"(?![\d\w])", page)
    ]
    assert named == []


def test_names_of_files_are_for_the_department_alone(carried, pages):
    names = {card.file_name for card in open_workspace(carried.folder).cards()}
    assert any("Школа № 2" in name for name in names)
    for (audience, school_id), page in pages.items():
        shown = {name for name in names if name in page}
        assert bool(shown) == (audience == "department"), (audience, school_id, shown)


def test_no_page_names_a_place_of_this_machine(carried, pages):
    for page in pages.values():
        assert str(carried.folder) not in page
        assert str(Path.home()) + "/" not in page
