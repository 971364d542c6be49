"""The home screen when there are many runs, and what it keeps while one looks elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.builders import append, build_run, ended, started
from tests.tui.runs import FakeLauncher, cnn_run, interface, live_run, shown, shows, until
from workbench.events.types import Paused, RunEnded
from workbench.runs import control
from workbench.runs.files import replace_file
from workbench.tui.app import Workbench
from workbench.tui.screens.bench.keys import does_something
from workbench.tui.screens.bench.screen import Bench


def bench(app: Workbench) -> Bench:
    assert isinstance(app.screen, Bench)
    return app.screen


class Forgetful(FakeLauncher):
    """Its helper becomes a worker with the first start: what it was asked by then is not answered."""

    def ask(self, kind: str, about: Mapping[str, Any]) -> None:
        if self.started or kind == "device":
            super().ask(kind, about)


async def test_what_the_helper_could_not_measure_any_more_is_asked_again_behind_the_run(tmp_path: Path) -> None:
    app = interface(tmp_path)
    launcher = Forgetful(tmp_path)
    launcher.post, app.launcher = app.post_message, launcher  # type: ignore[assignment]
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "measuring ...")
        await pilot.press("s")
        await shows(app, "cnn-101")
        await pilot.press("escape")
        await shows(app, "37,770 parameters")
        assert "measuring" not in shown(app)


async def test_each_preset_keeps_what_was_changed_in_its_form(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("enter", "down", "down", "down", "right")
        await shows(app, "--lr 0.02")
        await pilot.press("shift+tab", "down")
        await shows(app, "$ workbench train cnn --preset digits")
        assert "--lr" not in shown(app)
        await shows(app, "*mnist")
        await pilot.press("up")
        await shows(app, "--lr 0.02")


async def test_resetting_all_is_taken_back_by_the_same_key(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("enter", "down", "down", "down", "right", "R")
        await shows(app, "R brings yours back")
        assert "--lr" not in shown(app)
        await pilot.press("R")
        await shows(app, "--lr 0.02")
        await pilot.press("R", "right", "R", "R")
        await shows(app, "--lr 0.02")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_list_that_is_longer_than_its_room_takes_that_of_the_form_while_it_has_the_keys(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    for number in range(1, 31):
        cnn_run(tmp_path, f"cnn-{number}", steps=21)
    app = interface(tmp_path)
    async with app.run_test(size=size) as pilot:
        await shows(app, "RUNS 30")
        before = shown(app).count("finished")
        await pilot.press("shift+tab")
        await until(lambda: shown(app).count("finished") >= min(12, before * 2), lambda: shown(app))
        await shows(app, "1 of 30")
        await pilot.press("end")
        await shows(app, "30 of 30")
        await shows(app, "> cnn-1 ")
        await pilot.press("home")
        await shows(app, "> cnn-30 ")
        await pilot.press("tab")
        await until(lambda: shown(app).count("finished") == before, lambda: shown(app))


async def test_the_cursor_stands_on_the_run_that_was_watched_or_started_last(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        cnn_run(tmp_path, f"cnn-{number}")
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 3")
        await until(lambda: app.recipes)
        app.open_run("cnn-2")
        await shows(app, "FINISHED")
        await pilot.press("escape")
        await shows(app, "> cnn-2")
        await pilot.press("s")
        await shows(app, "cnn-101")
        await pilot.press("escape")
        await shows(app, "> cnn-101")
        await pilot.press("Q")
        await shows(app, "> cnn-102")


async def test_a_run_is_paused_saved_and_resumed_from_the_list(tmp_path: Path) -> None:
    folder, ended = live_run(tmp_path), cnn_run(tmp_path, "cnn-1")
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: bench(app).focused is bench(app).runs)
        await shows(app, "p pause")
        await pilot.press("p", "w")
        await shows(app, "asked cnn-9 to save a checkpoint")
        await until(lambda: [request.kind for request in control.pending(folder)] == ["pause", "save"])
        append(folder, [Paused(at=bench(app).app._poller._clock(), step=400, by="ada")])
        await shows(app, "p go on")
        await pilot.press("p")
        await until(lambda: [request.kind for request in control.pending(folder)] == ["pause", "save", "resume"])
        bench(app).runs.go_to(ended.id)
        await shows(app, "r resume")
        await pilot.press("r")
        assert app.launcher.resumed == ["cnn-1"]  # type: ignore[attr-defined]


async def test_a_message_goes_with_the_next_key_and_with_newer_news(tmp_path: Path) -> None:
    folder, _ = live_run(tmp_path), cnn_run(tmp_path, "cnn-1")
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: bench(app).focused is bench(app).runs)
        await pilot.press("C")
        await shows(app, "space marks runs to compare")
        await pilot.press("down")
        await until(lambda: "space marks" not in shown(app))
        await pilot.press("x", "x")
        await shows(app, "asked cnn-9 to stop")
        append(folder, [RunEnded(at=bench(app).app._poller._clock(), state="stopped", step=400, reason="stopped by ada")])
        await shows(app, "cnn-9 ended: stopped")
        await pilot.press("d", "d")
        await shows(app, "moved to the trash: cnn-9")
        await pilot.press("u")
        await shows(app, "back from the trash: cnn-9")


@pytest.mark.parametrize("pressed", [False, True])
async def test_a_live_run_has_the_cursor_at_first_unless_keys_are_pressed_already(tmp_path: Path, pressed: bool) -> None:
    live_run(tmp_path)
    may_look = threading.Event()
    app = interface(tmp_path)
    find = app._poller._find
    app._poller._find = lambda: may_look.wait(60) and find()  # type: ignore[misc]
    async with app.run_test(size=(80, 24)) as pilot:
        if pressed:
            await pilot.press("down")
        may_look.set()
        await shows(app, "RUNS 1")
        await until(lambda: (app.screen.focused is bench(app).runs) is not pressed)


async def test_the_key_bar_has_the_keys_of_the_line_that_is_typed_into(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("tab", "down", "down", "down", "enter")
        await shows(app, "enter take  esc leave as it was")
        assert "s start  " not in shown(app)
        await pilot.press("escape", "tab", "n")
        await shows(app, "tab next")
        await pilot.press("escape")
        await shows(app, "enter watch")


async def test_a_filter_says_where_it_looks_what_may_be_typed_and_changes_nothing_half_typed(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1", settings={"lr": 0.1})
    cnn_run(tmp_path, "cnn-2", end="failed", steps=63)
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 2")
        await pilot.press("shift+tab", "slash")
        await shows(app, "find in RUNS")
        await shows(app, "for example state:failed,stopped")
        await pilot.press(*"state:runing")
        await shows(app, "unknown state `runing`; did you mean `runni")
        await shows(app, "RUNS 2")
        await pilot.press("enter")
        await shows(app, "find in RUNS")  # still asked
        await pilot.press("ctrl+u", *"lr:0.1")
        await shows(app, "RUNS 1")
        await pilot.press("enter")
        await shows(app, "found: lr:0.1")
        await pilot.press("slash", "ctrl+u", *"state:failed,stopped", "enter")
        await shows(app, "> cnn-2")


async def test_tags_and_note_of_the_run_under_the_cursor_are_read(tmp_path: Path) -> None:
    folder = cnn_run(tmp_path, "cnn-1")
    folder.write_labels(folder.labels().model_copy(update={"tags": ("paper",), "note": "with a wider net"}))
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 1")
        await pilot.press("shift+tab")
        await shows(app, " cnn-1  #paper  with a wider net  cnn/mnist, finished")
        await shows(app, "with a wider")


async def test_names_are_sorted_by_their_numbers(tmp_path: Path) -> None:
    for number in (38, 379, 4):
        cnn_run(tmp_path, f"cnn-{number}", steps=21)
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "RUNS 3")
        await pilot.press("shift+tab", "o", "o")
        await shows(app, "by name")
        await until(lambda: shown(app).index("cnn-4 ") < shown(app).index("cnn-38 ") < shown(app).index("cnn-379 "))


@pytest.mark.parametrize("source", ["script", "recipe"])
async def test_a_run_of_a_script_is_offered_neither_checkpoints_nor_weights(tmp_path: Path, source: str) -> None:
    folder = live_run(tmp_path, "cnn-1")
    replace_file(folder.path / "run.json", folder.record().model_copy(update={"source": source}).model_dump_json().encode())
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)):
        await shows(app, "RUNS 1")
        bench(app).set_focus(bench(app).runs)
        await until(lambda: bench(app).run_here)
        offered = {name for name in ("open", "stop", "save", "use", "fork") if does_something(name, bench(app))}
        assert offered == ({"open", "stop"} if source == "script" else {"open", "stop", "save", "use", "fork"})


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_the_list_keeps_its_room_while_a_filter_is_typed(tmp_path: Path, size: tuple[int, int]) -> None:
    for number in range(1, 31):
        build_run(tmp_path, [started(1), ended("finished", step=1)], f"cnn-{number}")
    app = interface(tmp_path)
    async with app.run_test(size=size) as pilot:
        await shows(app, "ready:")
        await pilot.press("tab", "tab")
        await until(lambda: shown(app).splitlines()[2].startswith(" RUNS 30"))
        await pilot.press("slash", *"state:f")
        await shows(app, "find in RUNS state:f")
        assert shown(app).splitlines()[2].startswith(" RUNS 30")
        await pilot.press("escape")
        await shows(app, "enter watch")
