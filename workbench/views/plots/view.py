"""How somebody looks at a chart or preview: what part of it, along which axis, how smooth; and what holds still between two drawings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args

from workbench.runs.reading.series import Series

if TYPE_CHECKING:
    from workbench.charts.axis import Limits
    from workbench.views.drawing import Loaded

Along = Literal["step", "epoch", "time", "examples"]
ALONG: tuple[Along, ...] = get_args(Along)
SMOOTHINGS = {"off": 0.0, "light": 0.015, "medium": 0.05, "strong": 0.15}  # of the width, over which a line remembers
DEFAULT_SMOOTHING = "light"
DENSE_FROM = 80  # points: fewer are readable without smoothing
_ROUGH = 0.25  # of the points turn back: of noise it is two thirds, of a schedule or a smooth curve next to none
_LOOKED_AT = 128  # of the newest points
CURSOR_STRIDE = 0.02  # of the visible steps, for one press of an arrow


def smoothing(series: Series, strength: str) -> float:
    """Over which share of the width to smooth a series: 0 for one of few points or without noise, whatever is asked for."""
    if sum(series.points) < DENSE_FROM or not is_noisy(series):
        return 0.0
    return SMOOTHINGS[strength]


def is_noisy(series: Series) -> bool:
    """Whether the values go up and down from one to the next, rather than somewhere."""
    values = series.means(newest=_LOOKED_AT)
    moves = [after - before for before, after in pairwise(values)]
    turns = sum(before * after < 0 for before, after in pairwise(moves))
    return turns > _ROUGH * len(moves)


@dataclass(frozen=True)
class ChartStyle:
    """What is remembered of a chart.

    Attributes:
        log: None is as the recipe declares.
        outliers: whether the limits reach to them.
    """

    log: bool | None = None
    smoothing: str = DEFAULT_SMOOTHING
    along: Along = "step"
    outliers: bool = True

    @classmethod
    def of(cls, value: Any) -> ChartStyle:
        """A style from a file that somebody may have edited; what it says that is no style is the default."""
        about: Mapping[str, Any] = value if isinstance(value, dict) else {}
        log, smoothing, along = about.get("log"), about.get("smoothing"), about.get("along")
        return cls(
            log if isinstance(log, bool) else None,
            smoothing if isinstance(smoothing, str) and smoothing in SMOOTHINGS else DEFAULT_SMOOTHING,
            along if along in ALONG else "step",
            about.get("outliers") is not False,
        )


@dataclass(frozen=True)
class View:
    """What part of a slot is looked at.

    Attributes:
        x_limits: steps; None is from 0 to the next round number.
        cursor: the step that is read.
        page: of a preview that has several.
        layer: of a strip, the one that is read.
        step: of a preview, the last one saved up to it; None is the newest.
        style: None is as remembered.
    """

    x_limits: Limits | None = None
    cursor: float | None = None
    page: int = 0
    layer: int | None = None
    step: int | None = None
    style: ChartStyle | None = None


@dataclass
class LimitsMemory:
    """The y limits of each chart, the files of previews already read, and the remembered styles, by metric."""

    y: dict[tuple[str, bool], Limits] = field(default_factory=dict)
    files: dict[str, Loaded] = field(default_factory=dict)
    styles: dict[str, ChartStyle] = field(default_factory=dict)
