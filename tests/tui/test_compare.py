"""The Compare screen, and marking runs in the list for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.builders import START, append, ended
from tests.comparing import three_seeds, trained
from tests.tui.runs import NOW, interface, shown, shows, until
from tests.tui.test_goldens import check
from workbench.runs.folder import Labels
from workbench.tui.app import Workbench
from workbench.tui.screens.bench.screen import Bench
from workbench.tui.screens.compare import Compare
from workbench.tui.screens.run.screen import RunScreen


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    three_seeds(tmp_path, accuracy=0.93, apart=0.02, labels=Labels(tags=("paper",)))
    trained(tmp_path, "cnn-4", accuracy=0.97, lr=1e-2, batch_size=16, steps=800, seconds=30.0, labels=Labels(tags=("paper",)))
    for number in range(1, 5):
        os.utime(tmp_path / f"cnn-{number}" / "run.json", (START + number, START + number))
    return tmp_path


async def opened(app: Workbench, *ids: str) -> None:
    await shows(app, "RUNS 4")
    app.open_comparison(ids or ("cnn-1", "cnn-2", "cnn-3", "cnn-4"))
    await shows(app, "COMPARE")
    await shows(app, "is better than")


@pytest.mark.parametrize("look", ["ascii", "colour"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_compare_looks_as_it_did(runs: Path, size: tuple[int, int], look: str) -> None:
    app = interface(runs, now=NOW, ascii_only=look == "ascii")
    async with app.run_test(size=size) as pilot:
        await opened(app)
        await pilot.press("e", "e", "e")
        await shows(app, "by examples")
        check(f"compare-{look}-{size[0]}x{size[1]}", shown(app))


async def test_marked_runs_are_compared(runs: Path) -> None:
    app = interface(runs, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 4")
        await pilot.press("tab", "tab", "C")
        await shows(app, "space marks runs to compare")
        await pilot.press("space", "space")
        await shows(app, "2 marked")
        await pilot.press("C")
        await shows(app, "COMPARE 2 runs")
        await shows(app, "cnn-4 is better than cnn-3")
        await pilot.press("escape")
        assert isinstance(app.screen, Bench)


async def test_runs_that_a_filter_found_are_compared(runs: Path) -> None:
    trained(runs, "cnn-5", steps=20)
    app = interface(runs, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 5")
        await pilot.press("tab", "tab", "slash", *"tag:paper", "enter")
        await shows(app, "RUNS 4")
        await pilot.press("C")
        await shows(app, "COMPARE 4 runs in 2 lines")


async def test_seeds_are_expanded_and_collapsed_and_the_baseline_is_chosen(runs: Path) -> None:
    app = interface(runs, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app)
        await shows(app, "cnn-1 x3")
        await pilot.press("G")
        await until(lambda: "in 2 lines" not in shown(app) and "x3" not in shown(app))
        await pilot.press("down", "B")
        await until(lambda: any("> * cnn-2" in " ".join(row.split()) and "baseline" in row for row in shown(app).splitlines()))
        await pilot.press("G")
        await shows(app, "cnn-1 x3")


async def test_the_cursor_reads_values_and_hidden_lines_go(runs: Path) -> None:
    app = interface(runs, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app)
        await pilot.press("left")
        await shows(app, "at 800")
        await pilot.press("full_stop")
        await shows(app, "final")
        before = shown(app).count("x")
        await pilot.press("H")
        await until(lambda: shown(app).count("x") < before - 10)


async def test_the_cursor_begins_where_the_longest_run_ends(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", accuracy=0.9, steps=180)
    trained(tmp_path, "cnn-2", accuracy=0.95, steps=780, lr=1e-2)
    app = interface(tmp_path, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 2")
        app.open_comparison(("cnn-1", "cnn-2"))
        await shows(app, "is better than")
        await until(lambda: isinstance(app.screen, Compare) and app.screen._window.newest == 10_000)
        await pilot.press("left")
        await shows(app, "at 780")
        row = next((row for row in shown(app).splitlines() if "* cnn-2" in " ".join(row.split())), shown(app))
        assert row.split()[2:4] == ["95.0", "%"]


async def test_metrics_are_turned_over_and_found(runs: Path) -> None:
    app = interface(runs, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app)
        assert shown(app).splitlines()[1].startswith("validation accuracy")
        await pilot.press("pagedown")
        await until(lambda: shown(app).splitlines()[1].startswith("train loss"))
        await pilot.press("slash", *"val.*loss", "enter", "y")
        await until(lambda: "log+" in shown(app) or "log└" in shown(app), lambda: shown(app))


async def test_tables_have_all_settings_on_a_key(runs: Path) -> None:
    app = interface(runs, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app)
        await pilot.press("v")
        await shows(app, "best values, with deltas")
        assert "epochs" not in shown(app)
        await pilot.press("a")
        await shows(app, "epochs")
        await pilot.press("pagedown")
        await shows(app, "validation/loss")


async def test_tables_scroll_to_runs_that_do_not_fit(tmp_path: Path) -> None:
    for number in range(1, 12):
        trained(tmp_path, f"cnn-{number}", lr=number * 1e-3, steps=20, accuracy=0.5 + number / 50)
    app = interface(tmp_path, now=NOW)
    async with app.run_test(size=(80, 40)) as pilot:
        await shows(app, "RUNS 11")
        app.open_comparison(tuple(f"cnn-{number}" for number in range(1, 12)))
        await shows(app, "is best of 11")
        await pilot.press("v")
        await shows(app, "settings that differ")
        head = lambda: next(row for row in shown(app).splitlines() if "settings that differ" in row).split()[3:]  # noqa: E731
        assert "cnn-11" not in head()
        await pilot.press(*["right"] * 9)
        await until(lambda: head()[0] == "cnn-1" and "cnn-11" in head(), head)
        await pilot.press(*["left"] * 9)
        await until(lambda: head()[1] == "cnn-2", head)


async def test_previews_are_scrubbed_together(runs: Path) -> None:
    app = interface(runs, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app)
        await pilot.press("e", "v", "v")
        await shows(app, "cnn-1 at 200")
        await shows(app, "cnn-4 at 800")
        await pilot.press(*["left_square_bracket"] * 20)
        await until(lambda: "cnn-4 at 400" in shown(app) and "cnn-1 at 100" in shown(app))
        await pilot.press("full_stop")
        await shows(app, "cnn-4 at 800")


async def test_a_run_that_trains_goes_on_in_the_comparison(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1")
    live = trained(tmp_path, "cnn-2", end="", accuracy=0.95, lr=1e-2)
    app = interface(tmp_path, now=NOW)
    async with app.run_test(size=(80, 24)):
        await shows(app, "RUNS 2")
        app.open_comparison(("cnn-1", "cnn-2"))
        await shows(app, "is better than")
        append(live, [ended("stopped", step=200)])
        await until(lambda: any("cnn-2" in row and " x " in row for row in shown(app).splitlines()))


async def test_enter_opens_the_run_and_escape_comes_back(runs: Path) -> None:
    app = interface(runs, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app)
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, RunScreen) and app.screen.run_id == "cnn-4")
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, Compare))
        await shows(app, "is better than")
