from pathlib import Path

from tests.builders import build_run, ended, loop, metrics, opening
from tests.views.run.test_slots import declared, draw
from workbench.runs.reading.feed import Feed, open_run
from workbench.views.plots.layers import remarks
from workbench.views.plots.view import ChartStyle, View
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
    assert "@@@" in rows[9]
    assert "@" not in rows[1]
    assert rows[9].split()[-2] == "2M"  # the value stays beside the word


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
    assert remarks([1.0, 1.0, 1e-4], [None] * 3, [None] * 3) == ["", "", "vanish"]
    assert remarks([1.0, 0.0], [1.0, 1.0], [1.0, 1.0]) == ["", "vanish"]
    assert remarks([0.0, 0.0], [1.0, 1.0], [1.0, 1.0]) == ["", ""]  # the learning rate is 0: all stand still
    assert remarks([1.0, 200.0], [1.0, 1.0], [1.0, 1.0]) == ["", "explode"]
    assert remarks([1.0, float("nan"), None], [1.0, 1.0, 1.0], [None] * 3) == ["", "NaN", ""]


def test_where_all_layers_explode_the_last_one_does_not_vanish() -> None:
    assert remarks([1e10, 1e18, 1e18], [1e9, 1e17, 1e17], [0.2, 0.3, 0.1]) == ["explode"] * 3


def test_the_values_are_those_at_the_cursor(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, {"first": 1.0, "second": 0.5})
    rows = draw(feed, "layers", view=View(cursor=50.0, layer=0))
    assert any(row.startswith("first") and row.rstrip().endswith(" 1.5") for row in rows)
    assert any(row.startswith("second") and row.rstrip().endswith(" 0.75") for row in rows)


def test_shares_are_shaded_from_none_to_all_and_written_in_percent(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, {"relu1": 0.0, "relu2": 0.25})
    feed.state.declared["train/grad_norm/*"] = {"unit": "%", "chart": "layers"}
    feed.state.charts["layers"] = {"title": "dead units", "kind": "strip"}
    rows = draw(feed, "layers")
    assert rows[0].startswith("dead units")
    assert rows[0].rstrip().endswith("100%")
    assert any(row.startswith("relu1") and row.rstrip().endswith(" 0%") for row in rows)
    assert any(row.startswith("relu2") and row.rstrip().endswith("50.0%") for row in rows)


def test_a_long_title_leaves_the_scale_of_the_shades_to_the_foot(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, {"a": 1.0, "b": 1.0})
    feed.state.charts["layers"]["title"] = "the gradient norm of every layer of this network"
    rows = draw(feed, "layers", width=50)
    assert ".:-=+*#%@" not in rows[0]
    assert ".:-=+*#%@" in rows[-1]


def test_rows_that_stand_for_several_layers_say_so_and_cut_names_show_it(tmp_path: Path) -> None:
    rows = draw(feed_of(tmp_path, {f"a_long_name_of_block_{index}": 1.0 for index in range(40)}), "layers", height=8, width=60)
    assert "(40 in 6 rows)" in rows[0]
    assert all(row.startswith("~") for row in rows[1:-1])


def test_modules_of_long_names_lose_letters_before_what_tells_layers_apart(tmp_path: Path) -> None:
    names = ("features.convolution.0", "features.convolution.11", "features.normalisation.0", "output")
    rows = draw(feed_of(tmp_path, dict.fromkeys(names, 1.0)), "layers", height=6, width=60)
    assert [row.split()[0] for row in rows[1:5]] == ["featu.convo.0", "featu.convo.11", "featu.norma.0", "output"]


def test_names_that_would_be_alike_without_their_letters_are_cut_instead(tmp_path: Path) -> None:
    names = ("features_left.convolution.0", "features_right.convolution.0", "output")
    rows = draw(feed_of(tmp_path, dict.fromkeys(names, 1.0)), "layers", height=5, width=40)
    assert [row.split()[0] for row in rows[1:4]] == ["~olution.0", "~olution.0", "output"]


def test_rows_of_numbered_layers_say_from_which_to_which(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "mixed", {name: 1.0 for index in range(8) for name in (f"block.{index}.attend", f"block.{index}.mix.left")})
    rows = draw(feed, "layers", height=10, width=120)
    assert rows[1].split()[0] == "0.attend-mix.left"
    every_other = feed_of(tmp_path, {f"other.{index}.attend": 1.0 for index in range(8)})
    assert draw(every_other, "layers", height=6, width=120)[1].split()[0] == "0-1.attend"


def test_shades_go_by_the_logarithm_or_not_as_the_chart_is_set(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, {"first": 1.0, "middle": 0.03, "last": 1e-3})
    shades = [draw(feed, "layers", height=5, view=View(style=ChartStyle(log=log)))[2].split()[1] for log in (True, False)]
    assert set(shades[0]) <= set("=+*")
    assert set(shades[1]) == {"."}, "three hundredths of the others are next to nothing"
