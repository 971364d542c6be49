"""What stands around the panes: the header, the line between two panes, the command that says the same."""

from __future__ import annotations

import os

from workbench.charts.rows import Rows, Span, cells, cut, fit, width_of
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted


class Header(Painted):
    """Where one is, which folder the runs are in, and what the machine has."""

    DEFAULT_CSS = """
    Header { height: 1; }
    """

    def __init__(self, look: Look, place: str, runs: str) -> None:
        super().__init__(look, id="header")
        self._place, self._runs = place, runs
        self._machine = f"{os.cpu_count()} cores"

    def tell(self, machine: str) -> None:
        """What runs would train on, once it is known."""
        self._machine = machine
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        right = fit(f"{self._machine} ", min(cells(self._machine) + 1, width // 2), ascii_only=self.look.ascii_only)
        left = [Span(" workbench  ", "key"), Span(self._place, "title")]
        room = width - width_of(left) - cells(right) - 4
        runs = fit(f"runs: {self._runs}", min(room, cells(self._runs) + 6), ascii_only=self.look.ascii_only) if room > 12 else ""
        gap = width - width_of(left) - cells(right) - cells(runs)
        before = max(0, gap // 2)
        return [[*left, Span(" " * before), Span(runs, "muted"), Span(" " * max(0, gap - before)), Span(right, "muted")]]


class Divider(Painted):
    """A vertical line that begins in the rule of the headings."""

    DEFAULT_CSS = """
    Divider { width: 1; }
    """

    def compose_rows(self, width: int, height: int) -> Rows:
        marks = self.look.marks
        return [[Span(marks.down, "rule")], *([[Span(marks.bar, "rule")]] * (height - 1))]


class CommandLine(Painted):
    """The shell command for what the form says."""

    DEFAULT_CSS = """
    CommandLine { height: 1; }
    """

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="command")
        self._command = ""

    def tell(self, command: str) -> None:
        self._command = command
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        return [[Span(cut(f" $ {self._command}", width, ascii_only=self.look.ascii_only) if self._command else "", "command")]]
