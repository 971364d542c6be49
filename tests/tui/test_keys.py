"""Keys: one table per screen, from which key bar and help follow, and one meaning per letter."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.binding import Binding
from textual.events import Key

from tests.builders import build_run, ended, started
from tests.tui.runs import NOW, cnn_run, interface, shown, shows, until
from tests.tui.test_in_a_terminal import terminal
from workbench.charts.rows import plain
from workbench.tui.app import Workbench
from workbench.tui.screens.base import WorkScreen
from workbench.tui.screens.batch import Batch
from workbench.tui.screens.bench.screen import Bench
from workbench.tui.screens.compare import Compare
from workbench.tui.screens.finding import Finding
from workbench.tui.screens.pages.keys import KeysPage
from workbench.tui.screens.pages.log import LogPage
from workbench.tui.screens.pages.page import Page
from workbench.tui.screens.playground.screen import Playground
from workbench.tui.screens.run.screen import RunScreen
from workbench.tui.screens.run.zoom import Zoom
from workbench.tui.screens.sweeps import Sweeps
from workbench.tui.widgets.key_bar import bar, shown_key

SCREENS: tuple[type[WorkScreen], ...] = (Bench, RunScreen, Zoom, Page, LogPage, Batch, Finding, Playground, Compare, Sweeps)
BOTH_WAYS = {"go on": "pause"}  # one key there and back


def table(screen: type[WorkScreen]) -> list[Binding]:
    return [binding for binding in screen.BINDINGS if isinstance(binding, Binding)]


@pytest.mark.parametrize("screen", SCREENS)
def test_every_key_has_an_id_of_its_own_and_says_what_it_does(screen: type[WorkScreen]) -> None:
    keys = table(screen)
    assert len({binding.id for binding in keys}) == len(keys)
    assert all(binding.id and binding.tooltip and binding.description for binding in keys)
    assert all(hasattr(screen, f"action_{binding.action.partition('(')[0]}") for binding in keys)


def test_a_letter_means_the_same_on_every_screen() -> None:
    meanings: dict[str, set[str]] = {}
    for screen in SCREENS:
        for binding in table(screen):
            for key in binding.key.split(","):
                if len(key) == 1 or key in ("slash", "question_mark", "full_stop", "left_square_bracket", "right_square_bracket"):
                    meanings.setdefault(key, set()).add(BOTH_WAYS.get(binding.description, binding.description))
    assert {key: found for key, found in meanings.items() if len(found) > 1} == {}
    assert {key: meanings[key] for key in "spxwvmblhiq"} == {
        "s": {"start"}, "p": {"pause"}, "x": {"stop"}, "w": {"save"}, "v": {"view"}, "m": {"model"}, "b": {"batch"}, "l": {"log"},
        "h": {"health"}, "i": {"notes"}, "q": {"leave"},
    }  # fmt: skip


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_the_key_bar_and_the_help_come_from_the_table(tmp_path: Path, width: int) -> None:
    cnn_run(tmp_path)
    app: Workbench = interface(tmp_path, run_id="cnn-1", now=NOW)
    async with app.run_test(size=(width, 30)) as pilot:
        await shows(app, "r resume")
        screen = app.screen
        assert isinstance(screen, WorkScreen)
        offered = "".join(span.text for span in bar(screen.offered(), width)).rstrip()
        assert shown(app).splitlines()[-1] == offered
        await pilot.press("question_mark")
        await shows(app, "KEYS")
        for binding in table(RunScreen)[:8]:
            assert binding.tooltip in shown(app)


def test_a_key_bar_that_is_too_narrow_keeps_help_and_the_way_out() -> None:
    text = "".join(span.text for span in bar(table(RunScreen), 30))
    assert "? help" in text
    assert "q leave" in text
    assert len(text) <= 30


def test_keys_are_shown_as_they_are_printed_on_a_keyboard() -> None:
    assert shown_key(Binding("question_mark", "help")) == "?"
    assert shown_key(Binding("up", "move", key_display="arrows")) == "arrows"


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_the_help_shows_every_tooltip_in_full_with_the_id_of_its_key(tmp_path: Path, size: tuple[int, int]) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=size) as pilot:
        await shows(app, "ready:")
        await pilot.press("question_mark")
        await shows(app, "KEYS")
        rows = app.screen.query_one("#text").lines(size[0])  # type: ignore[attr-defined]
        text = " ".join(" ".join("".join(span.text for span in row) for row in rows).split())
        assert all(sum(len(span.text) for span in row) <= size[0] for row in rows)
        for binding in [*table(Bench), *app.keys_of(app.BINDINGS)]:
            words = text
            for word in binding.tooltip.split():
                assert word in words
        assert all(f" {binding.id} " in text for binding in table(Bench))
        if size[0] >= 100:
            assert all(f" {binding.id} {binding.tooltip}" in text for binding in table(Bench))
        assert "ctrl+p" in text


async def test_the_help_is_searched_and_closed_by_the_key_that_opened_it(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("question_mark", "slash", *"trash")
        await shows(app, "found: trash")
        assert "start a run" not in shown(app)
        await pilot.press("enter", "escape")
        await shows(app, "start a run")
        await pilot.press("question_mark")
        assert isinstance(app.screen, Bench)


async def test_a_word_that_is_found_in_the_help_brings_all_of_its_entry(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("question_mark", "slash", *"device is free, behind")
        await shows(app, "found: device is free, behind")
        assert "bench.queue" in shown(app)  # in a row of its own, where there is no room beside
        assert "doctor" not in shown(app)


async def test_a_letter_close_behind_esc_is_not_lost(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("tab", "slash", "m", "o", "m")
        await shows(app, "find in SETTINGS mom")
        app.post_message(Key("alt+a", "a"))  # as Textual reads the two from one write
        await shows(app, "fewer (a)")
        assert "find in" not in shown(app)
        app.post_message(Key("alt+shift+d", "D"))
        await shows(app, "DIFFERENCES")


async def test_the_shell_is_a_key_away_also_while_a_line_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = interface(tmp_path)
    left: list[str] = []
    monkeypatch.setattr(app, "action_suspend_process", lambda: left.append("for the shell"))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("tab", "slash", "m", "ctrl+z", "o", "m")
        await shows(app, "find in SETTINGS mom")
    assert left == ["for the shell"]


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ("\t/mom\r", "found: mom"),
        ("\t\x1b[B\x1b[B\x1b[B5e-4\r", "$ workbench train cnn --lr 5e-4"),
        ("i\x1b[6~\x1bD", "DIFFERENCES"),
    ],
)
def test_keys_that_come_at_once_act_as_if_they_had_come_one_by_one(tmp_path: Path, keys: str, wanted: str) -> None:
    with terminal(tmp_path) as screen:
        screen.wait_for("ready:", 30)
        screen.send(keys)
        screen.wait_for(wanted, 30)


async def test_alt_and_a_letter_is_a_key_where_somebody_has_chosen_it(tmp_path: Path) -> None:
    app = interface(tmp_path, keys={"bench.notes": "alt+n"})
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        app.post_message(Key("alt+n", "n"))
        await shows(app, "NOTES")
        await pilot.press("escape")


async def test_every_page_has_a_help(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "37,770 parameters")
        for key in ("i", "m", "b", "D"):
            await pilot.press(key)
            assert not isinstance(app.screen, Bench), key
            await pilot.press("question_mark")
            assert isinstance(app.screen, KeysPage), key
            await pilot.press("question_mark", "escape")
            assert isinstance(app.screen, Bench), key


async def test_on_a_terminal_that_is_too_small_only_leaving_works(tmp_path: Path) -> None:
    folder = cnn_run(tmp_path)
    app = interface(tmp_path)
    async with app.run_test(size=(20, 5)) as pilot:
        await shows(app, "too small")
        await pilot.press("tab", "tab", "d", "d", "s", "question_mark", "n", "7")
        assert isinstance(app.screen, Bench)
        assert app.launcher.started == []  # type: ignore[attr-defined]
        await pilot.press("q")
    assert folder.path.exists()


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_page_keys_go_on_by_what_is_in_sight_and_pass_over_no_line(tmp_path: Path, size: tuple[int, int]) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=size) as pilot:
        await shows(app, "ready:")
        await pilot.press("question_mark")
        await shows(app, "KEYS")
        rows = app.screen.query_one("#text").lines(size[0])  # type: ignore[attr-defined]
        wanted = [plain([row])[0].rstrip() for row in rows]
        seen: list[str] = []
        for _ in wanted:
            page = [line.rstrip() for line in shown(app).splitlines()[1 : size[1] - 2]]
            if seen and page[0] != seen[-1]:
                break  # the last page begins where it must to be full
            seen += page[1:] if seen else page
            await pilot.press("pagedown")
        assert seen == wanted[: len(seen)]
        assert len(wanted) - len(seen) < size[1]
        await pilot.press("pageup")
        assert shown(app).splitlines()[-3].rstrip() != wanted[-1]


async def test_a_page_of_runs_is_what_is_in_sight(tmp_path: Path) -> None:
    for number in range(1, 31):
        build_run(tmp_path, [started(1), ended("finished", step=1)], f"cnn-{number}")
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "RUNS 30")
        await pilot.press("tab", "tab")
        await until(lambda: shown(app).splitlines()[2].startswith(" RUNS"))  # the list has the room of the form
        last = shown(app).splitlines()[-5].split()[0]  # above hints and keys
        await pilot.press("pagedown")
        assert f"> {last} " in shown(app)
