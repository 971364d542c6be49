"""The folder of one run: what lies where, and the small files that are replaced whole.

Folders have mode 0700 and files 0600: settings, data paths and samples are nobody else's business.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.clean import clean
from workbench.runs.files import cannot_write, open_file, read_json, replace_file, sync_folder

Value = bool | int | float | str | None
_TAIL_BYTES = 16384
_LARGEST_HASHED = 1 << 30  # beyond it, a look at a run would take seconds; a resume verifies whatever the size


class Fork(BaseModel):
    """Which checkpoint of its parent a run goes on from, and which settings were given other values for that."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    step: int = Field(ge=0, le=2**53)
    attempt: int = 0
    changed: tuple[str, ...] = ()


class RunRecord(BaseModel):
    """`run.json`: how the run was asked for. Written once, before the worker starts."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    recipe: str
    recipe_path: str = ""
    preset: str = ""
    settings: dict[str, Value] = {}
    words_for_none: dict[str, str] = {}  # of its recipe's own settings, where they say something else than "off"
    parent: str | None = None
    weights: bool = False  # whether it begins with those of its parent
    fork: Fork | None = None
    created_at: float = 0.0
    versions: dict[str, str] = {}
    git_commit: str = ""
    command_line: list[str] = []
    host: str = ""
    source: Literal["recipe", "script", "import"] = "recipe"  # what trained it; only a recipe's run can be resumed
    sweep: str = ""  # the sweep that it belongs to, as run number `trial`
    trial: int | None = None
    trying: str = ""  # what kind of trial it is, rather than a run; whoever asked for it is `asker`: process id, start time
    asker: tuple[int, float] = (0, 0.0)


class Labels(BaseModel):
    """`labels.json`: what anybody who may can change after the start."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    pin: bool = False


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint as its manifest describes it. `verified`: its file has the size, and where asked the checksum, that was saved."""

    step: int
    attempt: int
    verified: bool
    finite: bool
    best: bool
    size_bytes: int
    metrics: dict[str, float]
    path: Path


@lru_cache(256)
def _exit_name(attempt: int) -> str:
    """Kept, because a path interns its parts: with a new string at each look Python's table of them is copied, 2 MB, ever again."""
    return f"exit-{attempt}.json"


@dataclass(frozen=True)
class RunFolder:
    """Names of a run's files, and how the small ones are read and replaced."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def control(self) -> Path:
        return self.path / "control"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def worker_log(self) -> Path:
        return self.path / "worker.log"

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

    def exit_file(self, attempt: int) -> Path:
        return self.path / _exit_name(attempt)

    def exit_draft(self, attempt: int) -> Path:
        """Becomes the exit file; written ahead, so that a full disk has room for it."""
        return self.path / f".exit-{attempt}"

    def last_exit(self) -> int:
        """The newest attempt whose supervisor wrote down its end; 0 where there is none."""
        names = [path.stem.removeprefix("exit-") for path in self.path.glob("exit-*.json")]
        return max((int(name) for name in names if name.isdecimal()), default=0)

    @property
    def claimed_at(self) -> float:
        """When the run was claimed; `run.json` is written once, while a folder's own time moves with its content."""
        for path in (self.path / "run.json", self.path):
            with contextlib.suppress(OSError):
                return path.stat().st_mtime
        return 0.0

    def prepare(self, record: RunRecord, labels: Labels) -> None:
        """Fill a freshly claimed folder.

        Raises:
            WorkbenchError: the disk is full or the folder is not writable.
        """
        try:
            for folder in (self.control, self.samples, self.checkpoints):
                folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self.path.parent)  # the claim: a power cut does not take the whole run
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self.write_labels(labels)
        replace_file(self.path / "run.json", record.model_dump_json(indent=1).encode())

    def record(self) -> RunRecord:
        """How the run was asked for; with only its id where `run.json` is missing or damaged."""
        value = read_json(self.path / "run.json")
        try:
            return RunRecord.model_validate({**value, "id": self.id})
        except ValidationError:
            return RunRecord(id=self.id, recipe=self.id.rpartition("-")[0] or self.id)

    def labels(self) -> Labels:
        try:
            return Labels.model_validate(read_json(self.path / "labels.json"))
        except ValidationError:
            return Labels()

    def write_labels(self, labels: Labels) -> None:
        replace_file(self.path / "labels.json", labels.model_dump_json(indent=1).encode())

    def saved_checkpoints(self, *, verify: bool = False) -> list[Checkpoint]:
        """Every checkpoint with a readable manifest, oldest first.

        Args:
            verify: compare checksums, the newest first, as far as a look may take: a run may keep hundreds.
        """
        found = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.checkpoints):
                checkpoint = _checkpoint(Path(entry.path), verify=False) if entry.is_dir() and not entry.name.startswith(".") else None
                if checkpoint:
                    found.append(checkpoint)
        found.sort(key=lambda checkpoint: (checkpoint.attempt, checkpoint.step))
        left = _LARGEST_HASHED if verify else 0
        for place in reversed(range(len(found))):
            if found[place].size_bytes <= left:
                left -= max(0, found[place].size_bytes)
                found[place] = replace(found[place], verified=self.verified(found[place]))
        return found

    def verified(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint is the file that was saved, checksum and all."""
        read = _checkpoint(checkpoint.path, verify=True)
        return read is not None and read.verified

    def worker_log_tail(self, lines: int = 20) -> list[str]:
        """The last lines that the worker or its libraries printed."""
        try:
            with open_file(self.worker_log) as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
                return [clean(line) for line in file.read(_TAIL_BYTES).decode("utf-8", "replace").splitlines()[-lines:]]
        except OSError:
            return []


def _checkpoint(path: Path, *, verify: bool) -> Checkpoint | None:
    manifest = read_json(f"{path}/manifest.json")
    try:
        size = int(manifest["size_bytes"])
        whole = os.stat(f"{path}/state.pt").st_size == size
        if whole and verify and size <= _LARGEST_HASHED:
            whole = _sha256(path / "state.pt") == manifest["sha256"]
        return Checkpoint(
            step=int(manifest["step"]),
            attempt=int(manifest["attempt"]),
            verified=whole,
            finite=bool(manifest.get("finite")),
            best=bool(manifest.get("best")),
            size_bytes=size,
            metrics={str(key): math.nan if value is None else float(value) for key, value in manifest.get("metrics", {}).items()},
            path=path,
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, OSError):
        return None


def _sha256(path: Path) -> str:
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
