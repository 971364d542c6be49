"""Starting a run that goes on from a checkpoint of another, with other settings; knows no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.launching import launch
from workbench.launching.ask import Helper
from workbench.recipe import Recipe
from workbench.runs import lineage
from workbench.runs.folder import Checkpoint, Fork, RunFolder, RunRecord
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.runs.store import Store
from workbench.schema import Settings, Value, build, differences, flat
from workbench.units import grouped


@dataclass(frozen=True)
class Plan:
    """A fork that may be started: from where, with which settings, and how they differ from its parent's at that step."""

    parent: RunFolder
    record: RunRecord  # of the parent
    recipe: Recipe
    fork: Fork
    config: Settings
    changes: Mapping[str, tuple[Value, Value]]  # name -> (there, here)


def plan(parent: RunFolder, recipe: Recipe, step: int | None, typed: Mapping[str, Value]) -> Plan:
    """Look at the checkpoint and the settings before anything is started.

    Args:
        step: of the checkpoint; None takes the newest good one.
        typed: settings that shall differ from those that were in force there.

    Raises:
        WorkbenchError: there is no such checkpoint, it cannot be trusted, a setting is wrong, or nothing would be left to do.
    """
    checkpoint = lineage.chosen(parent, step)
    state = lineage.state_at(parent, checkpoint.step, checkpoint.attempt)
    before = lineage.settings_at(parent, state)
    config = build(recipe.config, {**before, **typed}, recipe=recipe.name)
    there = flat(build(recipe.config, before, recipe=recipe.name))
    changes = differences(flat(config), there)
    _check_limits(parent, checkpoint, state, flat(config))
    record = parent.record()
    # The checkpoint that a fork began with is its parent's: what the fork changed is not in there either.
    earlier = record.fork.changed if record.fork and checkpoint.attempt == lineage.ROOT_ATTEMPT else ()
    fork = Fork(step=checkpoint.step, attempt=checkpoint.attempt, changed=tuple(dict.fromkeys([*earlier, *changes])))
    return Plan(parent, record, recipe, fork, config, changes)


def start(
    store: Store,
    planned: Plan,
    *,
    name: str = "",
    tags: tuple[str, ...] = (),
    command_line: Sequence[str] = (),
    queue: bool = False,
    helper: Helper | None = None,
) -> RunFolder:
    """Claim a folder, take the checkpoint over, and start a worker there.

    Raises:
        WorkbenchError: the disk is full, or the checkpoint has gone meanwhile; nothing is left behind.
    """
    return launch.start(
        store, planned.recipe, planned.record.preset, planned.config, name=name, tags=tags, parent=planned.parent.id, fork=planned.fork,
        command_line=command_line, queue=queue, helper=helper,
    )  # fmt: skip


def recipe_problem(feed: Feed, recipe: Recipe | None) -> WorkbenchError | None:
    """Why a run cannot be forked with the recipe that was found for it."""
    record = feed.record
    if record.source != "recipe":
        return launch.not_ours(feed)
    if recipe is not None:
        return None
    if record.recipe_path:
        return WorkbenchError(
            f"{record.id} was trained by the recipe at {record.recipe_path}",
            f"say that it may run again: workbench fork {record.id} --recipe {record.recipe_path}",
        )
    return WorkbenchError(f"the recipe `{record.recipe}` of {record.id} was not found", "say where it is with --recipe PATH")


def _check_limits(parent: RunFolder, checkpoint: Checkpoint, state: RunState, settings: Mapping[str, Value]) -> None:
    """Refuse a fork without a step to make, as far as it is known without the data.

    Raises:
        WorkbenchError: names the limit to raise.
    """
    step, limits = checkpoint.step, {name: settings.get(name) for name in ("max_steps", "epochs", "max_seconds")}
    done = {
        "max_steps": step,
        "epochs": state.epochs.position(step)[0] if state.epochs else 0,
        "max_seconds": math.ceil(state.clock.read(state.news_at)),
    }
    for name, so_far in done.items():
        limit = limits[name]
        if isinstance(limit, (int, float)) and so_far and so_far >= limit:
            raise WorkbenchError(
                f"a fork of {parent.id} at step {grouped(step)} has nothing left to do: {name} is {limit:g}, and {so_far:g} are behind it",
                f"raise the limit, for example --{name.replace('_', '-')} {2 * so_far:g}, or fork at an earlier --step",
            )
