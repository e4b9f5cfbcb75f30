import pytest

from shnor_analysis.accounting import Reason
from shnor_analysis.sources.personal import (
    dropped_reason,
    is_personal_header,
    looks_like_person,
    personal_columns,
    personal_sign,
)


@pytest.mark.parametrize(
    "header",
    [
        "Фамилия", " ИМЯ ", "Отчество_участника", "ФИО", "Ф.И.О. директора", "Фамилия, имя, отчество", "СНИЛС",
        "Дата рождения", "Дата_рожд.", "Серия и номер паспорта", "Контактный телефон", "Имя ученика", "Birth date",
    ],
)  # fmt: skip
def test_a_header_of_a_person_is_known(header):
    assert is_personal_header(header)


@pytest.mark.parametrize(
    "header",
    ["Наименование ОО", "Код участника", "Отметка", "Дата", "Класс", "Адрес школы", "Информатика", "Логин"],
)
def test_a_header_of_the_form_is_left(header):
    assert not is_personal_header(header)


@pytest.mark.parametrize(
    "values", [["112-233-445 95"], [11223344595.0, 8765432304.0], ["код", "001-002-003-04"]]
)
def test_snils_is_known_by_its_values_under_any_header(values):
    assert personal_sign(values) == "snils"


def test_codes_of_eleven_digits_without_the_check_number_are_no_snils():
    assert personal_sign(["11223344500", "11223344501", "66000512345"]) is None


@pytest.mark.parametrize(
    "name", ["Светлова А. Б.", "А.Б. Светлова", "Светлова Анна Борисовна", "Светлов-Ясный Пётр Ильич"]
)
def test_a_name_of_a_person_is_known(name):
    assert looks_like_person(name)


@pytest.mark.parametrize(
    "text", ["МБОУ СОШ № 5 им. Светлова А. Б.", "Оба родителя", "специалист управления", "Русский язык"]
)
def test_a_school_named_after_a_person_is_no_person(text):
    assert not looks_like_person(text)


def test_dropped_columns_are_named_in_the_accounting():
    dropped = personal_columns(
        ["Логин", "ФИО", "Примечание"], [["sch660005"], [""], ["Светлова А. Б.", "Светлова А. Б."]]
    )
    assert [(one.index, one.sign) for one in dropped] == [(1, "header"), (2, "person")]
    assert dropped_reason(dropped, 2) == Reason("personal_dropped", 2, {"columns": "«ФИО», «Примечание»"})
