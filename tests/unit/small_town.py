"""A small invented town written as text, for indicators, evaluation and the door."""

from collections.abc import Callable

import pandas as pd

from shnor_analysis.schemas import MARKS, TABLES, validate
from shnor_analysis.settings import Settings

DIGEST = "ab" * 32
SETTINGS = Settings(
    workspace_id="small-town",
    title_ru="Малый (вымышленный)",
    title_en="Maly (invented)",
    municipality_id="maly",
    region_id="zarechny",
    is_invented=True,
    listing_rule="rosobr_2020",
)
SCHOOLS = """
sch1  Школа№1   school    maly  zarechny
sch2  Школа№2   school    maly  zarechny
sch10 Лицей№10  lyceum    maly  zarechny
"""


def lines(text: str) -> list[list[str]]:
    """The words of each line that is not empty."""
    return [line.split() for line in text.strip().splitlines()]


def table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    """A valid table; lineage says sheet 1, row by row."""
    lineage = {"report": "mark_statistics", "source_sha256": DIGEST, "source_sheet": "Лист1"}
    filled = [{**row, **lineage, "source_cells": f"A{n + 2}:G{n + 2}"} for n, row in enumerate(rows)]
    return validate(TABLES[name], pd.DataFrame(filled)) if filled else TABLES[name].empty()


def procedure(words: list[str]) -> dict[str, object]:
    """year, assessment, subject, grade, season."""
    names = ("school_year", "assessment", "subject", "grade", "season")
    return dict(zip(names, words, strict=True))


def marks(words: list[str]) -> dict[str, object]:
    """Four counts `3 7 10 5`, or `low 7 25` (low results of tested), or `share 25 12.5 40 30 17.5` in percent."""
    if words[0] == "low":
        low, tested = int(words[1]), int(words[2])
        return {"tested_n": tested, "low_n": low, "low_share": low / tested, "counts_rebuilt": True}
    if words[0] == "share":
        shares = {
            f"mark_{mark}_share": float(word) / 100 for mark, word in zip(MARKS, words[2:], strict=True)
        }
        return {"tested_n": int(words[1]), **shares, "counts_rebuilt": False}
    counts = [int(word) for word in words]
    named = {f"mark_{mark}_n": count for mark, count in zip(MARKS, counts, strict=True)}
    return {"tested_n": sum(counts), **named, "counts_rebuilt": True}


def school_results(text: str) -> pd.DataFrame:
    """Lines `sch1 2021 vpr mathematics 5 spring 3 7 10 5`."""
    return table(
        "school_results",
        [
            {
                "school_id": words[0],
                **procedure(words[1:6]),
                "tested_n_is_estimated": False,
                **marks(words[6:]),
            }
            for words in lines(text)
        ],
    )


def area_results(text: str) -> pd.DataFrame:
    """Lines `region zarechny 120 2021 vpr mathematics 5 spring 300 700 1000 500`."""
    return table(
        "area_results",
        [
            {
                "area_level": words[0],
                "area_id": words[1],
                "schools_n": words[2],
                **procedure(words[3:8]),
                **marks(words[8:]),
                "result_source": "published",
            }
            for words in lines(text)
        ],
    )


def schools(text: str = SCHOOLS) -> pd.DataFrame:
    """Lines `sch1 name kind municipality region`."""
    names = ("school_id", "name", "kind", "municipality_id", "region_id")
    return table("schools", [dict(zip(names, words, strict=True)) for words in lines(text)])


def pupils_of(text: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables `pupils` and `pupil_results` from lines `sch1 2021 vpr mathematics 5 spring 2n3 4 5- 3n`.

    One word a pupil: the mark, then `n` for special needs, `?` for not known, then the journal mark or nothing.
    """
    people, results = [], []
    for place, words in enumerate(lines(text)):
        for number, word in enumerate(words[6:]):
            pupil = f"{place:016x}{number:016x}"
            flag = {"n": True, "?": None}.get(word[1:2], False)
            journal = word[-1] if len(word) > 1 and word[-1].isdigit() else None
            people.append(
                {
                    "pupil_id": pupil,
                    "school_year": words[1],
                    "school_id": words[0],
                    "has_special_needs": flag,
                }
            )
            results.append(
                {
                    "pupil_id": pupil,
                    **procedure(words[1:6]),
                    "school_id": words[0],
                    "mark": word[0],
                    "journal_mark": journal,
                }
            )
    return table("pupils", people), table("pupil_results", results)


def listings(text: str) -> pd.DataFrame:
    """Lines `sch1 2022 low_results ministry`."""
    names = ("school_id", "school_year", "list", "issuer")
    return table("listings", [dict(zip(names, words, strict=True)) for words in lines(text)])


def factors(text: str) -> pd.DataFrame:
    """Lines `sch1 2021 pupils_n 400`."""
    names = ("school_id", "school_year", "factor", "value")
    return table("factors", [dict(zip(names, words, strict=True)) for words in lines(text)])


def tables_of(**given: pd.DataFrame) -> Callable[[str], pd.DataFrame]:
    """Give tables by name; what is not given is empty, the register is that of the town."""
    known = {"schools": schools(), **given}
    return lambda name: known[name] if name in known else TABLES[name].empty()
