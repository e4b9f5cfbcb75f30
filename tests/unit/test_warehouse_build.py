"""The built warehouse: one row a key, counts from pupils, checks, and a pointer that switches at the end."""

from __future__ import annotations

import statistics

import pandas as pd
import pytest
from warehouse_tables import SPRING, a_card, a_table, marks, pupil_file, schools

from shnor_analysis.errors import EnvironmentProblem, RuleBroken, UsageProblem
from shnor_analysis.language import render_problem
from shnor_analysis.schemas import TABLES, validate
from shnor_analysis.warehouse import (
    build,
    connect,
    current_build,
    is_up_to_date,
    read_conflicts,
    read_coverage,
    read_missing,
    read_table,
    store_reading,
)
from shnor_analysis.warehouse import build as build_function


def store(folder, name, tables):
    report = next(iter(tables.values()))["report"].iloc[0]
    return store_reading(folder, a_card(name, report, tables), tables)


@pytest.fixture
def town(tmp_path):
    store(tmp_path, "register.csv", schools("s1", "s2"))
    return tmp_path


def reasons(outcome, table):
    return {
        reason.code: reason.n
        for step in outcome.accounting.steps
        if step.subject == table
        for reason in step.reasons
    }


def test_the_corrected_file_counts_and_the_first_is_accounted_for(town):
    store(town, "a.xlsx", marks({"s1": (1, 2, 3, 4), "s2": (0, 5, 5, 0)}, file="a.xlsx"))
    store(town, "b.xlsx", marks({"s1": (2, 2, 3, 4)}, file="b.xlsx"))
    outcome = build(town)
    built = read_table(town, "school_results")
    assert built.set_index("school_id")["mark_2_n"].to_dict() == {"s1": 2, "s2": 0}
    assert reasons(outcome, "school_results") == {"rows_superseded": 1}


def test_results_counted_from_pupils_equal_a_count_by_hand(town):
    given = [(1, 4.0, 2), (2, 7.0, 3), (3, 11.5, 4), (4, 11.0, 4), (5, 18.0, 5)]
    store(town, "a.xlsx", pupil_file("s1", given, file="a.xlsx"))
    build(town)
    row = read_table(town, "school_results").iloc[0]
    assert (row["tested_n"], *(row[f"mark_{m}_n"] for m in (2, 3, 4, 5))) == (5, 1, 1, 2, 1)
    assert (row["low_n"], row["low_share"], row["counts_rebuilt"]) == (1, 0.2, True)
    points = [points for _, points, _ in given]
    assert row["mean_points"] == pytest.approx(statistics.mean(points), abs=1e-12)
    assert row["sd_points"] == pytest.approx(statistics.stdev(points), abs=1e-12)
    assert row["points_max"] == 20
    assert (row["report"], row["source_cells"]) == ("pupil_results", "A8:G12")
    validate(TABLES["school_results"], read_table(town, "school_results"))


def test_low_results_of_the_unified_exam_are_counted_below_the_certificate_minimum(town):
    tables = pupil_file("s1", [(1, 5, 2), (2, 6, 2), (3, 9, 2)], file="a.xlsx", assessment="ege", grade=11)
    results = tables["pupil_results"].assign(mark=pd.NA, test_points=[26.0, 27.0, 80.0])
    tables["pupil_results"] = validate(TABLES["pupil_results"], results)
    store(town, "a.xlsx", tables)
    build(town)
    row = read_table(town, "school_results").iloc[0]
    assert (row["tested_n"], row["low_n"]) == (3, 1)  # the minimum in mathematics is 27
    assert pd.isna(row["mark_2_n"])


def test_pupils_precede_published_marks_and_the_difference_is_listed(town):
    store(town, "a.xlsx", pupil_file("s1", [(1, 4, 2), (2, 7, 3), (3, 9, 3)], file="a.xlsx"))
    store(town, "b.xlsx", marks({"s1": (2, 1, 0, 0), "s2": (1, 1, 1, 1)}, file="b.xlsx"))
    store(town, "c.xlsx", marks({"s2": (1, 1, 1, 1)}, file="c.xlsx", report="regional_marks"))
    outcome = build(town)
    built = read_table(town, "school_results").set_index("school_id")
    assert built["report"].to_dict() == {"s1": "pupil_results", "s2": "mark_statistics"}
    assert built.loc["s1", "mark_2_n"] == 1
    assert reasons(outcome, "school_results") == {
        "counted_from_pupils": 1,
        "sources_agree": 1,
        "sources_differ": 1,
    }
    conflicts = read_conflicts(town)
    assert set(conflicts["key"]) == {"s1 · 2021 · vpr · mathematics · 5 · spring"}
    two = conflicts[conflicts["column"] == "mark_2_n"].iloc[0]
    assert (two["kept"], two["other"], two["other_report"]) == ("1", "2", "mark_statistics")


