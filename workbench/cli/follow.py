"""Following a run in plain lines, on a terminal as in a pipe, and what Ctrl-C means meanwhile."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType

from workbench.cli import asking, output
from workbench.errors import ExitCode
from workbench.launching.awaiting import await_leaving, await_start
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed
from workbench.views.run.progress import Progress, summary

_POLL_SECONDS = 0.1
_STATUS_SECONDS = 0.5


def follow(folder: RunFolder, *, after: int = 0, as_json: bool = False) -> int:
    """Follow an attempt from its start to its end; returns the run's exit code, or 130 when it was left training.

    Args:
        after: how many attempts there were before it; they are read in silence.

    Raises:
        WorkbenchError: the worker refused or failed before its first step.
    """
    progress = Progress(output.say if as_json else output.emit, attempt=after + 1)
    watch = _Watch(folder, after)
    with watch:
        feed = watch.until_started(progress)
        code = ExitCode.INTERRUPTED if feed is None else watch.until_ended(feed, progress)
    if feed is None or code == ExitCode.INTERRUPTED:
        output.say(f"{folder.id} {'stays queued' if watch.is_queued else 'trains on'}: workbench attach {folder.id}")
        return int(ExitCode.INTERRUPTED)
    progress.finish()
    feed.read_all()
    tell_end(feed, as_json=as_json)
    await_leaving(folder)
    return asking.failed(feed)


def tell_end(feed: Feed, *, as_json: bool) -> None:
    """Print a run's end: the summary or its JSON, then what to do next."""
    if as_json:
        from workbench.runs.report import report

        output.emit_json(report(feed))
    else:
        for text in summary(feed):
            output.emit(text)
    run_id, ended = feed.folder.id, feed.state.ended
    if asking.failed(feed):
        hint = " ".join(filter(None, [ended.advice if ended else "", f"try: {ended.command}" if ended and ended.command else ""]))
        output.say(f"error: {run_id} {feed.status.state}: {feed.status.reason}\n\nhint: {hint or f'workbench resume {run_id}'}")
    elif feed.status.state == "stopped":
        output.say(f"next: workbench show {run_id}    workbench resume {run_id}")
    else:
        output.say(f"next: workbench show {run_id}    workbench export {run_id} --to csv")


def detach(folder: RunFolder, *, after: int = 0, as_json: bool = False) -> int:
    """Wait until an attempt has made its first step or is queued, then print the run's id, or its JSON, and nothing else.

    Raises:
        WorkbenchError: the worker refused or failed before that.
    """
    feed = await_start(folder, after=after, or_queued=True)
    if feed.status.state == "queued":
        output.say(_queued(feed))
    if as_json:
        from workbench.runs.report import report

        output.emit_json(report(feed))
    else:
        output.emit(folder.id)
    return int(ExitCode.DONE)


def _queued(feed: Feed) -> str:
    run_id = feed.folder.id
    where = feed.status.reason or "it waits for its turn"
    return (
        f"{run_id} is queued: {where}; it starts by itself\n"
        f"`workbench resume {run_id} --now` starts it beside (`train --now` at once), `workbench stop {run_id}` takes it out"
    )


class _Watch:
    """Looks on while a run trains. With a terminal Ctrl-C asks what to do; without one INT and TERM stop the run."""

    def __init__(self, folder: RunFolder, after: int) -> None:
        self._folder = folder
        self._after = after
        self._stopping = False
        self._queued = False  # whether it was said that it is
        self._before: dict[signal.Signals, signal._HANDLER] = {}

    def __enter__(self) -> None:
        if output.is_answered():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:  # a shell's background job ignores INT, and shall
                self._before[number] = signal.signal(number, self._stop)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def is_queued(self) -> bool:
        return Feed(self._folder, brief=True).read_all().status.state == "queued"

    def until_started(self, progress: Progress) -> Feed | None:
        """The run when it has made a step or has ended; None when it was left."""
        while True:
            try:
                feed = await_start(self._folder, after=self._after, watch=progress.show, or_queued=not self._queued)
                if feed.status.state != "queued":
                    return feed
                self._queued = True
                progress.begin_again()
                output.say(_queued(feed))
            except KeyboardInterrupt:
                if not self._goes_on():
                    return None
                progress.begin_again()

    def until_ended(self, feed: Feed, progress: Progress) -> ExitCode:
        """DONE when the run has ended, INTERRUPTED when it was left."""
        while True:
            try:
                for _ in _polls(feed, progress):
                    if not feed.status.is_live and not feed.behind:
                        return ExitCode.DONE
            except KeyboardInterrupt:
                if not self._goes_on():
                    return ExitCode.INTERRUPTED

    def _goes_on(self) -> bool:
        """Ask whether to leave the run training; False when it is left. A second Ctrl-C stops it, a third one leaves."""
        if self._stopping:
            return False
        run_id = self._folder.id
        try:
            queued = self.is_queued
            state, leave, stop = ("queued", "queued", "take it out") if queued else ("training", "training", "stop it")
            question = f"\n{run_id} is {state}. Leave it {leave} (Enter), {stop} (s, or Ctrl-C again), or go on watching (w)? "
            print(question, end="", file=sys.stderr, flush=True)
            answer = sys.stdin.readline().strip().lower()
        except KeyboardInterrupt:
            output.say()
            queued, answer = False, "s"
        if answer.startswith("w"):
            return True
        if not answer.startswith("s"):
            return False
        self._stop()
        output.say(f"taking {run_id} out of the queue" if queued else f"stopping {run_id} after this step, with a checkpoint")
        return True

    def _stop(self, number: int = 0, _frame: FrameType | None = None) -> None:
        if not self._stopping:
            self._stopping = True
            name = f" ({signal.Signals(number).name})" if number else ""
            control.ask(self._folder, "stop", by=control.who() + name)


def _polls(feed: Feed, progress: Progress) -> Iterator[None]:
    """Show what is new, again and again; the run's status is looked at now and then."""
    looked = 0.0
    while True:
        for event in feed.poll():
            progress.show(event)
        now = time.monotonic()
        if now - looked > _STATUS_SECONDS or feed.state.ended:
            looked = now
            feed.refresh()
            if not feed.status.is_live:  # what it wrote between the poll and the look
                for event in feed.poll():
                    progress.show(event)
        yield
        time.sleep(_POLL_SECONDS)
