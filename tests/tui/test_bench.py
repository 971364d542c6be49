"""The home screen."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.events import Key

from tests.tui.recipe import RECIPE
from tests.tui.runs import NOW, FakeLauncher, cnn_run, interface, live_run, shown, shows, until
from workbench import config_file
from workbench.errors import WorkbenchError
from workbench.runs import control
from workbench.runs.folder import Labels, RunFolder
from workbench.schema import describe
from workbench.tui.app import Workbench
from workbench.tui.messages import Refused, Tried
from workbench.tui.screens.bench.screen import Bench
from workbench.tui.screens.run.screen import RunScreen
from workbench.tui.widgets.foot import Foot

SIZES = ((80, 24), (120, 40), (200, 60))


def launcher(app: Workbench) -> FakeLauncher:
    return app.launcher  # type: ignore[return-value]


def bench(app: Workbench) -> Bench:
    assert isinstance(app.screen, Bench)
    return app.screen


@pytest.mark.parametrize("size", SIZES)
async def test_two_keys_lead_from_an_empty_folder_to_a_run(tmp_path: Path, size: tuple[int, int]) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=size) as pilot:
        await shows(app, "ready: s starts cnn/mnist")
        await shows(app, "No runs yet. s trains")
        await pilot.press("s")
        assert isinstance(app.screen, RunScreen)
        await shows(app, "cnn-101")
    assert [form.command() for form in launcher(app).started] == [["workbench", "train", "cnn"]]


async def test_a_start_that_is_asked_for_before_the_recipes_are_there_happens_when_they_are(tmp_path: Path) -> None:
    app = interface(tmp_path)
    found = threading.Event()
    find = app._poller._find
    assert find is not None
    app._poller._find = lambda: (found.wait(60), find())[1]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s")
        assert launcher(app).started == []
        found.set()
        await shows(app, "cnn-101")
    assert len(launcher(app).started) == 1


async def test_the_form_changes_with_the_arrows_and_says_the_command(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("tab", "down", "down", "down", "right")
        await shows(app, "$ workbench train cnn --lr 0.02")
        await shows(app, "* lr")
        await shows(app, "1 changed")
        await shows(app, "lr 0.02  Step size of the optimizer.")
        await pilot.press("backspace")
        await shows(app, "0 to 1, default 0.01")
        assert "--lr" not in shown(app)


async def test_a_wrong_value_is_said_as_it_is_typed_and_does_not_start(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("tab", "down", "down", "down", "7")
        await shows(app, "setting `lr` is `7`, expected a number above 0 and at most 1")
        await shows(app, "not ready: mend lr")
        await pilot.press("enter", "s")
        assert not launcher(app).started
        await pilot.press("3", "e", "minus", "4", "enter")
        await shows(app, "$ workbench train cnn --lr 3e-4")
        await pilot.press("9", "9", "escape")
        await shows(app, "$ workbench train cnn --lr 3e-4")


async def test_letters_typed_into_a_field_are_no_commands(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("tab", *["down"] * 6, "enter", *"cuda:1", "enter")
        await shows(app, "--device cuda:1")
        assert isinstance(app.screen, Bench)


async def test_all_settings_stand_in_groups_and_can_be_found(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "more (a)")
        await pilot.press("tab", "a")
        await shows(app, "fewer (a)")
        await shows(app, " data")
        await pilot.press("slash", *"momentum")
        await shows(app, "nesterov")
        assert "batch size" not in shown(app)
        await pilot.press("enter", "right", "escape")
        await shows(app, "* momentum         < 0.95 >")  # the cursor stands where it stood
        await pilot.press("home")
        await shows(app, "batch size")


async def test_the_setting_under_the_cursor_is_named_whatever_else_is_said_or_asked(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "ready:")
        await pilot.press("tab", "down", "down", "down")
        await shows(app, " lr 0.01  Step size")
        await shows(app, " a number above 0 and at most 1; default 0.01")
        await pilot.press("f")  # no run to take from, it says
        await shows(app, "there is no run yet")
        assert " lr 0.01  Step size" in shown(app)
        assert "a number above 0" not in shown(app)
        await pilot.press("slash")
        await shows(app, "find in SETTINGS")
        assert " lr 0.01  Step size" in shown(app)


@pytest.mark.parametrize("size", [(64, 20), (80, 22), (80, 24), (120, 40)])
async def test_what_s_will_do_is_in_sight_in_every_pane(tmp_path: Path, size: tuple[int, int]) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=size) as pilot:
        await shows(app, "ready: s starts")
        await pilot.press("tab", "down")
        foot = app.screen.query_one(Foot)
        for pane, said in (("settings", " batch_size 64  "), ("runs", "Classify images")):
            await shows(app, said)
            await until(lambda: foot.styles.height is not None and foot.size.height == foot.styles.height.value)
            assert shown(app).splitlines()[-2].startswith(" ready: s starts"), pane
            await pilot.press("tab")


async def test_the_helper_tells_layers_and_parameters(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "conv16 pool bn dense64 dense10")
        await shows(app, "37,770 parameters   about 60 s: 98.6 %")
        await pilot.press("m")
        await shows(app, "BatchNorm2d")
        await shows(app, "multiply-adds for an example")
        await shows(app, "a step of 64 holds about 7.8 MB")
        await pilot.press("escape", "b")
        await shows(app, "4 of a batch of 64")
        await shows(app, "4,000 images, 500 to validate")
        await shows(app, "largest 1.09 times the smallest")
        await pilot.press("escape", "i")
        await shows(app, "NOTES cnn")
        await pilot.press("end")
        await shows(app, "the last line of the notes")
        await pilot.press("escape")
        assert isinstance(app.screen, Bench)


async def test_a_live_run_is_selected_on_opening(tmp_path: Path) -> None:
    live_run(tmp_path, "cnn-1")
    cnn_run(tmp_path, "cnn-2")
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "running")
        await until(lambda: bench(app).focused is bench(app).runs)
        await shows(app, "> cnn-1")
        await pilot.press("enter")
        await shows(app, "RUNNING")


async def test_the_list_shows_what_became_of_each_run(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1")
    cnn_run(tmp_path, "cnn-2", end="failed", steps=212, settings={"lr": 0.5})
    app = interface(tmp_path, now=NOW)
    async with app.run_test(size=(80, 24)):
        await shows(app, "! failed")
        await shows(app, "+ finished")
        await shows(app, "RUNS 2")
        await shows(app, "last run cnn-2: lr 0.5 -> 0.01")


async def test_stopping_asks_once_and_tells_the_worker(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "> cnn-9")
        await until(lambda: bench(app).focused is bench(app).runs)
        await pilot.press("x")
        await shows(app, "x again stops cnn-9")
        await pilot.press("escape", "x")
        await shows(app, "x again stops cnn-9")
        assert not control.pending(folder)
        await pilot.press("x")
        await until(lambda: [request.kind for request in control.pending(folder)] == ["stop"])


async def test_deleting_asks_once_and_moves_to_the_trash(tmp_path: Path) -> None:
    folder = cnn_run(tmp_path, "cnn-1")
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "cnn-1")
        await pilot.press("tab", "tab", "d")
        await shows(app, "d again moves cnn-1 to the trash")
        await pilot.press("d")
        await until(lambda: not folder.path.exists())
        await shows(app, "No runs yet")
    assert list((tmp_path / ".trash").iterdir())


async def test_hostile_text_never_reaches_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07\x1b[2J[bold red]name[/] \u202e\x9b31m"
    cnn_run(tmp_path, "cnn-1", name=evil)
    cnn_run(tmp_path, "cnn-2", end="failed", advice=evil, command=evil)
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "[2J[bo")
        assert all(character.isprintable() or character == "\n" for character in shown(app))
        await pilot.press("tab", "tab", "enter")
        await shows(app, "FAILED")
        await shows(app, "[bold red]")
        assert shown(app).isascii()
        assert all(character.isprintable() or character == "\n" for character in shown(app))


async def test_a_damaged_run_does_not_blind_the_list(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1")
    (tmp_path / "cnn-2").mkdir()
    (tmp_path / "cnn-2" / "events.jsonl").write_bytes(b"\xff\x00 no event\n" * 50)
    (tmp_path / "cnn-3").mkdir()
    (tmp_path / "cnn-3" / "run.json").write_text("[1, 2")
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)):
        await shows(app, "RUNS 3")
        await shows(app, "+ finished")


async def test_runs_are_named_tagged_and_pinned_with_a_few_keys(tmp_path: Path) -> None:
    for number in (1, 2):
        cnn_run(tmp_path, f"cnn-{number}")
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "cnn-2")
        await pilot.press("tab", "tab", "down", "n", *"first try", "enter")
        await shows(app, "first try")
        await pilot.press("n", *"second try", "tab", *"paper best", "tab", *"the best of them", "enter")
        await shows(app, "name and tags and note of cnn-1 saved")
        await pilot.press("P")
        await until(
            lambda: (
                RunFolder(tmp_path / "cnn-1").labels()
                == Labels(name="second try", tags=("paper", "best"), note="the best of them", pin=True)
            )
        )
        await pilot.press("slash", *"tag:paper", "enter")
        await shows(app, "RUNS 1")


async def test_runs_stand_in_another_order_and_a_half_typed_filter_says_what_is_wrong(tmp_path: Path) -> None:
    for number in (1, 2):
        cnn_run(tmp_path, f"cnn-{number}")
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "newest first")
        await pilot.press("tab", "tab", "o")
        await shows(app, "best first")
        await pilot.press("slash", *"recipe:")
        await shows(app, "has no value")
        await pilot.press(*"cnn", "enter")
        await shows(app, "found: recipe:cnn")


async def test_a_filter_that_comes_in_one_write_with_its_enter_is_kept(tmp_path: Path) -> None:
    for number in (1, 2):
        cnn_run(tmp_path, f"cnn-{number}")
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "RUNS 2")
        await pilot.press("tab", "tab", "slash")
        for letter in "cnn-2":
            bench(app).foot.post_message(Key(letter, letter))
        bench(app).foot.post_message(Key("enter", "\r"))
        await shows(app, "found: cnn-2")
        await shows(app, "RUNS 1")


async def test_a_deleted_run_is_brought_back_with_one_key(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1")
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "cnn-1")
        await pilot.press("tab", "tab", "d", "d")
        await until(lambda: not (tmp_path / "cnn-1").exists())
        await shows(app, "moved to the trash: cnn-1; u brings it back")
        await pilot.press("u")
        await until((tmp_path / "cnn-1").exists)
        await shows(app, "cnn-1")


async def test_the_settings_of_a_run_are_taken_over_and_reset_all_at_once(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1", settings={"lr": 0.02, "epochs": 7, "padding": False})
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "cnn-1")
        await pilot.press("tab", "tab", "f")
        await shows(app, "$ workbench train cnn --from cnn-1")
        await shows(app, "SETTINGS cnn/mnist from cnn-1")
        await shows(app, "padding")
        await pilot.press("shift+tab", "down", "down", "down", "down", "right")
        await shows(app, "0 to 1, cnn-1 0.02")
        await shows(app, "1 changed")
        await shows(app, "from cnn-1: lr 0.02 -> 0.05")
        await pilot.press("s")
        await shows(app, "cnn-101")
        assert launcher(app).started[0].command() == ["workbench", "train", "cnn", "--from", "cnn-1", "--lr", "0.05"]
        await pilot.press("escape", "R")
        await until(lambda: "--lr" not in shown(app) and "--from" not in shown(app))


async def test_a_run_is_named_whose_settings_to_begin_with(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1", settings={"lr": 0.02}, name="first")
    cnn_run(tmp_path, "cnn-2", settings={"lr": 0.5})
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "cnn-1")
        await pilot.press("f")
        await shows(app, "settings of run cnn-2")
        await pilot.press(*"none")
        await shows(app, "unknown run `none`")
        await pilot.press("enter", "ctrl+u", *"first", "enter")
        await shows(app, "$ workbench train cnn --from cnn-1")


async def test_what_differs_stands_on_a_page_before_the_start(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1", settings={"lr": 0.5, "epochs": 7})
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "last run cnn-1: lr 0.5 -> 0.01")
        await pilot.press("tab", "right", "D")
        await shows(app, "DIFFERENCES")
        lines = [line.split() for line in shown(app).splitlines() if line.strip()]
        assert lines[1:5] == [
            ["setting", "preset", "mnist", "cnn-1", "now"],
            ["dataset", "mnist5k", "mnist5k", "digits"],
            ["lr", "0.01", "0.5", "0.01"],
            ["epochs", "20", "7", "20"],
        ]


async def test_settings_are_saved_to_a_file_that_train_and_the_form_read(tmp_path: Path) -> None:
    app = interface(tmp_path / "runs")
    file = tmp_path / "mine.toml"
    async with app.run_test(size=(160, 40)) as pilot:
        await shows(app, "ready:")
        await pilot.press("tab", "right", "down", "down", "down", "right", "W")
        await shows(app, "save settings to cnn-mnist.toml")
        await pilot.press(*str(file), "enter")
        await shows(app, "saved: workbench train cnn --config")
        found = config_file.read(file, describe(RECIPE.config), recipe="cnn")
        form = bench(app).form
        assert form is not None
        assert found.values == form.values
        assert found.preset == "mnist"
        await pilot.press("R")
        await until(lambda: not form.changed)
        await pilot.press("L", "enter")
        await shows(app, "$ workbench train cnn --dataset digits --lr 0.02")
        await pilot.press("W", "enter")
        await shows(app, "it exists; replace it? no")
        await pilot.press("enter")
        text = file.read_text()
        await pilot.press("right", "W", "enter")
        await shows(app, "it exists; replace it? no")
        await pilot.press(*"yes", "enter")
        await until(lambda: file.read_text() != text)
        (tmp_path / "a folder").mkdir()
        await pilot.press("W", *str(tmp_path / "a folder"), "enter")
        await shows(app, "is a folder")
        await pilot.press("W", *str(tmp_path / "nowhere" / "x.toml"), "enter")
        await shows(app, "there is no folder")
        await pilot.press("W", *str(tmp_path / "a folder" / "x.toml"), "enter")
        await shows(app, "a folder/x.toml'")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr = = 1", "cannot be read: Invalid value (at line 1"),
        ("seed = 1\nlrr = 1", "line 2"),
        ("lr = 7", "setting `lr` is `7`, expected a number above 0"),
        ('recipe = "rnn"', "unknown recipe `rnn`"),
        (None, "there is no file"),
    ],
)
async def test_a_file_that_cannot_be_loaded_is_said_with_its_line(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "c.toml"
    if text is not None:
        file.write_text(text)
    app = interface(tmp_path / "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "ready:")
        await pilot.press("L", *str(file), "enter")
        await until(lambda: words in " ".join(shown(app).split()), lambda: shown(app))
        assert isinstance(app.screen, Bench)
        assert bench(app).form is not None
        assert not bench(app).form.changed  # type: ignore[union-attr]


async def test_capital_q_queues_behind_the_run_that_trains_and_stays_here(tmp_path: Path) -> None:
    live_run(tmp_path, "gan-3")
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "starts cnn/mnist now beside gan-3 (all slow down), Q queues it behind")
        await pilot.press("Q")
        await shows(app, "cnn-101 is queued: it starts by itself once the device is free")
        assert isinstance(app.screen, Bench)
    assert (len(launcher(app).queued), len(launcher(app).started)) == (1, 0)


async def test_several_runs_are_marked_tagged_and_deleted_and_one_key_brings_all_back(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        cnn_run(tmp_path, f"cnn-{number}")
    app = interface(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "cnn-3")
        await pilot.press("tab", "tab", "space", "space")
        await shows(app, "2 marked")
        await pilot.press("n", *"paper", "enter")
        await until(lambda: [RunFolder(tmp_path / f"cnn-{number}").labels().tags for number in (1, 2, 3)] == [(), ("paper",), ("paper",)])
        await pilot.press("d")
        await shows(app, "d again moves 2 runs to the trash")
        await pilot.press("d")
        await until(lambda: [path.name for path in tmp_path.glob("cnn-*")] == ["cnn-1"])
        await shows(app, "RUNS 1")
        await pilot.press("u")
        await shows(app, "RUNS 3")


async def test_at_40x12_the_pane_that_has_the_keys_is_shown(tmp_path: Path) -> None:
    cnn_run(tmp_path, "cnn-1")
    app = interface(tmp_path)
    async with app.run_test(size=(40, 12)) as pilot:
        await shows(app, "RECIPE")
        await pilot.press("tab")
        await shows(app, "SETTINGS")
        await pilot.press("tab")
        await shows(app, "cnn-1  + finished")


@pytest.mark.parametrize("size", SIZES)
async def test_a_broken_recipe_is_shown_with_its_line_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "mine.py").write_text("import json\n1 / 0\n")
    monkeypatch.setenv("WORKBENCH_RECIPES", str(tmp_path / "recipes"))
    app = interface(tmp_path)
    app._poller._find = None  # what is really found
    async with app.run_test(size=size):
        await shows(app, "ready:")
        await shows(app, "mine.py is broken")
        await shows(app, "line 2)")
        await shows(app, "attention")


FOUND = {
    "lr": 0.0031,
    "rule": "a tenth of the rate with the lowest smoothed loss",
    "why": "the loss was lowest at 0.031",
    "steepest": 0.01,
    "lowest": 0.031,
    "broke_at": 0.5,
    "steps": 90,
    "curves": [
        {
            "metric": "train/loss",
            "points": [[10 ** (place / 20 - 7), 2.3 - place / 100] for place in range(100)],
            "smoothed": [2.3 - place / 100 for place in range(100)],
        }
    ],
}


async def test_a_rate_that_was_found_is_taken_over_into_the_form(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "37,770 parameters")
        await pilot.press("T")
        await shows(app, "importing torch ...")
        assert [kind for _, kind in launcher(app).tried] == ["lr"]
        assert "take it over" not in shown(app)
        app.post_message(Tried(FOUND))
        await shows(app, "lr 0.0031: a tenth of the rate")
        await shows(app, "1e-3")
        await pilot.press("enter")
        await shows(app, "lr is 0.0031 now")
        await shows(app, "--lr 3.1e-3")
        assert launcher(app).tried == []


async def test_a_test_of_rates_that_fails_says_why_and_leaves_the_form_alone(tmp_path: Path) -> None:
    app = interface(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "37,770 parameters")
        await pilot.press("T")
        await shows(app, "importing torch ...")
        app.post_message(Refused("trial", WorkbenchError("there is no cuda:7", "choose another device")))
        await shows(app, "there is no cuda:7")
        await shows(app, "choose another device")
        await pilot.press("escape")
        await shows(app, "37,770 parameters")
        assert "--lr" not in shown(app)
