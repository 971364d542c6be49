"""Which steps had their gradient clipped, and at which norm: from the logged norms and the setting in force at each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workbench.events.types import Event, LoopStarted, Metrics, SettingChanged, SettingsAmended
from workbench.runs.reading.series import Series

SETTING = "clip_norm"
# `training.Optimizer` names it so in every recipe: `train/grad_norm`, and `train/<name>_grad_norm` where a run has several.
_NORM = "grad_norm"


def is_norm(key: str) -> bool:
    """Whether a metric is the length of the whole gradient before clipping, rather than that of one layer."""
    return key.startswith("train/") and key.count("/") == 1 and key.endswith(_NORM)


@dataclass
class Clipping:
    """Counts clipped steps while a log is read.

    Attributes:
        norm: the largest norm that is let through now; None clips nothing.
    """

    norm: float | None
    _clipped: dict[str, Series] = field(default_factory=dict)  # 1 where a step was clipped, 0 where not

    def note(self, events: Iterable[Event]) -> None:
        waiting: dict[str, tuple[list[int], list[float]]] = {}  # counted together: a log has thousands of small groups
        for event in events:
            if isinstance(event, Metrics):
                for key in filter(is_norm, event.values):
                    steps, norms = waiting.setdefault(key, ([], []))
                    steps += event.steps
                    norms += event.values[key]
                continue
            if isinstance(event, (SettingChanged, SettingsAmended, LoopStarted)):
                self._count(waiting)
            if isinstance(event, SettingChanged) and event.name == SETTING:
                self.norm = event.new
            elif isinstance(event, SettingsAmended) and SETTING in event.values:
                self.norm = as_norm(event.values[SETTING])
            elif isinstance(event, LoopStarted):
                for series in self._clipped.values():
                    series.cut(event.step)
        self._count(waiting)

    def share(self, key: str, x_limits: tuple[float, float] | None = None) -> float | None:
        """The share of steps that were clipped, in all or between two; None where none was logged."""
        series = self._clipped.get(key)
        return series.mean(*x_limits) if series and x_limits else series.mean() if series else None

    def _count(self, waiting: dict[str, tuple[list[int], list[float]]]) -> None:
        largest = self.norm
        for key, (steps, norms) in waiting.items():
            if steps:
                flags = [0.0] * len(norms) if largest is None else [float(norm > largest) for norm in norms]
                self._clipped.setdefault(key, Series()).extend(steps, flags)
        waiting.clear()


def as_norm(value: object) -> float | None:
    """A setting from a file that somebody else may have written, as the norm that it stands for."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None
