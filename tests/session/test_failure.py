"""Runs that fail: NaN, no memory, an error in the recipe, a full disk; each in words, with a step and something to do."""

from __future__ import annotations

import dataclasses
import errno
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import workbench.session.journal as journals
import workbench.worker.attempt as worker
from tests.training_runs import configure, end_of, events_of, logged, prepare
from workbench.events.types import CheckpointSaved, Noticed
from workbench.finding import find_recipe
from workbench.recipe import Recipe
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import open_run
from workbench.schema import Value, short_number
from workbench.training import checkpoint

RECIPE = find_recipe("cnn")


class Saboteur:
    """A run that passes everything on, and does harm behind one step."""

    def __init__(self, run: Any, step: int, harm: Callable[[Any], None]) -> None:
        self._run, self._step, self._harm = run, step, harm

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def log(self, step: int, values: Any) -> None:
        self._run.log(step, values)
        if step == self._step:
            self._harm(self._run)


@pytest.fixture
def fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunFolder]:
    def run(harm: Callable[[Any], None], *, step: int = 25, **values: Value) -> RunFolder:
        def train(config: Any, handle: Any) -> None:
            RECIPE.train(config, Saboteur(handle, step, harm))

        sabotaged: Recipe = dataclasses.replace(RECIPE, train=train)
        monkeypatch.setattr(worker, "by_name", lambda name: sabotaged)
        config = configure(RECIPE, "digits", **{"threads": 1, "max_steps": 60, "checkpoint_every": 5, **values})
        folder = prepare(tmp_path, RECIPE, config)
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
        worker.work(folder, worker.Order())
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == handlers
        return folder

    return run


def poison(run: Any) -> None:
    """Make every gradient from here on NaN."""
    with torch.no_grad():
        run._parts["model"].get_parameter("conv1.weight").fill_(float("nan"))


def test_a_file_that_python_cannot_read_is_named_once_with_its_line(fails: Callable[..., RunFolder]) -> None:
    def harm(run: Any) -> None:
        compile("x = (1", "/somewhere/model.py", "exec")

    assert end_of(fails(harm)).reason == "SyntaxError: '(' was never closed (model.py, line 1)"


def test_a_gradient_that_is_not_finite_ends_the_run_at_its_step_with_advice(fails: Callable[..., RunFolder]) -> None:
    folder = fails(poison)
    end = end_of(folder)
    assert (end.state, end.step, end.exit_code) == ("failed", 26, 1)
    assert "step 26" in end.reason
    assert f"the last finite loss was {logged(folder, 'train/loss')[25]:.4g} at step 25" in end.reason
    assert "smaller lr" in end.advice
    lr = short_number(round(configure(RECIPE, "digits").optimization.lr / 10, 9))
    assert end.command == f"workbench train cnn --from cnn-1 --lr {lr} --clip-norm 1"
    assert open_run(folder).status.state == "failed"


def test_the_loss_named_is_that_of_the_step_before_also_where_it_was_not_written_yet(
    fails: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "FLUSH_SECONDS", 1e9)
    folder = fails(poison, evaluate_every=1000, checkpoint_every=1000)
    assert f"the last finite loss was {logged(folder, 'train/loss')[25]:.4g} at step 25" in end_of(folder).reason


def test_the_last_finite_checkpoint_outlives_any_number_of_broken_ones(fails: Callable[..., RunFolder]) -> None:
    def poison_without_being_seen(run: Any) -> None:
        with torch.no_grad():
            run._parts["model"].get_buffer("norm1.running_mean").fill_(float("nan"))  # gradients stay finite in training

    folder = fails(poison_without_being_seen)
    saved = folder.saved_checkpoints(verify=True)
    assert [point.step for point in saved if point.finite] == [20], "the newest finite one, which is the best as well"
    assert sum(not point.finite for point in saved) >= 3, "the newest three are broken"
    good, _ = checkpoint.newest_good(folder.checkpoints, torch.device("cpu"))
    assert good is not None


def test_no_memory_names_the_batch_size_and_a_ready_command(fails: Callable[..., RunFolder]) -> None:
    def no_memory(run: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    end = end_of(fails(no_memory, batch_size=48))
    assert (end.state, end.exit_code) == ("failed", 1)
    assert "batch_size 48" in end.reason
    assert end.command == "workbench train cnn --from cnn-1 --batch-size 24 --accumulate 2"


def test_an_error_in_the_recipe_names_its_line_and_keeps_the_traceback(fails: Callable[..., RunFolder]) -> None:
    def mistake(run: Any) -> None:
        raise KeyError("labels")

    end = end_of(fails(mistake))
    assert "KeyError: 'labels'" in end.reason
    assert "line" in end.reason
    assert "Traceback" in end.detail


def test_a_disk_that_is_full_for_a_checkpoint_is_noticed_and_the_run_goes_on(
    fails: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = checkpoint.save
    monkeypatch.setattr(checkpoint, "save", lambda *args: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    folder = fails(lambda run: monkeypatch.setattr(checkpoint, "save", real))
    assert end_of(folder).state == "finished"
    messages = [event.message for event in events_of(folder) if isinstance(event, Noticed)]
    assert any("No space left" in message for message in messages), messages
    assert {event.step for event in events_of(folder) if isinstance(event, CheckpointSaved)} == {25, 30, 35, 40, 45, 50, 55, 60}
