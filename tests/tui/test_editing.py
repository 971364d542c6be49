"""Settings while they are being changed, without a screen."""

from __future__ import annotations

import pytest

from tests.tui.recipe import RECIPE
from workbench.charts.rows import plain
from workbench.errors import WorkbenchError
from workbench.finding import find_recipes
from workbench.recipe import Recipe
from workbench.schema import Setting
from workbench.tui.editing.form import Form, Origin, beside, changes, compared
from workbench.tui.editing.ladder import next_value
from workbench.tui.editing.line_editor import LineEditor
from workbench.tui.screens.bench.hints import Standing, hints
from workbench.tui.theme import UNICODE


def number(default: float = 1e-3, **more: object) -> Setting:
    return Setting("lr", "optimization", "number", default, "help", **more)  # type: ignore[arg-type]


def whole(default: int | None = 64, **more: object) -> Setting:
    return Setting("batch_size", "data", "whole", default, "help", **more)  # type: ignore[arg-type]


def climb(setting: Setting, value: object, steps: int) -> list[object]:
    """The values that pressing right (or left, for a negative number of steps) goes through."""
    values = []
    for _ in range(abs(steps)):
        value = next_value(setting, value, 1 if steps > 0 else -1)  # type: ignore[arg-type]
        values.append(value)
    return values


def test_a_positive_number_climbs_by_1_2_5() -> None:
    lr = number(minimum=0, maximum=1, exclusive=(True, False))
    assert climb(lr, 1e-3, 4) == [2e-3, 5e-3, 1e-2, 2e-2]
    assert climb(lr, 3e-3, 1) == [5e-3]
    assert climb(lr, 3e-3, -2) == [2e-3, 1e-3]


def test_a_ladder_ends_at_the_bounds() -> None:
    lr = number(minimum=0, maximum=1, exclusive=(True, False))
    assert climb(lr, 0.5, 3) == [1.0, 1.0, 1.0]
    assert climb(lr, 1e-7, -2) == [1e-7, 1e-7]
    decay = number(0.0, minimum=0, maximum=1)
    assert climb(decay, 0.0, 2) == [1e-5, 2e-5]
    assert climb(decay, 1e-5, -2) == [0.0, 0.0]


def test_a_share_below_one_climbs_evenly_and_closer_and_closer_to_one() -> None:
    dropout = number(0.3, minimum=0, maximum=1, exclusive=(False, True))
    assert climb(dropout, 0.3, 2) == [0.35, 0.4]
    assert climb(dropout, 0.9, 5) == [0.95, 0.98, 0.99, 0.995, 0.998]
    assert climb(dropout, 0.9999, 1) == [0.9999]


def test_sizes_double_and_counts_go_one_by_one() -> None:
    assert climb(whole(minimum=1), 64, 2) == [128, 256]
    assert climb(whole(minimum=1), 2, -2) == [1, 1]
    assert climb(whole(0, minimum=0), 0, 3) == [1, 2, 3]
    assert climb(whole(16, minimum=1, unit="epochs"), 10, 3) == [20, 50, 100]


def test_an_optional_number_is_off_below_its_least_value() -> None:
    patience = whole(None, minimum=1, optional=True)
    assert climb(patience, None, 2) == [1, 2]
    assert climb(patience, 1, -2) == [None, None]


def test_choices_go_round_and_switches_toggle() -> None:
    choice = Setting("optimizer", "optimization", "choice", "sgd", "help", choices=("sgd", "adam"))
    assert climb(choice, "sgd", 3) == ["adam", "sgd", "adam"]
    assert climb(choice, "sgd", -1) == ["adam"]
    switch = Setting("padding", "model", "switch", True, "help")
    assert climb(switch, True, 2) == [False, True]


@pytest.mark.parametrize("recipe", [RECIPE, *find_recipes().values()])
def test_every_rung_of_every_setting_is_a_value_that_it_takes(recipe: Recipe) -> None:
    form = Form(recipe, recipe.presets[0])
    for setting in form.settings:
        for direction in (1, -1):
            value = form.values[setting.name]
            for _ in range(40):
                value = next_value(setting, value, direction)
                assert setting.parse(setting.text(value)) == pytest.approx(value) if isinstance(value, float) else True


def test_the_command_says_only_what_differs_from_the_preset() -> None:
    form = Form(RECIPE, RECIPE.presets[1])
    assert form.command_line() == "workbench train cnn --preset digits"
    form.step("lr", 1)
    form.step("padding", 1)
    form.type("device", "cuda:1 $(reboot)")
    assert form.command_line().startswith("workbench train cnn --preset digits --no-padding --lr 0.02 --device 'cuda:1 $(reboot)'")


