"""Which file holds what: the folder that an invented department has gathered over the years."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from shnor_analysis.files import write_text
from shnor_analysis.reference.layouts import layouts
from shnor_analysis.schemas import TABLES
from shnor_analysis.simulation.pupil_sheets import PupilSheet
from shnor_analysis.simulation.raw.book import Page, write_csv, write_xls, write_xlsx
from shnor_analysis.simulation.raw.dirt import trailing_blanks, typed_numbers
from shnor_analysis.simulation.raw.fisoko import SHORT_SUBJECTS, FisokoSheets
from shnor_analysis.simulation.raw.forms import (
    TITLE,
    form_rows,
    hidden_page,
    passport_page,
    register_page,
    titled,
)
from shnor_analysis.simulation.raw.labels import SchoolNames, school_names
from shnor_analysis.simulation.raw.odd_form import COLUMNS, TABLE, mapping_text, odd_page
from shnor_analysis.simulation.raw.regional import bias_page, marks_rows, scores_pages
from shnor_analysis.simulation.raw.works import IndividualPages, protocol_rows
from shnor_analysis.simulation.result_tables import FISOKO_YEARS
from shnor_analysis.simulation.school_tables import bias_years
from shnor_analysis.simulation.sittings import Sitting
from shnor_analysis.simulation.spec import INVENTED_NOTE, TownSpec
from shnor_analysis.simulation.town import PlaceDraw, Town, place_tables
from shnor_analysis.sources.mapping import mapping_path

# Where the marks of a calendar year and season come from; other years are in the region's workbook.
CSV_YEAR, TWO_TABLES_YEAR, REGIONAL_SCORES = 2018, 2019, (2024,)
SINGLE_FILES = (2023, "spring", 4)
UNDATED = (2023, "spring")
SINGLE_WORKS = (2021, 4)
PROTOCOLS = {"oge": "oge_protocol", "ege": "ege_protocol", "ege_base": "ege_protocol"}
SEASONS = {"spring": "весна", "autumn": "осень"}
# Works of pupils are written from the draws themselves: their tables have pseudonyms in place of codes.
WRITTEN_TABLES = frozenset(TABLES) - {"pupils", "pupil_results", "item_results"}
EXTRA_COLUMNS = {2022: ("season", "test_date"), 2024: ("test_date",)}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was written: raw files, cards beside them, mappings that explain odd forms, and the file of truths."""

    files: tuple[Path, ...]
    cards: tuple[Path, ...]
    mappings: tuple[Path, ...]
    truths: Path


def write_town(town: Town, folder: Path) -> Delivery:
    """Write a town as the raw files that a department gets, with their dirt.

    Parameters:  town — with pupils or at school level only; several municipalities get a folder each.
                 folder — for the files; cards (`NAME.toml`) lie beside them. The mapping of the odd form goes where a
                 workspace around the folder keeps its mappings (`data/mappings/`), the truths to
                 `truths/truths.json` beside the folder, where no analysis looks.
    Returns:     paths in the order of writing.
    """
    writers = []
    for draw in town.draws:
        own = folder if len(town.draws) == 1 else folder / f"{draw.place.index + 1:03d}"
        writers.append(_Writer(town.spec, draw, own, home=folder.parent))
    for writer in writers:
        writer.write()
    write_text(folder / "ВЫМЫШЛЕННЫЕ ДАННЫЕ.txt", INVENTED_NOTE + "\n")
    truths = folder.parent / "truths" / "truths.json"
    write_text(truths, json.dumps(town.truths.as_dict(), ensure_ascii=False, indent=1) + "\n")
    return Delivery(
        files=tuple(path for writer in writers for path in writer.files),
        cards=tuple(path for writer in writers for path in writer.cards),
        mappings=tuple(path for writer in writers for path in writer.mappings),
        truths=truths,
    )


