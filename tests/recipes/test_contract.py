"""What every recipe that `find_recipes` finds must do, whatever its loop looks like."""

from __future__ import annotations

import dataclasses
import fnmatch
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training_runs import configure, events_of, logged, prepare, stop_at, train_here
from workbench.charts.rows import cells
from workbench.cli import app
from workbench.events import types as events
from workbench.finding import find_recipes
from workbench.recipe import Preset, Recipe, Task
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import open_run
from workbench.schema import Value, build, describe
from workbench.settings import Common
from workbench.views.run import slots

RECIPES = find_recipes()
PRESETS = [pytest.param(recipe, preset, id=f"{recipe.name}-{preset.name}") for recipe in RECIPES.values() for preset in recipe.presets]
TASKS = [pytest.param(task, id=f"{recipe.name}-{task.name}") for recipe in RECIPES.values() for task in recipe.tasks]
QUICKEST = {("cnn", "classify"): "digits"}  # where a task has a preset that is quicker than its first
each_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
each_preset = pytest.mark.parametrize(("recipe", "preset"), PRESETS)


def _one_preset_of_each_task() -> Iterator[object]:
    for recipe in RECIPES.values():
        for task in recipe.tasks:
            names = [preset.name for preset in recipe.presets if recipe.task(configure(recipe, preset.name)) is task]
            if not names:  # of the user's own data
                continue
            name = QUICKEST.get((recipe.name, task.name), names[0])
            if "train/lr" in task.metrics or "train/generator_lr" in task.metrics:  # it trains
                yield pytest.param(recipe, name, id=f"{recipe.name}-{name}")


each_task = pytest.mark.parametrize(("recipe", "preset"), list(_one_preset_of_each_task()))


def _quick(recipe: Recipe, preset: str, **values: Value) -> Common:
    return configure(recipe, preset, **{"threads": 1, "max_steps": 3, "evaluate_every": 2, **values})


def _losses(folder: RunFolder) -> list[dict[int, float]]:
    """Every loss that is logged at each step."""
    found = [logged(folder, f"train/{network}loss") for network in ("", "generator_", "discriminator_")]
    return [values for values in found if values]


@each_task
def test_it_overfits_one_batch(recipe: Recipe, preset: str, tmp_path: Path) -> None:
    if "train/loss" not in recipe.task(configure(recipe, preset)).metrics:
        pytest.skip("two networks against each other bring no loss down for good")
    known = {setting.name for setting in describe(recipe.config)}
    off = {name: 0.0 for name in ("dropout", "weight_decay", "warmup_steps") if name in known}
    config = _quick(recipe, preset, max_steps=80, epochs=None, evaluate_every=80, preview_every=80, schedule="constant", lr=3e-3, **off)
    folder = prepare(tmp_path, recipe, config)
    train_here(folder, recipe, config, one_batch=True)
    losses = logged(folder, "train/loss")
    assert losses[80] < 0.3 * losses[1], (losses[1], losses[80])


@each_task
def test_the_same_seed_gives_the_same_losses_and_another_seed_others(recipe: Recipe, preset: str, tmp_path: Path) -> None:
    seen = []
    for seed in (0, 0, 1):
        config = _quick(recipe, preset, seed=seed)
        folder = prepare(tmp_path, recipe, config)
        train_here(folder, recipe, config)
        seen.append(_losses(folder))
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


@each_task
def test_it_trains_in_fp64_from_the_same_weights_as_in_fp32(recipe: Recipe, preset: str, tmp_path: Path) -> None:
    seen = {}
    for precision in ("fp32", "fp64"):
        config = _quick(recipe, preset, precision=precision)
        folder = prepare(tmp_path, recipe, config)
        session = train_here(folder, recipe, config)
        assert {str(weight.dtype) for weight in session._parts["model"].parameters()} == {f"torch.float{precision[2:]}"}
        seen[precision] = _losses(folder)
    wide, usual = seen["fp64"], seen["fp32"]
    assert [losses[1] for losses in wide] == pytest.approx([losses[1] for losses in usual], rel=1e-5)
    assert wide != usual, "its digits are its own"


