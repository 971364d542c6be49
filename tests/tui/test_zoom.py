"""One chart or preview on the whole screen, and the board that it comes from."""

from __future__ import annotations

from pathlib import Path

from tests.builders import METRICS, START, build_run, ended, loop, metrics, started
from tests.tui.runs import NOW, cnn_run, interface, shown, shows, until
from workbench.events.types import MetricsDeclared
from workbench.tui.screens.run.screen import RunScreen
from workbench.views.plots import remembered
from workbench.views.plots.view import ChartStyle


async def test_how_a_chart_is_drawn_is_remembered_for_its_metric(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(100, 30)) as pilot:
        await shows(app, "worst classified @")
        await pilot.press("enter")
        await shows(app, "arrows read the values")
        await pilot.press("y", "e", "O", "t")  # faster than they are drawn
        await shows(app, "loss (without outliers)")
        await shows(app, "smooth:medium")
        style = ChartStyle(log=True, smoothing="medium", along="epoch", outliers=False)
        await until(lambda: remembered.load() == {"train/loss": style})
    again = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with again.run_test(size=(100, 30)) as pilot:
        await shows(again, "worst classified @")
        await pilot.press("enter")
        await shows(again, "loss (without outliers)")


async def test_a_file_of_styles_that_somebody_broke_is_left_alone(tmp_path: Path) -> None:
    remembered.file().parent.mkdir(parents=True)
    remembered.file().write_text('{"train/loss": {"log": "yes", "smoothing": 7, "along": [], "outliers": false}, "x": 3}')
    assert remembered.load() == {"train/loss": ChartStyle(outliers=False), "x": ChartStyle()}
    remembered.file().write_text("{")
    assert remembered.load() == {}


async def test_previews_go_back_through_the_training_and_forth(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "worst classified @ 1,260")
        await pilot.press("left_square_bracket")
        await shows(app, "worst classified @ 1,197")
        await pilot.press("down", "right", "enter")
        await shows(app, "worst classified @ 1,197, ")
        await shows(app, "19 of 20")
        await pilot.press("left", "left")
        await shows(app, "worst classified @ 1,071")
        await pilot.press("full_stop")
        await shows(app, "worst classified @ 1,260")


async def test_charts_are_found_and_turned_over(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "1-4 of 5 pgdn")
        await pilot.press("pagedown")
        await shows(app, "learning rate")
        await pilot.press("slash", *"^train/g")
        await shows(app, "/^train/g: 1-1 of 1")
        await pilot.press("enter")
        assert "accuracy " not in shown(app).splitlines()[2]
        await pilot.press("slash", "left_square_bracket", "enter")
        await shows(app, "no regular expression: unterminated")
        await pilot.press("escape", "slash", *"zzz", "enter")
        await shows(app, "nothing has it")
        await pilot.press("escape")
        await shows(app, "1-4 of 5 pgdn")
        assert isinstance(app.screen, RunScreen)


async def test_lines_of_the_log_are_found(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "worst classified @")
        await pilot.press("l", "slash", *"built|loaded", "enter")
        await shows(app, "2 lines")
        await shows(app, "built a model")
        assert "evaluated" not in shown(app)


async def test_a_scrubbed_step_is_kept_when_the_zoom_is_left(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(100, 30)) as pilot:
        await shows(app, "worst classified @ 1,260")
        await pilot.press("v", "right", "down", "enter")
        await shows(app, "[ ] scrub")
        await pilot.press("left")
        await shows(app, "worst classified @ 1,197")
        await pilot.press("escape")
        await shows(app, "worst classified @ 1,197")
        assert isinstance(app.screen, RunScreen)


async def test_the_cursor_goes_by_logged_steps_and_keys_say_what_is_set(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(100, 30)) as pilot:
        await shows(app, "worst classified @")
        await pilot.press("enter")
        await shows(app, "smooth:light")
        await shows(app, "x:step")
        await pilot.press("right_square_bracket")
        await shows(app, "all steps are on the screen")
        await pilot.press("left")
        await shows(app, "step 1,260")
        await pilot.press("less_than_sign", "less_than_sign", "less_than_sign")
        await shows(app, "step 1,257")
        await pilot.press("greater_than_sign")
        await shows(app, "step 1,258")
        await pilot.press("plus")
        await shows(app, "[ ] pan")


async def test_at_80_columns_the_keys_of_a_chart_are_all_in_sight_with_and_without_a_cursor_and_a_window(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "worst classified @")
        await pilot.press("enter")
        await shows(app, "arrows cursor  + - zoom  y lin  t smooth  e axis  esc back  ? help  q leave")
        await pilot.press("left")
        await shows(app, "+ - zoom  . live  y lin  t smooth  e axis  esc back")
        await pilot.press("plus")
        await shows(app, "+ - zoom  [ ] pan  . live  y lin  t smooth  e axis  esc back  ? help  q leave")
        await pilot.press("y")
        await shows(app, "y log  t smooth")


async def test_only_what_a_run_knows_of_stands_along_its_axis(tmp_path: Path) -> None:
    unknown = loop().model_copy(update={"steps_per_epoch": 0, "examples_per_step": 1})
    told = MetricsDeclared(at=START, objective="", metrics=METRICS, charts={"loss": {"title": "loss"}}, slots=("loss",))
    build_run(tmp_path, [started(), told, unknown, metrics(range(1, 9)), ended(step=8)], "script-1", source="script")
    app = interface(tmp_path, run_id="script-1", now=NOW)
    async with app.run_test(size=(110, 30)) as pilot:
        await shows(app, "ooooooo")
        await pilot.press("enter")
        await shows(app, "x:step")
        await pilot.press("e")
        await shows(app, "x:time")
        await pilot.press("e")
        await shows(app, "x:step")
