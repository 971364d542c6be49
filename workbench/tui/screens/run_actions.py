"""What can be done with the run under the cursor of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.tui.screens.base import WorkScreen
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.run_list import RunList

if TYPE_CHECKING:
    from workbench.tui.messages import Listed


class RunActions(WorkScreen):
    """A screen with a list of runs; its table of keys names these actions."""

    runs: RunList
    foot: Foot
    labelled: Listed | None = None  # whose name is being typed

    @property
    def run_here(self) -> Listed | None:
        """The run under the cursor, while the list has the keys."""
        return self.runs.at_cursor if self.focused is self.runs else None

    def action_open(self) -> None:
        if run := self.run_here:
            self.bench.open_run(run.id)

    def action_stop(self) -> None:
        run = self.run_here
        queued = run is not None and run.entry.state == "queued"
        what = "takes {} out of the queue; esc leaves it there" if queued else "stops {}: it saves and ends; esc leaves it training"
        if run and self.confirm("x", run.id, f"x again {what.format(run.id)}"):
            self.bench.ask(run.id, "stop")
            self.say(f"asked {run.id} to stop ...")

    def action_delete(self) -> None:
        if (run := self.run_here) and self.confirm("d", run.id, f"d again moves {run.id} to the trash folder; esc keeps it"):
            self.bench.delete(run.id)

    def action_restore(self) -> None:
        self.bench.restore()

    def action_label(self) -> None:
        if run := self.run_here:
            self.labelled = run
            texts = {"name": run.labels.name, "tags": " ".join(run.labels.tags), "note": run.labels.note}
            self.foot.ask(*(Question(label, text) for label, text in texts.items()))

    def action_pin(self) -> None:
        if run := self.run_here:
            self.bench.label(run.id, pin=not run.labels.pin)

    def action_order(self) -> None:
        self.runs.next_order()

    def took_label(self, message: Foot.Done) -> bool:
        """Whether a line that was typed was a run's name, tags or note; it is written then."""
        run, self.labelled = self.labelled, None
        if run is None:
            return False
        self.set_focus(self.runs)
        if message.text is not None:
            self.bench.label(run.id, **{message.label: tuple(message.text.split()) if message.label == "tags" else message.text})
        return True
