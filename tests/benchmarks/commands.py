"""CPU time of the commands that must feel instant: `--help`, `recipes`, and `runs --json` with 1,000 runs.

    python -m tests.benchmarks.commands [--times 10]

The smallest of several times counts: what lies above it is the machine's other work. Importing typer and pydantic alone,
measured in between, is the floor. The sources are compiled first, as installing does. A list is cold where nothing of it lies
in the user's cache, and warm the second time.
"""

from __future__ import annotations

import argparse
import compileall
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.training_runs import configure, prepare, train_here
from workbench.finding import find_recipe

ROOT = Path(__file__).parents[2]
FLOOR = [sys.executable, "-c", "import typer, pydantic; pydantic.BaseModel, pydantic.TypeAdapter"]


def compile_sources() -> None:
    for folder in ("workbench", "recipes"):
        compileall.compile_dir(ROOT / folder, quiet=1)


def cpu_seconds(command: list[str], place: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command,
        env={**os.environ, "WORKBENCH_RUNS": str(place / "runs"), "XDG_CACHE_HOME": str(place / "cache")},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def many_runs(root: Path, count: int = 1000) -> None:
    """One trained run of 8 epochs, so many times; the weights are links to the same."""
    recipe = find_recipe("cnn")
    config = configure(recipe, "digits", threads=1, epochs=8)
    first = prepare(root, recipe, config)
    train_here(first, recipe, config)
    for number in range(2, count + 1):
        shutil.copytree(first.path, root / f"cnn-{number}", copy_function=_linked)


def _linked(source: str, target: str) -> None:
    os.link(source, target) if source.endswith(".pt") else shutil.copy2(source, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    compile_sources()
    workbench = [sys.executable, "-m", "workbench"]
    commands = {
        "floor: import typer, pydantic": FLOOR,
        "workbench --help": [*workbench, "--help"],
        "workbench recipes": [*workbench, "recipes"],
        "workbench runs --json, cold": [*workbench, "runs", "--json"],
        "workbench runs --json, warm": [*workbench, "runs", "--json"],
    }
    with tempfile.TemporaryDirectory() as root:
        many_runs(Path(root) / "runs")
        time.sleep(3)  # what has only just changed is not kept
        seen: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(times):
            for name, command in commands.items():
                if name.endswith("cold"):
                    shutil.rmtree(Path(root) / "cache", ignore_errors=True)
                seen[name].append(cpu_seconds(command, Path(root)))
    for name, values in seen.items():
        print(f"{name:32} {min(values):.2f} s of CPU (median {sorted(values)[len(values) // 2]:.2f})")


if __name__ == "__main__":
    main()
