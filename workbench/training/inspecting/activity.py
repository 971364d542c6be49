"""Which units of a network have died: watched from outside, while an evaluation runs it anyway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.rnn import PackedSequence

from workbench.training.machine.ranks import ranks

EXAMPLES = 500  # that a watch looks at: a unit that none of so many moves is of no use, and more would only cost time
FLAT = 1e-6  # an output that varies by no more over all of them says nothing, be it 0 or a saturated 1
_ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish,
    nn.Sigmoid, nn.Tanh, nn.Hardtanh, nn.Softplus, nn.RNNBase,
)  # fmt: skip
_CHANNELS_FIRST = (_ConvNd, _NormBase, nn.GroupNorm)


class Activity:
    """Notes what comes out of a model's activations, and of its recurrent layers, while the block runs.

    with Activity(model) as activity:
        values = evaluate(model, data.validation, "validation")
    run.evaluated(step, {**values, **activity.dead("validation")})

    A unit is a feature of a dense layer, a channel of a convolution, or a hidden number of a recurrent layer. It is dead where
    it answers every example, at every place or time step, alike: a ReLU with 0, a tanh with 1. One that leaks (LeakyReLU, ELU)
    is hardly ever dead, for what it lets through below 0 varies, too, and keeps it learning.

    What is counted are passes through the whole of a model, until `EXAMPLES` examples went through.

    Args:
        model: a network, or several by their names, which then stand before those of their layers.
    """

    def __init__(self, model: nn.Module | Mapping[str, nn.Module]) -> None:
        parts = {"": model} if isinstance(model, nn.Module) else model
        self._watches = [_Watch(name, part) for name, part in parts.items()]

    def __enter__(self) -> Activity:
        for watch in self._watches:
            watch.begin()
        return self

    def __exit__(self, *_: object) -> None:
        for watch in self._watches:
            watch.end()

    def shares(self) -> dict[str, float]:
        """The share of dead units of each layer, in the order in which they ran; read from the device at once.

        Of several processes all must ask: a unit is dead that is so over the rows of every one.
        """
        units = {name: reach for watch in self._watches for name, reach in watch.reaches.items()}
        if not units:
            return {}
        reaches = _of_all_ranks([*units.values()])
        dead = torch.stack([(high - low <= FLAT).float().mean() for low, high in reaches]).tolist()
        return dict(zip(units, dead, strict=True))

    def dead(self, split: str) -> dict[str, float]:
        """The same as metrics: `<split>/dead_units/<layer>`."""
        return {f"{split}/dead_units/{name}": share for name, share in self.shares().items()}


class _Watch:
    """The hooks of one network, and the least and the greatest output of each of its units so far."""

    def __init__(self, name: str, model: nn.Module) -> None:
        self._prefix = f"{name}." if name else ""
        self._model = model
        self._hooks: list[Any] = []
        self._uses: dict[str, int] = {}  # of each module in the pass that runs
        self._seen = 0
        self._looks = False
        self._channels_first = False
        self.reaches: dict[str, tuple[Tensor, Tensor]] = {}

    def begin(self) -> None:
        self._hooks = [self._model.register_forward_pre_hook(self._start)]
        for name, module in self._model.named_modules():
            if isinstance(module, _ACTIVATIONS):
                self._hooks.append(module.register_forward_hook(lambda _, args, output, name=name: self._note(name, output)))
            elif isinstance(module, (*_CHANNELS_FIRST, nn.Linear, nn.LayerNorm)):
                self._hooks.append(module.register_forward_hook(self._remember_order))
        self._hooks.append(self._model.register_forward_hook(self._stop))

    def end(self) -> None:
        for hook in self._hooks:
            hook.remove()

    def _start(self, *_: object) -> None:
        self._uses = {}
        self._looks = self._seen < EXAMPLES

    def _stop(self, _module: nn.Module, _args: object, output: Any) -> None:
        self._looks = False
        self._seen += len(_tensor(output))

    def _remember_order(self, module: nn.Module, *_: object) -> None:
        self._channels_first = isinstance(module, _CHANNELS_FIRST)

    @torch.no_grad()
    def _note(self, name: str, output: Any) -> None:
        """Widen the reach of each unit; a module that is used several times in a pass has as many layers of units."""
        if not self._looks:
            return
        self._uses[name] = use = self._uses.get(name, 0) + 1
        key = f"{self._prefix}{name or 'model'}{f'-{use}' if use > 1 else ''}"
        values = _tensor(output).detach()
        units = 1 if values.ndim > 3 or (values.ndim == 3 and self._channels_first) else values.ndim - 1
        others = [dimension for dimension in range(values.ndim) if dimension != units]
        low, high = values.amin(others), values.amax(others)
        if key in self.reaches:
            before = self.reaches[key]
            low, high = torch.minimum(low, before[0]), torch.maximum(high, before[1])
        self.reaches[key] = (low, high)


def _of_all_ranks(reaches: list[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    """The least and the greatest over all processes, in one message: of layers that compute in several precisions, too."""
    if ranks.count == 1:
        return reaches
    ends = ranks.greatest([end.double() for low, high in reaches for end in (-low, high)])
    return [(-low, high) for low, high in zip(ends[::2], ends[1::2], strict=True)]


def _tensor(output: Any) -> Tensor:
    """What a layer gives on: a recurrent one besides its last state, and packed where sequences are of unequal length."""
    first = output[0] if isinstance(output, tuple) and not isinstance(output, PackedSequence) else output
    return first.data if isinstance(first, PackedSequence) else first
