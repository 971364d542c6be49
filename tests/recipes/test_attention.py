import math

import pytest
import torch
import torch.nn.functional as F

from recipes.attention import PAIRS, PRONOUNCE, RECIPE, ROWS, TEXT, Model
from recipes.attention.baselines import commonest_target, token_by_token
from recipes.attention.decoding import beam_search, greedy
from recipes.attention.language import evaluate as evaluate_text
from recipes.attention.language import surprise as surprise_of_text
from recipes.attention.previews import entropy, translations
from recipes.attention.scores import Attention
from recipes.attention.transformer import LanguageModel, RowClassifier
from recipes.attention.translate import evaluate, load, surprise
from recipes.attention.translator import Translator
from tests.fakes import FakeRun
from tests.training_runs import configure, events_of, prepare, stop_at, train_here
from workbench.data.language.pairs import PairSplit
from workbench.data.language.tokens import END, PAD, START, symbols_of
from workbench.data.language.tsv import Pair
from workbench.errors import WorkbenchError
from workbench.events.types import Tested

SCORES = ("dot", "general", "additive", "scaled-dot")
ENCODERS = ("lstm", "gru", "transformer")


def _translator(score="general", encoder="lstm", **settings):
    torch.manual_seed(0)
    model = Model(**{"score": score, "encoder": encoder, "width": 16, "embedding": 8, "heads": 2, "dropout": 0.0, **settings})
    return Translator(model, sources=12, targets=10, longest=9).eval()


@pytest.fixture
def sources():
    """Three sources of 5, 3 and 1 tokens, PAD behind them."""
    return torch.tensor([[4, 5, 6, 7, 8], [9, 10, 11, PAD, PAD], [4, PAD, PAD, PAD, PAD]])


@pytest.fixture
def inputs():
    return torch.tensor([[START, 4, 5, 6], [START, 7, 8, END], [START, 4, END, PAD]])


def _weights(model, sources, inputs):
    memory = model.encode(sources)
    return model.decode(inputs, memory.start, memory)[2]


# --- The mathematics of the notes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", SCORES)
def test_scores_equal_their_formulas(score):
    torch.manual_seed(0)
    layer = Attention(score, 6)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    queries, states = torch.randn(2, 3, 6), torch.randn(2, 4, 6)
    found = layer.scores(queries, layer.keys(states))
    for b, t, s in ((0, 0, 0), (1, 2, 3), (0, 1, 2)):
        q, h = queries[b, t], states[b, s]
        expected = {
            "dot": lambda q=q, h=h: q @ h,
            "general": lambda q=q, h=h: q @ layer.key.weight @ h,
            "additive": lambda q=q, h=h: layer.energy.weight[0] @ torch.tanh(layer.query.weight @ q + layer.key.weight @ h),
            "scaled-dot": lambda q=q, h=h: (layer.query.weight @ q) @ (layer.key.weight @ h) / math.sqrt(6),
        }[score]()
        torch.testing.assert_close(found[b, t, s], expected)


@pytest.mark.parametrize("score", SCORES)
def test_weights_of_each_row_sum_to_1_and_are_exactly_0_on_padding(score, sources, inputs):
    weights = _weights(_translator(score), sources, inputs)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 4))
    padding = (sources == PAD)[:, None].expand_as(weights)
    assert (weights[padding] == 0).all()
    assert (weights[~padding] > 0).all()
    assert (weights[2, :, 0] == 1).all()  # nothing else to look at


def test_the_context_is_the_mean_of_the_states_by_their_weights():
    torch.manual_seed(0)
    layer, queries, states = Attention("dot", 6), torch.randn(2, 3, 6), torch.randn(2, 4, 6)
    context, weights = layer(queries, layer.keys(states), states, torch.ones(2, 4, dtype=torch.bool))
    shares = (queries[1, 2] @ states[1].T).exp()
    torch.testing.assert_close(weights[1, 2], shares / shares.sum())
    torch.testing.assert_close(context[1, 2], (shares[:, None] * states[1]).sum(dim=0) / shares.sum())


