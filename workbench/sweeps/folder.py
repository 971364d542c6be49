"""The folder of a sweep, beside the runs: its plan, who has which run, and what each machine did.

`sweep.json` is written once; `claims/<number>.json` by whoever takes that run, and never changed; `<host>.jsonl` by the one
process that drives the sweep on that machine, append-only. What a sweep is follows from these and from its runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.clean import clean_tree
from workbench.errors import ExitCode, WorkbenchError, nearest
from workbench.locks import lock_holder
from workbench.runs.files import cannot_write, read_json, replace_file, sync_folder
from workbench.sweeps.plan import Plan

_PLACE = ".sweeps"
_LOG_BYTES = 32 << 20
_FIELDS = {  # what readers count on, by the kind of line
    "assigned": {"trial", "run"},
    "refused": {"trial", "reason"},
    "halted": {"run"},
    "resumed": {"run"},
    "importance": {"shares"},
}
_QUIET_SECONDS = 60.0  # a driver touches its lock each few seconds; network file systems cache for up to 30


@dataclass(frozen=True)
class SweepFolder:
    """Names of a sweep's files, and how they are read."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def journal(self) -> Path:
        """Optuna's."""
        return self.path / "optuna.journal"

    @property
    def stop(self) -> Path:
        """As long as it is there, nobody begins another run."""
        return self.path / "stop.json"

    @property
    def driver_log(self) -> Path:
        return self.path / f"driver-{host()}.txt"

    def log(self, machine: str) -> Path:
        return self.path / f"{machine}.jsonl"

    def lock(self, machine: str) -> Path:
        return self.path / f"{machine}.lock"

    def plan(self) -> Plan:
        """What it trains.

        Raises:
            WorkbenchError: its file is damaged.
        """
        try:
            return Plan.model_validate({**read_json(self.path / "sweep.json"), "name": self.name})
        except ValidationError as error:
            raise WorkbenchError(f"the plan of the sweep {self.name} cannot be read", f"look at {self.path / 'sweep.json'}") from error

    def claim(self, number: int) -> bool:
        """Take a run for this machine; False when it is taken. Done by a link, which is atomic on network file systems, too."""
        claims = self.path / "claims"
        claims.mkdir(mode=0o700, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=claims, prefix=".")
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump({"host": host(), "at": time.time()}, file)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, claims / f"{number}.json")
            sync_folder(claims)
        except FileExistsError:
            return False
        finally:
            os.unlink(draft)
        return True

    def taken(self) -> set[int]:
        """The runs that some machine has."""
        names = []
        with contextlib.suppress(OSError):
            names = os.listdir(self.path / "claims")
        return {int(number) for name in names if (number := name.removesuffix(".json")).isdecimal()}

    def claims(self) -> dict[int, str]:
        """Which machine has which run."""
        return {number: str(read_json(self.path / "claims" / f"{number}.json").get("host", "")) for number in sorted(self.taken())}

    def events(self) -> list[dict[str, Any]]:
        """What all machines did, in the order of their clocks; torn and foreign lines are left out."""
        found: list[dict[str, Any]] = []
        for path in sorted(self.path.glob("*.jsonl")):
            with contextlib.suppress(OSError):
                found += _lines(path)
        return sorted(found, key=lambda event: float(event["at"]))

    def runs(self) -> dict[int, str]:
        """The run of each number that has one."""
        return {event["trial"]: str(event["run"]) for event in self.events() if event["type"] == "assigned"}

    def drivers(self) -> dict[str, bool]:
        """The machines that work at it, and whether they do now: another one has said that it left, or is quiet for a while."""
        found = {}
        for path in sorted(self.path.glob("*.lock")):
            if path.stem == host():
                found[path.stem] = lock_holder(path) is not None
            else:
                with contextlib.suppress(OSError):
                    found[path.stem] = time.time() - path.stat().st_mtime < _QUIET_SECONDS
        return found


def host() -> str:
    """This machine, as files are named after it."""
    return re.sub(r"[^\w-]", "_", platform.node() or "here")


def create(root: Path, plan: Plan) -> SweepFolder:
    """A folder for a new sweep, of the plan's name or of the next free one.

    Raises:
        WorkbenchError: there is a sweep of that name, or the folder cannot be written.
    """
    place = root / _PLACE
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        name, number = plan.name, 0
        while True:
            number += 1
            path = place / (name or f"sweep-{number}")
            with contextlib.suppress(FileExistsError):
                path.mkdir(mode=0o700)
                break
            if name:
                raise WorkbenchError(
                    f"there is a sweep `{name}` already", f"`workbench sweep resume {name}` goes on with it; or choose another --name"
                )
        folder = SweepFolder(path)
        replace_file(path / "sweep.json", plan.model_copy(update={"name": folder.name}).model_dump_json(indent=1).encode())
    except OSError as error:
        raise cannot_write(place, error) from error
    return folder


def all_of(root: Path) -> list[SweepFolder]:
    """The sweeps beside the runs, oldest first."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(root / _PLACE):
            with contextlib.suppress(OSError):
                found.append((os.stat(Path(entry.path) / "sweep.json").st_mtime, SweepFolder(Path(entry.path))))
    return [folder for _, folder in sorted(found, key=lambda pair: pair[0])]


def find(root: Path, name: str) -> SweepFolder:
    """The sweep of that name; `last` is the newest.

    Raises:
        WorkbenchError: there is none (exit code 3).
    """
    known = {folder.name: folder for folder in all_of(root)}
    if name == "last" and known:
        return list(known.values())[-1]
    if name in known:
        return known[name]
    close = nearest(name, known)
    hint = f"did you mean `{close}`?" if close else "`workbench sweep` lists them"
    raise WorkbenchError(f"there is no sweep `{name}`", hint, code=ExitCode.NOT_FOUND)


def _lines(path: Path) -> list[dict[str, Any]]:
    with open(path, "rb") as file:
        data = file.read(_LOG_BYTES)
    found = []
    for line in data.split(b"\n")[:-1]:
        with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
            event = clean_tree(json.loads(line))
            if _FIELDS.get(event["type"], set()) <= event.keys():
                found.append({**event, "at": float(event["at"]), **({"trial": int(event["trial"])} if "trial" in event else {})})
    return found
