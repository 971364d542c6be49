"""The log of a run on a page."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.tui.messages import RunChanged, RunWish, Wish
from workbench.tui.screens.base import WorkScreen
from workbench.tui.screens.pages.page import scrolling
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading, page_of


class LogPage(WorkScreen):
    """The log of a run, which grows while one looks at it."""

    DEFAULT_CSS = """
    LogPage Foot { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "find", id="log.find", tooltip="only the lines that have this (a regular expression)"),
        *scrolling("log"),
    ]

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id
        self._back = 0
        self._count = 0
        self._find = ""

    def compose(self) -> ComposeResult:
        yield self.too_small()
        with Vertical(id="all"):
            yield Painted(self.bench.look, id="log")
            yield Foot(self.bench.look)
            yield self.key_bar()

    def wish(self) -> Wish:
        width, height = self.query_one("#log").size
        return Wish(run=RunWish(self._run_id, width, log=(width, max(0, height - 1), self._back), log_find=self._find))

    def on_run_changed(self, message: RunChanged) -> None:
        seen = message.seen
        if not self.is_for_this(message):
            return
        pane = self.query_one("#log", Painted)
        self._count = seen.log_lines
        newest = "newest last" if not self._back else f"{self._back} newer lines below"
        count = f"{seen.log_lines} line{'' if seen.log_lines == 1 else 's'}"
        newest = f"/{self._find}: {count}, {newest}" if self._find else newest
        pane.paint(
            [
                heading(f"LOG {seen.id}", ", ".join(filter(None, [newest, seen.news])), pane.size.width, self.bench.look, focused=True),
                *seen.log,
            ]
        )

    def action_scroll(self, lines: int) -> None:
        height = self.query_one("#log").size.height - 1
        self._back = max(0, min(self._back - lines, self._count - height))
        self.tell_wish()

    def action_page(self, by: int) -> None:
        self.action_scroll(by * page_of(self.query_one("#log").size.height - 1))

    def action_find(self) -> None:
        self.query_one(Foot).ask(Question("find", self._find, wrong_pattern))

    def on_foot_typed(self, message: Foot.Typed) -> None:
        self._look_for(message.text)

    def on_foot_done(self, message: Foot.Done) -> None:
        self._look_for(message.text or "")

    def _look_for(self, text: str) -> None:
        self._find, self._back = text, 0
        self.tell_wish()


def wrong_pattern(text: str) -> str:
    """What is wrong with what somebody looks for; empty where nothing is."""
    from workbench.views.run.board import wrong_pattern

    return wrong_pattern(text)
