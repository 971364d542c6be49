import math
from pathlib import Path

import pytest

from tests.builders import append, build_run, evaluated, loop, metrics, opening
from workbench.runs.reading.exact import Logged
from workbench.runs.reading.feed import Feed, open_run

KEYS = ["train/loss", "validation/accuracy"]


def long_run(root: Path, steps: int = 5000) -> Feed:
    events = [*opening(), loop(steps_total=steps)]
    for first in range(1, steps + 1, 50):
        events.append(metrics(range(first, first + 50), value=lambda step: 1 / step))
        if first % 500 == 1:
            events.append(evaluated(first + 49, first / steps))
    return open_run(build_run(root, events))


def test_a_value_of_a_long_run_is_the_one_that_was_logged_and_not_a_buckets(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    assert feed.state.series["train/loss"].stride > 1
    for step in (1, 777, 2501, 5000):
        assert feed.index.find(feed.folder.events, KEYS, step)["train/loss"] == Logged(step, 1 / step)


def test_what_is_logged_seldom_is_its_last_value_before(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    assert feed.index.find(feed.folder.events, KEYS, 700)["validation/accuracy"] == Logged(550, 501 / 5000)
    assert "validation/accuracy" not in feed.index.find(feed.folder.events, KEYS, 10)


def test_the_value_of_the_later_attempt_counts_and_what_it_replaced_is_gone(tmp_path: Path) -> None:
    events = [*opening(), loop(), metrics(range(1, 101), value=lambda step: 1.0), evaluated(90, 0.9)]
    folder = build_run(tmp_path, events)
    feed = open_run(folder)
    append(folder, [*opening(2), loop(50), metrics(range(51, 81), value=lambda step: 2.0)])
    feed.read_all()
    for reader in (feed, open_run(folder)):  # read as it grew, and at once
        find = reader.index.find
        assert find(folder.events, KEYS, 50)["train/loss"] == Logged(50, 1.0)
        assert find(folder.events, KEYS, 60)["train/loss"] == Logged(60, 2.0)
        assert find(folder.events, KEYS, 200) == {"train/loss": Logged(80, 2.0)}


def test_a_number_that_is_none_is_read_as_it_was(tmp_path: Path) -> None:
    feed = open_run(build_run(tmp_path, [*opening(), loop(), metrics([1, 2, 3], value=lambda step: math.nan if step == 2 else 1.0)]))
    assert math.isnan(feed.index.find(feed.folder.events, KEYS, 2)["train/loss"].value)


def test_a_part_of_a_long_run_has_all_that_was_logged_there(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    fine = feed.index.between(feed.folder.events, KEYS, 1000, 1200)
    inside = [(step, fine["train/loss"].at(step)) for step in range(1000, 1201)]
    assert all(found == (step, 1 / step, True) for step, found in inside)
    assert fine["validation/accuracy"].at(1050) == (1050, 1001 / 5000, True)


def test_a_part_that_grows_is_read_on(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    assert feed.index.between(feed.folder.events, KEYS[:1], 4900, 5100)["train/loss"].last_step == 5000
    append(feed.folder, [metrics(range(5001, 5051))])
    feed.read_all()
    assert feed.index.between(feed.folder.events, KEYS[:1], 4900, 5100)["train/loss"].last_step == 5050


def test_of_an_abandoned_tail_a_part_has_nothing(tmp_path: Path) -> None:
    events = [*opening(), loop(), metrics(range(1, 101), value=lambda step: math.nan if step == 20 else 1.0), evaluated(90, 0.9)]
    folder = build_run(tmp_path, events)
    feed = open_run(folder)
    append(folder, [*opening(2), loop(50), metrics(range(51, 81), value=lambda step: 2.0)])
    feed.read_all()
    for reader in (feed, open_run(folder)):  # read as it grew, and at once
        fine = reader.index.between(folder.events, KEYS, 1, 100)
        assert "validation/accuracy" not in fine
        loss = fine["train/loss"]
        assert (loss.first[0], loss.last_step, sum(loss.points)) == (1, 80, 79)
        assert (loss.at(50), loss.at(51)) == ((50, 1.0, True), (51, 2.0, True))


def test_too_much_of_a_log_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = long_run(tmp_path)
    monkeypatch.setattr("workbench.runs.reading.exact._MOST_BYTES", 10_000)
    assert feed.index.between(feed.folder.events, KEYS, 1, 5000) == {}


def test_a_log_that_is_gone_has_no_values(tmp_path: Path) -> None:
    feed = long_run(tmp_path, 100)
    feed.folder.events.unlink()
    assert feed.index.find(feed.folder.events, KEYS, 50) == {}


def test_pieces_of_a_log_stay_few(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    index = feed.index
    size = feed.folder.events.stat().st_size
    for number in range(3000):
        index.note(size + number * 200_000, size + (number + 1) * 200_000, [metrics([6000 + number])])
    assert len(index.pieces) <= 1024
    assert index.find(feed.folder.events, KEYS, 10)["train/loss"] == Logged(10, 0.1)
