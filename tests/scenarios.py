"""Which runs the diagnosis is held to: healthy presets, and for each rule runs that train with settings that bring its fault about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tests.diagnosed_runs import Scenario
from workbench.schema import Value

HEALTHY_SEEDS = (0, 1, 2)
ENOUGH_RUNS = 10  # faulty ones of a rule
# Every preset that is meant to go well. Left out: `scarce` of cnn, which overfits on purpose, `gradients` of rnn, which trains
# nothing, and `tutorial` of gan, of which a CPU makes a step a second. Long ones get a smaller budget, over which their schedules
# run in full.
SHORTENED: dict[str, dict[str, dict[str, Value]]] = {
    "cnn": {"mnist": {"epochs": 10}, "digits": {}, "tutorial": {}, "lab": {}},
    "rnn": {
        "text": {"epochs": None, "max_steps": 300, "warmup_steps": 50, "evaluate_every": 25},
        "text-long": {"epochs": None, "max_steps": 250, "warmup_steps": 50, "evaluate_every": 25},
        "rows": {"epochs": 6, "evaluate_every": 25},
        "pixels": {},
        "adding": {"evaluate_every": 50},
        "copy": {},
        "tutorial": {"epochs": 5},
    },
    "attention": {
        "pronounce": {"max_steps": 300, "warmup_steps": 30, "evaluate_every": 30, "beam": 1},
        "pronounce-long": {"epochs": None, "max_steps": 200, "warmup_steps": 30, "evaluate_every": 20, "beam": 1},
        "dates": {},
        "sums": {"epochs": 20, "evaluate_every": 100},
        "text": {"epochs": None, "max_steps": 80, "warmup_steps": 20, "evaluate_every": 8},
        "rows": {"epochs": 40},
    },
    "gan": {
        "digits": {"epochs": 40, "evaluate_every": 100},
        "mnist": {"epochs": 5, "evaluate_every": 80},
        "mnist-long": {"epochs": 9, "evaluate_every": 80},
        "unlabelled": {"epochs": 40, "evaluate_every": 100},
    },
}
_SHORT = {"epochs": None, "max_steps": 60, "evaluate_every": 15}
_WILD = {"optimizer": "sgd", "lr": 1.0, "momentum": 0.99}
_SMALL_RELU = {"cell": "rnn", "nonlinearity": "relu", "init": "identity", "clip_norm": None, "schedule": "constant", "warmup_steps": 0}
_DEEP = {"init": "default", "hidden": 32, "epochs": None, "max_steps": 40, "evaluate_every": 40}
_NARROW = {"width": 2, "heads": 1, "embedding": 2, "layers": 1}
_RISING = {"cell": "rnn", "optimizer": "sgd", "lr": 1.0, "clip_norm": None, "schedule": "one-cycle", "warmup_steps": 0}
_CONSTANT = {"schedule": "constant", "warmup_steps": 0}


def _each(seeds: Iterable[int], *scenarios: Scenario) -> list[Scenario]:
    return [
        Scenario(each.recipe, each.preset, {"preview_every": 1_000_000, **each.settings, "seed": seed}, each.path)
        for each in scenarios
        for seed in seeds
    ]


def healthy(seeds: Iterable[int] = HEALTHY_SEEDS) -> list[Scenario]:
    return [
        Scenario(recipe, preset, {"preview_every": 1_000_000, **settings, "seed": seed})
        for seed in seeds
        for recipe, presets in SHORTENED.items()
        for preset, settings in presets.items()
    ]


_TWO = (0, 1)
SLOW_DATA = str(Path(__file__).parent / "diagnosis" / "slow_data.py")
FAULTY: dict[str, list[Scenario]] = {
    "diverging": _each(
        _TWO,
        Scenario("cnn", "lab", {"lr": 0.1, "warmup_steps": 200, "epochs": 12}),
        Scenario("cnn", "tutorial", {"lr": 0.3, "warmup_steps": 150, "schedule": "constant", "epochs": 3}),
        Scenario("rnn", "pixels", {"lr": 0.5, "schedule": "constant", "warmup_steps": 200, "epochs": 10}),
        Scenario("attention", "sums", {"lr": 0.5, "schedule": "constant", "warmup_steps": 200, "epochs": None, "max_steps": 200}),
        Scenario("attention", "dates", {"lr": 0.5, "schedule": "constant", "warmup_steps": 200, "epochs": None, "max_steps": 200}),
        Scenario("attention", "rows", {"lr": 0.3, "schedule": "constant", "warmup_steps": 200, "epochs": 20}),
    ),
    "oscillating": _each(
        _TWO,
        Scenario("cnn", "lab", {"lr": 0.1, "epochs": 4}),
        Scenario("cnn", "digits", {"lr": 1.0, "schedule": "constant", "epochs": 8}),
        Scenario("rnn", "pixels", {"lr": 1.0, "schedule": "constant", "epochs": 8}),
        Scenario("attention", "rows", {"lr": 0.3, **_CONSTANT, "epochs": 8}),
        Scenario("attention", "dates", {"lr": 1.0, **_CONSTANT, "epochs": None, "max_steps": 60}),
    ),
    "too_slow": _each(
        _TWO,
        Scenario("cnn", "lab", {"lr": 1e-6, "epochs": 4}),
        Scenario("cnn", "tutorial", {"lr": 1e-5, "optimizer": "sgd", "momentum": 0.0, "schedule": "constant", "epochs": 2}),
        Scenario("rnn", "copy", {"lr": 1e-6, "schedule": "constant", "warmup_steps": 20, "epochs": 2}),
        Scenario("attention", "rows", {"lr": 1e-6, "epochs": 8}),
        Scenario("attention", "dates", {"lr": 1e-6, "epochs": None, "max_steps": 100}),
        Scenario("gan", "digits", {"lr": 1e-6, "epochs": 5}),
    ),
    "exploding": _each(
        _TWO,
        Scenario("rnn", "adding", {**_SMALL_RELU, "lr": 1e-2, "epochs": None, "max_steps": 60}),
        Scenario("rnn", "pixels", {**_SMALL_RELU, "lr": 1e-2, "epochs": 4}),
        Scenario("rnn", "rows", {**_SMALL_RELU, "lr": 1e-2, "epochs": 1}),
        Scenario("cnn", "lab", {"optimizer": "sgd", "lr": 0.5, "epochs": 4}),
        Scenario("cnn", "tutorial", {"lr": 1.0, "schedule": "constant", "epochs": 1}),
    ),
    "vanishing_layers": _each(
        _TWO,
        Scenario("rnn", "text", {"layers": 12, **_DEEP}),
        Scenario("rnn", "text", {"layers": 16, **_DEEP}),
        Scenario("attention", "dates", {"layers": 14, "width": 16, "epochs": None, "max_steps": 40}),
        Scenario("attention", "dates", {"layers": 18, "width": 32, "epochs": None, "max_steps": 40}),
        Scenario("attention", "sums", {"layers": 14, "width": 16, "epochs": None, "max_steps": 40}),
    ),
    "vanishing_time": _each(
        _TWO,
        Scenario("rnn", "adding", {"cell": "rnn", "length": 200, "epochs": None, "max_steps": 100, "evaluate_every": 20}),
        Scenario("rnn", "adding", {"length": 200, "forget_bias": -2.0, **_SHORT}),
        Scenario("rnn", "copy", {"forget_bias": 0.0, "init": "default", "length": 100, **_SHORT}),
        Scenario("rnn", "copy", {"cell": "rnn", "init": "default", "length": 60, "epochs": 1, "evaluate_every": 20}),
        Scenario("rnn", "text", {"cell": "rnn", "init": "default", "epochs": None, "max_steps": 75, "evaluate_every": 15}),
    ),
    "dead_units": _each(
        _TWO,
        Scenario("cnn", "lab", {"lr": 0.05, "epochs": 8}),
        Scenario("cnn", "tutorial", {"lr": 0.1, "schedule": "constant", "epochs": 3, "evaluate_every": 50}),
        Scenario("cnn", "digits", {"batch_norm": False, "lr": 0.1, "schedule": "constant", "epochs": 8}),
        Scenario("rnn", "pixels", {**_SMALL_RELU, "lr": 3e-2, "epochs": 8}),
        Scenario("cnn", "scarce", {"lr": 0.05, "epochs": 20}),
    ),
    "overfitting": _each(
        _TWO,
        Scenario("cnn", "scarce"),
        Scenario("cnn", "scarce", {"examples_per_class": 5, "epochs": 200}),
        Scenario("attention", "sums", {"examples": 400, "epochs": None, "max_steps": 500, "evaluate_every": 50, "width": 64}),
        Scenario("attention", "dates", {"examples": 150, "epochs": None, "max_steps": 400, "evaluate_every": 25}),
        Scenario("cnn", "scarce", {"examples_per_class": 20, "epochs": 60}),
    ),
    "underfitting": _each(
        _TWO,
        Scenario("cnn", "digits", {"width": 1, "dense": 1, "dropout": 0.0, "batch_norm": False, "epochs": 20}),
        Scenario("cnn", "tutorial", {"l1": 0.1, "epochs": 2}),
        Scenario("rnn", "pixels", {"hidden": 1, "epochs": 20}),
        Scenario("rnn", "rows", {"hidden": 1, "epochs": 3}),
        Scenario("attention", "rows", {**_NARROW, "epochs": 20}),
    ),
    "plateau": _each(
        _TWO,
        Scenario("rnn", "adding", {"cell": "rnn", "schedule": "constant", "lr": 2e-3, "epochs": 2, "evaluate_every": 25}),
        Scenario("rnn", "adding", {"cell": "rnn", "length": 60, "schedule": "constant", "lr": 5e-3, "epochs": 2, "evaluate_every": 25}),
        Scenario("rnn", "copy", {"cell": "rnn", "length": 30, **_CONSTANT, "epochs": 3, "evaluate_every": 15}),
        Scenario("rnn", "adding", {"cell": "rnn", "schedule": "constant", "lr": 1e-2, "epochs": 2, "evaluate_every": 25}),
        Scenario("rnn", "pixels", {"cell": "rnn", **_CONSTANT, "epochs": 20}),
        Scenario("cnn", "lab", {"lr": 0.03, **_CONSTANT, "epochs": 25}),
    ),
    "not_finite": _each(
        _TWO,
        Scenario("rnn", "pixels", {**_SMALL_RELU, **_WILD, "epochs": 2}),
        Scenario("cnn", "digits", {**_WILD, "batch_norm": False, "schedule": "constant", "epochs": 4}),
        Scenario("rnn", "copy", {**_SMALL_RELU, "length": 100, "optimizer": "sgd", "lr": 1.0, "epochs": 2}),
        Scenario("rnn", "adding", {**_SMALL_RELU, "optimizer": "sgd", "lr": 1.0, "epochs": 1}),
        Scenario("gan", "digits", {"optimizer": "sgd", "lr": 0.3, "momentum": 0.99, "epochs": 5}),
        Scenario("rnn", "adding", {**_RISING, "epochs": 9}),
    ),
    "overpowered": [
        *_each(range(6), Scenario("gan", "overpowered", {"epochs": 15})),
        *_each(range(4), Scenario("gan", "overpowered", {"loss": "non-saturating", "discriminator_steps": 6, "epochs": 20})),
    ],
    "collapsed": [
        *_each(range(6), Scenario("gan", "collapse", {"epochs": 15})),
        *_each(range(4), Scenario("gan", "partial-collapse", {"epochs": 20})),
        *_each(_TWO, Scenario("gan", "collapse", {"labels": False, "epochs": 28, "evaluate_every": 100})),
        *_each(_TWO, Scenario("gan", "partial-collapse", {"labels": False, "epochs": 28, "evaluate_every": 100})),
    ],
    "clipped": _each(
        _TWO,
        Scenario("cnn", "lab", {"clip_norm": 0.02, "epochs": 4}),
        Scenario("rnn", "pixels", {"clip_norm": 0.02, "epochs": 8}),
        Scenario("rnn", "copy", {"clip_norm": 0.005, "epochs": 2}),
        Scenario("attention", "dates", {"clip_norm": 0.01, "epochs": None, "max_steps": 80}),
        Scenario("gan", "digits", {"clip_norm": 0.01, "epochs": 8}),
    ),
    "data_bound": _each(
        _TWO,
        Scenario("cnn", "digits", {"epochs": 8}, SLOW_DATA),
        Scenario("cnn", "lab", {"epochs": 4}, SLOW_DATA),
        Scenario("cnn", "tutorial", {"epochs": 1}, SLOW_DATA),
        Scenario("cnn", "mnist", {"epochs": 2}, SLOW_DATA),
        Scenario("cnn", "scarce", {"epochs": 30}, SLOW_DATA),
    ),
}


def fresh(rule: str, first_seed: int) -> list[Scenario]:
    """The faulty runs of a rule at other seeds, from one on: as many of each kind as it takes to have enough of them."""
    kinds = {replace(each, settings={**each.settings, "seed": None}).command(): each for each in FAULTY[rule]}
    seeds = range(first_seed, first_seed + -(-ENOUGH_RUNS // len(kinds)))
    return [replace(each, settings={**each.settings, "seed": seed}) for each in kinds.values() for seed in seeds]
