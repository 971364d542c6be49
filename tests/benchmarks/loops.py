"""Steps per second of each recipe against the loop that one writes by hand for the same model.

    python -m tests.benchmarks.loops [RECIPE ...] [--turns 9] [--steps 20] [--quality SEEDS]

By hand: a DataLoader over examples one by one with transforms of each, fp32, torch's default threads. Ours: the recipe's own
loop through a run with everything that it logs, started as workers are. Each side is one process; they take turns of some
steps, first on the machine as it is, then beside one busy process for each core. The figure is the median over the turns
of the ratio of their wall times. Instead, `--instruments` compares our loop with itself without norms and log, in CPU time of
one thread, and `--quality` trains both sides to the end of the preset and tests them.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import by_hand
from tests.benchmarks.by_hand import Tick
from tests.training_runs import configure, prepare, train_here
from workbench.finding import find_recipe
from workbench.launching.spawn import _environment as worker_environment
from workbench.runs.reading.feed import open_run
from workbench.schema import Value

QUIET = {"evaluate_every": 10**9, "preview_every": 10**9, "checkpoint_every": 10**9}  # by hand there is none of it either


@dataclass(frozen=True)
class Pair:
    """What is compared: a preset of a recipe, and the loop by hand.

    `by_hand(config, tick)` trains until `tick()` says no, and returns the objective on the test split.
    """

    preset: str
    by_hand: Callable[[Any, Tick], float]
    settings: dict[str, Value] = field(default_factory=dict)


PAIRS = {
    "cnn": Pair("mnist", by_hand.cnn),
    "rnn": Pair("text", by_hand.rnn),
    "attention": Pair("pronounce", by_hand.attention, {"max_steps": None}),
    "gan": Pair("digits", by_hand.gan),
}


def ours(name: str, config: Any, tick: Tick) -> float:
    """The recipe's loop, in a run; the objective on the test split once it has come to its end."""

    def at_step(session: Any, _: int) -> None:
        if not tick():
            session.requests.signalled = "SIGTERM"

    recipe = find_recipe(name)
    with tempfile.TemporaryDirectory() as root:
        folder = prepare(Path(root), recipe, config)
        train_here(folder, recipe, config, at_step=at_step)
        tested = open_run(folder).state.summaries.get(recipe.task(config).objective.replace("validation/", "test/"))
    return tested.last or 0.0 if tested else 0.0


def serve(name: str, side: str) -> None:
    """One side: for each number on stdin, that many steps, and on stdout the seconds that they took."""
    pair = PAIRS[name]
    one_thread = os.environ.get("WORKBENCH_BENCHMARK_THREADS") == "1"
    clock = time.process_time if one_thread else time.perf_counter
    more = {"threads": 1} if one_thread else {}
    config = configure(find_recipe(name), pair.preset, **{**pair.settings, **QUIET, **more, "epochs": 10**6, "device": "cpu"})
    left, begun = 0, 0.0
    answers = os.fdopen(os.dup(1), "w")

    def tick() -> bool:
        nonlocal left, begun
        left -= 1
        if left > 0:
            return True
        if begun:
            print(clock() - begun, file=answers, flush=True)
        line = sys.stdin.readline()
        if not line and side == "hand":
            sys.exit()  # nobody asks what it has learnt
        left, begun = int(line or 0), clock()
        return bool(line)

    if side == "bare":
        without_instruments()
    (pair.by_hand(config, tick) if side == "hand" else ours(name, config, tick))


def without_instruments() -> None:
    """Our loop from here on without norms, ratios and a log; a step still has to know that its gradient is finite."""
    from workbench.session.journal import Journal
    from workbench.training import optimizer
    from workbench.training.updating.gradients import LayerNorms

    ones: dict[int, list[float]] = {}
    LayerNorms.read = lambda self, tensors: ones.setdefault(len(self.layers), [1.0] * (1 + len(self.layers)))  # type: ignore[method-assign]
    Journal.log = lambda self, step, values: None  # type: ignore[method-assign]
    optimizer.RATIO_EVERY = 10**9


