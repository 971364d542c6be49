"""Reports of ended runs, kept in the user's cache: a list of a thousand runs is then read from one file.

What is kept counts only while the run's folder, its log and its checkpoints have the times and sizes that they had.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workbench.errors import WorkbenchError
from workbench.paths import cache_folder
from workbench.runs.files import replace_file
from workbench.runs.listing import filtering
from workbench.runs.listing.filtering import Facts
from workbench.runs.reading.feed import Feed
from workbench.runs.report import report, strict_json
from workbench.runs.store import Store

_FORMAT = "reports 3"  # to be raised with whatever changes in a report
_SETTLED_SECONDS = 2.0  # younger changes may share their time with the next one, on file systems of any make
_TABS = 5  # in a line of the file
_AGE = "news_age_seconds"  # the one thing in the report of an ended run that does not stand still


@dataclass(frozen=True)
class CachedReport:
    """One run of a list.

    Attributes:
        body: its report as JSON, but for the age of its news.
        about: its facts as JSON, for filters and orders.
    """

    id: str
    pin: bool
    news_at: float
    about: str
    body: str

    @property
    def facts(self) -> Facts:
        found = json.loads(self.about)
        return Facts(found["texts"], found["values"])

    def text(self, now: float) -> str:
        """Its report as JSON."""
        age = json.dumps(round(max(0.0, now - self.news_at), 3) if self.news_at else None)
        return f'{self.body[:-1]}, "{_AGE}": {age}}}'


def reports(store: Store) -> Iterator[CachedReport]:
    """Every run, newest first, read anew only where something has changed since the last time."""
    place = cache_folder() / "reports" / hashlib.sha256(os.fsencode(store.root)).hexdigest()[:24]
    kept = dict(_read(place))
    lines: list[str] = []
    is_new = False
    oldest = time.time() - _SETTLED_SECONDS
    for run_id in reversed(store.ids()):
        stamp, changed_at = _stamp(f"{store.root}/{run_id}")
        known = kept.pop(run_id, None)
        if known and known[0] == stamp:
            lines.append(known[1])
            yield _parsed(known[1])
            continue
        feed = Feed(store.folder(run_id), brief=True).read_all()
        found = _cached(feed)
        if not feed.status.is_live and feed.status.state != "unknown" and changed_at < oldest:
            lines.append(_line(found, stamp))
            is_new = True
        yield found
    if is_new or kept:
        with contextlib.suppress(OSError, WorkbenchError):  # a cache that cannot be written costs time, nothing else
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(place, "\n".join([_FORMAT, *lines, ""]).encode(), durable=False)


def _cached(feed: Feed) -> CachedReport:
    body = report(feed)
    del body[_AGE]
    known = filtering.facts(feed)
    about: dict[str, Any] = {"texts": dict(known.texts), "values": dict(known.values)}
    return CachedReport(feed.folder.id, feed.labels.pin, feed.state.news_at, strict_json(about), strict_json(body))


def _read(place: os.PathLike[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """id -> its stamp and its line; nothing from a file that is missing, damaged, or of another version."""
    try:
        with open(place, encoding="ascii") as file:
            lines = file.read().split("\n")
    except (OSError, UnicodeDecodeError):
        return
    if lines[0] != _FORMAT or lines[-1]:
        return
    for line in lines[1:-1]:
        if line.count("\t") == _TABS:
            run_id, stamp, _ = line.split("\t", 2)
            yield run_id, (stamp, line)


def _line(found: CachedReport, stamp: str) -> str:
    return "\t".join([found.id, stamp, "pin" if found.pin else "", repr(found.news_at), found.about, found.body])


def _parsed(line: str) -> CachedReport:
    run_id, _, pin, news_at, about, body = line.split("\t")
    return CachedReport(run_id, bool(pin), float(news_at), about, body)


def _stamp(folder: str) -> tuple[str, float]:
    """Times and sizes of all that a report is made from, and the newest of the times."""
    parts, newest = [], 0
    for path in (folder, f"{folder}/events.jsonl", f"{folder}/checkpoints"):  # labels and summaries are renamed into the folder
        try:
            status = os.stat(path)
        except OSError:
            parts.append("-")
            continue
        parts.append(f"{status.st_mtime_ns}.{status.st_size}.{status.st_ino}")
        newest = max(newest, status.st_mtime_ns)
    return " ".join(parts), newest / 1e9
