"""Attention, from one sequence to another and within one: settings, presets, notes. The loops are in train.py."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from workbench.recipe import Chart, Metric, Preset, Preview, Recipe, Run, Task
from workbench.schema import Group, setting
from workbench.settings import Budget, Common, Optimization


class Data(Group):
    """What the network learns from: pairs of sequences, a text, or images whose rows are the tokens."""

    dataset: Literal["cmudict", "dates", "sums", "pairs", "python-docs", "text", "digits", "mnist5k"] = setting(
        "cmudict", "Pairs to translate, a text to continue, or images to classify row by row.", basic=True
    )
    path: str = setting("", "Your own data: a TSV file for `pairs`, a UTF-8 file or folder for `text`.")
    batch_size: int = setting(128, "Pairs, windows of text or images per gradient.", minimum=1, maximum=8192)
    examples: int | None = setting(None, "Training pairs at most; of dates and sums, how many are made.", minimum=1, none="all")
    source_tokens: Literal["char", "space"] = setting("char", "What a token of your own sources is: a character, or words apart by spaces.")
    target_tokens: Literal["char", "space"] = setting("char", "What a token of your own targets is: a character, or words apart by spaces.")
    longest: int = setting(200, "Tokens on a side of your own pairs; longer pairs are passed over and counted.", minimum=2, maximum=4096)
    sum_digits: int = setting(2, "Digits of the numbers that are added.", minimum=1, maximum=8)
    shift: float = setting(0.0, "Moves each training image at random by up to this along both axes.", minimum=0, maximum=16, unit="pixels")
    rotate: float = setting(0.0, "Turns each training image at random by up to this either way.", minimum=0, maximum=180, unit="degrees")
    zoom: float = setting(0.0, "Enlarges or shrinks each training image at random by up to this share.", minimum=0, maximum=1)
    context: int = setting(64, "Characters that a language model looks back at, and that a window has.", minimum=2, maximum=4096)


class Model(Group):
    """The network: an encoder, a decoder and what lies between them; or transformer blocks alone for texts and rows."""

    encoder: Literal["lstm", "gru", "transformer"] = setting("lstm", "What reads the source of a pair, both ways.")
    score: Literal["none", "dot", "general", "additive", "scaled-dot"] = setting(
        "dot", "How a decoder's state is matched with the source; none leaves attention out.", basic=True
    )
    width: int = setting(128, "Size of a state.", minimum=2, maximum=8192)
    embedding: int = setting(64, "Size of an embedded token of a pair.", minimum=1, maximum=8192)
    layers: int = setting(1, "Layers of the encoder, or transformer blocks.", minimum=1, maximum=48)
    heads: int = setting(4, "Heads of a transformer block; they share the width.", minimum=1, maximum=128)
    dropout: float = setting(0.0, "Share of the features that are hidden at each step.", minimum=0, below=1)


class Decoding(Group):
    """How a trained translator writes."""

    beam: int = setting(4, "Beginnings that are kept side by side when the test pairs are written; 1 is greedy.", minimum=1, maximum=64)


class Config(Common):
    """Every setting of the recipe."""

    optimization: Optimization = Field(
        default_factory=lambda: Optimization(lr=1e-2, beta2=0.95, schedule="cosine", warmup_steps=100, weight_decay=1e-4, clip_norm=1.0)
    )
    # Words decoded for a look are few, and which of them are right is a matter of luck; the loss is that of all.
    budget: Budget = Field(
        default_factory=lambda: Budget(epochs=None, max_steps=2200, monitor="validation/loss", evaluate_every=400, preview_every=200)
    )
    data: Data = Field(default_factory=Data)
    model: Model = Field(default_factory=Model)
    decoding: Decoding = Field(default_factory=Decoding)

    @model_validator(mode="after")
    def _widths_divide(self) -> Config:
        pairs = self.data.dataset not in (*TEXTS, *IMAGES)
        if (not pairs or self.model.encoder == "transformer") and self.model.width % self.model.heads:
            raise ValueError(f"heads {self.model.heads} do not divide the width {self.model.width}, which they share")
        if pairs and self.model.width % 2:
            raise ValueError(f"width {self.model.width} is odd; the encoder's two directions share it")
        return self


TEXTS = ("python-docs", "text")
IMAGES = ("digits", "mnist5k")


def train(config: Config, run: Run) -> None:
    """Train what the data set asks for; torch is imported only here."""
    from recipes.attention.train import train as loop

    loop(config, run)


def model(config: Config) -> tuple[Any, Any]:
    """The untrained network and a batch of one, for the table of layers."""
    from recipes.attention.train import untrained

    return untrained(config)


def batch(config: Config, count: int) -> Preview:
    """The first training examples as the network sees them."""
    from recipes.attention.train import batch as first

    return first(config, count)


NOTES = """\
Attention lets a network look at all of its input at once and choose, for each
thing that it has to say, what to look at. The choice is soft: a weight for
every place, 1 in sum, so that it can be learned by gradient descent.

