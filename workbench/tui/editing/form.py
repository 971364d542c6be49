"""The settings being edited: which differ from where they began, which are wrong, and the command that says the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.data.catalogue import CATALOGUE
from workbench.errors import WorkbenchError
from workbench.recipe import Preset, Recipe
from workbench.schema import Setting, Settings, Value, build, describe, differences, flat, short_number
from workbench.settings import Common, ordered
from workbench.tui.editing.ladder import next_value
from workbench.units import grouped

_SEEDS = ("seed", "split_seed")
EMPTY = "empty"  # stands for a text that is none
_NO_LIMIT = 2**31 - 1  # a bound that only keeps numbers storable


@dataclass(frozen=True)
class Mistake:
    """What was typed for a setting, and why it cannot be."""

    text: str
    message: str


@dataclass(frozen=True)
class Origin:
    """The run whose settings a form began with; of a fork, also the step that it goes on from."""

    run_id: str
    preset: str
    is_fork: bool = False
    step: int | None = None  # of a fork; None is the newest checkpoint

    def __str__(self) -> str:
        if not self.is_fork:
            return f"from {self.run_id}"
        return f"fork of {self.run_id}" + ("" if self.step is None else f" at step {grouped(self.step)}")


@dataclass(frozen=True)
class FormState:
    """What a form can go back to."""

    origin: Origin | None
    base: Mapping[str, Value]
    values: Mapping[str, Value]
    mistakes: Mapping[str, Mistake]


@dataclass
class Form:
    """One recipe's settings, begun from a preset or from a run; `base` has what they were then."""

    recipe: Recipe
    preset: Preset
    origin: Origin | None = None
    default: Mapping[str, Value] = field(init=False)
    base: Mapping[str, Value] = field(init=False)
    values: dict[str, Value] = field(init=False)
    mistakes: dict[str, Mistake] = field(default_factory=dict)
    settings: tuple[Setting, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.settings = ordered(describe(self.recipe.config))
        self.base = self.default = flat(build(self.recipe.config, self.preset.settings, recipe=self.recipe.name))
        self.values = dict(self.base)

    @property
    def base_name(self) -> str:
        return self.origin.run_id if self.origin else "default"

    def shown(self, *, every: bool, find: str = "") -> list[Setting]:
        """The settings that a form lists: the basic ones and what is not as in the preset, all, or those that a word is found in."""
        if find:
            word = find.lower()
            return [setting for setting in self.settings if word in f"{setting.name} {setting.group} {setting.help}".lower()]
        return [setting for setting in self.settings if every or setting.basic or self._stands_out(setting.name)]

    def _stands_out(self, name: str) -> bool:
        if name == "path" and (info := CATALOGUE.get(str(self.values.get("dataset")))) and info.is_own:
            return True
        return self.is_changed(name) or self.values[name] != self.default[name]

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
        """The settings that differ from where the form began."""
        return {name: now for name, (_, now) in differences(self.values, self.base).items()}

    @property
    def shaping(self) -> object:
        """What the model and the data depend on: a recipe's own settings and the seeds, not how it is optimized and for how long."""
        return self.shaped_by(self.values)

    def shaped_by(self, values: Mapping[str, Value]) -> object:
        own = [setting for setting in self.settings if setting.group not in Common.model_fields or setting.name in _SEEDS]
        return self.recipe.name, self.preset.name, tuple(values.get(setting.name) for setting in own)

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
        """Back to what it was when the form began."""
        self.mistakes.pop(name, None)
        self.values[name] = self.base[name]

    def reset_all(self) -> None:
        """The preset again, whatever the form began with."""
        self.origin, self.mistakes, self.base = None, {}, self.default
        self.values = dict(self.base)

    @property
    def is_pristine(self) -> bool:
        """Whether everything is as the preset has it."""
        return self.origin is None and not self.mistakes and self.values == dict(self.default)

    def state(self) -> FormState:
        """All that the user did to it."""
        return FormState(self.origin, self.base, dict(self.values), dict(self.mistakes))

    def go_back_to(self, state: FormState) -> None:
        self.origin, self.base, self.values, self.mistakes = state.origin, state.base, dict(state.values), dict(state.mistakes)

    def take(self, values: Mapping[str, Value]) -> list[str]:
        """Take over settings; returns those that the recipe does not have any more, or not with that value: they stay as they are."""
        known = {name: value for name, value in values.items() if name in self.values}
        left_out = [name for name in values if name not in known]
        try:
            self.values = flat(build(self.recipe.config, {**self.values, **known}, recipe=self.recipe.name))
        except WorkbenchError:
            left_out += [name for name, value in known.items() if not self._takes(name, value)]
        self.mistakes = {}
        return left_out

    def _takes(self, name: str, value: Value) -> bool:
        try:
            self.values = flat(build(self.recipe.config, {**self.values, name: value}, recipe=self.recipe.name))
        except WorkbenchError:
            return False
        return True

    def begin_from(self, origin: Origin, values: Mapping[str, Value]) -> list[str]:
        """Begin anew with the settings of a run; returns those that could not be taken over."""
        left_out = self.take(values)
        if not left_out:  # else `--from` would not make the same run
            self.origin, self.base = origin, dict(self.values)
        return left_out

    def config(self) -> Settings:
        """The checked settings.

        Raises:
            WorkbenchError: a field holds something wrong.
        """
        for name, mistake in self.mistakes.items():
            raise WorkbenchError(mistake.message, f"{name} is marked in the form")
        return build(self.recipe.config, self.values, recipe=self.recipe.name)

    def command(self) -> list[str]:
        """The words that start the same run from a shell: where it began, and what differs from there."""
        words = ["workbench", "train", self.recipe.path or self.recipe.name]
        if self.origin and self.origin.is_fork:
            words = ["workbench", "fork", self.origin.run_id]
            words += [] if self.origin.step is None else ["--step", str(self.origin.step)]
            words += ["--recipe", self.recipe.path] if self.recipe.path else []
        elif self.origin:
            words += ["--from", self.origin.run_id]
        if self.preset.name != (self.origin.preset if self.origin else self.recipe.presets[0].name):
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


def beside(setting: Setting, text: str, base: str, base_name: str = "default") -> str:
    """What stands beside a field: about the data set that it names, else its bounds and what it was when the form began."""
    if setting.name == "dataset" and (info := CATALOGUE.get(text)):
        count = f"{info.examples:,} examples" if info.examples else "your own" if info.is_own else ""
        return ", ".join(filter(None, [count, "offline" if info.offline else "download"]))
    return ", ".join(filter(None, [bounds(setting), f"{base_name} {base or EMPTY}"]))


def changes(form: Form, earlier: Mapping[str, Value], arrow: str) -> str:
    """What differs between other settings and the form: `lr 1e-3 -> 3e-3, seed 0 -> 1`."""
    known = {name: value for name, value in earlier.items() if name in form.values}
    found = differences({name: form.values[name] for name in known}, known)
    return ", ".join(f"{name} {form.setting(name).text(was)} {arrow} {form.setting(name).text(now)}" for name, (was, now) in found.items())


def compared(form: Form, others: Mapping[str, Mapping[str, Value]]) -> list[tuple[str, ...]]:
    """A table of what is not alike: heads, then a row for each setting with the form's value last.

    Args:
        others: settings by the name of what has them; the preset's stand before them.
    """
    sides = {f"preset {form.preset.name}": form.default, **others}
    rows: list[tuple[str, ...]] = [("setting", *sides, "now")]
    for setting in form.settings:
        found = [side.get(setting.name, form.values[setting.name]) for side in sides.values()]
        if any(value != form.values[setting.name] for value in found):
            rows.append((setting.name, *(setting.text(value) for value in found), form.text(setting.name)))
    return rows
