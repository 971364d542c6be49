"""What a form says before a start that could not work, and what becomes of a run that was refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.runs import FakeLauncher, interface, shown, shows, until
from workbench.data.catalogue import find_images
from workbench.errors import WorkbenchError
from workbench.tui.app import Workbench
from workbench.tui.editing.readiness import in_form_words, lack_of_data, lack_of_device
from workbench.tui.messages import Refused
from workbench.tui.screens.bench.screen import Bench


def typed(app: Workbench, **values: str) -> None:
    """Change fields of the form."""
    assert isinstance(app.screen, Bench)
    assert app.screen.form is not None
    for name, text in values.items():
        app.screen.form.type(name, text)
    app.screen.form_changed()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """With the real recipes, and an empty folder of data."""
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "data"))
    made = interface(tmp_path / "runs")
    made._poller._find = None
    return made


def started(app: Workbench) -> list[str]:
    launcher = app.launcher
    assert isinstance(launcher, FakeLauncher)
    return [form.command_line() for form in launcher.started]


async def test_data_that_are_not_here_are_fetched_when_the_start_is_pressed_twice(app: Workbench) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready: s starts")
        app.screen.recipes.find("cnn")  # type: ignore[attr-defined]
        await shows(app, "SETTINGS cnn")
        typed(app, dataset="kmnist")
        await shows(app, "not ready: kmnist is not here; s fetches it (21 MB) and starts")
        await pilot.press("s")
        await shows(app, "`kmnist` is 21 MB, licence: CC")
        await shows(app, "s again fetches it")
        assert started(app) == []
        await pilot.press("escape")
        await until(lambda: "s again" not in shown(app))
        await pilot.press("s", "s")
        await until(lambda: started(app) == ["workbench train cnn --dataset kmnist --download"])


async def test_a_data_set_of_ones_own_asks_for_its_path(app: Workbench, tmp_path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready: s starts")
        app.screen.recipes.find("cnn")  # type: ignore[attr-defined]
        await shows(app, "SETTINGS cnn")
        assert "|   path" not in shown(app)
        typed(app, dataset="folder")
        await shows(app, "not ready: folder wants the path of your own data")
        await shows(app, "|   path")
        await pilot.press("s", "enter", *"/nowhere", "enter")
        await shows(app, "not ready: there is nothing at /nowhere")
        await pilot.press("enter", *str(tmp_path), "enter")
        await shows(app, "ready: s starts")
        assert started(app) == []


async def test_a_device_that_this_machine_does_not_have_is_said_before_the_start(app: Workbench) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready: s starts")
        typed(app, device="cuda")
        await shows(app, "not ready: there is no device cuda here, but cpu")
        await pilot.press("s")
        assert started(app) == []
        typed(app, device="cpu")
        await shows(app, "ready: s starts")


async def test_a_run_that_was_refused_is_not_looked_at_any_more(app: Workbench) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready: s starts")
        await pilot.press("s")
        await shows(app, "cnn-101")
        app.post_message(Refused("start", WorkbenchError("the table has no column `y`", "name it"), "cnn-101"))
        await shows(app, "esc goes back")
        await shows(app, "the table has no column `y`")
        await pilot.press("escape")
        assert isinstance(app.screen, Bench)


async def test_a_form_without_an_end_says_that_it_trains_until_it_is_stopped(app: Workbench) -> None:
    async with app.run_test(size=(80, 24)):
        await shows(app, "ready: s starts")
        typed(app, epochs="off", max_steps="off", patience="off")
        await shows(app, "which trains until it is stopped")


def test_what_lacks_is_found_on_the_disk(tmp_path: Path) -> None:
    kmnist = find_images("kmnist")
    assert (lack := lack_of_data({"dataset": "kmnist", "download": False}, tmp_path))
    assert (lack.setting, lack.size) == ("dataset", "21 MB")
    assert lack_of_data({"dataset": "kmnist", "download": True}, tmp_path) is None
    for file in kmnist.files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert lack_of_data({"dataset": "kmnist", "download": False}, tmp_path) is None
    assert lack_of_data({"dataset": "mnist5k"}, tmp_path) is None
    assert lack_of_data({"dataset": "text", "path": str(tmp_path)}, tmp_path) is None
    assert lack_of_data({"dataset": "text", "path": ""}, tmp_path) is not None


def test_a_device_lacks_only_once_those_of_the_machine_are_known() -> None:
    assert lack_of_device("cuda", ()) is None
    assert lack_of_device("cuda", ("cpu", "cuda:0")) is None
    assert lack_of_device("cuda:1", ("cpu", "cuda:0")) is not None
    assert lack_of_device("auto", ("cpu",)) is None


def test_advice_is_given_in_terms_of_the_form() -> None:
    assert in_form_words("`--dataset digits` needs no network; --no-labels helps") == "`dataset digits` needs no network; labels helps"
