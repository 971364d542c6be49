"""Looking at runs on disk and drawing them, for the polling thread: everything here may wait for a disk, nothing touches a widget."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.charts.rows import Rows, Span
from workbench.diagnosis.finding import Finding
from workbench.events.types import Event, Measured
from workbench.runs import lineage
from workbench.runs.folder import Value
from workbench.runs.listing import filtering
from workbench.runs.reading.feed import Feed
from workbench.runs.repeating import repeated
from workbench.runs.store import Store
from workbench.tui.messages import Listed, RunSeen, RunWish, SlotSeen
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import card
from workbench.units import age
from workbench.views import previews, table
from workbench.views.plots import axes, chart, readout
from workbench.views.plots.view import LimitsMemory, View
from workbench.views.run import board, health, log, slots, status_lines
from workbench.views.run.notice import notice

_MOST_RUNS = 500
_MOST_PREVIEWS = 32  # drawings kept
_NARROW, _ROOMY = 60, 100  # cells of a status line that has room for a key, and for words
_MINUTE = 60.0
_MOST_FIND = 12  # letters of what is looked for, in the status
_JUDGING_SECONDS = 1.0  # between two diagnoses
_KEY_CELLS = 4  # at the end of the line of the diagnosis
_READING_SECONDS = 0.1  # of one look: a long log shows as it is read


@dataclass
class RunLook:
    """Follows one run and draws it; `look` returns None while nothing that is shown has changed."""

    feed: Feed
    look_at: Look
    first: Sequence[str] = ()  # charts and previews that the user wants to see first
    memory: LimitsMemory = field(default_factory=LimitsMemory)
    _drawn_for: object = None
    _previews: dict[object, Rows] = field(default_factory=dict)
    _now: float = 0.0
    _findings: list[Finding] = field(default_factory=list)
    _judged_at: float = -_JUDGING_SECONDS - 1

    def look(self, wish: RunWish, now: float) -> RunSeen | None:
        """The run as it is now, drawn as wished."""
        fresh = self.feed.poll(_READING_SECONDS)
        status = self.feed.refresh(now)
        running = status.state == "running"
        state = self.feed.state
        # A clock that stands still does not repaint: beyond news, a quiet run changes with its age in words, others by the minute.
        ends = not status.is_live and now - state.news_at < _MINUTE
        moment = age(now - state.news_at) if running or ends else str(int(now // _MINUTE))
        key = (wish, status, moment, self.feed.labels)
        if key == self._drawn_for and not any(_shows(event) for event in fresh):
            return None
        self._drawn_for = key
        return self._draw(wish, now if running or ends or now - state.news_at > _MINUTE else state.news_at)

    def forget(self) -> None:
        """Draw at the next look in any case."""
        self._drawn_for = None

    @property
    def behind(self) -> bool:
        return self.feed.behind

    def _draw(self, wish: RunWish, now: float) -> RunSeen:
        feed, state, status = self.feed, self.feed.state, self.feed.status
        ascii_only = self.look_at.ascii_only
        width, height, back = wish.log
        self._now = now
        found = self._found(wish)
        kept = log.matching(state, wish.log_find)
        return RunSeen(
            wish=wish,
            id=feed.folder.id,
            recipe=feed.record.recipe,
            state=status.state,
            is_live=status.is_live,
            step=state.step,
            phase=status.reason if status.place else state.phase,
            news=status_lines.news(feed, now),
            status=status_lines.lines(feed, wish.width, ascii_only=ascii_only, now=now, right=_in_sight(wish, len(found))),
            slots=tuple(self._slot(slot, box, wish) for slot, box in zip(self._chosen(wish, found), wish.boxes, strict=False)),
            log=log.rows(kept, width, min(height, max(0, len(kept) - back)), ascii_only=ascii_only, back=back),
            log_lines=len(kept),
            headline=self._headline(wish.width),
            notice=notice(feed, now, is_sick=any(finding.severity == "error" for finding in self._findings)),
            health=tuple(health.spans(self._findings, step=state.step)),
            settings={**feed.record.settings, **state.amended, **state.settings_now},
            layers=tuple(state.layers),
            answers=dict(state.answers),
            names=tuple(slot.name for slot in found),
            preset=feed.record.preset,
            checkpoints=self._checkpoints(),
            has_recipe=feed.record.source == "recipe",
        )

    def _checkpoints(self) -> dict[int, dict[str, Value]]:
        """At which steps the run can be forked, and the settings that a fork begins with there."""
        record, state = self.feed.record, self.feed.state
        settings = {**record.settings, **state.amended}
        found = {int(name.partition("-")[0]): {**settings, **live} for name, live in state.settings_at_checkpoint.items()}
        if record.fork and (self.feed.folder.checkpoints / f"{record.fork.step}-{lineage.ROOT_ATTEMPT}").is_dir():
            found.setdefault(record.fork.step, dict(record.settings))
        return {step: lineage.inherited(found[step], state) for step in sorted(found)}

    def _headline(self, width: int) -> tuple[str, str]:
        """The diagnosis in a line; it is made anew once a second, since it looks at every metric."""
        if time.monotonic() - self._judged_at > _JUDGING_SECONDS:
            self._judged_at, self._findings = time.monotonic(), health.findings(self.feed, now=self._now)
        found = health.beyond(self._findings, self.feed.state)
        if self._findings and not found:
            return "", ""
        return health.headline(found, step=self.feed.state.step, width=width - _KEY_CELLS), health.ink(found[0]) if found else "muted"

    def _found(self, wish: RunWish) -> list[slots.Slot]:
        """All charts and previews that were asked for: the recipe's first, the previews turned by as many places as wished."""
        found = slots.every(self.feed, self.first)
        places = [index for index, slot in enumerate(found) if slot.kind == "preview"]
        shown = [found[index] for index in places]
        for index, place in enumerate(places):
            found[place] = shown[(index + wish.turn) % len(shown)]
        return board.matching(found, wish.find)

    def _chosen(self, wish: RunWish, found: list[slots.Slot]) -> list[slots.Slot]:
        return [board.narrowed(slots.slot(self.feed, wish.only), wish.find)] if wish.only else found[wish.first :]

    def _slot(self, slot: slots.Slot, box: tuple[int, int], wish: RunWish) -> SlotSeen:
        view = self._view(wish)
        try:
            rows = self._rows(slot, box, view)
            about = self._about(slot, view, wish)
        except Exception as error:  # noqa: BLE001 - one broken panel shows a card, the others go on
            rows, about = card(error, *box, self.look_at.ascii_only), {}
        return SlotSeen(slot.name, slot.title, slot.kind, rows, **about)

    def _view(self, wish: RunWish) -> View:
        return (wish.view if wish.only else None) or View(step=wish.step)

    def _about(self, slot: slots.Slot, view: View, wish: RunWish) -> dict[str, Any]:
        """What the keys of a screen go by, and the values at the cursor."""
        if slot.kind == "preview":
            name = slot.name.removeprefix(slots.PREVIEW)
            shown = previews.newest(self.feed.state, name, view.step)
            return {"step": shown.step if shown else None, "steps": previews.steps(self.feed.state, name)}
        style = chart.style_of(slot, view, self.memory)
        about = {"style": style, "metric": chart.remembered_as(slot), "log": chart.is_log(slot, style), "layers": len(slot.metrics)}
        about["axes"] = axes.known(self.feed.state)
        if view.cursor is None:
            return about
        read = readout.rows(self.feed, slot, view, wish.width, wish.reading, ascii_only=self.look_at.ascii_only)
        near = readout.beside(self.feed, slot, round(view.cursor))
        return about | {"reading": tuple(map(tuple, read)), "cursor": view.cursor, "beside": near}

    def _rows(self, slot: slots.Slot, box: tuple[int, int], view: View) -> Rows:
        key = self._unchanging(slot, box, view)
        if key and key in self._previews:
            return self._previews[key]
        look = self.look_at
        rows = slots.draw(
            self.feed, slot.name, *box, ascii_only=look.ascii_only, colours=look.colours, memory=self.memory, view=view, now=self._now,
            metrics=slot.metrics,
        )  # fmt: skip
        if key:
            if len(self._previews) > _MOST_PREVIEWS:
                self._previews.clear()
            self._previews[key] = rows
        return rows

    def _unchanging(self, slot: slots.Slot, box: tuple[int, int], view: View) -> object:
        """All that a drawing of a preview depends on; None for a chart, which is cheaper and changes with every step.

        Of layers, too, there is one drawing a second while a run trains: they cost more than all charts of a board together, and
        a step is a small part of one of their columns.
        """
        if slot.kind == "strip" and self.feed.status.state == "running" and view.cursor is None:
            return slot.name, slot.metrics, box, view, int(self._now)
        if slot.kind != "preview":
            return None
        name = slot.name.removeprefix(slots.PREVIEW)
        shown = previews.newest(self.feed.state, name, view.step)
        if shown is None:
            return None
        return slot.name, shown.file, shown.at, box, view, age(self._now - shown.at), len(previews.steps(self.feed.state, name))


