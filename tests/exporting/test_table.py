import csv
import io
import json
from pathlib import Path

from tests.builders import START, append, build_run, ended, evaluated, finished_run, loop, metrics, opening, started
from workbench.events import types
from workbench.events.types import Evaluated, Event, Metrics, Paused, Resumed
from workbench.exporting import table as export
from workbench.runs.folder import RunFolder


def table(folder: RunFolder) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(export.as_csv(folder)))))


def test_there_is_one_row_a_step_with_evaluations_in_theirs(tmp_path: Path) -> None:
    rows = table(build_run(tmp_path, finished_run(steps=200)))
    assert [int(row["step"]) for row in rows] == list(range(1, 201))
    assert list(rows[0]) == ["step", "epoch", "elapsed_seconds", "train/loss", "validation/accuracy", "validation/loss"]
    assert (rows[99]["epoch"], rows[100]["epoch"]) == ("1", "2")
    assert (rows[98]["validation/accuracy"], rows[99]["validation/accuracy"]) == ("", "0.9")


def test_values_are_written_digit_for_digit(tmp_path: Path) -> None:
    values = [0.1, 1 / 3, 3.21e-4, 1e300, float("nan"), float("inf"), float("-inf"), -0.0]
    folder = build_run(tmp_path, [loop(), metrics(range(1, 9), value=lambda step: values[step - 1])])
    texts = [row["train/loss"] for row in table(folder)]
    assert texts[4:7] == ["NaN", "Infinity", "-Infinity"]
    assert [float(text) for text in texts[:4]] == values[:4]
    assert texts[7] == "-0.0"


def test_elapsed_seconds_leave_out_pauses_and_what_lay_between_attempts(tmp_path: Path) -> None:
    events: list[Event] = [
        started(), loop(at=START), metrics([1, 2], at=START, seconds=10),
        Paused(at=START + 21, step=2, by="a"), Resumed(at=START + 121, step=2, by="a"),
        metrics([3], at=START + 96, seconds=10), ended("stopped", step=3, at=START + 127), started(2, at=START + 5000),
        loop(3, at=START + 5010, elapsed_seconds=27.0), metrics([4], at=START + 5008, seconds=1),
    ]  # fmt: skip
    assert [row["elapsed_seconds"] for row in table(build_run(tmp_path, events))] == ["10.000", "20.000", "26.000", "29.000"]


def test_a_later_attempt_replaces_all_behind_the_step_it_began_at(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [started(), loop(), metrics(range(1, 31)), evaluated(25, 0.25)])
    append(folder, [started(2), loop(20), metrics(range(21, 26), value=lambda step: -step)])
    rows = table(folder)
    assert [int(row["step"]) for row in rows] == list(range(1, 26))
    assert float(rows[19]["train/loss"]) == 1 / 20
    assert float(rows[20]["train/loss"]) == -21
    assert rows[24]["validation/accuracy"] == ""


def test_a_third_attempt_that_began_earlier_replaces_both(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [started(), loop(), metrics(range(1, 31)), started(2), loop(20), metrics(range(21, 41))])
    append(folder, [started(3), loop(10), metrics(range(11, 13), value=lambda step: -step)])
    rows = table(folder)
    assert [int(row["step"]) for row in rows] == list(range(1, 13))
    assert float(rows[11]["train/loss"]) == -12


def test_an_attempt_that_died_before_its_loop_replaces_nothing(tmp_path: Path) -> None:
    assert len(table(build_run(tmp_path, [started(), loop(), metrics(range(1, 31)), started(2)]))) == 30


def test_numbers_of_one_step_in_several_events_make_one_row(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [loop(), metrics([1]), metrics([1], key="train/lr"), metrics([2])])
    rows = table(folder)
    assert [(row["step"], row["train/loss"], row["train/lr"]) for row in rows] == [("1", "1.0", "1.0"), ("2", "0.5", "")]


def test_a_test_of_an_earlier_step_stands_in_that_steps_row(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [loop(), metrics(range(1, 11)), types.Tested(at=START + 30, step=7, values={"test/accuracy": 0.9})])
    rows = table(folder)
    assert [row["step"] for row in rows if row["test/accuracy"]] == ["7"]
    assert len(rows) == 10


def test_an_evaluation_without_other_numbers_has_a_row(tmp_path: Path) -> None:
    rows = table(build_run(tmp_path, [loop(), Evaluated(at=START + 12, step=5, values={"validation/loss": 1.5})]))
    assert [(row["step"], row["validation/loss"]) for row in rows] == [("5", "1.5")]


def test_keys_with_commas_and_quotes_are_quoted(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [loop(), metrics([1], key='train/"a",b')])
    assert table(folder)[0]['train/"a",b'] == "1.0"


def test_a_log_without_numbers_is_a_heading(tmp_path: Path) -> None:
    assert "".join(export.as_csv(build_run(tmp_path, opening()))) == "step,epoch,elapsed_seconds\n"


def test_torn_and_foreign_lines_are_left_out_however_long(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [loop(), metrics([1])])
    with open(folder.events, "ab") as log:
        log.write(b"x" * 700_000 + b'\n{"type":"of tomorrow"}\n' * 20_000 + b'{"type":"metr')
    append(folder, [metrics([2])])
    assert [row["step"] for row in table(folder)] == ["1", "2"]
    assert len(json.loads("".join(export.as_json(folder)))) == 3


def test_json_is_one_list_of_the_events(tmp_path: Path) -> None:
    events = finished_run(steps=100)
    found = json.loads("".join(export.as_json(build_run(tmp_path, events))))
    assert [event["type"] for event in found] == [event.type for event in events]  # type: ignore[attr-defined]


def test_json_of_numbers_that_are_not_finite_is_json(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [Metrics(steps=[1], at=[START], values={"train/loss": [float("nan")]})])
    (event,) = json.loads("".join(export.as_json(folder)), parse_constant=lambda name: 1 / 0)
    assert event["values"]["train/loss"] == ["NaN"]


def test_an_empty_log_is_an_empty_list(tmp_path: Path) -> None:
    assert json.loads("".join(export.as_json(build_run(tmp_path, [])))) == []
