"""What it takes to start a run once more: the settings that it was asked for, for `--from` and for the form."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.runs.folder import RunRecord, Value
from workbench.runs.lineage import NOT_INHERITED, inherited
from workbench.runs.reading.feed import Feed
from workbench.units import grouped


def repeated(feed: Feed) -> RunRecord:
    """How a run was asked for, with the number of threads that it measured for itself: the count changes rounding."""
    return feed.record.model_copy(update={"settings": inherited(feed.record.settings, feed.state)})


def differences(feed: Feed, settings: Mapping[str, Value]) -> dict[str, tuple[Value, Value, str]]:
    """How other settings differ from those that a run has now: name -> (there, here, when it was changed there).

    What was set while it trained, or when it was resumed, is not inherited, and so is a difference.
    """
    state = feed.state
    there = inherited({**feed.record.settings, **state.amended, **state.settings_now}, state)
    since = dict.fromkeys(state.amended, "since it was resumed")
    for change in state.interventions:
        name = change.text.removeprefix("set ").partition(" ")[0]
        if change.kind == "set" and name in state.settings_now:
            since[name] = f"since step {grouped(change.step)}"
    return {
        name: (there.get(name), here, since.get(name, ""))
        for name, here in settings.items()
        if there.get(name) != here and name not in NOT_INHERITED
    }
