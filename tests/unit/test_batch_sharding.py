import pytest

from shnor_analysis.batch.sharding import Shard, read_shard
from shnor_analysis.errors import UsageProblem
from shnor_analysis.language import render_problem

UNITS = [f"sch{660001 + number}" for number in range(2_000)]


@pytest.mark.parametrize("of", [1, 3, 4, 40])
def test_every_unit_falls_into_exactly_one_part_of_about_its_size(of: int) -> None:
    parts = [[unit for unit in UNITS if Shard(number, of).takes(unit)] for number in range(1, of + 1)]
    assert sorted(unit for part in parts for unit in part) == UNITS
    assert max(map(len, parts)) < len(UNITS) / of + 5 * (len(UNITS) / of) ** 0.5


def test_the_part_of_a_unit_is_the_same_on_every_machine_and_for_ever() -> None:
    # the last digit of sha256sum, divided by four, leaves one
    assert [unit for unit in UNITS[:30] if Shard(2, 4).takes(unit)] == ["sch660007", "sch660024", "sch660027"]


@pytest.mark.parametrize("text", ["0/4", "5/4", "x", "1", "1/0", "-1/4", "1/4/4", "01/4", "one/4", ""])
def test_what_is_no_part_of_a_whole_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        read_shard(text)
    (problem,) = refused.value.problems
    assert (problem.code, problem.found) == ("shard_wrong", text)


def test_a_wrong_part_has_its_exact_words() -> None:
    with pytest.raises(UsageProblem) as refused:
        read_shard("5/4")
    (problem,) = refused.value.problems
    assert render_problem(problem, "ru") == (
        "Часть работы записана неверно. Найдено: «5/4». "
        "Запишите её как номер и число частей, например 1/4; номер — от 1 до числа частей."
    )
    assert render_problem(problem, "en") == (
        "The part of the work is written wrongly. Found: “5/4”. "
        "Write it as number and count of the parts, such as 1/4; the number is between 1 and the count."
    )


def test_a_part_reads_as_it_is_written() -> None:
    assert read_shard(" 4/4 ") == Shard(4, 4)
    assert str(Shard(4, 4)) == "4/4"
