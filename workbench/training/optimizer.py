"""From a loss to an update: precision, accumulation, norms, clipping, schedule, and nothing that is not finite."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from workbench.settings import Optimization
from workbench.training.machine import precision
from workbench.training.machine.ranks import ranks
from workbench.training.updating.gradients import LayerNorms, NonFiniteGradient, clip
from workbench.training.updating.rules import Rule
from workbench.training.updating.scaling import LossScale
from workbench.training.updating.schedule import Plateau, factor

_RATE = frozenset({"lr", "schedule"})
RATIO_EVERY = 10  # updates between two looks at their size, which cost a copy of the weights


class Position(Protocol):
    """What an optimizer reads of the run that it works for."""

    precision: str
    epoch: int
    progress: float


class Optimizer:
    """Turns losses into updates of a model; called in the loop, not wrapped around it.

    with optimizer.precision():
        loss = F.cross_entropy(model(images), labels)
    optimizer.backward(loss)
    run.log(step, {"train/loss": loss, **optimizer.step()})

    Weight decay and L1 act on weights and spare biases, norms and other vectors. `step` measures the gradient before it is
    clipped. A gradient that is not finite never reaches the weights: on the CPU `step` raises `NonFiniteGradient`; on an
    accelerator, which a look at each norm would slow down, the device itself leaves the update out and `check` raises later.

    Args:
        name: whose optimizer it is where a run has several: its metrics are `train/<name>_grad_norm` and so on.
        lr_scale: what `lr` is multiplied by, for one of several.
        mask: leave non-finite updates out on the device rather than look at each norm; by default on accelerators.
    """

    def __init__(
        self,
        model: nn.Module,
        settings: Optimization,
        run: Position,
        *,
        name: str = "",
        lr_scale: float = 1.0,
        mask: bool | None = None,
    ) -> None:
        self._run = run
        self._settings = settings
        self._norms = LayerNorms(model)
        self._weights = [parameter for parameter in self._norms.parameters if parameter.ndim > 1]
        others = [parameter for parameter in self._norms.parameters if parameter.ndim <= 1]
        self._device = self._norms.parameters[0].device
        self._mask = self._device.type != "cpu" if mask is None else mask
        self._rules = {"weights": Rule(settings, self._weights), "others": Rule(settings, others)}
        self._plateau = Plateau(settings)
        self._values: dict[str, float | None] = {key: getattr(settings, key) for key in ("lr", "weight_decay", "clip_norm")}
        self._lr_scale = lr_scale
        self._scheduled = True
        self._scale = LossScale(self._device) if run.precision == "fp16" else None
        self.updates = 0
        self._first_bad = torch.zeros((), dtype=torch.long, device=self._device)  # the update, from 1; 0 while all were finite
        prefix = f"train/{name}_" if name else "train/"
        self._norm_keys, self._ratio_keys = (
            (f"{prefix}{what}", *(f"{prefix}{what}/{layer}" for layer in self._norms.layers)) for what in ("grad_norm", "update_ratio")
        )
        self._lr_key = f"{prefix}lr"

    @property
    def lr(self) -> float:
        """The learning rate of the next update."""
        rate = float(self._values["lr"] or 0.0) * self._lr_scale
        if not self._scheduled:
            return rate
        step = self.updates + 1
        return rate * self._plateau.factor * factor(self._settings, step=step, progress=self._run.progress, epoch=self._run.epoch)

    def precision(self) -> AbstractContextManager[object]:
        """The context for the forward pass and the loss."""
        return precision.autocast(self._run.precision, self._device)

    def backward(self, loss: Tensor, share: float = 1.0) -> None:
        """Add the gradient of `share` of a loss; the shares of the batches of one update add up to 1.

        Of several processes each has a part of every batch, and its loss counts as much as its part.
        """
        share *= ranks.share
        loss = loss if share == 1.0 else loss * share
        (loss if self._scale is None else self._scale.apply(loss)).backward()  # type: ignore[no-untyped-call]

    def step(self) -> dict[str, float | Tensor]:
        """Update the model from the gradients gathered since the last step, and forget them.

        Returns:
            `train/grad_norm` before clipping, `train/grad_norm/<layer>` and `train/lr`, and each tenth time from the first
            `train/update_ratio` and `train/update_ratio/<layer>`; tensors on an accelerator.

        Raises:
            NonFiniteGradient: the gradient is NaN or infinite, and nothing looks at it later (see `mask`).
        """
        gradients = [gradient for gradient in self._norms.gradients if gradient is not None]
        ranks.add(gradients)
        overflowed = self._scale.unscale(gradients) if self._scale is not None else None
        if l1 := self._settings.l1:
            _add_l1(self._weights, l1)
        norms = self._measure(self._norms.gradients)
        norm, rate = norms[0], self.lr
        self.updates += 1
        if isinstance(norm, float) and not math.isfinite(norm):
            self._forget()
            raise NonFiniteGradient(self.updates, norm=norm)
        if (largest := self._values["clip_norm"]) is not None:
            clip(gradients, norm, largest)
        skip = self._left_out(norm, overflowed)
        reported = {**dict(zip(self._norm_keys, norms, strict=True)), self._lr_key: rate}
        if self.updates % RATIO_EVERY == 1:
            before = [parameter.detach().clone() for parameter in self._norms.parameters]
            self._update(rate, skip)
            reported |= dict(zip(self._ratio_keys, self._ratios(before), strict=True))
        else:
            self._update(rate, skip)
        self._forget()
        return reported

    def check(self) -> None:
        """Look at the device whether every update so far was finite; called where the run waits for the device anyway.

        Raises:
            NonFiniteGradient: one was not; it names the first.
        """
        if self._mask and (first := int(self._first_bad)):
            raise NonFiniteGradient(first, updates_ago=self.updates - first)

    def evaluated(self, value: float, goal: str) -> None:
        """Tell the plateau schedule what the objective is now; other schedules do not listen."""
        if self._settings.schedule == "plateau":
            self._plateau.evaluated(value, goal)

    def change(self, name: str, value: float | None) -> None:
        """Set `lr`, `weight_decay` or `clip_norm` while training; a rate that was set stays exactly so, whatever the schedule.

        Raises:
            ValueError: `name` is none of them.
        """
        if name not in self._values:
            raise ValueError(f"{name} cannot be changed while training")
        self._values[name] = value
        if name == "lr":
            self._scheduled = False

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next update depends on besides the model and the position, as primitives and tensors."""
        return {
            "optimizer": self._settings.optimizer,
            "rules": {name: rule.state_dict() for name, rule in self._rules.items()},
            "plateau": self._plateau.state_dict(),
            "values": dict(self._values),
            "scheduled": self._scheduled,
            "updates": self.updates,
            **({"loss_scale": self._scale.state_dict()} if self._scale is not None else {}),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict()` of an optimizer of the same model. Of another rule, nothing is remembered."""
        if state.get("optimizer", self._settings.optimizer) == self._settings.optimizer:
            for name, rule in self._rules.items():
                rule.load_state_dict(state["rules"][name])
        self._plateau.load_state_dict(state["plateau"])
        self._values = dict(state["values"])
        self._scheduled = state["scheduled"]
        self.updates = state["updates"]
        if self._scale is not None and "loss_scale" in state:
            self._scale.load_state_dict(state["loss_scale"])

    def amend(self, changed: Collection[str]) -> None:
        """What the settings say now holds, of those that were changed: a new rate or schedule is that of the whole run again."""
        for name in self._values.keys() & set(changed):
            self._values[name] = getattr(self._settings, name)
        if not _RATE.isdisjoint(changed):
            self._scheduled, self._plateau = True, Plateau(self._settings)
            self._values["lr"] = self._settings.lr

    def _measure(self, tensors: Sequence[Tensor | None]) -> Sequence[float | Tensor]:
        return self._norms.measure(tensors).unbind() if self._mask else self._norms.read(tensors)

    def _left_out(self, norm: float | Tensor, overflowed: Tensor | None) -> Tensor | None:
        """Where the device itself decides: a bool () there, whether this update is left out."""
        if not isinstance(norm, Tensor):
            return None
        bad = ~torch.isfinite(norm)
        if self._scale is not None and overflowed is not None:
            bad = overflowed & self._scale.is_hopeless()  # until then the scale was too large, and shrinks
        self._first_bad = torch.where((self._first_bad == 0) & bad, self.updates, self._first_bad)
        skip = self._first_bad > 0  # what follows a bad update is left out too: the weights stay those before it
        return skip if overflowed is None else skip | overflowed

    def _update(self, rate: float, skip: Tensor | None) -> None:
        self._rules["weights"].update(rate, self._values["weight_decay"] or 0.0, skip=skip)
        self._rules["others"].update(rate, 0.0, skip=skip)

    @torch.no_grad()
    def _ratios(self, before: list[Tensor]) -> list[float | Tensor]:
        """How long the update was, as a share of how long the weights were: in all, then per layer; 0 where they were 0."""
        weights, updates = (
            self._measure(before),
            self._measure([now - old for now, old in zip(self._norms.parameters, before, strict=True)]),
        )
        return [
            torch.where(weight > 0, update / weight, 0.0) if isinstance(weight, Tensor) else update / weight if weight else 0.0
            for update, weight in zip(updates, weights, strict=True)
        ]

    def _forget(self) -> None:
        for parameter in self._norms.parameters:
            parameter.grad = None


def _add_l1(weights: list[nn.Parameter], l1: float) -> None:
    """The gradient of l1 * sum |w|, which is l1 * sign(w); at 0, where there is none, 0."""
    reached = [weight for weight in weights if weight.grad is not None]
    signs = torch._foreach_sign([weight.detach() for weight in reached])
    torch._foreach_add_([weight.grad for weight in reached if weight.grad is not None], signs, alpha=l1)
