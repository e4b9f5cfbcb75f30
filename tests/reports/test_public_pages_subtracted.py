"""All public pages of a town side by side, as they are rendered: what one hides is no difference of what others print."""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

from executed import execute_template

from shnor_analysis.disclosure import release
from shnor_analysis.evaluation import assemble_school, assemble_town, prepare_town
from shnor_analysis.settings import Settings
from shnor_analysis.simulation import ProgrammeCohort, TownSpec, simulate_town

SPEC = TownSpec(
    seed=5, schools_n=6, first_year=2023, last_year=2024, cohorts=(ProgrammeCohort(2024, 2, 0.0),), inflated_schools_n=0,
    inflated_treated_n=0, pupil_years=(),
)  # fmt: skip
FEW = {"tested_n": 3, "mark_2_n": 1, "mark_3_n": 1, "mark_4_n": 1, "mark_5_n": 0, "low_n": 1}
HIDDEN = "скрыто"


class _Tables(HTMLParser):
    """Cells of the tables of a page by the id of the table."""

    def __init__(self) -> None:
        super().__init__()
        self.found, self.at, self.cell = {}, "", None

    def handle_starttag(self, tag, attrs):
        name = dict(attrs).get("id") or ""
        if re.fullmatch(r"table-[a-z_]+", name):
            self.at = name.removeprefix("table-")
        if tag == "tr":
            self.found.setdefault(self.at, []).append([])
        if tag in ("td", "th"):
            self.cell = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.found[self.at][-1].append(re.sub(r"\s+", " ", self.cell).strip())
            self.cell = None


def outputs(kind, value):
    """Everything that a public notebook of a report stores, as one text without the bytes of pictures."""
    told = []
    for cell in execute_template(kind, release(value, "public"), "ru").cells:
        for one in cell.get("outputs", ()):
            told += [part for name, part in one.data.items() if name != "image/png"] + [str(one.metadata)]
    return "\n".join(told)


def by_work(page, section, place):
    """A column of a table by group and work."""
    parser, group, found = _Tables(), "", {}
    parser.feed(page)
    for row in parser.found.get(section, []):
        if len(row) == 1:
            group = row[0]
        elif len(row) > place:
            found[group, row[0]] = row[place]
    return found


@lru_cache(maxsize=1)
def the_town():
    """Six schools; in one of them three pupils wrote one of the tests."""
    tables = dict(simulate_town(SPEC).tables)
    results = tables["school_results"].copy()
    rows = results[(results["school_year"] == 2024) & (results["subject"] == "mathematics")]
    results.loc[rows[rows["grade"] == 5].index[0], list(FEW)] = list(FEW.values())
    tables["school_results"] = results
    register = tables["schools"].iloc[0]
    settings = Settings(
        workspace_id="small-town",
        title_ru="Вымышленный",
        title_en="Invented",
        municipality_id=register["municipality_id"],
        region_id=register["region_id"],
        is_invented=True,
    )
    return prepare_town(tables.__getitem__, settings=settings, school_year=2024)


@lru_cache(maxsize=1)
def the_pages():
    """Public page of the town, and of each school by its code."""
    town = the_town()
    codes = [line.school_id for line in assemble_town(town).schools]
    schools = {code: outputs("school", assemble_school(town, code)) for code in codes}
    return outputs("municipality", assemble_town(town)), schools


def number(cell):
    digits = re.sub(r"\D", "", cell)
    return int(digits) if digits else None


def told_sizes(sums, schools):
    """Numbers tested that the schools' pages hide and that the town's sums leave one value for."""
    shown = {code: by_work(page, "results", 1) for code, page in schools.items()}
    told, hidden_n = [], 0
    for work, total in sums.items():
        own = {code: cells[work] for code, cells in shown.items() if work in cells}
        hidden = [code for code, cell in own.items() if cell.startswith(HIDDEN)]
        hidden_n += len(hidden)
        if not hidden or number(total) is None:
            continue
        rest = number(total) - sum(number(cell) for code, cell in own.items() if code not in hidden)
        if rest in (len(hidden), 4 * len(hidden)) or len(hidden) == 1:
            told += [(work, rest)]
    return told, hidden_n


def test_no_hidden_number_tested_is_what_the_schools_pages_leave_of_the_towns_sum():
    town, schools = the_pages()
    told, hidden_n = told_sizes(by_work(town, "coverage", 3), schools)
    assert hidden_n > 0
    assert told == []


def test_the_search_finds_a_sum_that_tells():
    town, schools = the_pages()
    work = next(
        work
        for page in schools.values()
        for work, cell in by_work(page, "results", 1).items()
        if cell.startswith(HIDDEN)
    )
    sums = by_work(town, "coverage", 3)
    assert sums[work].startswith(HIDDEN)
    open_sum = sum(number(by_work(page, "results", 1).get(work, "")) or 0 for page in schools.values())
    assert told_sizes({**sums, work: str(open_sum + 3)}, schools)[0] == [(work, 3)]


def test_pictures_and_metadata_name_no_result_that_the_table_hides():
    _, schools = the_pages()
    looked_at = 0
    for page in schools.values():
        levels = " ".join(re.findall(r"Доля низких результатов по уровням\.[^\"']*", page))
        for (group, work), share in by_work(page, "levels", 1).items():
            if share.startswith(HIDDEN):
                looked_at += 1
                subject, grade, _ = work.split(", ", 2)
                assert f"{group}, {subject.lower()}, {grade}:" not in levels.replace("\u00a0", " ")
    assert looked_at > 0
    assert all("<!--" not in page for page in schools.values())


def test_what_the_door_keeps_leaves_it_nowhere():
    facts = assemble_town(the_town())
    assert all(cell.tested_n == sum(cell.sizes) for cell in facts.coverage)
    for audience in ("department", "public"):
        assert {cell.sizes for cell in release(facts, audience).value.coverage} == {()}
