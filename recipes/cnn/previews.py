"""What to look at while a classifier learns: its mistakes, where it looked for them, its first filters, its feature maps."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.cnn.model import last_maps
from workbench.data.vision.images import TrainingBatches
from workbench.data.vision.labelled import Split, normalise, unit_range
from workbench.recipe import Preview
from workbench.training.inspecting.modes import evaluating
from workbench.training.scoring.mistakes import confusion, grey, most_wrong, shades, verdicts, worst

MAPS = 15  # feature maps that are shown of a layer: with the image itself, two layers fill the same grid
HEATED = 8  # images with their heat: each is twice as wide


def previews(model: nn.Module, split: Split) -> Iterator[Preview]:
    """The previews `worst`, `confusion`, `filters`, `features` and `gradcam` of a model on a split."""
    with evaluating(model):
        with torch.no_grad():
            probabilities = torch.cat([model(images).float().softmax(dim=1) for images, _ in split.batches()])  # (N, K)
        chosen = most_wrong(split, probabilities)
        yield worst(split, probabilities)
        yield confusion(split, probabilities)
        yield filters(first_convolution(model))
        yield features(model, split, int(chosen[0]))
        yield gradcam(model, split, chosen[:HEATED], probabilities)


def augmented(data: TrainingBatches, count: int) -> Preview:
    """The first images of the first epoch as the model is given them, each with its class."""
    images, labels = next(data.epoch(0))  # (B, C, H, W), (B,)
    shown = images[:count].float().mean(dim=1)  # (count, H, W)
    names = data.split.info.classes
    captions = tuple(names[label] for label in labels[:count].tolist())
    title = f"{len(captions)} of a batch of {len(labels)}, as the model sees them"
    return Preview("batch", title, "images", images=shades(_stretched(shown[None])[0]), captions=captions)


def filters(layer: nn.Conv1d | nn.Conv2d) -> Preview:
    """The kernels of a convolution, mean over its input channels: 0 is mid-grey, the largest weight of all white or black.

    One over a sequence of rows is drawn as the rows that it looks for, one below the other.
    """
    weights = layer.weight.detach().float()  # (filters, C, M, M) or (filters, features, M)
    weights = weights.mean(dim=1) if weights.ndim == 4 else weights.transpose(1, 2)  # (filters, M, M) or (filters, M, features)
    largest = weights.abs().max().clamp(min=1e-12)
    captions = tuple(str(number) for number in range(1, len(weights) + 1))
    return Preview("filters", "filters: of the first layer", "images", images=shades(0.5 + 0.5 * weights / largest), captions=captions)


@torch.no_grad()
def features(model: nn.Module, split: Split, index: int) -> Preview:
    """One example and what the first and the last convolution make of it: their maps with the largest spread, from dark to bright."""
    image = split.images[index : index + 1]
    first, last = first_convolution(model), last_maps(model)
    with _Outputs(first, last) as outputs:
        model(normalise(split.info, unit_range(split.info, image)))
    side = tuple(image.shape[-2:])
    shown, captions = [grey(split, torch.tensor([index], device=image.device))], [split.info.classes[int(split.labels[index])]]
    for name, layer in (("first", first), ("last", last)):
        maps = _with_places(outputs.of(layer))[0]  # (filters, H, W)
        strongest = maps.flatten(1).var(dim=1, correction=0).argsort(descending=True, stable=True)[:MAPS].sort().values
        shown.append(F.interpolate(_stretched(maps[strongest, None])[:, 0][None], side, mode="nearest")[0])
        captions += [f"{name} {number + 1}" for number in strongest.tolist()]
    return Preview(
        "features",
        "feature maps: an image, and what the first and the last convolution make of it",
        "images",
        images=shades(torch.cat(shown)),
        captions=tuple(captions),
    )


def gradcam(model: nn.Module, split: Split, chosen: Tensor, probabilities: Tensor) -> Preview:
    """Images beside themselves lit where the last convolution found what spoke for the class that was predicted.

    Shapes:
        chosen (n,), indices into the split; probabilities (N, K), in the order of the split
    """
    images = normalise(split.info, unit_range(split.info, split.images[chosen]))
    heat = class_activation(model, images, probabilities[chosen].argmax(dim=1))  # (n, H, W)
    plain = grey(split, chosen)
    lit = plain * 0.4 * (1 - heat) + (0.25 + 0.75 * plain) * heat  # what mattered in its own light, the rest dimmed
    gap = torch.zeros_like(plain[:, :, :1])
    captions = verdicts(split, probabilities, chosen)
    title = "Grad-CAM: worst classified, and where it looked"
    return Preview("gradcam", title, "images", images=shades(torch.cat([plain, gap, lit], dim=2)), captions=captions)


def class_activation(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Where in the images there is what speaks for a class: Grad-CAM, Selvaraju et al. 2017, eq. 1 and 2 (arXiv:1610.02391).

    The maps A[k] of the last convolution, each weighted by the mean of the gradient of the class's logit over its places,
    added up, and of that what is above 0. Other gradients are left as they are.

    Shapes:
        images (n, C, H, W) as the model takes them; classes (n,); returns (n, H, W) from 0 to 1, the largest of each image 1
    """
    with torch.enable_grad(), _Outputs(last_maps(model)) as outputs:
        logits = model(images)
        maps = outputs.of(last_maps(model))
        (gradient,) = torch.autograd.grad(logits.gather(1, classes[:, None]).sum(), maps)
    maps, gradient = _with_places(maps.detach().float()), _with_places(gradient.float())
    heat = (gradient.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1, keepdim=True).relu()  # (n, 1, h, w)
    heat = F.interpolate(heat, tuple(images.shape[-2:]), mode="bilinear", align_corners=False)[:, 0]
    return heat / heat.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)


def first_convolution(model: nn.Module) -> nn.Conv1d | nn.Conv2d:
    return next(layer for layer in model.modules() if isinstance(layer, (nn.Conv1d, nn.Conv2d)))


class _Outputs:
    """What layers give while a block runs."""

    def __init__(self, *layers: nn.Module) -> None:
        self._layers = layers
        self._found: dict[nn.Module, Tensor] = {}

    def __enter__(self) -> _Outputs:
        self._hooks = [layer.register_forward_hook(self._note) for layer in self._layers]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def of(self, layer: nn.Module) -> Tensor:
        return self._found[layer]

    def _note(self, layer: nn.Module, _: object, output: Tensor) -> None:
        self._found[layer] = output


def _with_places(maps: Tensor) -> Tensor:
    """Maps over a sequence (B, filters, H) as maps over an image one pixel wide: (B, filters, H, 1); others as they are."""
    return maps if maps.ndim == 4 else maps[..., None]


def _stretched(maps: Tensor) -> Tensor:
    """Each of (n, ...) with its smallest number as 0 and its largest as 1."""
    flat = maps.float().flatten(1)
    low, high = flat.amin(dim=1, keepdim=True), flat.amax(dim=1, keepdim=True)
    return ((flat - low) / (high - low).clamp(min=1e-12)).view(maps.shape)
