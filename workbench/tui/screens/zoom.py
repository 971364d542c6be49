"""One chart or preview on the whole screen, with a cursor, zoom, and other scales."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.charts.rows import Span
from workbench.tui.messages import RunChanged, RunWish, SlotSeen, Wish
from workbench.tui.screens.base import WorkScreen
from workbench.tui.widgets.foot import Foot
from workbench.tui.widgets.slot_view import SlotView

_CLOSER = 0.5  # of the visible steps, for one press
_ALONG = 0.02  # of the visible steps: a press of the arrow
_LEAST_STEPS = 4.0


class Zoom(WorkScreen):
    """Arrows move a cursor, plus and minus zoom around it; the view is only this screen's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left", "along(-1)", "cursor, page", key_display="arrows", id="zoom.left", tooltip="cursor left; of images the page before"
        ),
        Binding("right", "along(1)", "right", show=False, id="zoom.right", tooltip="cursor right; of images the next page"),
        Binding("shift+left", "along(-10)", "far left", show=False, id="zoom.far_left", tooltip="cursor far left"),
        Binding("shift+right", "along(10)", "far right", show=False, id="zoom.far_right", tooltip="cursor far right"),
        Binding("plus,equals_sign", "closer", "closer", key_display="+", id="zoom.closer", tooltip="fewer steps, around the cursor"),
        Binding("minus", "farther", "farther", id="zoom.farther", tooltip="more steps"),
        Binding("0", "whole", "whole", id="zoom.whole", tooltip="the whole run, without a cursor"),
        Binding("y", "log_scale", "log scale", id="zoom.log_scale", tooltip="logarithmic or linear y axis"),
        Binding("t", "smooth", "smooth", id="zoom.smooth", tooltip="a smoothed line over a dim band, or each point"),
        Binding("v", "view", "view", id="zoom.view", tooltip="the next chart or preview"),
        Binding("escape", "back", "back", id="zoom.back", tooltip="back to all charts"),
        Binding("question_mark", "help", "help", id="zoom.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id="zoom.leave", tooltip="leave; the run goes on training"),
    ]

    def __init__(self, run_id: str, name: str) -> None:
        super().__init__()
        self._run_id, self._slot = run_id, name
        self._names: tuple[str, ...] = (name,)
        self._steps = 1
        self._limits: tuple[float, float] | None = None
        self._cursor: float | None = None
        self._page = 0
        self._log: bool | None = None
        self._smoothed = True
        self._seen: SlotSeen | None = None

    def compose(self) -> ComposeResult:
        self.slot, self.foot = SlotView(self.bench.look, 0), Foot(self.bench.look)
        yield self.too_small()
        with Vertical(id="all"):
            yield self.slot
            yield self.foot
            yield self.key_bar()

    def wish(self) -> Wish:
        from workbench.views.slots import View

        view = View(self._limits, self._log, self._smoothed, self._cursor, self._page)
        size = self.slot.size
        return Wish(run=RunWish(self._run_id, size.width, ((size.width, size.height),), only=self._slot, view=view))

    def on_run_changed(self, message: RunChanged) -> None:
        seen = message.seen
        if not self.is_for_this(message):
            return
        self._names, self._steps = seen.names, max(1, seen.step)
        self._seen = seen.slots[0]
        self.slot.show(self._seen, False)
        reading = self._seen.reading or "arrows place a cursor, which reads the values"
        self.foot.show([[Span(f" {reading if self._is_chart else ''}", "" if self._seen.reading else "muted")]])
        self.show_keys()

    def on_slot_view_resized(self) -> None:
        self.tell_wish()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in ("closer", "farther", "whole", "log_scale", "smooth") or self._is_chart

    def action_along(self, by: int) -> None:
        if not self._is_chart:
            self._page = max(0, self._page + (by > 0) - (by < 0))
        else:
            low, high = self._window
            at = (low + high) / 2 if self._cursor is None else self._cursor
            self._cursor = max(1.0, min(float(self._steps), at + by * max(1.0, (high - low) * _ALONG)))
            if self._limits and not low <= self._cursor <= high:
                self._around(high - low)
        self.tell_wish()

    def action_closer(self) -> None:
        low, high = self._window
        self._around(max(_LEAST_STEPS, (high - low) * _CLOSER))
        self.tell_wish()

    def action_farther(self) -> None:
        low, high = self._window
        if (high - low) / _CLOSER >= self._steps:
            self._limits = None
        else:
            self._around((high - low) / _CLOSER)
        self.tell_wish()

    def action_whole(self) -> None:
        self._whole()
        self.tell_wish()

    def action_log_scale(self) -> None:
        is_log = bool(self._seen and "(log)" in "".join(span.text for span in self._seen.rows[0]))
        self._log = not (is_log if self._log is None else self._log)
        self.tell_wish()

    def action_smooth(self) -> None:
        self._smoothed = not self._smoothed
        self.tell_wish()

    def action_view(self) -> None:
        place = self._names.index(self._slot) if self._slot in self._names else -1
        self._slot = self._names[(place + 1) % len(self._names)]
        self._log = None
        self._whole()
        self.tell_wish()

    @property
    def _is_chart(self) -> bool:
        return not self._slot.startswith("preview:")

    @property
    def _window(self) -> tuple[float, float]:
        return self._limits or (0.0, float(self._steps))

    def _whole(self) -> None:
        self._limits = self._cursor = None
        self._page = 0

    def _around(self, span: float) -> None:
        """Show `span` steps around the cursor, inside of the run."""
        low, high = self._window
        middle = (low + high) / 2 if self._cursor is None else self._cursor
        low = max(0.0, min(middle - span / 2, self._steps - span))
        self._limits = (low, low + span)
