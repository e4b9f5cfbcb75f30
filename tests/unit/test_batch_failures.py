import pytest

from shnor_analysis.batch.failures import failure_in_words
from shnor_analysis.batch.settling import Failed


@pytest.mark.parametrize(
    ("reason", "detail", "expected"),
    [
        ("cell_failed", "ValueError: no data", "ошибка в ячейке 4: ValueError: no data"),
        (
            "cell_failed",
            "EnvironmentProblem: no_workspace",
            "ошибка в ячейке 4: Здесь и выше нет папки с файлом shnor.toml.",
        ),
        (
            "cell_failed",
            "UsageProblem: parameter_missing",
            "ошибка в ячейке 4: UsageProblem: parameter_missing",
        ),
        ("report_timeout", "", "отчёт не уложился в отведённое время"),
    ],
)
def test_a_failure_is_said_in_words_where_words_are_known(reason: str, detail: str, expected: str) -> None:
    assert failure_in_words(Failed("a", reason, detail, 4, 1.0), "ru") == expected
