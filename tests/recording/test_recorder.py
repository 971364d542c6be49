import argparse
import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import numpy
import pytest

import workbench
from tests.training_runs import end_of, events_of, logged, wait_for
from workbench.events.types import MetricsDeclared, Noticed
from workbench.recording import charting, recorder
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store
from workbench.session.journal import memory_bytes

ROOT = Path(__file__).parents[2]


def recorded(root: Path) -> RunFolder:
    (folder,) = [Store(root).folder(run_id) for run_id in Store(root).ids()]
    return folder


def script(root: Path, text: str, **about) -> subprocess.CompletedProcess:
    path = root.parent / "mine.py"
    path.write_text(textwrap.dedent(text))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WORKBENCH_RUNS": str(root)}
    return subprocess.run([sys.executable, str(path)], env=environment, capture_output=True, text=True, timeout=60, **about)


def test_a_loop_is_a_run_with_its_name_settings_and_every_number(tmp_path):
    with workbench.record("mine", {"lr": 0.1, "model": {"width": 3}}, steps_total=3, tags=("a",), runs=tmp_path) as run:
        for step in (1, 2, 3):
            run.log(step, {"train/loss": 1 / step, "train/lr": numpy.float32(0.5)})
        run.log(3, {"val/loss": 0.25})
    feed = open_run(recorded(tmp_path))
    assert (feed.status.state, feed.labels.name, feed.labels.tags) == ("finished", "mine", ("a",))
    assert (feed.record.recipe, feed.record.source) == ("script", "script")
    assert feed.record.settings == {"lr": 0.1, "model.width": 3}
    assert (feed.state.step, feed.state.steps_total) == (3, 3)
    assert logged(feed.folder, "train/loss") == {1: 1.0, 2: 0.5, 3: 1 / 3}
    assert logged(feed.folder, "val/loss") == {3: 0.25}


def test_both_splits_of_a_quantity_share_a_chart_and_goals_decide_what_is_best(tmp_path):
    with workbench.record("mine", goals={"val/accuracy": "max"}, runs=tmp_path) as run:
        for step, accuracy in ((1, 0.5), (2, 0.9), (3, 0.7)):
            run.log(step, {"train/loss": 1.0, "val_loss": 2.0, "val/accuracy": accuracy})
    state = open_run(recorded(tmp_path)).state
    assert {state.declared[key]["chart"] for key in ("train/loss", "val_loss")} == {"loss"}
    assert state.slots[0] == "loss"
    assert state.objective == "val/accuracy"
    assert state.summaries["val/accuracy"].best("max") == (0.9, 2)
    assert state.declared["train/loss"]["goal"] == "none"


def test_it_runs_while_it_logs_and_a_stop_reaches_the_loop(tmp_path):
    from workbench.runs import control

    with workbench.record("mine", runs=tmp_path) as run:
        run.log(1, {"loss": 1.0})
        assert not run.should_stop()
        folder = recorded(tmp_path)
        wait_for(lambda: open_run(folder).state.step == 1)
        assert open_run(folder).status.state == "running"
        request = control.ask(folder, "stop", by="ada")
        wait_for(run.should_stop)
    feed = open_run(folder)
    assert (feed.status.state, feed.status.reason) == ("stopped", "stopped by ada")
    assert feed.state.answers[request.id] == (True, "stopped at step 1")


def test_values_that_are_no_numbers_and_steps_that_go_back_are_left_out_and_told(tmp_path):
    with workbench.record("mine", runs=tmp_path) as run:
        run.log(5, {"loss": 1.0, "name": "x", "vector": [1, 2], "none": None})
        run.log(4, {"loss": 2.0, "other": math.nan})
        run.log(-1, {"loss": 2.0})
        run.log("six", {"loss": 2.0})
        run.log(6, None)
        run.log(7, {"loss": 10**400})
    folder = recorded(tmp_path)
    assert logged(folder, "loss") == {5: 1.0, 7: math.inf}
    assert math.isnan(logged(folder, "other")[4])
    said = " ".join(event.message for event in events_of(folder) if isinstance(event, Noticed))
    for words in ("name was no number", "vector was no number", "loss at a step before", "a whole number from 0"):
        assert words in said


def test_numbers_are_those_at_the_call_whatever_becomes_of_their_object(tmp_path):
    total = numpy.zeros(())
    with workbench.record("mine", runs=tmp_path) as run:
        for step in (1, 2, 3):
            total += 1
            run.log(step, {"loss": total})
    assert logged(recorded(tmp_path), "loss") == {1: 1.0, 2: 2.0, 3: 3.0}


