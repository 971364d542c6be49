"""What all screens share: the key bar from their table of bindings, asking twice, and a sentence where the terminal is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.binding import Binding
from textual.events import Key, Resize
from textual.geometry import Size
from textual.screen import Screen

from workbench.charts.rows import Rows, Span
from workbench.tui.messages import RunChanged, Wish
from workbench.tui.widgets.foot import Foot
from workbench.tui.widgets.key_bar import KeyBar, shown_key
from workbench.tui.widgets.painted import Painted
from workbench.tui.window import Window

if TYPE_CHECKING:
    from workbench.tui.app import Workbench

FAR = 1_000_000  # lines: to the first or the last one
LEAST = (40, 10)  # columns and rows below which a screen is a sentence


class TooSmall(Painted):
    """Stands in for the screen on a terminal of a few cells."""

    def compose_rows(self, width: int, height: int) -> Rows:
        columns, rows = self.app.size
        text = f"{columns}x{rows} is too small: at least {LEAST[0]}x{LEAST[1]}"
        return [[Span(text[start : start + width])] for start in range(0, len(text), width)]


class WorkScreen(Screen[None]):
    """A screen of the workbench. Its table of bindings is in the order of the key bar."""

    AUTO_FOCUS = ""
    _armed: tuple[str, str] | None = None  # key and subject of a question that waits for the key again
    _fitted: Size | None = None  # the size of the terminal that it was last laid out for
    was_used = False  # a key was pressed here

    @property
    def bench(self) -> Workbench:
        """The app, for what only it can do: wishes, workers, other screens."""
        return cast("Workbench", self.app)

    @property
    def is_current(self) -> bool:
        """Only the topmost screen paints: Textual 8.2 takes the one below it for visible, and repaints both for ever."""
        return bool(self.is_active)

    @property
    def keys(self) -> list[Binding]:
        """The table of this screen alone."""
        return self.bench.keys_of(type(self).BINDINGS)

    def wish(self) -> Wish | None:
        """What this screen wants looked at; None keeps what the screen below it wanted."""
        return None

    def scrub_to(self, run_id: str, step: int | None) -> None:
        """Hear that the previews of a run are looked at as they were at a step."""

    def is_for_this(self, message: RunChanged) -> bool:
        """Whether a run was drawn for this screen as it is now, rather than for another or before it was resized."""
        wish = self.wish()
        return wish is not None and message.seen.wish == wish.run

    def on_screen_resume(self) -> None:
        self.bench.look_again()

    def key_bar(self) -> KeyBar:
        return KeyBar(self.bench.look, self.keys)

    def too_small(self) -> TooSmall:
        return TooSmall(self.bench.look, id="too-small")

    def on_mount(self) -> None:
        self._sort_by_size(*self.app.size)  # before the first paint, or a screen would show a narrow layout for a moment

    def on_resize(self, event: Resize) -> None:
        if event.size != self.app.size:  # a newer one follows. Textual 8.2 echoes each: two that wait at once would echo for ever
            event.prevent_default()
            return
        if event.size == self._fitted:  # there and back again in less time than Textual 8.2 waits: it would paint nothing
            self.refresh(layout=True)
        self._fitted = event.size
        columns, rows = event.size
        self._sort_by_size(columns, rows)
        self.fit_to(columns, rows)
        self.call_after_refresh(self.tell_wish)

    def _sort_by_size(self, columns: int, rows: int) -> None:
        """Classes for the stylesheets, which know no sizes."""
        self.set_class(columns < LEAST[0] or rows < LEAST[1], "-too-small")
        self.set_class(columns < 64, "-narrow")
        self.set_class(rows < 20, "-short")
        self.set_class(rows < 16, "-low")
        self.set_class(columns >= 100, "-wide")
        self.set_class(rows >= 34, "-tall")
        self.set_class(columns >= 160 and rows >= 34, "-broad")

    def fit_to(self, columns: int, rows: int) -> None:
        """Fit what the stylesheet cannot to the size."""

    def tell_wish(self) -> None:
        """Say what to look at, once sizes are known; again where the answer is to another wish: a size may have changed untold."""
        if self.is_current:
            self.bench.look_again()

    def offered(self) -> list[Binding]:
        """The keys that do something now."""
        return [binding for binding in self.keys if self.check_action(binding.action.partition("(")[0], ()) is not False]

    @property
    def asking(self) -> Foot | None:
        """The line that is typed into."""
        return next((foot for foot in self.query(Foot) if foot.is_asking), None)

    def bar_keys(self) -> list[Binding]:
        """What the key bar shows: the keys that do something now, or those of a line to type into."""
        foot = self.asking
        return typing_keys("take", several=foot.asks_several) if foot else self.offered()

    def show_keys(self) -> None:
        for bar in self.query(KeyBar):
            bar.offer(self.bar_keys())

    def on_foot_asks(self) -> None:
        self.show_keys()

    def on_foot_done(self, message: Foot.Done) -> None:
        self.show_keys()

    def key_for(self, key: str) -> str:
        """How the key is printed that does here what `key` does by itself: the user may have chosen another."""
        return next((shown_key(self.bench.own(binding)) for binding in _table(self) if key in binding.key.split(",")), key)

    def confirm(self, key: str, subject: str, question: str) -> bool:
        """Whether the key was pressed a second time for the same thing; the first time asks."""
        if self._armed == (key, subject):
            self._disarm()
            return True
        self.say(question)
        self._armed = (key, subject)
        return False

    def say(self, text: str = "", ink: str = "warning") -> None:
        for foot in self.query(Foot):
            foot.say(text, ink)

    def on_key(self, event: Key) -> None:
        """What was said goes with the next key, which may have something newer to say."""
        self.was_used = True
        if self.has_class("-too-small") and not self._leaves(event.key):  # nobody sees what it would do
            event.stop()
            event.prevent_default()
            return
        if self._armed is None:
            self.say()
        elif not self._is_again(event.key):
            self._disarm()
            if event.key == "escape":
                event.stop()
                event.prevent_default()

    def _leaves(self, key: str) -> bool:
        return any(self.bench.own(binding).key == key for binding in _table(self) if binding.action == "leave")

    def _is_again(self, key: str) -> bool:
        """Whether a key is the one that the question waits for, also where the user has chosen another."""
        assert self._armed is not None
        own = [self.bench.own(binding).key for binding in _table(self) if binding.key == self._armed[0]]
        return key in (own or [self._armed[0]])

    def action_help(self) -> None:
        """All keys of this screen, with what they do."""
        self.bench.open_help(self.keys)

    def action_leave(self) -> None:
        self.bench.leave()

    def action_back(self) -> None:
        self.bench.pop_screen()

    def _disarm(self) -> None:
        self._armed = None
        self.say()


def _table(screen: WorkScreen) -> list[Binding]:
    return [binding for binding in type(screen).BINDINGS if isinstance(binding, Binding)]


def typing_keys(enter: str, *, several: bool = False) -> list[Binding]:
    """The keys of a line that is typed into."""
    keys = [Binding("enter", "", enter), Binding("escape", "", "leave as it was")]
    return [*keys, Binding("tab", "", "next"), Binding("shift+tab", "", "before")] if several else keys


class WindowScreen(WorkScreen):
    """A screen that looks at a part of its x axis, which the same keys make smaller, larger and whole."""

    _window: Window

    def action_closer(self) -> None:
        self._window.closer()
        self.tell_wish()

    def action_farther(self) -> None:
        self._window.farther()
        self.tell_wish()

    def action_whole(self) -> None:
        self._window.whole()
        self.tell_wish()
