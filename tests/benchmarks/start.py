"""How long from the start key to the first loss on the chart, with a warm helper and without. `python -m tests.benchmarks.start`.

The machine's speed changes from minute to minute, so each try also measures what importing torch, and all that a worker
imports, takes right then in a process that does nothing else.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.commands import compile_sources
from tests.benchmarks.interface import interface
from tests.tui.terminal import Terminal
from workbench.launching.force import force_stop
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed
from workbench.runs.store import Store

_TIMES = 5
_PATIENCE = 120.0
_REST_SECONDS = 2.0
_FIRST_LOSS = re.compile(r"^ ?loss .*?\bt(rain)? (\S )?\d", re.MULTILINE)  # the arrow of a value that has changed may stand before it
_MEASURED = re.compile(r"\d parameters")


def main() -> None:
    """Print the median and the least of both, beside the import of torch."""
    compile_sources()
    warm, cold, imports = [], [], []
    for _ in range(_TIMES):
        imports.append(import_seconds())
        warm.append(start(warmed=True))
        cold.append(start(warmed=False))
    print(f"import of torch and of all that a worker needs: {_words(imports)}")
    for name, tries in (("warm helper", warm), ("no helper yet", cold)):
        print(f"start key to first loss on the chart, {name}: {_words([seconds for seconds, _ in tries])}")
        for phase in tries[0][1]:
            print(f"  {phase:<32} {_words([about[phase] for _, about in tries])}")
    beyond = [seconds - imported for (seconds, _), imported in zip(cold, imports, strict=True)]
    print(f"no helper yet, beyond that import: {_words(beyond)}")


def start(*, warmed: bool) -> tuple[float, dict[str, float]]:
    """Seconds from `s` to the first loss on the chart of the default recipe, and when each phase of its log began."""
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place)
        with interface(runs, None, (80, 24), {}) as terminal:
            terminal.wait_for((lambda: bool(_MEASURED.search(terminal.text))) if warmed else "ready: s starts", _PATIENCE)
            if warmed:
                terminal.read(_REST_SECONDS)  # what the helper is asked at the beginning is answered then
            pressed, pressed_at = time.monotonic(), time.time()
            terminal.send("s")
            terminal.wait_for(lambda: _shows_loss(terminal), _PATIENCE)
            seconds = time.monotonic() - pressed
            terminal.send("q")
            terminal.wait()
        store = Store(runs)
        folder = store.folder(store.ids()[0])
        phases = dict(_phases(folder, pressed_at))
        force_stop(folder, Feed(folder).read_all())
        time.sleep(_REST_SECONDS)
    return seconds, phases


def import_seconds() -> float:
    """What a process takes that only imports what a worker needs."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import torch; import workbench.session.handle"], check=True, cwd=Path(__file__).parents[2])
    return time.monotonic() - began


def _shows_loss(terminal: Terminal) -> bool:
    return bool(_FIRST_LOSS.search(terminal.text))


def _phases(folder: RunFolder, pressed_at: float) -> Iterator[tuple[str, float]]:
    """When each phase began and the first losses were written, in seconds since the key."""
    for event in Feed(folder).poll():
        if event.type in ("run_started", "phase_changed", "data_loaded", "model_built", "loop_started", "metrics"):
            yield str(getattr(event, "phase", event.type)), float(_first(event.at)) - pressed_at
            if event.type == "metrics":
                return


def _first(at: object) -> float:
    return float(at[0] if isinstance(at, (list, tuple)) else at)  # type: ignore[arg-type]


def _words(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds):.2f} s (least {min(seconds):.2f}, most {max(seconds):.2f})"


if __name__ == "__main__":
    main()