def test_a_key_for_everything_is_bounded(tmp_path):
    with workbench.record("mine", runs=tmp_path) as run:
        for step in range(charting.MOST_KEYS + 50):
            run.log(step, {f"{step}/{'x' * 300}": 1.0})
    folder = recorded(tmp_path)
    assert len(open_run(folder).state.declared) == charting.MOST_KEYS
    assert all(len(line) < 100_000 for line in folder.events.read_bytes().splitlines())
    assert [event for event in events_of(folder) if isinstance(event, MetricsDeclared)]


def test_an_error_marks_the_run_failed_with_its_line_and_passes_on(tmp_path):
    def loop():
        with workbench.record("mine", runs=tmp_path) as run:
            run.log(1, {"loss": 1.0})
            raise ZeroDivisionError("division by zero")

    with pytest.raises(ZeroDivisionError):
        loop()
    ended = end_of(recorded(tmp_path))
    assert ended.state == "failed"
    assert ended.reason.startswith("ZeroDivisionError: division by zero (test_recorder.py, line ")
    assert "Traceback" in ended.detail


def test_an_error_inside_a_library_is_placed_where_the_script_called_it(tmp_path):
    script(tmp_path / "runs", "import workbench, json\nwith workbench.record('mine'):\n    json.loads('{')\n")
    assert "(mine.py, line 3)" in end_of(recorded(tmp_path / "runs")).reason


def test_tensors_with_gradients_and_vectors_of_one_are_read_without_a_warning(tmp_path):
    text = """
        import numpy, torch, workbench
        with workbench.record("mine") as run:
            run.log(1, {"loss": torch.ones((), requires_grad=True) * 2, "one": torch.ones(1), "vector": numpy.ones(1)})
            run.log(2, {"two": numpy.ones(2)})
    """
    path = tmp_path / "mine.py"
    path.write_text(textwrap.dedent(text))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WORKBENCH_RUNS": str(tmp_path / "runs")}
    for options in ([], ["-W", "error"]):
        done = subprocess.run([sys.executable, *options, str(path)], env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    for run_id in Store(tmp_path / "runs").ids():
        folder = Store(tmp_path / "runs").folder(run_id)
        assert [logged(folder, key) for key in ("loss", "one", "vector")] == [{1: 2.0}, {1: 1.0}, {1: 1.0}]
        assert "two was no number" in " ".join(event.message for event in events_of(folder) if isinstance(event, Noticed))


@pytest.mark.parametrize(
    ("goals", "said"),
    [({"loss": "biggest"}, "the goal of loss is `biggest`, expected min, max, none"), ("loss", "goals is `'loss'`, expected a mapping")],
)
def test_goals_that_are_none_are_told_and_the_run_is_recorded(tmp_path, capsys, goals, said):
    with workbench.record("mine", goals=goals, runs=tmp_path) as run:
        run.log(1, {"loss": 1.0})
    folder = recorded(tmp_path)
    assert said in capsys.readouterr().err
    assert said in " ".join(event.message for event in events_of(folder) if isinstance(event, Noticed))
    assert logged(folder, "loss") == {1: 1.0}
    assert open_run(folder).state.objective == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tags": 5}, "tags is `5`, expected texts"),
        ({"steps_total": "many"}, "steps_total is `many`, expected a whole number from 0"),
        ({"steps_total": -5}, "steps_total is `-5`"),
        ({"steps_total": math.nan}, "steps_total is `nan`"),
        ({"steps_per_epoch": 2.5}, "steps_per_epoch is `2.5`"),
        ({"goals": numpy.zeros(2)}, "goals is `array([0., 0.])`, expected a mapping"),
    ],
)
def test_what_makes_no_sense_is_told_and_the_run_is_recorded(tmp_path, capsys, given, said):
    with workbench.record("mine", runs=tmp_path, **given) as run:
        run.log(1, {"loss": 1.0})
    folder = recorded(tmp_path)
    assert said in capsys.readouterr().err
    assert logged(folder, "loss") == {1: 1.0}
    assert (open_run(folder).state.steps_total, open_run(folder).labels.tags) == (None, ())


def test_a_run_that_nobody_can_log_to_any_more_is_over(tmp_path):
    for _ in range(2):  # as a cell of a notebook that is run again
        run = workbench.record("mine", runs=tmp_path)
        run.log(1, {"loss": 1.0})
    states = {run_id: open_run(Store(tmp_path).folder(run_id)).status for run_id in Store(tmp_path).ids()}
    assert (states["script-1"].state, states["script-1"].reason) == ("finished", "its script is done with it")
    assert states["script-2"].is_live
    run.finish()


