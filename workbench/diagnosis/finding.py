"""What a rule finds, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workbench.diagnosis.curve import Curve
from workbench.runs.folder import Value
from workbench.runs.reading.state import RunState

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a run.

    Attributes:
        rule: a name that stays the same, for scripts: `diverging`, `dead_units`.
        step: since when, as far as the log tells.
        evidence: the numbers that say so, with their steps.
        advice: what to try next: settings with values, and the command that changes them.
    """

    rule: str
    severity: Severity
    step: int
    cause: str
    evidence: str
    advice: str


@dataclass(frozen=True)
class Case:
    """A run as the rules see it: what its log adds up to, its settings in force, the time, and whether it lives.

    Attributes:
        run: what commands call it.
        recipe: what `workbench train` calls its recipe; empty where a script or another program trained it.
        origin: of a fork, its oldest ancestor, which began with nothing learnt.
        is_warm: whether it began with the weights of another run, whose loss may have been of other data.
    """

    state: RunState
    settings: Mapping[str, Value]
    now: float
    is_live: bool
    run: str = "RUN"
    recipe: str = ""
    origin: RunState | None = None
    is_warm: bool = False

    def curve(self, key: str) -> Curve:
        """The points of a metric; none for one that was not logged."""
        return Curve.of(self.state.series.get(key))

    def layers(self, prefix: str) -> dict[str, Curve]:
        """The curves of all metrics below `prefix`, by what stands behind it."""
        return {key.removeprefix(prefix): Curve.of(series) for key, series in self.state.series.items() if key.startswith(prefix)}

    @property
    def loss(self) -> Curve:
        """The loss that one network alone brings down; none for an adversarial run, whose losses fall and rise by design."""
        return self.curve("train/loss")

    @property
    def beginning(self) -> tuple[int, float] | None:
        """An early step and the loss there, noise apart, when next to nothing was learnt; None where nobody knows it."""
        loss = Curve.of((self.origin or self.state).series.get("train/loss"))
        place = len(loss) // 20
        return (loss.steps[place], loss.smoothed()[place]) if len(loss) and not self.is_warm else None

    @property
    def most_loss(self) -> float:
        """The loss at the first step: of a fork, that of its oldest ancestor where it is larger."""
        own = self.loss.means[0] if len(self.loss) else 0.0
        return max(own, self.beginning[1]) if self.origin and self.beginning else own

    @property
    def progress(self) -> float:
        """The share of the steps that are done; 0 where nobody knows how many there will be."""
        total = self.state.steps_total
        return self.state.step / total if total else 0.0

    @property
    def rate(self) -> Curve:
        """The learning rate of each step, of the generator in an adversarial run."""
        return self.curve("train/lr" if "train/lr" in self.state.series else "train/generator_lr")

    @property
    def is_warming_up(self) -> bool:
        """Whether the learning rate still rises."""
        late = self.rate.last_share(0.1)
        return len(late) > 1 and late.means[-1] > 1.001 * late.means[0]

    def value(self, name: str) -> float | None:
        """A number among the settings."""
        value = self.settings.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
