"""A wrong `shnor.toml` says which key is missing, unknown or wrong, and what it may be."""

import pytest

from shnor_analysis.errors import InputRefused
from shnor_analysis.language import render_problem
from shnor_analysis.settings import Settings, read_settings

WRITTEN = 'workspace_id = "A B"\ntitle_ru = "x"\ntitle_en = "x"\nlanguage = "de"\nmunicipality = "x"\nregion_id = "x"\n'
KEYS = ", ".join(Settings.model_fields)
SAID = {
    "ru": [
        "файл «shnor.toml», ячейка workspace_id: Настройка неверна. Найдено: «A B». Допустимо: gorod-500. Исправьте "
        "значение. Все ключи shnor.toml описаны в docs/README.ru.md.",
        'файл «shnor.toml», ячейка municipality_id: Обязательной настройки нет. Добавьте строку: municipality_id = "…". '
        "Все ключи shnor.toml описаны в docs/README.ru.md.",
        "файл «shnor.toml», ячейка language: Настройка неверна. Найдено: «de». Допустимо: ru, en. Исправьте значение. "
        "Все ключи shnor.toml описаны в docs/README.ru.md.",
        f"файл «shnor.toml», ячейка municipality: Такой настройки нет. Допустимо: {KEYS}. Удалите строку или исправьте "
        "имя ключа.",
    ],
    "en": [
        "file “shnor.toml”, cell workspace_id: A setting is wrong. Found: “A B”. Allowed: gorod-500. Correct the value. "
        "docs/README.ru.md describes every key of shnor.toml.",
        'file “shnor.toml”, cell municipality_id: A required setting is missing. Add the line: municipality_id = "…". '
        "docs/README.ru.md describes every key of shnor.toml.",
        "file “shnor.toml”, cell language: A setting is wrong. Found: “de”. Allowed: ru, en. Correct the value. "
        "docs/README.ru.md describes every key of shnor.toml.",
        f"file “shnor.toml”, cell municipality: There is no such setting. Allowed: {KEYS}. Delete the line or correct "
        "the name of the key.",
    ],
}


@pytest.mark.parametrize("language", SAID)
def test_every_wrong_setting_is_told_at_once(language, tmp_path):
    (tmp_path / "shnor.toml").write_text(WRITTEN, encoding="utf-8")
    with pytest.raises(InputRefused) as refused:
        read_settings(tmp_path)
    assert [render_problem(problem, language) for problem in refused.value.problems] == SAID[language]