@dataclass
class RunsLook:
    """Keeps the list of runs; `look` returns None while nothing in it has changed."""

    store: Store
    _feeds: dict[str, Feed] = field(default_factory=dict)
    _stamps: dict[str, tuple[float, ...]] = field(default_factory=dict)
    _seen: tuple[Listed, ...] | None = None

    def forget(self) -> None:
        """Tell everything at the next look, to a screen that comes back."""
        self._seen = None

    def look(self, now: float) -> tuple[Listed, ...] | None:
        """The newest runs, newest first."""
        ids = self.store.ids()[-_MOST_RUNS:]
        for gone in self._feeds.keys() - set(ids):
            del self._feeds[gone]
            self._stamps.pop(gone, None)
        feeds = [self._feed(run_id, now) for run_id in reversed(ids)]
        entries = table.entries(feeds, now=now // _MINUTE * _MINUTE)
        seen = tuple(
            Listed(
                entry,
                feed.record.preset,
                {**feed.record.settings, **feed.state.amended, **feed.state.settings_now},
                feed.status.is_live,
                filtering.facts(feed),
                feed.labels,
                repeated(feed).settings,
                feed.record.source == "recipe",
            )
            for entry, feed in zip(entries, feeds, strict=True)
        )
        if seen == self._seen:
            return None
        self._seen = seen
        return seen

    def _feed(self, run_id: str, now: float) -> Feed:
        feed = self._feeds.get(run_id)
        stamp = _stamp(self.store, run_id)
        if feed is None:
            feed = self._feeds[run_id] = Feed(self.store.folder(run_id), brief=True)
            feed.read_all(now)
        elif feed.status.is_live or stamp != self._stamps.get(run_id):
            if not feed.record.created_at:  # its run.json was not there yet
                feed.record = feed.folder.record()
            feed.read_all(now)
        self._stamps[run_id] = stamp
        return feed


def _in_sight(wish: RunWish, count: int) -> Span | None:
    """Which of the charts are on the screen, where not all of them are."""
    has_sizes = any(height > 1 for _, height in wish.boxes)  # not before the first layout
    if wish.only or not has_sizes or (not wish.find and count <= len(wish.boxes)):
        return None
    last = min(count, wish.first + len(wish.boxes))
    where = f"{wish.first + 1}-{last} of {count}" if count else "nothing has it"
    turn = " pgdn" if last < count else " pgup" if wish.first else ""
    if not wish.find:
        return Span(f"charts {where}{turn} " if wish.width >= _ROOMY else f"{where}{turn if wish.width >= _NARROW else ''} ", "muted")
    find = wish.find if len(wish.find) <= _MOST_FIND else wish.find[: _MOST_FIND - 1] + "~"  # the machine has its place there, too
    return Span(f"/{find}: {where}{turn} ", "warning")


def _shows(event: Event) -> bool:
    """Whether an event changes what is drawn; a heartbeat does not."""
    return not isinstance(event, Measured)


def _stamp(store: Store, run_id: str) -> tuple[float, ...]:
    folder = store.folder(run_id)
    times = []
    for path in (folder.events, folder.path / "labels.json", folder.path):
        try:
            status = os.stat(path)
            times += [status.st_mtime, float(status.st_size)]
        except OSError:
            times.append(0.0)
    return tuple(times)
