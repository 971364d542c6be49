"""What it takes to start a run once more: the settings that it was asked for, for `--from` and for the form."""

from __future__ import annotations

from workbench.runs.feed import Feed
from workbench.runs.folder import RunRecord
from workbench.runs.lineage import inherited


def repeated(feed: Feed) -> RunRecord:
    """How a run was asked for, with the number of threads that it measured for itself: the count changes rounding."""
    return feed.record.model_copy(update={"settings": inherited(feed.record.settings, feed.state)})
