import dataclasses
import fnmatch
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

import recipes.cnn
from recipes.cnn import CLASSIFY, RECIPE, Model
from recipes.cnn.model import ConvNet, RowNet, Rows, build_model, ignored, mobilenet, resnet18
from recipes.cnn.previews import class_activation, features, filters, gradcam
from recipes.cnn.train import class_weights
from tests.benchmarks import labs
from tests.fakes import FakeRun
from workbench.data.catalogue import find_images
from workbench.data.vision.labelled import Split
from workbench.errors import WorkbenchError
from workbench.schema import build, describe
from workbench.training.inspecting.layers import layer_table
from workbench.training.scoring.mistakes import confusion, worst

PRESETS = {preset.name: preset for preset in RECIPE.presets}
UNMOVED = {"shift": 0.0, "rotate": 0.0, "zoom": 0.0, "slant": 0.0}  # images as they are, without augmentation


def _config(preset, **settings):
    return build(RECIPE.config, {**PRESETS[preset].settings, "device": "cpu", "precision": "fp32", **settings})


def _trained(preset, stop_after=None, **settings):
    config = _config(preset, **settings)
    run = FakeRun(config, CLASSIFY, stop_after=stop_after)
    RECIPE.train(config, run)
    return run


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- What the notes promise, a little under the figures of the README -------------------------------------------------------


@pytest.mark.parametrize(("preset", "accuracy"), [("digits", 0.98), ("tutorial", 0.965)])
def test_a_preset_reaches_its_accuracy_on_the_held_out_test_images(preset, accuracy, one_thread):
    run = _trained(preset, threads=1)
    assert run.completed
    assert run.test["test/accuracy"] >= accuracy
    assert run.test["test/accuracy"] > run.about["baseline"]["majority class"]


# --- The mathematics of the notes -------------------------------------------------------------------------------------------


def test_convolution_is_the_sum_over_channels_and_filter_that_the_notes_state():
    torch.manual_seed(0)
    images, layer = torch.randn(2, 3, 6, 5), nn.Conv2d(3, 4, 3, padding=1)
    patches = F.unfold(images, 3, padding=1)  # (B, C*M*M, places)
    expected = (layer.weight.flatten(1) @ patches + layer.bias[:, None]).view(2, 4, 6, 5)
    torch.testing.assert_close(layer(images), expected)
    padded = F.pad(images, (1, 1, 1, 1))
    k, i, j = 2, 4, 3
    one = layer.bias[k] + sum(layer.weight[k, c, m, n] * padded[0, c, i + m, j + n] for c in range(3) for m in range(3) for n in range(3))
    torch.testing.assert_close(layer(images)[0, k, i, j], one)


@pytest.mark.parametrize(("pooling", "expected"), [("max", [[6.0, 8.0], [14.0, 16.0]]), ("average", [[3.5, 5.5], [11.5, 13.5]])])
def test_pooling_takes_2x2_pixels_at_stride_2(pooling, expected):
    model = ConvNet(Model(pooling=pooling, blocks=1), (1, 8, 8), 10)
    assert model.pool1(torch.arange(1.0, 17).view(1, 1, 4, 4))[0, 0].tolist() == expected


