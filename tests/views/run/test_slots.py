from pathlib import Path

from tests.builders import START, build_run, ended, evaluated, finished_run, loop, metrics, opening, started
from workbench.charts.rows import cells, plain
from workbench.events.types import Event, MetricsDeclared, Paused, PhaseChanged, RunEnded, SettingChanged
from workbench.runs.reading.feed import Feed, open_run
from workbench.views.plots.heading import labels
from workbench.views.plots.view import ChartStyle, LimitsMemory, View
from workbench.views.run import slots

METRICS = {
    "train/loss": {"goal": "min", "unit": "", "chart": "loss", "help": ""},
    "train/grad_norm": {"goal": "none", "unit": "", "chart": "gradients", "help": ""},
    "train/grad_norm/*": {"goal": "none", "unit": "", "chart": "layers", "help": ""},
    "validation/loss": {"goal": "min", "unit": "", "chart": "loss", "help": ""},
    "validation/accuracy": {"goal": "max", "unit": "%", "chart": "accuracy", "help": ""},
    "test/loss": {"goal": "min", "unit": "", "chart": "loss", "help": ""},
}
CHARTS = {"loss": {"title": "loss"}, "gradients": {"title": "gradient norm", "log": True}, "layers": {}, "accuracy": {"title": "accuracy"}}


def declared() -> MetricsDeclared:
    return MetricsDeclared(
        at=START + 1, objective="validation/accuracy", metrics=METRICS, charts=CHARTS, slots=("loss", "accuracy", "preview:worst")
    )


def feed_of(root: Path, *events: Event) -> Feed:
    return open_run(build_run(root, [*opening(), declared(), loop(), *events]))


def draw(feed: Feed, name: str, width: int = 60, height: int = 10, *, ascii_only: bool = True, **more: object) -> list[str]:
    memory = LimitsMemory()
    return plain(slots.draw(feed, name, width, height, ascii_only=ascii_only, colours=1, memory=memory, **more))  # type: ignore[arg-type]


def test_slots_come_in_the_recipes_order_with_their_metrics(tmp_path: Path) -> None:
    loss, accuracy, worst = slots.slots(feed_of(tmp_path, metrics(range(1, 10))))
    assert (loss.name, loss.kind, loss.metrics) == ("loss", "chart", ("train/loss", "validation/loss"))
    assert accuracy.metrics == ("validation/accuracy",)
    assert (worst.name, worst.kind, worst.title) == ("preview:worst", "preview", "worst")


def test_before_the_recipe_declared_anything_there_is_no_slot(tmp_path: Path) -> None:
    assert slots.slots(open_run(build_run(tmp_path, [started(), PhaseChanged(at=START, phase="importing torch")]))) == []


def test_once_a_run_has_ended_what_has_something_to_show_comes_first(tmp_path: Path) -> None:
    log = [*opening(), declared(), loop(), metrics(range(1, 41), key="train/grad_norm")]
    feed = feed_of(tmp_path, *log)
    assert not feed.status.is_live
    assert [slot.name for slot in slots.slots(feed)] == ["gradients", "loss", "accuracy"]
    assert [slot.name for slot in slots.every(feed)] == ["gradients", "loss", "accuracy", "preview:worst", "layers"]


def test_every_names_charts_beyond_the_slots_once(tmp_path: Path) -> None:
    assert [slot.name for slot in slots.every(feed_of(tmp_path))] == ["loss", "accuracy", "preview:worst", "gradients", "layers"]


def test_a_declared_star_stands_for_the_keys_that_were_logged(tmp_path: Path) -> None:
    feed = feed_of(
        tmp_path, metrics([1], key="train/grad_norm"), metrics([1], key="train/grad_norm/conv1"), metrics([1], key="train/grad_norm/dense")
    )
    assert slots.slot(feed, "layers").metrics == ("train/grad_norm/conv1", "train/grad_norm/dense")


def test_labels_keep_only_what_tells_metrics_apart() -> None:
    assert labels(["train/loss", "validation/loss"]) == {"train/loss": "train", "validation/loss": "val"}
    assert labels(["train/grad_norm/conv1", "train/grad_norm/dense"]) == {
        "train/grad_norm/conv1": "conv1",
        "train/grad_norm/dense": "dense",
    }
    errors = labels(["validation/phone_error_rate", "validation/word_error_rate"])
    assert list(errors.values()) == ["phone", "word"]
    assert labels(["train/generator_loss", "train/real_share"]) == {
        "train/generator_loss": "generator loss",
        "train/real_share": "real share",
    }


def test_a_chart_has_its_size_its_values_and_its_best(tmp_path: Path) -> None:
    rows = draw(feed_of(tmp_path, metrics(range(1, 201)), evaluated(100, 0.9), evaluated(200, 0.97)), "accuracy")
    assert len(rows) == 10
    assert {cells(row) for row in rows} == {60}
    assert rows[0].split() == ["accuracy", "^", "97.0%", "best", "97.0%", "@", "200"]


