"""The files of the invented town: openable, told to be invented, equal for equal seeds; the country in Parquet."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from shnor_analysis.files import sha256_of
from shnor_analysis.schemas import TABLES, validate
from shnor_analysis.simulation import (
    Delivery,
    TownSpec,
    country_spec,
    simulate_town,
    write_country,
    write_town,
)
from shnor_analysis.sources import read_mappings

SPEC = TownSpec(schools_n=6, first_year=2022, last_year=2023, pupil_years=(2023,), pupil_grades=(5,))


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return write_town(simulate_town(SPEC), tmp_path_factory.mktemp("town") / "incoming")


def test_every_file_opens_and_says_that_the_town_is_invented(delivery: Delivery) -> None:
    assert {path.suffix for path in delivery.files} == {".xlsx", ".xls", ".csv"}
    for path in delivery.files:
        if path.suffix == ".csv":
            text = path.read_bytes().decode("utf-8-sig" if path.name.startswith("Перечни") else "cp1251")
            assert "вымышлены" in text
            continue
        book = CalamineWorkbook.from_path(path)
        assert "вымышлены" in str(book.get_sheet_by_name("Примечание").to_python())
        if path.suffix == ".xlsx":
            openpyxl.load_workbook(path, read_only=True).close()


def test_the_number_of_files_of_the_whole_town_stays_small(tmp_path: Path) -> None:
    spec = TownSpec(schools_n=4, pupil_years=(2021,), pupil_grades=(5,))
    written = write_town(simulate_town(spec), tmp_path / "incoming")
    assert 40 < len(written.files) <= 150


def test_equal_towns_are_written_as_equal_bytes(delivery: Delivery, tmp_path: Path) -> None:
    again = write_town(simulate_town(SPEC), tmp_path / "incoming")
    assert [path.name for path in again.files] == [path.name for path in delivery.files]
    for first, second in zip(delivery.files, again.files, strict=True):
        assert sha256_of(first) == sha256_of(second), first.name


def test_truths_lie_outside_the_folder_of_raw_files(delivery: Delivery) -> None:
    incoming = delivery.files[0].parent
    assert not delivery.truths.is_relative_to(incoming)
    truths = json.loads(delivery.truths.read_text(encoding="utf-8"))
    assert truths["non_effect_factor"] == "boiler_age_years"
    assert len(truths["schools"]) == SPEC.schools_n
    assert not list(incoming.rglob("truths*"))


def test_the_mapping_of_the_odd_form_is_one_that_the_readers_accept(delivery: Delivery) -> None:
    mappings = read_mappings(delivery.mappings[0].parent)
    assert [mapping.table for mapping in mappings] == ["school_results"]


def test_a_file_without_a_year_has_a_card(delivery: Delivery) -> None:
    assert [path.name for path in delivery.cards] == ["Сравнение отметок без года.toml"]
    assert delivery.cards[0].with_suffix(".xlsx") in delivery.files


def test_the_dirt_of_real_files_is_there(delivery: Delivery) -> None:
    names = {path.name: path for path in delivery.files}
    marks = CalamineWorkbook.from_path(names["marks 2022.xlsx"]).get_sheet_by_name("marks").to_python()
    header = "|".join(map(str, marks[0]))
    assert "_x0002_" in header or "_x005F_" in header
    assert any(str(cell).endswith(" ") for row in marks[1:] for cell in row)
    assert any(isinstance(cell, str) and "," in cell for cell in marks[1][-5:])
    register = openpyxl.load_workbook(names["Реестр школ.xlsx"])
    assert [sheet.title for sheet in register if sheet.sheet_state == "hidden"] == ["Справочник"]


def test_pupils_in_protocols_have_invented_names_only(delivery: Delivery) -> None:
    protocol = next(path for path in delivery.files if path.name == "Протокол ОГЭ 2023.csv")
    rows = [line.split(";") for line in protocol.read_text(encoding="cp1251").splitlines()[2:]]
    surname = rows[0].index("Фамилия")
    assert all(row[surname].startswith("Фамилия0") for row in rows[1:])


def test_a_country_goes_to_parquet_municipality_by_municipality_and_resumes(tmp_path: Path) -> None:
    spec = dataclasses.replace(country_spec(100, regions_n=2), first_year=2021, last_year=2021)
    written = write_country(spec, tmp_path)
    assert written.rows["schools"] == 100
    assert len(list((tmp_path / "schools").glob("*.parquet"))) == spec.municipalities_n
    for name in written.rows:
        frame = pq.read_table(tmp_path / name).to_pandas()
        assert len(frame) == written.rows[name]
        validate(TABLES[name], frame)
    stamp = (tmp_path / "schools" / "00001.parquet").stat().st_mtime_ns
    (tmp_path / "schools" / "00002.parquet").unlink()
    assert dict(write_country(spec, tmp_path).rows) == dict(written.rows)
    assert (tmp_path / "schools" / "00001.parquet").stat().st_mtime_ns == stamp
