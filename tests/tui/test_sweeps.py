"""The screen of sweeps: what they show, and what a key does to one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.builders import START, append, build_run, ended, evaluated, loop, metrics, opening
from tests.tui.recipe import RECIPE
from tests.tui.runs import NOW, interface, live_run, shown, shows, until
from workbench.errors import WorkbenchError
from workbench.launching import launch, sweep
from workbench.runs.store import Store
from workbench.sweeps.folder import SweepFolder, create, host
from workbench.sweeps.journal import Journal
from workbench.sweeps.plan import make_plan
from workbench.tui.screens.bench.screen import Bench
from workbench.tui.screens.compare import Compare
from workbench.tui.screens.run.screen import RunScreen
from workbench.tui.screens.sweeps import Sweeps


def planned(root: Path, name: str, results: Sequence[float], *, settings: str = "1e-3,1e-2") -> SweepFolder:
    """A sweep of which these runs have finished."""
    folder = create(root, make_plan(name, [(RECIPE, "")], {}, {"lr": settings}, seeds=2))
    for number, accuracy in enumerate(results):
        log = [*opening(), loop(), metrics(range(1, 101)), evaluated(100, accuracy, best=True), ended(step=100)]
        build_run(root, log, f"cnn-{number + 1}", sweep=name, trial=number)
        folder.claim(number)
        Journal(folder.log(host())).write("assigned", trial=number, run=f"cnn-{number + 1}")
    return folder


@pytest.fixture
def sweeps(tmp_path: Path) -> Path:
    """One that has finished, and a newer one that nothing drives any more, though its first run trains."""
    for name, results in (("grid", (0.90, 0.96, 0.91, 0.97)), ("left", ())):
        folder = planned(tmp_path, name, results)
    live_run(tmp_path, "cnn-9")
    folder.claim(0)
    Journal(folder.log(host())).write("assigned", trial=0, run="cnn-9")
    os.utime(tmp_path / ".sweeps" / "grid" / "sweep.json", (START, START))
    return tmp_path


@pytest.fixture
def driven(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """The sweeps that a process was started for, and whether that was to stop them."""
    found: list[tuple[str, bool]] = []

    def drive(path: Path, root: Path, **_: Any) -> None:
        folder = SweepFolder(path)
        found.append((folder.name, folder.stop.exists()))
        if folder.stop.exists():
            append(Store(root).folder("cnn-9"), [ended("stopped", step=400, at=START)])

    monkeypatch.setattr(launch, "drive", drive)
    return found


async def test_a_screen_that_was_just_opened_is_not_asked_before_it_is_there(sweeps: Path) -> None:
    app = interface(sweeps, now=NOW)
    async with app.run_test(size=(80, 24)):
        for screen in (Sweeps("cnn"), Compare(["cnn-1", "cnn-2"]), RunScreen("cnn-1")):
            app.push_screen(screen)
            app.look_again()  # a key typed before the first paint comes between the two
            assert not screen.is_mounted


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_sweeps_are_listed_with_the_table_and_the_best_of_one(sweeps: Path, size: tuple[int, int]) -> None:
    app = interface(sweeps, now=NOW)
    async with app.run_test(size=size) as pilot:
        await shows(app, "RUNS 5")
        await pilot.press("S")
        await shows(app, "SWEEPS 2")
        await shows(app, "> left  cnn/mnist  interrupted: 0 of 4 done, 1 running, 3 to go")
        await pilot.press("down")
        await shows(app, "> grid  cnn/mnist  finished: 4 of 4 done")
        await shows(app, "best accuracy 97.0 %: cnn-4, lr 0.01, seed 1")
        assert "90.5 % +- 0.71" in shown(app)
        assert all(len(row) <= size[0] for row in shown(app).splitlines())
        assert "x stop" not in shown(app), "it has finished"
        await pilot.press("escape")
        assert isinstance(app.screen, Bench)


async def test_bars_of_what_mattered_stand_below_each_other(tmp_path: Path) -> None:
    planned(tmp_path, "grid", (0.80, 0.90, 0.95, 0.86, 0.93, 0.90), settings="1e-3,1e-2,1e-1")
    app = interface(tmp_path, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 6")
        await pilot.press("S")
        await shows(app, "what explains the differences")
        bars = [row for row in shown(app).splitlines() if " #" in row]
        assert [row.split()[0] for row in bars] == ["lr", "the"]
        assert len({row.index(" #") for row in bars}) == 1


async def test_a_sweep_is_stopped_and_resumed(sweeps: Path, driven: list[tuple[str, bool]]) -> None:
    app = interface(sweeps, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 5")
        await pilot.press("S")
        await shows(app, "x stop")
        await pilot.press("x")
        await shows(app, "x again stops left")
        assert driven == []
        await pilot.press("x")
        await shows(app, "left  cnn/mnist  stopped")
        assert driven == [("left", True)]
        await pilot.press("r")
        await until(lambda: driven[1:] == [("left", False)], lambda: shown(app))


async def test_its_runs_are_watched_and_compared(sweeps: Path) -> None:
    app = interface(sweeps, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 5")
        await pilot.press("S")
        await shows(app, "SWEEPS 2")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RunScreen) and app.screen.run_id == "cnn-9")
        await pilot.press("escape", "down")
        await shows(app, "C compare")
        await pilot.press("C")
        await until(lambda: isinstance(app.screen, Compare))
        await shows(app, "COMPARE 4 runs")


async def test_without_a_sweep_it_says_how_one_begins(tmp_path: Path) -> None:
    app = interface(tmp_path, now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "No runs yet")
        await pilot.press("S")
        await shows(app, "`workbench sweep cnn lr=1e-3,3e-3 --seeds 3`")
        assert isinstance(app.screen, Sweeps)
        await pilot.press("s")
        await shows(app, "workbench sweep cnn:mnist lr=1e-3,3e-3 --seeds 3")
        await pilot.press("end", *["backspace"] * 9, *"--seeds 2", "enter")
        await shows(app, "sweep-7 has begun")
        assert app.launcher.swept == ["cnn:mnist lr=1e-3,3e-3 --seeds 2"]  # type: ignore[attr-defined]


def test_a_sweep_is_begun_by_what_is_typed_or_refused_in_the_commands_words(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="setting `lr` is `9`"):
        sweep.begin(["cnn", "lr=1e-3,9"], tmp_path)
    with pytest.raises(WorkbenchError, match="no sweep began"):
        sweep.begin([], tmp_path)
    assert list(tmp_path.glob(".sweeps/*")) == []
