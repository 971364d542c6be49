import math
import random
from typing import Literal

import pytest
from pydantic import Field, model_validator

from workbench.errors import ExitCode, WorkbenchError
from workbench.schema import Group, Settings, build, describe, differences, flat, setting, short_number
from workbench.settings import Common

COMMON = {info.name: info for info in describe(Common)}


class Data(Group):
    dataset: Literal["mnist5k", "digits"] = setting("mnist5k", "Images.")
    shift: float | None = setting(None, "Shift.", minimum=-1, below=2, none="auto", unit="pixels")

    @model_validator(mode="after")
    def _fits(self):
        if self.dataset == "digits" and (self.shift or 0) > 1:
            raise ValueError("shift 2 moves an image of 8 pixels too far")
        return self


class Config(Common):
    data: Data = Field(default_factory=Data)


def _allowed(info):
    """Values at the edges of what a setting may be, and some between."""
    if info.kind == "switch":
        values = [True, False]
    elif info.kind == "choice":
        values = list(info.choices)
    elif info.kind == "text":
        values = ["cuda:1", "a b"]
    else:
        low = -1e6 if info.minimum is None else info.minimum
        high = 1e9 if info.maximum is None else info.maximum
        dice = random.Random(info.name)
        values = [dice.uniform(low, min(high, low + 10)) for _ in range(50)] + [
            low + (high - low) * 10 ** -dice.uniform(0, 12) for _ in range(50)
        ]
        values = [value for value in values if (value > low or not info.exclusive[0]) and (value < high or not info.exclusive[1])]
        values += [] if info.exclusive[0] else [low]
        values += [] if info.exclusive[1] else [high]
        values = [int(value) for value in values] if info.kind == "whole" else [float(value) for value in values]
    return [*values, info.default, *([None] if info.optional else [])]


@pytest.mark.parametrize("name", COMMON)
def test_every_value_of_every_common_setting_reads_back_from_its_text_and_builds(name):
    info = COMMON[name]
    for value in _allowed(info):
        read = info.parse(info.text(value))
        assert read == value
        assert type(read) is type(value)
        assert flat(build(Common, {name: value}))[name] == value


@pytest.mark.parametrize("name", COMMON)
def test_every_common_setting_is_documented_and_its_flag_is_its_name(name):
    info = COMMON[name]
    assert info.help.endswith(".")
    assert info.flag == "--" + name.replace("_", "-")
    assert info.expected


@pytest.mark.parametrize("name", [name for name, info in COMMON.items() if info.kind in ("number", "whole")])
def test_what_lies_outside_the_bounds_is_refused_as_text_and_as_value_in_the_same_words(name):
    info = COMMON[name]
    outside = [math.nan, math.inf, -math.inf]
    if info.minimum is not None:
        outside += [info.minimum - 1, *([info.minimum] if info.exclusive[0] else [])]
    if info.maximum is not None:
        outside += [info.maximum + 1, *([info.maximum] if info.exclusive[1] else [])]
    for value in outside:
        with pytest.raises(WorkbenchError) as typed:
            info.parse(str(value))
        assert typed.value.message == f"setting `{name}` is `{value}`, expected {info.expected}"
        with pytest.raises(WorkbenchError) as built:
            build(Common, {name: value})
        assert built.value.message.endswith(f"expected {info.expected}")
        assert typed.value.code == built.value.code == ExitCode.WRONG_USE


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lr", "a number above 0 and at most 1"),
        ("momentum", "a number at least 0 and below 1"),
        ("epochs", "a whole number at least 1, or off"),
        ("threads", "a whole number at least 1 and at most 1024, or auto"),
        ("seed", "a whole number at least 0 and at most 2147483647"),
        ("nesterov", "yes or no"),
        ("precision", "one of auto, fp32, bf16, fp64"),
        ("device", "text"),
        ("monitor", "text, or objective"),
    ],
)
def test_what_is_expected_is_said_in_words(name, expected):
    assert COMMON[name].expected == expected


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lr", "3e-4", 3e-4), ("lr", " .5 ", 0.5), ("epochs", "1e2", 100), ("epochs", "+7", 7), ("epochs", "off", None),
        ("epochs", "NONE", None),
        ("threads", "auto", None), ("evaluate_every", "epoch", None), ("nesterov", "YES", True), ("nesterov", "0", False),
        ("optimizer", "sgd", "sgd"), ("seed", "2147483647", 2**31 - 1), ("device", " cuda:1 ", "cuda:1"), ("clip_norm", "", None),
    ],
)  # fmt: skip
def test_text_is_read_as_people_type_it(name, text, value):
    read = COMMON[name].parse(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lr", "fast"), ("lr", ""), ("lr", "off"), ("lr", "1,5"), ("epochs", "2.5"), ("epochs", "ten"), ("seed", "1e999"), ("seed", "0x10"),
        ("nesterov", "maybe"), ("optimizer", "SGD"), ("precision", "fp16"), ("seed", "²"),
    ],
)  # fmt: skip
def test_text_that_is_no_value_is_refused_with_what_was_expected(name, text):
    with pytest.raises(WorkbenchError) as caught:
        COMMON[name].parse(text)
    assert caught.value.message == f"setting `{name}` is `{text}`, expected {COMMON[name].expected}"
    assert caught.value.hint


