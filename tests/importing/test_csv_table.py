import math
import os

import pytest

from workbench.errors import WorkbenchError
from workbench.importing import csv_table


def table(tmp_path, text, name="run.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1_700_000_100, 1_700_000_100))
    return path


def points(run, key):
    return [(point.step, point.value) for point in run.series[key]]


def test_empty_cells_are_steps_without_the_metric(tmp_path):
    run = csv_table.read(table(tmp_path, "step,epoch,train/loss,val/acc\n1,1,0.5,\n2,1,0.25,0.9\n\n2,1,,0.95\n"))
    assert points(run, "train/loss") == [(1, 0.5), (2, 0.25)]
    assert points(run, "val/acc") == [(2, 0.9), (2, 0.95)]
    assert set(run.series) == {"train/loss", "val/acc"}


def test_numbers_that_are_not_finite_are_read_as_they_are(tmp_path):
    run = csv_table.read(table(tmp_path, "step,loss\n1,NaN\n2,inf\n3,-Infinity\n"))
    assert [str(value) for _, value in points(run, "loss")] == ["nan", "inf", "-inf"]


def test_times_since_the_start_end_when_the_file_was_written(tmp_path):
    run = csv_table.read(table(tmp_path, "step,elapsed_seconds,loss\n1,10.0,1\n2,40.0,2\n"))
    assert [point.at for point in run.series["loss"]] == [1_700_000_070, 1_700_000_100]


def test_the_download_of_tensorboard_is_named_after_its_file(tmp_path):
    run = csv_table.read(table(tmp_path, "Wall time,Step,Value\n1600000000.5,0,1.5\n1600000001.5,10,0.5\n", "train_loss.csv"))
    assert points(run, "train_loss") == [(0, 1.5), (10, 0.5)]
    assert run.series["train_loss"][0].at == 1_600_000_000.5


@pytest.mark.parametrize(
    "text",
    [
        "epoch,loss\n0,2\n1,1\n",
        "epoch;loss\n0;2\n1;1\n",
        "epoch|loss\n0|2\n1|1\n",
        "\ufeffepoch\tloss\n0\t2\n1\t1\n",
        '"epoch","loss"\r\n0,2\r\n1,1\r\n',
    ],
)
def test_other_separators_and_a_byte_order_mark_are_read(tmp_path, text):
    assert points(csv_table.read(table(tmp_path, text)), "loss") == [(0, 2.0), (1, 1.0)]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("step,loss\n1,0.5\n2,abc\n", 3, "`abc` in column loss is no number"),
        ("step,loss\n1,0.5,7\n", 2, "3 cells below 2 names"),
        ("step,loss\n1.5,0.5\n", 2, "`1.5` in column step is no step"),
        ("step,loss\n-1,0.5\n", 2, "is no step"),
        ("step,loss\nnan,0.5\n", 2, "is no step"),
        ("step,loss\n,0.5\n", 2, "`` in column step is no number"),
        ("step,loss\n5,1\n4,1\n", 3, "step 4 stands behind step 5"),
        ("step,loss\n1,1_000\n", 2, "is no number"),
        ("1,0.5\n2,0.4\n", 1, "does not name the columns"),
        ("step,loss,loss\n1,1,2\n", 1, "`loss` names two columns"),
        ('step,loss\n1,"0.5\n2,3\n', 3, "unexpected end of data"),
        ("", 1, "does not name the columns"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path, text, line, said):
    with pytest.raises(WorkbenchError) as caught:
        csv_table.read(table(tmp_path, text))
    assert f"run.csv, line {line}: " in caught.value.message
    assert said in caught.value.message


def test_columns_may_be_chosen_and_left_out(tmp_path):
    path = table(tmp_path, "batch_idx,phase,loss\n1,warm,0.5\n2,warm,0.25\n")
    with pytest.raises(WorkbenchError, match="no column of steps among batch_idx, phase, loss"):
        csv_table.read(path)
    assert points(csv_table.read(path, csv_table.Reading("batch_idx", ("phase",))), "loss") == [(1, 0.5), (2, 0.25)]
    with pytest.raises(WorkbenchError, match="no column `phas`"):
        csv_table.read(path, csv_table.Reading("batch_idx", ("phas",)))


def test_a_column_of_times_can_be_left_out(tmp_path):
    path = table(tmp_path, "step,time,loss\n1,12:01,0.5\n")
    assert points(csv_table.read(path, csv_table.Reading(leave_out=("time",))), "loss") == [(1, 0.5)]


def test_a_nameless_first_column_is_the_steps_where_no_other_is(tmp_path):
    assert points(csv_table.read(table(tmp_path, ",loss\n0,0.5\n1,0.25\n")), "loss") == [(0, 0.5), (1, 0.25)]
    assert points(csv_table.read(table(tmp_path, ",step,loss\n0,10,0.5\n1,20,0.25\n")), "loss") == [(10, 0.5), (20, 0.25)]


def test_a_table_without_numbers_and_a_picture_are_refused(tmp_path):
    with pytest.raises(WorkbenchError, match="holds no numbers"):
        csv_table.read(table(tmp_path, "step,loss\n"))
    (tmp_path / "x.csv").write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(WorkbenchError, match="not UTF-8"):
        csv_table.read(tmp_path / "x.csv")
    assert math.isnan(csv_table.read(table(tmp_path, "step,a\n1,nan\n")).series["a"][0].value)


def test_what_stands_for_no_number_and_decimal_commas_are_read_where_that_is_said(tmp_path):
    path = table(tmp_path, "step;loss;accuracy\n1;0,5;n/a\n2;0,25;-\n3;1e-3;0,75\n")
    with pytest.raises(WorkbenchError) as caught:
        csv_table.read(path)
    assert caught.value.hint == "--decimal-comma reads commas as decimal points"
    with pytest.raises(WorkbenchError) as caught:
        csv_table.read(path, csv_table.Reading(comma=True))
    assert "--missing 'n/a' takes it for a cell without a number, --leave-out 'accuracy'" in caught.value.hint
    run = csv_table.read(path, csv_table.Reading(comma=True, missing=("n/a", "-")))
    assert points(run, "loss") == [(1, 0.5), (2, 0.25), (3, 0.001)]
    assert points(run, "accuracy") == [(3, 0.75)]
