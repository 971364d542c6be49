"""Convolutional networks for images: settings, presets, notes. The model is in model.py and the loop in train.py."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from workbench.recipe import Chart, Metric, Preset, Preview, Recipe, Run, Task
from workbench.schema import Group, Value, setting
from workbench.settings import Budget, Common, Optimization


class Data(Group):
    """Which images the network learns from."""

    dataset: Literal["mnist5k", "digits", "mnist", "fashion-mnist", "kmnist", "cifar10", "folder"] = setting(
        "mnist5k", "Images to classify; folder is your own. mnist5k and digits need no network.", basic=True
    )
    path: str = setting("", "Your own images, for dataset folder: PATH/CLASS/*, or PATH/train/CLASS/*, PATH/val and PATH/test.")
    image_size: int = setting(
        32, "Side that your own images are scaled to; what a longer side has more is cut off.", minimum=4, maximum=1024, unit="pixels"
    )
    colour: bool = setting(True, "Reads your own images in colour; off: in grey.")
    download: bool = setting(False, "Fetches a data set that is not in the data folder without asking.")
    batch_size: int = setting(64, "Images per gradient. Larger is steadier and slower to learn.", minimum=1, maximum=8192, basic=True)
    examples_per_class: int | None = setting(None, "Training images per class, to see what scarce data cost.", minimum=1, none="all")
    shift: float = setting(2.0, "Moves each training image at random by up to this along both axes.", minimum=0, maximum=16, unit="pixels")
    rotate: float = setting(10.0, "Turns each training image at random by up to this either way.", minimum=0, maximum=180, unit="degrees")
    class_weights: Literal["none", "balanced"] = setting("none", "Whether rare classes count as much in the loss as common ones.")
    zoom: float = setting(0.15, "Enlarges or shrinks each training image at random by up to this share.", minimum=0, maximum=1)
    slant: float = setting(10.0, "Leans each training image at random by up to this either way.", minimum=0, maximum=45, unit="degrees")


class Model(Group):
    """The network: blocks of convolution and pooling, then two dense layers; or one of torchvision's."""

    architecture: Literal["convnet", "resnet18", "mobilenet_v3_small", "conv1d"] = setting(
        "convnet", "convnet and conv1d (over the rows) follow the settings below; the others have a shape of their own."
    )
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
    from recipes.cnn.train import untrained

    return untrained(config)


def batch(config: Config, count: int) -> Preview:
    """The first training images as the network sees them, moved and turned."""
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

ARCHITECTURE. `convnet` is the network above. `conv1d` reads an image as the
sequence of its rows and slides filters along it: compare it with the recipe
rnn on the same rows. Both share their weights over places or steps, which is
what keeps them small; being local alone would not. A dense layer from 28x28
pixels to 16 maps of 28x28 needs 9.8 million weights, a 3x3 convolution 144.
`resnet18` and `mobilenet_v3_small` are torchvision's, from random weights, with
a stem for small images; they have a shape of their own and say what they
ignore. Detecting where objects are, and text, are not in this recipe.

YOUR OWN IMAGES. `--dataset folder --path DIR`, a folder for each class. With
few of them, begin with what another run has learned (the last layer is new
where the classes are others), and let rare classes count alike:

  workbench train cnn --from RUN --weights --lr 1e-3 --class-weights balanced

WHAT TO WATCH
- Loss of both splits. Training low and validation rising: overfitting; try
  dropout, weight_decay, shift and rotate, or more data.
- Gradient norm. A slow fall is healthy; a sudden rise by 10 or more says that
  lr is too high; below 1e-4 from the start, that nothing is learned.
- Accuracy beside the baselines: nearest neighbour in pixels is a hard one.
- Worst examples. Late in a run they should be digits that you doubt, too.
- Grad-CAM: where in the image there was what spoke for the predicted class.
  Light beside the object means that the network goes by its surroundings:

    heat = relu(sum over k of a[k] * A[k])     A[k]: maps of the last conv layer
    a[k] = mean over i,j of d y[class] / d A[k,i,j]

- Feature maps: what the first and the last convolution make of one image.
- First filters: they become edges and blobs; noise that stays is overfitting.

LABS. recipes/cnn/LABS.md measures what helps against what (sections 5.1, 5.4
and 6.5 of the tutorial): scarce data, optimisers, batch size, learning rate,
L1, L2, dropout, early stopping. Each row is one command, for example

  workbench train cnn --preset lab --optimizer sgd --lr 0.1 --nesterov
  workbench train cnn --preset scarce --shift 2 --rotate 12 --zoom 0.1

THE TUTORIAL'S NETWORK is the preset `tutorial`: convolutional neural networks
(卷积神经网络), sections 2.1, 3.1, 4.1 of the deep learning tutorial, with what
it leaves out put right: channels, stride and padding in the convolution, stride
in the pooling, one sum per output in the dense layer, pixels scaled, splits
kept apart, softmax in the loss.

SOURCES
- LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to
  document recognition, Proc. IEEE 86(11): the architecture, MNIST
- Ioffe, Szegedy 2015, arXiv:1502.03167: batch norm
- Srivastava et al. 2014, JMLR 15: dropout
- Loshchilov, Hutter 2019, arXiv:1711.05101: AdamW
- Smith, Topin 2018, arXiv:1708.07120: the one-cycle schedule
- He et al. 2015, arXiv:1512.03385: residual networks
- Howard et al. 2019, arXiv:1905.02244: MobileNetV3
- Selvaraju et al. 2017, arXiv:1610.02391: Grad-CAM
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

_PLAIN: dict[str, Value] = {  # no norm, no schedule, no augmentation, and the last weights rather than the best
    "dataset": "digits",
    "blocks": 2,
    "width": 32,
    "batch_norm": False,
    "dropout": 0.0,
    "batch_size": 32,
    "optimizer": "adam",
    "lr": 1e-3,
    "schedule": "constant",
    "weight_decay": 0.0,
    **dict.fromkeys(("shift", "rotate", "zoom", "slant"), 0.0),
    "restore_best": False,
    "preview_every": 1000,
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
    Preset(
        "lab",
        "the tutorial's network on digits without any help: what LABS.md changes one thing at a time",
        {**_PLAIN, "epochs": 15},
        expect="2 s 98.3 %",
    ),
    Preset(
        "scarce",
        "100 images of 28x28 to learn from: what dropout, L2 and moved images are worth (LABS.md)",
        {
            **_PLAIN,
            "dataset": "mnist5k",
            "padding": False,
            "examples_per_class": 10,
            "optimizer": "adamw",
            "epochs": 100,
            "evaluate_every": 40,
        },
        expect="4 s 80.4 %",
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
    datasets=("mnist5k", "digits", "mnist", "fashion-mnist", "kmnist", "cifar10", "folder"),
    tasks=(CLASSIFY,),
    task=lambda config: CLASSIFY,
    train=train,
    model=model,
    batch=batch,
)
