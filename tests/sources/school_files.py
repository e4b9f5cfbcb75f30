"""Small files and a small register for the tests of the forms about schools."""

from __future__ import annotations

import csv

import openpyxl
import pandas as pd

from shnor_analysis.schemas import TABLES
from shnor_analysis.sources import Hints, ReadingContext, open_file, read_tables

KEY = bytes(range(32))
SCHOOLS = pd.DataFrame(
    {
        "school_id": ["sch660005", "sch660007", "sch660012", "sch660040"],
        "name": ["МБОУ СОШ № 5", "Гимназия № 7", "МБОУ СОШ № 12", "МБОУ ООШ № 40"],
        "kind": ["school", "gymnasium", "school", "school"],
        "municipality_id": "Светлоярск",
        "region_id": "Светлоярский край",
    }
)
ALIASES = pd.DataFrame(
    [
        {
            "school_id": "sch660040",
            "alias": "sch660040",
            "alias_kind": "login",
            "valid_from": pd.NaT,
            "valid_to": pd.Timestamp("2021-08-31"),
            "successor_id": "sch660012",
        }
    ]
)


def a_context(*, schools=SCHOOLS, aliases=ALIASES, key=KEY, corrections=(), **hints):
    return ReadingContext(
        schools=schools, aliases=aliases, hints=Hints(**hints), corrections=corrections, key=key
    )


def a_book(path, rows, *, sheet="Лист1"):
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(list(row))
    book.save(path)
    return path


def a_csv(path, rows, *, encoding="utf-8", delimiter=";"):
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


def reading(path, *, mappings=(), context=None, **hints):
    opened = open_file(path, mappings=mappings, assessment=hints.get("assessment"))
    return read_tables(opened, context or a_context(**hints))


def reasons(done):
    return {reason.code: reason for reason in done.accounting.reasons()}


def shown(frame, *columns):
    return list(frame[list(columns)].itertuples(index=False, name=None))


def empty(table):
    return TABLES[table].empty()
