import pytest

from workbench.recording.charting import chart_of, declare


@pytest.mark.parametrize(
    ("key", "chart"),
    [("loss", "loss"), ("train/loss", "loss"), ("loss/val", "loss"), ("val_loss", "loss"), ("Loss/train", "Loss"), ("test", "test"),
     ("train/grad_norm/conv1", "grad_norm"), ("Accuracy/top1/val", "Accuracy/top1"), ("tokens/sec", "tokens/sec"),
     ("train/aux/metric_7", "aux/metric_7"), ("test_time", "time"), ("validate", "validate")],
)  # fmt: skip
def test_splits_of_a_quantity_share_a_chart(key, chart):
    assert chart_of(key) == chart


def test_more_lines_than_a_chart_can_tell_apart_are_a_strip():
    declared = declare([f"grad_norm/layer{number}" for number in range(9)] + ["loss"], {})
    assert declared.charts["grad_norm"]["kind"] == "strip"
    assert declared.charts["loss"]["kind"] == "line"


def test_sixty_metrics_that_are_no_layers_have_a_chart_each_and_the_loss_comes_first():
    declared = declare([f"train/aux/metric_{number}" for number in range(56)] + ["train/loss", "val/loss"], {})
    assert len(declared.charts) == 57
    assert {about["kind"] for about in declared.charts.values()} == {"line"}
    assert declared.slots[0] == "loss"
