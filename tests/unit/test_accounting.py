"""Reading of many files as one line a step, with nothing lost in the sums."""

from __future__ import annotations

from shnor_analysis.accounting import Accounting, Reason


def many_sheets() -> Accounting:
    steps = Accounting()
    for number in range(5):
        steps = steps.then(
            "read_sheet", f"Лист {number}", 10, 9, [Reason("dropped", 1, {"sheet": f"Лист {number}"})]
        )
    return steps.then("warehouse_table", "schools", 45, 45)


def test_reading_is_one_step_whose_rows_and_reasons_are_the_sums():
    reading, table = many_sheets().reading_merged().steps
    assert (reading.subject, reading.rows_in, reading.rows_out) == ("raw_files", 50, 45)
    assert reading.reasons == (Reason("dropped", 5, {"sheet": "Лист 0, Лист 1, Лист 2 …"}),)
    assert table == many_sheets().steps[-1]


def test_names_of_files_and_sheets_can_be_left_out_as_a_whole():
    assert [step.code for step in many_sheets().without_reading().steps] == ["warehouse_table"]
