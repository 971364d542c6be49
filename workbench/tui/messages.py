"""What the polling thread tells the screens: complete and frozen, so that no handler waits for a disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual.message import Message

from workbench.charts.rows import Rows, Span

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.errors import WorkbenchError
    from workbench.finding import Broken
    from workbench.recipe import Preset, Recipe
    from workbench.runs.folder import Labels
    from workbench.runs.listing.filtering import Facts
    from workbench.schema import Value
    from workbench.tui.editing.readiness import Lack
    from workbench.views.comparison.compare_board import Sight
    from workbench.views.plots.view import Along, ChartStyle, View
    from workbench.views.table import Entry


@dataclass(frozen=True)
class RunWish:
    """What a screen wants drawn of a run: the polling thread does it, so that no key waits for a chart."""

    id: str
    width: int = 0  # of the status lines
    boxes: tuple[tuple[int, int], ...] = ()  # width and height of each slot
    log: tuple[int, int, int] = (0, 0, 0)  # width, height, newest lines that are scrolled past
    log_find: str = ""  # only the lines of the log that have it
    first: int = 0  # of all charts and previews, the one in the first box
    find: str = ""  # only the charts and previews that have it
    turn: int = 0  # how far the previews have been turned
    step: int | None = None  # previews as they were at this step
    only: str = ""  # one slot, by name, in the first box
    view: View | None = None
    reading: int = 0  # rows for the values at the cursor, as wide as the status lines


@dataclass(frozen=True)
class CompareWish:
    """Which runs to compare, and what of it is looked at."""

    ids: tuple[str, ...]
    width: int
    height: int
    sight: Sight


@dataclass(frozen=True)
class SweepsWish:
    """Which of the sweeps is looked at, the newest being the first, and from which row of its tables on."""

    width: int
    height: int
    selected: int = 0
    top: int = 0


@dataclass(frozen=True)
class Wish:
    """What there is to look at."""

    runs: bool = False
    run: RunWish | None = None
    compare: CompareWish | None = None
    sweeps: SweepsWish | None = None


@dataclass(frozen=True)
class Listed:
    """One run of the list: what the table shows, and what the form compares with."""

    entry: Entry
    preset: str
    settings: Mapping[str, Value]
    is_live: bool
    facts: Facts  # what the filter asks
    labels: Labels
    asked: Mapping[str, Value]  # what it takes to start it once more
    has_recipe: bool = True  # not of a script's own run, nor of an imported one: nothing here can go on with those

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def in_force(self) -> Mapping[str, Value]:
        """The same as later attempts and live changes left it."""
        return {name: self.asked[name] if self.settings.get(name) is None else self.settings[name] for name in self.asked}


@dataclass(frozen=True)
class SlotSeen:
    """One chart, strip or preview, drawn.

    Attributes:
        reading: the values at the cursor, row by row; `cursor` is the step that they are of.
        beside: the steps before and behind the cursor at which something was logged.
        metric: which metric the style of a chart is remembered for.
        log: whether the y axis is logarithmic now.
        axes: what may stand along the x axis of this run.
        layers: how many a strip has.
        step: at which a preview was saved, and `steps` all at which one of its name was.
    """

    name: str
    title: str
    kind: str
    rows: Rows
    reading: tuple[tuple[Span, ...], ...] = ()
    cursor: float | None = None
    beside: tuple[int | None, int | None] = (None, None)
    style: ChartStyle | None = None
    metric: str = ""
    log: bool = False
    axes: tuple[Along, ...] = ("step",)
    layers: int = 0
    step: int | None = None
    steps: tuple[int, ...] = ()


@dataclass(frozen=True)
class RunSeen:
    """One run as it is now, drawn for the sizes that were wished for."""

    wish: RunWish
    id: str
    recipe: str
    state: str
    is_live: bool
    step: int
    phase: str
    news: str  # how old the newest of it is
    status: Rows
    slots: tuple[SlotSeen, ...]
    log: Rows
    log_lines: int
    notice: tuple[tuple[str, str], ...]  # (text, ink): what needs saying below the charts
    headline: tuple[str, str]  # the diagnosis in a line; no text where the notice says it
    health: tuple[tuple[str, str], ...]  # the diagnosis in full, likewise
    settings: Mapping[str, Value]
    layers: tuple[Mapping[str, Any], ...]
    answers: Mapping[str, tuple[bool, str]]
    names: tuple[str, ...] = ()  # of all charts and previews
    preset: str = ""
    checkpoints: Mapping[int, Mapping[str, Value]] = field(default_factory=dict)  # step -> the settings there
    has_recipe: bool = True  # not of a script's own run, nor of an imported one: nothing here can go on with those


@dataclass(frozen=True)
class CompareSeen:
    """A comparison, drawn as it was wished for.

    Attributes:
        lines: the ids of the runs of each line.
        keys: all metrics that curves can be drawn of; `previews` likewise.
        moments: how many places of the training there are to scrub through.
        covered: how much of the x axis the runs have come along, between 0 and 1.
        unread: how many logs are not read to their end.
    """

    wish: CompareWish
    rows: Rows
    lines: tuple[tuple[str, ...], ...]
    keys: tuple[str, ...] = ()
    previews: tuple[str, ...] = ()
    moments: int = 0
    covered: float = 1.0
    unread: int = 0


@dataclass(frozen=True)
class SweepsSeen:
    """All sweeps, drawn as it was wished for.

    Attributes:
        sweeps: name and state of each; `runs` the ids of its runs.
        height: rows of the tables of the one that is looked at.
    """

    wish: SweepsWish
    rows: Rows
    sweeps: tuple[tuple[str, str], ...]
    runs: tuple[tuple[str, ...], ...]
    height: int


class News(Message, bubble=False):
    """What the app passes on to every open screen, and does nothing about itself."""


@dataclass(eq=False)
class SweepsChanged(News, bubble=False):
    """The sweeps."""

    seen: SweepsSeen


@dataclass(eq=False)
class SweepBegun(News, bubble=False):
    """A sweep was begun here."""

    name: str


@dataclass(eq=False)
class CompareChanged(News, bubble=False):
    """The runs that are compared."""

    seen: CompareSeen


@dataclass(eq=False)
class RunsChanged(Message, bubble=False):
    """The list of runs."""

    runs: tuple[Listed, ...]


@dataclass(eq=False)
class RunChanged(Message, bubble=False):
    """The run that is watched."""

    seen: RunSeen


@dataclass(eq=False)
class Scrubbed(Message, bubble=True):
    """The previews of a run are looked at as they were at a step; None is the newest."""

    run_id: str
    step: int | None


@dataclass(eq=False)
class RecipesFound(Message, bubble=False):
    """All recipes, those that are broken, and why there are none where there are none."""

    recipes: Mapping[str, Recipe]
    problem: WorkbenchError | None = None
    broken: Sequence[Broken] = ()


@dataclass(eq=False)
class Asked(News, bubble=False):
    """A request was left for a worker; its answer comes through the log."""

    request: str
    kind: str


@dataclass(eq=False)
class Told(Message, bubble=False):
    """Something was done to the disk; in words."""

    text: str


@dataclass(eq=False)
class Begun(Message, bubble=False):
    """A worker was started for a new run, or for another attempt at one."""

    run_id: str


@dataclass(eq=False)
class Answered(News, bubble=False):
    """The helper that knows torch answered a question."""

    question: str
    about: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(eq=False)
class Refused(News, bubble=False):
    """Something could not be done, in the words of its error."""

    what: str
    error: WorkbenchError
    run_id: str = ""  # of a run that was refused, and left no folder


@dataclass(eq=False)
class Checked(News, bubble=False):
    """Whether a run with such data could start."""

    asked: tuple[Value, ...]
    lack: Lack | None


@dataclass(eq=False)
class SettingsRead(News, bubble=False):
    """The settings in a file, checked."""

    path: Path
    recipe: Recipe
    preset: Preset
    values: Mapping[str, Value]


@dataclass(eq=False)
class SettingsWritten(News, bubble=False):
    """Settings were written to a file, or were not because there is one of that name."""

    path: Path
    done: bool = field(kw_only=True)


@dataclass(eq=False)
class TryingOn(News, bubble=False):
    """A trial goes on: what it does now."""

    words: str


@dataclass(eq=False)
class Tried(News, bubble=False):
    """A trial is over; what it found."""

    found: Mapping[str, Any]


@dataclass(eq=False)
class RateTaken(News, bubble=False):
    """A learning rate that was found is to be the form's."""

    rate: float
