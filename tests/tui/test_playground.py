"""The Playground, with a helper that answers at once: what it asks for, what it shows, its states."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.runs import NOW, FakeLauncher, cnn_run, interface, shown, shows, until
from tests.tui.test_goldens import check
from workbench.errors import WorkbenchError
from workbench.tui.app import Workbench
from workbench.tui.messages import Answered, Refused, RunChanged
from workbench.tui.screens.playground.screen import Playground
from workbench.tui.screens.run.screen import RunScreen

SIZES = [(80, 24), (120, 40)]
DISC = bytes(255 if (x - 3) ** 2 + (y - 3) ** 2 < 7 else 0 for y in range(8) for x in range(8))
SAID = {"said": "the best weights, of step 1,197", "id": "cnn-1", "step": 1197, "is_best": True, "int8": None}
ABOUT: dict[str, dict[str, Any]] = {
    "names": {"classes": list("0123456789"), "shape": [1, 8, 8], "looks": True, "on_dark": True, "examples": True},
    "colours": {"classes": ["cat", "dog"], "shape": [3, 8, 8], "looks": False, "on_dark": False, "examples": True},
    "writes": {"takes": "a word"},
    "continues": {"prompt": "The list", "characters": 90},
    "draws": {"classes": list("0123456789"), "shape": [1, 8, 8], "latent": 32},
    "answers": {"takes": "nothing", "reads": False, "makes": True},
}


def images(count: int) -> dict[str, Any]:
    return {"kind": "images", "shape": [count, 8, 8], "pixels": base64.b64encode(DISC * count).decode()}


class Answering(FakeLauncher):
    """Answers for a model of one kind."""

    def __init__(self, root: Path, kind: str, refuses: Mapping[str, WorkbenchError]) -> None:
        super().__init__(root)
        self.kind, self.refuses = kind, refuses
        self.asked: list[Mapping[str, Any]] = []

    def ask(self, kind: str, about: Mapping[str, Any]) -> None:
        if kind != "use":
            super().ask(kind, about)
            return
        self.asked.append(about)
        if error := self.refuses.get(about["do"]):
            self.post(Refused("use", error))
        else:
            self.post(Answered("use", about, {**SAID, **self.answer(about)}))

    def answer(self, about: Mapping[str, Any]) -> dict[str, Any]:
        match about["do"]:
            case "about":
                return {"kind": "names" if self.kind == "colours" else self.kind, **ABOUT[self.kind]}
            case "look":
                count = len(ABOUT[self.kind]["classes"])
                shares = [0.91, *[0.09 / (count - 1)] * (count - 1)][-count:]
                is_drawn = about.get("pixels") is not None
                done, truth = ("centred", "") if is_drawn else ("a held-out image", ABOUT[self.kind]["classes"][0])
                return {
                    "probabilities": shares,
                    "truth": truth,
                    "done": done,
                    "image": images(1),
                    "look": images(1) if self.kind == "names" else None,
                }
            case "write":
                source = (about["sources"] or ["hello"])[0]
                matrix = {"kind": "matrix", "rows": ["HH", "OW", "end"], "columns": list(source),
                          "matrix": [[1 / len(source)] * len(source)] * 3}  # fmt: skip
                return {"rows": [{"source": source, "target": "HH OW", "right": ["HH OW"], "unknown": [], "attention": matrix}]}
            case "continue":
                return {
                    "text": f"text-{len(self.asked)}",
                    "prompt": about["prompt"],
                    "following": [[" ", 0.4], ["\n", 0.2], ["x", 0.1]],
                    "unknown": "",
                }
            case "more":
                return {"text": about["text"], "more": f"{about['text']} goes on. "}
            case "walk":
                return {**images(about["count"]), "captions": []}
            case _:
                return {"rows": [{"name": "", "given": "1 2 3, 10 steps ago", "answer": "1 2 3", "right": "1 2 3"}] * 30}

    @property
    def last(self) -> dict[str, Any]:
        return {key: value for key, value in self.asked[-1].items() if key != "folder"}


def playground(root: Path, kind: str, *, ascii_only: bool = True, **refuses: WorkbenchError) -> tuple[Workbench, Answering]:
    cnn_run(root)
    app = interface(root, run_id="cnn-1", now=NOW, ascii_only=ascii_only)
    launcher = Answering(root, kind, refuses)
    launcher.post = app.post_message
    app.launcher = launcher  # type: ignore[assignment]
    return app, launcher


async def opened(app: Workbench, pilot: Pilot[None]) -> None:
    await shows(app, "U use")
    await pilot.press("U")
    await shows(app, "the best weights, of step 1,197")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("names", ["image", "where it looked", "0 91.0 %, is 0", "a held-out image"]),
        ("colours", ["image", "cat 91.0 %, is cat", "dog"]),
        ("writes", ["hello -> HH OW", "right", "end"]),
        ("continues", ["temperature 0.7   top-k 20   draw 0", "behind the prompt", "line end", "The list>>>text-2 goes on."]),
        ("draws", ["class 0, pair 0 of points in 32 dimensions", "from", "0% of the way", "to"]),
        ("answers", ["given", "1 2 3, 10 steps ago", "right"]),
    ],
)
async def test_each_kind_of_model_has_its_panel(tmp_path: Path, size: tuple[int, int], kind: str, texts: list[str]) -> None:
    app, launcher = playground(tmp_path, kind)
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot)
        assert isinstance(app.screen, Playground)
        for text in texts:
            await shows(app, text)
        assert launcher.asked[0] == {"do": "about", "folder": str(tmp_path / "cnn-1")}
        await pilot.press("escape")
        assert isinstance(app.screen, RunScreen)


async def test_a_digit_is_drawn_with_the_pen_and_asked_about_at_each_stroke(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "names")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, "91.0 %")
        await pilot.press("backspace")
        await until(lambda: not any(base64.b64decode(launcher.last["pixels"])))
        await pilot.press("space", "down", "down", "space", "right")  # the pen is up again for the last
        drawn = base64.b64decode(launcher.last["pixels"])
        assert [place for place, level in enumerate(drawn) if level] == [20, 28, 36]
        await shows(app, "centred")
        await pilot.press("v")
        assert launcher.last == {"do": "look", "example": 1}
        await pilot.press("enter", *"seven.png", "enter")
        assert launcher.last == {"do": "look", "file": str(Path("seven.png").absolute())}


async def test_the_mouse_draws_and_its_right_button_rubs_out(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "names")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, "91.0 %")
        await pilot.press("backspace")
        await pilot.mouse_down("#panel", offset=(2, 2))  # the first pixel, four cells wide and two high
        await pilot.mouse_up("#panel", offset=(2, 2))
        await until(lambda: base64.b64decode(launcher.last["pixels"])[0] == 255)
        await pilot.mouse_down("#panel", offset=(2, 2), button=3)
        await until(lambda: not any(base64.b64decode(launcher.last["pixels"])))


async def test_colour_images_are_not_drawn_but_looked_at(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "colours")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, "91.0 %")
        asked = len(launcher.asked)
        await pilot.press("space")
        await shows(app, "it learnt from colour images")
        await pilot.press("down")
        assert len(launcher.asked) == asked


async def test_a_word_is_typed_and_written_with_its_attention(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "writes")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, "hello -> HH OW")
        await pilot.press("enter", *"world", "enter")
        await shows(app, "world -> HH OW")
        assert launcher.last == {"do": "write", "sources": ["world"]}


async def test_a_prompt_streams_and_begins_anew_when_temperature_or_top_k_change(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "continues")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await until(lambda: sum(about["do"] == "more" for about in launcher.asked) == 38)  # 16 characters each, to 600
        await pilot.press("right", "down")
        begun = [about for about in launcher.asked if about["do"] == "continue"]
        assert [(about["temperature"], about["top_k"]) for about in begun] == [(0.7, 20), (0.8, 20), (0.8, 10)]
        await pilot.press("enter", *"Once", "enter")
        await shows(app, "Once>>>")
        await pilot.press("enter", "tab", *"9999", "enter")
        await shows(app, "expected a number from 0 to 100")


async def test_a_walk_goes_along_without_asking_again(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "draws")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, "0% of the way")
        asked = len(launcher.asked)
        await pilot.press("right", "right", "right", "right")
        await shows(app, "25% of the way")
        assert len(launcher.asked) == asked
        await pilot.press("v")
        await shows(app, "pair 1 of points")
        assert launcher.last["seed"] == 1
        await pilot.press("down")
        assert launcher.last["class"] == "1"


async def test_a_run_without_weights_says_so_and_the_way_back(tmp_path: Path) -> None:
    app, _ = playground(tmp_path, "names", about=WorkbenchError("cnn-1 has no checkpoint", "`workbench save cnn-1` writes one"))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "U use")
        await pilot.press("U")
        await shows(app, "cnn-1 has no checkpoint")
        await shows(app, "workbench save cnn-1")
        await shows(app, "esc goes back")
        assert "space pen" not in shown(app)
        await pilot.press("space", "enter", "up", "escape")
        assert isinstance(app.screen, RunScreen)


async def test_a_reason_that_is_wider_than_the_terminal_is_read_to_its_end(tmp_path: Path) -> None:
    why = WorkbenchError(f"{'cnn-1 was trained elsewhere, ' * 4}far away", f"{'take its numbers elsewhere, ' * 4}or leave it")
    app, _ = playground(tmp_path, "names", about=why)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "U use")
        await pilot.press("U")
        await shows(app, "esc goes back")
        await shows(app, "far away")
        await shows(app, "or leave it")


async def test_while_torch_is_imported_that_is_what_it_says(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "names")
    launcher.is_warm = False
    launcher.ask = lambda kind, about: None  # type: ignore[method-assign]
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "U use")
        await pilot.press("U")
        await shows(app, "importing torch, then loading its model ...")


async def test_an_answer_that_is_refused_leaves_the_panel(tmp_path: Path) -> None:
    app, _ = playground(tmp_path, "writes", write=WorkbenchError("there is nothing to read", "type a word"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, "there is nothing to read")
        await shows(app, "enter type")


async def test_a_prompt_of_lines_is_replaced_by_what_is_typed_and_kept_where_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ABOUT["continues"], "prompt", "one\ntwo\n")
    app, launcher = playground(tmp_path, "continues")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, "goes on")
        await pilot.press("enter", "tab", "1", "enter")
        await shows(app, "temperature 1 ")
        assert [about["prompt"] for about in launcher.asked if about["do"] == "continue"][-1] == "one\ntwo\n"
        await pilot.press("enter", "N", "o", "w", "enter")
        await until(lambda: [about["prompt"] for about in launcher.asked if about["do"] == "continue"][-1] == "Now")


async def test_a_recipe_without_examples_offers_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ABOUT["names"], "examples", False)
    app, launcher = playground(tmp_path, "names")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, "draw something")
        assert "held-out" not in shown(app)
        await pilot.press("v")
        assert all("example" not in about for about in launcher.asked)


@pytest.mark.parametrize("called_off", [False, True])
async def test_the_key_pressed_before_the_run_is_read_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called_off: bool
) -> None:
    held: list[RunChanged] = []
    app, _ = playground(tmp_path, "names")
    with monkeypatch.context() as unread:
        unread.setattr(RunScreen, "on_run_changed", lambda _, message: held.append(message))
        async with app.run_test(size=(80, 24)) as pilot:
            await until(lambda: held)
            assert "U use" not in shown(app)
            await pilot.press("U")
            await shows(app, "the Playground opens as soon as the run is read")
            if called_off:
                await pilot.press("left")
            unread.undo()
            app.screen.post_message(RunChanged(held[-1].seen))
            await shows(app, "U use" if called_off else "the best weights, of step 1,197")
            assert isinstance(app.screen, Playground) is not called_off


async def test_the_list_of_runs_has_the_same_key(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "draws")
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, "U use")
        await pilot.press("escape", "tab", "tab")
        await shows(app, "U use")
        await pilot.press("U")
        await shows(app, "PLAYGROUND cnn-1")
    assert launcher.asked[0]["folder"] == str(tmp_path / "cnn-1")


@pytest.mark.parametrize("kind", ["names", "writes", "draws"])
@pytest.mark.parametrize("form", ["ascii", "unicode"])
async def test_panels_look_as_they_did(tmp_path: Path, kind: str, form: str) -> None:
    app, _ = playground(tmp_path, kind, ascii_only=form == "ascii")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, {"names": "91.0 %", "writes": "right", "draws": "from"}[kind])
        check(f"playground-{kind}-{form}-80x24", shown(app))


@pytest.mark.parametrize("kind", sorted(ABOUT))
@pytest.mark.parametrize("size", [(40, 10), (64, 11), (200, 60)])
async def test_no_size_breaks_a_panel(tmp_path: Path, kind: str, size: tuple[int, int]) -> None:
    app, _ = playground(tmp_path, kind)
    async with app.run_test(size=size) as pilot:
        await until(lambda: isinstance(app.screen, RunScreen) and app.screen.seen)
        await pilot.press("U")
        await until(lambda: isinstance(app.screen, Playground) and app.screen.panel)
        await pilot.press("right", "down", "v", "space")
        await pilot.pause()
        assert "could not be drawn" not in shown(app)


async def test_the_matrix_of_a_long_word_keeps_its_last_row(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "writes")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        rows = [f"P{number}" for number in range(15)] + ["end"]
        matrix = {"kind": "matrix", "rows": rows, "columns": list("incomprehensible"), "matrix": [[1 / 16] * 16] * 16}
        about = {"do": "write", "folder": launcher.asked[-1]["folder"]}
        row = {"source": "incomprehensible", "target": " ".join(rows[:-1]), "right": [], "unknown": [], "attention": matrix}
        app.post_message(Answered("use", about, {**SAID, "rows": [row]}))
        await shows(app, "P14")
        await shows(app, " end ")


async def test_a_pen_that_is_down_is_told_and_an_empty_canvas_has_no_heat(tmp_path: Path) -> None:
    app, _ = playground(tmp_path, "names")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await shows(app, "where it looked")
        assert "pen is down" not in shown(app)
        await pilot.press("space")
        await shows(app, "pen is down")
        await pilot.press("backspace")
        await shows(app, "draw something")
        assert "pen is down" not in shown(app)
        assert "where it looked" not in shown(app)


async def test_keys_that_come_before_the_model_are_kept_for_it(tmp_path: Path) -> None:
    app, launcher = playground(tmp_path, "writes")
    late: list[Any] = []
    launcher.post = late.append
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(app, "U use")
        await pilot.press("U")
        await until(lambda: any(asked["do"] == "about" for asked in launcher.asked))
        await pilot.press("enter", "c", "a", "t", "enter")
        launcher.post = app.post_message
        for message in late:
            app.post_message(message)
        await until(lambda: launcher.last.get("sources") == ["cat"], lambda: f"{launcher.asked} {late}\n{shown(app)}")


async def test_the_help_tells_what_keys_do_for_this_kind_of_model(tmp_path: Path) -> None:
    app, _ = playground(tmp_path, "continues")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("question_mark")
        await shows(app, "a higher temperature")
        assert "class" not in shown(app)
        assert "rub out" not in shown(app)
