"""The one thread that reads disk: it looks at what the screens wish for, and sends what has changed as messages."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from workbench.errors import WorkbenchError
from workbench.tui.messages import CompareChanged, RecipesFound, Refused, RunChanged, RunsChanged, SweepsChanged, Wish
from workbench.tui.theme import Look

if TYPE_CHECKING:
    from workbench.recipe import Recipe
    from workbench.runs.store import Store
    from workbench.tui.polling.comparing import CompareLook
    from workbench.tui.polling.looking import RunLook, RunsLook
    from workbench.tui.polling.sweeping import SweepsLook
    from workbench.views.plots.view import ChartStyle

Job = Callable[["Store"], Message | None]
_STARTING_SECONDS = 0.05  # between two looks at a run that has not made a step
_RUNS_SECONDS = 0.5  # between two looks at the list of runs
THIN_SECONDS = 1.0  # between two looks on a slow link
_SLOWLY_SECONDS = 20.0  # for which a link counts as slow that was too slow once


class Poller(threading.Thread):
    """Wakes `1 / seconds` times a second, when the wish changes, and for jobs (requests to workers, deleting)."""

    def __init__(
        self,
        root: Path,
        post: Callable[[Message], object],
        look: Look,
        *,
        seconds: float,
        find: Callable[[], Mapping[str, Recipe]] | None = None,
        clock: Callable[[], float] = time.time,
        behind: Callable[[], bool] = lambda: False,
        first: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(name="poller", daemon=True)
        self.seconds = seconds
        self._root, self._post, self._look, self._clock, self._behind = root, post, look, clock, behind
        self._find = find
        self._first = first or {}
        self._wish = Wish()
        self._jobs: deque[Job] = deque()
        self._wake = threading.Event()
        self._leaving = False
        self._run: RunLook | None = None
        self._runs: RunsLook | None = None
        self._compare: CompareLook | None = None
        self._sweeps: SweepsLook | None = None
        self._runs_at = 0.0
        self._styles: dict[str, ChartStyle] | None = None
        self._is_new = False
        self._slowly_until = 0.0
        self._refused = ""

    def watch(self, wish: Wish) -> None:
        """Look at this from now on."""
        if wish != self._wish:
            self._wish, self._is_new = wish, True
            self._wake.set()

    def do(self, job: Job) -> None:
        """Do something to the disk; what it returns is sent."""
        self._jobs.append(job)
        self._wake.set()

    def remember(self, metric: str, style: ChartStyle) -> None:
        """Draw the charts of a metric so from now on, in every run."""

        def job(store: Store) -> None:
            from workbench.views.plots import remembered

            styles = self._known_styles()
            styles.pop(metric, None)  # so that the newest stand last
            styles[metric] = style
            remembered.save(styles)

        self.do(job)

    def leave(self) -> None:
        self._leaving = True
        self._wake.set()

    def run(self) -> None:
        """The thread. What it needs to read runs (pydantic, recipes) is imported here, behind the first paint."""
        from workbench.runs.store import Store

        store = Store(self._root)
        self._find_recipes()
        while not self._leaving:
            self._wake.clear()
            while self._jobs:
                self._guard("", partial(self._do, self._jobs.popleft(), store))
            if self._behind():
                self._slowly_until = time.monotonic() + _SLOWLY_SECONDS
                self._wake.wait(self.pace)
            elif self._look_round(store):
                self._wake.wait(_STARTING_SECONDS if self._is_starting else self.pace)

    @property
    def pace(self) -> float:
        """Seconds between two looks: more of them for a while after the terminal could not take what there was to show."""
        return max(self.seconds, THIN_SECONDS) if time.monotonic() < self._slowly_until else self.seconds

    @property
    def _is_starting(self) -> bool:
        """Whether somebody waits for the first loss of a run."""
        if self._wish.run is None or self._run is None:
            return False
        return self._run.feed.state.step == 0 and self._run.feed.status.state in ("starting", "running")

    def _look_round(self, store: Store) -> bool:
        """Look once; False when a log has more to read at once."""
        if self._is_new:
            self._is_new, self._runs_at = False, 0.0
            for look in (self._run, self._runs, self._compare, self._sweeps):
                if look is not None:
                    look.forget()
        wish, now = self._wish, self._clock()
        if wish.run is not None:
            self._guard(f"reading {wish.run.id}", lambda: self._look_at_run(store, wish, now))
        if wish.compare is not None:
            self._guard("comparing runs", lambda: self._look_at_comparison(store, wish))
        if wish.sweeps is not None:
            self._guard("reading the sweeps", lambda: self._look_at_sweeps(store, wish))
        if wish.runs and time.monotonic() - self._runs_at >= _RUNS_SECONDS:
            self._runs_at = time.monotonic()
            self._guard("reading the runs", lambda: self._look_at_runs(store, now))
        looked_at = [self._run if wish.run is not None else None, self._compare if wish.compare is not None else None]
        return not any(look is not None and look.behind for look in looked_at)

    def _look_at_comparison(self, store: Store, wish: Wish) -> None:
        from workbench.tui.polling.comparing import CompareLook

        assert wish.compare is not None
        if self._compare is None or self._compare.ids != wish.compare.ids:
            self._compare = CompareLook(store, wish.compare.ids, self._look)
        seen = self._compare.look(wish.compare)
        if seen is not None:
            self._post(CompareChanged(seen))

    def _look_at_sweeps(self, store: Store, wish: Wish) -> None:
        from workbench.tui.polling.sweeping import SweepsLook

        assert wish.sweeps is not None
        if self._sweeps is None:
            self._sweeps = SweepsLook(store, self._look)
        seen = self._sweeps.look(wish.sweeps)
        if seen is not None:
            self._post(SweepsChanged(seen))

    def _look_at_run(self, store: Store, wish: Wish, now: float) -> None:
        from workbench.runs.reading.feed import Feed
        from workbench.tui.polling.looking import RunLook
        from workbench.views.plots.view import LimitsMemory

        assert wish.run is not None
        if self._run is None or self._run.feed.folder.id != wish.run.id:
            feed = Feed(store.folder(wish.run.id))
            first = self._first.get(feed.record.recipe, ())
            self._run = RunLook(feed, self._look, first, LimitsMemory(styles=self._known_styles()))
        seen = self._run.look(wish.run, now)
        if seen is not None:
            self._post(RunChanged(seen))

    def _known_styles(self) -> dict[str, ChartStyle]:
        """How charts are drawn, read once and shared with every drawing."""
        from workbench.views.plots import remembered

        if self._styles is None:
            self._styles = remembered.load()
        return self._styles

    def _look_at_runs(self, store: Store, now: float) -> None:
        from workbench.tui.polling.looking import RunsLook

        if self._runs is None:
            self._runs = RunsLook(store)
        seen = self._runs.look(now)
        if seen is not None:
            self._post(RunsChanged(seen))

    def _find_recipes(self) -> None:
        from workbench.finding import Found, search

        try:
            found = Found(dict(self._find())) if self._find else search()
            self._post(RecipesFound(found.recipes, broken=found.broken))
        except WorkbenchError as error:
            self._post(RecipesFound({}, error))

    def _do(self, job: Job, store: Store) -> None:
        message = job(store)
        if message is not None:
            self._post(message)

    def _guard(self, what: str, look: Callable[[], None]) -> None:
        """Say once what went wrong and go on: a damaged run must not blind the screen to the others."""
        try:
            look()
        except WorkbenchError as error:
            self._refuse(what, error)
        except Exception as error:  # noqa: BLE001 - see above
            self._refuse(what, WorkbenchError(f"{type(error).__name__}: {error}"))

    def _refuse(self, what: str, error: WorkbenchError) -> None:
        text = f"{what}: {error}"
        if text != self._refused or not what:
            self._refused = text
            self._post(Refused(what, error))
