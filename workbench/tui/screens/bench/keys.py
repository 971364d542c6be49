"""The keys of Bench: their table, which of them do something now, and which the key bar shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.binding import Binding

from workbench.tui.screens.base import FAR

if TYPE_CHECKING:
    from workbench.tui.screens.bench.screen import Bench

_LATER = ("bench.start", "bench.queue", "bench.up")  # in the key bar, while the list of runs has the keys

KEYS = [
    Binding("s", "start", "start", id="bench.start", tooltip="start a run with these settings and watch it"),
    Binding("Q", "queue", "queue", id="bench.queue", tooltip="start it once the device is free, behind those that wait"),
    Binding("up", "move(-1)", "move", key_display="arrows", id="bench.up", tooltip="move; left and right change a setting"),
    Binding("down", "move(1)", "move down", show=False, id="bench.down", tooltip="move down"),
    Binding("left", "step(-1)", "smaller", show=False, id="bench.smaller", tooltip="the next smaller value, or the choice before"),
    Binding("right", "step(1)", "larger", show=False, id="bench.larger", tooltip="the next larger value, or the choice after"),
    Binding("pageup", "page(-1)", "page up", show=False, id="bench.pageup", tooltip="a page up"),
    Binding("pagedown", "page(1)", "page down", show=False, id="bench.pagedown", tooltip="a page down"),
    Binding("home", f"move(-{FAR})", "first line", show=False, id="bench.home", tooltip="the first line"),
    Binding("end", f"move({FAR})", "last line", show=False, id="bench.end", tooltip="the last line"),
    Binding("enter", "choose", "settings", id="bench.choose", tooltip="on to the settings of the recipe under the cursor"),
    Binding("enter", "open", "watch", id="bench.open", tooltip="watch the run under the cursor"),
    Binding("enter", "type", "type", id="bench.type", tooltip="type a value; a digit begins at once"),
    Binding("a", "all", "all", id="bench.all", tooltip="all settings in groups, or the basic ones"),
    Binding("backspace", "reset", "reset", key_display="bksp", id="bench.reset", tooltip="the preset's value again"),
    Binding("p", "pause", "pause", id="bench.pause", tooltip="pause the run under the cursor, or all marked"),
    Binding("p", "go_on", "go on", id="bench.go_on", tooltip="let the paused run under the cursor go on, or all marked"),
    Binding("x", "stop", "stop", id="bench.stop", tooltip="stop the run under the cursor, or all marked: it saves and ends"),
    Binding("r", "resume", "resume", id="bench.resume", tooltip="another attempt at the ended run under the cursor"),
    Binding("w", "save", "save", id="bench.save", tooltip="write a checkpoint of the run under the cursor, or of all marked, now"),
    Binding("d", "delete", "delete", id="bench.delete", tooltip="move the ended run under the cursor, or all marked, to the trash"),
    Binding("space", "mark", "mark", id="bench.mark", tooltip="mark the run under the cursor: keys are about all marked runs then"),
    Binding("tab", "pane(1)", "pane", id="bench.pane", tooltip="the next pane: recipes, settings, runs"),
    Binding("shift+tab", "pane(-1)", "pane before", show=False, id="bench.pane_before", tooltip="the pane before"),
    Binding("slash", "find", "find", id="bench.find", tooltip="find in the pane that has the cursor"),
    Binding("C", "beside", "compare", id="bench.beside", tooltip="compare the marked runs, or those that were found"),
    Binding("i", "notes", "notes", id="bench.notes", tooltip="what the recipe is, its equations, what to watch"),
    Binding("n", "label", "name", id="bench.label", tooltip="name a run; tab: its tags, its note; tag all marked"),
    Binding("U", "use", "use", id="bench.use", tooltip="use what the run under the cursor has learnt: draw, type, walk"),
    Binding("b", "batch", "batch", id="bench.batch", tooltip="a batch as the model sees it"),
    Binding("m", "model", "model", id="bench.model", tooltip="the layers with shapes and parameters"),
    Binding("D", "compare", "differences", show=False, id="bench.compare", tooltip="what differs from the preset and another run"),
    Binding("W", "write", "write", show=False, id="bench.write", tooltip="write the settings to a TOML file, for train --config"),
    Binding("L", "load", "load", show=False, id="bench.load", tooltip="load settings from a TOML file"),
    Binding("u", "restore", "undo", show=False, id="bench.restore", tooltip="bring back what was deleted last"),
    Binding("P", "pin", "pin", show=False, id="bench.pin", tooltip="pin the run under the cursor, or all marked, to the top"),
    Binding("S", "sweeps", "sweeps", show=False, id="bench.sweeps", tooltip="the sweeps: how far each is, its best run; stop, resume"),
    Binding("o", "order", "order", show=False, id="bench.order", tooltip="the next order of runs: age, best, name, state, step, time"),
    Binding("f", "take", "from", show=False, id="bench.take", tooltip="begin with the settings of another run"),
    Binding(
        "T", "find_rate", "find lr", show=False, id="bench.find_rate", tooltip="look for a learning rate: a short test of rising rates"
    ),
    Binding("F", "fork", "fork", show=False, id="bench.fork", tooltip="go on from a run's newest checkpoint, as a run of its own"),
    Binding("R", "reset_all", "reset all", show=False, id="bench.reset_all", tooltip="all settings as the preset has them; then back"),
    Binding("escape", "clear", "all lines", show=False, id="bench.clear", tooltip="all lines again after a find, no run marked"),
    Binding("question_mark", "help", "help", id="bench.help", tooltip="all keys of this screen"),
    Binding("q", "leave", "leave", id="bench.leave", tooltip="leave; runs go on training"),
]


def does_something(action: str, bench: Bench) -> bool:
    """Whether a key does something now, which depends on the pane and on the run under its cursor."""
    run, has_form = bench.run_here, bench.form is not None
    among_runs, in_form = bench.focused is bench.runs, bench.focused is bench.settings
    here = {
        "choose": bench.focused is bench.recipes,
        "delete": bool(bench.ended),
        "stop": bool(bench.live),
        "pause": bool(bench.training),
        "go_on": bool(bench.paused) and not bench.training,
        "save": bool(bench.saving),
        "resume": run is not None and not run.is_live and run.has_recipe and not bench.runs.marked,
        **dict.fromkeys(("open", "mark", "label", "pin"), run is not None),
        **dict.fromkeys(("use", "fork"), run is not None and run.has_recipe),
        **dict.fromkeys(("queue", "compare", "write", "load", "reset_all", "take"), has_form),
        "order": among_runs,
        "beside": among_runs and bench.runs.count > 1,
        "clear": bool(getattr(bench.pane, "word", "") or bench.runs.marked),
        **dict.fromkeys(("type", "all", "step"), in_form),
        "reset": in_form and bench.settings.is_changed_here,
    }
    return here.get(action, True)


def in_bar(keys: Iterable[Binding], bench: Bench) -> list[Binding]:
    """Of the keys that do something those to show, in their order: among the runs, the keys of runs come first."""
    if bench.focused is bench.runs and not bench.foot.is_asking:
        return sorted(keys, key=lambda binding: binding.id in _LATER)
    queues = any(run.is_live for run in bench.runs.all or ())
    return [binding for binding in keys if binding.id != "bench.queue" or queues]