def test_the_tutorials_network_has_its_121930_parameters_and_computes_what_it_writes_down():
    torch.manual_seed(0)
    model, example = RECIPE.model(_config("tutorial"))
    assert sum(parameter.numel() for parameter in model.parameters()) == 121_930
    theirs = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1600, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    for ours, other in zip(model.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(ours.data)
    images = torch.randn(5, 1, 28, 28)
    torch.testing.assert_close(model(images), theirs(images))
    assert model(example).shape == (1, 10)


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_the_default_network_computes_what_its_layers_say(pooling):
    torch.manual_seed(0)
    model = ConvNet(Model(blocks=2, width=4, dense=6, pooling=pooling), (3, 12, 12), 5).eval()
    images = torch.randn(2, 3, 12, 12)
    pool = F.max_pool2d if pooling == "max" else F.avg_pool2d
    features = images
    for conv, norm in ((model.conv1, model.norm1), (model.conv2, model.norm2)):
        assert conv.bias is None
        features = pool(F.conv2d(features, conv.weight, padding=1), 2)
        mean, variance = norm.running_mean[:, None, None], norm.running_var[:, None, None]
        features = F.relu((features - mean) / (variance + norm.eps).sqrt() * norm.weight[:, None, None] + norm.bias[:, None, None])
    assert features.shape == (2, 8, 3, 3)
    hidden = F.relu(features.flatten(1) @ model.dense.weight.T + model.dense.bias)
    torch.testing.assert_close(model(images), hidden @ model.output.weight.T + model.output.bias)


def test_a_forward_pass_in_training_normalises_by_the_batch_and_drops_features():
    torch.manual_seed(0)
    model = ConvNet(Model(dropout=0.5), (1, 28, 28), 10)
    images = torch.randn(8, 1, 28, 28)
    assert not torch.equal(model(images), model(images))
    seen = model.norm1(model.pool1(model.conv1(images)))
    assert seen.mean(dim=(0, 2, 3)).abs().max() < 1e-5
    model.eval()
    assert torch.equal(model(images), model(images))


def test_a_network_that_the_images_are_too_small_for_is_refused_in_words():
    with pytest.raises(WorkbenchError, match="images of 8x8 pixels leave nothing to pool in block 4 of 6") as caught:
        ConvNet(Model(blocks=6), (1, 8, 8), 10)
    assert "--blocks" in caught.value.hint


# --- Training ---------------------------------------------------------------------------------------------------------------


def test_every_logged_metric_is_declared_and_what_is_declared_is_logged():
    run = _trained("digits", epochs=1)
    logged = set(run.logged[1]) | set(next(iter(run.evaluations.values()))) | set(run.test)
    for key in logged:
        assert any(fnmatch.fnmatchcase(key, pattern) for pattern in CLASSIFY.metrics), key
    for pattern in CLASSIFY.metrics:
        assert fnmatch.filter(logged, pattern), pattern
    assert {metric.chart for metric in CLASSIFY.metrics.values()} == set(CLASSIFY.charts)
    assert all(math.isfinite(value) for values in run.logged.values() for value in values.values())


def test_slots_name_charts_and_previews_that_there_are():
    run = _trained("digits", max_steps=1)
    names = {preview.name for preview in run.previews[1]}
    assert names == {"worst", "confusion", "filters", "features", "gradcam", "weights", "gradients", "dead_units"}
    for slot in CLASSIFY.slots:
        assert slot in CLASSIFY.charts or slot.removeprefix("preview:") in names


def test_one_batch_can_be_learned_by_heart():
    settings = {"examples_per_class": 2, "batch_size": 20, "dropout": 0.0, "schedule": "constant", "lr": 3e-3, **UNMOVED}
    run = _trained("digits", max_steps=60, epochs=None, **settings)
    assert run.logged[60]["train/loss"] < 0.02
    assert run.logged[60]["train/accuracy"] == 1.0


def test_equal_seeds_give_equal_losses_and_other_seeds_others():
    first, again, other = (_trained("digits", max_steps=4, seed=seed) for seed in (0, 0, 1))
    assert first.logged == again.logged
    assert first.logged[1] != other.logged[1]


def test_evaluating_and_previewing_neither_moves_the_random_numbers_nor_the_weights():
    seldom = _trained("digits", max_steps=6)
    often = _trained("digits", max_steps=6, evaluate_every=1, preview_every=1)
    assert seldom.logged == often.logged


def test_accumulating_two_batches_makes_half_the_steps_and_reports_the_mean_of_their_examples():
    settings = {"dropout": 0.0, "batch_norm": False, "max_steps": 1}
    halves = _trained("digits", batch_size=32, accumulate=2, **settings)
    whole = _trained("digits", batch_size=64, **UNMOVED, **settings)
    parts = _trained("digits", batch_size=32, accumulate=2, **UNMOVED, **settings)
    assert halves.steps_per_epoch == whole.steps_per_epoch == 20
    for key in ("train/loss", "train/accuracy", "train/grad_norm"):
        assert parts.logged[1][key] == pytest.approx(whole.logged[1][key], rel=1e-4)


def test_a_stopped_run_is_not_tested_and_a_complete_one_is_tested_with_its_best_weights():
    assert _trained("digits", stop_after=3).test == {}
    run = _trained("digits", epochs=3, lr=1e-3, schedule="constant")
    best = max(run.evaluations.values(), key=lambda values: values["validation/accuracy"])
    assert run.test["test/accuracy"] == pytest.approx(best["validation/accuracy"], abs=0.1)


def test_scarce_data_and_bf16_and_live_schedules_train_too():
    run = _trained("digits", examples_per_class=3, batch_size=16, max_steps=3, schedule="plateau", precision="bf16")
    assert run.about["examples"]["train"] == 30
    assert all(math.isfinite(values["train/loss"]) for values in run.logged.values())


# --- Architectures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ["resnet18", "mobilenet_v3_small", "conv1d"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 20)])
def test_an_architecture_takes_small_images_of_any_channels_and_gives_a_logit_for_each_class(architecture, shape):
    model = build_model(Model(architecture=architecture, blocks=2, width=4), shape, 7)
    assert model(torch.randn(2, *shape)).shape == (2, 7)
    with torch.no_grad():
        assert class_activation(model.eval(), torch.randn(2, *shape), torch.tensor([0, 6])).shape == (2, *shape[1:])


def test_resnet18_is_torchvisions_but_for_a_stem_that_keeps_small_images_whole():
    torchvision = pytest.importorskip("torchvision")
    ours, theirs = resnet18((1, 28, 28), 10), torchvision.models.resnet18(weights=None, num_classes=10)
    assert (ours.conv1.kernel_size, ours.conv1.stride) == ((3, 3), (1, 1))
    rows, _ = layer_table(ours.eval(), (torch.zeros(1, 1, 28, 28),))
    assert next(row["output_shape"] for row in rows if row["name"] == "maxpool") == [64, 28, 28]
    rest = {name: value.shape for name, value in theirs.state_dict().items() if name != "conv1.weight"}
    assert {name: value.shape for name, value in ours.state_dict().items() if name != "conv1.weight"} == rest
    large = resnet18((3, 64, 64), 10)
    assert (large.conv1.kernel_size, large.maxpool.stride) == ((7, 7), 2)
    assert resnet18((1, 224, 224), 10).conv1.weight.shape == (64, 1, 7, 7)


def test_mobilenet_keeps_small_images_whole_in_its_stem():
    model = mobilenet((3, 32, 32), 10, 0.3)
    assert model.features[0](torch.zeros(1, 3, 32, 32)).shape[-2:] == (32, 32)
    assert mobilenet((3, 64, 64), 10, 0.3).features[0](torch.zeros(1, 3, 64, 64)).shape[-2:] == (32, 32)
    assert [layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)] == [0.3]