ATTENTION of a query q over states h[1..S] of a source (cross-attention):

  e[j] = score(q, h[j])          how well the state at place j matches
  a[j] = exp(e[j]) / sum over l of exp(e[l])            the weights
  c    = sum over j of a[j] * h[j]                      the context

  score   dot         q . h
          general     q . W h
          additive    v . tanh(W q + U h)
          scaled-dot  (W q) . (U h) / sqrt(d)
          none        no attention: to see what it buys

Padding is masked: its score is -inf before the softmax, its weight exactly 0.

ENCODER AND DECODER. The encoder reads the source from both ends; h[j] joins
the two states at place j. The decoder is a language model of the target that
starts from the encoder's summary; its state s[t] is the query, and

  p(y[t] | y[<t], x) = softmax(V tanh(W [c[t]; s[t]]))    loss = -log p

In training it is given the true tokens before t (teacher forcing); in use it
has only what it wrote itself, the likeliest token each time (greedy) or several
beginnings side by side (beam). Without attention the source must fit into the
one state that the decoder starts from.

SELF-ATTENTION is the same within one sequence: every token is query, key and
value at once. X holds a row for each token, of width D; d = D / heads:

  head = softmax(mask(Q K^T / sqrt(d))) V     Q = X Wq   K = X Wk   V = X Wv

  x = x + merge(heads(norm(x)))               a pre-norm block: attention,
  x = x + W2 gelu(W1 norm(x))                 then a layer for each token

Without positions the order of the tokens would not matter, so each place has a
learned vector of its own, added to the token. A language model masks what comes
later (causal); a classifier of rows sees all and takes the mean. The cost grows
with the square of the length.

WHAT TO WATCH
- The attention matrix of the probe words. It starts as a grey smear; within
  the first few hundred steps a diagonal appears (letters and phones come in the
  same order). In `dates` it is not a diagonal: the year is fetched first.
- Its entropy, in bits: from log2 of the source's length down to 1 or less.
- The error rates. `none` learns the start of a word and loses the rest.
- Decoded examples: names and loan words go last, and some never.
- Training and validation loss part when the network is too large for the data.

MEASURES. Phone error rate: edits (insertions, deletions, substitutions) by
phones of the reference; word error rate: the share of words not exactly right.
Any pronunciation that the dictionary lists is accepted; the closest is the
reference. The split is by word, our own, so published figures compare only
roughly (Phonetisaurus: 33.9 % word error on this dictionary without stress).

THE TUTORIAL'S SECTIONS 2.3, 3.3 and 4.3 (注意力机制) put right: attention and
self-attention are two things here, by two names; scores, weights and contexts
have letters of their own; s() is given, with masks and positions. The code in
4.3 let the samples of a batch leak into each other and outputs see the targets
to come; two tests here hold that neither happens.

