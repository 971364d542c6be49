"""Recurrent networks for text, sequences and long-memory tasks: settings, tasks, presets, notes. The loop is in train.py."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from workbench.recipe import Chart, Metric, Preset, Preview, Recipe, Run, Task
from workbench.schema import Group, setting
from workbench.settings import Budget, Common, Optimization

Dataset = Literal["python-docs", "text", "mnist5k", "digits", "csv", "adding", "copy"]


class Data(Group):
    """Which sequences the network learns from."""

    dataset: Dataset = setting("python-docs", "Text to continue, images read in order, a table of your own, or a memory task.", basic=True)
    path: str = setting("", "Your own text (a UTF-8 file or a folder of .txt files) or csv table.")
    batch_size: int = setting(16, "Sequences per gradient; of text, places that are read side by side.", minimum=1, maximum=8192)
    length: int = setting(64, "Characters per step of text; steps of the adding and copy tasks.", minimum=2, maximum=4096, unit="steps")
    symbols: int = setting(10, "Symbols to remember in the copy task.", minimum=1, maximum=100)
    examples: int = setting(5000, "Examples that the adding and copy tasks call an epoch.", minimum=1)
    read: Literal["rows", "pixels"] = setting("rows", "Whether a step of an image is a row or a single pixel.")
    permute: bool = setting(False, "Moves the pixels of all images by one fixed permutation: nothing near is near in time.")
    shift: float = setting(0.0, "Moves each training image at random by up to this along both axes.", minimum=0, maximum=16, unit="pixels")
    rotate: float = setting(0.0, "Turns each training image at random by up to this either way.", minimum=0, maximum=180, unit="degrees")
    zoom: float = setting(0.0, "Enlarges or shrinks each training image at random by up to this share.", minimum=0, maximum=1)
    target: Literal["class", "number"] = setting("class", "What the last column of a csv is.")


class Model(Group):
    """The network: recurrent layers and one dense layer."""

    cell: Literal["rnn", "lstm", "gru"] = setting("lstm", "Kind of memory: plain, with four gates, or with three.", basic=True)
    nonlinearity: Literal["tanh", "relu"] = setting("tanh", "What a plain cell (rnn) squashes its state with.")
    layers: int = setting(1, "Recurrent layers on top of each other.", minimum=1, maximum=16)
    hidden: int = setting(256, "Hidden units per layer: the size of the memory.", minimum=1, maximum=8192)
    embedding: int = setting(64, "Numbers that stand for a character.", minimum=1, maximum=4096)
    window: int = setting(4, "Characters that a step of text is given at once: the newest and those before it.", minimum=1, maximum=16)
    dropout: float = setting(0.15, "Share of hidden units left out at random before the next layer.", minimum=0, below=1)
    bidirectional: bool = setting(False, "Also read from the end; only where the whole sequence is known, not for text.")
    init: Literal["orthogonal", "default", "identity"] = setting(
        "orthogonal", "Recurrent weights at the start: keep lengths, torch's own small ones, or copy the state."
    )
    forget_bias: float = setting(1.0, "Bias of an LSTM's forget gate at the start; 0 leaves what init gives.", minimum=-10, maximum=10)


class Look(Group):
    """What the previews show."""

    prompt: str = setting("", "Text to continue in the preview; empty takes some of the validation text.")
    temperature: float = setting(0.7, "Of the continuation: towards 0 always the likeliest character, above 1 wilder.", above=0, maximum=10)
    sampled: int = setting(300, "Characters to continue by.", minimum=1, maximum=10000, unit="characters")
    gradients_only: bool = setting(False, "Draw how far the gradient of each cell and initialisation reaches, and end without training.")


class Config(Common):
    """Every setting of the recipe."""

    optimization: Optimization = Field(
        default_factory=lambda: Optimization(lr=1.2e-2, schedule="cosine", warmup_steps=400, beta2=0.99, weight_decay=1e-2, clip_norm=1.0)
    )
    budget: Budget = Field(default_factory=lambda: Budget(epochs=6))
    data: Data = Field(default_factory=Data)
    model: Model = Field(default_factory=Model)
    look: Look = Field(default_factory=Look)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.model.bidirectional and task(self).name in ("text", "copy"):
            raise ValueError("setting `bidirectional` is `yes`, which would show this task what it has to predict")
        return self


def task(config: Config) -> Task:
    """What the data make of a run."""
    if config.look.gradients_only:
        return GRADIENTS
    by_data = {"python-docs": TEXT, "text": TEXT, "adding": REGRESS, "copy": COPY}
    own = REGRESS if config.data.target == "number" else CLASSIFY
    return by_data.get(config.data.dataset, own if config.data.dataset == "csv" else CLASSIFY)


def train(config: Config, run: Run) -> None:
    """Train on text or on sequences, or only draw gradients; torch is imported only here."""
    if config.look.gradients_only:
        from recipes.rnn.gradients import draw as follow
    elif task(config) is TEXT:
        from recipes.rnn.train_text import train as follow
    else:
        from recipes.rnn.train import train as follow
    follow(config, run)


def model(config: Config) -> tuple[Any, Any]:
    """The network of these settings and an input for it: (1, T) characters or (1, T, features)."""
    from recipes.rnn.data import network

    return network(config)


def batch(config: Config, count: int) -> Preview:
    """The first training sequences as the network is given them."""
    from recipes.rnn.previews import first_batch

    return first_batch(config, count)


NOTES = """\
A recurrent network reads a sequence one step at a time. At each step it mixes
the input with its hidden state, what it remembers of all steps before, and
keeps the result as the new state. The same weights serve every step, so a
sequence may have any length. The network sees the past only, and only through
the last state; a bidirectional one has a second state that comes from the end.

