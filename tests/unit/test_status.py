"""`shnor status`: what is there, and with a year which schools lack it."""

import pandas as pd

from shnor_analysis.cli.showing import show_status
from shnor_analysis.cli.speech import speak_language
from shnor_analysis.warehouse import Coverage
from shnor_analysis.workspace import Status

KEY = {"school_year": 2021, "assessment": "vpr", "subject": "mathematics", "grade": 5, "season": "spring"}
PROCEDURES = pd.DataFrame([KEY | {"schools_n": 1}, KEY | {"school_year": 2022, "schools_n": 3}])
STATUS = Status(
    files=pd.DataFrame({"file_name": ["a"]}),
    is_built=True,
    is_up_to_date=True,
    schools_n=3,
    coverage=Coverage(school_years=pd.DataFrame(), procedures=PROCEDURES),
)
MISSING = pd.DataFrame(
    [
        KEY | {"school_id": "sch660007"},
        KEY | {"school_id": "sch660012"},
        KEY | {"grade": 6, "school_id": "sch660005"},
    ]
)


def test_a_year_names_the_schools_that_lack_a_procedure(capsys):
    speak_language("ru")
    show_status(STATUS, year=2021, missing=MISSING)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("20")] == [
        "2021  ВПР, Математика, 5, весна                     1        2"
    ]
    assert lines[-1].strip() == "нет у школ: sch660007, sch660012"


def test_without_a_year_every_procedure_is_a_line_and_no_school_is_named(capsys):
    speak_language("ru")
    show_status(STATUS)
    assert [line[:4] for line in capsys.readouterr().out.splitlines()][-2:] == ["2021", "2022"]
