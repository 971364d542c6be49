import contextlib
import copy
import fnmatch
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from recipes.gan import LABELLED, RECIPE, UNLABELLED, Config, Model
from recipes.gan.data import load
from recipes.gan.game import Game
from recipes.gan.judging import Judge
from recipes.gan.losses import LOSSES, interpolated, slope
from recipes.gan.model import Adversaries, SpectralConv2d
from tests.fakes import FakeRun
from tests.training_runs import prepare, train_here
from workbench.diagnosis.diagnose import diagnose
from workbench.errors import WorkbenchError
from workbench.runs.reading.feed import open_run
from workbench.schema import build, describe, flat
from workbench.training.inspecting.layers import layer_table
from workbench.training.optimizer import Optimizer

PRESETS = {preset.name: preset for preset in RECIPE.presets}
CPU = torch.device("cpu")


def _config(preset="digits", **settings):
    return build(RECIPE.config, {**PRESETS[preset].settings, "device": "cpu", "precision": "fp32", "threads": 1, **settings})


def _trained(preset="digits", stop_after=None, **settings):
    config = _config(preset, **settings)
    run = FakeRun(config, RECIPE.task(config), stop_after=stop_after)
    RECIPE.train(config, run)
    return run


def _faults(folder, config):
    found = diagnose(open_run(folder).state, flat(config), now=0.0, is_live=False)
    return {finding.rule for finding in found} & {"collapsed", "overpowered"}


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- What the notes promise -------------------------------------------------------------------------------------------------


def test_digits_reach_their_distance_with_all_classes_and_are_called_healthy(tmp_path):
    config = _config(precision="auto")
    folder = prepare(tmp_path, RECIPE, config)
    session = train_here(folder, RECIPE, config)
    state = open_run(folder).state
    assert session.completed
    assert state.summaries["test/relative_frechet_distance"].last <= 0.025
    assert state.summaries["test/classes_covered"].last == 10
    assert state.summaries["test/class_kl"].last <= 0.02
    assert state.data["baseline"]["real against real"] < 0.015
    assert _faults(folder, config) == set()


@pytest.mark.parametrize(
    ("preset", "fault"), [("collapse", "collapsed"), ("partial-collapse", "collapsed"), ("overpowered", "overpowered")]
)
def test_each_failing_preset_is_recognised_by_what_it_logs(preset, fault, tmp_path):
    config = _config(preset, precision="auto", max_steps=500)
    folder = prepare(tmp_path, RECIPE, config)
    train_here(folder, RECIPE, config)
    assert fault in _faults(folder, config)


# --- The networks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("preset", "shape"), [("digits", (1, 8, 8)), ("mnist", (1, 28, 28)), ("tutorial", (1, 28, 28))])
def test_samples_have_the_shape_of_the_images_and_logits_are_one_a_sample(preset, shape):
    networks = Adversaries(_config(preset).model, shape, 10)
    noise = torch.randn(3, networks.latent)
    drawn = networks.generator(noise)
    assert drawn.shape == (3, *shape)
    assert drawn.abs().max() <= 1
    assert networks(noise).shape == (3,)
    assert 0 <= float(networks.sample(noise).min()) <= float(networks.sample(noise).max()) <= 1


def test_images_of_any_size_and_colour_are_drawn_and_judged():
    for shape in ((3, 32, 32), (1, 30, 21), (3, 9, 13)):
        networks = Adversaries(Model(), shape, 10)
        assert networks.generator(torch.randn(2, 32)).shape == (2, *shape)
        assert networks(torch.randn(2, 32)).shape == (2,)


def test_the_tutorials_networks_have_the_parameters_that_it_states():
    networks = Adversaries(_config("tutorial").model, (3, 28, 28), 10)
    counted = [sum(tensor.numel() for name, tensor in part.state_dict().items() if "num_batches" not in name)
               for part in (networks.generator, networks.discriminator)]  # fmt: skip
    of_colour = 2 * 64 * 5 * 5  # two channels more than its discriminator takes, in each of the two
    assert counted[0] == 14_562_752
    one_channel = Adversaries(_config("tutorial").model, (1, 28, 28), 10)
    assert sum(p.numel() for p in one_channel.generator.parameters()) == 14_562_752 - of_colour - 2 * (256 + 512 + 1024 + 128 + 64)
    assert sum(t.numel() for n, t in one_channel.discriminator.state_dict().items() if "num_batches" not in n) == 1_031_937


