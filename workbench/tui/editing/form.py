"""The settings being edited: which differ from the preset, which are wrong, and the command that says the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.data.catalogue import CATALOGUE
from workbench.errors import WorkbenchError
from workbench.recipe import Preset, Recipe
from workbench.schema import Setting, Settings, Value, build, describe, differences, flat, short_number
from workbench.settings import Common
from workbench.tui.editing.ladder import next_value

_NO_LIMIT = 2**31 - 1  # a bound that only keeps numbers storable


@dataclass(frozen=True)
class Mistake:
    """What was typed for a setting, and why it cannot be."""

    text: str
    message: str


@dataclass
class Form:
    """One recipe's settings, begun from a preset."""

    recipe: Recipe
    preset: Preset
    base: Mapping[str, Value] = field(init=False)
    values: dict[str, Value] = field(init=False)
    mistakes: dict[str, Mistake] = field(default_factory=dict)
    settings: tuple[Setting, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.settings = ordered(describe(self.recipe.config))
        self.base = flat(build(self.recipe.config, self.preset.settings, recipe=self.recipe.name))
        self.values = dict(self.base)

    def shown(self, *, every: bool, find: str = "") -> list[Setting]:
        """The settings that a form lists: the basic ones, all of them, or those that a word is found in."""
        if find:
            word = find.lower()
            return [setting for setting in self.settings if word in f"{setting.name} {setting.group} {setting.help}".lower()]
        return [setting for setting in self.settings if every or setting.basic or self.is_changed(setting.name)]

    def setting(self, name: str) -> Setting:
        return next(setting for setting in self.settings if setting.name == name)

    def text(self, name: str) -> str:
        """What stands in a field: its value, or what was wrongly typed."""
        mistake = self.mistakes.get(name)
        return mistake.text if mistake else self.setting(name).text(self.values[name])

    def is_changed(self, name: str) -> bool:
        return name in self.mistakes or self.values[name] != self.base[name]

    @property
    def changed(self) -> dict[str, Value]:
        """The settings that differ from the preset's."""
        return {name: now for name, (_, now) in differences(self.values, self.base).items()}

    def step(self, name: str, direction: int) -> None:
        """Move a value along its ladder."""
        self.mistakes.pop(name, None)
        self.values[name] = next_value(self.setting(name), self.values[name], direction)

    def type(self, name: str, text: str) -> None:
        """Take what is in a field now, right or wrong."""
        try:
            value = self.setting(name).parse(text)
            build(self.recipe.config, {**self.values, name: value}, recipe=self.recipe.name)
        except WorkbenchError as error:
            self.mistakes[name] = Mistake(text, error.message)
        else:
            self.mistakes.pop(name, None)
            self.values[name] = value

    def reset(self, name: str) -> None:
        """Back to the preset's value."""
        self.mistakes.pop(name, None)
        self.values[name] = self.base[name]

    def reset_all(self) -> None:
        """The preset again."""
        self.mistakes, self.values = {}, dict(self.base)

    def take(self, values: Mapping[str, Value]) -> None:
        """Take over the settings of a run; one that the recipe does not have any more, or not with that value, stays as it is."""
        for name, value in values.items():
            if name in self.values:
                self.type(name, self.setting(name).text(value))
                self.mistakes.pop(name, None)

    def config(self) -> Settings:
        """The checked settings.

        Raises:
            WorkbenchError: a field holds something wrong.
        """
        for name, mistake in self.mistakes.items():
            raise WorkbenchError(mistake.message, f"{name} is marked in the form")
        return build(self.recipe.config, self.values, recipe=self.recipe.name)

    def command(self) -> list[str]:
        """The words that start the same run from a shell: only what differs from the preset."""
        words = ["workbench", "train", self.recipe.path or self.recipe.name]
        if self.preset != self.recipe.presets[0]:
            words += ["--preset", self.preset.name]
        for setting in self.settings:
            if self.values[setting.name] != self.base[setting.name]:
                words += flag(setting, self.values[setting.name])
        return words

    def command_line(self) -> str:
        return shlex.join(self.command())


def flag(setting: Setting, value: Value) -> list[str]:
    """A setting as `train` takes it."""
    if setting.kind == "switch":
        return [setting.flag if value else f"--no-{setting.flag.removeprefix('--')}"]
    return [setting.flag, setting.text(value)]


def ordered(settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
    """A recipe's own groups first: what it learns from and what the network is; then what all recipes share."""
    shared = list(Common.model_fields)
    return tuple(sorted(settings, key=lambda setting: shared.index(setting.group) if setting.group in shared else -1))


def bounds(setting: Setting) -> str:
    """What a value may be, briefly: `0 to 1`, `at least 1`, the choices."""
    if setting.kind in ("choice", "switch"):
        return " ".join(setting.choices) or "yes no"
    low, high = setting.minimum, setting.maximum
    if low is not None and high is not None and high < _NO_LIMIT:
        return f"{short_number(float(low))} to {short_number(float(high))}"
    if low is not None:
        return f"{'above' if setting.exclusive[0] else 'at least'} {short_number(float(low))}"
    return f"at most {short_number(float(high))}" if high is not None else ""


def beside(setting: Setting, text: str, base: str) -> str:
    """What stands beside a field: about the data set that it names, else its bounds and the preset's value."""
    if setting.name == "dataset" and (info := CATALOGUE.get(text)):
        count = f"{info.examples:,} examples" if info.examples else "your own" if info.name in ("folder", "text", "csv", "pairs") else ""
        return ", ".join(filter(None, [count, "offline" if info.offline else "download"]))
    limits = bounds(setting)
    return f"{limits}, default {base}" if limits else f"default {base}"


def changes(form: Form, earlier: Mapping[str, Value], arrow: str) -> str:
    """What differs between another run's settings and the form: `lr 1e-3 -> 3e-3, seed 0 -> 1`."""
    known = {name: value for name, value in earlier.items() if name in form.values}
    found = differences({name: form.values[name] for name in known}, known)
    return ", ".join(f"{name} {form.setting(name).text(was)} {arrow} {form.setting(name).text(now)}" for name, (was, now) in found.items())
