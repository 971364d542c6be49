"""Whole screens as text. `UPDATE_GOLDENS=1 pytest tests/tui/test_goldens.py` writes them anew; read the difference.

Each screen and state in pure ASCII, and with braille in colour: below the text, a letter for the style of each cell.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.builders import append, build_run, loop, started
from tests.tui.runs import FAR, NOW, cnn_run, interface, opening, shown, shows, training
from workbench.events.types import Measured, Paused, PhaseChanged
from workbench.tui.app import Workbench

GOLDENS = Path(__file__).parent / "golden"
SIZES = ((80, 24), (120, 40))
STATES = {  # run -> what its screen shows when it is complete
    "cnn-1": ("failed", "$ workbench train cnn --lr 1e-3"),
    "cnn-2": ("stopped", "stopped by ada; r resumes"),
    "cnn-3": ("finished", "best accuracy"),
    "cnn-4": ("importing", "importing torch ..."),
    "cnn-5": ("stalled", "no step for 40 s"),
    "cnn-6": ("paused", "p goes on"),
    "cnn-7": ("died", "workbench resume cnn-7"),
    "cnn-8": ("running", "closing this screen"),
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In every home and time zone the same."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    kept = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    os.environ.pop("TZ") if kept is None else os.environ.update(TZ=kept)
    time.tzset()


def check(name: str, text: str) -> None:
    path, text = GOLDENS / f"{name}.txt", text.rstrip("\n")
    if os.environ.get("UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n")
    assert text == path.read_text().rstrip("\n")


def coloured(app: Workbench) -> str:
    """The screen, a letter for each cell's style, and what the letters stand for."""
    legend: dict[str, str] = {}
    rows = []
    for strip in app.screen._compositor.render_strips():
        row = ""
        for segment in strip:
            row += legend.setdefault(str(segment.style), chr(ord("a") + len(legend))) * segment.cell_length
        rows.append(row)
    return "\n".join([shown(app), *rows, *(f"{letter}: {style}" for style, letter in legend.items())])


def runs_in_every_state(root: Path) -> None:
    cnn_run(root, "cnn-1", end="failed", steps=212, at=NOW - 3600, advice="a smaller lr is worth a try", command=STATES["cnn-1"][1][2:])
    cnn_run(root, "cnn-2", end="stopped", steps=630, at=NOW - 3000, settings={"lr": 1e-3})
    cnn_run(root, "cnn-3", at=NOW - 2400, settings={"lr": 3e-3, "epochs": 30}, name="third try", cpu_seconds=58.0)
    build_run(root, [started(at=NOW - 3, **FAR), PhaseChanged(at=NOW - 3, phase="importing torch")], "cnn-4", preset="mnist")
    stalled = build_run(root, [*opening(NOW - 100, **FAR), loop(at=NOW - 60), *training(1, 63, NOW - 48)], "cnn-5", preset="mnist")
    append(stalled, [Measured(at=NOW - 1, step=63, memory_bytes=412_000_000, cpu_seconds=9.0)])
    paused = cnn_run(root, "cnn-6", steps=400, end="", at=NOW - 40)
    append(paused, [Paused(at=NOW - 8, step=400, by="ada")])
    build_run(root, [*opening(NOW - 500), loop(at=NOW - 490), *training(1, 630, NOW - 490)], "cnn-7", preset="mnist")
    cnn_run(root, "cnn-8", steps=400, end="", at=NOW - 31)
    for number in range(1, 9):
        os.utime(root / f"cnn-{number}" / "run.json", (NOW + number, NOW + number))


Check = Callable[[str], None]


def checks(app: Workbench, size: tuple[int, int]) -> Check:
    """Compares the screen with the golden of a name, in the way that the look asks for."""
    end = f"{size[0]}x{size[1]}"
    if app.look.ascii_only:
        return lambda name: check(f"{name}-{end}-ascii", shown(app))
    return lambda name: check(f"{name}-{end}-colour", coloured(app))


async def of_runs(app: Workbench, pilot: Pilot[None], same: Check) -> None:
    for run_id, (state, complete) in STATES.items():
        app.open_run(run_id)
        await shows(app, complete)
        if state != "importing":
            await shows(app, "worst classified @")
            await shows(app, "damaged" if state in ("stalled", "died") else "said 7")
        same(f"run-{state}")
        await pilot.press("escape")


async def of_one_run(app: Workbench, pilot: Pilot[None], same: Check) -> None:
    app.open_run("cnn-3")
    await shows(app, "said 7")
    for keys, complete, name in (
        (("enter",), "arrows read the values", "zoom-chart"),
        (("right", "left", "left"), "step 1,210", "zoom-cursor"),
        (("escape", "down", "right", "enter"), "arrows go through", "zoom-preview"),
        (("escape", "l"), "LOG cnn-3", "log"),
        (("escape", "h"), "HEALTH", "health"),
        (("escape", "question_mark"), "KEYS", "keys"),
    ):
        await pilot.press(*keys)
        await shows(app, complete)
        same(name)
    await pilot.press("escape", "escape")


async def of_bench(app: Workbench, pilot: Pilot[None], same: Check) -> None:
    await pilot.press("tab", "down", "down", "down", "left")
    await shows(app, "--lr 5e-3")
    await shows(app, "37,770 parameters")
    same("bench")
    await pilot.press("tab", "down", "space")
    await shows(app, "1 marked")
    await shows(app, "  cnn-1   ")  # the last of them: the list has the room that it wants
    same("bench-runs")
    for key, complete, name in (("m", "37,770 parameters", "model"), ("b", "4 of a batch", "batch"), ("i", "NOTES", "notes")):
        await pilot.press(key)
        await shows(app, complete)
        same(name)
        await pilot.press("escape")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("walk", [of_runs, of_one_run, of_bench])
async def test_screens_look_as_they_did(
    tmp_path: Path, size: tuple[int, int], ascii_only: bool, walk: Callable[[Workbench, Pilot[None], Check], Awaitable[None]]
) -> None:
    runs_in_every_state(tmp_path / "runs")
    app = interface(tmp_path / "runs", now=NOW, ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        await shows(app, "RUNS 8")
        await pilot.press("shift+tab", "shift+tab")  # a live run has the cursor at first
        await shows(app, "37,770 parameters")
        await shows(app, "cpu (2 threads)")
        await walk(app, pilot, checks(app, size))


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("size", [*SIZES, (40, 12), (30, 8)])
async def test_an_empty_home_looks_as_it_did(tmp_path: Path, size: tuple[int, int], ascii_only: bool) -> None:
    app = interface(tmp_path / "runs", now=NOW, ascii_only=ascii_only)
    async with app.run_test(size=size):
        await shows(app, "too small" if size[0] < 40 else "ready:")
        if size[0] >= 80:
            await shows(app, "cpu (2 threads)")
            await shows(app, "37,770 parameters")
        checks(app, size)("empty")


@pytest.mark.parametrize(("run_id", "complete"), [("cnn-1", "failed: the loss"), ("cnn-3", "best accuracy"), ("cnn-8", "RUNNING")])
async def test_a_small_terminal_looks_as_it_did(tmp_path: Path, run_id: str, complete: str) -> None:
    runs_in_every_state(tmp_path / "runs")
    app = interface(tmp_path / "runs", now=NOW, run_id=run_id)
    async with app.run_test(size=(40, 12)):
        await shows(app, complete)
        await shows(app, "+0-")  # the foot of a chart
        checks(app, (40, 12))(f"run-{STATES[run_id][0]}")
