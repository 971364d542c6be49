"""Trials in this process: what each measures of a real recipe, and that it measures a recipe that forgets, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training_runs import configure, prepare
from workbench.errors import WorkbenchError
from workbench.events.writer import EventWriter
from workbench.finding import find_recipe
from workbench.recipe import Recipe
from workbench.runs.reading.feed import read_state
from workbench.session.journal import Journal
from workbench.training.optimizer import Optimizer
from workbench.trying import batch_sizes, dry_run, memory, plan, range_test
from workbench.trying.conduct import conduct
from workbench.worker.attempt import _started

SMALL: dict[str, dict[str, Any]] = {
    "cnn": {"preset": "lab"},
    "rnn": {"preset": "adding", "length": 5, "examples": 400},
    "gan": {"preset": "digits", "labels": False},
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch):
    for module in (dry_run, batch_sizes):
        monkeypatch.setattr(module, "_STEP_SECONDS", 0.0)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def tried(root: Path, kind: plan.Kind, name: str = "cnn", **settings: Any) -> dict[str, Any]:
    """What a trial of a recipe finds."""
    recipe = find_recipe(name)
    values = {"threads": 1, "precision": "fp32", **SMALL[name], **settings}
    return found_by(root, kind, recipe, configure(recipe, values.pop("preset"), **values))


def found_by(root: Path, kind: plan.Kind, recipe: Recipe, config: Any) -> dict[str, Any]:
    folder = prepare(root, recipe, config)
    journal = Journal(folder, EventWriter(folder.events), read_state(folder))
    journal.write(_started(1))
    session = conduct(kind, folder, recipe, config, journal, lambda requests: None)
    journal.close()
    assert session.completed
    found = plan.read_result(folder.path)
    assert found is not None
    return found


@pytest.mark.parametrize("name", SMALL)
def test_a_dry_run_does_everything_and_goes_on_exactly(name: str, tmp_path: Path) -> None:
    found = tried(tmp_path, "dry-run", name, epochs=3)
    assert found["resumed"]["equal"], found["resumed"]
    assert found["resumed"]["numbers"] > 3
    assert all(found["seconds"][part] > 0 for part in ("start", "step", "evaluation", "preview", "checkpoint", "load", "test"))
    assert found["checkpoint_bytes"] > 1000
    assert found["memory_bytes"] > 50 << 20
    assert found["total"]["evaluations"] >= 1
    assert found["total"]["seconds"] == pytest.approx(sum(found["total"]["parts"].values()))


def test_what_a_checkpoint_forgets_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = Optimizer.load_state_dict

    def forgetful(self: Optimizer, state: dict[str, Any]) -> None:
        load(self, {**state, "updates": 0})

    monkeypatch.setattr(Optimizer, "load_state_dict", forgetful)
    found = tried(tmp_path, "dry-run", epochs=3)
    assert not found["resumed"]["equal"]
    assert found["resumed"]["differing_parts"] == ["optimizer"]


def test_a_range_test_is_the_same_for_a_seed(tmp_path: Path) -> None:
    one, other = (tried(tmp_path, "lr", seed=3) for _ in range(2))
    assert one["curves"] == other["curves"]
    assert one["lr"] == other["lr"]
    assert 1e-4 < one["lr"] < 1e-1
    assert tried(tmp_path, "lr", seed=4)["curves"] != one["curves"]


def test_a_range_test_ends_where_gradients_are_no_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(range_test.rate, "rates", lambda highest: [1e-3] * 5 + [1e30] * 20)
    found = tried(tmp_path, "lr")
    assert found["broke_at"] == 1e30
    assert 6 <= found["steps"] <= 10


def test_of_a_gan_both_losses_are_drawn_and_no_falling_loss_names_a_rate(tmp_path: Path) -> None:
    found = tried(tmp_path, "lr", "gan")
    assert [curve["metric"] for curve in found["curves"]] == ["train/discriminator_loss", "train/generator_loss"]
    assert found["adversarial"]
    assert "lowest" not in found["rule"]


def test_batches_grow_until_an_epoch_is_one_step(tmp_path: Path) -> None:
    found = tried(tmp_path, "batch_size", "rnn")
    sizes = [row["batch_size"] for row in found["sizes"]]
    assert sizes[:3] == [8, 16, 32]
    assert found["sizes"][-1]["steps_per_epoch"] == 1
    assert found["largest"] == sizes[-1] <= 400
    assert found["fastest"] in sizes
    assert all(row["throughput"] > 0 for row in found["sizes"])


def test_a_size_that_may_not_fit_is_never_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    monkeypatch.setattr(memory, "peak_bytes", lambda: 1 << 40)
    found = tried(tmp_path, "batch_size", "rnn")
    assert [row["batch_size"] for row in found["sizes"]] == [8]
    assert "16 may need" in found["ended"]


def test_a_device_that_runs_out_of_memory_ends_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Optimizer.backward

    def backward(self: Optimizer, loss: Any, share: float = 1.0) -> None:
        if self._run._config.data.batch_size > 16:  # type: ignore[attr-defined]
            raise torch.OutOfMemoryError("CUDA out of memory")
        step(self, loss, share)

    monkeypatch.setattr(Optimizer, "backward", backward)
    found = tried(tmp_path, "batch_size", "rnn")
    assert found["largest"] == 16
    assert found["ended"] == "32 does not fit into the memory of cpu"


def test_a_recipe_that_trains_nothing_has_nothing_to_try(tmp_path: Path) -> None:
    recipe = find_recipe("rnn")
    for kind in plan.KINDS:
        with pytest.raises(WorkbenchError, match="nothing to train"):
            found_by(tmp_path, kind, recipe, configure(recipe, "gradients"))
