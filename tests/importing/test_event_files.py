import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.importing import event_files

pytest.importorskip("tensorboard")
SummaryWriter = pytest.importorskip("torch.utils.tensorboard").SummaryWriter


def write(folder, points, tag="loss", **more):
    with SummaryWriter(folder, **more) as writer:
        for step, value in points:
            writer.add_scalar(tag, value, step, walltime=1_600_000_000 + step)


def points(run, key):
    return [(point.step, point.value, point.at) for point in run.series[key]]


def test_scalars_keep_their_steps_and_wall_times_and_the_rest_is_told(tmp_path):
    with SummaryWriter(tmp_path / "mine") as writer:
        for step in (1, 2):
            writer.add_scalar("Loss/train", step / 2, step, walltime=1_600_000_000 + step)
            writer.add_scalar("new", step, step, new_style=True, walltime=1_600_000_000 + step)
        writer.add_histogram("weights", torch.ones(3), 1)
        writer.add_text("note", "hello", 1)
    (run,) = event_files.read(tmp_path / "mine")
    assert run.name == "mine"
    assert points(run, "Loss/train") == [(1, 0.5, 1_600_000_001), (2, 1.0, 1_600_000_002)]
    assert points(run, "new") == [(1, 1.0, 1_600_000_001), (2, 2.0, 1_600_000_002)]
    assert "left out 2 values that are no scalars" in run.notes[0]


def test_a_restart_replaces_what_stood_behind_it(tmp_path):
    write(tmp_path, [(1, 1.0), (2, 2.0), (3, 3.0)], filename_suffix=".a")
    write(tmp_path, [(2, 20.0), (3, 30.0)], filename_suffix=".b")
    (first, second) = sorted(tmp_path.iterdir(), key=lambda path: path.name[-1])
    first.rename(tmp_path / "events.out.tfevents.1.a")
    second.rename(tmp_path / "events.out.tfevents.2.b")
    (run,) = event_files.read(tmp_path)
    assert [(step, value) for step, value, _ in points(run, "loss")][-2:] == [(2, 20.0), (3, 30.0)]
    assert points(run, "loss")[0][:2] == (1, 1.0)


def test_each_folder_is_a_run_and_those_of_splits_are_one(tmp_path):
    write(tmp_path / "a" / "train", [(1, 1.0)])
    write(tmp_path / "a" / "validation", [(1, 2.0)])
    write(tmp_path / "b", [(1, 3.0)])
    first, second = event_files.read(tmp_path)
    assert (first.name, set(first.series)) == ("a", {"train/loss", "validation/loss"})
    assert (second.name, set(second.series)) == ("b", {"loss"})


def test_hyperparameters_are_settings(tmp_path):
    with SummaryWriter(tmp_path / "mine") as writer:
        writer.add_hparams({"lr": 0.1, "name": "x", "bias": True}, {"score": 1.0}, run_name=".")
    (run,) = event_files.read(tmp_path / "mine")
    assert run.settings == {"lr": 0.1, "name": "x", "bias": True}


def test_what_add_hparams_and_add_scalars_made_is_part_of_its_run(tmp_path):
    with SummaryWriter(tmp_path / "mine") as writer:
        for step in (1, 2):
            writer.add_scalar("accuracy", step / 4, step)
            writer.add_scalars("loss", {"train": 1 / step, "val": 2 / step}, step)
        writer.add_hparams({"lr": 0.1}, {"score": 1.0, "accuracy": 0.9})
    (run,) = event_files.read(tmp_path)
    assert run.name == "mine"
    assert run.settings == {"lr": 0.1}
    assert {key: [(step, value) for step, value, _ in points(run, key)] for key in run.series if key != "score"} == {
        "accuracy": [(1, 0.25), (2, 0.5)], "loss/train": [(1, 1.0), (2, 0.5)], "loss/val": [(1, 2.0), (2, 1.0)],
    }  # fmt: skip


def test_several_sets_of_hyperparameters_of_one_writer_are_runs_of_their_own(tmp_path):
    with SummaryWriter(tmp_path / "mine") as writer:
        writer.add_hparams({"lr": 0.1}, {"score": 1.0}, run_name="1700000000.1")
        writer.add_hparams({"lr": 0.2}, {"score": 2.0}, run_name="1700000000.2")
    assert [run.settings for run in event_files.read(tmp_path)] == [{"lr": 0.1}, {"lr": 0.2}]


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_file_is_read_up_to_there_and_the_rest_is_told(tmp_path, damage):
    write(tmp_path, [(step, float(step)) for step in range(1, 101)])
    (file,) = tmp_path.iterdir()
    data = bytearray(file.read_bytes())
    if damage == "cut":
        data = data[:-10]
    else:
        data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    (run,) = event_files.read(tmp_path)
    steps = [step for step, _, _ in points(run, "loss")]
    assert steps == list(range(1, len(steps) + 1))
    assert 40 < len(steps) < 100
    assert all(value == step for step, value, _ in points(run, "loss"))
    assert "are torn or damaged" in run.notes[0]


def test_no_event_file_and_one_that_is_none_are_refused(tmp_path):
    with pytest.raises(WorkbenchError, match="there is no event file in"):
        event_files.read(tmp_path)
    (tmp_path / "events.out.tfevents.1.x").write_bytes(b"hello, this is no event file at all")
    with pytest.raises(WorkbenchError, match=r"there is no scalar in .*the last 35 bytes, from byte 0 on, are torn or damaged"):
        event_files.read(tmp_path)


def test_without_tensorboard_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(event_files.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WorkbenchError, match="needs tensorboard"):
        event_files.read(tmp_path)
