"""What the instruments cost: steps per second with every loss, global and per-layer gradient norm logged, against none of it.

    python -m tests.benchmarks.instruments [--rounds 15]

Both loops do the same arithmetic on the same batches in one process, in turns of some steps each; the figure is the
median over the turns of the ratio of their CPU times.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from recipes.cnn.model import build_model
from recipes.cnn.train import load
from tests.training_runs import configure, prepare
from workbench.events.writer import EventWriter
from workbench.finding import find_recipe
from workbench.runs.reading.state import RunState
from workbench.session.handle import Session
from workbench.session.journal import Journal
from workbench.training.machine import precision
from workbench.training.optimizer import Optimizer

RECIPE = find_recipe("cnn")


def bare_loop(config: Any) -> Iterator[None]:
    """Forward, backward, update: torch alone."""
    data = load(config, torch.device("cpu"))
    model = precision.in_memory_format(build_model(config.model, data.shape, len(data.classes)), torch.device("cpu"))
    rule = torch.optim.AdamW(model.parameters(), config.optimization.lr, fused=True)
    kind = precision.resolve("auto", torch.device("cpu"))
    epoch = 0
    while True:
        for images, labels in data.train.epoch(epoch):
            with precision.autocast(kind, torch.device("cpu")):
                loss = F.cross_entropy(model(images), labels)
            loss.backward()
            rule.step()
            rule.zero_grad(set_to_none=True)
            yield
        epoch += 1


def instrumented_loop(config: Any, root: Path) -> Iterator[None]:
    """The same through a run and `training.Optimizer`: norms, schedule, log, requests."""
    folder = prepare(root, RECIPE, config)
    session = Session(folder, RECIPE, config, Journal(folder, EventWriter(folder.events), RunState()), 1)
    data = load(config, session.device)
    model = session.place(build_model(config.model, data.shape, len(data.classes)))
    optimizer = Optimizer(model, config.optimization, session)
    session.attach(model=model, optimizer=optimizer)
    for step, batches in session.steps(data.train):
        for images, labels in batches:
            with optimizer.precision():
                loss = F.cross_entropy(model(images), labels)
            optimizer.backward(loss)
        session.log(step, {"train/loss": loss, **optimizer.step()})
        yield


def seconds(loop: Iterator[None], steps: int, clock: Callable[[], float]) -> float:
    begun = clock()
    for _ in range(steps):
        next(loop)
    return clock() - begun


def measure(preset: str, steps: int, rounds: int) -> tuple[float, float]:
    """(median ratio of steps per second, instrumented to bare; bare seconds per step)."""
    config = configure(RECIPE, preset, threads=1, epochs=100000)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as root:
        bare, instrumented = bare_loop(config), instrumented_loop(config, Path(root))
        for loop in (bare, instrumented):
            seconds(loop, steps, time.process_time)
        ratios, each = [], []
        for turn in range(rounds):
            order = (bare, instrumented) if turn % 2 == 0 else (instrumented, bare)
            took = {loop is bare: seconds(loop, steps, time.process_time) for loop in order}
            ratios.append(took[True] / took[False])
            each.append(took[True] / steps)
    return statistics.median(ratios), statistics.median(each)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    for preset, steps in (("mnist", 20), ("tutorial", 20), ("digits", 100)):
        ratio, step = measure(preset, steps, rounds)
        print(f"{preset:9} {ratio:.3f} of the steps per second without instruments ({1000 * step:.2f} ms a step without)", flush=True)


if __name__ == "__main__":
    main()
