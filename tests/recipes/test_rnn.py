import itertools
import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from recipes.rnn import CLASSIFY, COPY, GRADIENTS, RECIPE, REGRESS, TEXT, Model
from recipes.rnn import data as loading
from recipes.rnn.cells import Weights, gru, lstm, rnn, unroll
from recipes.rnn.gradients import previews as gradient_previews
from recipes.rnn.model import Memory, Recurrent, initialise, recurrent
from recipes.rnn.previews import continued, first_batch, hidden_of_text, written
from recipes.rnn.probe import FLOOR, MOST, Probe, look_back
from recipes.rnn.train import evaluate, of_number
from recipes.rnn.train_text import evaluate as evaluate_text
from tests.fakes import FakeRun
from tests.training_runs import configure, logged, prepare, stop_at, train_here
from workbench.errors import WorkbenchError
from workbench.schema import build

CPU = torch.device("cpu")
PRESETS = {preset.name: preset for preset in RECIPE.presets}
CHINESE = "学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？\n" * 60


def _config(preset="text", **settings):
    return build(RECIPE.config, {**PRESETS[preset].settings, "device": "cpu", "precision": "fp32", "threads": 1, **settings})


def _small_text(tmp_path, content=CHINESE, **settings):
    (tmp_path / "own.txt").write_text(content, encoding="utf-8")
    small = {"batch_size": 4, "length": 16, "hidden": 24, "embedding": 8, "epochs": None, "max_steps": 6, "sampled": 20}
    return _config(dataset="text", path=str(tmp_path / "own.txt"), **{**small, **settings})


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- What the notes promise, a little under the figures of the README --------------------------------------------------------


def test_an_lstm_names_digits_by_their_rows_after_a_few_seconds(one_thread):
    config = _config("rows", dataset="digits", layers=1, hidden=64, shift=0.0, rotate=0.0, zoom=0.0, lr=1e-2, epochs=25)
    run = FakeRun(config, RECIPE.task(config))
    RECIPE.train(config, run)
    assert run.completed
    assert run.test["test/accuracy"] >= 0.95
    assert run.test["test/accuracy"] > run.about["baseline"]["majority class"]


# --- The cells of the notes are torch's ---------------------------------------------------------------------------------------


def _weights(cell):
    return Weights(cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)


@pytest.mark.parametrize(("nonlinearity", "squash"), [("tanh", torch.tanh), ("relu", torch.relu)])
def test_the_plain_cell_as_written_out_is_torchs(nonlinearity, squash):
    torch.manual_seed(0)
    cell, x, h = nn.RNNCell(5, 7, nonlinearity=nonlinearity).double(), torch.randn(3, 5).double(), torch.randn(3, 7).double()
    torch.testing.assert_close(rnn(x, (h,), _weights(cell), squash)[0], cell(x, h), atol=1e-6, rtol=0)


def test_the_lstm_as_written_out_is_torchs():
    torch.manual_seed(0)
    cell, x, h, c = nn.LSTMCell(5, 7), torch.randn(3, 5), torch.randn(3, 7), torch.randn(3, 7)
    for ours, theirs in zip(lstm(x, (h, c), _weights(cell)), cell(x, (h, c)), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)


