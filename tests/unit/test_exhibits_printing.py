import pytest

from shnor_analysis.evaluation.facts import Procedure
from shnor_analysis.exhibits import printing
from shnor_analysis.results import Estimate, NotEstimable, Suppressed


def plain(text: str) -> str:
    return text.replace("\u00a0", "_").replace("\u202f", "'")


@pytest.mark.parametrize(
    ("share", "ru", "en"),
    [
        (0.0, "0_%", "0%"),
        (0.004, "0,4_%", "0.4%"),
        (0.0099, "1,0_%", "1.0%"),
        (0.125, "12_%", "12%"),
        (0.3149, "31_%", "31%"),
        (0.996, "99,6_%", "99.6%"),
        (1.0, "100_%", "100%"),
    ],
)
def test_shares_are_printed_as_whole_percent_but_near_the_ends(share: float, ru: str, en: str) -> None:
    assert plain(printing.percent(share, "ru")) == ru
    assert plain(printing.percent(share, "en")) == en


def test_intervals_and_changes_have_their_unit_once() -> None:
    low = Estimate(0.2, 0.12, 0.31)
    assert plain(printing.interval(low, "ru")) == "от 12 до 31_%"
    assert plain(printing.interval(low, "en")) == "12 to 31%"
    change = Estimate(-0.051, -0.12, 0.02)
    assert plain(printing.change(change, "ru")) == "−5_п._п."
    assert plain(printing.change_interval(change, "ru")) == "от −12 до +2_п._п."
    assert plain(printing.change_interval(change, "en")) == "−12 to +2 pp"


def test_a_change_that_rounds_to_nothing_has_no_sign() -> None:
    assert printing.signed(-0.001, "ru") == printing.signed(0.001, "ru") == "0"


def test_long_numbers_are_grouped_from_five_digits() -> None:
    assert plain(printing.number(9999, "ru")) == "9999"
    assert plain(printing.number(1234567, "ru")) == "1'234'567"
    assert plain(printing.number(1234567, "en")) == "1,234,567"
    assert plain(printing.number(12345.5, "ru", 1)) == "12'345,5"


@pytest.mark.parametrize(
    ("n", "ru", "en"),
    [
        (
            1,
            "За 2023/24 учебный год есть результаты 1 процедуры.",
            "For 2023/24 there are results of 1 test.",
        ),
        (
            2,
            "За 2023/24 учебный год есть результаты 2 процедур.",
            "For 2023/24 there are results of 2 tests.",
        ),
        (
            21,
            "За 2023/24 учебный год есть результаты 21 процедуры.",
            "For 2023/24 there are results of 21 tests.",
        ),
        (
            11,
            "За 2023/24 учебный год есть результаты 11 процедур.",
            "For 2023/24 there are results of 11 tests.",
        ),
    ],
)
def test_nouns_follow_their_number(n: int, ru: str, en: str) -> None:
    year = {language: printing.school_year(2024, language) for language in ("ru", "en")}
    assert printing.counted("found.works", n, "ru", year=year["ru"]) == ru
    assert printing.counted("found.works", n, "en", year=year["en"]) == en


def test_what_is_not_there_is_a_word_or_a_dash() -> None:
    assert printing.share_of(Suppressed("fewer_than_5"), "ru") == "скрыто"
    assert printing.count_of(Suppressed("fewer_than_10_tested"), "ru") == "менее 10"
    assert printing.share_of(NotEstimable("no_pupil_rows"), "ru") == "—"
    assert printing.count_of(None, "en") == "—"


@pytest.mark.parametrize(
    ("chance", "ru", "en"),
    [
        (0.001, "меньше 1 из 100", "fewer than 1 of 100"),
        (0.63, "63 из 100", "63 of 100"),
        (0.999, "больше 99 из 100", "more than 99 of 100"),
    ],
)
def test_chances_are_frequencies_without_pretended_certainty(chance: float, ru: str, en: str) -> None:
    assert (printing.of_hundred(chance, "ru"), printing.of_hundred(chance, "en")) == (ru, en)


def test_an_autumn_test_names_its_calendar_year_and_the_programme() -> None:
    autumn = Procedure(2021, "vpr", "russian", 4, "autumn")
    assert plain(printing.work_and_time(autumn, "ru")) == "ВПР, русский язык, программа 4_класса, осень_2020"
    assert plain(printing.work_and_time(autumn, "en")) == "VPR, Russian, programme of grade_4, autumn_2020"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.2571, 0.2649, "25.7 to 26.5%"),
        (0.2571, 0.2751, "26 to 28%"),
        (0.1, 0.1, "10 to 10%"),
    ],
)
def test_an_interval_whose_ends_round_to_one_number_gets_a_decimal(low, high, expected):
    assert printing.interval(Estimate(low, low, high), "en") == expected