def test_a_choice_that_is_close_to_one_is_named_and_other_settings_say_what_they_are_for():
    with pytest.raises(WorkbenchError) as caught:
        COMMON["optimizer"].parse("adamm")
    assert "did you mean `adam" in caught.value.hint
    with pytest.raises(WorkbenchError) as caught:
        COMMON["lr"].parse("7")
    assert caught.value.hint.startswith("--lr: Step size of the optimizer.")
    assert caught.value.hint.endswith("Default: 1e-3.")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.003, "3e-3"), (3e-4, "3e-4"), (1.25e-7, "1.25e-7"), (1.23456789012345e-5, "1.23456789012345e-5"),
        (0.5, "0.5"), (0.01, "0.01"), (100.0, "100"), (0.0, "0"), (-0.002, "-2e-3"),
        (0.1 + 0.2, "0.30000000000000004"), (1e22, "1e+22"),
    ],
)  # fmt: skip
def test_numbers_are_written_short(value, text):
    assert short_number(value) == text


def test_every_number_reads_back_from_its_short_text():
    dice = random.Random(0)
    for _ in range(20_000):
        value = dice.choice([-1, 1]) * dice.uniform(1, 10) * 10 ** dice.randint(-320, 300)
        value = float(f"{value:.{dice.randint(0, 17)}e}")
        assert float(short_number(value)) == value


def test_building_checks_flat_values_into_groups_and_flat_takes_them_out_again():
    config = build(Config, {"lr": 0.1, "dataset": "digits", "epochs": None, "seed": 7})
    assert (config.optimization.lr, config.data.dataset, config.budget.epochs, config.machine.seed) == (0.1, "digits", None, 7)
    assert build(Config, flat(config)) == config
    assert list(flat(config)) == [info.name for info in describe(Config)]


def test_what_is_not_given_keeps_the_recipes_default_and_not_the_groups():
    class Own(Common):
        data: Data = Field(default_factory=lambda: Data(dataset="digits"))

    assert flat(build(Own, {"shift": 0.5}))["dataset"] == "digits"
    assert {info.name: info.default for info in describe(Own)}["dataset"] == "digits"


def test_values_from_json_and_toml_keep_their_meaning():
    config = build(Common, {"epochs": 3, "lr": 1, "nesterov": True, "clip_norm": None, "max_seconds": 60})
    assert (config.budget.epochs, config.optimization.lr, config.budget.max_seconds) == (3, 1.0, 60.0)


@pytest.mark.parametrize(
    ("name", "value"), [("epochs", "many"), ("nesterov", "maybe"), ("precision", "fp8"), ("lr", [1]), ("epochs", 2.5), ("lr", None)]
)
def test_a_value_of_the_wrong_kind_is_refused_where_it_enters(name, value):
    with pytest.raises(WorkbenchError) as caught:
        build(Common, {name: value})
    assert caught.value.message == f"setting `{name}` is `{value}`, expected {COMMON[name].expected}"


def test_an_unknown_setting_is_refused_with_the_nearest_name():
    with pytest.raises(WorkbenchError) as caught:
        build(Common, {"lrr": 0.1}, recipe="cnn")
    assert caught.value.message == "unknown setting `lrr` for recipe `cnn`"
    assert caught.value.hint == "did you mean `lr`? `workbench recipes cnn` lists every setting"


def test_settings_that_do_not_go_together_are_refused_in_the_recipes_words():
    with pytest.raises(WorkbenchError, match="shift 2 moves an image of 8 pixels too far"):
        build(Config, {"dataset": "digits", "shift": 1.5})


def test_a_config_cannot_be_changed_after_it_was_checked():
    config = build(Common, {})
    with pytest.raises(ValueError, match="frozen"):
        config.optimization.lr = 1.0


def test_settings_are_described_in_groups_with_bounds_units_and_choices():
    info = {info.name: info for info in describe(Config)}
    assert [(name, info[name].group) for name in ("lr", "epochs", "seed", "shift")] == [
        ("lr", "optimization"), ("epochs", "budget"), ("seed", "machine"), ("shift", "data"),
    ]  # fmt: skip
    shift = info["shift"]
    assert (shift.kind, shift.optional, shift.minimum, shift.maximum, shift.exclusive) == ("number", True, -1, 2, (False, True))
    assert (shift.unit, shift.none, shift.default) == ("pixels", "auto", None)
    assert info["dataset"].choices == ("mnist5k", "digits")
    assert {name for name, one in info.items() if one.live} == {"lr", "weight_decay", "clip_norm"}


def test_two_groups_with_a_setting_of_one_name_are_a_mistake_of_the_recipe():
    class Twice(Common):
        more: Data = Field(default_factory=Data)
        data: Data = Field(default_factory=Data)

    with pytest.raises(ValueError, match="setting dataset stands in two groups: more and data"):
        describe(Twice)


def test_a_setting_of_an_unknown_type_is_a_mistake_of_the_recipe():
    class Odd(Group):
        sizes: list[int] = setting(0, "Sizes.")

    class Holder(Settings):
        odd: Odd = Field(default_factory=lambda: Odd.model_construct(sizes=[]))

    with pytest.raises(ValueError, match="a setting cannot be of type"):
        describe(Holder)


def test_differences_name_only_what_is_not_alike():
    assert differences({"lr": 0.1, "seed": 1, "new": 5}, {"lr": 0.2, "seed": 1, "old": None, "gone": 3}) == {
        "lr": (0.2, 0.1), "gone": (3, None), "new": (None, 5),
    }  # fmt: skip
    assert differences(flat(Common()), flat(Common())) == {}
