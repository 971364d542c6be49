"""Whole screens as text, in pure ASCII. `UPDATE_GOLDENS=1 pytest tests/tui/test_goldens.py` writes them anew; read the difference."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import START
from tests.tui.runs import NOW, cnn_run, interface, shown, shows

GOLDENS = Path(__file__).parent / "golden"


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    kept = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    os.environ.pop("TZ") if kept is None else os.environ.update(TZ=kept)
    time.tzset()


def check(name: str, text: str) -> None:
    path = GOLDENS / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n")
    assert text == path.read_text().rstrip("\n")


def three_runs(root: Path) -> None:
    cnn_run(root, "cnn-1", end="failed", steps=212, at=START, advice="a smaller lr is worth a try", command="workbench train cnn --lr 1e-3")
    cnn_run(root, "cnn-2", end="stopped", steps=630, at=START + 600, settings={"lr": 1e-3})
    cnn_run(root, "cnn-3", at=START + 1200, settings={"lr": 3e-3}, name="third try")
    for index in (1, 2, 3):
        os.utime(root / f"cnn-{index}" / "run.json", (START + index, START + index))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_bench_looks_as_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    runs = tmp_path / "runs"
    three_runs(runs)
    app = interface(runs, now=NOW)
    async with app.run_test(size=size) as pilot:
        await shows(app, "RUNS 3")
        await shows(app, "37,770 parameters")
        await pilot.press("tab", "down", "down", "down", "left")
        await shows(app, "--lr 5e-3")
        await shows(app, "37,770 parameters")
        check(f"bench-{size[0]}x{size[1]}", shown(app))


@pytest.mark.parametrize(("run_id", "state"), [("cnn-3", "FINISHED"), ("cnn-1", "FAILED"), ("cnn-2", "STOPPED")])
async def test_run_looks_as_it_did(tmp_path: Path, run_id: str, state: str) -> None:
    three_runs(tmp_path)
    app = interface(tmp_path, run_id=run_id, now=NOW)
    async with app.run_test(size=(80, 24)):
        await shows(app, state)
        await shows(app, "worst classified @")
        check(f"run-{state.lower()}-80x24", shown(app))
