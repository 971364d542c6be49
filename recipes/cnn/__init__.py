"""Convolutional networks for images: settings, presets, notes. The model is in model.py and the loop in train.py."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from workbench.data.catalogue import find_images
from workbench.recipe import Chart, Metric, Preset, Preview, Recipe, Run, Task
from workbench.schema import Group, setting
from workbench.settings import Budget, Common, Optimization


class Data(Group):
    """Which images the network learns from."""

    dataset: Literal["mnist5k", "digits"] = setting("mnist5k", "Images to classify.", basic=True)
    batch_size: int = setting(64, "Images per gradient. Larger is steadier and slower to learn.", minimum=1, maximum=8192, basic=True)
    examples_per_class: int | None = setting(None, "Training images per class, to see what scarce data cost.", minimum=1, none="all")
    shift: float = setting(2.0, "Moves each training image at random by up to this along both axes.", minimum=0, maximum=16, unit="pixels")
    rotate: float = setting(10.0, "Turns each training image at random by up to this either way.", minimum=0, maximum=180, unit="degrees")
    zoom: float = setting(0.15, "Enlarges or shrinks each training image at random by up to this share.", minimum=0, maximum=1)
    slant: float = setting(10.0, "Leans each training image at random by up to this either way.", minimum=0, maximum=45, unit="degrees")


class Model(Group):
    """The network: blocks of convolution and pooling, then two dense layers."""

    blocks: int = setting(3, "Convolutions, each followed by pooling, which halves the image.", minimum=1, maximum=6)
    width: int = setting(16, "Filters of the first convolution; every further one has twice as many.", minimum=1, maximum=1024)
    kernel_size: int = setting(3, "Side of a filter, in pixels.", minimum=1, maximum=11)
    padding: bool = setting(True, "Adds a margin of zeros, so that a convolution does not shrink the image.")
    pooling: Literal["max", "average"] = setting("max", "What stands for 2x2 pixels after each convolution.")
    batch_norm: bool = setting(True, "Normalises each channel over the batch, which allows a higher learning rate.")
    dense: int = setting(64, "Outputs of the first dense layer.", minimum=1, maximum=16384)
    dropout: float = setting(0.3, "Share of the features that are hidden from the dense layers at each step.", minimum=0, below=1)


class Config(Common):
    """Every setting of the recipe."""

    optimization: Optimization = Field(default_factory=lambda: Optimization(lr=1e-2, schedule="one-cycle", weight_decay=1e-2))
    # The loss tells weights apart that the accuracy on a few hundred images calls equal: chosen by it, the best digits weights
    # scored 99.07 % on images that neither trained nor chose, chosen by the accuracy 98.74 % (12 runs).
    budget: Budget = Field(default_factory=lambda: Budget(epochs=20, monitor="validation/loss"))
    data: Data = Field(default_factory=Data)
    model: Model = Field(default_factory=Model)


def train(config: Config, run: Run) -> None:
    """Train a classifier; torch is imported only here."""
    from recipes.cnn.train import train as loop

    loop(config, run)


def model(config: Config) -> tuple[Any, Any]:
    """The untrained network and an input of one image, for the table of layers."""
    import torch

    from recipes.cnn.model import ConvNet

    info = find_images(config.data.dataset)
    return ConvNet(config.model, info.shape, len(info.classes)), torch.zeros(1, *info.shape)


def batch(config: Config, count: int) -> Preview:
    """The first training images as the network sees them, shifted and turned."""
    import torch

    from recipes.cnn.previews import augmented
    from recipes.cnn.train import load

    return augmented(load(config, torch.device("cpu")).train, count)


NOTES = """\
A convolutional network slides small filters over an image, keeps the strongest
answers, and repeats this on what it found: edges, then strokes, then shapes.
The same filter serves every place, so it needs few weights and finds a stroke
wherever it lies.

CONVOLUTION of channels c with filters w[k], stride s, dilation d, padding p
(counted from 0; what lies outside the image is 0):

  y[k,i,j] = b[k] + sum over c,m,n of w[k,c,m,n] * x[c, s*i+d*m-p, s*j+d*n-p]

  output side = floor((H + 2p - d*(M-1) - 1) / s) + 1     filters of M x M

This is what deep learning calls convolution; mathematics calls it
cross-correlation, since the filter is not mirrored. Here s = d = 1.

POOLING of M x M pixels, stride M (with stride 1 it would not shrink anything):

  max:     y[c,i,j] = max  over m,n of x[c, M*i+m, M*j+n]     m, n = 0 .. M-1
  average: y[c,i,j] = mean over m,n of x[c, M*i+m, M*j+n]     here M = 2

DENSE LAYER from I inputs to J outputs, one sum for each output k:

  y[k] = b[k] + sum over i of W[k,i] * x[i]

SOFTMAX AND LOSS. The last dense layer gives logits y, one per class. Softmax
turns them into probabilities; the loss is the surprise at the true class t:

  p[k] = exp(y[k]) / sum over l of exp(y[l])          loss = -log p[t]

The network itself ends with logits: loss and display apply the softmax.

