from pathlib import Path

from tests.builders import build_run, ended, loop, metrics, opening
from tests.views.run.test_slots import declared, draw
from workbench.runs.reading.feed import Feed, open_run
from workbench.views.plots.layers import remarks
from workbench.views.plots.view import View
from workbench.views.run import slots


def feed_of(root: Path, sizes: dict[str, float]) -> Feed:
    log = [
        metrics(range(1, 101), key=f"train/grad_norm/encoder.{name}", value=lambda step, size=size: size * (1 + step / 100))
        for name, size in sizes.items()
    ]
    events = [*opening(), declared(), loop(), *log, ended(step=100)]
    feed = open_run(build_run(root, events))
    feed.state.charts["layers"] = {"title": "gradient norm per layer", "log": True}
    return feed


def test_layers_stand_below_each_other_with_those_marked_that_vanish_or_explode(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, {"first": 1.0, "second": 0.5, "third": 0.8, "lost": 1e-6, "wild": 1e6})
    assert slots.slot(feed, "layers").kind == "strip"
    rows = draw(feed, "layers", height=12)
    words = [row.split() for row in rows]
    assert [row[0] for row in words[1:11:2]] == ["first", "second", "third", "lost", "wild"]
    assert [row[-1] for row in words[1:11:2]][3:] == ["vanish", "explode"]
    assert "%%%" in rows[9]
    assert "%" not in rows[1]


def test_where_rows_run_out_neighbours_share_one_and_what_stands_out_stays_in_sight(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, {f"{index}": 1e6 if index == 17 else 1.0 for index in range(40)})
    rows = draw(feed, "layers", height=8)
    assert len(rows) == 8
    assert any(row.startswith("17 ") and row.rstrip().endswith("explode") for row in rows)
    chosen = draw(feed, "layers", height=8, view=View(cursor=50.0, layer=30))
    assert any(row.startswith("30 ") for row in chosen)
    assert "|" in chosen[1]


def test_a_recipe_may_ask_for_lines_or_for_a_strip(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, {"a": 1.0, "b": 1.0})
    feed.state.charts["layers"]["kind"] = "line"
    assert slots.slot(feed, "layers").kind == "chart"
    feed.state.charts["layers"] = {"title": "by layer", "kind": "strip"}
    assert slots.slot(feed, "layers").kind == "strip"


def test_a_layer_is_judged_by_the_others_and_by_its_own_past() -> None:
    assert remarks([1.0, 1.0, 1e-4], [None] * 3) == ["", "", "vanish"]
    assert remarks([1.0, 0.0], [1.0, 1.0]) == ["", "vanish"]
    assert remarks([0.0, 0.0], [1.0, 1.0]) == ["", ""]  # the learning rate is 0: all stand still
    assert remarks([1.0, 200.0], [1.0, 1.0]) == ["", "explode"]
    assert remarks([1.0, float("nan"), None], [1.0, 1.0, 1.0]) == ["", "NaN", ""]