def test_conv1d_sees_an_image_as_the_sequence_of_its_rows():
    torch.manual_seed(0)
    images = torch.arange(2 * 3 * 4 * 5).float().view(2, 3, 4, 5)
    rows = Rows()(images)
    assert rows.shape == (2, 15, 4)
    assert rows[1, :, 2].tolist() == images[1, :, 2].flatten().tolist()
    model = RowNet(Model(architecture="conv1d", blocks=1, batch_norm=False), (1, 8, 8), 10).eval()
    first = F.conv1d(images.new_ones(1, 8, 8), model.conv1.weight, model.conv1.bias, padding=1)
    torch.testing.assert_close(model.conv1(torch.ones(1, 8, 8)), first)
    with pytest.raises(WorkbenchError, match="nothing to pool in block 4 of 4"):
        RowNet(Model(architecture="conv1d", blocks=4), (1, 8, 8), 10)


def test_importing_the_recipe_and_its_models_does_not_import_torchvision():
    code = "import sys; from recipes.cnn import RECIPE; RECIPE.model(RECIPE.config()); print('torchvision' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_settings_that_an_architecture_does_not_use_are_named_in_the_log():
    run = _trained("digits", max_steps=1, architecture="mobilenet_v3_small")
    assert run.notices == ["mobilenet_v3_small has a shape of its own and does not use blocks 2, width 32"]
    assert ignored(Model(architecture="mobilenet_v3_small", dropout=0.5)) == ""
    assert "dropout 0.5" in ignored(Model(architecture="resnet18", dropout=0.5))
    assert ignored(Model(architecture="conv1d", blocks=2)) == ""
    assert _trained("digits", max_steps=1).notices == []


