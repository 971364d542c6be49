"""A convolutional classifier: blocks of convolution, pooling, norm and ReLU, then two dense layers."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from recipes.cnn import Model
from workbench.errors import WorkbenchError


class ConvNet(nn.Sequential):
    """Maps images to one logit per class; softmax belongs to the loss and to what is shown, not in here.

    A block is conv, pool, norm, ReLU, as in LeNet-5 (LeCun et al. 1998). ReLU and norm come after pooling because they then
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
        layers["flatten"] = nn.Flatten()
        layers["dropout"] = nn.Dropout(settings.dropout)
        layers["dense"] = nn.Linear(channels * height * width, settings.dense)
        layers["relu"] = nn.ReLU()
        layers["output"] = nn.Linear(settings.dense, classes)
        super().__init__(layers)


def _too_small(block: int, settings: Model, shape: tuple[int, int, int]) -> WorkbenchError:
    _, height, width = shape
    blocks = f"block {block} of {settings.blocks}"
    return WorkbenchError(
        f"images of {height}x{width} pixels leave nothing to pool in {blocks} with kernel_size {settings.kernel_size}",
        "use fewer --blocks, a smaller --kernel-size, or --padding",
    )
