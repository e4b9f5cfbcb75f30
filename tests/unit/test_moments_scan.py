"""One pass over the rows leaves exactly the sums that formulaic's matrix would give."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import duckdb
import formulaic
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shnor_analysis.errors import InputRefused, UsageProblem
from shnor_analysis.kernels.multilevel import CannotFit
from shnor_analysis.language import render_problem
from shnor_analysis.warehouse.formulas import CONTEXT, parse_formula
from shnor_analysis.warehouse.moments import matrix_batches, scan

FIXED = [
    "ses + prior + sex + home",
    "ses * sex",
    "prior:home + sex",
    "(ses + sex + home) ** 2",
    "0 + home + ses",
    "-1 + home:sex",
    "ses:prior + I(ses ** 2) + I(prior / 100)",
    "log(prior) + exp(ses) + sqrt(prior) + abs(ses)",
    "center(ses) + scale(prior) * sex + standardize(prior)",
    "scale(log(prior)) + scale(ses, center=False) + scale(prior, ddof=0):home",
    "C(home, contr.sum) * prior",
    "C(home, contr.helmert) + C(sex, contr.poly):ses",
    "C(home, contr.treatment('town')) + C(sex, contr.diff)",
    "C(grade) + grade + C(late)",
    "late * home",
    "I(ses > 0.5) + I(home == 'city') + I(prior - 40 * ses > 540)",
    "C(sex, contr.sum):C(home, contr.sum):ses",
    "`мой балл` + home:`мой балл`",
    # only formulaic itself can compute these
    "poly(ses, 2) + bs(prior, df=4) * sex",
    "np.maximum(ses, 0) + C(home, levels=['rural', 'town', 'city']) + cr(ses, df=3)",
]


def pupils(n: int = 400, seed: int = 1) -> pd.DataFrame:
    """Invented pupils; classes have their own codes in every school."""
    draw = np.random.default_rng(seed)
    school = draw.integers(0, 9, n)
    home = pd.Categorical(draw.choice(["town", "city", "rural"], n), categories=["town", "city", "rural"])
    return pd.DataFrame(
        {
            "points": 500 + draw.normal(0, 80, n),
            "reading": draw.normal(0, 1, n),
            "ses": draw.normal(0, 1, n),
            "prior": 500 + 80 * draw.random(n),
            "мой балл": draw.normal(3, 1, n),
            "sex": draw.choice(["M", "F"], n),
            "home": home,
            "grade": draw.integers(5, 8, n),
            "late": draw.random(n) < 0.3,
            "w": draw.random(n) + 0.5,
            "school": [f"sch{one:02d}" for one in school],
            "room": school * 10 + draw.integers(1, 4, n),
            "number": draw.integers(1, 4, n),
        }
    )


def expected(fixed: str, rows: pd.DataFrame, outcome: str = "points") -> pd.DataFrame:
    """The matrix of formulaic with the outcome."""
    matrix = formulaic.model_matrix(fixed, rows, context=dict(CONTEXT))
    frame = pd.DataFrame(np.asarray(matrix, dtype=float), columns=list(matrix.columns))
    return frame.assign(**{outcome: rows[outcome].to_numpy()})


def differences(found, wanted: pd.DataFrame, weights: np.ndarray | None = None) -> float:
    """Largest difference of the products, relative to the columns' own sizes."""
    moments = found.moments
    places = [moments.columns.index(one) for one in wanted.columns]
    values = wanted.to_numpy() - moments.shift[places]
    w = np.ones(len(values)) if weights is None else weights
    products = (values.T * w) @ values
    size = np.sqrt(np.diag(products))
    return float(np.abs((moments.products[np.ix_(places, places)] - products) / np.outer(size, size)).max())


@pytest.mark.parametrize("fixed", FIXED)
def test_products_are_those_of_formulaics_matrix(fixed):
    rows = pupils()
    found = scan(f"points ~ {fixed} + (1 | school)", rows)
    wanted = expected(fixed, rows)
    assert [one for one in found.moments.columns if one in wanted] == list(wanted.columns)
    assert differences(found, wanted) < 1e-13


