"""The convolutional classifiers: a plain one in two and in one dimension, and two of torchvision's fitted to small images."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from recipes.cnn import Model
from workbench.errors import WorkbenchError

SMALL = 64  # pixels: below it a stem that shrinks the image four times would leave too little to look at
UNUSED = {  # settings that an architecture has no use for, since it brings its own
    "convnet": (),
    "conv1d": (),
    "resnet18": ("blocks", "width", "kernel_size", "padding", "pooling", "batch_norm", "dense", "dropout"),
    "mobilenet_v3_small": ("blocks", "width", "kernel_size", "padding", "pooling", "batch_norm", "dense"),
}


def build_model(settings: Model, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """The untrained network that the settings name: images (B, C, H, W) to logits (B, K), with the softmax left to the loss.

    Raises:
        WorkbenchError: the images are too small for so many blocks.
    """
    if settings.architecture == "resnet18":
        return resnet18(shape, classes)
    if settings.architecture == "mobilenet_v3_small":
        return mobilenet(shape, classes, settings.dropout)
    return (ConvNet if settings.architecture == "convnet" else RowNet)(settings, shape, classes)


def ignored(settings: Model) -> str:
    """What of the settings the architecture does not use although it was changed, in words; empty where there is nothing."""
    usual = Model()
    names = [name for name in UNUSED[settings.architecture] if getattr(settings, name) != getattr(usual, name)]
    if not names:
        return ""
    listed = ", ".join(f"{name} {getattr(settings, name)}" for name in names)
    return f"{settings.architecture} has a shape of its own and does not use {listed}"


class ConvNet(nn.Sequential):
    """Blocks of convolution, pooling, norm and ReLU, then two dense layers.

    The order in a block is that of LeNet-5 (LeCun et al. 1998). ReLU and norm come after pooling because they then
    work on a quarter of the numbers; for max pooling and ReLU the order makes no difference, relu(max x) = max relu(x).

    Shapes:
        images (B, C, H, W); returns logits (B, K)

    Raises:
        WorkbenchError: the images are too small for so many blocks.
    """

    def __init__(self, settings: Model, shape: tuple[int, int, int], classes: int) -> None:
        channels, height, width = shape
        kernel, margin = settings.kernel_size, settings.kernel_size // 2 if settings.padding else 0
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for block in range(1, settings.blocks + 1):
            filters = settings.width * 2 ** (block - 1)
            height, width = (side + 2 * margin - kernel + 1 for side in (height, width))
            if min(height, width) < 2:
                raise _too_small(block, settings, shape)
            # With a norm there is no bias: the norm would take it out again and adds its own.
            layers[f"conv{block}"] = nn.Conv2d(channels, filters, kernel, padding=margin, bias=not settings.batch_norm)
            layers[f"pool{block}"] = nn.MaxPool2d(2) if settings.pooling == "max" else nn.AvgPool2d(2)
            if settings.batch_norm:
                layers[f"norm{block}"] = nn.BatchNorm2d(filters)
            layers[f"relu{block}"] = nn.ReLU()
            channels, height, width = filters, height // 2, width // 2
        super().__init__(layers | _head(settings, channels * height * width, classes))


class Rows(nn.Module):
    """An image as a sequence of its rows, from top to bottom.

    Shapes:
        images (B, C, H, W); returns (B, C*W, H): H steps with C*W numbers each
    """

    def forward(self, images: Tensor) -> Tensor:
        return images.transpose(2, 3).flatten(1, 2)


class RowNet(nn.Sequential):
    """The same blocks in one dimension: filters slide along the sequence of an image's rows, and see whole rows.

    What a recurrent network reads step by step, this one sees through windows of `kernel_size` steps; both share their
    weights over the sequence, and neither knows that neighbouring columns belong together.

    Shapes:
        images (B, C, H, W); returns logits (B, K)

    Raises:
        WorkbenchError: the sequence is too short for so many blocks.
    """

    def __init__(self, settings: Model, shape: tuple[int, int, int], classes: int) -> None:
        height = shape[1]
        features = shape[0] * shape[2]
        kernel, margin = settings.kernel_size, settings.kernel_size // 2 if settings.padding else 0
        layers: OrderedDict[str, nn.Module] = OrderedDict(rows=Rows())
        for block in range(1, settings.blocks + 1):
            filters = settings.width * 2 ** (block - 1)
            height += 2 * margin - kernel + 1
            if height < 2:
                raise _too_small(block, settings, shape)
            layers[f"conv{block}"] = nn.Conv1d(features, filters, kernel, padding=margin, bias=not settings.batch_norm)
            layers[f"pool{block}"] = nn.MaxPool1d(2) if settings.pooling == "max" else nn.AvgPool1d(2)
            if settings.batch_norm:
                layers[f"norm{block}"] = nn.BatchNorm1d(filters)
            layers[f"relu{block}"] = nn.ReLU()
            features, height = filters, height // 2
        super().__init__(layers | _head(settings, features * height, classes))


def resnet18(shape: tuple[int, int, int], classes: int) -> nn.Module:
    """torchvision's ResNet-18 (He et al. 2015, arXiv:1512.03385), from random weights.

    For images under 64 pixels the stem is the one of that paper's CIFAR networks: 3x3 at stride 1 without pooling.
    """
    from torchvision import models  # its import takes over a second

    model = models.resnet18(weights=None, num_classes=classes)
    channels, *sides = shape
    if min(sides) < SMALL:
        model.conv1 = _first(model.conv1, channels, small=True)
        model.maxpool = nn.Identity()
    elif channels != 3:
        model.conv1 = _first(model.conv1, channels, small=False)
    return model


def mobilenet(shape: tuple[int, int, int], classes: int, dropout: float) -> nn.Module:
    """torchvision's MobileNetV3-Small (Howard et al. 2019, arXiv:1905.02244), from random weights; stride 1 in a small image's stem."""
    from torchvision import models

    model = models.mobilenet_v3_small(weights=None, num_classes=classes, dropout=dropout)
    channels, *sides = shape
    small = min(sides) < SMALL
    if small or channels != 3:
        model.features[0][0] = _first(model.features[0][0], channels, small=small)
    return model


def last_maps(model: nn.Module) -> nn.Module:
    """The layer whose output is the last that still has places: what Grad-CAM looks at."""
    for name in ("layer4", "features"):  # of torchvision's models: behind the last block, with norm and activation
        if hasattr(model, name):
            found: nn.Module = getattr(model, name)
            return found
    return [layer for layer in model.modules() if isinstance(layer, (nn.Conv1d, nn.Conv2d))][-1]


def _first(old: nn.Conv2d, channels: int, *, small: bool) -> nn.Conv2d:
    """The first convolution for another number of channels; in small images 3x3 at stride 1, so that nothing is lost."""
    kernel, stride, padding = (3, 1, 1) if small else (old.kernel_size[0], old.stride[0], int(old.padding[0]))
    layer = nn.Conv2d(channels, old.out_channels, kernel, stride, padding, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")  # as torchvision initialises both families
    return layer


def _head(settings: Model, features: int, classes: int) -> OrderedDict[str, nn.Module]:
    return OrderedDict(
        flatten=nn.Flatten(),
        dropout=nn.Dropout(settings.dropout),
        dense=nn.Linear(features, settings.dense),
        relu=nn.ReLU(),
        output=nn.Linear(settings.dense, classes),
    )


def _too_small(block: int, settings: Model, shape: tuple[int, int, int]) -> WorkbenchError:
    _, height, width = shape
    blocks = f"block {block} of {settings.blocks}"
    return WorkbenchError(
        f"images of {height}x{width} pixels leave nothing to pool in {blocks} with kernel_size {settings.kernel_size}",
        "use fewer --blocks, a smaller --kernel-size, or --padding",
    )
