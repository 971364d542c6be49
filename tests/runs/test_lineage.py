"""Families of runs, in a list and on a chart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import append, build_run, checkpoint, loop, metrics, opening
from workbench.charts.rows import plain
from workbench.errors import WorkbenchError
from workbench.events.types import SettingChanged
from workbench.runs import lineage
from workbench.runs.folder import Fork, RunFolder
from workbench.runs.listing import ordering
from workbench.runs.reading.feed import Feed, open_run
from workbench.runs.repeating import differences
from workbench.views import table
from workbench.views.plots import chart
from workbench.views.plots.view import LimitsMemory, View
from workbench.views.run import slots
from workbench.views.run.status_lines import origin


def family(root: Path) -> list[Feed]:
    """cnn-1 of 100 steps; cnn-2 forked from it at 50, cnn-3 at 80; cnn-4 from cnn-2 at 90. Newest first."""
    values = {"lr": 1e-3, "dropout": 0.1}
    log = [*opening(), loop(), metrics(range(1, 51)), checkpoint(50), metrics(range(51, 81)), checkpoint(80)]
    first = build_run(root, log, "cnn-1", settings=values)
    append(first, [metrics(range(81, 101))])
    for number, parent, step in ((2, "cnn-1", 50), (3, "cnn-1", 80), (4, "cnn-2", 90)):
        log = [*opening(), loop(step), metrics(range(step + 1, 91)), *([checkpoint(90)] if number == 2 else [])]
        fork = Fork(step=step, attempt=1, changed=("lr",))
        build_run(root, log, f"cnn-{number}", parent=parent, fork=fork, settings={**values, "lr": number * 1e-3})
    return [open_run(RunFolder(root / f"cnn-{number}")) for number in (4, 3, 2, 1)]


def test_forks_stand_below_their_parents_as_branches(tmp_path: Path) -> None:
    feeds = family(tmp_path)
    stand = ordering.families(feeds, lambda feed: feed.folder.id, lambda feed: feed.record.parent or "")
    assert [feed.folder.id for feed in stand] == ["cnn-1", "cnn-3", "cnn-2", "cnn-4"]
    drawn = table.branches(table.entries(stand, now=0))
    assert drawn == {"cnn-3": "├ cnn-3 @80", "cnn-2": "└ cnn-2 @50", "cnn-4": "  └ cnn-4 @90"}
    assert table.branches(table.entries(stand, now=0), ascii_only=True)["cnn-2"] == "`-cnn-2 @50"
    assert table.branches(table.entries(feeds, now=0))["cnn-4"] == "cnn-4 <cnn-2", "whose parent stands elsewhere"
    assert all("cnn-4 @90" in "".join(plain(table.rows(stand, width))) for width in (60, 80, 120))


def test_a_circle_of_parents_is_listed_once_each() -> None:
    parents = {"a": "b", "b": "a", "c": ""}
    assert sorted(ordering.families(["a", "b", "c"], lambda run: run, parents.__getitem__)) == ["a", "b", "c"]


def test_the_chart_of_a_fork_has_what_its_ancestors_did_until_then(tmp_path: Path) -> None:
    youngest = family(tmp_path)[0]
    assert [list(past.series["train/loss"].first)[::39] for past in youngest.earlier] == [[51, 90], [1, 40]]
    assert [past.series["train/loss"].last_step for past in youngest.earlier] == [90, 50], "no further than each was left"
    assert origin(youngest) == "forked from cnn-2 at step 90"

    drawn = plain(
        chart.draw(youngest, slots.slot(youngest, "loss"), 60, 12, ascii_only=True, colours=256, memory=LimitsMemory(), view=View())
    )
    dotted = {column for row in drawn[1:-1] for column in range(6, 60) if row[column] == "."}
    assert len(dotted) > 15, "dim, from the first step to the one where it was left"
    assert max(dotted) < drawn[-1].index("f") + 3


def test_a_parent_that_is_gone_or_names_a_path_is_no_ancestor(tmp_path: Path) -> None:
    lost = build_run(tmp_path, [*opening(), loop(50)], "cnn-5", parent="../cnn-1", fork=Fork(step=50))
    gone = build_run(tmp_path, [*opening(), loop(50)], "cnn-6", parent="cnn-77", fork=Fork(step=50))
    assert lineage.ancestry(lost) == lineage.ancestry(gone) == []


def test_settings_at_a_checkpoint_are_those_in_force_there(tmp_path: Path) -> None:
    changes = [SettingChanged(at=1, step=step, name="lr", old=None, new=value, by="ada") for step, value in ((10, 3e-3), (60, 5e-3))]
    log = [*opening(), loop(), changes[0], checkpoint(50), changes[1], checkpoint(80)]
    folder = build_run(tmp_path, log, settings={"lr": 1e-3, "dropout": 0.1, "download": True})
    found = {step: lineage.settings_at(folder, lineage.state_at(folder, step, 1)) for step in (50, 80)}
    assert found == {50: {"lr": 3e-3, "dropout": 0.1}, 80: {"lr": 5e-3, "dropout": 0.1}}
    asked = {"lr": 1e-3, "dropout": 0.2, "download": False}
    assert differences(open_run(folder), asked) == {"lr": (5e-3, 1e-3, "since step 60"), "dropout": (0.1, 0.2, "")}


def test_of_very_many_checkpoints_a_hint_names_the_first_and_the_last(tmp_path: Path) -> None:
    folder = build_run(tmp_path, opening())
    for step in range(10, 1010, 10):
        saved = folder.checkpoints / f"{step}-1"
        saved.mkdir()
        (saved / "state.pt").write_bytes(b"x")
        about = {"step": step, "attempt": 1, "size_bytes": 1, "sha256": "", "finite": True, "metrics": {}}
        (saved / "manifest.json").write_text(json.dumps(about))
    with pytest.raises(WorkbenchError, match="no checkpoint at step 11") as caught:
        lineage.chosen(folder, 11)
    assert "at step 10, 20, 30, 40, 50, 60, 70, 80, ... (84 more) ..., 930, 940," in caught.value.hint
