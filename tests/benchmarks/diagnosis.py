"""Whether the diagnosis tells healthy runs from faulty ones: real runs of all recipes, looked at all along their way.

    python -m tests.benchmarks.diagnosis [--healthy] [--faulty RULE ...] [--fresh SEED] [--recorded] [--keep DIR]

Without an option all of it: for each rule, how many of its faulty runs it recognised, the median step at which it first did, and
in how many healthy runs it raised a false alarm, be it only for a moment. `--fresh 40` does the same with seeds from 40 on, which
no rule was tuned on: ten faulty runs or more for each rule, each healthy preset once. `--keep` trains into a folder whose finished
runs are not trained again, so that a rule can be tuned; `--recorded` looks only at those. One thread, on the CPU: about an hour
for all of it. Exits with 1 where a rule misses more than one in ten, or cries wolf.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tests.diagnosed_runs import Scenario, first_findings, recorded, trained
from tests.scenarios import FAULTY, HEALTHY_SEEDS, fresh, healthy
from tests.training_runs import configure, wait_for
from workbench.diagnosis.diagnose import RULES, diagnose
from workbench.finding import find_recipe
from workbench.launching.launch import start
from workbench.runs.reading.feed import Feed, open_run
from workbench.runs.store import Store

ENOUGH = 0.9  # of a rule's faulty runs
PATIENCE_SECONDS = 120.0  # for a stopped worker to be called stalled
STOPPED = (("cnn", "digits"), ("rnn", "pixels"), ("attention", "rows"), ("attention", "dates"), ("gan", "unlabelled"))


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    everything = not options.healthy and options.faulty is None
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(options.keep or scratch)
        faulty = options.faulty or (list(FAULTY) if everything else ())
        runs_of = FAULTY.__getitem__ if options.fresh is None else partial(fresh, first_seed=options.fresh)
        seeds = HEALTHY_SEEDS if options.fresh is None else (options.fresh,)
        recognised = {rule: _recognised(rule, runs_of(rule), root, options.recorded) for rule in faulty if rule != "stalled"}
        if (everything or "stalled" in faulty) and not options.recorded:
            recognised["stalled"] = _stalled(root)
        alarms, runs = _false_alarms(healthy(seeds), root, options.recorded) if options.healthy or everything else (Counter(), 0)
    print(f"\n{'rule':17} recognised  median step  false alarms")
    for rule in (each.__name__ for each in RULES if runs or each.__name__ in recognised):
        steps, count = recognised.get(rule, ([], 0))
        middle = f"{statistics.median(steps):,.0f}" if steps else "-"
        print(f"{rule:17} {len(steps):3} of {count:<3}  {middle:>11}  {alarms[rule]:3} of {runs}")
    return int(any(alarms.values()) or any(len(steps) < ENOUGH * count for steps, count in recognised.values()))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.diagnosis")
    parser.add_argument("--healthy", action="store_true", help="the healthy runs alone")
    parser.add_argument("--faulty", nargs="+", metavar="RULE", choices=[*FAULTY, "stalled"], help="the faulty runs of these rules alone")
    parser.add_argument("--fresh", type=int, metavar="SEED", help="seeds from this one on instead of those that the rules were tuned on")
    parser.add_argument("--recorded", action="store_true", help="only what --keep holds already; trains nothing")
    parser.add_argument("--keep", metavar="DIR", help="where the runs are kept")
    return parser.parse_args(arguments)


def _recognised(rule: str, scenarios: Iterable[Scenario], root: Path, only_recorded: bool) -> tuple[list[int], int]:
    """The steps at which a rule first spoke, of those faulty runs in which it did, and how many there were."""
    steps, count = [], 0
    for scenario in scenarios:
        folder = (recorded if only_recorded else trained)(scenario, root)
        if folder is None:
            continue
        found = first_findings(folder)
        count += 1
        if rule in found:
            steps.append(found[rule][0])
        said = "; ".join(f"{name} @ {step:,}" for name, (step, _) in found.items())
        evidence = f"\n    {found[rule][1].evidence}" if rule in found else ""
        print(f"{'' if rule in found else 'MISSED '}{rule}: {scenario.command()}: {said or 'nothing'}{evidence}", flush=True)
    return steps, count


def _false_alarms(scenarios: Iterable[Scenario], root: Path, only_recorded: bool) -> tuple[Counter[str], int]:
    """In how many healthy runs each rule spoke, and how many there were."""
    alarms: Counter[str] = Counter()
    count = 0
    for scenario in scenarios:
        folder = (recorded if only_recorded else trained)(scenario, root)
        if folder is None:
            continue
        found = first_findings(folder)
        count += 1
        alarms.update(found.keys())
        for rule, (step, finding) in found.items():
            print(f"FALSE ALARM {rule} @ {step:,}: {scenario.command()}: {finding.evidence}", flush=True)
    return alarms, count


def _stalled(root: Path) -> tuple[list[int], int]:
    """Ten real workers, stopped in their tracks: the step of each that was said to stand still."""
    feeds = [_stop_one(Store(root / "stalled"), recipe, preset, seed) for recipe, preset in STOPPED for seed in range(2)]
    steps: list[int] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    waiting = list(feeds)
    try:
        while waiting and time.monotonic() < deadline:
            time.sleep(1.0)
            for feed in list(waiting):
                feed.read_all()
                found = diagnose(feed.state, feed.record.settings, now=time.time(), is_live=feed.status.is_live)
                for finding in found:
                    if finding.rule == "stalled":
                        print(f"stalled: {feed.folder.id}: {finding.evidence}", flush=True)
                        steps.append(finding.step)
                        waiting.remove(feed)
    finally:
        for feed in feeds:
            os.kill(feed.state.pid, signal.SIGKILL)
    for feed in waiting:
        print(f"MISSED stalled: {feed.folder.id}", flush=True)
    return steps, len(feeds)


def _stop_one(store: Store, recipe_name: str, preset: str, seed: int) -> Feed:
    """A run whose worker was stopped between its steps, as a machine that swaps or a debugger would."""
    recipe = find_recipe(recipe_name)
    folder = start(store, recipe, preset, configure(recipe, preset, threads=1, device="cpu", seed=seed))
    feed = open_run(folder)
    wait_for(lambda: feed.read_all().state.step >= 30, 300)
    os.kill(feed.state.pid, signal.SIGSTOP)
    return feed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
