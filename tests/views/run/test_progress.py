from pathlib import Path

from tests.builders import START, build_run, ended, evaluated, finished_run, loop, metrics, opening, started
from workbench.events import types
from workbench.events.types import Event, Noticed
from workbench.runs.reading.feed import open_run
from workbench.views.run.progress import Progress, summary


def lines_of(events: list[Event], **more: int) -> list[str]:
    lines: list[str] = []
    progress = Progress(lines.append, **more)
    for event in events:
        progress.show(event)
    progress.finish()
    return lines


def test_each_evaluation_brings_a_line_with_its_numbers() -> None:
    lines = {line.split("  ")[0]: line for line in lines_of(finished_run())}
    second = lines["step 200/400"]
    assert {"step 100/400", "step 300/400", "step 400/400"} <= lines.keys()
    assert "epoch 2/4" in second
    assert "train loss 0.005  val loss 0.5  accuracy 95.0 %" in second.replace("val accuracy", "accuracy")
    assert "640 img/s" in second
    assert "0:20 left" in second


def test_without_evaluations_a_line_comes_every_few_seconds() -> None:
    events = [*opening(), loop(), *(metrics([step]) for step in range(1, 301))]  # 30 seconds
    steps = [line for line in lines_of(events) if line.startswith("step")]
    assert 6 <= len(steps) <= 8


def test_evaluations_many_times_a_second_do_not_flood() -> None:
    events: list[Event] = [*opening(), loop()]
    for step in range(1, 301):
        events += [metrics([step]), evaluated(step, 0.5)]
    assert len([line for line in lines_of(events) if line.startswith("step")]) <= 62


def test_the_last_evaluation_is_shown_though_its_step_was() -> None:
    events = [*opening(), loop(), metrics([1], seconds=20), evaluated(1, 0.5), ended(step=1)]
    assert "accuracy 50.0 %" in lines_of(events)[-1]


def test_warnings_are_said_and_the_end_is_left_to_the_summary() -> None:
    lines = lines_of([*opening(), loop(), metrics([1]), Noticed(at=START, level="warning", message="the disk is full"), ended(step=1)])
    assert "warning: the disk is full" in lines
    assert not any("finished" in line for line in lines)


def test_earlier_attempts_are_read_in_silence() -> None:
    again = [started(2, at=START + 100), loop(100, at=START + 101), metrics(range(101, 111), at=START + 101, seconds=1)]
    lines = lines_of([*finished_run()[:20], *again], attempt=2)
    assert lines[0] == "attempt 2 started"
    assert lines[-1].startswith("step 110/400")


def test_a_log_read_once_more_says_nothing_twice() -> None:
    lines: list[str] = []
    progress = Progress(lines.append)
    events = opening()
    for event in events:
        progress.show(event)
    once = list(lines)
    progress.begin_again()
    for event in [*events, Noticed(at=START, message="more")]:
        progress.show(event)
    assert lines == [*once, "more"]


def test_the_summary_shows_the_test_beside_the_baseline(tmp_path: Path) -> None:
    tested = types.Tested(at=START + 50, step=400, values={"test/accuracy": 0.98, "test/f1/7": 0.5})
    text = "\n".join(summary(open_run(build_run(tmp_path, [*finished_run()[:-1], tested, ended()]))))
    assert "finished at step 400 after 0:40" in text
    assert "test  accuracy 0.98" in text.replace("98.0 %", "0.98")
    assert "majority 10.0 %" in text
    assert "best validation accuracy 97.5 % at step 400" in text
    assert "f1/7" not in text
