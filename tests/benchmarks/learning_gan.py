"""What the adversarial presets reach: every seed trained as a worker trains it, one thread.

    python -m tests.benchmarks.learning_gan [--seeds 3] [PRESET ...]

Seconds are CPU time of training, evaluation, previews and checkpoints, as `show --json` has them in `cpu_seconds`; the
evaluator is trained before. Distances are of 2,000 samples to all real images.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.training_runs import configure, events_of, prepare, train_here
from workbench.diagnosis.diagnose import diagnose
from workbench.events.types import DataLoaded
from workbench.finding import find_recipe
from workbench.runs.feed import open_run
from workbench.runs.state import RunState
from workbench.schema import flat

RECIPE = find_recipe("gan")
DISTANCE, CLASSES, KL = (f"test/{name}" for name in ("relative_frechet_distance", "classes_covered", "class_kl"))
FAULTS = {"collapse": "collapsed", "partial-collapse": "collapsed", "overpowered": "overpowered"}
# Most seconds and distance, fewest classes, most KL; of failing presets the seconds within which they are recognised.
GATES = {"digits": (20.0, 0.02, 10, 0.01), "mnist": (60.0, 0.06, 10, 1.0), "mnist-long": (180.0, 0.03, 10, 1.0)}
RECOGNISED_SECONDS = 10.0


def trained(preset: str, seed: int) -> tuple[RunState, set[str], str]:
    """A run's state at its end, the adversarial faults that are diagnosed of it, and what was said of the data."""
    config = configure(RECIPE, preset, seed=seed, threads=1, device="cpu")
    with tempfile.TemporaryDirectory() as root:
        folder = prepare(Path(root), RECIPE, config)
        train_here(folder, RECIPE, config)
        state = open_run(folder).state
        (data,) = (event for event in events_of(folder) if isinstance(event, DataLoaded))
    found = diagnose(state, flat(config), now=time.time(), is_live=False)
    faults = {finding.rule for finding in found} & {*FAULTS.values()}
    floor = ", ".join(f"{name} {value:.4f}" for name, value in data.baseline.items())
    return state, faults, f"{data.task}; {floor}"


def measure(preset: str, seeds: int) -> bool:
    """Print each seed and the mean; whether the preset holds what is asked of it."""
    scores: dict[str, list[float]] = {key: [] for key in (DISTANCE, CLASSES, KL)}
    seconds, all_faults = [], []
    for seed in range(seeds):
        state, faults, about = trained(preset, seed)
        if not seed:
            print(f"{preset}: {about}")
        for key, values in scores.items():
            values.append(state.summaries[key].last or 0.0)
        seconds.append(state.cpu_seconds)
        all_faults.append(faults)
        distance, classes, kl = (values[-1] for values in scores.values())
        print(
            f"{preset:16} seed {seed}  {state.parameters:,} parameters  {state.step} steps  {state.cpu_seconds:5.1f} CPU-s"
            f"  distance {distance:.4f}  classes {classes:.0f}  KL {kl:.4f}  {', '.join(sorted(faults)) or 'healthy'}",
            flush=True,
        )
    means = [statistics.mean(values) for values in scores.values()]
    print(f"{preset:16} mean of {seeds}: distance {means[0]:.4f}  classes {min(scores[CLASSES]):.0f}  KL {means[2]:.4f}"
          f"  at most {max(seconds):.1f} CPU-s\n", flush=True)  # fmt: skip
    if preset in FAULTS:
        return max(seconds) <= RECOGNISED_SECONDS and all(FAULTS[preset] in faults for faults in all_faults)
    if preset not in GATES:
        return True
    most_seconds, distance, classes, kl = GATES[preset]
    good = means[0] <= distance and min(scores[CLASSES]) >= classes and means[2] <= kl
    return good and max(seconds) <= most_seconds and not any(all_faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", default=[*GATES, *FAULTS])
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    missed = [preset for preset in given.presets if not measure(preset, given.seeds)]
    if missed:
        raise SystemExit(f"these did not hold: {', '.join(missed)}")


if __name__ == "__main__":
    main()
