"""The process that drives a sweep, killed wherever it may be; its runs are only written down, so nothing trains."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from tests.builders import append, ended, evaluated, finished_run, loop, metrics, opening
from tests.tui.recipe import RECIPE
from workbench.errors import WorkbenchError
from workbench.launching import launch
from workbench.runs import control
from workbench.runs.folder import Labels, RunFolder, RunRecord
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store
from workbench.schema import flat
from workbench.sweeps import folder as folders
from workbench.sweeps.folder import SweepFolder, create
from workbench.sweeps.plan import make_plan
from workbench.sweeps.progress import Look
from workbench.views import sweep as view
from workbench.worker import drive


class Killed(BaseException):
    """`kill -9`, as far as one process can be that."""


class Launcher:
    """Starts runs that have finished at once; `dies_at` counts the places where the driver may be killed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dies_at = -1
        self.passed = 0
        self.resumed: list[str] = []
        self.log: Callable[[], list[Any]] = lambda: finished_run(100)

    def passes(self) -> None:
        self.passed += 1
        if self.passed == self.dies_at:
            raise Killed

    def start(self, store: Store, recipe: Any, preset: str, config: Any, *, sweep: str, trial: int, **_: Any) -> RunFolder:
        self.passes()
        folder = store.claim(recipe.name)
        record = RunRecord(id=folder.id, recipe=recipe.name, settings=flat(config), sweep=sweep, trial=trial, created_at=time.time())
        folder.prepare(record, Labels())
        self.passes()  # prepared, and no worker yet
        append(folder, self.log())
        self.passes()  # at work, and not yet said
        return folder

    def begin(self, folder: RunFolder, **_: Any) -> None:
        append(folder, self.log())

    def resume(self, folder: RunFolder, **_: Any) -> int:
        self.resumed.append(folder.id)
        append(folder, [*opening(2, at=time.time()), loop(), metrics(range(101, 201)), evaluated(200, 0.99, best=True), ended(step=200)])
        return 1


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    made = Launcher(tmp_path)
    for name in ("start", "begin", "resume"):
        monkeypatch.setattr(launch, name, getattr(made, name))
    monkeypatch.setattr(drive, "by_name", lambda name: RECIPE)
    claim = SweepFolder.claim
    monkeypatch.setattr(SweepFolder, "claim", lambda folder, number: (claim(folder, number), made.passes())[0])
    return made


def sweep(root: Path, trials: int = 0) -> SweepFolder:
    varied = {"lr": "log:1e-4..1e-1"} if trials else {"lr": "1e-3,1e-2", "blocks": "1,2"}
    return create(root, make_plan("s", [(RECIPE, "")], {}, varied, trials=trials))


def drive_until_killed(folder: SweepFolder, root: Path) -> bool:
    """Whether it came to its end."""
    try:
        driver = drive.Driver(folder, Store(root))
        while driver.goes_on():
            pass
        driver.finish()
    except Killed:
        return False
    return True


@pytest.mark.parametrize("place", range(1, 18))
def test_each_run_is_made_once_wherever_the_driver_is_killed(place: int, tmp_path: Path, launcher: Launcher) -> None:
    folder = sweep(tmp_path)
    launcher.dies_at = place
    assert drive_until_killed(folder, tmp_path) is (place == 17), "four runs have four places each"
    assert drive_until_killed(folder, tmp_path)
    now = Look(folder, Store(tmp_path)).now()
    assert (now.state, now.done) == ("finished", 4)
    assert [entry.run for entry in now.entries] == Store(tmp_path).ids(), "no run besides, and none twice"
    assert launcher.resumed == []


