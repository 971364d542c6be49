"""The list of runs, in the order and with the filter that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING

from workbench.charts.rows import Rows, Span
from workbench.errors import WorkbenchError
from workbench.tui.theme import Look
from workbench.tui.widgets.pane import Pane, inked

if TYPE_CHECKING:
    from workbench.runs.listing.filtering import Facts
    from workbench.tui.messages import Listed

_ORDERED = {
    "age": "newest first",
    "best": "best first",
    "name": "by name",
    "state": "by state",
    "step": "most steps first",
    "seconds": "longest first",
}
_WELCOME = (  # to who opens it for the first time
    "No runs yet. {s} trains the recipe above, in a process of its own.",
    "Leave whenever you like: it goes on, and its charts wait for you here.",
    "Arrows and {tab} change settings first, {i} explains the recipe, {question_mark} lists keys.",
)


class RunList(Pane):
    """A table of runs with the cursor on one of them."""

    title = "RUNS"
    head_rows = 1

    def __init__(self, look: Look, *, id: str = "runs", keys: Mapping[str, str] | None = None) -> None:
        """`keys`: how the keys that the welcome names are printed, by what they are by themselves."""
        super().__init__(look, id=id)
        self._keys = keys or {"s": "s", "tab": "tab", "i": "i", "question_mark": "?"}
        self.all: tuple[Listed, ...] | None = None
        self.word = ""
        self.order = "age"
        self.welcome = tuple(line.format_map(self._keys) for line in _WELCOME)
        self._marked: set[str] = set()
        self._shown: list[Listed] | None = None
        self._columns: tuple[int, dict[str, int]] | None = None  # for a width
        self._tree: dict[str, str] = {}
        self._fits: Callable[[Facts], bool] = lambda known: True

    def offer(self, runs: tuple[Listed, ...]) -> None:
        """Show these runs; the cursor stays on the run that it stands on."""
        kept = self.at_cursor
        self.all = runs
        self._marked &= {run.id for run in runs}
        self._forget()
        self.cursor = next(
            (index for index, run in enumerate(self.shown) if kept and run.id == kept.id), min(self.cursor, max(0, self.count - 1))
        )
        self.redraw()

    def go_to(self, run_id: str) -> bool:
        """Put the cursor on a run; False where it is not shown."""
        for index, run in enumerate(self.shown):
            if run.id == run_id:
                self.place(index)
                return True
        return False

    def find(self, word: str, *, typing: bool = False) -> None:
        """Only runs that the words fit (`recipe:cnn lr>=1e-3 loss`); all again for none. Words that say nothing change nothing."""
        if not self.mistake(word):
            fits = self._parsed(word)
            if not typing or any(fits(run.facts) for run in self.all or ()):
                self.word, self.cursor, self.top, self._fits = word, 0, 0, fits
                self._forget()
        self.redraw()
        self.post_message(self.Moved(self))

    def mistake(self, word: str) -> str:
        """What is wrong with words to find by; empty where nothing is."""
        try:
            self._parsed(word)
        except WorkbenchError as error:
            return f"{error.message}; {error.hint}" if error.hint else error.message
        return ""

    def _parsed(self, word: str) -> Callable[[Facts], bool]:
        from workbench.runs.listing.filtering import parse

        return parse(word, [run.facts for run in self.all or ()])

    @property
    def shown(self) -> list[Listed]:
        if not self.all:
            return []
        from workbench.runs.listing.ordering import families, ordered  # brings pydantic: not before the first paint

        if self._shown is None:
            found = [run for run in self.all if not self.word or self._fits(run.facts)]
            found = ordered(found, self.order, lambda run: run.facts, lambda run: run.labels.pin)
            self._shown = families(found, lambda run: run.id, lambda run: run.entry.parent) if self.order == "age" else found
        return self._shown

    @property
    def together(self) -> list[str]:
        """Ids of the runs that are meant together: the marked ones, else those that were found; oldest first."""
        chosen = self.marked or (self.shown if self.word else [])
        return [run.id for run in (self.all or ())[::-1] if run in chosen]

    def next_order(self) -> None:
        """Stand in the next of the orders that there are; the cursor stays on its run."""
        from workbench.runs.listing.ordering import ORDERS

        kept = self.at_cursor
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
        self._forget()
        if kept:
            self.go_to(kept.id)
        self.redraw()

    def mark(self) -> None:
        """Mark the run under the cursor, or no longer, and go on to the next."""
        if run := self.at_cursor:
            self._marked ^= {run.id}
            self.move(1)
            self.redraw()

    def unmark(self) -> None:
        """Mark none."""
        self._marked.clear()
        self.redraw()

    @property
    def marked(self) -> list[Listed]:
        """The marked runs that are shown, in the order of the list."""
        return [run for run in self.shown if run.id in self._marked] if self._marked else []

    @property
    def count(self) -> int:
        return len(self.shown)

    @property
    def at_cursor(self) -> Listed | None:
        shown = self.shown
        return shown[self.cursor] if self.cursor < len(shown) else None

    def heading_right(self) -> str:
        marked = f"{len(self.marked)} marked, " if self.marked else ""
        where = f"{self.cursor + 1} of {self.count}, " if self.count > self.body_height(self.size.height) else ""
        return marked + where + (f"found: {self.word}, esc shows all" if self.word else _ORDERED[self.order] if self.all else "")

    def compose_rows(self, width: int, height: int) -> Rows:
        shown = self.shown
        self.title = f"RUNS {len(shown)}" if shown else "RUNS"
        if not shown:
            lines = ("looking for runs ...",) if self.all is None else ("no run has it",) if self.word else self.welcome
            return [self.heading(width), *([Span(f"  {part}", "muted")] for line in lines for part in wrap(line, max(1, width - 3)))]
        from workbench.views import table

        look = self.look
        if self._columns is None or self._columns[0] != width:
            entries = [run.entry for run in shown]
            self._tree = table.branches(entries, ascii_only=look.ascii_only)
            self._columns = width, table.columns(entries, width, self._tree, ascii_only=look.ascii_only)
        here, seen = shown[self.cursor].id, [shown[index].entry for index in self.window(self.body_height(height))]
        rows = table.lay_out(seen, self._columns[1], width, tree=self._tree, ascii_only=look.ascii_only, selected=here, marked=self._marked)
        at = self.cursor - self.top + 1
        rows[at] = inked(rows[at], self.cursor_ink, width)
        return [self.heading(width), *rows]

    def _forget(self) -> None:
        """Which runs are shown, or how they stand, has changed."""
        self._shown = self._columns = None
