"""What a sweep trains: recipes, settings that all runs have, and those that differ; written once and never changed."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict

from workbench.errors import WorkbenchError, unknown
from workbench.recipe import Preset, Recipe, Task
from workbench.schema import Settings, Value, build, describe, flat, words_for_none
from workbench.settings import NO_END, ends
from workbench.sweeps.space import Space, parse_space, parse_values

Sampler = Literal["tpe", "random", "grid"]  # what Optuna has without further packages
Pruner = Literal["median", "halving", "off"]
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
PRUNERS: tuple[Pruner, ...] = get_args(Pruner)
LIMITS = ("epochs", "max_steps", "max_seconds")
_MOST_RUNS = 10_000
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,59}")
VERBS = ("show", "stop", "resume", "join")  # what may be done with a sweep
_RESERVED = (*VERBS, "last")


class Family(BaseModel):
    """One recipe of a sweep, with the preset that its runs begin from."""

    model_config = ConfigDict(frozen=True)

    recipe: str
    preset: str
    path: str = ""  # of a recipe that was given as one


class Plan(BaseModel):
    """`sweep.json`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    families: tuple[Family, ...]
    settings: dict[str, Value] = {}  # of all runs
    words_for_none: dict[str, str] = {}  # in the settings that have another one than "off"
    grid: dict[str, tuple[Value, ...]] = {}
    seeds: int = 1
    trials: int = 0  # of a search; 0 is a grid
    search: dict[str, Space] = {}
    sampler: Sampler = "tpe"
    pruner: Pruner = "median"
    objective: str = ""
    goal: str = "min"
    created_at: float = 0.0

    @property
    def total(self) -> int:
        """How many runs it has."""
        count = self.seeds * len(self.families)
        for values in self.grid.values():
            count *= len(values)
        return self.trials or count

    @property
    def differing(self) -> list[str]:
        """The settings that tell its runs apart."""
        varied = [*self.search] or [name for name, values in self.grid.items() if len(values) > 1]
        return [*varied, *(["seed"] if self.seeds > 1 else [])]


@dataclass(frozen=True)
class Unit:
    """One run to be made."""

    number: int
    family: Family
    settings: Mapping[str, Value]  # over the preset's


def units(plan: Plan) -> Iterator[Unit]:
    """The runs of a grid: each combination with the first seed, then with the next one, so that the whole is seen early."""
    first = plan.settings.get("seed", 0)
    number = itertools.count()
    for seed in range(plan.seeds):
        own: dict[str, Value] = {"seed": int(first or 0) + seed} if plan.seeds > 1 else {}
        for family in plan.families:
            for values in itertools.product(*plan.grid.values()):
                yield Unit(next(number), family, {**plan.settings, **dict(zip(plan.grid, values, strict=True)), **own})