def test_the_gru_as_written_out_is_torchs():
    torch.manual_seed(0)
    cell, x, h = nn.GRUCell(5, 7), torch.randn(3, 5), torch.randn(3, 7)
    torch.testing.assert_close(gru(x, (h,), _weights(cell))[0], cell(x, h), atol=1e-6, rtol=0)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("cell", "nonlinearity"), [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")])
def test_layers_unrolled_step_by_step_give_what_torchs_modules_give(cell, nonlinearity, bidirectional):
    torch.manual_seed(0)
    module = recurrent(Model(cell=cell, nonlinearity=nonlinearity, layers=2, hidden=7, dropout=0.0, bidirectional=bidirectional), 5)
    inputs = torch.randn(3, 6, 5)
    outputs, hidden = unroll(module, inputs)
    torch.testing.assert_close(outputs, module(inputs)[0], atol=1e-6, rtol=0)
    assert [len(layer) for layer in hidden] == [6, 6]


# --- How it starts ------------------------------------------------------------------------------------------------------------


def test_orthogonal_weights_keep_lengths_gate_by_gate_and_the_forget_bias_is_one_in_all():
    module = recurrent(Model(hidden=8, init="orthogonal", forget_bias=1.0), 3)
    for gate in module.weight_hh_l0.split(8):
        torch.testing.assert_close(gate @ gate.T, torch.eye(8), atol=1e-5, rtol=0)
    bias = module.bias_ih_l0 + module.bias_hh_l0
    assert bias[8:16].tolist() == [1.0] * 8
    assert bias[:8].abs().sum() == bias[16:].abs().sum() == 0


def test_the_default_initialisation_without_a_forget_bias_is_torchs_own():
    torch.manual_seed(3)
    ours = recurrent(Model(hidden=8, init="default", forget_bias=0.0), 3)
    torch.manual_seed(3)
    theirs = nn.LSTM(3, 8, batch_first=True)
    assert all(torch.equal(left, right) for left, right in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_an_identity_start_copies_the_state():
    module = recurrent(Model(cell="rnn", nonlinearity="relu", hidden=8, init="identity"), 3)
    state = torch.rand(1, 2, 8)
    outputs, _ = module(torch.zeros(2, 50, 3), state)
    torch.testing.assert_close(outputs[:, -1], state[0])


def test_the_tutorials_network_has_its_214282_parameters():
    model, example = RECIPE.model(_config("tutorial"))
    assert sum(parameter.numel() for parameter in model.parameters()) == 214_282  # Keras counts 213,258: one bias vector, not two
    assert example.shape == (1, 28, 28)
    assert model(example)[0].shape == (1, 10)


# --- The last valid step of packed sequences -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_what_fills_up_a_batch_changes_nothing_and_the_last_valid_step_answers(cell, bidirectional):
    torch.manual_seed(0)
    model = Recurrent(Model(cell=cell, hidden=6, layers=2, bidirectional=bidirectional), 2, 3, final=True).eval()
    inputs, lengths = torch.randn(3, 5, 2), torch.tensor([5, 2, 3])
    together, _ = model(inputs, lengths=lengths)
    alone = torch.cat([model(inputs[place : place + 1, :length])[0] for place, length in enumerate(lengths.tolist())])
    torch.testing.assert_close(together, alone)
    inputs[1, 2:] = 1e6
    torch.testing.assert_close(model(inputs, lengths=lengths)[0], together)


def test_reading_ahead_is_refused_where_what_comes_is_to_be_predicted():
    for preset in ("text", "copy"):
        with pytest.raises(WorkbenchError, match="`bidirectional`"):
            _config(preset, bidirectional=True)
    _config("rows", bidirectional=True)


# --- Text: the state that is carried --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [1, 4])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_text_read_in_pieces_with_the_state_carried_is_the_text_read_whole(cell, window):
    torch.manual_seed(0)
    model = Recurrent(Model(cell=cell, hidden=12, embedding=6, window=window), 20, 20, text=True).eval()
    ids = torch.randint(20, (2, 30))
    whole, _ = model(ids)
    memory, pieces = Memory(), []
    for piece in ids.split(7, dim=1):
        logits, state = model(piece, memory.state)
        memory.carry(state)
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole)
    assert not any(each.requires_grad for each in memory.state)


def test_later_characters_leave_earlier_logits_as_they_were():
    torch.manual_seed(0)
    model = Recurrent(Model(hidden=12, embedding=6), 20, 20, text=True).eval()
    ids = torch.randint(20, (2, 30))
    other = ids.clone()
    other[:, 20:] = (other[:, 20:] + 1) % 20
    assert torch.equal(model(ids)[0][:, :20], model(other)[0][:, :20])


def test_the_carried_state_survives_a_checkpoint():
    memory, restored = Memory(), Memory()
    memory.carry((torch.ones(1, 2, 3), torch.zeros(1, 2, 3), torch.tensor([[1, 2]])))
    restored.load_state_dict(memory.state_dict())
    assert all(torch.equal(left, right) for left, right in zip(memory.state, restored.state, strict=True))


def test_a_text_run_that_was_stopped_within_an_epoch_goes_on_to_the_very_same_losses(tmp_path):
    config = _small_text(tmp_path, max_steps=70, evaluate_every=20, preview_every=20)  # an epoch has 39 steps
    whole, parted = prepare(tmp_path, RECIPE, config), prepare(tmp_path, RECIPE, config)
    train_here(whole, RECIPE, config)
    train_here(parted, RECIPE, config, at_step=stop_at(25))
    train_here(parted, RECIPE, config, attempt=2)
    assert logged(parted, "train/loss") == logged(whole, "train/loss")
    through_training = [json.loads((each.samples / "through_training-00000070.json").read_text()) for each in (whole, parted)]
    assert through_training[0] == through_training[1]
    assert through_training[0]["columns"] == ["0", "20", "40", "60", "70"]


def test_the_state_begins_anew_with_each_epoch(tmp_path, monkeypatch):
    forgotten = []
    monkeypatch.setattr(Memory, "forget", lambda self: forgotten.append(len(self.state)))
    config = _small_text(tmp_path, max_steps=40)
    RECIPE.train(config, FakeRun(config, RECIPE.task(config)))
    assert forgotten == [0, 3]  # before the first step, and behind the 39 of an epoch: h, c, and the last characters


def test_bits_are_those_of_a_uniform_guess_before_anything_is_learned(tmp_path):
    config = _small_text(tmp_path)
    data = loading.text(config, CPU)
    model = loading.for_text(config, len(data.vocabulary))
    nn.init.zeros_(model.output.weight)
    nn.init.zeros_(model.output.bias)
    values = evaluate_text(model, data.test, "test")
    assert values["test/bits_per_character"] == pytest.approx(math.log2(len(data.vocabulary)))
    assert values["test/perplexity"] == pytest.approx(len(data.vocabulary), rel=1e-4)


# --- A text in Chinese trains, samples and shows --------------------------------------------------------------------------------


def test_a_chinese_text_is_learned_and_continued_with_its_own_characters(tmp_path, one_thread):
    config = _small_text(tmp_path, max_steps=150, hidden=48, dropout=0.0, lr=2e-2, warmup_steps=10, prompt="学而时习之", temperature=0.2)
    run = FakeRun(config, RECIPE.task(config))
    RECIPE.train(config, run)
    assert run.test["test/bits_per_character"] < 0.5
    previews = {preview.name: preview for preview in run.previews[max(run.previews)]}
    assert previews["text"].text.startswith("[学而时习之]，不亦说乎？有朋自远方来")
    assert "，  " in previews["text"].text.split("behind")[1]
    assert len(previews["hidden"].columns) == 64
    assert "亦" in previews["hidden"].columns


# --- What is shown ---------------------------------------------------------------------------------------------------------------


def test_a_continuation_follows_from_seed_and_temperature_and_leaves_training_undisturbed(tmp_path):
    config = _small_text(tmp_path)
    data = loading.text(config, CPU, baseline=False)
    model = loading.for_text(config, len(data.vocabulary))
    before = torch.get_rng_state()
    texts = [
        continued(model, data.vocabulary, "学", 30, heat, seed)[0] for heat, seed in ((1.0, 0), (1.0, 0), (1.0, 1), (1e-4, 0), (1e-4, 1))
    ]
    assert texts[0] == texts[1] != texts[2]
    assert texts[3] == texts[4]
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training


def test_the_next_characters_are_listed_with_their_probabilities(tmp_path):
    config = _small_text(tmp_path)
    data = loading.text(config, CPU, baseline=False)
    model = loading.for_text(config, len(data.vocabulary))
    _, following = continued(model, data.vocabulary, "学而", 3, 0.7, 0)
    assert float(following.sum()) == pytest.approx(1)
    assert following[0] == 0  # the unknown character is never written
    assert written(model, data, config).text.count("%") == 6


def test_hidden_states_are_shown_character_by_character(tmp_path):
    config = _small_text(tmp_path, hidden=10)
    data = loading.text(config, CPU, baseline=False)
    preview = hidden_of_text(loading.for_text(config, len(data.vocabulary)), data)
    assert len(preview.matrix) == len(preview.rows) == 10
    assert all(len(row) == len(preview.columns) for row in preview.matrix)
    assert all(-1 <= value <= 1 for row in preview.matrix for value in row)


@pytest.mark.parametrize(
    ("preset", "kind"), [("text", "text"), ("rows", "images"), ("pixels", "matrix"), ("adding", "matrix"), ("copy", "matrix")]
)
def test_a_batch_is_shown_as_the_network_reads_it(preset, kind):
    preview = first_batch(_config(preset), 4)
    assert preview.kind == kind
    assert {"text": preview.text, "matrix": preview.matrix, "images": preview.captions}[kind]
    assert preview.title


# --- The gradient through time ---------------------------------------------------------------------------------------------------


def test_the_gradient_of_a_linear_cell_through_time_is_the_product_of_its_matrices():
    model = Recurrent(Model(cell="rnn", nonlinearity="relu", hidden=4, init="identity", dropout=0.0), 1, 1, final=True)
    initialise(model.recurrent, "identity", scale=0.5)
    with torch.no_grad():
        model.recurrent.weight_ih_l0.fill_(1.0)
    norms, _ = look_back(model, torch.ones(3, 6, 1), torch.zeros(3), of_number)
    for earlier, later in itertools.pairwise(norms):
        assert earlier == pytest.approx(0.5 * later)


def test_the_gradient_through_time_is_what_a_nudge_of_the_state_does_to_the_loss():
    torch.manual_seed(0)
    model = Recurrent(Model(cell="gru", hidden=3, dropout=0.0), 2, 1, final=True).double().eval()
    inputs, targets = torch.rand(1, 5, 2).double(), torch.ones(1).double()

    def squared(outputs, targets):
        return (outputs[:, 0] - targets).square().mean()

    norm = look_back(model, inputs, targets, squared)[0][1]
    _, state = model.recurrent(inputs[:, :2])

    def loss(nudge):
        _, last = model.recurrent(inputs[:, 2:], state + nudge)
        return squared(model.output(last[-1]), targets).detach()

    nudges = torch.eye(3).double() * 1e-6
    slopes = [(loss(nudge) - loss(-nudge)) / 2e-6 for nudge in nudges]
    assert norm == pytest.approx(float(torch.stack(slopes).norm()), rel=1e-4)


def test_an_untrained_lstm_of_torch_vanishes_like_a_plain_cell_and_the_defaults_do_not():
    torch.manual_seed(0)
    inputs, targets = torch.rand(8, 100, 2), torch.ones(8)

    def share(lag, **settings):
        norms, _ = look_back(Recurrent(Model(hidden=64, **settings), 2, 1, final=True), inputs, targets, of_number)
        return norms[-1 - lag] / norms[-1]

    assert share(50, cell="lstm", init="default", forget_bias=0.0) < 1e-8
    assert share(50, cell="rnn", init="default") < 1e-8
    assert share(50, cell="lstm") > 1e-4


def test_the_probe_names_cell_and_start_and_keeps_its_history_in_checkpoints():
    torch.manual_seed(0)
    settings = Model(hidden=8)
    model = Recurrent(settings, 2, 1, final=True)
    probe = Probe(settings, torch.rand(4, 12, 2), torch.ones(4), of_number)
    probe.begin(model)
    lines, matrix = probe.previews(model, 5)
    assert "lstm, orthogonal init, forget bias 1" in lines.title
    assert "lstm, orthogonal init, forget bias 1" in matrix.title
    assert (lines.kind, lines.log, len(lines.lines[0][1])) == ("lines", True, 12)
    assert matrix.columns == ("0", "5")
    assert matrix.matrix[0] == (0.0, 0.0)  # lag 0 is what the others are shares of
    other = Probe(settings, torch.rand(4, 12, 2), torch.ones(4), of_number)
    other.load_state_dict(probe.state_dict())
    other.begin(model)
    assert [preview.columns for preview in other.previews(model, 9)][1] == ("0", "5", "9")


def _halving(hidden=4):
    """A cell that keeps half of its state from step to step, and its probe over 6 steps."""
    settings = Model(cell="rnn", nonlinearity="relu", hidden=hidden, init="identity", dropout=0.0)
    model = Recurrent(settings, 1, 1, final=True)
    initialise(model.recurrent, "identity", scale=0.5)
    with torch.no_grad():
        model.recurrent.weight_ih_l0.fill_(1.0)
    return model, Probe(settings, torch.ones(3, 6, 1), torch.zeros(3), of_number)


def test_the_reach_is_the_gradient_at_the_first_step_as_a_share_of_that_at_the_last():
    model, probe = _halving()
    assert probe.measures(model, 1)["validation/gradient_reach"] == pytest.approx(0.5**5)
    initialise(model.recurrent, "identity", scale=2.0)
    with torch.no_grad():
        model.recurrent.weight_ih_l0.fill_(1.0)
    assert probe.measures(model, 2)["validation/gradient_reach"] == pytest.approx(2.0**5)
    nn.init.zeros_(model.output.weight)
    assert math.isnan(probe.measures(model, 3)["validation/gradient_reach"])  # no gradient goes back at all
    assert min(probe.state_dict()["norms"][-1]) == FLOOR


def test_hidden_units_that_are_0_for_all_examples_at_all_steps_are_dead_layer_by_layer():
    torch.manual_seed(0)
    settings = Model(cell="rnn", nonlinearity="relu", hidden=8, layers=2, dropout=0.0)
    model = Recurrent(settings, 2, 1, final=True)
    with torch.no_grad():
        model.recurrent.bias_ih_l1[:6] = -1e3
    measured = Probe(settings, torch.rand(4, 12, 2), torch.ones(4), of_number).measures(model, 1)
    assert measured["validation/dead_units/recurrent.l1"] == 0.75
    assert measured["validation/dead_units/recurrent.l0"] <= 0.25


def test_an_evaluation_and_a_preview_of_one_step_look_once_and_many_looks_are_thinned(monkeypatch):
    model, probe = _halving()
    probe.begin(model)
    for step in range(1, 2 * MOST):
        probe.measures(model, step)
    looked = probe.state_dict()
    monkeypatch.setattr("recipes.rnn.probe.look_back", None)
    list(probe.previews(model, 2 * MOST - 1))
    assert probe.state_dict() == looked
    assert looked["steps"][0] == 0
    assert looked["steps"][-1] == 2 * MOST - 1
    assert MOST / 2 <= len(looked["steps"]) == len(looked["norms"]) <= MOST


def test_a_probe_leaves_gradients_mode_and_random_numbers_as_they_were():
    model = Recurrent(Model(hidden=8, dropout=0.5), 2, 1, final=True)
    inputs, before = torch.rand(2, 5, 2), torch.get_rng_state()
    look_back(model, inputs, torch.ones(2), of_number)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training
    assert torch.equal(torch.get_rng_state(), before)


# --- The preset that only draws ---------------------------------------------------------------------------------------------------


def test_gradients_are_drawn_without_a_step_and_the_run_is_finished(tmp_path):
    config = configure(RECIPE, "gradients", threads=1)
    folder = prepare(tmp_path, RECIPE, config)
    session = train_here(folder, RECIPE, config)
    session.returned()
    assert session.completed
    assert session.step == 0
    assert {path.name.partition("-")[0] for path in folder.samples.glob("*.json")} == {"vanishing", "exploding", "clipping", "reach"}


def test_the_table_of_gradients_tells_what_vanishes_from_what_explodes():
    vanishing, exploding, clipping, reach = gradient_previews(_config("gradients"), CPU)
    words = {line[:16].strip(): line.split()[-1] for line in reach.text.splitlines()[1:]}
    assert words["rnn torch"] == words["lstm torch"] == words["gru torch"] == "vanishes"
    assert words["relu identity"] == "carries"
    assert words["relu 1.1x"] == words["relu 1.2x"] == "explodes"
    assert vanishing.columns[0] == exploding.columns[0] == "0"
    assert all(values[0] == 1.0 for _, values in (*vanishing.lines, *exploding.lines))
    clipped, free = (values for _, values in clipping.lines)
    assert clipped[-1] < 2 * clipped[0]
    assert max(free) > 1e3 * max(clipped)
    assert all(map(math.isfinite, (*clipped, *free)))


# --- Tasks -----------------------------------------------------------------------------------------------------------------------


def test_the_settings_say_what_the_task_is():
    for settings, expected in (
        ({}, TEXT),
        ({"dataset": "text"}, TEXT),
        ({"dataset": "digits"}, CLASSIFY),
        ({"dataset": "csv"}, CLASSIFY),
        ({"dataset": "csv", "target": "number"}, REGRESS),
        ({"dataset": "adding"}, REGRESS),
        ({"dataset": "copy"}, COPY),
        ({"gradients_only": True}, GRADIENTS),
    ):
        assert RECIPE.task(_config(**settings)) is expected


def test_the_recall_of_symbols_counts_only_what_was_to_be_copied():
    config = _config("copy", length=4, symbols=2, hidden=4)
    data = loading.sequences(config, CPU)

    class Blank(nn.Module):
        def forward(self, inputs, lengths=None):
            return F.one_hot(torch.zeros(inputs.shape[:2], dtype=torch.long), 9).float() * 50, ()

    assert evaluate(Blank(), data, data.test, "test")["test/symbol_recall"] == 0.0


@pytest.mark.parametrize("target", ["class", "number"])
def test_a_table_of_ones_own_is_learned(target, tmp_path, one_thread):
    answer = {"class": lambda place: "up" if place % 2 else "down", "number": lambda place: 10 + (place % 2) * 5}[target]
    rows = [f"{place % 2 + 0.01 * place},{place % 2},{'' if place % 3 else place % 2},{answer(place)}" for place in range(60)]
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    more = {"dataset": "csv", "path": str(tmp_path / "mine.csv"), "target": target, "hidden": 8, "batch_size": 8, "warmup_steps": 0}
    config = _config(**more, lr=2e-2, dropout=0.0, epochs=30)
    run = FakeRun(config, RECIPE.task(config))
    RECIPE.train(config, run)
    if target == "class":
        assert run.test["test/accuracy"] == 1.0
    else:
        assert run.test["test/mse"] < 1 < run.about["baseline"]["always the mean"]


def test_the_notes_point_at_the_cells_and_name_the_tutorials_section():
    assert "cells.py" in RECIPE.notes
    assert "循环神经网络" in RECIPE.notes
    assert (Path(__file__).parents[2] / "recipes" / "rnn" / "cells.py").is_file()