# --- Own images and rare classes --------------------------------------------------------------------------------------------


@pytest.fixture
def shapes(tmp_path):
    """Three classes of 20 colour images of 12x12, told apart by their colour, and a file that is none."""
    numbers = np.random.RandomState(0)
    for channel, name in enumerate(("red", "green", "blue")):
        (tmp_path / name).mkdir()
        for index in range(20):
            pixels = numbers.randint(0, 100, (12, 12, 3)).astype(np.uint8)
            pixels[..., channel] += 120
            Image.fromarray(pixels).save(tmp_path / name / f"{index}.png")
    (tmp_path / "red" / "torn.png").write_text("none")
    return tmp_path


def test_own_images_train_and_what_was_left_out_is_in_the_log(shapes):
    run = _trained("digits", dataset="folder", path=str(shapes), image_size=8, epochs=8, batch_size=8, class_weights="balanced")
    assert run.test["test/accuracy"] == 1.0
    assert run.about["classes"] == ["blue", "green", "red"]
    assert "skipped 1 of the image files, which cannot be read: red/torn.png" in run.notices[0]
    assert run.notices[1] == "training images of each class: blue 16, green 16, red 16"
    config = _config("digits", dataset="folder", path=str(shapes), image_size=8)
    assert RECIPE.model(config)[1].shape == (1, 3, 8, 8)
    assert set(RECIPE.batch(config, 6).captions) <= {"blue", "green", "red"}


def test_a_data_set_that_would_have_to_be_fetched_is_refused_without_permission(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path))
    with pytest.raises(WorkbenchError, match="`cifar10` is not in"):
        _trained("digits", dataset="cifar10")
    assert RECIPE.model(_config("mnist", dataset="cifar10"))[1].shape == (1, 3, 32, 32), "its layers can be looked at before"


def test_balanced_classes_count_alike_as_in_scikit_learn():
    labels = torch.tensor([0] * 6 + [1] * 3 + [3])
    split = Split(dataclasses.replace(find_images("digits"), classes=tuple("abcd")), torch.zeros(10, 1, 8, 8), labels)
    weights = class_weights(split)
    assert weights.tolist() == pytest.approx([10 / 24, 10 / 12, 0.0, 10 / 4])
    utils = pytest.importorskip("sklearn.utils.class_weight")
    theirs = utils.compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=labels.numpy())
    assert weights[[0, 1, 3]].tolist() == pytest.approx([3 / 4 * value for value in theirs])


def test_class_weights_change_the_loss_and_leaving_them_out_does_not():
    plain, none, balanced = (
        _trained("digits", max_steps=3, **more) for more in ({}, {"class_weights": "none"}, {"class_weights": "balanced"})
    )
    assert plain.logged == none.logged
    assert plain.logged[3]["train/loss"] != balanced.logged[3]["train/loss"]


# --- What is shown ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def three():
    info = find_images("digits")
    images = torch.tensor([0, 8, 16], dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 1, 8, 8)
    return Split(info, images, torch.tensor([7, 1, 4]))


