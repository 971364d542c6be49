"""One chart or preview on the whole screen: a cursor that reads it, zoom and pan, other scales, and training scrubbed through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.charts.rows import Rows, Span, cells, pad, width_of
from workbench.tui.messages import RunChanged, RunSeen, RunWish, Scrubbed, SlotSeen, Wish
from workbench.tui.screens.base import WindowScreen
from workbench.tui.screens.run.keys import ZOOM_KEYS
from workbench.tui.widgets.foot import Foot
from workbench.tui.widgets.key_bar import kept
from workbench.tui.widgets.slot_view import SlotView
from workbench.tui.window import Window, following, scrubbed
from workbench.units import grouped

if TYPE_CHECKING:
    from workbench.views.plots.view import ChartStyle

HISTOGRAMS = ("preview:weights", "preview:gradients", "preview:dead_units")  # of `training.inspecting.histograms`
_HINTS = {  # as much of it as fits; where it does not, from the end
    "chart": ("arrows read the values", "< > by one logged step", "+ the newest steps"),
    "strip": ("arrows read: steps and layers", "< > by one logged step", "+ the newest steps"),
    "preview": ("arrows go through the training", "page up and down turn its pages"),
}
_OF_CHARTS = ("smooth", "outliers")
_OF_VALUES = ("log_scale",)
_ALONG_STEPS = ("closer", "farther", "whole", "axis", "nudge")


class Zoom(WindowScreen):
    """Looks at one slot. How a chart is drawn is remembered for its metric; what part of it is seen is only this screen's."""

    BINDINGS: ClassVar[list[BindingType]] = [*ZOOM_KEYS]

    def __init__(self, run_id: str, name: str, step: int | None = None, find: str = "") -> None:
        super().__init__()
        self._run_id, self._slot, self._step, self._find = run_id, name, step, find
        self._names: tuple[str, ...] = (name,)
        self._window = Window()
        self._page = 0
        self._layer: int | None = None
        self._style: ChartStyle | None = None
        self._seen: SlotSeen | None = None
        self._nudges = 0  # steps to go, once it is known where the next one is

    def compose(self) -> ComposeResult:
        self.slot, self.foot = SlotView(self.bench.look, 0), Foot(self.bench.look)
        yield self.too_small()
        with Vertical(id="all"):
            yield self.slot
            yield self.foot
            yield self.key_bar()

    def wish(self) -> Wish:
        from workbench.views.plots.view import View

        view = View(self._window.limits, self._window.cursor, self._page, self._layer, self._step, self._style)
        size = self.slot.size
        box = ((size.width, size.height),)
        return Wish(run=RunWish(self._run_id, size.width, box, only=self._slot, view=view, find=self._find, reading=self.foot.size.height))

    def on_run_changed(self, message: RunChanged) -> None:
        if not self.is_for_this(message):
            self.tell_wish()
            return
        seen = message.seen
        self._names, self._window.newest = seen.names, max(1, seen.step)
        self._seen = seen.slots[0]
        self.slot.show(self._seen, False)
        self.foot.show(self._lines(seen))
        self.show_keys()
        self._nudge()

    def on_slot_view_resized(self) -> None:
        self.tell_wish()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _OF_CHARTS:
            return self._kind == "chart"
        if action in _OF_VALUES:
            return self._kind != "preview"
        if action == "histograms":
            return any(name in self._names for name in HISTOGRAMS)
        if action == "other":
            return len(self._names) > 1
        return action not in _ALONG_STEPS or self._kind != "preview"

    def offered(self) -> list[Binding]:
        """The keys that do something now, with what they have been set to."""
        found = super().offered()
        in_full = [self._as_now(binding, brief=False) for binding in found]
        if any(binding.id == "zoom.axis" for binding in kept(in_full, self.size.width)):
            return in_full
        return [self._as_now(binding, brief=True) for binding in found]

    def _as_now(self, binding: Binding, *, brief: bool) -> Binding:
        return replace(binding, show=binding.show and binding.id not in self._hidden(brief), description=self._said(binding, brief))

    def _hidden(self, brief: bool) -> set[str]:
        """Ids of keys that the bar leaves out for others: those that do nothing now, and in a narrow one what was found already."""
        if self._kind == "preview":
            return {"zoom.left"}
        is_moved = self._window.cursor is not None or self._window.limits is not None
        found = {"zoom.left"} if brief and is_moved else set()
        return found | (set() if self._window.limits else {"zoom.earlier"}) | (set() if is_moved else {"zoom.live"})

    def _said(self, binding: Binding, brief: bool) -> str:
        style = self._styled
        if self._kind == "preview":
            return "scrub" if binding.id == "zoom.earlier" else binding.description
        if style is None:
            return binding.description
        log = (self._seen.log if self._seen else False) if style.log is None else style.log
        states = {"zoom.earlier": "pan", "zoom.log_scale": "log" if log else "lin" if brief else "linear"}
        if not brief:
            states |= {
                "zoom.smooth": f"smooth:{style.smoothing}",
                "zoom.axis": f"x:{self._along(style)}",
                "zoom.outliers": "outliers" if style.outliers else "no outliers",
            }
        return states.get(binding.id or "", binding.description)

    def _along(self, style: ChartStyle) -> str:
        """What stands along the x axis: steps in a run that does not know of what is remembered for the metric."""
        return style.along if self._seen and style.along in self._seen.axes else "step"

    def action_along(self, by: int) -> None:
        if self._kind == "preview":
            self._scrub(by)
        else:
            self._window.move(by)
            self._layer = 0 if self._layer is None and self._kind == "strip" else self._layer
        self.tell_wish()

    def action_nudge(self, by: int) -> None:
        """The cursor to the next logged step; where that is, the thread that reads the log says."""
        if self._window.cursor is None:
            self._window.move(0)
            self.tell_wish()
        else:
            self._nudges += by
            self._nudge()

    def _nudge(self) -> None:
        seen = self._seen
        if not self._nudges or seen is None or seen.cursor != self._window.cursor:
            return
        by = 1 if self._nudges > 0 else -1
        self._nudges -= by
        if (step := seen.beside[by > 0]) is None:
            self._nudges = 0
        else:
            self._window.go_to(step)
            self.tell_wish()

    def action_turn(self, by: int) -> None:
        if self._kind == "strip":
            most = max(0, (self._seen.layers if self._seen else 1) - 1)
            self._layer = 0 if self._layer is None else max(0, min(most, self._layer + by))
            if self._window.cursor is None:
                self._window.move(0)
        elif self._kind == "preview":
            self._page = max(0, self._page + by)
        self.tell_wish()

    def action_pan(self, by: int) -> None:
        if self._kind == "preview":
            self._scrub(by)
        elif not self._window.pan(by):
            self.say("all steps are on the screen: + shows fewer, then [ and ] move on")
            return
        self.tell_wish()

    def action_live(self) -> None:
        self._window.live()
        self._step = self._layer = None
        self.tell_wish()

    def action_log_scale(self) -> None:
        if style := self._styled:
            declared = bool(self._seen and self._seen.log)
            self._restyle(log=not (declared if style.log is None else style.log))

    def action_smooth(self) -> None:
        from workbench.views.plots.view import SMOOTHINGS

        if style := self._styled:
            self._restyle(smoothing=following([*SMOOTHINGS], style.smoothing))

    def action_axis(self) -> None:
        if self._seen and (style := self._styled):
            self._restyle(along=following(self._seen.axes, self._along(style)))

    def action_outliers(self) -> None:
        if style := self._styled:
            self._restyle(outliers=not style.outliers)

    def action_other(self, by: int = 1) -> None:
        self._show(following(self._names[:: 1 if by > 0 else -1], self._slot))

    def action_view(self) -> None:
        self._show(following([name for name in self._names if _kind_of(name) == "preview"], self._slot))

    def action_histograms(self) -> None:
        self._show(following([name for name in HISTOGRAMS if name in self._names], self._slot))

    def _show(self, name: str) -> None:
        """Look at another slot; the part of the run that is seen stays, to compare."""
        if not name:
            return
        self._slot, self._style, self._page, self._layer = name, None, 0, None
        self.tell_wish()

    @property
    def _styled(self) -> ChartStyle | None:
        """How the chart is drawn, changes included that are not on the screen yet."""
        return self._style or (self._seen.style if self._seen and self._seen.name == self._slot else None)

    def _restyle(self, **changed: object) -> None:
        if self._seen and (style := self._styled):
            self._style = replace(style, **changed)  # type: ignore[arg-type]
            self.bench.remember(self._seen.metric, self._style)
            self.tell_wish()

    def _scrub(self, by: int) -> None:
        if self._seen:
            self._step = scrubbed(self._seen.steps, self._step or self._seen.step, by)  # also faster than they are drawn
            self.post_message(Scrubbed(self._run_id, self._step))

    @property
    def _kind(self) -> str:
        return self._seen.kind if self._seen and self._seen.name == self._slot else _kind_of(self._slot)

    def _lines(self, seen: RunSeen) -> Rows:
        """The values at the cursor, or what the keys do; at the right of the first row how old the newest data are, if that fits."""
        slot = seen.slots[0]
        top, *rest = [list(row) for row in slot.reading] or self._about(seen)
        news = Span(f"  {seen.news} ", "muted")
        room = self.size.width - cells(news.text)
        if width_of(top) <= room:
            top = [*pad(top, room), news]
        return [top, *rest]

    def _about(self, seen: RunSeen) -> Rows:
        """Whose chart it is, and what to press."""
        task = f"{seen.recipe}/{seen.preset}" if seen.preset else seen.recipe
        find = f"  only /{self._find}" if self._find else ""
        parts = list(_HINTS[seen.slots[0].kind])
        while len(parts) > 1 and cells("   ".join(parts)) + 2 > self.size.width:
            parts.pop()
        who = [Span(f" {seen.id}", "title"), Span(f"  {task}  {seen.state}  step {grouped(seen.step)}{find}", "muted")]
        return [who, [Span(" " + "   ".join(parts), "muted")]]


def _kind_of(name: str) -> str:
    return "preview" if name.startswith("preview:") else "chart"
