"""What a settings file asks of the interface and cannot have, and keys of one's own in what the interface says."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from rich.color import ColorSystem

from tests.tui.recipe import RECIPE
from tests.tui.runs import interface, live_run, shows, until
from workbench.cli import app as cli
from workbench.errors import WorkbenchError
from workbench.preferences import Preferences
from workbench.runs import control
from workbench.tui import screens
from workbench.tui.checking import check, wrong_keys, wrong_slots
from workbench.tui.screens.base import WorkScreen
from workbench.tui.theme import style


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"bench.strat": "f5"}, "unknown id `bench.strat`; did you mean `bench.start`"),
        ({"bench.start": ""}, "there is no key ``"),
        ({"bench.start": "ctrl+"}, "there is no key"),
        ({"bench.start": "hyper+s"}, "there is no key `hyper+s`"),
        ({"bench.start": "q"}, "`bench.start` = `q`: it is the key of bench.leave"),
        ({"bench.start": "ctrl+c"}, "it is the key of app.interrupt"),
        ({"bench.start": "f5", "bench.queue": "f5"}, "it is the key of bench.queue"),
    ],
)
def test_keys_that_cannot_be_are_named(own: dict[str, str], words: str) -> None:
    assert words in "; ".join(wrong_keys(own))
    with pytest.raises(WorkbenchError):
        check(Preferences(keys=own))


def test_keys_that_are_free_and_those_that_change_places_can_be() -> None:
    assert wrong_keys({"bench.start": "f5", "bench.help": "ctrl+h", "bench.find": "z,f3"}) == []
    assert wrong_keys({"bench.start": "b", "bench.batch": "s"}) == []


def test_the_keys_of_every_screen_can_be_ones_own() -> None:
    for module in pkgutil.walk_packages(screens.__path__, f"{screens.__name__}."):
        importlib.import_module(module.name)
    left = [WorkScreen]
    while left:
        screen = left.pop()
        left += screen.__subclasses__()
        for binding in vars(screen).get("BINDINGS", ()):
            assert wrong_keys({binding.id: "f24"}) == [], f"{screen.__name__} is missing"


def test_slots_that_are_no_charts_are_named() -> None:
    assert wrong_slots({"cnn": ["loss", "preview:worst", "grad_norm"]}, {"cnn": RECIPE}) == []
    assert wrong_slots({"cnn": ["losss"]}, {"cnn": RECIPE}) == ["cnn: unknown chart `losss`; did you mean `loss`?"]
    assert "unknown recipe `cn`" in wrong_slots({"cn": ["loss"]}, {"cnn": RECIPE})[0]


def test_a_device_that_cannot_have_a_slot_is_refused() -> None:
    with pytest.raises(WorkbenchError, match=r"device_slots.*`foo:1`"):
        check(Preferences(device_slots="foo:1"))


def test_doctor_says_what_is_wrong_with_the_settings_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from workbench import paths

    file = tmp_path / "config.toml"
    file.write_text('[keys]\n"bench.start" = "q"\n')
    for module in ("workbench.paths", "workbench.preferences", "workbench.tui.checking"):
        monkeypatch.setattr(f"{module}.settings_file", lambda: file)
    paths.user_settings.cache_clear()
    assert cli.run(["doctor", "--no-device"]) == 0
    paths.user_settings.cache_clear()
    assert "it is the key of bench.leave" in capsys.readouterr().out


async def test_keys_of_ones_own_are_named_in_every_sentence_and_asked_twice(tmp_path: Path) -> None:
    app = interface(tmp_path, keys={"bench.start": "f5", "bench.stop": "ctrl+x", "bench.notes": "f1"})
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready: f5 starts cnn/mnist")
        await shows(app, "No runs yet. f5 trains")
        await shows(app, "f1 explains the recipe")
        folder = live_run(tmp_path)
        await shows(app, "RUNS 1")
        await until(lambda: app.screen.focused is app.screen.runs or app.screen.set_focus(app.screen.runs))  # type: ignore[attr-defined]
        await pilot.press("ctrl+x")
        await shows(app, "ctrl+x again stops cnn-9")
        await pilot.press("ctrl+x")
        await until(lambda: [request.kind for request in control.pending(folder)] == ["stop"])


@pytest.mark.parametrize("ink", ["", "title", "focus", "muted", "rule", "cursor", "resting", "series3", "band1", "state-failed"])
def test_sixteen_colours_are_those_of_the_terminal_on_its_own_background(ink: str) -> None:
    codes = style(ink, None, None, 16)._make_ansi_codes(ColorSystem.TRUECOLOR)
    assert "38;" not in codes
    assert "48;" not in codes
    assert "8;" not in style("", 200, 20, 16)._make_ansi_codes(ColorSystem.TRUECOLOR)


@pytest.mark.parametrize("colours", [1, 16])
def test_the_cursor_of_the_pane_with_the_keys_looks_otherwise_than_those_that_rest(colours: int) -> None:
    assert style("cursor", None, None, colours).reverse
    assert not style("resting", None, None, colours).reverse
    assert style("focus", None, None, colours) != style("title", None, None, colours)