def test_the_worst_are_sorted_by_the_probability_of_the_truth_and_captioned(three):
    probabilities = torch.full((3, 10), 0.01)
    probabilities[0, [1, 7]] = torch.tensor([0.93, 0.03])
    probabilities[1, 1] = 0.91
    probabilities[2, 4] = 1.0
    shown = worst(three, probabilities, count=3)
    assert shown.captions == ("7, said 1 .93", "1, right .91", "4, right 1.00")
    assert shown.images[:, 0, 0].tolist() == [0, 128, 255]
    assert worst(three, probabilities, count=1).captions == ("7, said 1 .93",)
    assert shown.title == "worst classified: 1 of 3 wrong"


def test_wrong_ones_come_before_right_ones_that_were_less_sure_and_none_is_said(three):
    probabilities = torch.full((3, 10), 0.05)
    probabilities[0, 7] = 0.2  # right, and hardly sure
    probabilities[1, [1, 2]] = torch.tensor([0.4, 0.45])
    probabilities[2, 4] = 0.9
    assert worst(three, probabilities).captions[0] == "1, said 2 .45"
    probabilities[1, 1] = 0.5
    assert worst(three, probabilities).title == "least sure: none of 3 wrong"


def test_the_confusion_matrix_has_the_truth_in_its_rows(three):
    probabilities = F.one_hot(torch.tensor([1, 1, 4]), 10).float()
    matrix = confusion(three, probabilities).matrix
    assert (matrix[7][1], matrix[1][1], matrix[4][4]) == (1.0, 1.0, 1.0)
    assert sum(map(sum, matrix)) == 3
    assert confusion(three, probabilities).rows == three.info.classes


def test_filters_show_zero_as_mid_grey_and_the_largest_weight_as_white_or_black():
    layer = nn.Conv2d(1, 2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[[0.0, 2.0], [-2.0, 1.0]]], [[[0.0, 0.0], [0.0, -1.0]]]]))
    assert filters(layer).images.tolist() == [[[128, 255], [0, 191]], [[128, 128], [128, 64]]]


def test_grad_cam_is_the_equation_of_the_notes_and_leaves_gradients_and_random_numbers_alone():
    torch.manual_seed(0)
    model = ConvNet(Model(blocks=2, width=4, batch_norm=False), (1, 8, 8), 10).eval()
    images, classes = torch.randn(3, 1, 8, 8), torch.tensor([1, 0, 9])
    before = torch.get_rng_state()
    heat = class_activation(model, images, classes)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(parameter.grad is None for parameter in model.parameters())
    for index in range(3):
        maps = model.conv2(model.relu1(model.pool1(model.conv1(images[index : index + 1])))).detach().requires_grad_()  # (1, 8, 4, 4)
        rest = nn.Sequential(*list(model)[list(model._modules).index("conv2") + 1 :])
        rest(maps)[0, classes[index]].backward()
        weights = maps.grad.mean(dim=(2, 3))[0]
        expected = F.relu((weights[:, None, None] * maps[0]).sum(dim=0))
        expected = F.interpolate(expected[None, None], (8, 8), mode="bilinear", align_corners=False)[0, 0]
        torch.testing.assert_close(heat[index], (expected / expected.max().clamp(min=1e-12)).detach())


def test_grad_cam_finds_the_only_place_that_can_decide():
    images = torch.zeros(1, 1, 16, 16)
    images[0, 0, 2:5, 10:13] = 1.0
    model = ConvNet(Model(blocks=1, width=1, batch_norm=False, dense=1, dropout=0.0), (1, 16, 16), 2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.1)
    heat = class_activation(model.eval(), images, torch.tensor([0]))[0]
    row, column = divmod(int(heat.argmax()), 16)
    assert 1 <= row <= 5
    assert 9 <= column <= 13


