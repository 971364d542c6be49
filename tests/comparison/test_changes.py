"""What was set while a run trained, as a comparison says it."""

from __future__ import annotations

from pathlib import Path

from tests.builders import START, append
from tests.comparing import trained
from workbench.comparison.changes import Change, changes, courses, remarks
from workbench.comparison.compare import compare
from workbench.events.types import SettingChanged
from workbench.runs.reading.feed import open_run
from workbench.runs.report import report


def changed(root: Path, run_id: str, *made: tuple[int, str, float, float], **more: float) -> dict[str, object]:
    folder = trained(root, run_id, **more)  # type: ignore[arg-type]
    append(folder, [SettingChanged(at=START + 20, step=step, name=name, old=old, new=new, by="ada") for step, name, old, new in made])
    return report(open_run(folder))


def test_every_change_is_said_and_a_setting_shows_its_course(tmp_path: Path) -> None:
    steps = ((30, "lr", 0.01, 1e-3), (60, "lr", 1e-3, 1e-4), (80, "batch_size", 64, 32), (90, "dropout", 0.1, 0.3))
    one = changed(tmp_path, "cnn-1", *steps)
    assert changes(one)[0] == Change(30, "lr", "0.01", "1e-3")
    assert courses(one) == {"lr": "0.01 -> 1e-3 -> 1e-4", "batch_size": "64 -> 32", "dropout": "0.1 -> 0.3"}
    (said,) = remarks([one], ["mine"])
    assert said.startswith("mine was changed while it trained: lr 0.01 -> 1e-3 at step 30; lr 1e-3 -> 1e-4 at step 60; batch_size 64 -> 32")
    assert said.endswith("dropout 0.1 -> 0.3 at step 90")


def test_of_very_many_changes_the_rest_is_counted(tmp_path: Path) -> None:
    one = changed(tmp_path, "cnn-1", *((step, "lr", step / 1e4, (step + 1) / 1e4) for step in range(1, 10)))
    assert next(remarks([one], ["mine"])).endswith("at step 6 and 3 more")


def test_what_an_attempt_made_again_counts_once(tmp_path: Path) -> None:
    one = changed(tmp_path, "cnn-1", (30, "lr", 0.01, 1e-3), (30, "lr", 0.01, 1e-3))
    assert courses(one) == {"lr": "0.01 -> 1e-3"}


def test_runs_that_came_to_one_value_in_other_ways_differ_in_it(tmp_path: Path) -> None:
    reports = [changed(tmp_path, "cnn-1", (30, "lr", 0.01, 1e-4), lr=0.01), changed(tmp_path, "cnn-2", lr=1e-4)]
    assert compare(reports).differing == {"lr": (1e-4, 1e-4)}
