"""All runs of a folder: claiming ids, finding one by what a person types, deleting to a trash folder."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import ExitCode, WorkbenchError, nearest
from workbench.paths import short
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed

_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,80}-[0-9]{1,9}")
_LONGEST_STEM = 60
_TRASH = ".trash"
_COUNTERS = ".ids"


class Store:
    """The runs below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def ids(self) -> list[str]:
        """Ids of all runs, in the order in which they were claimed."""
        return [name for *_, name in sorted(self._claimed())]

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
        stem = re.sub(r"[^a-z0-9_.]+", "_", recipe.lower()).strip("_.")[:_LONGEST_STEM] or "run"
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            number = 1 + max([_number(name) for name in self._names(stem)], default=0)
            while True:
                path = self.root / f"{stem}-{number}"
                try:
                    path.mkdir(mode=0o700)
                except FileExistsError:
                    number += 1
                    continue
                try:
                    self._remember(path.name)
                except OSError:
                    path.rmdir()
                    raise
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
            WorkbenchError: it cannot be moved, or there is none of that id.
        """
        if not _ID.fullmatch(run_id):
            raise self._missing(run_id, "`workbench runs` lists them")
        try:
            trash = self.root / _TRASH
            trash.mkdir(mode=0o700, exist_ok=True)
            target = trash / f"{run_id}.{time.time_ns()}"
            os.rename(self.root / run_id, target)
        except OSError as error:
            raise WorkbenchError(f"cannot move {run_id} to the trash: {error.strerror or error}", f"look at {self.root}") from error
        with contextlib.suppress(OSError):  # the trash remembers the id as well, until it is emptied
            self._remember(run_id)
        return target

    def restore(self, run_id: str = "") -> RunFolder:
        """Bring a run back from the trash: the one of that id, or the one that was deleted last.

        Raises:
            WorkbenchError: it is not there, or cannot be moved.
        """
        try:
            names = [entry.name for entry in os.scandir(self.root / _TRASH)]
        except OSError:
            names = []
        found = [name for name in names if _ID.fullmatch(name.rpartition(".")[0]) and run_id in ("", name.rpartition(".")[0])]
        if not found:
            what = f"`{run_id}`" if run_id else "run"
            raise WorkbenchError(
                f"there is no {what} in the trash of {short(self.root)}", "it may have been emptied", code=ExitCode.NOT_FOUND
            )
        newest = max(found, key=lambda name: int(name.rpartition(".")[2]) if name.rpartition(".")[2].isdecimal() else 0)
        target = self.root / newest.rpartition(".")[0]
        try:
            if target.exists():
                raise FileExistsError(errno.EEXIST, "there is a run of that id again")
            os.rename(self.root / _TRASH / newest, target)
        except OSError as error:
            raise WorkbenchError(f"cannot bring {target.name} back: {error.strerror or error}", f"look at {self.root / _TRASH}") from error
        return RunFolder(target)

    def _claimed(self) -> list[tuple[float, int, str]]:
        found = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.root):
                if _ID.fullmatch(entry.name) and entry.is_dir():
                    # Runs that are claimed within one tick of the file system's clock are told apart by their number.
                    found.append((self.folder(entry.name).claimed_at, _number(entry.name), entry.name))
        return found

    def _names(self, stem: str) -> Iterator[str]:
        """Every id of a recipe that was ever claimed here, as far as folders, trash and counter remember."""
        for folder in (self.root, self.root / _TRASH, self.root / _COUNTERS):
            with contextlib.suppress(OSError):
                for entry in os.scandir(folder):
                    name = entry.name.rpartition(".")[0] if folder.name == _TRASH else entry.name
                    if _ID.fullmatch(name) and name.rpartition("-")[0] == stem:
                        yield name

    def _remember(self, run_id: str) -> None:
        """Leave the highest number of a recipe in the counter, for when folder and trash are gone."""
        counter = self.root / _COUNTERS
        counter.mkdir(mode=0o700, exist_ok=True)
        (counter / run_id).touch(mode=0o600)
        for entry in os.scandir(counter):
            if entry.name.rpartition("-")[0] == run_id.rpartition("-")[0] and _number(entry.name) < _number(run_id):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)

    def _missing(self, name: str, hint: str) -> WorkbenchError:
        return WorkbenchError(f"there is no run `{name}` in {short(self.root)}", hint, code=ExitCode.NOT_FOUND)


def _number(name: str) -> int:
    digits = name.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0
