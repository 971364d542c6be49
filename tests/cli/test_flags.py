import inspect
from typing import Literal

import pytest
from pydantic import Field

from workbench.cli import flags, usage
from workbench.errors import WorkbenchError
from workbench.schema import Group, describe, setting
from workbench.settings import Common


class Data(Group):
    """Data."""

    dataset: Literal["one", "two"] = setting("one", "Which.")
    crop_size: int | None = setting(None, "Side of a crop.", minimum=1, none="all")


class Config(Common):
    """Settings."""

    data: Data = Field(default_factory=Data)


SETTINGS = describe(Config)


def called(*arguments: str) -> dict[str, object]:
    """What a command with the flags hands to its function."""
    seen: dict[str, object] = {}

    def function(run: str = "x", **given: object) -> None:
        seen.update(given, run=run)

    command = usage.command(flags.with_flags(function, SETTINGS), name="train", cls=flags.SettingsCommand)
    command.settings = SETTINGS
    with command.make_context("train", list(arguments)) as context:
        command.invoke(context)
    return seen


def test_every_setting_is_a_flag_that_is_none_until_typed() -> None:
    seen = called()
    assert {setting.name for setting in SETTINGS} <= seen.keys()
    assert all(seen[setting.name] is None for setting in SETTINGS)


def test_only_what_was_typed_becomes_a_value() -> None:
    given = {
        name: value for name, value in called("--lr", "3e-4", "--crop-size", "all", "--nesterov", "--dataset=two").items() if name != "run"
    }
    assert flags.read(SETTINGS, given) == {"lr": 3e-4, "crop_size": None, "nesterov": True, "dataset": "two"}  # type: ignore[arg-type]


def test_a_switch_can_be_switched_off() -> None:
    assert called("--no-restore-best")["restore_best"] is False


def test_a_negative_number_is_a_value_and_no_flag() -> None:
    assert called("--lr", "-1")["lr"] == "-1"
    with pytest.raises(WorkbenchError, match="`lr` is `-1`, expected a number above 0"):
        flags.read(SETTINGS, {"lr": "-1"})


def test_the_signature_keeps_the_functions_own_parameters() -> None:
    def function(run: str, **given: object) -> None: ...

    names = list(inspect.signature(flags.with_flags(function, SETTINGS)).parameters)
    assert names[0] == "run"
    assert "given" not in names


def test_help_shows_bounds_and_defaults_in_groups_with_the_recipes_own_first(capsys: pytest.CaptureFixture[str]) -> None:
    import typer

    with pytest.raises(typer.Exit):
        called("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "--lr NUMBER Step size of the optimizer. Higher learns faster until it diverges. [above 0 and at most 1; default 1e-3]" in text
    assert "[one of one, two; default one]" in text
    assert "[at least 1, or all; default all]" in text
    assert "--nesterov/--no-nesterov" in text
    assert text.index("Settings: data") < text.index("Settings: optimization") < text.index("Settings: machine")


def test_a_setting_with_the_name_of_an_option_is_refused_in_words() -> None:
    class Clash(Group):
        run: str = setting("", "What has the name of an option.")

    class Clashing(Common):
        clash: Clash = Field(default_factory=Clash)

    def function(run: str = "x", **given: object) -> None: ...

    with pytest.raises(WorkbenchError, match="`run`, which is an option of `train` itself"):
        flags.with_flags(function, describe(Clashing))