def test_both_splits_stand_in_the_title_of_the_loss_and_the_best_value_where_the_chart_has_room(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 201)), evaluated(100, 0.9, loss=0.2), evaluated(200, 0.9, loss=0.25))
    narrow, wide = draw(feed, "loss", width=40), draw(feed, "loss", width=60)
    assert narrow[0].split() == ["loss", "o", "train", "v", "0.005", "x", "val", "^", "0.25"]
    assert narrow[1].endswith("best 0.2 @ 100")
    assert wide[0].rstrip().endswith("best 0.2 @ 100")
    assert not any("best" in row for row in wide[1:])


def test_the_arrow_of_a_noisy_metric_needs_more_than_its_noise(tmp_path: Path) -> None:
    still = feed_of(tmp_path / "a", metrics(range(1, 201), value=lambda step: 1 + step % 7))
    falling = feed_of(tmp_path / "b", metrics(range(1, 201), value=lambda step: 300 - step + step % 7))
    assert "v" not in draw(still, "loss")[0].split()
    assert "v" in draw(falling, "loss")[0].split()


def test_shares_are_labelled_in_percent(tmp_path: Path) -> None:
    rows = draw(feed_of(tmp_path, metrics(range(1, 201)), evaluated(100, 0.5), evaluated(200, 1.0)), "accuracy")
    assert any(row.startswith("100%|") for row in rows)
    assert not any("120" in row or "110" in row for row in rows)
    assert not any("%" in row for row in draw(feed_of(tmp_path / "b", metrics(range(1, 201))), "loss")[1:])


def test_a_wide_axis_says_what_was_done_in_a_word(tmp_path: Path) -> None:
    changes = SettingChanged(at=START + 20, step=50, name="lr", old=1e-3, new=3e-4, by="ada"), Paused(at=START + 21, step=120, by="ada")
    rows = draw(feed_of(tmp_path, metrics(range(1, 201)), *changes), "loss", 120, 20)
    assert "^lr 3e-4" in rows[-2]
    assert "^pause" in rows[-2]


def test_a_logarithmic_chart_says_so_and_can_be_made_linear(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 201), key="train/grad_norm"))
    assert draw(feed, "gradients", width=24)[-1].strip().startswith("log+0")
    assert "log" not in draw(feed, "gradients", view=View(style=ChartStyle(log=False)))[-1]


def test_nan_is_counted_in_the_title_and_marked_on_the_axis(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 101), value=lambda step: float("nan") if step == 50 else 1.0))
    rows = draw(feed, "loss")
    assert "1 NaN @ 50" in rows[0]
    assert "!" in rows[-1]


def test_what_was_done_to_the_run_is_marked_on_the_axis(tmp_path: Path) -> None:
    quiet = draw(feed_of(tmp_path / "a", metrics(range(1, 101))), "loss")
    marked = draw(feed_of(tmp_path / "b", metrics(range(1, 101)), Paused(at=START + 20, step=50, by="ada")), "loss")
    assert "p" not in quiet[-1] + quiet[-2]
    assert "p" in marked[-1]
    assert any("p pause" in row for row in marked)
    assert not any("^" in row for row in marked[1:])


def test_marks_stand_below_a_strip_too(tmp_path: Path) -> None:
    layer = metrics(range(1, 101), key="train/grad_norm/conv1")
    feed = feed_of(tmp_path, layer, Paused(at=START + 20, step=51, by="ada"))
    feed.state.charts["layers"] = {"title": "layers", "log": True}
    assert "p" in draw(feed, "layers")[-1]


def test_an_infinity_is_not_called_nan(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 101), value=lambda step: float("inf") if step == 50 else 1.0))
    assert "1 inf @ 50" in draw(feed, "loss")[0]


def test_a_gradient_that_explodes_over_twenty_decades_is_drawn_from_its_first_step(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 51), key="train/grad_norm", value=lambda step: 0.2 if step < 35 else 0.2 * 10 ** (step - 34)))
    rows = draw(feed, "gradients", width=60, height=12)
    assert sum(row.count("o") for row in rows[1:]) > 45
    assert any(row.strip().startswith("1e1") for row in rows)


def test_what_has_no_noise_is_drawn_as_it_was_logged_however_smooth_it_is_wanted(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 201), value=lambda step: 1.0 if step < 101 else 0.1))
    plain_rows, strong = (draw(feed, "loss", view=View(style=ChartStyle(smoothing=how))) for how in ("off", "strong"))
    assert plain_rows == strong
    noisy = feed_of(tmp_path / "b", metrics(range(1, 201), value=lambda step: 1.0 + (step * 7919 % 13) / 13))
    assert draw(noisy, "loss", view=View(style=ChartStyle(smoothing="off"))) != draw(noisy, "loss")