def test_worst_images_are_drawn_beside_themselves_with_their_heat(three):
    model = ConvNet(Model(blocks=2, width=4), (1, 8, 8), 10).eval()
    probabilities = torch.full((3, 10), 0.01)
    probabilities[:, 1] = 0.9
    shown = gradcam(model, three, torch.tensor([0, 2]), probabilities)
    assert shown.images.shape == (2, 8, 17)
    assert shown.images[:, 0, :8].unique(dim=1).flatten().tolist() == [0, 255]
    assert shown.captions == ("7, said 1 .90", "4, said 1 .90")


@pytest.mark.parametrize("architecture", ["convnet", "conv1d", "resnet18"])
def test_feature_maps_stand_behind_their_image_at_its_size(three, architecture):
    model = build_model(Model(architecture=architecture, blocks=2, width=4), (1, 8, 8), 10).eval()
    shown = features(model, three, 1)
    first = 4 if architecture != "resnet18" else 15
    assert shown.images.shape == (1 + first + (8 if first == 4 else 15), 8, 8)
    assert shown.captions[0] == "1"
    assert shown.captions[1].startswith("first ")
    assert shown.captions[-1].startswith("last ")
    assert len(shown.captions) == len(shown.images)
    assert not model.conv1._forward_hooks


def test_probabilities_of_each_image_sum_to_1():
    model, _ = RECIPE.model(_config("mnist"))
    shares = model.eval()(torch.randn(7, 1, 28, 28)).softmax(dim=1)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(7))
    assert (shares >= 0).all()


def test_the_batch_that_is_shown_before_a_run_is_the_first_that_it_trains_on():
    config = _config("mnist", batch_size=16)
    shown = RECIPE.batch(config, 12)
    assert shown.images.shape == (12, 28, 28)
    assert (int(shown.images.min()), int(shown.images.max())) == (0, 255)
    assert len(shown.captions) == 12
    assert set(shown.captions) <= set(find_images("mnist5k").classes)


def test_layers_are_listed_under_their_names_with_shapes_and_counts():
    model, example = RECIPE.model(_config("tutorial"))
    rows, total = layer_table(model, example)
    assert total == 121_930
    listed = {row["name"]: (row["output_shape"], row["parameters"]) for row in rows}
    assert listed["conv1"] == ([32, 26, 26], 320)
    assert listed["pool2"] == ([64, 5, 5], 0)
    assert listed["dense"] == ([64], 102_464)
    assert listed["output"] == ([10], 650)


# --- What is declared -------------------------------------------------------------------------------------------------------


def test_the_form_opens_on_at_most_eight_settings_and_every_setting_is_explained():
    settings = describe(RECIPE.config)
    assert sum(setting.basic for setting in settings) <= 8
    assert all(setting.help.endswith(".") for setting in settings)


def test_every_preset_builds_and_the_first_is_the_default():
    for preset in RECIPE.presets:
        build(RECIPE.config, preset.settings)
    assert build(RECIPE.config, RECIPE.presets[0].settings) == RECIPE.config()


def test_notes_fit_80_columns_and_hold_the_corrected_equations():
    assert max(map(len, RECIPE.notes.splitlines())) <= 80
    assert RECIPE.notes.replace("卷积神经网络", "").isascii()
    equations = ("x[c, s*i+d*m-p, s*j+d*n-p]", "(H + 2p - d*(M-1) - 1) / s", "y[k] = b[k] + sum over i of W[k,i] * x[i]", "-log p[t]")
    for words in (*equations, "WHAT TO WATCH", "SOURCES", "LABS", "卷积神经网络"):
        assert words in RECIPE.notes


def test_every_lab_is_made_of_flags_that_exist_and_stands_in_the_companion_page():
    page = Path(recipes.cnn.__file__).with_name("LABS.md").read_text(encoding="utf-8")
    for lab in labs.LABS.values():
        assert f"## {lab.title}" in page
        assert f"`{lab.command('')}`" in page
        for words, flags in lab.rows:
            _config(lab.preset, **labs.settings_of(f"{lab.always} {flags}"))
            assert f"| {words} | `{flags or '-'}` |" in page
    assert "tests.benchmarks.labs" in page
