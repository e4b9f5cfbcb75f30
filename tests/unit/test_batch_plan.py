from pathlib import Path

import nbformat
import pytest

from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.errors import UsageProblem
from shnor_analysis.language import render_problem


@pytest.fixture
def template(tmp_path: Path) -> Path:
    cell = nbformat.v4.new_code_cell('name: str = "a"\nyear: int = 2024\nshare: float = 0.5')
    cell.metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(
        cells=[cell], metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "p"}}
    )
    path = tmp_path / "template.ipynb"
    nbformat.write(notebook, path)
    return path


def job(template: Path, unit: str = "u", **parameters: object) -> Job:
    given = {"name": "b", "year": 2023, "share": 1, **parameters}
    return Job(unit, template, given, template.parent / unit)  # type: ignore[arg-type]


def codes_of(*jobs: Job, finisher: str = "") -> list[str]:
    with pytest.raises(UsageProblem) as refused:
        make_plan(jobs, finisher=finisher)
    for problem in refused.value.problems:
        for language in ("ru", "en"):
            assert render_problem(problem, language)
    return [problem.code for problem in refused.value.problems]


def test_a_good_plan_holds_its_jobs_in_order(template: Path) -> None:
    plan = make_plan([job(template, "b"), job(template, "a")], finisher="package.module:function")
    assert [one.unit_id for one in plan.jobs] == ["b", "a"]


def test_unknown_missing_and_wrong_parameters_are_named_at_once(template: Path) -> None:
    broken = Job("u", template, {"name": 5, "yaer": 2024, "share": 0.5}, template.parent / "u")
    assert sorted(codes_of(broken)) == ["parameter_missing", "parameter_unknown", "parameter_wrong_type"]


def test_unknown_parameter_has_its_exact_words(template: Path) -> None:
    with pytest.raises(UsageProblem) as refused:
        make_plan([job(template, yaer=1)])
    (problem,) = refused.value.problems
    assert render_problem(problem, "ru") == (
        "файл «template.ipynb»: Отчёт «u»: у шаблона нет такого параметра. Найдено: «yaer». "
        "Допустимо: name, year, share. Уберите его или назовите один из допустимых."
    )
    assert render_problem(problem, "en") == (
        "file “template.ipynb”: Report “u”: the template has no such parameter. Found: “yaer”. "
        "Allowed: name, year, share. Remove it or name one of the allowed ones."
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a=1\nimport os\nb", "parameter_name"),
        ("api_token", "parameter_secret"),
        ("password", "parameter_secret"),
    ],
)
def test_names_that_are_code_or_secrets_are_refused(template: Path, name: str, code: str) -> None:
    assert codes_of(job(template, **{name: 1})) == [code]


def test_a_truth_value_is_not_a_number(template: Path) -> None:
    assert codes_of(job(template, year=True)) == ["parameter_wrong_type"]


def test_two_units_cannot_share_a_name_or_a_folder(template: Path) -> None:
    one = job(template, "a")
    other = Job("b", template, one.parameters, one.output)
    assert codes_of(one, one, other) == ["unit_repeated", "output_repeated", "output_repeated"]


def test_absent_templates_and_odd_finishers_are_refused(template: Path) -> None:
    absent = Job("u", template.parent / "none.ipynb", {}, template.parent / "u")
    assert codes_of(absent, finisher="os.system") == ["finisher_name", "template_absent"]
