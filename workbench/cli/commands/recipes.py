"""List what can be trained; of one recipe its notes, settings with bounds, layers with shapes, and data.

\b
  workbench recipes                      all of them, and which are broken
  workbench recipes cnn                  one of them; also by its path: ./my_recipe
  workbench recipes new my_recipe        write one to begin with, into the folder my_recipe
  workbench recipes check ./my_recipe    does it stop, resume and repeat as every recipe does?
"""

from __future__ import annotations

import textwrap
from typing import Annotated, Any

import typer

from workbench.cli import authoring, output
from workbench.cli.options import Json
from workbench.data.catalogue import CATALOGUE
from workbench.errors import WorkbenchError, unknown
from workbench.finding import find_recipe, search
from workbench.recipe import Recipe
from workbench.schema import build, describe, flat
from workbench.units import grouped
from workbench.views.cost import words

_VERBS = {"new": "new my_recipe", "check": "check ./my_recipe"}


def command(
    name: Annotated[str, typer.Argument(metavar="[NAME|new|check]", help="A recipe's name, or the path of one; or new, or check.")] = "",
    of: Annotated[str, typer.Argument(metavar="[WHICH]", help="Behind new or check: which.")] = "",
    preset: Annotated[str, typer.Option("--preset", metavar="NAME", help="Show the layers of this preset.")] = "",
    as_json: Json = False,
) -> None:
    if name in _VERBS:
        if not of:
            raise WorkbenchError(f"`workbench recipes {name}` needs a name", f"for example: workbench recipes {_VERBS[name]}")
        if preset:
            raise WorkbenchError(
                f"--preset does nothing here: `{name}` takes no preset", "a check trains with the first preset of each task"
            )
        (authoring.new if name == "new" else authoring.check)(of, as_json=as_json)
        return
    if of:
        raise WorkbenchError(f"unexpected `{of}`", "`workbench recipes NAME` describes one; `new` and `check` come before a name")
    if not name:
        found = search()
        if as_json:
            output.emit_json([_brief(recipe) for recipe in found.recipes.values()])
        else:
            _list(found.recipes)
        for broken in found.broken:
            output.say(f"broken: {broken.name}: {broken.error.message}")
        return
    recipe = find_recipe(name)
    chosen = _preset_settings(recipe, preset)
    cost = _cost(recipe, chosen)
    if as_json:
        output.emit_json({**_brief(recipe), **_details(recipe), **cost})
    else:
        _describe(recipe, cost)


def _brief(recipe: Recipe) -> dict[str, Any]:
    presets = [{"name": p.name, "summary": p.summary, "expect": p.expect, "settings": dict(p.settings)} for p in recipe.presets]
    return {"name": recipe.name, "family": recipe.family, "summary": recipe.summary, "presets": presets, "path": recipe.path}


def _details(recipe: Recipe) -> dict[str, Any]:
    return {
        "notes": recipe.notes,
        "objective": recipe.tasks[0].objective,
        "tasks": [{"name": task.name, "objective": task.objective, "metrics": list(task.metrics)} for task in recipe.tasks],
        "settings": [
            {
                "name": setting.name,
                "group": setting.group,
                "type": setting.kind,
                "default": setting.default,
                "minimum": setting.minimum,
                "maximum": setting.maximum,
                "choices": list(setting.choices),
                "unit": setting.unit,
                "live": setting.live,
                "help": setting.help,
                "optional": setting.optional,
                "expected": setting.expected,
            }
            for setting in describe(recipe.config)
        ],
        "metrics": [
            {"key": key, "goal": metric.goal, "unit": metric.unit, "chart": metric.chart, "help": metric.help}
            for key, metric in {key: metric for task in recipe.tasks for key, metric in task.metrics.items()}.items()
        ],
        "datasets": [_dataset(dataset) for dataset in recipe.datasets],
    }


def _dataset(name: str) -> dict[str, Any]:
    info = CATALOGUE.get(name)
    if info is None:  # a recipe of somebody's own may bring its own data
        return {"name": name, "offline": None, "examples": None, "help": ""}
    return {"name": info.name, "offline": info.offline, "examples": info.examples, "help": info.help, "licence": info.licence}


def _preset_settings(recipe: Recipe, name: str) -> dict[str, Any]:
    known = {preset.name: preset for preset in recipe.presets}
    if name and name not in known:
        raise unknown("preset", name, known, where=f"of recipe `{recipe.name}`")
    preset = known[name] if name else recipe.presets[0]
    return flat(build(recipe.config, preset.settings, recipe=recipe.name))


def _cost(recipe: Recipe, settings: dict[str, Any]) -> dict[str, Any]:
    """Layers, arithmetic and memory, from the helper that knows torch; without them where it cannot answer."""
    from workbench.launching.ask import Helper

    helper = Helper()
    try:
        return helper.ask("cost", recipe=recipe.path or recipe.name, settings=settings)
    except WorkbenchError as error:
        output.say(f"no layers: {error.message}")
        return {"layers": [], "parameters": None, "multiply_adds": None, "memory": None, "batch_size": None}
    finally:
        helper.close()


def _list(recipes: dict[str, Recipe]) -> None:
    for recipe in recipes.values():
        output.emit(f"{recipe.name}  {recipe.summary}")
        for line in output.table([(preset.name, preset.expect, preset.summary) for preset in recipe.presets], width=output.columns()):
            output.emit(line)
    output.say(f"\nworkbench recipes {next(iter(recipes))} describes one, workbench train {next(iter(recipes))} starts it")


def _describe(recipe: Recipe, cost: dict[str, Any]) -> None:
    width = output.columns()
    output.emit(f"{recipe.name}: {recipe.family}. {recipe.summary}.")
    output.emit_text(f"\n{recipe.notes.strip()}\n")
    _section("presets", [(p.name, p.expect, p.summary) for p in recipe.presets], width)
    _section("data", [(d["name"], _examples(d), d["help"]) for d in map(_dataset, recipe.datasets)], width)
    settings = describe(recipe.config)
    for group in dict.fromkeys(setting.group for setting in settings):
        output.emit(f"SETTINGS {group}")
        for setting in settings:
            if setting.group == group:
                live = ", live" if setting.live else ""
                output.emit(f"  {setting.flag} {setting.text(setting.default)}   {setting.expected}{live}")
                output.emit_text(textwrap.indent(textwrap.fill(setting.help, max(20, width - 8)), "      "))
        output.emit()
    if cost["layers"]:
        rows = [
            (str(x["name"]), str(x["kind"]), _shape(x["output_shape"]), grouped(int(x["parameters"])), grouped(int(x["multiply_adds"])))
            for x in cost["layers"]
        ]
        heads = ("name", "kind", "output", "parameters", "multiply-adds")
        _section(f"layers, {grouped(cost['parameters'])} parameters", [heads, *rows], width)
        for line in words(cost):
            output.emit(f"  {line}")


def _section(title: str, rows: list[tuple[str, ...]], width: int) -> None:
    output.emit(title.upper())
    for line in output.table(rows, width=width):
        output.emit(line)
    output.emit()


def _examples(dataset: dict[str, Any]) -> str:
    count = f"{grouped(dataset['examples'])} examples" if dataset["examples"] else ""
    return ", ".join(filter(None, [count, "offline" if dataset["offline"] else "download"]))


def _shape(shape: Any) -> str:
    return "x".join(str(side) for side in shape) if isinstance(shape, list) else str(shape)