def test_the_tutorials_two_networks_are_both_trained_by_an_optimizer_of_their_own():
    config = _config("tutorial", max_steps=1, batch_size=4)
    torch.manual_seed(0)
    before = Adversaries(config.model, (1, 28, 28), 10)
    run = FakeRun(config, LABELLED)
    RECIPE.train(config, run)
    assert {name for name, part in run.parts.items() if isinstance(part, Optimizer)} == {"generator", "discriminator"}
    trained = run.parts["model"]
    for network in ("generator", "discriminator"):
        pairs = zip(getattr(before, network).parameters(), getattr(trained, network).parameters(), strict=True)
        assert all(old.shape == new.shape for old, new in pairs)
        assert run.logged[1][f"train/{network}_grad_norm"] > 0
        assert run.logged[1][f"train/{network}_update_ratio"] > 0


def test_too_many_halvings_are_refused_in_words():
    with pytest.raises(WorkbenchError, match="images of 8x8 pixels cannot be halved 4 times") as caught:
        Adversaries(Model(blocks=4), (1, 8, 8), 10)
    assert "--blocks 3" in caught.value.hint


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_each_norm_stands_in_the_network_that_it_was_set_for(norm):
    kinds = {"batch": nn.BatchNorm2d, "group": nn.GroupNorm, "none": ()}
    networks = Adversaries(Model(generator_norm=norm, discriminator_norm=norm), (1, 8, 8), 10)
    for network in (networks.generator, networks.discriminator):
        normed = [layer for layer in network.modules() if isinstance(layer, (nn.BatchNorm2d, nn.GroupNorm))]
        assert bool(normed) == (norm != "none")
        assert all(isinstance(layer, kinds[norm]) for layer in normed)


def test_spectral_norm_divides_by_the_largest_singular_value():
    torch.manual_seed(0)
    layer = SpectralConv2d(3, 8, 4, stride=2, padding=1)
    images = torch.randn(2, 3, 8, 8)
    for _ in range(100):
        layer(images)
    largest = torch.linalg.svdvals(layer.weight.flatten(1))[0]
    expected = F.conv2d(images, layer.weight / largest, layer.bias, stride=2, padding=1)
    torch.testing.assert_close(layer(images), expected, rtol=1e-3, atol=1e-4)
    kept = layer.left.clone()
    layer.eval()(images)
    assert torch.equal(layer.left, kept)


def test_a_conditional_pair_is_told_the_class_in_both_networks():
    torch.manual_seed(0)
    networks = Adversaries(Model(conditional=True), (1, 8, 8), 10).eval()
    noise, labels = torch.randn(4, 32), torch.tensor([0, 1, 2, 3])
    drawn = networks.generator(noise, labels)
    assert not torch.equal(drawn, networks.generator(noise, labels + 1))
    assert not torch.equal(networks.discriminator(drawn, labels), networks.discriminator(drawn, labels + 1))


def test_the_table_lists_both_networks_and_counts_no_average_twice():
    config = _config()
    networks, example = RECIPE.model(config)
    rows, total = layer_table(networks, example)
    assert total == sum(parameter.numel() for parameter in networks.parameters())
    assert {row["name"].split(".")[0] for row in rows} == {"generator", "discriminator"}
    assert rows[-1]["output_shape"] == [1, 1, 1]
    without, _ = RECIPE.model(_config(average=None))
    assert sum(parameter.numel() for parameter in without.parameters()) == total


# --- Losses and penalties, as the notes state them --------------------------------------------------------------------------

REAL, FAKE = torch.tensor([2.0, -1.0, 0.5]), torch.tensor([-0.5, 1.5, -3.0])


def test_the_losses_are_those_of_the_papers():
    d_real, d_fake = REAL.sigmoid(), FAKE.sigmoid()
    expected = {
        "non-saturating": (-d_real.log().mean() - (1 - d_fake).log().mean(), -d_fake.log().mean()),
        "minimax": (-d_real.log().mean() - (1 - d_fake).log().mean(), (1 - d_fake).log().mean()),
        "hinge": ((1 - REAL).clamp(min=0).mean() + (1 + FAKE).clamp(min=0).mean(), -FAKE.mean()),
        "least-squares": ((REAL - 1).square().mean() + FAKE.square().mean(), (FAKE - 1).square().mean()),
        "wasserstein-gp": (FAKE.mean() - REAL.mean(), -FAKE.mean()),
        "relativistic": (-(REAL - FAKE).sigmoid().log().mean(), -(FAKE - REAL).sigmoid().log().mean()),
    }
    assert expected.keys() == LOSSES.keys()
    for name, (discriminator, generator) in expected.items():
        torch.testing.assert_close(LOSSES[name].discriminator(REAL, FAKE, 1.0), discriminator)
        torch.testing.assert_close(LOSSES[name].generator(FAKE, REAL), generator)