@pytest.mark.parametrize(
    "bars", ["(1 | school)", "(ses * sex | school)", "(1 + ses | school/number)", "(home || room)"]
)
@pytest.mark.parametrize("fixed", ["ses * sex + home", "0 + sex + prior:home", "poly(ses, 2) + sex"])
def test_sums_by_group_are_those_of_the_rows(fixed, bars):
    rows = pupils()
    found = scan(f"points ~ {fixed} + {bars}", rows, weights="w").moments
    used = scan(f"points ~ {fixed} + {bars}", rows, with_group_products=True, weights="w")
    innermost = found.levels[0]
    keys = rows[innermost.name.split(":")].astype(str).agg(":".join, axis=1)
    codes = keys.map({str(label): at for at, label in enumerate(innermost.labels)}).to_numpy()
    matrix, names = used.design.matrix(rows, used.formulas[0])
    values = dict(zip(names, matrix.T, strict=True)) | {"points": rows["points"].to_numpy()}
    for bar in used.formulas[0].random:
        matrix, names = used.design.matrix(rows, bar.terms)
        values |= dict(zip(names, matrix.T, strict=True))
    centred = {name: values[name] - found.shift[at] for at, name in enumerate(found.columns)}
    for (row, one), (column, other) in itertools.product(enumerate(found.random), enumerate(found.columns)):
        products = rows["w"].to_numpy() * centred[found.columns[one]] * centred[other]
        by_group = np.bincount(codes, weights=products, minlength=len(innermost.labels))
        scale = np.abs(products).sum()
        assert np.abs(found.grouped[row, column] - by_group).max() <= 1e-13 * scale
    assert np.array_equal(innermost.sizes, np.bincount(codes))
    assert found.sum_log_weights == pytest.approx(np.log(rows["w"]).sum(), rel=1e-13)
    assert np.allclose(used.moments.grouped.sum(axis=2), used.moments.products, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("place", ["frame", "file", "folder", "glob", "relation"])
def test_every_source_gives_the_same_sums(place, tmp_path):
    rows = pupils()
    formula = "points ~ home * ses + sex + (1 + ses | school)"
    if place in ("folder", "glob"):
        rows[:100].to_parquet(tmp_path / "a.parquet")
        rows[100:].to_parquet(tmp_path / "b.parquet")
    rows.to_parquet(tmp_path / "all.parquet" if place == "file" else tmp_path.parent / f"{place}.parquet")
    connection = duckdb.connect()
    kind = "ENUM('town', 'city', 'rural', 'camp')"
    connection.register("pupils", rows.astype({"home": "str"}))
    sources = {
        "frame": rows,
        "file": tmp_path / "all.parquet",
        "folder": tmp_path,
        "glob": str(tmp_path / "*.parquet"),
        "relation": connection.sql(f"SELECT * REPLACE (home::{kind} AS home) FROM pupils"),
    }
    found = scan(formula, sources[place])
    assert found.design.levels["home"] == ("town", "city", "rural")
    assert differences(found, expected("home * ses + sex", rows)) < 1e-13
    assert found.moments.n_obs == len(rows)


def test_rows_with_an_empty_cell_in_a_used_column_go_and_are_counted():
    rows = pupils()
    rows.loc[:4, "ses"] = np.nan
    rows.loc[5:6, "sex"] = None
    rows.loc[7, "points"] = np.nan
    rows.loc[8, "school"] = None
    rows.loc[9:20, "reading"] = np.nan
    found = scan("points ~ ses + sex + (1 | school)", rows)
    assert (found.rows_read, found.rows_dropped, found.moments.n_obs) == (400, 9, 391)
    assert differences(found, expected("ses + sex", rows[9:])) < 1e-13


def test_not_a_number_in_a_file_is_an_empty_cell(tmp_path):
    path = tmp_path / "rows.parquet"
    duckdb.sql(
        "SELECT CASE WHEN i % 10 = 0 THEN 'nan'::DOUBLE ELSE i END AS x, i * 2.0 AS y, i % 3 AS g FROM range(100) t(i)"
    ).write_parquet(str(path))
    for formula in ("y ~ x + (1 | g)", "y ~ poly(x, 2) + (1 | g)"):
        found = scan(formula, path)
        assert (found.moments.n_obs, found.rows_dropped) == (90, 10)


def test_an_infinite_number_is_refused_by_name():
    rows = pupils()
    rows.loc[3, "ses"] = np.inf
    with pytest.raises(InputRefused) as refused:
        scan("points ~ ses + (1 | school)", rows)
    assert render_problem(refused.value.problems[0], "en") == (
        "A column or a computation holds an infinite value. Found: “ses”. "
        "Mend the value or take the row out; the logarithm of zero is infinite, too."
    )


def test_transforms_know_the_whole_column_and_not_only_the_complete_rows():
    rows = pupils()
    rows.loc[:99, "reading"] = np.nan
    found = scan("points ~ center(prior) + scale(ses) + reading", rows)
    whole = rows.assign(
        prior=rows["prior"] - rows["prior"].mean(), ses=(rows["ses"] - rows["ses"].mean()) / rows["ses"].std()
    )
    wanted = expected("prior + ses + reading", whole[100:])
    wanted.columns = ["Intercept", "center(prior)", "scale(ses)", "reading", "points"]
    assert differences(found, wanted) < 1e-13


def test_levels_that_no_complete_row_has_are_no_columns():
    rows = pupils()
    rows["home"] = (
        rows["home"].cat.add_categories(["camp"]).cat.reorder_categories(["camp", "rural", "town", "city"])
    )
    rows.loc[rows["home"] == "rural", "ses"] = np.nan
    found = scan("points ~ home + ses", rows)
    assert found.moments.columns == ("Intercept", "home[T.city]", "ses", "points")


def test_rows_sorted_by_a_factor_show_all_its_levels():
    rows = pd.DataFrame({"y": np.arange(30_000.0), "s": np.repeat(["c", "a", "b"], 10_000)})
    assert scan("y ~ s", rows).moments.columns == ("Intercept", "s[T.b]", "s[T.c]", "y")
    one_late = pd.DataFrame({"y": np.arange(30_000.0), "s": ["a", "b"] * 14_999 + ["c", "c"]})
    assert scan("y ~ s", one_late).moments.columns == ("Intercept", "s[T.b]", "s[T.c]", "y")


def test_the_order_of_rows_changes_nothing_but_the_last_digits():
    rows = pupils()
    one = scan("points ~ ses * home + (1 | school)", rows).moments
    other = scan("points ~ ses * home + (1 | school)", rows.sample(frac=1, random_state=2)).moments
    assert np.array_equal(one.shift, other.shift)
    assert np.allclose(one.products, other.products, rtol=1e-13)
    assert list(one.levels[0].labels) == list(other.levels[0].labels)


def test_large_numbers_keep_their_digits():
    draw = np.random.default_rng(3)
    rows = pd.DataFrame({"y": 1e6 + draw.normal(0, 1, 20_000), "x": 500 + draw.normal(0, 1, 20_000), "g": 1})
    found = scan("y ~ x", rows).moments
    y, x = rows["y"] - found.shift[2], rows["x"] - found.shift[1]
    exact = [math.fsum(y * y), math.fsum(x * y), math.fsum(x * x)]
    n = found.n_obs
    spread = found.products[2, 2] - found.products[0, 2] ** 2 / n
    assert spread == pytest.approx(exact[0] - math.fsum(y) ** 2 / n, rel=1e-12)
    assert [found.products[2, 2], found.products[1, 2], found.products[1, 1]] == pytest.approx(
        exact, rel=1e-12
    )


def test_without_an_intercept_nothing_is_taken_from_the_columns():
    for formula in ("points ~ 0 + home + ses", "points ~ 0 + home + poly(ses, 2)"):
        assert not scan(formula, pupils()).moments.shift.any()
    assert scan("points ~ home + ses", pupils()).moments.shift[-1] == pytest.approx(500, abs=50)


def test_weights_of_zero_leave_rows_out_and_negative_ones_are_refused():
    rows = pupils()
    rows.loc[:2, "w"] = 0.0
    found = scan("points ~ ses + sex + (1 | school)", rows, weights="w")
    assert (found.moments.n_obs, found.rows_dropped) == (397, 3)
    assert differences(found, expected("ses + sex", rows[3:]), rows["w"].to_numpy()[3:]) < 1e-13
    rows.loc[5, "w"] = -1.0
    with pytest.raises(UsageProblem, match="weights_negative"):
        scan("points ~ ses", rows, weights="w")


def test_nesting_is_found_from_the_data():
    rows = pupils()
    written = scan("points ~ ses + (1 | school/room)", rows)
    found = scan("points ~ ses + (1 | school) + (1 | room)", rows)
    assert [one.name for one in found.moments.levels] == ["room", "school"]
    assert [one.name for one in written.moments.levels] == ["room:school", "school"]
    assert written.moments.levels[0].labels[0] == "1:sch00"
    assert np.array_equal(np.sort(found.moments.grouped), np.sort(written.moments.grouped))
    parent = found.moments.levels[0].parent
    assert [f"sch{label // 10:02d}" for label in found.moments.levels[0].labels] == list(
        found.moments.levels[1].labels[parent]
    )


def test_codes_that_repeat_are_crossed_and_the_error_says_how_to_write_it():
    with pytest.raises(UsageProblem) as refused:
        scan("points ~ ses + (1 | school) + (1 | number)", pupils())
    text = render_problem(refused.value.problems[0], "ru")
    assert "(1 | school/number)" in text
    assert "pip install shnor-analysis[mixed]" in text


def test_a_model_within_the_scan_is_found_in_it():
    found = scan(
        ["points + reading ~ ses * sex + (1 + ses | school/number)", "points ~ prior + home"], pupils()
    )
    spec = found.spec_for("reading ~ prior + sex + (0 + ses | school)", method="ml")
    names = found.moments.columns
    assert [names[one] for one in spec.fixed] == ["Intercept", "prior", "sex[T.M]"]
    assert names[spec.outcome] == "reading"
    assert [(term.level, [names[one] for one in term.columns]) for term in spec.random] == [(1, ["ses"])]
    with pytest.raises(UsageProblem, match="scan_lacks"):
        found.spec_for("points ~ late")


def test_new_rows_become_the_same_columns():
    rows = pupils()
    fixed = "scale(prior) * home + poly(ses, 2) + C(grade, contr.sum) + log(`мой балл` + 9)"
    found = scan(f"points ~ {fixed} + (1 | school)", rows)
    matrix, names = found.design.matrix(rows[10:13], found.formulas[0])
    wanted = expected(fixed, rows)
    assert list(names) == list(wanted.columns[:-1])
    assert np.allclose(matrix, wanted.to_numpy()[10:13, :-1], rtol=1e-12)
    with pytest.raises(UsageProblem) as refused:
        found.design.matrix(rows[:3].assign(home="Марс"), found.formulas[0])
    assert "«Марс». Допустимо: town, city, rural." in render_problem(refused.value.problems[0], "ru")


def test_batches_hold_the_same_rows_as_one_matrix():
    rows = pupils()
    rows.loc[:9, "ses"] = np.nan
    stream = matrix_batches(
        "points ~ ses * sex + (1 | school/number)", rows, weights="w", extra=["grade"], batch_rows=64
    )
    batches = list(stream)
    stream.close()
    values = np.concatenate([batch.values for batch in batches])  # noqa: PD011 - our own value
    assert len(batches) > 1
    assert np.allclose(values, expected("ses * sex", rows[10:]).to_numpy())
    groups = np.concatenate([one.groups for one in batches], axis=1)
    assert list(stream.hierarchy.labels[1][groups[1]]) == list(rows["school"][10:])
    labels = rows["number"].astype(str) + ":" + rows["school"]
    assert list(stream.hierarchy.labels[0][groups[0]]) == list(labels[10:])
    assert np.array_equal(np.concatenate([one.extra[:, 0] for one in batches]), rows["grade"][10:])
    assert np.array_equal(np.concatenate([one.weights for one in batches]), rows["w"][10:])


@pytest.mark.parametrize(
    ("formula", "change", "code"),
    [
        ("points ~ ses", {"ses": np.nan}, "no_rows"),
        ("points ~ poly(ses, 2) + (1 | school)", {"points": np.nan}, "no_rows"),
        ("points ~ sex + ses", {"sex": "M"}, "constant_column"),
        ("points ~ sex + poly(ses, 2)", {"sex": "M"}, "constant_column"),
    ],
)
def test_rows_that_say_nothing_cannot_be_fitted(formula, change, code):
    with pytest.raises(CannotFit) as refused:
        scan(formula, pupils().assign(**change))
    assert refused.value.reason_code == code


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("points ~ sess + (1 | scool)", ["formula_column", "formula_column"]),
        ("points ~ log(sex)", ["formula_text"]),
        ("sex ~ ses", ["formula_text"]),
        ("points ~ day", ["formula_kind"]),
        ('points ~ `x"; DROP TABLE rows; --`', ["formula_column"]),
        ("points ~ bs(ses, df=2)", ["formula_refused"]),
    ],
)
def test_columns_that_do_not_fit_are_named(formula, code):
    rows = pupils().assign(day=pd.Timestamp("2021-03-01"))
    with pytest.raises(UsageProblem) as refused:
        scan(formula, rows)
    assert [one.code for one in refused.value.problems] == code