WHAT TO WATCH
- Loss of both splits. Training low and validation rising: overfitting; try
  dropout, weight_decay, shift and rotate, or more data.
- Gradient norm. A slow fall is healthy; a sudden rise by 10 or more says that
  lr is too high; below 1e-4 from the start, that nothing is learned.
- Accuracy beside the baselines: nearest neighbour in pixels is a hard one.
- Worst examples. Late in a run they should be digits that you doubt, too.
- First filters: they become edges and blobs; noise that stays is overfitting.

THE TUTORIAL'S NETWORK is the preset `tutorial`: sections 2.1, 3.1, 4.1 of the
deep learning tutorial, with what it leaves out put right: channels, stride and
padding in the convolution, stride in the pooling, one sum per output in the
dense layer, pixels scaled, splits kept apart, softmax in the loss.

SOURCES
- LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to
  document recognition, Proc. IEEE 86(11): the architecture, MNIST
- Ioffe, Szegedy 2015, arXiv:1502.03167: batch norm
- Srivastava et al. 2014, JMLR 15: dropout
- Loshchilov, Hutter 2019, arXiv:1711.05101: AdamW
- Smith, Topin 2018, arXiv:1708.07120: the one-cycle schedule
- Dumoulin, Visin 2016, arXiv:1603.07285: convolution arithmetic
"""

METRICS = {
    "train/loss": Metric("min", chart="loss", help="Cross-entropy of the step's batch, in nats."),
    "train/accuracy": Metric("max", unit="%", chart="accuracy", help="Share of the step's batch named right, augmented and with dropout."),
    "train/grad_norm": Metric(chart="grad_norm", help="Length of the gradient of all weights, before clipping."),
    "train/grad_norm/*": Metric(chart="layers", help="Length of the gradient of one layer's weights, before clipping."),
    "train/update_ratio": Metric(chart="update_ratio", help="Length of the update over that of the weights; 1e-3 is usual."),
    "train/update_ratio/*": Metric(chart="layer_updates", help="Length of the update of one layer over that of its weights."),
    "train/lr": Metric(chart="lr", help="Learning rate of the step."),
}
for _split in ("validation", "test"):
    METRICS |= {
        f"{_split}/loss": Metric("min", "", "loss", "Mean cross-entropy, in nats."),
        f"{_split}/accuracy": Metric("max", "%", "accuracy", "Share of images named right."),
        f"{_split}/precision": Metric("max", "%", "scores", "Of what was called a class, the share that is it; mean of classes."),
        f"{_split}/recall": Metric("max", "%", "scores", "Of a class, the share that was called so; mean of classes."),
        f"{_split}/f1": Metric("max", "%", "scores", "Harmonic mean of precision and recall; mean of classes."),
        f"{_split}/f1/*": Metric("max", "%", "classes", "Harmonic mean of precision and recall of one class."),
    }

CHARTS = {
    "loss": Chart("loss"),
    "accuracy": Chart("accuracy"),
    "grad_norm": Chart("gradient norm", log=True),
    "layers": Chart("gradient norm per layer", log=True),
    "update_ratio": Chart("update to weights", log=True),
    "layer_updates": Chart("update to weights per layer", log=True),
    "lr": Chart("learning rate", log=True),
    "scores": Chart("precision, recall, F1"),
    "classes": Chart("F1 per class"),
}

PRESETS = (
    # Held-out accuracy, mean of seeds 0 to 2 (digits 0 to 4), and CPU seconds of one thread: tests/benchmarks/learning.py.
    Preset(
        "mnist",
        "5,000 handwritten digits, 28x28: three convolutions, batch norm, shifted and turned images",
        {},
        expect="35 s 98.7 %",
    ),
    Preset(
        "digits",
        "1,797 small handwritten digits, 8x8: learns in seconds",
        {"dataset": "digits", "blocks": 2, "width": 32, "shift": 0.75, "zoom": 0.1, "lr": 3e-3, "epochs": 40},
        expect="6 s 99.3 %",
    ),
    Preset(
        "tutorial",
        "the tutorial's network, unchanged: 121,930 parameters on 28x28",
        {
            "blocks": 2,
            "width": 32,
            "padding": False,
            "batch_norm": False,
            "dropout": 0.0,
            "batch_size": 32,
            "lr": 5e-3,
            "weight_decay": 0.0,
            "zoom": 0.0,
            "slant": 0.0,
            "epochs": 5,
        },
        expect="13 s 98.3 %",
    ),
)

CLASSIFY = Task(
    name="classify",
    metrics=METRICS,
    charts=CHARTS,
    slots=("loss", "grad_norm", "accuracy", "preview:worst"),
    objective="validation/accuracy",
)

RECIPE = Recipe(
    name="cnn",
    family="convolutional network",
    summary="Classify images with convolutions and pooling",
    notes=NOTES,
    config=Config,
    presets=PRESETS,
    datasets=("mnist5k", "digits"),
    tasks=(CLASSIFY,),
    task=lambda config: CLASSIFY,
    train=train,
    model=model,
    batch=batch,
)
