"""What may be asked of a run that trains, and hearing what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.tui.messages import Asked, RunSeen
from workbench.tui.screens.base import WorkScreen
from workbench.tui.widgets.foot import Foot, Question

if TYPE_CHECKING:
    from workbench.recipe import Recipe
    from workbench.schema import Setting, Value


FORK = "fork at step"
_MOST_LISTED = 4


class Steering(WorkScreen):
    """A screen of one run; its table of keys names these actions."""

    foot: Foot

    def __init__(self, run_id: str | None) -> None:
        super().__init__()
        self.run_id = run_id
        self.seen: RunSeen | None = None
        self._asked: dict[str, str] = {}  # request -> kind, until it is answered

    def can_ask(self, action: str) -> bool | None:
        """Whether an action of this table does something now; None where it is none of them."""
        live = self.seen is not None and self.seen.is_live
        paused = self.seen is not None and self.seen.state == "paused"
        queued = self.seen is not None and self.seen.state == "queued"
        here = {
            "pause": live and not paused and not queued,
            "start_now": queued,
            "go_on": paused,
            "resume": self.seen is not None and not live and self.seen.has_recipe,
            "stop": live,
            **dict.fromkeys(("save", "change"), live and not queued and self.seen is not None and self.seen.has_recipe),
            "fork": self.seen is not None and self.seen.has_recipe and bool(self.seen.checkpoints),
        }
        return here.get(action)

    def action_pause(self) -> None:
        self.bench.jobs.ask(str(self.run_id), "pause")

    def action_go_on(self) -> None:
        self.bench.jobs.ask(str(self.run_id), "resume")

    def action_start_now(self) -> None:
        """Let a run that waits in the queue begin beside what trains."""
        self.bench.jobs.ask(str(self.run_id), "resume")

    def action_stop(self) -> None:
        queued = self.seen is not None and self.seen.state == "queued"
        what = "take it out of the queue; esc to leave it there" if queued else "stop: it saves and ends; esc to leave it training"
        if self.confirm("x", str(self.run_id), f"{self.key_for('x')} again to {what}"):
            self.bench.jobs.ask(str(self.run_id), "stop")

    def action_resume(self) -> None:
        self.say("starting another attempt ...")
        self.bench.resume(str(self.run_id))

    def action_fork(self) -> None:
        """Ask for the checkpoint to go on from; the form is filled with the settings there."""
        if self.seen and self.seen.checkpoints:
            steps = list(self.seen.checkpoints)
            self.foot.ask(Question(FORK, str(steps[-1]), partial(not_among, steps)))

    def action_save(self) -> None:
        self.bench.jobs.ask(str(self.run_id), "save")

    def action_change(self) -> None:
        asked = questions(self.seen, self.bench.recipes.get(self.seen.recipe)) if self.seen else []
        if asked:
            self.foot.ask(*asked)

    def set_live(self, changes: Mapping[str, str]) -> None:
        """Ask for other values of live settings, all in one request; none is sent where nothing would change."""
        recipe = self.bench.recipes.get(self.seen.recipe) if self.seen else None
        if self.seen and recipe:
            changes = {name: text for name, text in changes.items() if is_new(recipe, name, text, self.seen.settings.get(name))}
        if changes:
            self.bench.jobs.ask(str(self.run_id), "set", **changes)
        else:
            self.say("nothing was changed")

    def on_asked(self, message: Asked) -> None:
        self._asked[message.request] = message.kind
        self.say(f"asked to {message.kind} ...")

    def hear(self, seen: RunSeen) -> None:
        """Say what became of what was asked."""
        for request in [request for request in self._asked if request in seen.answers or not seen.is_live]:
            kind = self._asked.pop(request)
            accepted, message = seen.answers.get(request, (seen.state == "stopped", ""))
            self.say(f"{message or kind}", "good") if accepted else self.say(f"refused to {kind}: {message or seen.state}", "error")


def questions(seen: RunSeen, recipe: Recipe | None) -> list[Question]:
    """What may be changed while the run trains, the learning rate first."""
    from workbench.schema import describe

    live = [setting for setting in describe(recipe.config) if setting.live] if recipe else []
    return [Question(setting.name, setting.text(seen.settings.get(setting.name)), partial(wrong, setting)) for setting in live]


def is_new(recipe: Recipe, name: str, text: str, now: Value) -> bool:
    """Whether a text stands for another value of a setting than it has now: `1e-3` is 0.001."""
    from workbench.schema import describe

    return any(setting.parse(text) != now for setting in describe(recipe.config) if setting.name == name)


def not_among(steps: Sequence[int], text: str) -> str:
    """What is wrong with a text for the step of a checkpoint; empty where nothing is."""
    digits = text.replace(",", "")
    near = int(digits) if digits.isdecimal() else max(steps)
    if digits.isdecimal() and near in steps:
        return ""
    shown = sorted(sorted(steps, key=lambda step: abs(step - near))[:_MOST_LISTED])
    others = f" or {len(steps) - len(shown)} others" if len(steps) > len(shown) else ""
    return f"one of {', '.join(map(str, shown))}{others}"


def wrong(setting: Setting, text: str) -> str:
    """What is wrong with a text for a setting; empty where nothing is."""
    try:
        setting.parse(text)
    except WorkbenchError:
        return f"expected {setting.expected}"
    return ""
