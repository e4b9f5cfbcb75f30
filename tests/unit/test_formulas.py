"""lme4's formula language is read as lme4 and formulaic read it, and nothing in a formula is run that is not listed."""

from __future__ import annotations

import pytest
from formulaic import Formula

from shnor_analysis.errors import UsageProblem
from shnor_analysis.language import render_problem
from shnor_analysis.warehouse.formulas import parse_formula


def bars(text: str) -> list[tuple[str, str]]:
    """Terms and group of each bar."""
    return [(" + ".join(map(str, bar.terms)), bar.group_name) for bar in parse_formula(text).random]


@pytest.mark.parametrize(
    ("bar", "wanted"),
    [
        ("(1 | g)", [("1", "g")]),
        ("(x | g)", [("1 + x", "g")]),
        ("(0 + x | g)", [("x", "g")]),
        ("(x - 1 | g)", [("x", "g")]),
        ("(x || g)", [("1", "g"), ("x", "g")]),
        ("(x*z||g)", [("1", "g"), ("x", "g"), ("z", "g"), ("x:z", "g")]),
        ("(1 | a/b)", [("1", "b:a"), ("1", "a")]),
        ("(1 | a/b/c)", [("1", "c:b:a"), ("1", "b:a"), ("1", "a")]),
        ("(1 | a:b)", [("1", "a:b")]),
        ("(1 + (x + z)**2 | g)", [("1 + x + z + x:z", "g")]),
        ("(1 | g) + (0 + x | g)", [("1", "g"), ("x", "g")]),
        ("(1|`школа №`/class)", [("1", "class:школа №"), ("1", "школа №")]),
    ],
)
def test_bars_are_those_of_lme4(bar, wanted):
    assert bars(f"y ~ q + {bar}") == wanted
    assert bars(f"y ~ {bar} + q - 1") == wanted


@pytest.mark.parametrize(
    "fixed",
    [
        "1", "0", "x", "x - 1", "0 + x", "x*z", "x:z", "(a + b + c)**2", "a/b", "a*b - a", "I(x**2)", "x + C(z, contr.sum)",
        "bs(x, df=4) + poly(z, 2)", "log(x) + np.log1p(z)", "`мой столбец` + log(`a b`)", "+ x",
    ],
)  # fmt: skip
def test_the_fixed_part_is_formulaics(fixed):
    read = parse_formula(f"y ~ {fixed} + (1 | g)")
    assert list(map(str, read.fixed)) == list(map(str, Formula(fixed)))
    assert "|" not in str(read.fixed)


def test_outcomes_may_be_several_and_transformed():
    read = parse_formula("log(points) + reading ~ sex + (1 | school)")
    assert list(map(str, read.outcomes)) == ["log(points)", "reading"]
    assert read.columns == ("points", "reading", "school", "sex")


def test_only_bars_leave_an_intercept():
    assert list(map(str, parse_formula("y ~ (1 | g)").fixed)) == ["1"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "formula_syntax"),
        ("y ~ x +", "formula_syntax_at"),
        ("y ~ a b", "formula_syntax_at"),
        ("y ~ x ~ z", "formula_syntax_at"),
        ("y ~ (x", "formula_syntax_at"),
        ("y ~ x)", "formula_syntax_at"),
        ("y ~ .", "formula_syntax_at"),
        ("y ~ (a + b)**40", "formula_syntax_at"),
        ("y ~ x*(1 | g)", "formula_bar"),
        ("y ~ ((1 | g))", "formula_bar"),
        ("y ~ x | g", "formula_bar"),
        ("y ~ (1 | g | h)", "formula_bar"),
        ("y ~ (1 | log(g))", "formula_group"),
        ("y ~ (1 | a + b)", "formula_group"),
        ("x:z ~ y", "formula_outcome"),
        ("1 ~ y", "formula_outcome"),
        ("y ~ lag(x)", "formula_order"),
        ("y ~ I(x^2)", "formula_power"),
        ("y ~ spline(x)", "formula_function"),
    ],
)
def test_what_cannot_be_read_is_refused(text, code):
    with pytest.raises(UsageProblem) as refused:
        parse_formula(text)
    assert [one.code for one in refused.value.problems] == [code]
    for language in ("ru", "en"):
        assert render_problem(refused.value.problems[0], language)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('ls')",
        "I(__import__('os'))",
        "{__import__('os').system('ls')}",
        "{().__class__.__bases__}",
        "I(x.__class__)",
        "I(x.to_csv('a'))",
        "np.load('a')",
        "np.save('a', x)",
        "contr.__class__(x)",
        "I([a for a in x])",
        "I((lambda: 1)())",
        "I(x if x else 1)",
        "I(f'{x}')",
        "I((y := 1))",
        "I(x[0])",
        "I(*x)",
        "C(x, **z)",
        "I(9**9**9)",
        "I(x**999999)",
        "bs(x, df=99999999)",
        "eval('1')",
        "open('a')",
        "I('a' * 2).b",
        "I(x)(1)",
    ],
)
def test_a_formula_runs_nothing_but_what_is_listed(text):
    for formula in (f"y ~ {text}", f"{text} ~ y", f"y ~ ({text} | g)"):
        with pytest.raises(UsageProblem) as refused:
            parse_formula(formula)
        assert refused.value.problems[0].code.startswith("formula_")


def test_the_place_of_an_error_is_said_in_both_languages():
    with pytest.raises(UsageProblem) as refused:
        parse_formula("points ~ sex & ses")
    problem = refused.value.problems[0]
    assert render_problem(problem, "ru") == (
        "В записи модели ошибка, знак 14. Найдено: «& ses». "
        "Исправьте запись в этом месте: знаки + - * : / ** ^ стоят между именами колонок, скобки закрыты."
    )
    assert render_problem(problem, "en") == (
        "The formula cannot be read at character 14. Found: “& ses”. "
        "Mend this place: the signs + - * : / ** ^ stand between names of columns, brackets are closed."
    )