def test_what_is_meant_is_taken_whatever_holds_it(tmp_path):
    settings = {"lr": numpy.float32(0.5), "width": numpy.int64(3), "flag": numpy.True_, "seed": numpy.array(7), 5: "five"}
    workbench.record("mine", settings, steps_total=numpy.int64(9), steps_per_epoch=3.0, tags="alone", runs=tmp_path).finish()
    feed = open_run(recorded(tmp_path))
    assert feed.record.settings == {"lr": 0.5, "width": 3, "flag": True, "seed": 7, "5": "five"}
    assert (feed.state.steps_total, feed.state.steps_per_epoch, feed.labels.tags) == (9, 3, ("alone",))


def test_objects_without_words_and_endless_names_do_not_keep_a_run_from_being_recorded(tmp_path):
    class Wordless:
        def __str__(self):
            raise RuntimeError("no words")

    workbench.record("x" * 100_000, {"one": Wordless(), "y" * 100_000: 1}, tags=(Wordless(),), runs=tmp_path).finish()
    feed = open_run(recorded(tmp_path))
    assert len(feed.labels.name) <= 200
    assert feed.labels.tags == ("a Wordless without words",)
    assert feed.record.settings["one"] == "a Wordless without words"
    assert max(map(len, feed.record.settings)) <= 500


def test_calls_without_values_and_more_than_may_wait_raise_nothing_and_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "MOST_WAITING", 0)
    with workbench.record("mine", runs=tmp_path) as run:
        run.log(5)
        run.log(1, {"loss": 1.0})
    said = " ".join(event.message for event in events_of(recorded(tmp_path)) if isinstance(event, Noticed))
    assert "a call of log without values: 5" in said
    assert "a step, while 0 others waited" in said


