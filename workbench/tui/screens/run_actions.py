"""What can be done with the runs of a list: those that are marked or, where none is, the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.tui.screens.base import WorkScreen
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.run_list import RunList

if TYPE_CHECKING:
    from workbench.tui.messages import Listed

TAGS = "tags for all marked"


class RunActions(WorkScreen):
    """A screen with a list of runs; its table of keys names these actions."""

    runs: RunList
    foot: Foot
    labelled: Sequence[Listed] = ()  # whose name or tags are being typed

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
        if self.live and self.confirm("x", which, f"x again {what}"):
            for run in self.live:
                self.bench.jobs.ask(run.id, "stop")
            self.say(f"asked {which} to stop ...")

    def action_delete(self) -> None:
        which = named(self.ended)
        if self.ended and self.confirm("d", which, f"d again moves {which} to the trash folder; esc keeps it"):
            self.bench.jobs.delete([run.id for run in self.ended])
            self.runs.unmark()
            self.say(f"{which} lies in the trash; u brings it back", "good")

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
            self.say("space marks runs to compare: two at least, or / finds some, as tag:paper does")

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
