"""What it takes to start a run once more: the settings that it was asked for, for `--from` and for the form."""

from __future__ import annotations

from workbench.runs.feed import Feed
from workbench.runs.folder import RunRecord

_NOT_INHERITED = "download"  # allowed for one data set in one run


def repeated(feed: Feed) -> RunRecord:
    """How a run was asked for, with the number of threads that it measured for itself: the count changes rounding."""
    settings = {name: value for name, value in feed.record.settings.items() if name != _NOT_INHERITED}
    if settings.get("threads") is None and isinstance(measured := feed.state.tuning.get("threads"), int):
        settings["threads"] = measured
    return feed.record.model_copy(update={"settings": settings})