@pytest.mark.parametrize("masked", ["nothing", "padding", "later"])
def test_the_weights_that_are_shown_are_those_of_the_fused_attention(masked):
    torch.manual_seed(0)
    block = LanguageModel(Model(width=16, heads=4), 9, 8).transformer.blocks[0].eval()
    x, mask = torch.randn(2, 6, 16), torch.tensor([[True] * 6, [True] * 4 + [False] * 2]) if masked == "padding" else None
    weights = block.weights(x, mask, masked == "later")
    query, key, value = block._heads(x)
    allowed = None if mask is None else mask[:, None, None]
    fused = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed, is_causal=masked == "later")
    torch.testing.assert_close(weights @ value, fused)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 4, 6))
    if masked == "padding":
        assert (weights[1, ..., 4:] == 0).all()
    if masked == "later":
        assert (weights.triu(1) == 0).all()


def test_a_block_is_pre_norm_attention_then_a_dense_part_as_the_notes_write_it():
    torch.manual_seed(0)
    block = LanguageModel(Model(width=8, heads=2), 9, 8).transformer.blocks[0].eval()
    x = torch.randn(1, 5, 8)
    normed = F.layer_norm(x, (8,), block.norm1.weight, block.norm1.bias)
    query, key, value = block.project(normed).chunk(3, dim=-1)
    heads = [
        (query[..., part] @ key[..., part].transpose(1, 2) / math.sqrt(4)).softmax(dim=-1) @ value[..., part]
        for part in (slice(4), slice(4, 8))
    ]
    middle = x + block.merge(torch.cat(heads, dim=-1))
    expected = middle + block.narrow(F.gelu(block.widen(F.layer_norm(middle, (8,), block.norm2.weight, block.norm2.bias))))
    torch.testing.assert_close(block(x, None, False), expected)


def test_without_positions_the_order_of_the_rows_would_not_matter():
    model = RowClassifier(Model(width=16, heads=2, layers=2), (1, 8, 8), 10).eval()
    images = torch.randn(2, 1, 8, 8)
    turned = images.flip(2)
    assert not torch.allclose(model(images), model(turned), atol=1e-4)
    with torch.no_grad():
        model.transformer.position.zero_()
    torch.testing.assert_close(model(images), model(turned))


def test_the_entropy_of_even_weights_is_the_log_of_their_number_and_of_one_alone_0():
    assert entropy(torch.tensor([[0.25] * 4, [1.0, 0.0, 0.0, 0.0]])).tolist() == [2.0, 0.0]


# --- No leaks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("score", ["none", *SCORES])
def test_later_targets_leave_earlier_logits_as_they_were_to_the_last_bit(encoder, score, sources, inputs):
    model = _translator(score, encoder)
    changed = inputs.clone()
    changed[:, 2:] = torch.tensor([[9, 8], [9, 9], [8, 7]])
    before, after = model(sources, inputs), model(sources, changed)
    assert torch.equal(before[:, :2], after[:, :2])
    assert not torch.equal(before[:, 2:], after[:, 2:])


def test_later_characters_leave_earlier_logits_as_they_were_to_the_last_bit():
    torch.manual_seed(0)
    model = LanguageModel(Model(width=32, heads=4, layers=3), 50, 64).eval()
    ids = torch.randint(50, (4, 64))
    changed = ids.clone()
    changed[:, 40:] = torch.randint(50, (4, 24))
    before, after = model(ids), model(changed)
    assert torch.equal(before[:, :40], after[:, :40])
    assert not torch.equal(before[:, 40:], after[:, 40:])


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("score", ["none", *SCORES])
def test_one_example_leaves_the_others_as_they_were_to_the_last_bit(encoder, score, sources, inputs):
    model = _translator(score, encoder)
    other_sources, other_inputs = sources.clone(), inputs.clone()
    other_sources[1], other_inputs[1] = torch.tensor([8, 7, 6, 5, 4]), torch.tensor([START, 9, 9, 9])
    before, after = model(sources, inputs), model(other_sources, other_inputs)
    assert torch.equal(before[[0, 2]], after[[0, 2]])
    assert not torch.equal(before[1], after[1])