def test_a_mistake_is_kept_until_it_is_mended_and_keeps_the_form_from_starting() -> None:
    form = Form(RECIPE, RECIPE.presets[0])
    form.type("lr", "fast")
    assert form.text("lr") == "fast"
    assert form.is_changed("lr")
    with pytest.raises(WorkbenchError, match="setting `lr` is `fast`, expected a number above 0 and at most 1"):
        form.config()
    form.type("lr", "3e-4")
    assert not form.mistakes
    assert form.config().optimization.lr == 3e-4  # type: ignore[attr-defined]
    form.reset("lr")
    assert not form.changed


def test_a_recipes_own_settings_come_first() -> None:
    groups = list(dict.fromkeys(setting.group for setting in Form(RECIPE, RECIPE.presets[0]).settings))
    assert groups == ["data", "model", "optimization", "budget", "machine"]


def test_what_stands_beside_a_field_is_its_bounds_and_the_presets_value() -> None:
    form = Form(RECIPE, RECIPE.presets[0])
    assert beside(form.setting("lr"), "1", "0.01") == "0 to 1, default 0.01"
    assert beside(form.setting("dataset"), "digits", "mnist5k") == "1,797 examples, offline"
    assert beside(form.setting("seed"), "1", "0") == "at least 0, default 0"


def test_changes_against_an_earlier_run_name_old_and_new() -> None:
    form = Form(RECIPE, RECIPE.presets[0])
    assert changes(form, {**form.values, "lr": 0.5, "gone": 1}, "->") == "lr 0.5 -> 0.01"


def test_a_line_is_edited_with_the_usual_keys() -> None:
    line = LineEditor("0.01", selected=True)
    for key in ("3", "e", "minus", "4"):
        assert line.key(key, "-" if key == "minus" else key)
    assert line.text == "3e-4"
    for key in ("left", "backspace", "home", "delete"):
        line.key(key, None)
    assert line.text == "e4"
    line.insert("1\n\x1b[2J2")
    assert "\x1b" not in line.text
    assert not line.key("f5", None)
    line.key("end", None)
    line.key("ctrl+u", None)
    assert line.text == ""


def test_a_long_line_shows_the_part_around_the_caret() -> None:
    line = LineEditor("a" * 50 + "z")
    row = line.spans(10)
    assert "".join(span.text for span in row) == "a" * 8 + "z_"


def test_every_data_set_of_every_recipe_can_stand_in_the_form() -> None:
    for recipe in find_recipes().values():
        form = Form(recipe, recipe.presets[0])
        words = {name: beside(form.setting("dataset"), name, "") for name in form.setting("dataset").choices}
        assert all(words.values()), words


def test_a_form_that_began_with_a_run_says_so_in_its_command_and_marks_only_what_differs_from_it() -> None:
    form = Form(RECIPE, RECIPE.presets[1])
    assert form.begin_from(Origin("cnn-3", "digits"), {**form.values, "lr": 0.02, "padding": False}) == []
    assert form.command_line() == "workbench train cnn --from cnn-3"
    assert not form.changed
    assert "padding" in [setting.name for setting in form.shown(every=False)]
    form.step("lr", 1)
    assert form.command_line() == "workbench train cnn --from cnn-3 --lr 0.05"
    assert compared(form, {"cnn-3": form.base}) == [
        ("setting", "preset digits", "cnn-3", "now"),
        ("padding", "yes", "no", "no"),
        ("lr", "0.01", "0.02", "0.05"),
    ]
    form.reset("lr")
    assert form.values["lr"] == 0.02
    form.reset_all()
    assert form.command_line() == "workbench train cnn --preset digits"


def test_settings_that_a_recipe_does_not_have_any_more_are_left_out_and_the_command_says_the_others() -> None:
    form = Form(RECIPE, RECIPE.presets[0])
    assert form.begin_from(Origin("cnn-3", "mnist"), {"lr": 0.02, "gone": 1, "blocks": 99}) == ["gone", "blocks"]
    assert form.command_line() == "workbench train cnn --lr 0.02"


def test_only_what_shapes_model_or_data_asks_for_another_measurement() -> None:
    form = Form(RECIPE, RECIPE.presets[0])
    before = form.shaping
    form.step("lr", 1)
    form.step("epochs", 1)
    assert form.shaping == before
    form.step("blocks", -1)
    assert form.shaping != before
    assert form.shaped_by(form.values) == form.shaping


@pytest.mark.parametrize("recipe", find_recipes().values(), ids=lambda recipe: recipe.name)
def test_the_help_of_every_setting_is_read_whole_at_80_columns_with_what_it_may_be_where_that_fits(recipe: Recipe) -> None:
    form = Form(recipe, recipe.presets[0])
    about = Standing(run=None, other=None, runs=(), lack=None)
    bounded = 0
    for setting in form.settings:
        rows = plain(hints(form, setting, about, UNICODE, 80, lambda key: key))
        said = " ".join(" ".join(rows[:2]).split())
        assert len(rows) == 4
        assert setting.help.rstrip(".") in said
        assert all(len(row) <= 80 for row in rows) or setting.kind == "choice"
        bounded += setting.expected in said
    assert bounded > 0.8 * len(form.settings)