def make_plan(
    name: str,
    recipes: Sequence[tuple[Recipe, str]],
    settings: Mapping[str, str],
    varied: Mapping[str, str],
    *,
    seeds: int = 1,
    trials: int = 0,
    sampler: str = "",
    pruner: str = "",
    created_at: float = 0.0,
) -> Plan:
    """A checked plan from what was typed: each run that it has can be started.

    Args:
        recipes: each with the name of a preset, or "" for the one that fits the data set.
        settings: of all runs; `varied`: values of a grid or, with `trials`, spaces of a search.
        sampler: of a search, "" for the first of `SAMPLERS`; `pruner` likewise.

    Raises:
        WorkbenchError: a name or a value that a recipe does not have; recipes whose runs nothing could compare.
    """
    if name and not _NAME.fullmatch(name):
        raise WorkbenchError(f"a sweep cannot be named `{name}`", "letters, digits, dots, dashes; at most 60")
    if name in _RESERVED:
        raise WorkbenchError(f"a sweep cannot be named `{name}`", f"`workbench sweep {name}` means something else; choose another name")
    _check_shape(recipes, settings, varied, seeds, trials)
    fixed: dict[str, Value] = {"threads": 1}  # the count changes rounding and speed: one for all, and nothing to be measured
    grid: dict[str, tuple[Value, ...]] = {}
    search: dict[str, Space] = {}
    for recipe, _ in recipes:
        known = {setting.name: setting for setting in describe(recipe.config)}
        for key in (*settings, *varied):
            if key not in known:
                raise unknown(
                    "setting", key, known, where=f"for recipe `{recipe.name}`", hint=f"`workbench recipes {recipe.name}` lists them"
                )
        fixed |= {key: known[key].parse(text) for key, text in settings.items()}
        if trials:
            search = {key: parse_space(known[key], text) for key, text in varied.items()}
        else:
            grid = {key: parse_values(known[key], text) for key, text in varied.items()}
    if len(recipes) > 1 and any(limit in settings or limit in varied for limit in LIMITS):
        fixed |= {limit: None for limit in LIMITS if limit not in settings and limit not in varied}  # the same budget for each
    families = tuple(Family(recipe=recipe.name, preset=_preset(recipe, preset, fixed).name, path=recipe.path) for recipe, preset in recipes)
    draft = Plan(
        name=name, families=families, settings=fixed, grid=grid, seeds=seeds, trials=trials, search=search, created_at=created_at,
        sampler=_chosen("sampler", sampler, SAMPLERS, trials), pruner=_chosen("pruner", pruner, PRUNERS, trials),
    )  # fmt: skip
    _check_varied(draft)
    objective, goal = _objective(draft, {recipe.name: recipe for recipe, _ in recipes})
    words = {name: word for recipe, _ in recipes for name, word in words_for_none(recipe.config).items()}
    return draft.model_copy(update={"objective": objective, "goal": goal, "words_for_none": words})


def config_of(unit: Unit, recipe: Recipe) -> Settings:
    """All settings of a run, checked.

    Raises:
        WorkbenchError: they do not fit together.
    """
    preset = next((each for each in recipe.presets if each.name == unit.family.preset), recipe.presets[0])
    return build(recipe.config, {**preset.settings, **unit.settings}, recipe=recipe.name)


def first_of(plan: Plan) -> Iterator[Unit]:
    """Units that stand for a search before it has chosen: each choice, and both ends of each range."""
    for family in plan.families:
        begin = {key: space.choices[0] if space.choices else space.low for key, space in plan.search.items()}
        for key, space in plan.search.items():
            for value in space.choices or (space.low, space.high):
                values = {**begin, key: value}
                yield Unit(0, family, {**plan.settings, **{each: as_setting(plan.search[each], value) for each, value in values.items()}})


def as_setting(space: Space, value: Value) -> Value:
    """A value of a space as its setting has it."""
    return int(value) if space.whole and not space.choices and isinstance(value, (int, float)) else value


def _check_shape(
    recipes: Sequence[tuple[Recipe, str]], settings: Mapping[str, str], varied: Mapping[str, str], seeds: int, trials: int
) -> None:
    if twice := next((name for name in varied if name in settings), ""):
        raise WorkbenchError(
            f"`{twice}` is varied ({twice}={varied[twice]}) and fixed (--{twice.replace('_', '-')} {settings[twice]})",
            "leave one of them out",
        )
    names = [recipe.name for recipe, _ in recipes]
    if len(set(names)) < len(names):
        raise WorkbenchError(f"`{max(names, key=names.count)}` was named twice", "sweep its presets apart")
    if seeds < 1 or trials < 0:
        raise WorkbenchError("--seeds and --trials are at least 1", "for example --seeds 3")
    if seeds > 1 and "seed" in varied:
        raise WorkbenchError("--seeds and seed=... say the same thing twice", "leave one of them out")
    if trials and (len(recipes) > 1 or seeds > 1):
        raise WorkbenchError(
            "--trials searches the settings of one recipe with one seed", "repeat what it finds best: sweep RECIPE ... --seeds 3"
        )
    if trials and not varied:
        raise WorkbenchError("--trials has nothing to search", "add a space: --search lr=log:1e-4..1e-1 batch_size=16,32,64")


C = TypeVar("C", bound=str)


def _chosen(kind: str, typed: str, known: tuple[C, ...], trials: int) -> C:
    """Which sampler or pruner a search has.

    Raises:
        WorkbenchError: there is none of that name, or nothing is searched.
    """
    if typed and not trials:
        raise WorkbenchError(f"--{kind} is of a search", f"add --trials 20 --search ..., or leave --{kind} out: a grid trains all its runs")
    found = next((each for each in known if each == (typed or known[0])), None)
    if found is None:
        raise unknown(kind, typed, known)
    return found


