import json
import math

import pytest

from tests.builders import build_run, finished_run
from tests.training_runs import logged
from workbench.cli import app
from workbench.errors import WorkbenchError
from workbench.exporting import table
from workbench.importing import keep as keeping
from workbench.importing.foreign import Foreign, Point
from workbench.launching.launch import resume
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store


def foreign(**series):
    return Foreign("theirs", "there/", {"lr": 0.1}, {key: [Point(*point) for point in points] for key, points in series.items()})


def test_a_foreign_run_is_a_finished_one_with_its_steps_times_and_settings(tmp_path):
    run = foreign(loss=[(1, 100.0, 2.0), (2, 110.0, math.nan)], val_loss=[(2, 111.0, 3.0)])
    folder = keeping.keep(Store(tmp_path), run, goals={"val_loss": "min"}, tags=("a",))
    feed = open_run(folder)
    assert (feed.status.state, feed.record.recipe, feed.record.source) == ("finished", "imported", "import")
    assert (feed.labels.name, feed.labels.tags, feed.record.settings) == ("theirs", ("a",), {"lr": 0.1})
    assert feed.state.declared["loss"]["chart"] == feed.state.declared["val_loss"]["chart"] == "loss"
    assert feed.state.summaries["val_loss"].best("min") == (3.0, 2)
    assert feed.state.summaries["loss"].nonfinite == 1
    assert feed.state.clock.read(feed.state.news_at) == 10.0
    assert "imported from there/" in feed.status.reason


def test_several_numbers_at_one_step_all_count(tmp_path):
    folder = keeping.keep(Store(tmp_path), foreign(loss=[(0, None, 1.0), (0, None, 2.0), (0, None, 3.0)]), goals={})
    assert open_run(folder).state.summaries["loss"].count == 3


def test_our_own_table_comes_back_number_for_number(tmp_path):
    ours = build_run(tmp_path / "ours", finished_run(300))
    path = tmp_path / "ours.csv"
    path.write_text("".join(table.as_csv(ours)))
    (run,) = keeping.read(path)
    folder = keeping.keep(Store(tmp_path / "theirs"), run, goals={})
    for key in ("train/loss", "validation/accuracy"):
        assert logged(folder, key) == {row.step: row.values[key] for row in table.rows(ours) if key in row.values}


def test_an_unknown_goal_leaves_nothing_and_an_imported_run_is_not_resumed(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(WorkbenchError, match="has no metric `x`"):
        keeping.keep(store, foreign(loss=[(1, None, 1.0)]), goals={"x": "min"})
    assert store.ids() == []
    folder = keeping.keep(store, foreign(loss=[(1, None, 1.0)]), goals={})
    with pytest.raises(WorkbenchError, match="was imported"):
        resume(folder)


def test_the_command_brings_tables_in_and_refuses_rubbish_whole(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    (tmp_path / "good.csv").write_text("step,val-acc\n1,0.5\n2,0.7\n")
    (tmp_path / "bad.csv").write_text("step,loss\n1,x\n")
    assert app.run(["import", str(tmp_path / "good.csv"), str(tmp_path / "bad.csv")]) == 2
    assert "bad.csv, line 2: `x` in column loss is no number" in capsys.readouterr().err
    assert Store(tmp_path / "runs").ids() == []
    assert app.run(["import", str(tmp_path / "good.csv"), "--goal", "val-acc=max", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"id": "imported-1", "name": "good", "origin": str(tmp_path / "good.csv"), "notes": []}]
    assert app.run(["import", str(tmp_path / "good.csv")]) == 0
    assert "imported-1 came from there, too" in capsys.readouterr().err
    assert app.run(["import", str(tmp_path / "good.csv"), "--goal", "val-acc"]) == 2
    assert app.run(["import", str(tmp_path / "none.csv")]) == 3