def test_few_points_are_never_smoothed(tmp_path: Path) -> None:
    few = [evaluated(step, 0.9 + 0.05 * (step // 10 % 2)) for step in range(10, 401, 10)]
    feed = feed_of(tmp_path, metrics(range(1, 401)), *few)
    assert len({tuple(draw(feed, "accuracy", view=View(style=ChartStyle(smoothing=how)))) for how in ("off", "strong")}) == 1


def test_an_axis_of_epochs_says_so_however_narrow_the_chart(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 201)))
    assert draw(feed, "loss", width=30, height=7, view=View(style=ChartStyle(along="epoch")))[-1].rstrip("- ").endswith(" epoch")


def test_of_more_lines_than_can_be_told_apart_the_worst_are_drawn_and_the_chart_says_so(tmp_path: Path) -> None:
    scores = [
        metrics([step], key=f"validation/f1/{place}", value=lambda step, place=place: place / 10)
        for step in (50, 100)
        for place in range(10)
    ]
    feed = feed_of(tmp_path, metrics(range(1, 101)), *scores)
    feed.state.declared["validation/f1/*"] = {"goal": "max", "unit": "%", "chart": "classes"}
    feed.state.charts["classes"] = {"title": "F1 per class"}
    assert slots.slot(feed, "classes").metrics == tuple(f"validation/f1/{place}" for place in range(8))
    high, low = draw(feed, "classes", width=80, height=12), draw(feed, "classes", width=39, height=8)
    assert high[0].startswith("F1 per class (worst 8 of 10)")
    assert high[1].split()[:2] == ["o", "0"]
    assert low[0].startswith("F1 per class 8/10")
    assert " o 0" in low[0]


def test_what_the_machine_does_has_no_best_value(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 101), key="machine/input_wait"))
    feed.state.declared["machine/input_wait"] = {"goal": "min", "unit": "%", "chart": "input"}
    assert "best" not in "".join(draw(feed, "input", width=100))


def test_bytes_are_counted_by_thousands_in_the_title_and_on_the_axis(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 101), key="machine/memory", value=lambda step: 79e9 if step > 50 else 60e9))
    feed.state.declared["machine/memory"] = {"goal": "none", "unit": "bytes", "chart": "memory"}
    rows = draw(feed, "memory")
    assert "79 GB" in rows[0]
    assert any(row.lstrip()[:5].rstrip("|").endswith("GB") for row in rows[1:])


def test_where_a_run_failed_is_marked_on_the_axis(tmp_path: Path) -> None:
    end = RunEnded(at=START + 30, state="failed", step=101, reason="the loss is NaN")
    rows = draw(feed_of(tmp_path, metrics(range(1, 101)), end), "loss", 100, 20)
    assert "failed!" in rows[-2]


def test_limits_without_outliers_are_not_those_with_them(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 101), value=lambda step: 10.0 if step == 50 else 6 + step / 100))
    memory = LimitsMemory()
    for outliers in (True, False):
        view = View(style=ChartStyle(outliers=outliers))
        rows = plain(slots.draw(feed, "loss", 60, 20, ascii_only=True, colours=1, memory=memory, view=view))
    assert memory.y[("loss", False)][1] >= 10 > memory.y[("loss without outliers", False)][1]
    assert "^" in rows[1]


def test_the_baseline_lies_on_the_chart_of_the_objective_only(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 101)), evaluated(50, 0.05), evaluated(100, 0.12))
    assert any("majority" in row for row in draw(feed, "accuracy"))
    assert not any("majority" in row for row in draw(feed, "loss"))


def test_a_baseline_far_away_does_not_flatten_the_curve(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, metrics(range(1, 101)), evaluated(50, 0.97), evaluated(100, 0.98))
    assert not any("majority" in row for row in draw(feed, "accuracy"))


def test_limits_hold_still_between_two_drawings(tmp_path: Path) -> None:
    memory = LimitsMemory()
    seen = []
    for highest in (1.0, 0.7, 0.9):
        feed = feed_of(tmp_path / str(highest), metrics(range(1, 101), value=lambda step, highest=highest: highest * step / 100))
        slots.draw(feed, "loss", 60, 10, ascii_only=True, colours=1, memory=memory)
        seen.append(memory.y[("loss", False)])
    assert len(set(seen)) == 1


def test_an_empty_chart_says_what_the_run_does_instead(tmp_path: Path) -> None:
    live = opening(at=_now(), host="elsewhere")
    feed = open_run(build_run(tmp_path / "a", [*live, PhaseChanged(at=_now(), phase="building the model")]))
    assert any("building the model ..." in row for row in draw(feed, "loss"))
    over = open_run(build_run(tmp_path / "b", [*opening(), ended("failed", step=0)]))
    assert any("nothing was logged" in row for row in draw(over, "loss"))


def test_no_size_and_no_name_breaks_a_drawing(tmp_path: Path) -> None:
    feed = open_run(build_run(tmp_path, finished_run()))
    for name in ("loss", "accuracy", "preview:worst", "nothing", "preview:", ""):
        for width, height in ((0, 0), (1, 1), (5, 2), (20, 5), (200, 60)):
            rows = draw(feed, name, width, height)
            assert len(rows) == height
            assert all(cells(row) == width for row in rows)


def _now() -> float:
    import time

    return time.time()
