"""Following the runs of a comparison and drawing it, for the polling thread."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.charts.rows import Rows, Span, fill, fit
from workbench.runs.reading.feed import Feed
from workbench.runs.store import Store
from workbench.tui.messages import CompareSeen, CompareWish
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import card
from workbench.views.comparison import beside, compare_board
from workbench.views.comparison.compare_board import Kept
from workbench.views.comparison.comparing import Together
from workbench.views.plots import curves

_READING_SECONDS = 0.2  # of one look, for all logs together: long ones show as they are read


@dataclass
class CompareLook:
    """Keeps the feeds of some runs; `look` returns None while nothing that is shown has changed."""

    store: Store
    ids: tuple[str, ...]
    look_at: Look
    _feeds: list[Feed] = field(default_factory=list)
    _kept: Kept = field(default_factory=Kept)
    _together: Together | None = None
    _drawn_for: object = None
    _baseline: str = ""

    def forget(self) -> None:
        """Draw at the next look in any case."""
        self._drawn_for = None

    @property
    def unread(self) -> int:
        """How many logs are not read to their end."""
        return sum(feed.behind for feed in self._feeds) + len(self.ids) - len(self._feeds)

    @property
    def behind(self) -> bool:
        return self.unread > 0

    def look(self, wish: CompareWish) -> CompareSeen | None:
        """The comparison as it is now, drawn as wished."""
        fresh = self._read()
        statuses = [feed.refresh() for feed in self._feeds]
        key = (wish, tuple(statuses), self.unread, tuple(feed.labels for feed in self._feeds))
        if key == self._drawn_for and not fresh:
            return None
        self._drawn_for = key
        if self.behind:
            return CompareSeen(wish, _reading(wish, len(self.ids) - self.unread, len(self.ids)), (), unread=self.unread)
        if fresh or self._together is None or wish.sight.baseline != self._baseline:
            self._baseline = wish.sight.baseline
            self._together = Together.of(self._feeds, self._baseline)
        return self._draw(self._together, wish)

    def _draw(self, together: Together, wish: CompareWish) -> CompareSeen:
        look, sight = self.look_at, wish.sight
        try:
            rows = compare_board.draw(
                together, wish.width, wish.height, sight, ascii_only=look.ascii_only, colours=look.colours, kept=self._kept
            )
        except Exception as error:  # noqa: BLE001 - a card says what is wrong, and the keys go on working
            rows = card(error, wish.width, wish.height, look.ascii_only)
        lines = together.comparison.shown(apart=sight.apart)
        return CompareSeen(
            wish,
            rows,
            tuple(line.runs for line in lines),
            keys=tuple(compare_board.keys(together)),
            previews=tuple(beside.names(together.curves(lines))),
            moments=len(compare_board.moments(together, sight)),
            covered=curves.covered(together.feeds, sight.ways.along),
        )

    def _read(self) -> bool:
        """Read on in all logs, for a bounded time; whether there was anything new."""
        if not self._feeds:
            self._feeds = [Feed(self.store.folder(run_id)) for run_id in self.ids]
            for feed in self._feeds:
                feed.reader.behind = True  # nothing is read yet
        fresh = False
        left = _READING_SECONDS
        for feed in self._feeds:
            fresh |= bool(feed.poll(left / 4 if feed.behind else 0.0))
            if feed.behind:
                break
        return fresh


def _reading(wish: CompareWish, done: int, count: int) -> Rows:
    text = fit(f"reading the logs of {count} runs: {done} done", wish.width, align="center")
    return fill([*([[Span("")]] * (wish.height // 2)), [Span(text, "muted")]], wish.width, wish.height)