def test_a_disk_that_is_full_for_a_while_begins_no_run_twice_and_tells_them_all(
    tmp_path: Path, launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sweep(tmp_path)
    driver = drive.Driver(folder, Store(tmp_path))
    room = [3, 0]  # bytes that go in before the disk is full, write by write

    def full(descriptor: int, data: bytes) -> int:
        if not room:
            return os.write(descriptor, data)
        if left := room.pop(0):
            return os.write(descriptor, data[:left])
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("workbench.sweeps.journal.os", SimpleNamespace(**{**vars(os), "write": full}))
    while driver.goes_on():
        pass
    driver.finish()
    assert len(Store(tmp_path).ids()) == 4
    assert sorted(folder.runs().values()) == Store(tmp_path).ids()


def test_a_sweep_that_stops_on_a_full_disk_asks_again_what_it_could_not_ask(
    tmp_path: Path, launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sweep(tmp_path)
    launcher.log = lambda: [*opening(host="far", at=time.time()), loop(at=time.time()), metrics(range(1, 101), at=time.time() - 10)]
    driver = drive.Driver(folder, Store(tmp_path))
    driver.goes_on()
    folder.stop.touch()
    with monkeypatch.context() as patched:
        patched.setattr(control, "ask", Mock(side_effect=WorkbenchError("the disk is full")))
        assert driver.goes_on()
    driver.goes_on()
    driver.goes_on()
    assert [request.kind for request in control.pending(Store(tmp_path).folder("cnn-1"))] == ["stop"]


def test_a_run_that_died_goes_on_and_one_that_failed_does_not(tmp_path: Path, launcher: Launcher) -> None:
    folder = sweep(tmp_path)
    logs = iter([[*opening(), loop(), metrics(range(1, 101))], [*opening(), ended("failed", step=3)]])
    launcher.log = lambda: next(logs, finished_run(100))
    assert drive_until_killed(folder, tmp_path)
    assert launcher.resumed == ["cnn-1"]
    states = [entry.state for entry in Look(folder, Store(tmp_path)).now().entries]
    assert states == ["finished", "failed", "finished", "finished"]


def test_a_sweep_that_is_stopped_goes_on_with_the_run_that_it_stopped(
    tmp_path: Path, launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sweep(tmp_path)
    far = opening(host="far", at=time.time())
    launcher.log = lambda: [*far, loop(at=time.time()), metrics(range(1, 101), at=time.time() - 10)]  # lives by its news
    driver = drive.Driver(folder, Store(tmp_path))
    assert driver.goes_on()
    folder.stop.write_text("{}")
    assert driver.goes_on(), "until it has stopped"
    (request,) = control.pending(Store(tmp_path).folder("cnn-1"))
    assert (request.kind, request.by) == ("stop", "sweep stop s")
    append(Store(tmp_path).folder("cnn-1"), [ended("stopped", step=100)])
    assert not driver.goes_on()
    look = Look(folder, Store(tmp_path))
    assert (look.now().state, look.now().done) == ("stopped", 0)
    assert view.lines(look.now())[0].endswith("stopped: 0 of 4 done, 1 stopped, 3 to go")
    folder.stop.unlink()
    launcher.log = lambda: finished_run(100)
    assert drive_until_killed(folder, tmp_path)
    assert launcher.resumed == ["cnn-1"]
    assert (look.now().state, look.now().done) == ("finished", 4), "one look is enough to see that it went on"
    assert open_run(Store(tmp_path).folder("cnn-1")).state.attempt == 2


def test_what_a_killed_driver_left_training_is_stopped_by_another_and_resumed(tmp_path: Path, launcher: Launcher) -> None:
    folder = sweep(tmp_path)
    far = opening(host="far", at=time.time())
    launcher.log = lambda: [*far, loop(at=time.time()), metrics(range(1, 101), at=time.time() - 10)]  # lives by its news
    assert drive.Driver(folder, Store(tmp_path)).goes_on()
    folder.stop.write_text("{}")
    driver = drive.Driver(folder, Store(tmp_path))
    assert driver.goes_on(), "until it has stopped"
    assert [request.kind for request in control.pending(Store(tmp_path).folder("cnn-1"))] == ["stop"]
    assert Store(tmp_path).ids() == ["cnn-1"], "nothing more is begun"
    append(Store(tmp_path).folder("cnn-1"), [ended("stopped", step=100)])
    assert not driver.goes_on()
    assert not drive.Driver(folder, Store(tmp_path)).goes_on()
    assert launcher.resumed == [], "as long as the sweep is to stand"
    folder.stop.unlink()
    launcher.log = lambda: finished_run(100)
    assert drive_until_killed(folder, tmp_path)
    assert launcher.resumed == ["cnn-1"]
    assert Look(folder, Store(tmp_path)).now().done == 4


def test_a_search_goes_on_with_what_it_had_chosen(tmp_path: Path, launcher: Launcher) -> None:
    pytest.importorskip("optuna")
    quiet, loud = tmp_path / "quiet", tmp_path / "loud"
    tried = []
    for root, places in ((quiet, ()), (loud, (3, 6))):
        folder = sweep(root, trials=4)
        for place in places:
            launcher.passed, launcher.dies_at = 0, place
            drive_until_killed(folder, root)
        launcher.dies_at = -1
        assert drive_until_killed(folder, root)
        now = Look(folder, Store(root)).now()
        assert (now.done, len(Store(root).ids())) == (4, 4)
        tried.append([entry.values["lr"] for entry in now.entries])
    assert tried[0] == tried[1]
    assert len(set(tried[0])) == 4


def test_two_machines_share_a_sweep_and_no_run(tmp_path: Path, launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sweep(tmp_path)
    far = opening(host="far", at=time.time())
    launcher.log = lambda: [*far, loop(at=time.time()), metrics(range(1, 101), at=time.time() - 10)]
    drivers = []
    for name in ("box-a", "box-b"):
        for module in (drive, folders):
            monkeypatch.setattr(module, "host", lambda name=name: name)
        drivers.append(drive.Driver(folder, Store(tmp_path)))
        drivers[-1].goes_on()
    assert folder.claims() == {0: "box-a", 1: "box-b"}, "one at a time on each"
    assert folder.runs() == {0: "cnn-1", 1: "cnn-2"}
    monkeypatch.setattr(folders, "host", lambda: "box-b")
    append(Store(tmp_path).folder("cnn-2"), [ended(step=400)])
    drivers[1].goes_on()
    assert folder.claims() == {0: "box-a", 1: "box-b", 2: "box-b"}
    assert Look(folder, Store(tmp_path)).now().done == 1


def test_a_machine_that_has_left_is_known_to_have_left_on_the_others(
    tmp_path: Path, launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sweep(tmp_path)
    monkeypatch.setattr(drive, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(drive.os, "umask", lambda _: 0)
    monkeypatch.setattr(drive.signal, "signal", lambda *_: None)
    seen: list[dict[str, bool]] = []

    def log() -> list[Any]:
        with monkeypatch.context() as there:
            there.setattr(folders, "host", lambda: "elsewhere")
            seen.append(folder.drivers())
        return finished_run(100)

    launcher.log = log
    assert drive.main([str(folder.path), json.dumps({"root": str(tmp_path), "recipe_path": ""})]) == 0
    monkeypatch.setattr(folders, "host", lambda: "elsewhere")
    assert seen == [{drive.host(): True}] * 4
    assert folder.drivers() == {drive.host(): False}, "at once, rather than once it has been quiet for a minute"
