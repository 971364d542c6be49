"""Looking at the sweeps and drawing them, for the polling thread."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from workbench.charts.rows import Rows, Span, cells, cut, fill, fit, wrap
from workbench.errors import WorkbenchError
from workbench.runs.store import Store
from workbench.sweeps import progress
from workbench.sweeps.folder import SweepFolder, all_of
from workbench.sweeps.progress import Progress
from workbench.tui.messages import SweepsSeen, SweepsWish
from workbench.tui.theme import Look
from workbench.views import sweep as view

_LOOK_SECONDS = 1.0
_NONE_YET = (
    "No sweep yet. s begins one, as `workbench sweep cnn lr=1e-3,3e-3 --seeds 3` does: it trains each combination, one after the "
    "other, also when this is closed, and is watched, stopped and resumed here."
)
_MOST_LISTED = 6  # sweeps above the table of one


@dataclass
class SweepsLook:
    """Follows all sweeps; `look` returns None while nothing that is shown has changed."""

    store: Store
    look_at: Look
    _looks: dict[str, progress.Look] = field(default_factory=dict)
    _known: list[Progress] = field(default_factory=list)
    _looked_at: float = -_LOOK_SECONDS
    _drawn_for: object = None

    def forget(self) -> None:
        """Look and draw at the next look in any case."""
        self._drawn_for, self._looked_at = None, -_LOOK_SECONDS

    def look(self, wish: SweepsWish) -> SweepsSeen | None:
        """The sweeps as they are now, the newest first, drawn as wished."""
        if time.monotonic() - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self._known = [found for folder in reversed(all_of(self.store.root)) if (found := self._now(folder))]
        key = (wish, tuple(self._known))
        if key == self._drawn_for:
            return None
        self._drawn_for = key
        rows, height = self._draw(wish)
        runs = [tuple(entry.run for entry in each.entries if entry.run and entry.state != "deleted") for each in self._known]
        return SweepsSeen(wish, rows, tuple((each.plan.name, each.state) for each in self._known), tuple(runs), height)

    def _now(self, folder: SweepFolder) -> Progress | None:
        """One sweep; a plan that cannot be read hides no other."""
        try:
            if folder.name not in self._looks:
                self._looks[folder.name] = progress.Look(folder, self.store)
            return self._looks[folder.name].now()
        except WorkbenchError:
            return None

    def _draw(self, wish: SweepsWish) -> tuple[Rows, int]:
        """The rows, and how many there are of the one that is selected."""
        if not self._known:
            said = [[Span(part, "muted")] for part in wrap(f" {_NONE_YET}", wish.width, ascii_only=self.look_at.ascii_only)]
            return fill(said, wish.width, wish.height), len(said)
        at = min(wish.selected, len(self._known) - 1)
        first = max(0, min(at - _MOST_LISTED + 1, len(self._known) - _MOST_LISTED))
        listed = [
            self._line(self._known[place], place == at, wish.width) for place in range(first, min(len(self._known), first + _MOST_LISTED))
        ]
        body = self._one(self._known[at], wish.width)
        room = max(1, wish.height - len(listed) - 1)
        top = max(0, min(wish.top, len(body) - room))
        return fill([*listed, [Span("")], *body[top : top + room]], wish.width, wish.height), len(body)

    def _line(self, sweep: Progress, is_selected: bool, width: int) -> list[Span]:
        text = view.lines(sweep, unit=sweep.unit, ascii_only=self.look_at.ascii_only)[0]
        sign = f"{self.look_at.marks.pointer if is_selected else ' '} "
        ink = "cursor" if is_selected else {"running": "live", "interrupted": "warning"}.get(sweep.state, "")
        return [Span(fit(cut(sign + text, width, ascii_only=self.look_at.ascii_only), width), ink)]

    def _one(self, sweep: Progress, width: int) -> Rows:
        """Best so far, a table of its runs, of its groups, and what mattered."""
        ascii_only = self.look_at.ascii_only
        rows: Rows = [
            [Span(f" {cut(text, width - 1, ascii_only=ascii_only)}", "title")]
            for text in view.lines(sweep, unit=sweep.unit, ascii_only=ascii_only)[1:]
        ]
        rows += view.table(sweep, width, unit=sweep.unit, ascii_only=ascii_only)
        if sweep.plan.seeds > 1 or len(sweep.plan.families) > 1:
            rows += [[Span("")], *view.groups(sweep, width, unit=sweep.unit, ascii_only=ascii_only)]
        told: list[str] = []
        for text in view.importance(sweep, ascii_only=ascii_only):  # bars stand below each other, which wrapped they would not
            fits = text.startswith("  ") or cells(text) < width
            told += [cut(f" {text}", width, ascii_only=ascii_only)] if fits else wrap(f" {text}", width, ascii_only=ascii_only)
        return [*rows, *([[Span("")]] if told else []), *([Span(part)] for part in told)]
