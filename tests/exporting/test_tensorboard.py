import math

import pytest

from tests.builders import START, build_run, loop, metrics, started
from tests.exporting.previewed import previewed_run
from workbench.exporting import tensorboard as form
from workbench.runs.folder import Labels

EventAccumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator").EventAccumulator


def read(folder):
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0, "histograms": 0})
    found.Reload()
    return found


def test_its_own_reader_finds_every_number_with_step_and_wall_time(tmp_path):
    form.write(previewed_run(tmp_path / "runs"), tmp_path / "tb" / "cnn-1")
    found = read(tmp_path / "tb" / "cnn-1")
    assert set(found.Tags()["scalars"]) == {"train/loss", "validation/accuracy", "validation/loss"}
    points = found.Scalars("train/loss")
    assert [point.step for point in points] == list(range(1, 401))
    assert [point.value for point in points] == pytest.approx([1 / step for step in range(1, 401)])
    assert points[9].wall_time == pytest.approx(START + 11)
    assert [point.step for point in found.Scalars("validation/accuracy")] == [100, 200, 300, 400]


def test_previews_settings_and_diagnosis_come_along(tmp_path):
    told = form.write(previewed_run(tmp_path / "runs", labels=Labels(name="mine")), tmp_path / "tb")
    found = read(tmp_path / "tb")
    assert told["previews"] == 5  # two pictures, a text, and a histogram of each of two layers; lines have no form there
    assert set(found.Tags()["images"]) == {"preview/worst", "preview/confusion"}
    assert found.Images("preview/worst")[0].encoded_image_string.startswith(b"\x89PNG")
    assert found.Tags()["histograms"] == ["preview/weights/conv1", "preview/weights/dense"]
    assert list(found.Histograms("preview/weights/conv1")[0].histogram_value.bucket) == [10, 20, 70]
    texts = {tag: found.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in ("settings", "preview/sample", "diagnosis")}
    assert "| lr | 0.001 |" in texts["settings"]
    assert "mine" in texts["settings"]
    assert "alert(1)" in texts["preview/sample"]


def test_its_hyperparameters_are_the_settings(tmp_path):
    from tensorboard.plugins.hparams import metadata

    form.write(previewed_run(tmp_path / "runs"), tmp_path / "tb")
    contents = read(tmp_path / "tb").PluginTagToContent("hparams")
    started_with = metadata.parse_session_start_info_plugin_data(contents[metadata.SESSION_START_INFO_TAG])
    assert started_with.hparams["lr"].number_value == 1e-3
    assert started_with.hparams["dataset"].string_value == "mnist5k"
    assert metadata.parse_session_end_info_plugin_data(contents[metadata.SESSION_END_INFO_TAG]).status == 1


def test_what_a_later_attempt_replaced_stays_here_and_numbers_that_are_not_finite_go(tmp_path):
    values = {1: math.nan, 2: math.inf, 3: 1e300}
    log = [started(), loop(), metrics(range(1, 31)), started(2), loop(0), metrics([1, 2, 3], value=lambda step: values[step])]
    form.write(build_run(tmp_path / "runs", log), tmp_path / "tb")
    points = read(tmp_path / "tb").Scalars("train/loss")
    assert [point.step for point in points] == [1, 2, 3]
    assert math.isnan(points[0].value)
    assert [points[1].value, points[2].value] == [math.inf, math.inf]


def test_event_files_in_the_folder_go_and_what_else_is_there_stays(tmp_path):
    (tmp_path / "tb").mkdir()
    (tmp_path / "tb" / "events.out.tfevents.1.other").write_text("theirs")
    (tmp_path / "tb" / "notes").write_text("mine")
    told = form.write(previewed_run(tmp_path / "runs"), tmp_path / "tb")
    names = sorted(path.name for path in (tmp_path / "tb").iterdir())
    assert len(names) == 2
    assert "notes" in names
    assert "events.out.tfevents.1.other" not in names
    assert told["said"].endswith(f"tensorboard --logdir {tmp_path / 'tb'}")
