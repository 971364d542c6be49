"""The user's own keys, the palette, themes and the bell."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual._compositor import LayoutUpdate  # a frame of every cell
from textual.command import CommandList
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message

from tests.builders import append, ended
from tests.tui.runs import cnn_run, interface, live_run, shown, shows, until
from workbench.charts.rows import cells
from workbench.finding import find_recipes
from workbench.tui import terminal, theme
from workbench.tui.screens.base import WorkScreen
from workbench.tui.screens.bench.screen import Bench
from workbench.tui.screens.pages.notes import of_notes
from workbench.tui.screens.run.screen import RunScreen
from workbench.tui.theme import Look


async def test_a_key_of_ones_own_acts_and_stands_in_bar_and_help(tmp_path: Path) -> None:
    app = interface(tmp_path, keys={"bench.start": "f5"})
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        assert "f5 start" in shown(app)
        await pilot.press("s")
        assert isinstance(app.screen, Bench)
        await pilot.press("question_mark")
        await shows(app, "f5")
        await pilot.press("escape", "f5")
        assert isinstance(app.screen, RunScreen)


async def test_the_palette_offers_what_the_screen_can_do_and_does_it(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("ctrl+p", *"equations")
        await shows(app, "its equations")  # what the palette found, not only what was typed
        assert "?????" not in shown(app)
        await pilot.press("down", "enter")
        await shows(app, "y[0] = x[0]")


@pytest.mark.parametrize("name", ["dark", "light"])
async def test_the_palette_has_the_cursor_of_the_panes(tmp_path: Path, name: str) -> None:
    app = interface(tmp_path, theme=name)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("ctrl+p", *"equations", "down")
        await until(lambda: "equations" in shown(app))
        choices = app.screen.query_one(CommandList)
        inked = choices.get_component_styles("option-list--option-highlighted")
        assert inked.background.hex.lower() == theme.PALETTES[name].cursor


async def test_the_bell_rings_once_when_a_run_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = live_run(tmp_path)
    app = interface(tmp_path)
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.live.get("cnn-9"))
        append(folder, [ended("finished", step=400)])
        await until(lambda: not app.live["cnn-9"])
        await shows(app, "finished")
    assert rung == [1]


async def test_a_terminal_that_is_resized_there_and_back_at_once_is_painted_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.pause()
        painted: list[object] = []
        monkeypatch.setattr(app, "_display", lambda screen, update: painted.append(update))
        app.screen.post_message(Resize(app.size, app.size))  # all that is left of two by the time that the screen hears of them
        await until(lambda: any(isinstance(update, LayoutUpdate) for update in painted))


async def test_a_screen_that_is_resized_twice_while_it_is_busy_takes_the_last_size_and_comes_to_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)):
        await shows(app, "ready:")
        screen = app.screen
        assert isinstance(screen, WorkScreen)
        fitted: list[tuple[int, int]] = []
        monkeypatch.setattr(screen, "fit_to", lambda columns, rows: fitted.append((columns, rows)))
        is_free, sizes, post = asyncio.Event(), list[Size](), screen.post_message

        def post_some(message: Message) -> bool:
            if isinstance(message, Resize):
                sizes.append(message.size)
            is_endless = isinstance(message, Resize) and len(sizes) > 20  # an echo that would keep the test from its end
            return not is_endless and post(message)

        monkeypatch.setattr(screen, "post_message", post_some)
        screen.call_later(is_free.wait)
        for size in (Size(60, 20), Size(100, 30)):
            app.post_message(Resize(size, size))
            await until(lambda size=size: size in sizes)
            screen.call_later(lambda: None)  # stands between the two, or Textual would take them for one
        is_free.set()
        await until(lambda: screen.size == (100, 30))
        for _ in range(500):
            await asyncio.sleep(0)
        assert screen.size == (100, 30)
        assert set(fitted) == {(100, 30)}


async def test_a_page_that_was_opened_on_a_wide_terminal_is_read_whole_on_a_narrow_one(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(160, 40)) as pilot:
        await shows(app, "ready:")
        said = " ".join(f"word{number}" for number in range(20))
        app.open_health([(said, "")])
        await shows(app, said)
        await pilot.resize_terminal(60, 24)
        await shows(app, "word19")


@pytest.mark.parametrize("width", [40, 80])
def test_only_equations_and_commands_of_the_notes_are_inked_as_such(width: int) -> None:
    for recipe in find_recipes().values():
        rows = of_notes(recipe, Look())._lines(width)  # type: ignore[operator]
        assert all(sum(cells(span.text) for span in row) <= width for row in rows)
        inked = [span.text.strip() for row in rows for span in row if span.ink == "command"]
        assert inked
        assert not [text for text in inked if len(text.split()) > 2 and f" {text} " in " ".join(_prose(recipe.notes))]


def _prose(notes: str) -> list[str]:
    """The words of paragraphs and of the entries of lists."""
    kept: list[str] = [" "]
    is_entry = False
    for line in notes.splitlines():
        is_entry = line.startswith("- ") or (is_entry and line.startswith("  ") and not line.startswith("   "))
        kept += line.split() if is_entry or not line.startswith(" ") else ["|"]
    return [*kept, " "]


def test_themes_have_the_same_roles_and_text_that_can_be_read() -> None:
    from rich.color import Color

    def luminance(colour: str) -> float:
        parts = [part / 255 for part in Color.parse(colour).get_truecolor()]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for name, palette in theme.PALETTES.items():
        assert theme.inks(name).keys() == theme.inks("dark").keys()
        ground = luminance(palette.background)
        for colour in (palette.text, palette.muted, palette.focus, palette.good, palette.warn, palette.bad, palette.command, palette.live):
            light, dark = sorted((luminance(colour), ground), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{colour} in {name}"
        for colour in palette.series:
            light, dark = sorted((luminance(colour), ground), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3, f"{colour} in {name}"


@pytest.mark.parametrize(
    ("wanted", "thin", "colours"),
    [("auto", False, 256), ("dark", True, 16), ("ansi", False, 16), ("mono", False, 1), ("light", False, 256)],
)
def test_a_theme_and_a_thin_link_decide_the_colours(wanted: str, thin: bool, colours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    look = terminal.look(wanted, thin=thin)
    assert look.colours == colours
    assert look.theme == ("light" if wanted == "light" else "dark")


async def test_a_light_screen_is_drawn_light(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1")
    app = interface(tmp_path, theme="light")
    async with app.run_test(size=(80, 24)):
        await shows(app, "cnn-1")
        styles = {
            segment.style.bgcolor.name for strip in [app.screen.query_one("#runs").render_line(1)] for segment in strip if segment.style
        }
        assert styles == {"#ffffff"}


async def test_what_somebody_wants_first_stands_first(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1")
    app = interface(tmp_path, run_id="cnn-1", slots={"cnn": ["lr", "nowhere", "accuracy"]})
    async with app.run_test(size=(80, 24)):
        await shows(app, "learning rate")
        titles = shown(app).splitlines()[2]
        assert titles.startswith("learning rate")
        assert "accuracy" in titles