def test_an_incomplete_file_of_pupils_does_not_hide_the_published_result(town):
    store(town, "a.xlsx", pupil_file("s1", [(1, 4, 2), (2, 7, 3)], file="a.xlsx"))
    store(town, "b.xlsx", marks({"s1": (2, 10, 8, 0)}, file="b.xlsx"))
    build(town)
    assert read_table(town, "school_results")["tested_n"].tolist() == [20]
    assert "tested_n" in set(read_conflicts(town)["column"])


def test_facts_of_a_pupil_are_merged_from_all_files_the_latest_known_counts(town):
    store(town, "a.xlsx", pupil_file("s1", [(1, 4, 2)], file="a.xlsx", facts={"sex": "f"}))
    store(
        town,
        "b.xlsx",
        pupil_file("s1", [(1, 9, 3)], file="b.xlsx", subject="russian", facts={"has_special_needs": True}),
    )
    moved = pupil_file("s1", [(1, 9, 3)], file="c.xlsx", subject="history", class_id="5Б")
    store(town, "c.xlsx", moved)
    outcome = build(town)
    pupil = read_table(town, "pupils").iloc[0]
    assert (pupil["sex"], pupil["has_special_needs"], pupil["class_id"]) == ("f", True, "5Б")
    assert reasons(outcome, "pupils") == {"rows_repeated": 2, "pupils_changed": 1}


def test_a_pupil_who_was_only_in_the_replaced_file_is_gone(town):
    store(town, "a.xlsx", pupil_file("s1", [(1, 4, 2), (2, 7, 3)], file="a.xlsx"))
    store(town, "b.xlsx", pupil_file("s1", [(1, 5, 2)], file="b.xlsx"))
    outcome = build(town)
    assert len(read_table(town, "pupil_results")) == 1
    assert len(read_table(town, "pupils")) == 1
    assert reasons(outcome, "pupils") == {"rows_repeated": 1, "pupils_orphaned": 1}


def test_two_classes_that_came_one_after_the_other_both_count(town):
    store(town, "a.xlsx", pupil_file("s1", [(1, 4, 2), (2, 7, 3)], file="a.xlsx"))
    store(town, "b.xlsx", pupil_file("s1", [(3, 9, 3)], file="b.xlsx", class_id="5Б"))
    build(town)
    assert read_table(town, "school_results")["tested_n"].tolist() == [3]


def test_an_unknown_school_stops_the_build_and_the_old_warehouse_stays(town):
    store(town, "a.xlsx", marks({"s1": (1, 2, 3, 4)}, file="a.xlsx"))
    build(town)
    before = current_build(town)
    store(town, "b.xlsx", marks({"s9": (1, 2, 3, 4), "s8": (1, 2, 3, 4)}, file="b.xlsx"))
    with pytest.raises(RuleBroken) as caught:
        build(town)
    assert [render_problem(problem, "ru") for problem in caught.value.problems] == [
        f"файл «b.xlsx», лист «Лист1», ячейка {cell}: В таблице «schools» нет того, на что ссылается таблица "
        f"«school_results» (колонка «school_id», строк: 1). Найдено: «{school}». Дополните таблицу «schools» "
        "или исправьте файл и загрузите снова, затем повторите сборку."
        for school, cell in (("s8", "A9:G9"), ("s9", "A8:G8"))
    ]
    assert render_problem(caught.value.problems[0], "en") == (
        "file “b.xlsx”, sheet “Лист1”, cell A9:G9: Table “schools” lacks what table “school_results” refers to "
        "(column “school_id”, rows: 1). Found: “s8”. Complete table “schools”, or correct the file and import it "
        "again, then repeat the build."
    )
    assert current_build(town) == before
    assert len(read_table(town, "school_results")) == 1


def test_marks_that_do_not_add_up_stop_the_build(town):
    tables = marks({"s1": (1, 2, 3, 4)}, file="a.xlsx")
    tables["school_results"]["tested_n"] = 11
    store(town, "a.xlsx", tables)
    with pytest.raises(RuleBroken) as caught:
        build(town)
    (problem,) = caught.value.problems
    assert render_problem(problem, "ru") == (
        "файл «a.xlsx», лист «Лист1», ячейка A8:G8: В таблице «school_results», строка "
        "«s1 · 2021 · vpr · mathematics · 5 · spring», сумма колонок mark_2_n, mark_3_n, mark_4_n, mark_5_n не равна "
        "числу участников. Найдено: «10». Допустимо: 11. Исправьте файл и загрузите его снова."
    )