@contextlib.contextmanager
def side_of(name: str, side: str) -> Iterator[Callable[[int], float]]:
    """A process of one side; calling it makes so many steps there and returns their seconds."""
    environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    if side != "hand":
        environment = {key: value for key, value in worker_environment().items() if key != "OMP_NUM_THREADS"}
    command = [sys.executable, "-m", "tests.benchmarks.loops", name, "--side", side]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    questions, answers = process.stdin, process.stdout

    def steps(count: int) -> float:
        print(count, file=questions, flush=True)
        return float(answers.readline())

    try:
        yield steps
    finally:
        questions.close()
        process.wait(60)


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """One process for each core that does nothing but work."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def compare(name: str, turns: int, steps: int) -> None:
    for condition, load in (("idle", contextlib.nullcontext), ("busy", busy_cores)):
        with side_of(name, "hand") as hand, side_of(name, "ours") as own, load():
            seconds: list[tuple[float, float]] = []
            for turn in range(turns + 1):
                first, second = (hand, own) if turn % 2 else (own, hand)
                took = {first: first(steps), second: second(steps)}
                seconds.append((took[hand], took[own]))
        ratio = statistics.median(by_hand / ours_took for by_hand, ours_took in seconds[1:])  # the first turn warms up
        each = [1000 * statistics.median(side) / steps for side in zip(*seconds[1:], strict=True)]
        line = f"{name:9} {condition}: {ratio:.2f} times the steps per second ({each[0]:.1f} ms a step by hand, {each[1]:.1f} ours"
        print(f"{line}; load average {os.getloadavg()[0]:.1f})", flush=True)


def instruments(name: str, turns: int, steps: int) -> None:
    """Our loop with everything that it logs against itself without: in CPU time, one thread."""
    os.environ["WORKBENCH_BENCHMARK_THREADS"] = "1"
    with side_of(name, "bare") as bare, side_of(name, "ours") as own:
        ratios = []
        for turn in range(turns + 1):
            first, second = (bare, own) if turn % 2 else (own, bare)
            took = {first: first(steps), second: second(steps)}
            ratios.append(took[bare] / took[own])
    print(f"{name:9} {statistics.median(ratios[1:]):.3f} of the steps per second without instruments", flush=True)


def quality(name: str, seeds: int) -> None:
    """Both sides after the same number of steps, one thread."""
    pair, recipe = PAIRS[name], find_recipe(name)
    scores: dict[str, list[float]] = {"ours": [], "by hand": []}
    for seed in range(seeds):
        config = configure(recipe, pair.preset, **{**pair.settings, "seed": seed, "threads": 1, "device": "cpu"})
        made = itertools.count(1)
        scores["ours"].append(ours(name, config, lambda made=made: bool(next(made))))  # type: ignore[misc]
        left = itertools.count(next(made) - 2, -1)
        scores["by hand"].append(pair.by_hand(config, lambda left=left: next(left) > 0))  # type: ignore[misc]
        print(f"{name:9} seed {seed}: " + ", ".join(f"{side} {values[-1]:.4f}" for side, values in scores.items()), flush=True)
    print(f"{name:9} mean of {seeds} seeds: " + ", ".join(f"{side} {statistics.mean(values):.4f}" for side, values in scores.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help=", ".join(PAIRS))
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--quality", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--instruments", action="store_true", help="what the instruments cost instead")
    parser.add_argument("--side", choices=("hand", "ours", "bare"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that busy processes are ended whatever happens
    for name in given.recipes or PAIRS:
        if given.side:
            serve(name, given.side)
        elif given.instruments:
            instruments(name, given.turns, given.steps)
        elif given.quality:
            quality(name, given.quality)
        else:
            compare(name, given.turns, given.steps)


if __name__ == "__main__":
    main()
