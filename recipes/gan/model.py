"""A generator that turns noise into images, a discriminator that tells them from real ones, and the tutorial's two of each."""

from __future__ import annotations

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.gan import Model
from workbench.errors import WorkbenchError
from workbench.training.inspecting.modes import evaluating
from workbench.training.machine.precision import widened
from workbench.training.updating.average import averaged_copy

SLOPE = 0.2  # of LeakyReLU, as in DCGAN
_GROUPS = 8  # of group norm
_TUTORIAL_DENSE = (256, 512, 1024)
_TUTORIAL_CONVOLUTIONS = (128, 64)
_TUTORIAL_DISCRIMINATOR = (64, 128, 256)


class Adversaries(nn.Module):
    """Both networks, and the average of the generator, which draws the samples.

    Shapes:
        noise (B, Z) and, where the classes are given, labels (B,); returns the discriminator's logits (B,) of its images
    """

    def __init__(self, settings: Model, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.latent = settings.latent
        known = classes if settings.conditional else 0
        if settings.architecture == "tutorial":
            self.generator: nn.Module = _tutorial_generator(settings, shape, known)
            self.discriminator: nn.Module = _tutorial_discriminator(shape, known)
        else:
            self.generator = _generator(settings, shape, known)
            self.discriminator = _discriminator(settings, shape, known)
        self.average = averaged_copy(self.generator) if settings.average is not None else None

    def forward(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        logits: Tensor = self.discriminator(self.generator(noise, labels), labels)
        return logits

    @torch.no_grad()
    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images (B, C, H, W) from 0 to 1, drawn by the average where there is one."""
        drawing = self.generator if self.average is None else self.average
        with evaluating(drawing):
            images: Tensor = drawing(noise, labels)
        return (images.float() + 1) / 2


class Artist(nn.Module):
    """What a trained pair is kept for: the generator alone, or its average where there is one.

    Shapes:
        noise (B, Z), labels (B,); returns images (B, C, H, W) from 0 to 1
    """

    def __init__(self, networks: Adversaries) -> None:
        super().__init__()
        self.generator = networks.generator if networks.average is None else networks.average

    def forward(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        images: Tensor = self.generator(noise, labels)
        return (images + 1) / 2


class Generator(nn.Module):
    """Noise and, one-hot beside it, the class go through `layers`; what is larger than the images is cut at its edges.

    Shapes:
        noise (B, Z), labels (B,); returns images (B, C, H, W) from -1 to 1, the range of tanh
    """

    def __init__(self, layers: OrderedDict[str, nn.Module], shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.size = shape[1:]
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        images = noise
        if self.classes:
            assert labels is not None
            images = torch.cat([noise, F.one_hot(labels, self.classes).to(noise.dtype)], dim=1)  # (B, Z + K)
        for layer in self.children():
            images = layer(images)
        top, left = ((have - want) // 2 for have, want in zip(images.shape[2:], self.size, strict=True))
        return images[:, :, top : top + self.size[0], left : left + self.size[1]]


class Discriminator(nn.Module):
    """Images go through `layers` to features, and these to one logit by a filter as large as their map.

    Where classes are given, the features' map is also compared with a learned map of the class: the projection discriminator,
    Miyato and Koyama 2018, eq. 3 (arXiv:1802.05637).

    Shapes:
        images (B, C, H, W) from -1 to 1, labels (B,); returns logits (B,): above 0 for what it takes for real
    """

    def __init__(self, layers: OrderedDict[str, nn.Module], output: nn.Conv2d, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(layers)
        self.output = output
        size = output.in_channels * output.kernel_size[0] * output.kernel_size[1]
        self.classes = nn.Embedding(classes, size) if classes else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        features = self.features(images)  # (B, F, h, w)
        logits: Tensor = self.output(features).flatten()  # (B,)
        if self.classes is not None:
            assert labels is not None
            logits = logits + (self.classes(labels) * features.flatten(1)).sum(dim=1)
        return widened(logits)


class Unflatten(nn.Module):
    """(B, F*h*w) to (B, F, h, w), laid out with channels last, so that the convolutions behind it need no copy."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.sides = (height, width, channels)

    def forward(self, features: Tensor) -> Tensor:
        return features.unflatten(1, self.sides).permute(0, 3, 1, 2)


class SpectralConv2d(nn.Conv2d):
    """A convolution whose weights, as a matrix of filters, are divided by their largest singular value.

    Miyato et al. 2018, algorithm 1 (arXiv:1802.05957): one step of power iteration at each training pass.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int | tuple[int, int], stride: int = 1, padding: int = 0) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding)
        self.register_buffer("left", F.normalize(torch.randn(outputs), dim=0))

    def forward(self, images: Tensor) -> Tensor:
        matrix = self.weight.flatten(1)  # (outputs, inputs * M * M)
        with torch.no_grad():
            right = F.normalize(self.left @ matrix, dim=0)
            left = F.normalize(matrix @ right, dim=0)
            if self.training:
                self.left.copy_(left)
        return self._conv_forward(images, self.weight / (left @ matrix @ right), self.bias)


def _generator(settings: Model, shape: tuple[int, int, int], classes: int) -> Generator:
    """Dense to a small map, then transposed convolutions, each of which doubles its sides and halves its channels."""
    blocks, width = settings.blocks, settings.generator_width
    height, breadth = (-(-side // 2**blocks) for side in shape[1:])
    normed = settings.generator_norm != "none"
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["dense"] = nn.Linear(settings.latent + classes, width * height * breadth, bias=not normed)
    layers["map"] = Unflatten(width, height, breadth)
    for block in range(1, blocks + 1):
        _add_norm(layers, f"norm{block}", settings.generator_norm, width)
        layers[f"relu{block}"] = nn.ReLU()
        last = block == blocks
        narrower = shape[0] if last else max(1, width // 2)
        layers[f"up{block}"] = nn.ConvTranspose2d(width, narrower, 4, stride=2, padding=1, bias=last or not normed)
        width = narrower
    layers["tanh"] = nn.Tanh()
    return Generator(layers, shape, classes)


def _discriminator(settings: Model, shape: tuple[int, int, int], classes: int) -> Discriminator:
    """Convolutions with stride 2, each of which halves the sides and doubles the channels; no norm on the image itself."""
    channels, height, breadth = shape
    convolution = SpectralConv2d if settings.spectral_norm else nn.Conv2d
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    width = settings.discriminator_width
    for block in range(1, settings.blocks + 1):
        height, breadth = height // 2, breadth // 2
        if min(height, breadth) < 1:
            small = f"images of {shape[1]}x{shape[2]} pixels cannot be halved {settings.blocks} times"
            raise WorkbenchError(small, f"use at most --blocks {block - 1}")
        layers[f"conv{block}"] = convolution(channels, width, 4, stride=2, padding=1)
        if block > 1:
            _add_norm(layers, f"norm{block}", settings.discriminator_norm, width)
        layers[f"leaky{block}"] = nn.LeakyReLU(SLOPE)
        channels, width = width, 2 * width
    if settings.discriminator_dense:  # a filter as large as the map is a dense layer
        layers["dense"] = convolution(channels, settings.discriminator_dense, (height, breadth))
        layers["dense_leaky"] = nn.LeakyReLU(SLOPE)
        channels, height, breadth = settings.discriminator_dense, 1, 1
    return Discriminator(layers, convolution(channels, 1, (height, breadth)), classes)


def _tutorial_generator(settings: Model, shape: tuple[int, int, int], classes: int) -> Generator:
    """The tutorial's generator (section 4.4): three dense layers, a fourth to 256 maps, three transposed convolutions of 5x5.

    Put right: as many channels as the data have (its 3 do not fit its discriminator), one activation after each layer rather
    than relu and LeakyReLU both, no tanh inside. Its count of 14,562,752, norms' running statistics included, is that of 3
    channels and a noise of 100.
    """
    height, breadth = (-(-side // 4) for side in shape[1:])
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    inputs = settings.latent + classes
    for block, outputs in enumerate(_TUTORIAL_DENSE, start=1):
        layers[f"dense{block}"] = nn.Linear(inputs, outputs, bias=False)
        layers[f"leaky{block}"] = nn.LeakyReLU(SLOPE)
        layers[f"norm{block}"] = nn.BatchNorm1d(outputs)
        inputs = outputs
    layers["dense4"] = nn.Linear(inputs, 256 * height * breadth, bias=False)
    layers["map"] = Unflatten(256, height, breadth)
    inputs = 256
    for block, (outputs, stride) in enumerate(zip(_TUTORIAL_CONVOLUTIONS, (1, 2), strict=True), start=1):
        layers[f"up{block}"] = nn.ConvTranspose2d(inputs, outputs, 5, stride=stride, padding=2, output_padding=stride - 1, bias=False)
        layers[f"up_norm{block}"] = nn.BatchNorm2d(outputs)
        layers[f"up_leaky{block}"] = nn.LeakyReLU(SLOPE)
        inputs = outputs
    layers["up3"] = nn.ConvTranspose2d(inputs, shape[0], 5, stride=2, padding=2, output_padding=1, bias=False)
    layers["tanh"] = nn.Tanh()
    return Generator(layers, shape, classes)


def _tutorial_discriminator(shape: tuple[int, int, int], classes: int) -> Discriminator:
    """The tutorial's discriminator: three convolutions of 5x5 with stride 2 and batch norm, one dense output (1,031,937)."""
    channels, height, breadth = shape
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for block, outputs in enumerate(_TUTORIAL_DISCRIMINATOR, start=1):
        layers[f"conv{block}"] = nn.Conv2d(channels, outputs, 5, stride=2, padding=2)
        layers[f"leaky{block}"] = nn.LeakyReLU(SLOPE)
        layers[f"norm{block}"] = nn.BatchNorm2d(outputs)
        channels, height, breadth = outputs, -(-height // 2), -(-breadth // 2)
    return Discriminator(layers, nn.Conv2d(channels, 1, (height, breadth)), classes)


def _add_norm(layers: OrderedDict[str, nn.Module], name: str, kind: str, channels: int) -> None:
    if kind == "batch":
        layers[name] = nn.BatchNorm2d(channels)
    elif kind == "group":
        layers[name] = nn.GroupNorm(_GROUPS if channels % _GROUPS == 0 else 1, channels)