SOURCES
- Bahdanau, Cho, Bengio 2015, arXiv:1409.0473: attention, additive
- Luong, Pham, Manning 2015, arXiv:1508.04025: dot, general, behind the cell
- Vaswani et al. 2017, arXiv:1706.03762: scaled dot, heads, transformer
- Xiong et al. 2020, arXiv:2002.04745: pre-norm
- Press, Wolf 2017, arXiv:1608.05859: output weights shared with the embedding
- Carnegie Mellon University 1993-2015: The CMU Pronouncing Dictionary
- Yao, Zweig 2015, arXiv:1506.00196: pronunciation by encoder and decoder
"""

_TRAINING = {
    "train/loss": Metric("min", chart="loss", help="Cross-entropy of the step's batch, in nats a token."),
    "train/grad_norm": Metric(chart="grad_norm", help="Length of the gradient of all weights, before clipping."),
    "train/grad_norm/*": Metric(chart="layers", help="Length of the gradient of one layer's weights, before clipping."),
    "train/update_ratio": Metric(chart="update_ratio", help="Length of the update over that of the weights; 1e-3 is usual."),
    "train/update_ratio/*": Metric(chart="layer_updates", help="Length of the update of one layer over that of its weights."),
    "train/lr": Metric(chart="lr", help="Learning rate of the step."),
}
_CHARTS = {
    "loss": Chart("loss"),
    "grad_norm": Chart("gradient norm", log=True),
    "layers": Chart("gradient norm per layer", log=True),
    "update_ratio": Chart("update to weights", log=True),
    "layer_updates": Chart("update to weights per layer", log=True),
    "lr": Chart("learning rate", log=True),
}


def _judged(measures: dict[str, Metric]) -> dict[str, Metric]:
    """The measures of both splits that judge."""
    return {f"{split}/{name}": metric for split in ("validation", "test") for name, metric in measures.items()}


PRONOUNCE = Task(
    name="pronounce",
    metrics=_TRAINING
    | _judged(
        {
            "loss": Metric("min", "", "loss", "Mean cross-entropy under teacher forcing, in nats a phone."),
            "phone_error_rate": Metric("min", "%", "errors", "Edits by phones of the closest listed pronunciation."),
            "word_error_rate": Metric("min", "%", "errors", "Share of words that equal no listed pronunciation."),
        }
    ),
    charts=_CHARTS | {"errors": Chart("phone and word error rate")},
    slots=("loss", "errors", "preview:decoded", "preview:attention"),
    objective="validation/phone_error_rate",
)
PAIRS = Task(
    name="pairs",
    metrics=_TRAINING
    | _judged(
        {
            "loss": Metric("min", "", "loss", "Mean cross-entropy under teacher forcing, in nats a token."),
            "token_error_rate": Metric("min", "%", "errors", "Edits by tokens of the closest target."),
            "exact_match": Metric("max", "%", "exact", "Share of targets that are right to the last token."),
        }
    ),
    charts=_CHARTS | {"errors": Chart("token error rate"), "exact": Chart("exact match")},
    slots=("loss", "exact", "preview:decoded", "preview:attention"),
    objective="validation/exact_match",
)
TEXT = Task(
    name="text",
    metrics=_TRAINING
    | _judged(
        {
            "loss": Metric("min", "", "loss", "Mean cross-entropy, in nats a character."),
            "bits_per_character": Metric("min", "bits", "bits", "Mean surprise at a character, in bits."),
        }
    ),
    charts=_CHARTS | {"bits": Chart("bits per character")},
    slots=("loss", "bits", "preview:decoded", "preview:attention"),
    objective="validation/bits_per_character",
)
ROWS = Task(
    name="rows",
    metrics=_TRAINING
    | {"train/accuracy": Metric("max", "%", "accuracy", "Share of the step's batch named right, with dropout.")}
    | _judged(
        {
            "loss": Metric("min", "", "loss", "Mean cross-entropy, in nats."),
            "accuracy": Metric("max", "%", "accuracy", "Share of images named right."),
            "precision": Metric("max", "%", "scores", "Of what was called a class, the share that is it; mean of classes."),
            "recall": Metric("max", "%", "scores", "Of a class, the share that was called so; mean of classes."),
            "f1": Metric("max", "%", "scores", "Harmonic mean of precision and recall; mean of classes."),
            "f1/*": Metric("max", "%", "classes", "Harmonic mean of precision and recall of one class."),
        }
    ),
    charts=_CHARTS | {"accuracy": Chart("accuracy"), "scores": Chart("precision, recall, F1"), "classes": Chart("F1 per class")},
    slots=("loss", "accuracy", "preview:worst", "preview:attention"),
    objective="validation/accuracy",
)


def task(config: Config) -> Task:
    """What the data set makes it."""
    dataset = config.data.dataset
    if dataset in TEXTS:
        return TEXT
    if dataset in IMAGES:
        return ROWS
    return PRONOUNCE if dataset == "cmudict" else PAIRS


PRESETS = (
    # Held-out figures: mean of seeds 0 to 2, CPU seconds of one thread, tests/benchmarks/learning_attention.py.
    Preset(
        "pronounce",
        "say English words: letters to phones, from the CMU dictionary",
        {},
        expect="49 s 9.0 % phone and 35.0 % word error",
    ),
    Preset(
        "pronounce-long",
        "the same with a larger network and three times as long",
        {"width": 192, "dropout": 0.1, "max_steps": None, "epochs": 4, "preview_every": 400},
        expect="114 s 8.1 % phone and 31.7 % word error, seed 0",
    ),
    Preset(
        "dates",
        "dates as people write them to year-month-day, where the order changes",
        {
            "dataset": "dates",
            "batch_size": 64,
            "precision": "fp32",  # at this size bf16 is no faster
            "width": 64,
            "embedding": 32,
            "warmup_steps": 30,
            "epochs": 4,
            "max_steps": None,
            "evaluate_every": 157,
            "preview_every": 79,
        },
        expect="9 s 100 %",
    ),
    Preset(
        "sums",
        "add two numbers of two digits, digit by digit",
        {
            "dataset": "sums",
            "embedding": 32,
            "warmup_steps": 30,
            "epochs": 40,
            "max_steps": None,
            "evaluate_every": 200,
            "preview_every": 100,
        },
    ),
    Preset(
        "text",
        "continue the Python documentation: a causal transformer",
        {
            "dataset": "python-docs",
            "layers": 2,
            "batch_size": 32,
            "lr": 3e-3,
            "beta2": 0.99,
            "weight_decay": 0.1,
            "epochs": 5,
            "max_steps": None,
            "evaluate_every": 100,
            "preview_every": 200,
        },
    ),
    Preset(
        "rows",
        "8x8 digits, row by row: a transformer that classifies",
        {
            "dataset": "digits",
            "shift": 0.75,
            "rotate": 10.0,
            "zoom": 0.1,
            "width": 64,
            "layers": 3,
            "lr": 3e-3,
            "beta2": 0.99,
            "weight_decay": 1e-2,
            "epochs": 60,
            "max_steps": None,
            "evaluate_every": 40,
            "preview_every": 80,
        },
        expect="21 s 98.8 %",
    ),
)

RECIPE = Recipe(
    name="attention",
    family="attention and transformers",
    summary="Translate, continue and classify by looking where it matters",
    notes=NOTES,
    config=Config,
    presets=PRESETS,
    datasets=("cmudict", "dates", "sums", "pairs", *TEXTS, *IMAGES),
    tasks=(PRONOUNCE, PAIRS, TEXT, ROWS),
    task=task,
    train=train,
    model=model,
    batch=batch,
)
