"""Which steps had their gradient clipped, and at which norm: from the logged norms and the setting in force at each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workbench.events.types import Event, LoopStarted, Metrics, SettingChanged, SettingsAmended
from workbench.runs.series import Series

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
        for event in events:
            if isinstance(event, Metrics) and event.steps:
                for key in filter(is_norm, event.values):
                    self._count(key, event.steps, event.values[key])
            elif isinstance(event, SettingChanged) and event.name == SETTING:
                self.norm = event.new
            elif isinstance(event, SettingsAmended) and SETTING in event.values:
                self.norm = as_norm(event.values[SETTING])
            elif isinstance(event, LoopStarted):
                for series in self._clipped.values():
                    series.cut(event.step)

    def share(self, key: str, x_limits: tuple[float, float] | None = None) -> float | None:
        """The share of steps that were clipped, in all or between two; None where none was logged."""
        series = self._clipped.get(key)
        return series.mean(*x_limits) if series and x_limits else series.mean() if series else None

    def _count(self, key: str, steps: list[int], norms: list[float]) -> None:
        largest = self.norm
        series = self._clipped.setdefault(key, Series())
        series.extend(steps, [0.0] * len(norms) if largest is None else [float(norm > largest) for norm in norms])


def as_norm(value: object) -> float | None:
    """A setting from a file that somebody else may have written, as the norm that it stands for."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None
