"""`shnor fit` says which programmes there are and what was estimated of each, in both languages and as facts."""

from __future__ import annotations

import json

import pytest
from test_analysis_plan import effect

from shnor_analysis.accounting import Accounting
from shnor_analysis.cli import speech
from shnor_analysis.cli.fitting import show_fit
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.town_fits import TownFits
from shnor_analysis.results.town_programme import ProgrammeFit, TownProgramme
from shnor_analysis.workspace import FitOutcome

SCHOOLS = (("sch1", 2021), ("sch2", 2022), ("sch3", 2022))
WHY = NotEstimable("programme_without_results")
HULL = effect(hull_low=-0.12, hull_high=0.25)
ALONE = effect(absent=(("did", NotEstimable("no_earlier_years")),))


def outcome(*effects) -> FitOutcome:
    town = TownProgramme(
        school_year=2023,
        rule="rosobr_2020",
        years=(2021, 2022),
        breaks=(),
        broken_years=(),
        observed=NotEstimable("list_no_year", {"year": 2022}),
        forecast=NotEstimable("list_no_year", {"year": 2023}),
        cohorts=(),
        programmes=tuple(ProgrammeFit(f"П{at}", SCHOOLS, 0, one) for at, one in enumerate(effects)),
        accounting=Accounting(),
    )
    return FitOutcome(2023, True, TownFits(2023, "", (), Accounting(), ()), town, 0.1)


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(speech, "_speech", speech._Speech())


def test_every_programme_has_its_schools_and_what_was_estimated(capsys):
    speech.speak_language("ru")
    show_fit(outcome(HULL, ALONE, WHY))
    assert capsys.readouterr().out.splitlines()[:6] == [
        "Программа «П0»: школ 3, по годам вступления — 2020/21: 1, 2021/22: 2",
        "    отличие от школ сравнения: от −0,12 до 0,25 стандартного отклонения учеников, общий интервал двух способов "
        "(школ программы 2, сравнения 12)",
        "Программа «П1»: школ 3, по годам вступления — 2020/21: 1, 2021/22: 2",
        "    оценён один способ из двух, общего интервала нет (школ программы 2, сравнения 12): нет результатов раньше лет "
        "отбора: сравнить изменение не с чем.",
        "Программа «П2»: школ 3, по годам вступления — 2020/21: 1, 2021/22: 2",
        f"    не оценено: {WHY.in_words('ru')}",
    ]


def test_a_place_without_programmes_says_so(capsys):
    speech.speak_language("en")
    show_fit(outcome())
    assert capsys.readouterr().out.startswith("The data have no programmes that schools joined.\n")


def test_the_facts_say_the_same(capsys):
    speech.speak_json(True)
    show_fit(outcome(HULL, WHY))
    first, second = json.loads(capsys.readouterr().out)["programmes"]
    assert (first["programme"], first["hull_low"], first["hull_high"]) == ("П0", -0.12, 0.25)
    assert first["cohorts"] == [[2021, 1], [2022, 2]]
    assert second["not_estimable"] == "programme_without_results"
