"""What can be done with the runs of a list: those that are marked or, where none is, the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.tui.screens.base import WorkScreen
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.run_list import RunList

if TYPE_CHECKING:
    from workbench.runs.control import Kind
    from workbench.tui.messages import Listed

TAGS = "tags for all marked"


class RunActions(WorkScreen):
    """A screen with a list of runs; its table of keys names these actions."""

    runs: RunList
    foot: Foot
    labelled: Sequence[Listed] = ()  # whose name or tags are being typed
    _stopping: frozenset[str] = frozenset()  # runs that were asked to stop

    @property
    def run_here(self) -> Listed | None:
        """The run under the cursor, while the list has the keys."""
        return self.runs.at_cursor if self.focused is self.runs else None

    @property
    def meant(self) -> list[Listed]:
        """The runs that a key is about, while the list has the keys."""
        here = self.run_here
        return self.runs.marked or ([here] if here else []) if self.focused is self.runs else []

    @property
    def live(self) -> list[Listed]:
        return [run for run in self.meant if run.is_live]

    @property
    def ended(self) -> list[Listed]:
        return [run for run in self.meant if not run.is_live]

    @property
    def training(self) -> list[Listed]:
        return [run for run in self.live if run.entry.state not in ("queued", "paused")]

    @property
    def paused(self) -> list[Listed]:
        return [run for run in self.live if run.entry.state == "paused"]

    @property
    def saving(self) -> list[Listed]:
        """Those that can save a checkpoint; a script saves its own."""
        return [run for run in (*self.training, *self.paused) if run.has_recipe]

    def action_pause(self) -> None:
        self._ask(self.training, "pause")

    def action_go_on(self) -> None:
        self._ask(self.paused, "resume", "go on")

    def action_save(self) -> None:
        self._ask(self.saving, "save", "save a checkpoint")

    def action_resume(self) -> None:
        """Another attempt at the run under the cursor."""
        if (run := self.run_here) and not run.is_live:
            self.bench.resume(run.id)
            self.say(f"starting another attempt at {run.id} ...", "good")

    def _ask(self, runs: Sequence[Listed], kind: Kind, words: str = "") -> None:
        for run in runs:
            self.bench.jobs.ask(run.id, kind)
        if runs:
            self.say(f"asked {named(runs)} to {words or kind}", "good")

    def hear_of_stops(self, runs: Sequence[Listed]) -> None:
        """Say that what was asked to stop has stopped."""
        ended = [run for run in runs if run.id in self._stopping and not run.is_live]
        if ended:
            self._stopping -= {run.id for run in ended}
            self.say(f"{named(ended)} ended: {ended[0].entry.state}", "good")

    def action_open(self) -> None:
        if run := self.run_here:
            self.bench.open_run(run.id)

    def action_mark(self) -> None:
        self.runs.mark()
        self.show_keys()

    def action_stop(self) -> None:
        which = named(self.live)
        queued = all(run.entry.state == "queued" for run in self.live)
        what = (
            f"takes {which} out of the queue; esc keeps the place"
            if queued
            else f"stops {which}: it saves and ends; esc leaves it training"
        )
        if self.live and self.confirm("x", which, f"{self.key_for('x')} again {what}"):
            for run in self.live:
                self.bench.jobs.ask(run.id, "stop")
            self._stopping |= {run.id for run in self.live}
            self.say(f"asked {which} to stop ...")

    def action_delete(self) -> None:
        which = named(self.ended)
        if self.ended and self.confirm("d", which, f"{self.key_for('d')} again moves {which} to the trash folder; esc keeps it"):
            self.bench.jobs.delete([run.id for run in self.ended], self.key_for("u"))
            self.runs.unmark()

    def action_restore(self) -> None:
        self.bench.jobs.restore()

    def action_label(self) -> None:
        self.labelled = self.meant
        if len(self.labelled) > 1:
            self.foot.ask(Question(TAGS))
        elif self.labelled:
            labels = self.labelled[0].labels
            texts = {"name": labels.name, "tags": " ".join(labels.tags), "note": labels.note}
            self.foot.ask(*(Question(label, text) for label, text in texts.items()))

    def action_pin(self) -> None:
        if runs := self.meant:
            self.bench.jobs.label([run.id for run in runs], pin=not all(run.labels.pin for run in runs))

    def action_beside(self) -> None:
        """Compare the marked runs; with none marked, those that a find has left."""
        together = self.runs.together
        if len(together) > 1:
            self.bench.open_comparison(together)
        else:
            mark, find = self.key_for("space"), self.key_for("slash")
            self.say(f"{mark} marks runs to compare: two at least, or {find} finds some, as tag:paper does")

    def action_use(self) -> None:
        if run := self.run_here:
            self.bench.open_playground(run.id)

    def action_order(self) -> None:
        self.runs.next_order()

    def took_label(self, message: Foot.Done) -> bool:
        """Whether a line that was typed was a run's name, tags or note; it is written then."""
        run_ids, self.labelled = [run.id for run in self.labelled], ()
        if not run_ids:
            return False
        self.set_focus(self.runs)
        if message.text is None:
            return True
        if message.label == TAGS:
            self.bench.jobs.tag(run_ids, message.text.split())
            self.say(f"added to {len(run_ids)} runs: {message.text}", "good")
        elif message.changed:
            labels = {label: tuple(text.split()) if label == "tags" else text for label, text in message.changed.items()}
            self.bench.jobs.label(run_ids, **labels)
            self.say(f"{' and '.join(labels)} of {run_ids[0]} saved", "good")
        return True


def named(runs: Sequence[Listed]) -> str:
    """`cnn-3`, or `3 runs`."""
    return runs[0].id if len(runs) == 1 else f"{len(runs)} runs"
