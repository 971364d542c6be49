"""How a setting is declared, once: a typed field with help and bounds, from which form, flags, checks and differences follow."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from workbench.errors import WorkbenchError, unknown
from workbench.units import brief, compact

Value = bool | int | float | str | None
Kind = Literal["number", "whole", "switch", "choice", "text"]
YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")  # of a switch


def setting(
    default: Value,
    help: str,
    *,
    above: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    below: float | None = None,
    unit: str = "",
    none: str = "off",
    basic: bool = False,
    live: bool = False,
) -> Any:
    """A field of a settings group.

    Args:
        above, below: bounds that are themselves not allowed; `minimum` and `maximum` are.
        none: the word that stands for None where the field may be None ("off", "auto").
        basic: among the few that a form shows first.
        live: may be changed while the run trains.
    """
    extra: dict[str, Any] = {"unit": unit, "none": none, "basic": basic, "live": live}
    return Field(default, description=help, gt=above, ge=minimum, le=maximum, lt=below, json_schema_extra=extra)


class Group(BaseModel):
    """Settings that belong together; the name of the field that holds the group is the group's name."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False, defer_build=True)


class Settings(BaseModel):
    """All settings of a recipe, in groups. Names are unique across groups, so `flat` and flags need no prefix."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # a list of recipes checks nothing


@dataclass(frozen=True)
class Setting:
    """One setting, described for forms, flags and JSON."""

    name: str
    group: str
    kind: Kind
    default: Value
    help: str
    optional: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    exclusive: tuple[bool, bool] = (False, False)
    unit: str = ""
    none: str = "off"
    basic: bool = False
    live: bool = False
    flag: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "flag", "--" + self.name.replace("_", "-"))

    @property
    def expected(self) -> str:
        """What a value must be, in words: "a number above 0 and at most 1"."""
        if self.kind == "switch":
            return "yes or no"
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        noun = {"number": "a number", "whole": "a whole number", "text": "text"}[self.kind]
        low, high = self.minimum, self.maximum
        bounds = []
        if low is not None:
            bounds.append(f"{'above' if self.exclusive[0] else 'at least'} {_plain(low)}")
        if high is not None:
            bounds.append(f"{'below' if self.exclusive[1] else 'at most'} {_plain(high)}")
        return " ".join([noun, " and ".join(bounds)]).strip() + (f", or {self.none}" if self.optional else "")

    def text(self, value: Value) -> str:
        """A value as a person types it; `parse` reads it back."""
        if value is None:
            return self.none
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            return short_number(value)
        return str(value)

    def texts(self, *values: Value) -> list[str]:
        """Values to be told apart, briefly: numbers with four digits where that is enough."""
        short = [brief(value) if isinstance(value, float) else self.text(value) for value in values]
        return short if len(set(short)) == len(set(values)) else [self.text(value) for value in values]

    def parse(self, text: str) -> Value:
        """The value that `text` stands for.

        Raises:
            WorkbenchError: it is not what `expected` says.
        """
        value = self._read(text.strip())
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            low, high = self.minimum, self.maximum
            inside = value == value and abs(value) != float("inf")
            inside = inside and (low is None or (value > low if self.exclusive[0] else value >= low))
            inside = inside and (high is None or (value < high if self.exclusive[1] else value <= high))
            if not inside:
                raise self.refuse(text)
        return value

    def refuse(self, value: object) -> WorkbenchError:
        """The error for a value that this setting cannot have."""
        message = f"setting `{self.name}` is `{value}`, expected {self.expected}"
        close = unknown("value", str(value), self.choices).hint if self.kind == "choice" else ""
        return WorkbenchError(message, close or f"{self.flag}: {self.help} Default: {self.text(self.default)}.")

    def _read(self, text: str) -> Value:
        if self.optional and text.lower() in (self.none, "none", "off", ""):
            return None
        if self.kind == "text":
            return text
        if self.kind == "choice":
            if text not in self.choices:
                raise self.refuse(text)
            return text
        if self.kind == "switch":
            if text.lower() in YES:
                return True
            if text.lower() in NO:
                return False
            raise self.refuse(text)
        try:
            number = float(text)
            whole = int(number) if self.kind == "whole" else None
        except (ValueError, OverflowError):
            raise self.refuse(text) from None
        if whole is None:
            return number
        if whole != number:
            raise self.refuse(text)
        return int(text) if text.lstrip("+-").isdigit() else whole


def describe(config: type[Settings]) -> tuple[Setting, ...]:
    """Every setting of a recipe, group by group, in the order of declaration.

    Raises:
        ValueError: two groups share a name, which flags and `flat` could not tell apart.
    """
    found: dict[str, Setting] = {}
    for group, holder in config.model_fields.items():
        model = holder.annotation
        if not (isinstance(model, type) and issubclass(model, Group)):
            raise ValueError(f"{config.__name__}.{group} is not a settings Group")
        defaults = holder.get_default(call_default_factory=True)
        for name, info in model.model_fields.items():
            if name in found:
                raise ValueError(f"setting {name} stands in two groups: {found[name].group} and {group}")
            found[name] = _describe(name, group, info, getattr(defaults, name))
    return tuple(found.values())


def words_for_none(config: type[Settings]) -> dict[str, str]:
    """What None stands for in settings where that is not `off`: `all`, `auto`, by name."""
    return {setting.name: setting.none for setting in describe(config) if setting.optional and setting.none != "off"}


def flat(config: Settings) -> dict[str, Value]:
    """All settings by name, without their groups."""
    return {name: value for group in type(config).model_fields for name, value in getattr(config, group).model_dump().items()}


C = TypeVar("C", bound=Settings)


def build(config: type[C], values: Mapping[str, Value], *, recipe: str = "") -> C:
    """A checked config from flat values; what is not given keeps its default.

    Raises:
        WorkbenchError: a name that the recipe does not have, or a value that it cannot take.
    """
    known = {info.name: info for info in describe(config)}
    groups: dict[str, dict[str, Value]] = {}
    for group, holder in config.model_fields.items():
        groups[group] = holder.get_default(call_default_factory=True).model_dump()
    for name, value in values.items():
        if name not in known:
            where = f"for recipe `{recipe}`" if recipe else ""
            raise unknown("setting", name, known, where=where, hint=f"`workbench recipes {recipe}` lists every setting" if recipe else "")
        groups[known[name].group][name] = value
    try:
        return config.model_validate(groups)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][1]) if len(first["loc"]) > 1 else ""
        if name in known:
            raise known[name].refuse(first["input"]) from error
        raise WorkbenchError(str(first.get("ctx", {}).get("error", first["msg"])), "change one of the settings named") from error


def differences(values: Mapping[str, Value], base: Mapping[str, Value]) -> dict[str, tuple[Value, Value]]:
    """Settings that are not alike: name -> (in base, in values); a name that only one side has counts as None there."""
    names = [*base, *(name for name in values if name not in base)]
    return {name: (base.get(name), values.get(name)) for name in names if base.get(name) != values.get(name)}


def short_number(value: float) -> str:
    """The shortest text that reads back to the same number: 0.003 as 3e-3, 0.5 as 0.5, 100.0 as 100."""
    text = repr(value)
    if value and abs(value) < 0.01:
        mantissa, exponent = f"{value:.15e}".split("e")
        shorter = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
        return shorter if float(shorter) == value else text
    return text.removesuffix(".0")


def _plain(bound: float) -> str:
    return compact(bound) if abs(bound) < 1e4 else f"{bound:.15g}"


def _describe(name: str, group: str, info: FieldInfo, default: Value) -> Setting:
    extra = typing.cast(dict[str, Any], info.json_schema_extra or {})
    kind, optional, choices = _kind(info.annotation)
    low: Any = None
    high: Any = None
    open_low = open_high = False
    for bound in info.metadata:
        if isinstance(bound, (Gt, Ge)):
            low, open_low = (bound.gt, True) if isinstance(bound, Gt) else (bound.ge, False)
        elif isinstance(bound, (Lt, Le)):
            high, open_high = (bound.lt, True) if isinstance(bound, Lt) else (bound.le, False)
    return Setting(
        name, group, kind, default, info.description or "", optional, choices,
        minimum=low, maximum=high, exclusive=(open_low, open_high),
        unit=extra.get("unit", ""), none=extra.get("none", "off"), basic=extra.get("basic", False), live=extra.get("live", False),
    )  # fmt: skip


def _kind(annotation: Any) -> tuple[Kind, bool, tuple[str, ...]]:
    optional = False
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [part for part in typing.get_args(annotation) if part is not type(None)]
        optional, annotation = len(inner) < len(typing.get_args(annotation)), inner[0]
    if typing.get_origin(annotation) is Literal:
        return "choice", optional, tuple(str(choice) for choice in typing.get_args(annotation))
    kinds: dict[Any, Kind] = {bool: "switch", int: "whole", float: "number", str: "text"}
    if annotation not in kinds:
        raise ValueError(f"a setting cannot be of type {annotation}")
    return kinds[annotation], optional, ()
