"""Curves of several runs in one chart: looks that stay, axes that line up, seeds with a band."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import METRICS, START, build_run, declared, ended, loop, metrics, opening
from tests.comparing import three_seeds, trained
from workbench.charts.rows import cells, plain
from workbench.events.types import Evaluated, Metrics
from workbench.runs.reading.feed import Feed, open_run
from workbench.runs.store import Store
from workbench.views.plots import curves
from workbench.views.plots.axes import Placed
from workbench.views.plots.curves import Curve, ManyWays, Seeds


def feeds(root: Path) -> list[Feed]:
    return [open_run(Store(root).folder(run_id)) for run_id in Store(root).ids()]


def test_a_run_has_the_same_look_in_every_comparison_that_leaves_it() -> None:
    assert curves.places(["cnn-3", "cnn-4"]) == [3, 4]
    assert curves.places(["cnn-1", "cnn-4", "cnn-3"]) == [1, 4, 3]


def test_runs_that_want_one_look_get_two_and_twenty_get_twenty() -> None:
    assert curves.places(["cnn-1", "rnn-1", "cnn-9"]) == [1, 2, 3]
    assert len(set(curves.places([f"cnn-{number}" for number in range(40)]))) == 40


def test_lines_beyond_the_eighth_differ_in_dashes_or_marker(tmp_path: Path) -> None:
    feed = open_run(trained(tmp_path, "cnn-1"))
    signs = [Curve("", place, (feed,)).sign(ascii_only=False) for place in range(24)]
    assert len(set(signs)) == 24
    assert len({Curve("", place, (feed,)).sign(ascii_only=True).text for place in range(24)}) == 24


@pytest.mark.parametrize(("along", "ends"), [("step", (200, 800)), ("epoch", (2, 2)), ("examples", (12_800, 12_800)), ("time", (20, 40))])
def test_runs_with_other_batch_sizes_line_up_by_epoch_and_examples(tmp_path: Path, along: curves.Along, ends: tuple[float, float]) -> None:
    trained(tmp_path, "cnn-1", batch_size=64, steps=200, seconds=20)
    trained(tmp_path, "cnn-2", batch_size=16, steps=800, seconds=40)
    both = feeds(tmp_path)
    found = [curves.placed_on(feed.state, along, curves.longest(both)) for feed in both]
    assert [placed.place(feed.state.step) for placed, feed in zip(found, both, strict=True) if placed] == pytest.approx(ends)


def test_time_has_one_unit_for_all_runs(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", seconds=20)
    trained(tmp_path, "cnn-2", seconds=600)
    both = feeds(tmp_path)
    seconds = curves.longest(both)
    assert {placed.unit for feed in both if (placed := curves.placed_on(feed.state, "time", seconds))} == {"min"}


def test_seeds_are_a_mean_with_a_band_from_least_to_greatest_or_std(tmp_path: Path) -> None:
    three_seeds(tmp_path, accuracy=0.9, apart=0.03)
    members = tuple(
        Placed(feed.state.series["validation/accuracy"], placed)
        for feed in feeds(tmp_path)
        if (placed := curves.placed_on(feed.state, "step", 0))
    )
    assert Seeds(members).columns(201, 0, 200)[-1] == pytest.approx((0.87, 0.93, 0.9))
    assert Seeds(members, "std").columns(201, 0, 200)[-1] == pytest.approx((0.87, 0.93, 0.9))
    assert Seeds(members[:2], "std").columns(201, 0, 200)[-1] == pytest.approx((0.885 - 0.0212132, 0.885 + 0.0212132, 0.885))


def test_the_mean_of_seeds_goes_straight_between_points_that_lie_apart(tmp_path: Path) -> None:
    three_seeds(tmp_path)
    members = tuple(
        Placed(feed.state.series["validation/accuracy"], placed)
        for feed in feeds(tmp_path)
        if (placed := curves.placed_on(feed.state, "step", 0))
    )
    found = Seeds(members).columns(201, 0, 200)
    assert found[10] is None  # before the first evaluation
    left, middle, right = found[20], found[30], found[40]
    assert left
    assert middle
    assert right
    assert middle[2] == pytest.approx((left[2] + right[2]) / 2)


def test_values_at_the_cursor_are_those_that_were_logged_by_then(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", accuracy=0.9, steps=200)
    curve = Curve("cnn-1", 0, tuple(feeds(tmp_path)))
    last = curves.value_at(curve, "validation/accuracy", 200, "step", 0)
    between = curves.value_at(curve, "validation/accuracy", 39, "step", 0)
    assert last
    assert between
    assert last.mean == pytest.approx(0.9)
    assert between.mean == pytest.approx(0.9 - 0.5 * 2.718281828 ** (-0.6))
    assert curves.value_at(curve, "validation/accuracy", 500, "step", 0) is None


def test_a_chart_of_curves_fills_its_box_and_hidden_runs_keep_the_axis(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", steps=200)
    trained(tmp_path, "cnn-2", steps=800, batch_size=16)
    both = feeds(tmp_path)
    drawn = [Curve(feed.folder.id, place, (feed,)) for place, feed in enumerate(both, start=1)]
    rows = curves.draw(drawn, "train/loss", 60, 12, ways=ManyWays(), ascii_only=True)
    assert [cells(line) for line in plain(rows)] == [60] * 12
    text = "\n".join(plain(rows))
    assert "x" in text
    assert "*" in text
    alone = "\n".join(plain(curves.draw(drawn[:1], "train/loss", 60, 12, ways=ManyWays(), ascii_only=True, everyone=both)))
    assert "*" not in alone
    assert alone.splitlines()[-1] == text.splitlines()[-1]


def test_the_values_at_the_cursor_are_pointed_out_on_their_lines(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", steps=200)
    trained(tmp_path, "cnn-2", steps=400, accuracy=0.3)
    both = feeds(tmp_path)
    drawn = [Curve(feed.folder.id, place, (feed,)) for place, feed in enumerate(both, start=1)]

    def points(cursor: float | None, shown: list[Curve], key: str = "train/loss", exact: bool = True) -> list[tuple[int, str]]:
        ways = ManyWays(cursor=cursor)
        rows = curves.draw(shown, key, 60, 12, ways=ways, ascii_only=False, everyone=both, exact=exact)
        return [(place, span.ink) for place, row in enumerate(rows) for span in row for letter in span.text if letter == "●"]

    for exact in (True, False):
        assert {ink for _, ink in points(0.25, drawn, exact=exact)} == {"series1", "series2"}
        assert [ink for _, ink in points(0.75, drawn, exact=exact)] == ["series2"], "the other had ended"
        assert [ink for _, ink in points(0.25, drawn[:1], exact=exact)] == ["series1"], "none of a hidden run"
    assert points(None, drawn) == []
    early, late = points(0.1, drawn[1:]), points(0.9, drawn[1:])
    assert early[0][0] < late[0][0], "the loss falls"


def test_of_seeds_their_mean_is_pointed_out(tmp_path: Path) -> None:
    three_seeds(tmp_path, accuracy=0.9, apart=0.03)
    seeds = Curve("seeds", 0, tuple(feeds(tmp_path)))
    read = curves.value_at(seeds, "validation/accuracy", 150, "step", 0)
    (point,) = curves._points([seeds], "validation/accuracy", 150, ManyWays(), 0, exact=True)
    assert read
    assert point == (150, pytest.approx(read.mean), "series0")


def test_the_metric_that_decides_comes_first_and_no_single_layers(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1")
    found = curves.metrics(feeds(tmp_path), "validation/accuracy")
    assert found == ["validation/accuracy", "train/loss", "validation/loss"]


def test_of_metrics_that_share_a_chart_one_comes_before_what_says_something_else(tmp_path: Path) -> None:
    scores = {f"validation/{name}": {"chart": "scores", "goal": "max"} for name in ("precision", "recall", "f1")}
    known = {**METRICS, **scores, "train/grad_norm": {"chart": "grad_norm"}, "train/lr": {"chart": "lr"}}
    log = [*opening(), declared(metrics=known), loop(), metrics(range(1, 21))]
    log += [Metrics(steps=[1], at=[START], values={"train/grad_norm": [1.0], "train/lr": [0.1]})]
    log += [Evaluated(at=START, step=20, values=dict.fromkeys(("validation/accuracy", "validation/loss", *scores), 0.5)), ended()]
    build_run(tmp_path, log, "cnn-1")
    assert curves.metrics(feeds(tmp_path), "validation/accuracy") == [
        "validation/accuracy", "train/loss", "validation/loss", "validation/precision", "train/grad_norm", "train/lr",
        "validation/recall", "validation/f1",
    ]  # fmt: skip
    assert curves.metrics(feeds(tmp_path), "validation/f1")[:4] == ["validation/f1", "train/loss", "validation/accuracy", "validation/loss"]