def test_at_the_equilibrium_the_game_is_worth_minus_log_4():
    assert float(-LOSSES["minimax"].discriminator(torch.zeros(9), torch.zeros(9), 1.0)) == pytest.approx(-math.log(4))


def test_smoothed_labels_are_cross_entropy_with_a_target_below_1():
    expected = F.binary_cross_entropy_with_logits(REAL, torch.full_like(REAL, 0.9)) + F.softplus(FAKE).mean()
    torch.testing.assert_close(LOSSES["non-saturating"].discriminator(REAL, FAKE, 0.9), expected)


def test_scores_are_probabilities_and_accuracy_the_share_told_right():
    read = LOSSES["non-saturating"].read(REAL, FAKE)
    assert float(read["train/discriminator_accuracy"]) == pytest.approx(4 / 6)
    assert float(read["train/real_score"]) == pytest.approx(float(REAL.sigmoid().mean()))
    assert float(LOSSES["least-squares"].read(REAL, FAKE)["train/discriminator_accuracy"]) == pytest.approx(3 / 6)
    pairs = LOSSES["relativistic"].read(REAL, FAKE)
    assert float(pairs["train/discriminator_accuracy"]) == pytest.approx(2 / 3)
    assert float(pairs["train/real_score"] + pairs["train/fake_score"]) == pytest.approx(1)


def test_the_penalties_are_the_squared_slopes_of_each_score():
    weights = torch.randn(16)
    images = torch.randn(5, 1, 4, 4, requires_grad=True)
    scores = (images.flatten(1) ** 2 @ weights) / 2
    torch.testing.assert_close(slope(scores, images), (images.flatten(1) * weights).square().sum(dim=1))
    linear = interpolated(lambda between: between.flatten(1) @ weights, torch.randn(5, 1, 4, 4), torch.randn(5, 1, 4, 4))
    torch.testing.assert_close(linear, (weights.norm() - 1) ** 2)


# --- Settings that do something, and settings that contradict each other ----------------------------------------------------

VARIANTS = [
    *({"loss": loss} for loss in LOSSES),
    {"r2": 1.0},
    {"r1": 0.0, "discriminator_norm": "batch", "label_smoothing": 0.1},
    {"spectral_norm": True, "generator_norm": "group", "loss": "hinge", "r1": 0.0},
    {"conditional": True},
    {"average": None},
    {"discriminator_steps": 3, "discriminator_lr": 2.0, "discriminator_beta1": 0.5, "discriminator_beta2": 0.9},
    {"precision": "bf16", "penalty_every": 2},
    {"discriminator_dense": 16, "blocks": 3},
]


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_every_variant_trains_and_logs_what_its_task_declares(settings):
    run = _trained(max_steps=3, evaluate_every=2, preview_every=3, **settings)
    declared = RECIPE.task(run.config).metrics
    keys = {key for values in (*run.logged.values(), *run.evaluations.values(), run.test) for key in values}
    assert all(any(fnmatch.fnmatchcase(key, pattern) for pattern in declared) for key in keys)
    assert all(fnmatch.filter(keys, pattern) for pattern in declared)
    assert all(math.isfinite(value) for values in run.logged.values() for value in values.values())
    assert {preview.name for preview in run.previews[3]} == {"samples", "interpolation", "nearest", "weights", "gradients", "dead_units"}