@each_task
def test_it_resumes_to_the_same_losses_and_stops_within_a_step(recipe: Recipe, preset: str, tmp_path: Path) -> None:
    config = _quick(recipe, preset, max_steps=7)
    whole, parted = prepare(tmp_path, recipe, config), prepare(tmp_path, recipe, config)
    train_here(whole, recipe, config)
    stopped = train_here(parted, recipe, config, at_step=stop_at(3))
    assert stopped.step == 3
    train_here(parted, recipe, config, attempt=2)
    assert _losses(parted) == _losses(whole)
    assert len(_losses(whole)[0]) == 7


@each_preset
def test_every_preset_logs_what_its_task_declares_and_nothing_else(recipe: Recipe, preset: Preset, tmp_path: Path) -> None:
    config = configure(recipe, preset.name, threads=1, max_steps=3, evaluate_every=2)
    task = recipe.task(config)
    folder = prepare(tmp_path, recipe, config)
    session = train_here(folder, recipe, config)
    keys = {
        key for event in events_of(folder) if isinstance(event, (events.Metrics, events.Evaluated, events.Tested)) for key in event.values
    }
    undeclared = [
        key for key in keys if not key.startswith("machine/") and not any(fnmatch.fnmatchcase(key, pattern) for pattern in task.metrics)
    ]
    unlogged = [pattern for pattern in task.metrics if not any(fnmatch.fnmatchcase(key, pattern) for key in keys)]
    assert not undeclared
    assert not unlogged or not session.step  # a preset that only draws previews logs nothing
    if not session.step:
        return
    networks = ("",) if "train/loss" in keys else ("generator_", "discriminator_")
    assert {f"train/{network}{name}" for network in networks for name in ("loss", "grad_norm", "lr", "update_ratio")} <= keys
    assert task.objective in keys
    kinds = {
        (metric.rpartition("/")[0], slot.kind) for slot in slots.every(open_run(folder)) for metric in slot.metrics if metric.count("/") > 1
    }
    per_layer = [f"train/{network}{name}" for network in networks for name in ("grad_norm", "update_ratio")]
    assert {(key, "strip") for key in (*per_layer, "validation/dead_units")} <= kinds
    assert {"weights", "gradients", "dead_units"} <= {event.name for event in events_of(folder) if isinstance(event, events.PreviewSaved)}
    assert all(sorted(values) == [1, 2, 3] and all(map(math.isfinite, values.values())) for values in _losses(folder))


@pytest.mark.parametrize(
    "task", [pytest.param(task, id=f"{recipe.name}-{task.name}") for recipe in RECIPES.values() for task in recipe.tasks]
)
def test_the_charts_slots_and_objective_of_a_task_hang_together(task: Task) -> None:
    charted = {metric.chart for metric in task.metrics.values() if metric.chart}
    assert charted == set(task.charts)
    assert len(task.slots) >= 4
    assert all(slot in task.charts or slot.startswith("preview:") for slot in task.slots)
    assert task.metrics[task.objective].goal in ("min", "max")
    assert all(metric.help for metric in task.metrics.values())


@each_recipe
def test_every_preset_is_of_a_task_that_the_recipe_names(recipe: Recipe) -> None:
    assert recipe.task(configure(recipe)) is recipe.tasks[0]
    assert all(recipe.task(configure(recipe, preset.name)) in recipe.tasks for preset in recipe.presets)


@each_recipe
def test_it_documents_every_setting_and_marks_at_most_eight_as_basic(recipe: Recipe) -> None:
    settings = describe(recipe.config)
    assert all(len(setting.help) > 10 and setting.help.endswith(".") for setting in settings)
    assert 1 <= sum(setting.basic for setting in settings) <= 8
    common = "seed split_seed device threads precision epochs max_steps max_seconds patience evaluate_every preview_every checkpoint_every"
    assert set(common.split()) <= {setting.name for setting in settings}
    assert [line for line in recipe.notes.splitlines() if cells(line) > 78] == []  # at 80 columns, with a blank on either side


@each_preset
def test_every_preset_is_made_of_settings_that_exist(recipe: Recipe, preset: Preset) -> None:
    build(recipe.config, preset.settings, recipe=recipe.name)
    assert preset.summary


@each_recipe
def test_a_recipe_is_frozen(recipe: Recipe) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.name = "other"  # type: ignore[misc]


@each_recipe
def test_its_settings_are_flags_of_train(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["train", recipe.name, "--help"]) == 0
    text = capsys.readouterr().out
    assert all(setting.flag in text or setting.flag.replace("--", "--no-") in text for setting in describe(recipe.config))
