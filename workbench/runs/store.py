"""All runs of a folder: claiming ids, finding one by what a person types, deleting to a trash folder."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import ExitCode, WorkbenchError, nearest
from workbench.paths import short
from workbench.runs.feed import Feed
from workbench.runs.folder import RunFolder

_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,80}-\d{1,9}")
_TRASH = ".trash"
_COUNTERS = ".ids"


class Store:
    """The runs below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def ids(self) -> list[str]:
        """Ids of all runs, in the order in which they were claimed."""
        return [name for _, name in sorted(self._claimed())]

    def folder(self, run_id: str) -> RunFolder:
        return RunFolder(self.root / run_id)

    def feeds(self) -> Iterator[Feed]:
        """Each run read from its summary and the tail of its log, newest first."""
        for run_id in reversed(self.ids()):
            feed = Feed(self.folder(run_id), brief=True)
            feed.read_all()
            yield feed

    def claim(self, recipe: str) -> RunFolder:
        """A new, empty run folder `<recipe>-<n>`; an id is never used twice.

        Raises:
            WorkbenchError: the runs folder is not writable.
        """
        stem = re.sub(r"[^a-z0-9_.]+", "_", recipe.lower()).strip("_.") or "run"
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            counter = self.root / _COUNTERS
            counter.mkdir(mode=0o700, exist_ok=True)
            number = 1 + max([_number(name) for name in self._names(stem)], default=0)
            while True:
                path = self.root / f"{stem}-{number}"
                try:
                    path.mkdir(mode=0o700)
                except FileExistsError:
                    number += 1
                    continue
                self._remember(counter, stem, path.name)
                return RunFolder(path)
        except OSError as error:
            raise WorkbenchError(
                f"cannot write the runs folder {self.root}: {error.strerror or error}",
                "choose another with --runs DIR or WORKBENCH_RUNS",
            ) from error

    def find(self, name: str) -> RunFolder:
        """The run that a person means: an id, a name, `last`, or `last~1`.

        Raises:
            WorkbenchError: there is none, or a name that several runs have (exit code 3).
        """
        ids = self.ids()
        if match := re.fullmatch(r"last(?:~(\d{1,6}))?", name):
            back = int(match[1] or 0)
            if back < len(ids):
                return self.folder(ids[-1 - back])
            raise self._missing(name, f"there {'is 1 run' if len(ids) == 1 else f'are {len(ids)} runs'} in {short(self.root)}")
        if name in ids:
            return self.folder(name)
        named = {run_id: self.folder(run_id).labels().name for run_id in ids}
        matches = [run_id for run_id, label in named.items() if label and label == name]
        if len(matches) == 1:
            return self.folder(matches[0])
        if matches:
            raise WorkbenchError(f"{len(matches)} runs are named `{name}`", f"give an id: {', '.join(matches)}", code=ExitCode.NOT_FOUND)
        close = nearest(name, [*ids, *filter(None, named.values())])
        raise self._missing(name, f"did you mean `{close}`?" if close else "`workbench runs` lists them")

    def delete(self, run_id: str) -> Path:
        """Move a run to the trash folder beside the runs; returns where it lies now.

        Raises:
            WorkbenchError: it cannot be moved.
        """
        try:
            trash = self.root / _TRASH
            trash.mkdir(mode=0o700, exist_ok=True)
            target = trash / f"{run_id}.{time.time_ns()}"
            os.rename(self.root / run_id, target)
        except OSError as error:
            raise WorkbenchError(f"cannot move {run_id} to the trash: {error.strerror or error}", f"look at {self.root}") from error
        return target

    def _claimed(self) -> list[tuple[float, str]]:
        found = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.root):
                if _ID.fullmatch(entry.name) and entry.is_dir():
                    found.append((_claimed_at(Path(entry.path)), entry.name))
        return found

    def _names(self, stem: str) -> Iterator[str]:
        """Every id of a recipe that was ever claimed here, as far as folders, trash and counter remember."""
        for folder in (self.root, self.root / _TRASH, self.root / _COUNTERS):
            with contextlib.suppress(OSError):
                for entry in os.scandir(folder):
                    name = entry.name.partition(".")[0] if folder.name == _TRASH else entry.name
                    if name.rpartition("-")[0] == stem:
                        yield name

    @staticmethod
    def _remember(counter: Path, stem: str, name: str) -> None:
        (counter / name).touch(mode=0o600)
        for entry in os.scandir(counter):
            if entry.name.rpartition("-")[0] == stem and _number(entry.name) < _number(name):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)

    def _missing(self, name: str, hint: str) -> WorkbenchError:
        return WorkbenchError(f"there is no run `{name}` in {short(self.root)}", hint, code=ExitCode.NOT_FOUND)


def _claimed_at(path: Path) -> float:
    # run.json is written once, so its time is the run's; a folder's own time moves with its content.
    for name in ("run.json", "."):
        with contextlib.suppress(OSError):
            return (path / name).stat().st_mtime
    return 0.0


def _number(name: str) -> int:
    digits = name.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0