def test_without_labels_samples_are_judged_by_their_pixels_and_it_is_said_so():
    run = _trained(labels=False, max_steps=2, evaluate_every=1)
    assert RECIPE.task(run.config) is UNLABELLED
    judged = {key for key in run.evaluations[1] if not key.startswith("validation/dead_units/")}
    assert judged == {f"validation/{name}" for name in ("pixel_distance", "precision", "recall", "diversity")}
    assert "no classifier" in run.about["task"]
    assert not any("evaluator" in phase for phase in run.phases)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"discriminator_norm": "batch"}, "batch norm in the discriminator mixes"),
        ({"architecture": "tutorial", "dataset": "mnist5k"}, "batch norm in the discriminator mixes"),
        ({"loss": "hinge", "label_smoothing": 0.1}, "loss hinge has no target to smooth"),
        ({"conditional": True, "labels": False}, "need the classes"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_in_words(settings, words):
    with pytest.raises(WorkbenchError, match=words) as caught:
        _trained(max_steps=1, **settings)
    assert "--" in caught.value.hint


def test_a_penalty_at_each_fourth_update_counts_four_times():
    each, fourth = _trained(max_steps=5, penalty_every=1), _trained(max_steps=5, penalty_every=4)
    always = _trained(max_steps=1, penalty_every=1, r1=4.0)
    assert fourth.logged[1]["train/discriminator_loss"] == pytest.approx(always.logged[1]["train/discriminator_loss"])
    assert fourth.logged[1]["train/discriminator_loss"] > each.logged[1]["train/discriminator_loss"]


def test_the_discriminators_own_rate_is_a_multiple_of_lr():
    values = _trained(max_steps=1, lr=1e-3, schedule="constant", discriminator_lr=0.5).logged[1]
    assert (values["train/generator_lr"], values["train/discriminator_lr"]) == (1e-3, 5e-4)


# --- The loop ---------------------------------------------------------------------------------------------------------------


def test_equal_seeds_give_equal_losses_and_other_seeds_others():
    first, again, other = (_trained(max_steps=3, seed=seed) for seed in (0, 0, 1))
    assert first.logged == again.logged
    assert first.logged[1] != other.logged[1]


def test_evaluating_and_previewing_neither_move_the_random_numbers_nor_the_weights():
    seldom = _trained(max_steps=4, evaluate_every=4, preview_every=4)
    often = _trained(max_steps=4, evaluate_every=1, preview_every=1)
    assert seldom.logged == often.logged


def test_the_gradients_that_are_shown_of_each_network_are_those_of_its_own_loss():
    config = _config(conditional=True)
    reals = load(config, CPU)
    networks = Adversaries(config.model, reals.shape, len(reals.classes))
    game = Game(networks, config)
    real, labels = next(reals.train.epoch(0))
    together = _gradients(networks, lambda: game.both_losses(real, labels))
    fake = _seeded(lambda: game.draw(len(real), labels))
    of_discriminator = _gradients(networks, lambda: game.discriminator_loss(real, fake.detach(), labels, updates=0)[0])
    of_generator = _gradients(networks, lambda: game.generator_loss(game.draw(len(real), labels), real, labels))
    for name, gradient in together.items():
        torch.testing.assert_close(gradient, (of_generator if name.startswith("generator") else of_discriminator)[name])


def _seeded(what):
    torch.manual_seed(0)
    return what()


def _gradients(networks, loss):
    named = dict(networks.named_parameters())
    found = torch.autograd.grad(_seeded(loss), list(named.values()), allow_unused=True)
    return dict(zip(named, found, strict=True))


def test_units_of_both_networks_are_watched_before_samples_and_real_images():
    config = _config()
    reals = load(config, CPU)
    networks = Adversaries(config.model, reals.shape, len(reals.classes)).train()
    judge = Judge(reals, labelled=False, seed=0)
    before = {name: value.clone() for name, value in networks.state_dict().items()}
    with torch.no_grad():
        networks.generator.norm1.weight.zero_()  # what follows is a constant
    found = judge.dead_units(networks, contextlib.nullcontext(), conditional=False)
    assert found["validation/dead_units/generator.relu1"] == 1.0
    assert found["validation/dead_units/discriminator.features.leaky1"] == 0.0
    assert list(found)[-1].startswith("validation/dead_units/discriminator.")
    assert networks.generator.training
    assert all(torch.equal(value, before[name]) for name, value in networks.state_dict().items() if name != "generator.norm1.weight")


def test_the_generators_step_leaves_the_discriminator_without_a_gradient():
    run = _trained(max_steps=2)
    networks = run.parts["model"]
    assert all(parameter.grad is None and parameter.requires_grad for parameter in networks.discriminator.parameters())


def test_the_best_generator_is_tested_with_its_average():
    run = _trained(max_steps=6, evaluate_every=2)
    networks = run.parts["model"]
    assert run.test["test/relative_frechet_distance"] == pytest.approx(
        min(each["validation/relative_frechet_distance"] for each in run.evaluations.values()), rel=0.2
    )
    assert networks.average.state_dict().keys() == networks.generator.state_dict().keys()


def test_a_stopped_run_is_not_tested():
    assert _trained(stop_after=2).test == {}


def test_every_batch_is_whole_and_an_epoch_can_be_skipped_into():
    reals = load(_config(batch_size=50), CPU)
    batches = list(reals.train.epoch(3))
    assert len(batches) * 50 == reals.train.examples == 1250
    assert all(images.shape == (50, 1, 8, 8) for images, _ in batches)
    (images, labels), (again, same) = batches[7], next(reals.train.epoch(3, skip=7))
    assert torch.equal(images, again)
    assert torch.equal(labels, same)
    assert (float(images.min()), float(images.max())) == (-1, 1)


def test_a_trial_for_measuring_threads_leaves_the_networks_alone(monkeypatch):
    seen = {}

    def tune(self, trial):
        networks = seen["networks"]
        before = copy.deepcopy(networks.state_dict())
        trial()
        assert all(torch.equal(tensor, before[name]) for name, tensor in networks.state_dict().items())
        assert all(parameter.grad is None for parameter in networks.parameters())
        seen["tried"] = True

    monkeypatch.setattr(FakeRun, "tune", tune)
    monkeypatch.setattr(FakeRun, "attach", lambda self, **parts: (seen.update(networks=parts["model"]), self.parts.update(parts)))
    _trained(max_steps=1)
    assert seen["tried"]


# --- What is shown ----------------------------------------------------------------------------------------------------------


def test_samples_are_drawn_from_the_same_noise_through_the_run():
    run = _trained(max_steps=2, preview_every=1, lr=1e-9)
    first, second = ({preview.name: preview for preview in run.previews[step]} for step in (1, 2))
    assert first["samples"].images.shape == (32, 8, 8)
    assert (first["samples"].images.int() - second["samples"].images.int()).abs().max() <= 16  # running statistics move
    assert torch.equal(first["interpolation"].images[0], first["samples"].images[0])
    assert (first["interpolation"].images[-1].int() - first["samples"].images[1].int()).abs().max() <= 1


def test_each_sample_stands_beside_the_training_image_that_is_nearest():
    run = _trained(max_steps=1)
    (nearest,) = (preview for preview in run.previews[1] if preview.name == "nearest")
    train = load(run.config, CPU).images(held_out=False)[:, 0] * 255
    for place in range(0, 16, 2):
        sample, shown = nearest.images[place].float(), nearest.images[place + 1].float()
        distances = (train - sample).square().mean(dim=(1, 2)).sqrt()
        assert float((shown - sample).square().mean().sqrt()) == pytest.approx(float(distances.min()), abs=1)
        assert nearest.captions[place + 1] == f"at {float(distances.min()) / 255:.2f}"


def test_conditional_samples_are_captioned_with_their_class():
    run = _trained(max_steps=1, conditional=True)
    (samples,) = (preview for preview in run.previews[1] if preview.name == "samples")
    assert samples.captions[:11] == (*"0123456789", "0")


def test_the_batch_that_is_shown_before_a_run_is_of_real_images_with_their_classes():
    shown = RECIPE.batch(_config(), 12)
    assert shown.images.shape == (12, 8, 8)
    assert (int(shown.images.min()), int(shown.images.max())) == (0, 255)
    assert set(shown.captions) <= set("0123456789")


# --- What is declared -------------------------------------------------------------------------------------------------------


def test_the_first_preset_is_the_default_and_every_preset_builds():
    assert build(Config, RECIPE.presets[0].settings) == Config()
    assert [preset.name for preset in RECIPE.presets] == [
        "digits", "mnist", "mnist-long", "unlabelled", "tutorial", "collapse", "partial-collapse", "overpowered",
    ]  # fmt: skip
    assert sum(setting.basic for setting in describe(Config)) <= 8


def test_notes_fit_80_columns_and_hold_the_corrected_equations():
    assert max(map(len, RECIPE.notes.splitlines())) <= 80
    for words in (
        "G(z) = tanh(W[L] * phi(",
        "E log D(x) + E log(1 - D(G(z)))",
        "p(x) / (p(x) + q(x))",
        "- log 4",
        "生成对抗网络",
        "SOURCES",
    ):
        assert words in RECIPE.notes