THE PLAIN CELL (setting cell = rnn), with f = tanh or ReLU:

  h[t] = f(W x[t] + b + U h[t-1] + b')

LSTM. A second state c is only added to and scaled, by gates from 0 to 1
(s is the logistic sigmoid; * goes element by element):

  i = s(W_i x + U_i h' + b_i)    f = s(W_f x + U_f h' + b_f)
  o = s(W_o x + U_o h' + b_o)    g = tanh(W_g x + U_g h' + b_g)
  c = f * c' + i * g             h = o * tanh(c)

GRU. Two gates and one state:

  r = s(W_r x + b_r + U_r h' + b'_r)    z = s(W_z x + b_z + U_z h' + b'_z)
  n = tanh(W_n x + b_n + r * (U_n h' + b'_n))
  h = (1 - z) * n + z * h'

cells.py of this recipe writes these out; training uses torch's own, which
compute the same.

WHY GRADIENTS VANISH. Backpropagation through time sums over the steps k:

  dL/dW = sum over k of  dL/dh[T] * J[T] * ... * J[k+1] * d+h[k]/dW

  J[j] = diag(1 - h[j]^2) U        (tanh; d+ keeps h[k-1] fixed)

With sigma the largest singular value of U and gamma the largest slope of f:
sigma < 1/gamma suffices for the product to vanish like (gamma sigma)^(T-k);
sigma > 1/gamma is necessary (but not sufficient) for it to explode. Clipping
mends the exploding, by scaling the gradient down to clip_norm; the vanishing
needs another cell or another start.

THE TRAP. An LSTM or GRU with torch's own initialisation has gates near 1/2
and vanishes as fast as a plain cell until it is trained. So each drawing names
cell and initialisation, and is made anew as the network learns. forget_bias 1
and orthogonal recurrent weights, the defaults here, carry gradients far from
the first step. And an LSTM does not always remember better: the copy task
favours plain cells with orthogonal weights.

TEXT. A step is given the last `window` characters, so that the cell need not
spend its memory on them; window = 1 is the classic form. Places of the text are
read side by side, `length` characters a step; the state goes on from step to
step but gradients do not (truncated backpropagation through time). An epoch
begins with a state of zeros. Bits per character = loss / ln 2; perplexity =
exp(loss).

WHAT TO WATCH
- Bits per character beside the order-5 n-gram, which only counts.
- The text it writes: first letters, then words, then something like grammar.
- Gradient through time: a line that falls by 10 every few steps cannot learn
  what lies further back.
- Training far below validation: overfitting; more dropout, fewer epochs.
- adding: 0.167 means that nothing is remembered; the fall comes suddenly.

THE TUTORIAL'S NETWORK is the preset `tutorial`: sections 2.2, 3.2 and 4.2
(循环神经网络, recurrent neural network) of the deep learning tutorial, with
its gates defined (section 3.2.1 has none), the candidate computed before the
state that it enters, the product in 3.2.3 put right as above, and the last
valid step of packed sequences read.

SOURCES
- Elman 1990, Cognitive Science 14: the plain cell
- Hochreiter, Schmidhuber 1997, Neural Computation 9(8): LSTM, adding task
- Gers, Schmidhuber, Cummins 2000: the forget gate
- Cho et al. 2014, arXiv:1406.1078: GRU
- Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063: vanishing, exploding, clipping
- Saxe et al. 2014, arXiv:1312.6120: orthogonal weights
- Le, Jaitly, Hinton 2015, arXiv:1504.00941: identity, for ReLU (IRNN)
- Jozefowicz et al. 2015, ICML: forget bias 1
- Arjovsky et al. 2016, arXiv:1511.06464; Bai et al. 2018, arXiv:1803.01271:
  the adding and copy tasks as they are here
- Witten, Bell 1991: the n-gram beside the text
"""

TRAINING = {
    "train/loss": Metric("min", chart="loss", help="Loss of the step's batch: cross-entropy in nats, or mean squared error."),
    "train/grad_norm": Metric(chart="grad_norm", help="Length of the gradient of all weights, before clipping."),
    "train/grad_norm/*": Metric(chart="layers", help="Length of the gradient of one layer's weights, before clipping."),
    "train/update_ratio": Metric(chart="update_ratio", help="Length of the update over that of the weights; 1e-3 is usual."),
    "train/update_ratio/*": Metric(chart="layer_updates", help="Length of the update of one layer over that of its weights."),
    "train/lr": Metric(chart="lr", help="Learning rate of the step."),
}
CHARTS = {
    "loss": Chart("loss"),
    "grad_norm": Chart("gradient norm", log=True),
    "layers": Chart("gradient norm per layer", log=True),
    "update_ratio": Chart("update to weights", log=True),
    "layer_updates": Chart("update to weights per layer", log=True),
    "lr": Chart("learning rate", log=True),
}


def _held_out(metrics: dict[str, Metric]) -> dict[str, Metric]:
    """The metrics of both splits that are evaluated."""
    loss = Metric("min", chart="loss", help="Mean loss over the split.")
    return {f"{split}/{name}": metric for split in ("validation", "test") for name, metric in {"loss": loss, **metrics}.items()}


_BITS = Metric("min", chart="bits", help="Bits that a character costs: cross-entropy / ln 2.")
TEXT = Task(
    name="text",
    metrics={
        **TRAINING,
        "train/bits_per_character": _BITS,
        **_held_out({
            "bits_per_character": _BITS,
            "perplexity": Metric("min", chart="perplexity", help="exp(loss): between how many characters it is as good as undecided."),
        }),
    },
    charts={**CHARTS, "bits": Chart("bits per character"), "perplexity": Chart("perplexity")},
    slots=("bits", "grad_norm", "preview:through_time", "preview:text"),
    objective="validation/bits_per_character",
)  # fmt: skip
_ACCURACY = Metric("max", "%", "accuracy", "Share of sequences named right.")
CLASSIFY = Task(
    name="classify",
    metrics={
        **TRAINING,
        "train/accuracy": _ACCURACY,
        **_held_out({
            "accuracy": _ACCURACY,
            "precision": Metric("max", "%", "scores", "Of what was called a class, the share that is it; mean of classes."),
            "recall": Metric("max", "%", "scores", "Of a class, the share that was called so; mean of classes."),
            "f1": Metric("max", "%", "scores", "Harmonic mean of precision and recall; mean of classes."),
            "f1/*": Metric("max", "%", "classes", "Harmonic mean of precision and recall of one class."),
        }),
    },
    charts={
        **CHARTS, "accuracy": Chart("accuracy"), "scores": Chart("precision, recall, F1"), "classes": Chart("F1 per class"),
    },
    slots=("loss", "accuracy", "preview:through_time", "preview:hidden"),
    objective="validation/accuracy",
)  # fmt: skip
REGRESS = Task(
    name="adding",
    metrics={**TRAINING, **_held_out({"mse": Metric("min", chart="mse", help="Mean squared error, in the target's unit.")})},
    charts={**CHARTS, "mse": Chart("mean squared error", log=True)},
    slots=("mse", "grad_norm", "preview:through_time", "preview:through_training"),
    objective="validation/mse",
)
COPY = Task(
    name="copy",
    metrics={**TRAINING, **_held_out({"symbol_recall": Metric("max", "%", "recall", "Share of the symbols that were repeated right.")})},
    charts={**CHARTS, "recall": Chart("recall of copied symbols")},
    slots=("loss", "recall", "preview:through_time", "preview:through_training"),
    objective="validation/symbol_recall",
)
GRADIENTS = Task(
    name="gradients",
    metrics={REGRESS.objective: REGRESS.metrics[REGRESS.objective]},  # nothing is logged, for nothing is trained
    charts={"mse": REGRESS.charts["mse"]},
    slots=("preview:vanishing", "preview:exploding", "preview:clipping", "preview:reach"),
    objective=REGRESS.objective,
)

_DIGITS = {"shift": 2.0, "rotate": 10.0, "zoom": 0.1}
_ROWS = {
    "dataset": "mnist5k",
    "layers": 2,
    "hidden": 128,
    "batch_size": 64,
    "warmup_steps": 0,
    "schedule": "one-cycle",
    "monitor": "validation/loss",
}
_TORCHS_OWN = {"init": "default", "forget_bias": 0.0}
_ADDING = {
    "dataset": "adding", "length": 100, "examples": 20000, "batch_size": 100, "hidden": 32, "dropout": 0.0, "lr": 2e-2,
    "schedule": "one-cycle", "warmup_steps": 0, "weight_decay": 0.0, "beta2": 0.999, **_TORCHS_OWN,
}  # fmt: skip

PRESETS = (
    # Held-out figures, mean of seeds 0 to 2, and CPU seconds of one thread: tests/benchmarks/learning_rnn.py.
    Preset("text", "continues the documentation of the running Python, character by character", {}),
    Preset("text-long", "the same for three times as long, with more dropout", {"epochs": 16, "dropout": 0.3}),
    Preset("rows", "names 5,000 handwritten digits, read row by row", {**_ROWS, **_DIGITS, "lr": 5e-3, "epochs": 24}),
    Preset(
        "pixels",
        "names small handwritten digits, read pixel by pixel: 64 steps of one number",
        {**_ROWS, "dataset": "digits", "read": "pixels", "layers": 1, "hidden": 64, "lr": 1e-2, "epochs": 40, "dropout": 0.0},
    ),
    Preset(
        "adding",
        "the sum of two marked numbers among 100, torch's own initialisation; also --cell gru --epochs 2, --cell rnn",
        {**_ADDING, "epochs": 9},
    ),
    Preset(
        "copy",
        "repeats five symbols after 30 steps of silence",
        {"dataset": "copy", "length": 30, "symbols": 5, "hidden": 128, "batch_size": 50, "dropout": 0.0, "lr": 5e-3, "epochs": 20},
    ),
    Preset(
        "tutorial",
        "the tutorial's network: two stacked LSTM of 128 and a softmax, on 28 rows of 28",
        {**_ROWS, "schedule": "constant", "lr": 1e-3, "batch_size": 32, "dropout": 0.0, "weight_decay": 0.0, "epochs": 10},
    ),
    Preset(
        "gradients",
        "draws how far the gradient of each cell and initialisation reaches, without training",
        {**_ADDING, "gradients_only": True},
    ),
)

RECIPE = Recipe(
    name="rnn",
    family="recurrent network",
    summary="Sequences with a memory: text, rows of images, tables, memory tasks",
    notes=NOTES,
    config=Config,
    presets=PRESETS,
    datasets=("python-docs", "text", "mnist5k", "digits", "csv", "adding", "copy"),
    tasks=(TEXT, CLASSIFY, REGRESS, COPY, GRADIENTS),
    task=task,
    train=train,
    model=model,
    batch=batch,
)
