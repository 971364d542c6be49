"""Where epochs begin and how many examples were seen, also where batches got another size in between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Stretch(NamedTuple):
    """From `step` on, where epoch `epoch` (counted from 0) begins, all epochs have so many steps of so many examples."""

    step: int
    epoch: int
    steps_per_epoch: int
    examples_per_step: int


@dataclass
class Epochs:
    """The stretches of a run, in the order of their steps; before the first one nothing is known."""

    stretches: list[Stretch] = field(default_factory=list)

    @classmethod
    def of(cls, stretches: Iterable[Iterable[int]]) -> Epochs:
        """From a log or a checkpoint; what no run could have had is left out."""
        found = [Stretch(*map(int, stretch)) for stretch in stretches]
        return cls(sorted(stretch for stretch in found if stretch.steps_per_epoch > 0 and stretch.step >= 0))

    def __bool__(self) -> bool:
        return bool(self.stretches)

    @property
    def newest(self) -> Stretch:
        return self.stretches[-1]

    def begin(self, stretch: Stretch) -> None:
        """Epochs are others from a step on."""
        self.stretches = [one for one in self.stretches if one.step < stretch.step] + [stretch]

    def position(self, step: int) -> tuple[int, int]:
        """Behind so many steps: the epochs that are complete, and the steps made of the next one."""
        here = self._at(step)
        complete, made = divmod(step - here.step, here.steps_per_epoch)
        return here.epoch + complete, made

    def number(self, step: int) -> int:
        """The epoch, counted from 1, that a step belongs to."""
        return self.position(max(0, step - 1))[0] + 1

    def steps_until(self, epochs: int) -> int:
        """The step at which so many epochs are complete, if they stay as they are."""
        newest = self.newest
        return newest.step + (epochs - newest.epoch) * newest.steps_per_epoch

    def passed(self, step: float) -> float:
        """Epochs at a step, in parts of one."""
        here = self._at(step)
        return here.epoch + (step - here.step) / here.steps_per_epoch

    def step_at(self, epochs: float) -> float:
        """What `passed` undoes."""
        here = max((one for one in self.stretches if one.epoch <= epochs), default=self.stretches[0])
        return here.step + (epochs - here.epoch) * here.steps_per_epoch

    def examples(self, step: float) -> float:
        """Examples seen by a step."""
        seen = 0.0
        for place, stretch in enumerate(self.stretches):
            end = self.stretches[place + 1].step if place + 1 < len(self.stretches) else step
            if step <= end:
                return seen + (step - stretch.step) * stretch.examples_per_step
            seen += (end - stretch.step) * stretch.examples_per_step
        return seen

    def step_with(self, examples: float) -> float:
        """What `examples` undoes."""
        seen = 0.0
        for stretch, later in zip(self.stretches, [*self.stretches[1:], None], strict=True):
            more = (later.step - stretch.step) * stretch.examples_per_step if later else 0
            if later is None or examples <= seen + more:
                return stretch.step + (examples - seen) / max(1, stretch.examples_per_step)
            seen += more
        return 0.0

    def _at(self, step: float) -> Stretch:
        here = self.stretches[0]
        for stretch in self.stretches[1:]:
            if stretch.step <= step:
                here = stretch
        return here