def _check_varied(plan: Plan) -> None:
    """Refuse a plan whose runs would all be the same.

    Raises:
        WorkbenchError: nothing varies.
    """
    if not plan.trials and plan.total == 1:
        raise WorkbenchError(
            f"nothing varies: that is one run, which `workbench train {plan.families[0].recipe}` starts",
            "add lr=1e-3,3e-3, --seeds 3 or another recipe",
        )
    if plan.trials and all(len(space.choices) == 1 for space in plan.search.values()):
        raise WorkbenchError(
            f"nothing varies: {', '.join(plan.search)} can have one value only",
            "add a space: --search lr=log:1e-4..1e-1 batch_size=16,32,64",
        )
    if plan.trials and plan.sampler == "grid":
        if ranges := [name for name, space in plan.search.items() if not space.choices]:
            raise WorkbenchError(f"--sampler grid needs values, and {', '.join(ranges)} is a range", "name them: lr=1e-3,1e-2")
        if plan.trials > (most := math.prod(len(space.choices) for space in plan.search.values())):
            raise WorkbenchError(
                f"that grid has {most} combinations, and --trials {plan.trials} asks for more", f"--trials {most} tries each"
            )


def _preset(recipe: Recipe, name: str, settings: Mapping[str, Value]) -> Preset:
    """The preset of that name; else the first one for the data set of the sweep, else for its kind of task."""
    known = {preset.name: preset for preset in recipe.presets}
    if name:
        if name not in known:
            raise unknown("preset", name, known, where=f"of recipe `{recipe.name}`")
        return known[name]
    if "dataset" not in settings:
        return recipe.presets[0]
    dataset = settings["dataset"]
    built = [(preset, build(recipe.config, preset.settings, recipe=recipe.name)) for preset in recipe.presets]
    same = [preset for preset, config in built if getattr(getattr(config, "data", None), "dataset", None) == dataset]
    task = recipe.task(build(recipe.config, {"dataset": dataset}, recipe=recipe.name)).name
    alike = [preset for preset, config in built if recipe.task(config).name == task]
    return next(iter([*same, *alike, *recipe.presets]))


def _objective(plan: Plan, recipes: Mapping[str, Recipe]) -> tuple[str, str]:
    """The metric that ranks the runs, which all of them must have.

    Raises:
        WorkbenchError: they have different ones, or there are too many of them.
    """
    if plan.total > _MOST_RUNS:
        raise WorkbenchError(f"that would be {plan.total:,} runs", f"a sweep has at most {_MOST_RUNS:,}; search them with --trials")
    tasks: dict[str, Task] = {}
    for unit in units(plan) if not plan.trials else first_of(plan):
        recipe = recipes[unit.family.recipe]
        config = config_of(unit, recipe)
        if not ends(flat(config)):
            raise WorkbenchError(f"these runs would never end: {NO_END} are off", "set one of them, for example --max-seconds 30")
        tasks[unit.family.recipe] = recipe.task(config)
    objectives = {name: task.objective for name, task in tasks.items()}
    if len(set(objectives.values())) > 1:
        said = ", ".join(f"{name} by {objective}" for name, objective in objectives.items())
        raise WorkbenchError(f"these recipes are judged by different numbers: {said}", _alike(objectives, plan))
    task = next(iter(tasks.values()))
    declared = task.metrics.get(task.objective)
    return task.objective, "max" if declared and declared.goal == "max" else "min"


def _alike(objectives: Mapping[str, str], plan: Plan) -> str:
    """What to do about recipes that are judged by different numbers."""
    if "dataset" not in {**plan.settings, **plan.grid}:
        return "name a data set that all of them can learn: --dataset digits"
    alike = max(([name for name, one in objectives.items() if one == each] for each in objectives.values()), key=len)
    if len(alike) == 1:
        return "sweep them apart"
    others = [name for name in objectives if name not in alike]
    return f"leave out {', '.join(others)}: workbench sweep {','.join(alike)} ..."