def test_one_text_or_image_leaves_the_others_as_they_were_to_the_last_bit():
    torch.manual_seed(0)
    text, rows = LanguageModel(Model(width=16, heads=2), 50, 16).eval(), RowClassifier(Model(width=16, heads=2), (1, 8, 8), 10).eval()
    for model, batch, other in (
        (text, torch.randint(50, (3, 16)), torch.randint(50, (16,))),
        (rows, torch.randn(3, 1, 8, 8), torch.randn(1, 8, 8)),
    ):
        changed = batch.clone()
        changed[1] = other
        before, after = model(batch), model(changed)
        assert torch.equal(before[[0, 2]], after[[0, 2]])
        assert not torch.equal(before[1], after[1])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_more_padding_changes_no_logits(encoder, sources, inputs):
    model = _translator(encoder=encoder)
    wider = F.pad(sources, (0, 3), value=PAD)
    torch.testing.assert_close(model(wider, inputs), model(sources, inputs))


def test_the_encoder_reads_each_source_from_its_own_last_token():
    model = _translator()
    alone, among = torch.tensor([[9, 10, 11]]), torch.tensor([[9, 10, 11, PAD, PAD], [4, 5, 6, 7, 8]])
    encoder, x = model.encoder, model.source(alone)
    forward, _ = encoder.ahead[0](x)
    backward, _ = encoder.back[0](x.flip(1))
    states = torch.cat([forward, backward.flip(1)], dim=-1)
    torch.testing.assert_close(model.encode(among).states[0, :3], states[0])
    start = model.encode(among).start
    summary = torch.cat([forward[:, -1], backward[:, -1]], dim=-1)
    torch.testing.assert_close(start[0][0, :1], model.bridge(summary)[:, :16].tanh())


def test_padding_never_counts_in_the_loss(sources, inputs):
    model = _translator()
    split = _alphabet()
    ((_, batch),) = split.batches()
    logits = _small(split)(batch.sources, batch.inputs)
    each = [F.cross_entropy(logits[b, t], batch.outputs[b, t]) for b, t in (batch.outputs != PAD).nonzero().tolist()]
    assert len(each) == batch.tokens
    torch.testing.assert_close(surprise(_small(split), batch), torch.stack(each).mean())
    assert model(sources, inputs).shape == (3, 4, 10)


# --- Decoding ---------------------------------------------------------------------------------------------------------------


def _alphabet():
    pairs = [Pair(word, (word.upper(),)) for word in ("ab", "b", "abba", "baa")]
    return PairSplit(pairs, symbols_of("ab", "char"), symbols_of("AB", "char"), torch.device("cpu"))


def _small(split, score="dot"):
    torch.manual_seed(1)
    model = Translator(Model(width=8, embedding=8, score=score), len(split.sources), len(split.targets), split.longest_source)
    return model.eval()


def _log_probability(model, source, ids):
    """Of a whole answer, by teacher forcing."""
    steps = model(source[None], torch.tensor([[START, *ids[:-1]]]))[0].clone()
    steps[:, [PAD, START]] = -math.inf
    chosen = steps.log_softmax(dim=-1)[torch.arange(len(ids)), torch.tensor(ids)]
    return float(chosen.detach().sum())


def test_greedy_decoding_takes_the_likeliest_token_given_what_it_wrote(sources):
    model = _translator()
    written = greedy(model, sources, most=6)
    assert written.weights.shape[:2] == written.ids.shape
    for row, source in zip(written.ids.tolist(), sources, strict=True):
        until = row[: row.index(END) + 1] if END in row else row
        logits = model(source[None], torch.tensor([[START, *until[:-1]]]))[0]
        assert logits[:, END:].argmax(dim=-1).add(END).tolist() == until
        assert set(row[len(until) :]) <= {PAD}


def test_a_beam_of_one_is_greedy_and_a_wide_one_finds_the_likeliest_of_all():
    split = _alphabet()
    model = _small(split)
    ((_, batch),) = split.batches()
    narrow, plain = beam_search(model, batch.sources, 3, 1), greedy(model, batch.sources, 3).ids
    assert torch.equal(narrow, plain)
    tokens = range(END, len(split.targets))
    answers = (
        [(END,)] + [(a, END) for a in tokens if a != END] + [(a, b, c) for a in tokens for b in tokens for c in tokens if END not in (a, b)]
    )
    wide = beam_search(model, batch.sources, 3, 27)
    for source, found in zip(batch.sources, wide.tolist(), strict=True):
        best = max(answers, key=lambda ids: _log_probability(model, source, ids) / len(ids))
        assert tuple(token for token in found if token != PAD) == best