def test_building_twice_gives_the_same_content_and_removes_the_old_build(town):
    store(town, "a.xlsx", pupil_file("s1", [(i, i % 20, 2 + i % 4) for i in range(50)], file="a.xlsx"))
    build(town)
    first = {p.relative_to(current_build(town)): p.read_bytes() for p in current_build(town).rglob("*.*")}
    old = current_build(town)
    build(town)
    second = {p.relative_to(current_build(town)): p.read_bytes() for p in current_build(town).rglob("*.*")}
    assert first == second
    assert not old.exists()


@pytest.mark.parametrize("step", ["_write_table", "write_text", "check_all"])
def test_a_build_killed_at_any_step_leaves_the_old_warehouse(town, monkeypatch, step):
    import sys

    module = sys.modules[build_function.__module__]
    store(town, "a.xlsx", marks({"s1": (1, 2, 3, 4)}, file="a.xlsx"))
    build(town)
    store(town, "b.xlsx", marks({"s2": (1, 2, 3, 4)}, file="b.xlsx"))

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, step, killed)
        with pytest.raises(KeyboardInterrupt):
            build(town)
    assert read_table(town, "school_results")["school_id"].tolist() == ["s1"]
    assert not is_up_to_date(town)
    build(town)
    assert read_table(town, "school_results")["school_id"].tolist() == ["s1", "s2"]
    assert is_up_to_date(town)


def test_tables_come_back_in_their_types_even_without_rows(town):
    build(town)
    for name, table in TABLES.items():
        read = read_table(town, name)
        assert {c: str(t) for c, t in read.dtypes.items()} == {
            c: str(t) for c, t in table.empty().dtypes.items()
        }
    store(town, "a.xlsx", marks({"s1": (1, 2, 3, 4)}, file="a.xlsx"))
    build(town)
    validate(TABLES["school_results"], read_table(town, "school_results"))
    assert read_table(town, "school_results", school_year=2020).empty
    assert len(read_table(town, "school_results", school_year=[2020, 2021], school_id="s1")) == 1


def test_what_does_not_exist_is_named(tmp_path):
    with pytest.raises(EnvironmentProblem, match="not_built"):
        read_table(tmp_path, "schools")
    with pytest.raises(UsageProblem, match="table_unknown"):
        read_table(tmp_path, "nonsense")
    with pytest.raises(UsageProblem, match="column_of_table_unknown"):
        read_table(tmp_path, "schools", nonsense=1)


def test_the_connection_reads_views_and_nothing_else(town, tmp_path_factory):
    store(town, "a.xlsx", marks({"s1": (1, 2, 3, 4)}, file="a.xlsx"))
    build(town)
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_text("a\n1\n")
    with connect(town) as connection:
        assert connection.execute("SELECT count(*) FROM school_results").fetchone() == (1,)
        with pytest.raises(Exception, match="disabled"):
            connection.execute(f"SELECT * FROM read_csv('{outside}')")
        with pytest.raises(Exception, match="locked"):
            connection.execute("SET enable_external_access = true")


def test_coverage_counts_schools_that_have_and_lack_a_result(town):
    store(town, "a.xlsx", marks({"s1": (1, 2, 3, 4)}, file="a.xlsx"))
    store(town, "b.xlsx", marks({"s1": (1, 2, 3, 4), "s2": (1, 1, 1, 1)}, file="b.xlsx", grade=6))
    build(town)
    coverage = read_coverage(town)
    assert coverage.procedures[["grade", "schools_n", "missing_n"]].to_numpy().tolist() == [
        [5, 1, 1],
        [6, 2, 0],
    ]
    assert coverage.school_years.to_dict("records") == [
        {"school_year": 2021, "procedures_n": 2, "schools_n": 2, "without_any_n": 0}
    ]
    missing = read_missing(town, 2021)
    assert missing[["grade", "school_id"]].to_numpy().tolist() == [[5, "s2"]]


def test_factors_of_two_forms_live_together(town):
    for file, report, factor in (
        ("a.xlsx", "social_passport", "registers_share"),
        ("b.csv", "mapped:x", "pupils_n"),
    ):
        rows = [{"school_id": "s1", "school_year": SPRING["school_year"], "factor": factor, "value": 0.5}]
        store(town, file, {"factors": a_table("factors", rows, file=file, report=report)})
    build(town)
    assert read_table(town, "factors")["factor"].tolist() == ["pupils_n", "registers_share"]
