"""The screen of one run."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from textual.events import Key

from tests.benchmarks.sizes import SCREENS, any_sizes, survive
from tests.builders import METRICS, START, append, build_run, ended, loop, metrics, started
from tests.tui.runs import NOW, FakeLauncher, cnn_run, declared, interface, live_run, opening, save_preview, shown, shows, training, until
from workbench.events.types import Measured, MetricsDeclared, Paused, PhaseChanged, RequestAnswered, Resumed
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.tui.screens.bench.screen import Bench
from workbench.tui.screens.run.screen import RunScreen
from workbench.tui.screens.run.steering import not_among
from workbench.tui.screens.run.zoom import Zoom
from workbench.views.run import slots


def answer(folder: RunFolder, *events: object, accepted: bool = True, message: str = "") -> None:
    """Do what a worker does with the request that waits."""
    (request,) = control.pending(folder)
    said = RequestAnswered(at=time.time(), step=400, request=request.id, kind=request.kind, accepted=accepted, message=message)
    append(folder, [*events, said])  # type: ignore[list-item]
    control.withdraw(folder, request)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_finished_run_shows_charts_previews_and_what_it_reached(tmp_path: Path, size: tuple[int, int]) -> None:
    cnn_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=size):
        await shows(app, "worst classified @ 1,260")
        for text in (
            "+ FINISHED",
            "loss",
            "gradient norm",
            "accuracy",
            "best accuracy 98.5 % at step 1,260",
            "r resume",
            "0, said 7",
        ):
            await shows(app, text)


async def test_phases_are_named_before_there_is_anything_to_draw(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [started(at=time.time(), host="far"), PhaseChanged(at=time.time(), phase="importing torch")])
    app = interface(tmp_path, run_id="cnn-1")
    async with app.run_test(size=(80, 24)):
        await shows(app, "importing torch ...")
        append(folder, [declared(time.time()), PhaseChanged(at=time.time(), phase="loading mnist5k")])
        await shows(app, "loading mnist5k ...")
        await shows(app, "gradient norm")


async def test_what_is_typed_in_one_packet_with_the_key_that_asks_is_typed_and_not_done(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-9")
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "gradient norm")
        for key, letter in (("slash", "/"), ("p", "p"), ("w", "w")):  # p pauses, w saves
            app.post_message(Key(key, letter))
        await pilot.pause()
        await shows(app, "find pw")
        assert not control.pending(folder)


async def test_pausing_says_that_it_was_asked_and_then_what_happened(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-9")
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "p pause")
        await pilot.press("p")
        await shows(app, "asked to pause ...")
        await until(lambda: control.pending(folder))
        answer(folder, Paused(at=time.time(), step=400, by="ada"), message="paused at step 400")
        await shows(app, "PAUSED")
        await shows(app, "p go on")
        assert "asked to pause" not in shown(app)
        await pilot.press("p")
        await until(lambda: [request.kind for request in control.pending(folder)] == ["resume"])
        answer(folder, Resumed(at=time.time(), step=400, by="ada"), message="resumed at step 400")
        await shows(app, "p pause")


async def test_a_paused_run_is_not_painted_for_its_heartbeats(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    append(folder, [Paused(at=time.time(), step=400, by="ada")])
    app = interface(tmp_path, run_id="cnn-9", now=time.time())  # a clock that goes on would repaint with the minute
    async with app.run_test(size=(80, 24)):
        await shows(app, "PAUSED")
        run = app._poller._run
        assert run is not None
        looks, look = [], run.look
        run.look = lambda *wished: looks.append(look(*wished)) or looks[-1]  # type: ignore[method-assign]
        await until(lambda: looks[-3:] == [None] * 3, "there is always more to paint")
        painted = len(looks) - looks.count(None)
        append(folder, [Measured(at=time.time(), step=400, memory_bytes=10**9, cpu_seconds=9.0)])
        await until(lambda: run.feed.state.memory_bytes == 10**9)
        done = len(looks)
        await until(lambda: len(looks) > done + 1, "the interface looks no more")
        assert len(looks) - looks.count(None) == painted


async def test_stopping_asks_once(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-9")
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "x stop")
        await pilot.press("x")
        await shows(app, "x again to stop: it saves and ends; esc to leave it training")
        await pilot.press("escape")
        assert isinstance(app.screen, RunScreen)
        await pilot.press("x", "x")
        await until(lambda: [request.kind for request in control.pending(folder)] == ["stop"])


async def test_a_live_setting_is_changed_with_validation(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-9")
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "c change lr")
        await until(lambda: app.recipes)
        await pilot.press("c", *"5")
        await shows(app, "expected a number above 0 and at most 1")
        await pilot.press("enter")
        assert not control.pending(folder)
        await pilot.press("backspace", *"5e", "minus", "4", "enter")
        await until(lambda: [request.arguments for request in control.pending(folder)] == [{"lr": "5e-4"}])
        answer(folder, accepted=False, message="lr is not to be touched")
        await shows(app, "refused to set: lr is not to be touched")
        await pilot.press("c", "tab")
        await shows(app, " weight_decay ")


async def test_what_was_typed_before_tab_is_sent_with_the_rest_and_what_is_as_it_was_is_not(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-9")
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "c change lr")
        await until(lambda: app.recipes)
        await pilot.press("c", "enter")
        await shows(app, "nothing was changed")
        await pilot.press("c", *"0.0100", "enter")  # the same number
        await shows(app, "nothing was changed")
        assert not control.pending(folder)
        await pilot.press("c", *"5e", "minus", "4", "tab")
        await shows(app, "enter takes lr")
        await pilot.press("tab", "tab", "left")
        await shows(app, " lr 5e-4")
        await pilot.press("tab", "enter")
        await until(lambda: [request.arguments for request in control.pending(folder)] == [{"lr": "5e-4"}])


async def test_a_wrong_answer_left_behind_by_tab_is_asked_again(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-9")
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "c change lr")
        await until(lambda: app.recipes)
        await pilot.press("c", *"7", "tab", "enter")
        await shows(app, "expected a number above 0 and at most 1")
        assert not control.pending(folder)


async def test_saving_leaves_a_request(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-9")
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "w save")
        await pilot.press("w")
        await until(lambda: [request.kind for request in control.pending(folder)] == ["save"])


async def test_a_failed_run_says_why_and_what_to_type(tmp_path: Path) -> None:
    cnn_run(tmp_path, end="failed", steps=212, advice="a smaller lr is worth a try", command="workbench train cnn --lr 1e-3")
    app = interface(tmp_path, run_id="cnn-1")
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "failed: the loss is NaN at step 212")
        await shows(app, "a smaller lr is worth a try")
        await shows(app, "$ workbench train cnn --lr 1e-3")
        await pilot.press("r")
        launcher = app.launcher
        assert isinstance(launcher, FakeLauncher)
        assert launcher.resumed == ["cnn-1"]


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_what_ended_a_run_is_said_whole_and_its_charts_make_room(tmp_path: Path, size: tuple[int, int]) -> None:
    reason = "the gradient became infinite at step 42; the last finite loss was 2.3e18 at step 41"
    advice = "the update was not applied, and the last finite checkpoint is kept; try a smaller lr, a warm-up, or clip_norm 1"
    cnn_run(tmp_path, end="failed", steps=42, advice=advice, command="workbench train cnn --from cnn-1 --lr 0.001 --clip-norm 1")
    folder = tmp_path / "cnn-1" / "events.jsonl"
    folder.write_text(folder.read_text().replace("the loss is NaN at step 212", reason))
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=size):
        await until(lambda: f"failed: {reason}" in " ".join(shown(app).split()), lambda: shown(app))
        if size == (80, 24):
            await shows(app, "1-4 of 5")
        said = " ".join(shown(app).split())
        assert f"failed: {reason}" in said
        assert said.count("infinite") == 1
        if size == (80, 24):
            assert advice in said
            assert "--clip-norm 1" in said
        else:
            assert "--clip-norm" not in said  # rather nothing of a command than its end


async def test_a_run_without_new_steps_is_called_stalled(tmp_path: Path) -> None:
    now = time.time()
    events = [*opening(now - 100, host="far"), loop(at=now - 60), *training(1, 63, now - 48)]
    folder = build_run(tmp_path, events, "cnn-1")
    append(folder, [Measured(at=now - 1, step=63, memory_bytes=1, cpu_seconds=1.0)])
    app = interface(tmp_path, run_id="cnn-1", now=now)
    async with app.run_test(size=(80, 24)):
        await shows(app, "no step for 40 s, last step took 50 ms; if it hangs:")


async def test_previews_turn_and_slots_zoom(tmp_path: Path) -> None:
    folder = cnn_run(tmp_path)
    save_preview(folder)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "worst classified")
        await pilot.press("enter")
        assert isinstance(app.screen, Zoom)
        await shows(app, "arrows read the values")
        await pilot.press("right")
        await shows(app, "step 1,260")
        await shows(app, "val 0.")
        await pilot.press("plus", "plus", "y")
        await shows(app, "log+")
        await pilot.press("v", "v", "v")
        await shows(app, "worst classified")
        await pilot.press("escape", "l")
        await shows(app, "LOG cnn-1")
        await pilot.press("home")
        await shows(app, "attempt 1 started")
        await pilot.press("escape", "escape")
        assert isinstance(app.screen, Bench)


async def test_a_panel_that_breaks_is_a_card_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = slots.draw

    def broken(feed: object, name: str, *rest: object, **more: object) -> object:
        if name == "accuracy":
            raise ZeroDivisionError("by \x1b[31mzero")
        return draw(feed, name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(slots, "draw", broken)
    cnn_run(tmp_path)
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(80, 24)):
        await shows(app, "this panel could not be drawn")
        await shows(app, "ZeroDivisionError: by ?[31mzero")
        await shows(app, "gradient norm")
        await shows(app, "worst classified")


async def test_a_preview_that_is_no_image_is_words(tmp_path: Path) -> None:
    folder = cnn_run(tmp_path)
    (folder.samples / "worst.json").write_text(json.dumps({"shape": [1, 10**9, 10**9], "pixels": "AAAA"}))
    app = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(80, 24)):
        await shows(app, "its file is damaged")


@pytest.mark.parametrize("screen", SCREENS)
async def test_no_size_is_too_small_or_too_large(tmp_path: Path, screen: str) -> None:
    cnn_run(tmp_path)
    assert await survive(tmp_path, screen, any_sizes(16, seed=0)) == 0


async def test_a_terminal_of_a_few_cells_says_what_it_lacks(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(20, 5)
        await shows(app, "20x5 is too small:")
        await pilot.resize_terminal(80, 24)
        await shows(app, "ready:")


async def test_the_diagnosis_stands_in_a_line_and_in_full_behind_a_key(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1", end="failed")
    app = interface(tmp_path, run_id="cnn-1")
    async with app.run_test(size=(100, 30)) as pilot:
        await shows(app, "failed: the loss is NaN")
        assert "health  error" not in shown(app)  # it would say the same once more
        await pilot.press("h")
        await shows(app, "HEALTH")
        await shows(app, "try:")


async def test_a_run_that_a_script_recorded_offers_nothing_that_only_a_recipe_can_do(tmp_path: Path) -> None:
    log = [started(), MetricsDeclared(at=START, objective="", metrics=METRICS, charts={"loss": {"title": "loss"}}, slots=("loss",)), loop()]
    build_run(tmp_path, [*log, metrics(range(1, 9)), ended("stopped", step=8, reason="stopped by ada")], "script-1", source="script")
    app = interface(tmp_path, run_id="script-1", now=NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "stopped by ada")
        await shows(app, "enter zoom")
        assert "resume" not in shown(app)
        await pilot.press("m", "i", "U", "f")  # its layers, its notes, its weights, its checkpoints: there are none
        assert isinstance(app.screen, RunScreen)


async def test_a_died_script_is_not_said_to_resume(tmp_path: Path) -> None:
    build_run(tmp_path, [started(), loop(), metrics(range(1, 9))], "script-1", source="script")
    app = interface(tmp_path, run_id="script-1", now=NOW)
    async with app.run_test(size=(80, 24)):
        await shows(app, "its process is gone")
        assert "resume" not in shown(app)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("60", ""),
        ("1,000", ""),
        ("61", "one of 50, 60, 70, 80 or 96 others"),
        ("", "one of 970, 980, 990, 1000 or 96 others"),
        ("nine", "one of 970, 980, 990, 1000 or 96 others"),
    ],
)
def test_a_step_to_fork_at_without_a_checkpoint_is_answered_with_those_that_lie_near(text: str, said: str) -> None:
    assert not_among(range(10, 1001, 10), text) == said
    assert not_among([7], "8") == "one of 7"