def test_a_half_imported_torch_is_no_trouble(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", types.ModuleType("torch"))
    assert memory_bytes() > 0


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize(
    ("end", "state", "reason"),
    [("pass", "finished", "its script is done with it"), ("raise ValueError('bad')", "failed", "ValueError: bad")],
)
def test_a_process_of_multiprocessing_that_records_ends_its_run_as_it_ends(tmp_path, method, end, state, reason):
    text = f"""
        import multiprocessing, workbench
        def train():
            run = workbench.record("child")
            run.log(1, {{"loss": 1.0}})
            {end}
        if __name__ == "__main__":
            with workbench.record("parent") as run:
                child = multiprocessing.get_context("{method}").Process(target=train)
                child.start(); child.join()
    """
    done = script(tmp_path / "runs", text)
    feeds = {feed.labels.name: feed for feed in map(open_run, map(Store(tmp_path / "runs").folder, Store(tmp_path / "runs").ids()))}
    assert feeds["parent"].status.state == "finished"
    assert feeds["child"].status.state == state, done.stderr
    assert feeds["child"].status.reason.startswith(reason)
    assert logged(feeds["child"].folder, "loss") == {1: 1.0}


def test_ctrl_c_is_a_stop(tmp_path):
    with pytest.raises(KeyboardInterrupt), workbench.record("mine", runs=tmp_path):
        raise KeyboardInterrupt
    assert end_of(recorded(tmp_path)).state == "stopped"


@pytest.mark.parametrize(
    ("end", "state", "reason"),
    [("", "finished", "its script ended"), ("raise ValueError('bad')", "failed", "ValueError: bad (mine.py, line 5)"),
     ("import os; os.kill(os.getpid(), 9)", "died", "its process is gone")],
)  # fmt: skip
def test_a_script_without_a_with_block_ends_its_run_as_it_ends(tmp_path, end, state, reason):
    written = "while '\"type\":\"metrics\"' not in (run.path / 'events.jsonl').read_text(): pass"
    done = script(
        tmp_path / "runs",
        f"import workbench\nrun = workbench.record('mine')\nrun.log(1, {{'loss': 1.0}})\n{written}\n{end}\n",
    )
    feed = open_run(recorded(tmp_path / "runs"))
    assert feed.status.state == state, done.stderr
    assert feed.status.reason.startswith(reason)
    assert logged(feed.folder, "loss") == {1: 1.0}


def test_it_needs_neither_torch_nor_pydantic_to_be_imported_and_children_do_not_log(tmp_path):
    text = """
        import sys, os, workbench
        assert not {"torch", "pydantic", "numpy", "textual"} & set(sys.modules), sys.modules.keys()
        with workbench.record("mine") as run:
            assert "torch" not in sys.modules
            if os.fork() == 0:
                run.log(2, {"loss": 2.0}); run.finish(); os._exit(0)
            os.wait()
            run.log(1, {"loss": 1.0})
    """
    done = script(tmp_path / "runs", text)
    assert done.returncode == 0, done.stderr
    assert logged(recorded(tmp_path / "runs"), "loss") == {1: 1.0}


def test_a_full_disk_raises_nothing_into_the_script(tmp_path):
    text = """
        import resource, workbench
        run = workbench.record("mine", {"lr": 1.0})
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
        for step in range(20_000):
            run.log(step, {"loss": 1.0, "accuracy": 0.5})
            run.should_stop()
        run.finish()
        run.log(1, {"loss": 1.0})
        print("trained")
    """
    done = script(tmp_path / "runs", text)
    assert (done.returncode, done.stdout) == (0, "trained\n"), done.stderr
    assert "Traceback" not in done.stderr
    feed = open_run(recorded(tmp_path / "runs"))
    assert feed.reader.dropped.torn <= 1
    written = len(logged(feed.folder, "loss"))
    why = f"the disk is full, and {20_000 - written:,} of 20,000 steps are not in the log"
    assert (feed.status.state, feed.status.reason) == ("finished", f"its script is done; {why}")
    assert why in done.stderr


def test_an_error_on_a_full_disk_is_told_and_a_disk_with_room_keeps_nothing_back(tmp_path):
    text = """
        import resource, workbench
        run = workbench.record("mine", {"lr": 1.0})
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
        for step in range(20_000):
            run.log(step, {"loss": 1.0, "accuracy": 0.5})
        raise ValueError("bad")
    """
    script(tmp_path / "runs", text)
    status = open_run(recorded(tmp_path / "runs")).status
    assert status.state == "failed"
    assert status.reason.startswith("ValueError: bad (mine.py, line 7); the disk is full")
    workbench.record("mine", runs=tmp_path / "more").finish()
    folder = recorded(tmp_path / "more")
    assert not folder.exit_draft(1).exists()
    assert not folder.exit_file(1).exists()


@pytest.mark.parametrize("limit", [0, 100])
def test_where_no_run_can_be_begun_the_script_trains_unrecorded(tmp_path, limit):
    text = f"""
        import resource, workbench
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
        with workbench.record("mine", {{"lr": 1.0}}) as run:
            run.log(1, {{"loss": 1.0}})
            assert not run.should_stop() and run.id == "" and run.path is None
    """
    done = script(tmp_path / "runs", text)
    assert done.returncode == 0, done.stderr
    assert "`mine` is not recorded" in done.stderr


def test_a_runs_folder_that_is_none_is_told_and_nothing_else(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with workbench.record("mine", runs=tmp_path / "file" / "runs") as run:
        run.log(1, {"loss": 1.0})
    assert "not recorded: cannot write the runs folder" in capsys.readouterr().err


def test_settings_may_be_what_argparse_returns_or_a_dataclass(tmp_path):
    @dataclasses.dataclass
    class Inner:
        width: int = 3
        activation: type = int

    space = argparse.Namespace(lr=0.1, inner=Inner(), names=["a", "b"], huge=10**30, nan=math.nan, path=tmp_path, _private=1)
    workbench.record("mine", space, runs=tmp_path / "runs").finish()
    settings = recorded(tmp_path / "runs").record().settings
    assert settings["lr"] == 0.1
    assert settings["inner.width"] == 3
    assert settings["names"] == "['a', 'b']"
    assert settings["nan"] == "nan"
    assert settings["path"] == str(tmp_path)
    assert "_private" not in settings
    json.dumps(settings, allow_nan=False)


def test_a_terminated_script_shows_as_died(tmp_path):
    text = "import workbench, time\nrun = workbench.record('mine')\nprint(run.id, flush=True)\ntime.sleep(60)\n"
    path = tmp_path / "mine.py"
    path.write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WORKBENCH_RUNS": str(tmp_path / "runs")}
    with subprocess.Popen([sys.executable, str(path)], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().strip() == "script-1"
        assert open_run(recorded(tmp_path / "runs")).status.is_live
        process.send_signal(signal.SIGTERM)
    assert open_run(recorded(tmp_path / "runs")).status.state == "died"