@pytest.mark.parametrize("score", ["none", "additive"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_encoder_and_score_writes_with_a_beam(score, encoder, sources):
    ids = beam_search(_translator(score, encoder), sources, 5, 3)
    assert ids.shape[0] == 3
    assert not (ids == START).any()


# --- What it is judged by ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [41, 43, 9, 6])
def test_bits_per_character_count_every_character_but_the_first_once(length):
    torch.manual_seed(0)
    model = LanguageModel(Model(width=16, heads=2), 20, 8).eval()
    ids = torch.randint(20, (length,))
    context, half, last = min(8, length - 1), min(8, length - 1) // 2, max(0, length - 9)
    inside = 0.0
    for place in range(1, length):  # predicted in the first window that has half a context or more before it
        start = 0 if place <= context else min(-(-(place - context) // half) * half, last)
        inside += float(surprise_of_text(model(ids[None, start:place])[:, -1:], ids[None, place : place + 1]).detach())
    values = evaluate_text(model, ids, "test")
    assert values["test/loss"] == pytest.approx(inside / (length - 1), rel=1e-4)
    assert values["test/bits_per_character"] == pytest.approx(values["test/loss"] / math.log(2))


def test_baselines_count_what_stands_at_the_same_place():
    letters = [Pair("ab", ("X Y",)), Pair("ba", ("Y X",)), Pair("abb", ("X Y",))]
    split = PairSplit(letters, symbols_of("ab", "char"), symbols_of(["X Y"], "space"), torch.device("cpu"))
    errors = token_by_token(split, split)
    assert (errors.edits, errors.tokens) == (1, 6)  # abb becomes X Y Y
    assert commonest_target(split, split).wrong == 1


def test_a_config_that_cannot_be_built_is_refused_in_words():
    with pytest.raises(WorkbenchError, match="heads 4 do not divide the width 66"):
        configure(RECIPE, "rows", width=66)
    with pytest.raises(WorkbenchError, match="width 33 is odd"):
        configure(RECIPE, "pronounce", width=33)
    configure(RECIPE, "pronounce", width=66)


def test_the_data_set_decides_the_task():
    found = {preset.name: RECIPE.task(configure(RECIPE, preset.name)) for preset in RECIPE.presets}
    assert found == {"pronounce": PRONOUNCE, "pronounce-long": PRONOUNCE, "dates": PAIRS, "sums": PAIRS, "text": TEXT, "rows": ROWS}


# --- Training ---------------------------------------------------------------------------------------------------------------


def _trained(preset, **settings):
    config = configure(RECIPE, preset, device="cpu", **settings)
    run = FakeRun(config, RECIPE.task(config))
    RECIPE.train(config, run)
    return run


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_dates_are_learned_to_the_last_one(one_thread):
    run = _trained("dates", threads=1)
    assert run.completed
    assert run.test["test/exact_match"] >= 0.99
    assert run.about["baseline"]["commonest target"] < 0.01


@pytest.mark.parametrize(
    ("encoder", "score"),
    [*(("lstm", score) for score in ("none", *SCORES)), *((encoder, "dot") for encoder in ENCODERS if encoder != "lstm")],
)
def test_every_encoder_and_score_learns_a_few_pairs_by_heart(encoder, score):
    settings = {"examples": 16, "batch_size": 16, "width": 32, "schedule": "constant", "lr": 1e-2, "warmup_steps": 0}
    run = _trained("sums", encoder=encoder, score=score, max_steps=60, epochs=None, evaluate_every=60, preview_every=60, **settings)
    assert run.logged[60]["train/loss"] < 0.3 * run.logged[1]["train/loss"]
    names = {preview.name for preview in run.previews[60]}
    assert names == {"decoded", "weights", "gradients", "dead_units"} | (
        {"attention", "attention-2", "attention-3", "entropy"} if score != "none" else set()
    )


def test_accumulating_two_batches_weighs_each_by_its_tokens():
    settings = {"examples": 64, "max_steps": 1, "precision": "fp32"}
    halves = _trained("sums", batch_size=32, accumulate=2, **settings).logged[1]
    whole = _trained("sums", batch_size=64, **settings).logged[1]
    for key in ("train/loss", "train/grad_norm"):
        assert halves[key] == pytest.approx(whole[key], rel=1e-4)


def test_evaluating_and_previewing_neither_moves_the_random_numbers_nor_the_weights():
    for preset, settings in (("sums", {"dropout": 0.1}), ("rows", {})):
        seldom = _trained(preset, max_steps=4, **settings)
        often = _trained(preset, max_steps=4, evaluate_every=1, preview_every=1, **settings)
        assert seldom.logged == often.logged


def test_own_pairs_are_trained_on_evaluated_and_tested(tmp_path):
    file = tmp_path / "own.tsv"
    file.write_text("".join(f"你{n}好\tni {n} hao\n" for n in range(60)), encoding="utf-8")
    config = configure(RECIPE, "sums", dataset="pairs", path=str(file), target_tokens="space", max_steps=3, threads=1)
    folder = prepare(tmp_path / "runs", RECIPE, config)
    train_here(folder, RECIPE, config)
    tested = next(event for event in events_of(folder) if isinstance(event, Tested))
    assert set(tested.values) == {"test/loss", "test/token_error_rate", "test/exact_match"}


def test_a_run_that_is_stopped_in_an_epoch_goes_on_as_if_it_was_not(tmp_path):
    config = configure(RECIPE, "dates", threads=1, max_steps=8, examples=200, dropout=0.1, evaluate_every=3, preview_every=4)
    whole, parted = prepare(tmp_path / "one", RECIPE, config), prepare(tmp_path / "two", RECIPE, config)
    train_here(whole, RECIPE, config)
    train_here(parted, RECIPE, config, at_step=stop_at(3))
    train_here(parted, RECIPE, config, attempt=2)
    results = [next(event.values for event in events_of(folder) if isinstance(event, Tested)) for folder in (whole, parted)]
    assert results[0] == results[1]


# --- What is shown ----------------------------------------------------------------------------------------------------------


def test_the_attention_matrix_has_the_tokens_of_a_probe_on_its_axes():
    split = _alphabet()
    shown = {preview.name: preview for preview in translations(_small(split), split, 6)}
    first = shown["attention"]
    assert (first.rows, first.columns) == (("A", "B", "end"), ("a", "b"))
    for row in first.matrix:
        assert sum(row) == pytest.approx(1, abs=1e-5)
    names, values = zip(*shown["entropy"].lines, strict=True)
    assert names == ("attention", "all tokens alike")
    assert all(0 <= bits <= even + 1e-5 for bits, even in zip(*values, strict=True))
    assert shown["decoded"].text.count("\n") == 3
    assert "ab -> " in shown["decoded"].text


def test_self_attention_is_shown_as_a_matrix_as_heads_and_as_their_entropy():
    for preset, tokens in (("rows", 8), ("text", 40)):
        shown = {preview.name: preview for preview in _trained(preset, max_steps=1, heads=2, layers=2).previews[1]}
        assert len(shown["attention"].rows) == len(shown["attention"].columns) == tokens
        assert shown["heads"].images.shape == (4, tokens, tokens)
        assert shown["heads"].captions[-1] == "block 2 head 2"
        assert [len(row) for row in shown["entropy"].matrix] == [2, 2]
    assert ">>>" in shown["decoded"].text


def test_the_batch_that_is_shown_before_a_run_is_the_first_that_it_trains_on():
    assert "-> " in RECIPE.batch(configure(RECIPE, "dates"), 4).text.splitlines()[3]
    assert RECIPE.batch(configure(RECIPE, "rows"), 4).images.shape == (4, 8, 8)
    assert len(RECIPE.batch(configure(RECIPE, "text"), 4).text.splitlines()) == 4


def test_test_pairs_are_written_with_the_beam_and_validation_pairs_without():
    config = configure(RECIPE, "sums", examples=40, beam=3)
    data = load(config, torch.device("cpu"))
    torch.manual_seed(0)
    model = Translator(config.model, len(data.sources), len(data.targets), data.test.longest_source)
    values = evaluate(config, model, data.validation, "validation", decoded=50)
    assert set(values) == {"validation/loss", "validation/token_error_rate", "validation/exact_match"}
    assert model.training


def test_notes_fit_80_columns_and_hold_the_equations():
    assert max(map(len, RECIPE.notes.splitlines())) <= 80
    for words in ("q . W h", "(W q) . (U h) / sqrt(d)", "softmax(mask(Q K^T / sqrt(d))) V", "WHAT TO WATCH", "SOURCES", "注意力机制"):
        assert words in RECIPE.notes
