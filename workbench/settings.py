"""The groups of settings that recipes share: how weights follow from gradients, for how long, and on what machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from workbench.schema import Group, Setting, Settings, setting


class Optimization(Group):
    """How weights follow from gradients."""

    optimizer: Literal["sgd", "rmsprop", "adagrad", "adam", "adamw"] = setting(
        "adamw", "Rule that turns gradients into updates.", basic=True
    )
    lr: float = setting(
        1e-3, "Step size of the optimizer. Higher learns faster until it diverges.", above=0, maximum=1, basic=True, live=True
    )
    schedule: Literal["constant", "step", "plateau", "cosine", "one-cycle"] = setting(
        "constant", "How the learning rate changes during the run. one-cycle peaks at lr."
    )
    warmup_steps: int = setting(0, "Steps over which the learning rate rises from 0 to lr.", minimum=0, unit="steps")
    decay_every: int = setting(
        10, "Epochs between two drops of the step schedule; evaluations without progress before one of plateau.", minimum=1
    )
    decay_factor: float = setting(0.1, "What the step and plateau schedules multiply the learning rate by.", above=0, below=1)
    momentum: float = setting(0.9, "Momentum of sgd and rmsprop.", minimum=0, below=1)
    nesterov: bool = setting(False, "Nesterov's form of sgd's momentum.")
    beta1: float = setting(0.9, "Decay of adam's mean of gradients.", minimum=0, below=1)
    beta2: float = setting(0.999, "Decay of adam's mean of squared gradients.", minimum=0, below=1)
    weight_decay: float = setting(
        0.0,
        "L2: pulls weights (not biases or norms) towards 0. Decoupled in adamw, in the gradient elsewhere.",
        minimum=0,
        maximum=1,
        live=True,
    )
    l1: float = setting(
        0.0, "L1: adds this times the sum of absolute weights to the loss; pulls every weight towards 0 alike.", minimum=0, maximum=1
    )
    clip_norm: float | None = setting(None, "Largest global gradient norm; larger gradients are scaled down to it.", above=0, live=True)
    accumulate: int = setting(
        1, "Batches whose gradients are averaged into one update: large batches in little memory.", minimum=1, maximum=1024
    )


class Budget(Group):
    """How long a run trains, and how often it looks up."""

    epochs: int | None = setting(20, "Passes over the training data.", minimum=1, basic=True, unit="epochs")
    max_steps: int | None = setting(None, "Most optimizer updates.", minimum=1, unit="steps")
    max_seconds: float | None = setting(None, "Most seconds of training and evaluation; pauses do not count.", above=0, unit="s")
    patience: int | None = setting(
        None, "Stop after this many evaluations without a better objective.", minimum=1, basic=True, unit="evaluations"
    )
    min_delta: float = setting(0.0, "Smallest change of the objective that counts as better, for patience.", minimum=0)
    monitor: str | None = setting(None, "Metric that patience and the best checkpoint watch.", none="objective")
    restore_best: bool = setting(True, "Test and keep the weights of the best evaluation rather than the last.")
    evaluate_every: int | None = setting(None, "Steps between two evaluations.", minimum=1, none="epoch", unit="steps")
    preview_every: int | None = setting(None, "Steps between two previews.", minimum=1, none="epoch", unit="steps")
    checkpoint_every: int | None = setting(
        None, "Steps between two checkpoints; auto saves after evaluations, in under 2 % of the time.", minimum=1, none="auto", unit="steps"
    )
    keep_checkpoints: int | None = setting(
        3, "Newest checkpoints that stay on the disk, besides the best; all keeps each, to fork from any.", minimum=1, none="all"
    )


class Machine(Group):
    """What the run trains on, and from which random numbers."""

    device: str = setting("auto", "auto, cpu, cuda, cuda:1, mps. auto takes the GPU with most free memory, else the CPU.", basic=True)
    threads: int | None = setting(None, "CPU threads.", minimum=1, maximum=1024, none="auto")
    processes: int = setting(1, "Processes that share each batch, on one GPU each or on the CPU.", minimum=1, maximum=1024)
    precision: Literal["auto", "fp32", "bf16", "fp64"] = setting(
        "auto",
        "Arithmetic of the forward pass; auto takes bf16 where the device has it. fp64 is for comparisons, and holds for weights, too.",
    )
    seed: int = setting(0, "Seed of initial weights, batch order, dropout and augmentation.", minimum=0, maximum=2**31 - 1, basic=True)
    split_seed: int = setting(
        0,
        "Seed of the split into training, validation and test data; apart from seed, so that runs share a test set.",
        minimum=0,
        maximum=2**31 - 1,
    )


class Common(Settings):
    """What every recipe's settings have besides its own groups."""

    optimization: Optimization = Field(default_factory=Optimization)
    budget: Budget = Field(default_factory=Budget)
    machine: Machine = Field(default_factory=Machine)


NO_END = "epochs, max_steps, max_seconds and patience"


def ends(settings: Mapping[str, object]) -> bool:
    """Whether a run with these settings ends by itself."""
    return any(settings.get(name) is not None for name in ("epochs", "max_steps", "max_seconds", "patience"))


def ordered(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """A recipe's own groups first: what it learns from and what the network is; then what all recipes share."""
    shared = list(Common.model_fields)
    return tuple(sorted(settings, key=lambda setting: shared.index(setting.group) if setting.group in shared else -1))
