import pandas as pd
import pytest

from shnor_analysis.language import render_problem
from shnor_analysis.sources.aliases import day_in_year, make_directory, match_schools
from shnor_analysis.sources.candidates import find_candidates

SCHOOLS = pd.DataFrame(
    {
        "school_id": ["sch660005", "sch660007", "sch660012", "sch660015", "sch660040"],
        "name": ["МБОУ СОШ № 5", "Гимназия № 7", "МБОУ СОШ № 12", "МБОУ СОШ № 15", "МБОУ ООШ № 40"],
    }
)
LABELS = dict(zip(SCHOOLS["school_id"], SCHOOLS["name"], strict=True))


def an_alias(school_id, alias, kind="name", *, since=None, until=None, successor=None):
    return {
        "school_id": school_id,
        "alias": alias,
        "alias_kind": kind,
        "valid_from": pd.Timestamp(since) if since else pd.NaT,
        "valid_to": pd.Timestamp(until) if until else pd.NaT,
        "successor_id": successor,
    }


def meant(*spellings, aliases=(), on="2021-04-15"):
    table = pd.DataFrame(list(aliases) or [an_alias("sch660007", "Радуга")])
    days = pd.Series(pd.to_datetime([on] * len(spellings) if isinstance(on, str) else list(on)))
    return match_schools(pd.Series(list(spellings)), make_directory(SCHOOLS, table), on_date=days)


@pytest.mark.parametrize(
    "spelling", ["sch660005", " SCH660005_x0002_ ", "МБОУ СОШ № 5 (sch660005)", "переименована (sch660005)"]
)
def test_a_login_is_found_in_every_dress(spelling):
    assert meant(spelling).school_id.tolist() == ["sch660005"]


def test_a_name_of_the_register_is_not_joined_without_an_alias():
    matched = meant("МБОУ СОШ № 5")
    assert matched.school_id.isna().all()
    assert [str(found) for found in matched.unknown[0].candidates] == ["sch660005 (МБОУ СОШ № 5)"]


def test_an_alias_of_kind_name_is_found_in_other_quotes_and_case():
    aliases = [an_alias("sch660007", "Гимназия «Радуга» № 7")]
    assert meant('гимназия "РАДУГА" №7', aliases=aliases).school_id.tolist() == ["sch660007"]


def test_an_alias_holds_only_within_its_days():
    aliases = [an_alias("sch660007", "edu660007", "login", since="2022-09-01", until="2023-08-31")]
    days = ["2022-08-31", "2022-09-01", "2023-08-31", "2023-09-01"]
    found = meant(*["edu660007"] * 4, aliases=aliases, on=days)
    assert found.school_id.notna().tolist() == [False, True, True, False]
    assert [candidate.school_id for candidate in found.unknown[0].candidates] == ["sch660007"]


def test_results_after_a_merger_belong_to_the_successor():
    aliases = [
        an_alias("sch660040", "sch660040", "login", until="2021-08-31", successor="sch660012"),
        an_alias("sch660040", "Сороковая", until="2021-08-31", successor="sch660012"),
    ]
    found = meant(
        "sch660040",
        "sch660040",
        "Сороковая",
        aliases=aliases,
        on=["2021-08-31", "2021-09-01", "2022-04-15"],
    )
    assert found.school_id.tolist() == ["sch660040", "sch660012", "sch660012"]


def test_a_merged_successor_hands_results_on():
    aliases = [
        an_alias("sch660040", "sch660040", "login", until="2020-08-31", successor="sch660012"),
        an_alias("sch660012", "sch660012", "login", until="2021-08-31", successor="sch660005"),
    ]
    found = meant(*["sch660040"] * 3, aliases=aliases, on=["2020-04-15", "2021-04-15", "2022-04-15"])
    assert found.school_id.tolist() == ["sch660040", "sch660012", "sch660005"]


def test_a_name_that_two_schools_bear_is_not_guessed():
    aliases = [an_alias("sch660007", "Радуга"), an_alias("sch660012", "Радуга")]
    found = meant("Радуга", aliases=aliases)
    assert found.school_id.isna().all()
    assert [one.school_id for one in found.unknown[0].candidates] == ["sch660007", "sch660012"]


def test_numbers_of_schools_are_compared_as_numbers():
    assert [one.school_id for one in find_candidates("СОШ №05", LABELS)] == ["sch660005"]
    assert [one.school_id for one in find_candidates("МБОУ СОШ № 15", LABELS)] == ["sch660015"]


def test_a_letter_that_looks_like_a_digit_still_finds_its_school():
    assert [one.school_id for one in find_candidates("sсh66ООО5", LABELS)] == ["sch660005"]


def test_rows_of_an_unknown_school_keep_their_labels_and_blanks_stay_blank():
    spellings = pd.Series(["Нет такой", None, "sch660005", "Нет такой"], index=[10, 10, 12, 13])
    directory = make_directory(SCHOOLS, pd.DataFrame([an_alias("sch660007", "Радуга")]))
    found = match_schools(spellings, directory)
    assert found.school_id.isna().tolist() == [True, True, False, True]
    assert [(one.spelling, one.rows) for one in found.unknown] == [("Нет такой", (10, 13))]


def test_a_procedure_known_by_year_and_season_stands_in_its_half_of_the_school_year():
    assert day_in_year(2021, "autumn") == pd.Timestamp(2020, 10, 15)
    assert day_in_year(2021) == pd.Timestamp(2021, 4, 15)


def test_an_unknown_school_is_said_with_its_candidates_in_both_languages():
    problem = meant("МБОУ СОШ №05").unknown[0].problem(file="отметки.xlsx", sheet="marks", cell="E8")
    assert render_problem(problem, "ru") == (
        "файл «отметки.xlsx», лист «marks», ячейка E8: Такой школы нет ни в реестре, ни среди других обозначений "
        "на этот день. Похожи: sch660005 (МБОУ СОШ № 5). Найдено: «МБОУ СОШ №05». Если это одна из них, впишите "
        "обозначение в таблицу school_aliases (бланк: shnor template school_aliases), если школа новая — в реестр, "
        "и загрузите файл снова."
    )
    assert render_problem(problem, "en") == (
        "file “отметки.xlsx”, sheet “marks”, cell E8: No such school in the register nor among the other names "
        "valid on that day. Similar: sch660005 (МБОУ СОШ № 5). Found: “МБОУ СОШ №05”. If it is one of them, enter "
        "the name in the table school_aliases (form: shnor template school_aliases); if the school is new, enter "
        "it in the register. Then import the file again."
    )


def test_an_unknown_school_without_a_like_is_said_in_both_languages():
    problem = meant("Лицей Физтех").unknown[0].problem()
    assert render_problem(problem, "ru") == (
        "Такой школы нет ни в реестре, ни среди других обозначений на этот день, похожих тоже нет. Найдено: "
        "«Лицей Физтех». Впишите школу в реестр (бланк: shnor template schools) или исправьте ячейку и загрузите "
        "файл снова."
    )
    assert render_problem(problem, "en") == (
        "No such school in the register nor among the other names valid on that day, and none is similar. Found: "
        "“Лицей Физтех”. Enter the school in the register (form: shnor template schools) or correct the cell, and "
        "import the file again."
    )