def test_names_that_look_like_sql_are_names_only():
    rows = pupils().rename(columns={"ses": 'a"0', "sex": "f0'; --", "school": "g0"})
    rows["a0"] = rows['a"0'] ** 2
    found = scan("points ~ `a\"0` * `f0'; --` + a0 + (1 | g0)", rows)
    plain = rows.rename(columns={'a"0': "ses", "f0'; --": "sex"})
    wanted = expected("ses * sex + a0", plain).to_numpy() - found.moments.shift
    assert np.allclose(found.moments.products, wanted.T @ wanted)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(InputRefused, match="rows_not_found"):
        scan("y ~ x", tmp_path / "none.parquet")
    (tmp_path / "broken.parquet").write_text("no table")
    with pytest.raises(InputRefused, match="rows_unreadable"):
        scan("y ~ x", tmp_path / "broken.parquet")


def test_not_a_number_in_parquet_is_an_empty_cell_whatever_its_statistics_say(tmp_path: Path) -> None:
    ses = np.random.default_rng(5).normal(size=60)
    ses[::7] = np.nan
    table = pa.table({"points": np.arange(60.0) ** 0.5, "ses": ses, "school": np.arange(60) // 10})
    pq.write_table(table, tmp_path / "pupils.parquet")
    assert scan(parse_formula("points ~ ses + (1 | school)"), tmp_path / "pupils.parquet").rows_dropped == 9