class _Writer:
    """Writes the files of one municipality and remembers their paths."""

    def __init__(self, spec: TownSpec, draw: PlaceDraw, folder: Path, *, home: Path) -> None:
        self._spec, self._draw, self._folder, self._home = spec, draw, folder, home
        self._tables = place_tables(spec, draw, only=WRITTEN_TABLES)
        self._names: SchoolNames = school_names(self._tables["schools"], self._tables["school_aliases"])
        self._sheets = FisokoSheets(self._tables, self._names)
        self.files: list[Path] = []
        self.cards: list[Path] = []
        self.mappings: list[Path] = []

    def write(self) -> None:
        """Write every file."""
        self._forms()
        for (year, season), sittings in self._occasions():
            self._marks(year, season, sittings)
            self._comparisons(year, season, sittings)
            self._distributions(year, season, sittings)
        self._regional()
        self._items_and_works()
        self._protocols()
        self._odd_form()

    def _xlsx(self, name: str, *pages: Page) -> None:
        if pages:
            self.files.append(write_xlsx(self._folder / f"{name}.xlsx", pages))

    def _card(self, name: str, text: str) -> None:
        path = self._folder / f"{name}.toml"
        write_text(path, text)
        self.cards.append(path)

    def _occasions(self) -> Iterator[tuple[tuple[int, str], list[Sitting]]]:
        """Diagnostic tests by calendar year and season."""
        found: dict[tuple[int, str], list[Sitting]] = {}
        for sheet in self._draw.history.sheets:
            if sheet.sitting.assessment == "vpr":
                found.setdefault((sheet.sitting.test_date.year, sheet.sitting.season), []).append(
                    sheet.sitting
                )
        yield from found.items()

    def _forms(self) -> None:
        tables = self._tables
        self._xlsx("Реестр школ", register_page(tables["schools"]), hidden_page())
        aliases = form_rows("school_aliases", tables["school_aliases"])
        path = self._folder / "Другие обозначения школ.csv"
        self.files.append(write_csv(path, titled(aliases, "Другие обозначения школ")))
        for year in self._spec.years:
            factors = tables["factors"][tables["factors"]["school_year"] == year]
            path = self._folder / f"Социальный паспорт {year}.xls"
            self.files.append(write_xls(path, [passport_page(factors, self._names.now, year)]))
        self._lists()

    def _lists(self) -> None:
        """Lists and programmes; a department has no file where nothing happened."""
        listings = self._tables["listings"]
        low = listings[listings["list"] == "low_results"].drop(columns=["subject", "grade", "markers_n"])
        if len(low):
            rows = titled(form_rows("listings", self._named(low)), "Перечни школ")
            path = self._folder / "Перечни школ.csv"
            self.files.append(write_csv(path, rows, encoding="utf-8-sig", delimiter=","))
        biased = listings[listings["list"] == "biased_results"]
        if years := bias_years(self._spec):
            self._xlsx("bias", bias_page(biased, self._tables["schools"], self._names, years))
        joined = self._tables["participation"]
        if len(joined):
            rows = form_rows("participation", self._named(joined).replace({"school_id": self._names.codes}))
            page = Page("Участие", ([TITLE], [], *rows))
            self._xlsx("Участие в программах", page)

    def _named(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(name=rows["school_id"].map(self._names.now))

    def _marks(self, year: int, season: str, sittings: list[Sitting]) -> None:
        if year not in FISOKO_YEARS:
            return
        single: tuple[str, ...] = ()
        if (year, season) == SINGLE_FILES[:2]:
            single = tuple(self._names.now)[: SINGLE_FILES[2]]
        for school_id in single:
            number = int(school_id[-4:])
            pages = [self._sheets.marks(sitting, only=school_id, salt=number) for sitting in sittings]
            self._xlsx(f"Школа № {number} Статистика по отметкам {year}", *pages)
        pages = [self._sheets.marks(sitting, without=single, salt=year) for sitting in sittings]
        self._xlsx(f"Статистика по отметкам {SEASONS[season]} {year}", *pages)

    def _comparisons(self, year: int, season: str, sittings: list[Sitting]) -> None:
        is_dated = (year, season) != UNDATED
        name = f"Сравнение отметок {SEASONS[season]} {year}"
        pages = [self._sheets.comparison(one, is_dated=is_dated, salt=year) for one in sittings]
        if not is_dated:
            name = "Сравнение отметок без года"
            self._card(
                name, f'school_year = {year}\nseason = "{season}"\nowner = "ФИС ОКО (вымышленная выгрузка)"\n'
            )
        self._xlsx(name, *pages)

    def _distributions(self, year: int, season: str, sittings: list[Sitting]) -> None:
        if year not in (TWO_TABLES_YEAR, *REGIONAL_SCORES):
            pages = [
                self._sheets.scores(one, salt=year)
                for one in sittings
                if self._sheets.has("score_counts", one)
            ]
            self._xlsx(f"Распределение первичных баллов {SEASONS[season]} {year}", *pages)

    def _regional(self) -> None:
        """The region's tables of marks and points by calendar year."""
        results, scores = self._tables["school_results"], self._tables["score_counts"]
        results = results[results["assessment"] == "vpr"]
        for year in sorted(set(results["test_date"].dt.year)):
            extra = EXTRA_COLUMNS.get(year, ())
            own = results[results["test_date"].dt.year == year]
            rows = marks_rows(own, self._names, extra=extra, salt=year)
            points = scores_pages(scores[scores["test_date"].dt.year == year], self._names, extra=extra)
            if year == CSV_YEAR:
                path = self._folder / f"marks {year}.csv"
                self.files.append(write_csv(path, titled(rows, "Отметки по школам")))
            elif year == TWO_TABLES_YEAR:
                self._xlsx(f"Сводная таблица {year}", Page("marks", tuple(rows)), *points)
            elif year not in FISOKO_YEARS:
                dirty = typed_numbers(trailing_blanks(rows, 2), range(7, 11))
                self._xlsx(f"marks {year}", Page("marks", dirty))
            if year in REGIONAL_SCORES:
                self._xlsx(f"scores {year}", *points)

    def _items_and_works(self) -> None:
        pupils, schools = self._draw.pupils, self._draw.schools
        items: dict[int, list[Sitting]] = {}
        works: dict[tuple[int, str], list[IndividualPages]] = {}
        for sheet in self._draw.pupil_sheets:
            if sheet.items is None or pupils is None:
                continue
            sitting = sheet.sitting
            items.setdefault(sitting.school_year, []).append(sitting)
            subject = SHORT_SUBJECTS[sitting.subject]
            maker = IndividualPages(sheet, pupils, schools, names=self._names)
            works.setdefault((sitting.school_year, subject), []).append(maker)
        for year, sittings in items.items():
            self._xlsx(f"Выполнение заданий {year}", *(self._sheets.items(one) for one in sittings))
        for (year, subject), makers in works.items():
            single = tuple(self._names.now)[: SINGLE_WORKS[1]] if year == SINGLE_WORKS[0] else ()
            for school_id in single:
                pages = [maker.of_school(school_id) for maker in makers]
                self._xlsx(
                    f"Школа № {int(school_id[-4:])} Индивидуальные результаты {subject} {year}", *pages
                )
            self._xlsx(
                f"Индивидуальные результаты {subject} {year}", *(maker.without(single) for maker in makers)
            )

    def _protocols(self) -> None:
        """One protocol a year of each exam; the basic paper in mathematics stands among the others."""
        pupils = self._draw.pupils
        if pupils is None:
            return
        by_file: dict[tuple[str, int], list[PupilSheet]] = {}
        for sheet in self._draw.pupil_sheets:
            if sheet.sitting.assessment in PROTOCOLS:
                code = PROTOCOLS[sheet.sitting.assessment]
                by_file.setdefault((code, sheet.sitting.school_year), []).append(sheet)
        for (code, year), sheets in by_file.items():
            title = layouts()[code].title
            rows = protocol_rows(code, sheets, pupils, self._draw.schools, names=self._names)
            if year % 2:
                self.files.append(write_csv(self._folder / f"{title} {year}.csv", titled(rows, title)))
            else:
                self._xlsx(f"{title} {year}", Page(layouts()[code].sheet, tuple(rows)))

    def _odd_form(self) -> None:
        results: pd.DataFrame = self._tables["school_results"]
        for sheet in self._draw.history.sheets:
            sitting = sheet.sitting
            if sitting.assessment != "internal":
                continue
            own = results[
                (results["assessment"] == "internal") & (results["school_year"] == sitting.school_year)
            ]
            self._xlsx("Читательская грамотность", odd_page(own, self._tables["schools"], sitting))
            path = mapping_path(self._home, TABLE, [header for header, _, _ in COLUMNS])
            write_text(path, mapping_text(sitting))
            self.mappings.append(path)
