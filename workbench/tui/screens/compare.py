"""Compare: several runs beside each other, as curves, as tables, as previews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.tui.messages import CompareChanged, CompareSeen, CompareWish, Wish
from workbench.tui.screens.base import WindowScreen
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.painted import Painted
from workbench.tui.window import Window, following
from workbench.views.comparison.compare_board import PAGES, Sight
from workbench.views.plots.curves import BANDS
from workbench.views.plots.view import ALONG, SMOOTHINGS
from workbench.views.run.board import pattern

if TYPE_CHECKING:
    from workbench.charts.rows import Rows

_FINE = 10_000  # places along the x axis, whatever it counts: the window moves in these
_SCROLL = 10


class Compare(WindowScreen):
    """Holds what is looked at; the polling thread reads the runs and draws."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "select(-1)", "run", key_display="arrows", id="compare.up", tooltip="the line above; it is drawn on top"),
        Binding("down", "select(1)", "line below", show=False, id="compare.down", tooltip="the line below"),
        Binding(
            "left",
            "along(-1)",
            "cursor left",
            show=False,
            id="compare.left",
            tooltip="cursor left: the legend has the values there; tables: the runs before",
        ),
        Binding(
            "right",
            "along(1)",
            "cursor right",
            show=False,
            id="compare.right",
            tooltip="cursor right; tables: further runs, the baseline stays",
        ),
        Binding("shift+left", "along(-10)", "far left", show=False, id="compare.far_left", tooltip="cursor far left"),
        Binding("shift+right", "along(10)", "far right", show=False, id="compare.far_right", tooltip="cursor far right"),
        Binding("v", "view", "view", id="compare.view", tooltip="curves, tables of settings and metrics, previews side by side"),
        Binding("left_square_bracket", "scrub(1)", "earlier", key_display="[ ]", id="compare.earlier", tooltip="all previews earlier"),
        Binding("a", "all", "all", id="compare.all", tooltip="all settings, or only those that differ"),
        Binding("e", "axis", "axis", id="compare.axis", tooltip="along the x axis: step, epoch, time, examples"),
        Binding("G", "group", "seeds", id="compare.group", tooltip="seeds as one line with mean and band, or each run for itself"),
        Binding("B", "baseline", "baseline", id="compare.baseline", tooltip="deltas against the run that the pointer is at"),
        Binding("H", "hide", "hide", id="compare.hide", tooltip="hide the line, or show it again; colours stay"),
        Binding("pagedown", "turn(1)", "metric", key_display="pgdn", id="compare.pagedown", tooltip="next metric, preview, or tables down"),
        Binding("pageup", "turn(-1)", "metric before", show=False, id="compare.pageup", tooltip="the metric or preview before, tables up"),
        Binding("slash", "find", "find", show=False, id="compare.find", tooltip="the metric that has this in its name"),
        Binding("E", "band", "band", show=False, id="compare.band", tooltip="the band of seeds: least to greatest, or mean and std"),
        Binding("right_square_bracket", "scrub(-1)", "later", show=False, id="compare.later", tooltip="all previews later"),
        Binding("y", "log_scale", "log", show=False, id="compare.log_scale", tooltip="y axis: logarithmic, linear, as declared"),
        Binding("t", "smooth", "smooth", show=False, id="compare.smooth", tooltip="smoothing: light, medium, strong, off"),
        Binding("plus,equals_sign", "closer", "zoom", show=False, id="compare.closer", tooltip="less of the x axis, around the cursor"),
        Binding("minus", "farther", "farther", show=False, id="compare.farther", tooltip="more of the x axis"),
        Binding("0", "whole", "whole", show=False, id="compare.whole", tooltip="the whole x axis"),
        Binding("full_stop", "live", "live", show=False, id="compare.live", tooltip="no cursor, the whole axis, the newest previews"),
        Binding("enter", "open", "open", id="compare.open", tooltip="watch the run that the pointer is at"),
        Binding("escape", "back", "back", id="compare.back", tooltip="back to the screen before"),
        Binding("question_mark", "help", "help", id="compare.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id="compare.leave", tooltip="leave; runs go on training"),
    ]

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__()
        self._ids = tuple(ids)
        self._sight = Sight()
        self._window = Window(newest=_FINE)
        self._seen: CompareSeen | None = None

    def compose(self) -> ComposeResult:
        self.board, self.foot = Painted(self.bench.look, id="comparison"), Foot(self.bench.look)
        self.foot.display = False
        yield self.too_small()
        with Vertical(id="all"):
            yield self.board
            yield self.foot
            yield self.key_bar()

    def on_mount(self) -> None:
        self.show_keys()

    def wish(self) -> Wish:
        width, height = self.board.size
        if width < 1 or height < 1:
            return Wish()
        low, high = self._window.limits or (0.0, float(_FINE))
        cursor = None if self._window.cursor is None else self._window.cursor / _FINE
        ways = replace(self._sight.ways, part=(low / _FINE, high / _FINE), cursor=cursor)
        return Wish(compare=CompareWish(self._ids, width, height, replace(self._sight, ways=ways)))

    # What arrives

    def on_compare_changed(self, message: CompareChanged) -> None:
        if message.seen.wish != self.wish().compare:
            self.tell_wish()
            return
        self._seen = message.seen
        rows: Rows = message.seen.rows
        self.board.paint(rows)
        self.show_keys()
        newest = max(1, int(message.seen.covered * _FINE))
        if newest != self._window.newest:  # where the cursor begins
            self._window.newest = newest
            self.tell_wish()

    def on_foot_typed(self, message: Foot.Typed) -> None:
        self._go_to(message.text)

    def on_foot_done(self, message: Foot.Done) -> None:
        self._make_room(foot=False)
        self._go_to(message.text or "")

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        page = self._sight.page
        here = {
            "along": page != "previews",
            **dict.fromkeys(("axis", "band", "log_scale", "smooth", "closer", "farther", "whole", "find"), page == "curves"),
            "all": page == "tables",
            "scrub": page == "previews",
            "group": self._seen is not None and (self._sight.apart or any(len(runs) > 1 for runs in self._seen.lines)),
            "turn": self._seen is not None,
        }
        return here.get(action, True)

    def action_select(self, by: int) -> None:
        count = len(self._seen.lines) if self._seen else 1
        self._change(selected=max(0, min(count - 1, self._sight.selected + by)))

    def action_along(self, by: int) -> None:
        if self._sight.page == "tables":
            count = len(self._seen.lines) if self._seen else 1
            self._change(left=max(0, min(count - 2, self._sight.left + by)))
            return
        self._window.move(by)
        self.tell_wish()

    def action_view(self) -> None:
        self._change(page=following(PAGES, self._sight.page), top=0, left=0)

    def action_turn(self, by: int) -> None:
        if self._sight.page == "tables":
            self._change(top=max(0, self._sight.top + by * _SCROLL))
        elif self._sight.page == "previews":
            self._change(preview=self._turned(self._sight.preview, by, self._seen.previews if self._seen else ()), moment=0)
        else:
            self._change(first=self._turned(self._sight.first, by, self._seen.keys if self._seen else ()))

    def action_find(self) -> None:
        self._make_room(foot=True)
        self.foot.ask(Question("metric"))

    def action_axis(self) -> None:
        self._rewrite(along=following(ALONG, self._sight.ways.along))

    def action_baseline(self) -> None:
        if self._seen and self._seen.lines:
            self._change(baseline=self._seen.lines[self._sight.selected][0])

    def action_group(self) -> None:
        self._change(apart=not self._sight.apart, selected=0, left=0, hidden=frozenset())

    def action_band(self) -> None:
        self._rewrite(band=following(BANDS, self._sight.ways.band))

    def action_hide(self) -> None:
        if self._seen and self._seen.lines:
            self._change(hidden=self._sight.hidden ^ {self._seen.lines[self._sight.selected][0]})

    def action_all(self) -> None:
        self._change(everything=not self._sight.everything, top=0)

    def action_scrub(self, by: int) -> None:
        most = max(0, (self._seen.moments if self._seen else 1) - 1)
        self._change(moment=max(0, min(most, self._sight.moment + by)))

    def action_log_scale(self) -> None:
        self._rewrite(log={None: True, True: False, False: None}[self._sight.ways.log])

    def action_smooth(self) -> None:
        self._rewrite(smoothing=following([*SMOOTHINGS], self._sight.ways.smoothing))

    def action_live(self) -> None:
        self._window.live()
        self._change(moment=0)

    def action_open(self) -> None:
        if self._seen and self._seen.lines:
            self.bench.open_run(self._seen.lines[self._sight.selected][0])

    def _turned(self, place: int, by: int, known: Sequence[str]) -> int:
        return (place + by) % len(known) if known else 0

    def _go_to(self, text: str) -> None:
        look = pattern(text)
        found = [place for place, key in enumerate(self._seen.keys if self._seen else ()) if text and look.search(key)]
        if found:
            self._change(first=found[0])
        else:
            self.tell_wish()

    def _make_room(self, *, foot: bool) -> None:
        self.foot.display = foot
        self.call_after_refresh(self.tell_wish)  # the board has another height then

    def _rewrite(self, **changed: Any) -> None:
        """Draw all charts in another way."""
        self._change(ways=replace(self._sight.ways, **changed))

    def _change(self, **changed: Any) -> None:
        self._sight = replace(self._sight, **changed)
        self.tell_wish()
