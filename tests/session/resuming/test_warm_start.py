import json

import pytest
import torch

from tests.training_runs import configure, events_of, prepare, stop_at, train_here
from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import Noticed
from workbench.finding import find_recipe

CNN = find_recipe("cnn")
SMALL = {"preset": "digits", "threads": 1, "max_steps": 4, "evaluate_every": 2, "preview_every": 100, "width": 4, "device": "cpu"}


def _trained(root, **values):
    settings = {**SMALL, **values}
    config = configure(CNN, settings.pop("preset"), **settings)
    folder = prepare(root, CNN, config)
    return folder, train_here(folder, CNN, config)


def _from(parent_id, root, *, at_step=None, **values):
    """A run that begins with another one's weights; `max_steps` 1 and the smallest rate leave them nearly as they were."""
    settings = {**SMALL, "max_steps": 1, "lr": 1e-30, "weight_decay": 0.0, "batch_norm": True, **values}
    config = configure(CNN, settings.pop("preset"), **settings)
    folder = prepare(root, CNN, config)
    record = folder.record().model_copy(update={"parent": parent_id, "weights": True})
    (folder.path / "run.json").write_text(record.model_dump_json())
    return folder, train_here(folder, CNN, config, at_step=at_step)


def _weights(session):
    return dict(session._parts["model"].named_parameters())


def _said(folder):
    return [event.message for event in events_of(folder) if isinstance(event, Noticed) and "begins with" in event.message]


def test_a_run_begins_with_the_best_weights_of_its_parent_head_and_all_where_the_classes_are_the_same(tmp_path):
    parent, session = _trained(tmp_path)
    folder, child = _from(parent.id, tmp_path)
    best = session._best.weights
    for name, value in _weights(child).items():
        torch.testing.assert_close(value.detach(), best[name])
    assert _said(folder) == [f"begins with the weights of {parent.id} at step {session._best.step}"]


def test_the_head_is_new_where_the_classes_are_others_and_of_another_number(tmp_path):
    parent, session = _trained(tmp_path)
    events = parent.events.read_text().splitlines()
    renamed = [line.replace('"classes":["0",', '"classes":["zero",') for line in events]
    assert renamed != events
    parent.events.write_text("\n".join(renamed) + "\n")
    folder, child = _from(parent.id, tmp_path, seed=5)
    weights = _weights(child)
    torch.testing.assert_close(weights["conv1.weight"].detach(), session._best.weights["conv1.weight"])
    torch.testing.assert_close(weights["dense.weight"].detach(), session._best.weights["dense.weight"])
    assert not torch.allclose(weights["output.weight"], session._best.weights["output.weight"], atol=1e-3)
    assert _said(folder)[0].endswith("; new: output.weight, output.bias")


def test_the_best_weights_are_taken_and_not_the_newest(tmp_path):
    parent, session = _trained(tmp_path, lr=1.0, max_steps=8, schedule="constant")
    best = session._best.step
    assert best < 8, "at this rate it gets worse"
    folder, child = _from(parent.id, tmp_path)
    torch.testing.assert_close(_weights(child)["conv1.weight"].detach(), session._best.weights["conv1.weight"])
    assert f"at step {best}" in _said(folder)[0]


def test_a_model_of_another_shape_is_refused_with_both_shapes(tmp_path):
    parent, _ = _trained(tmp_path)
    with pytest.raises(WorkbenchError, match=f"the weights of {parent.id} do not fit: conv1.weight is 6x1x3x3 here and 4x1x3x3 in it"):
        _from(parent.id, tmp_path, width=6)


@pytest.mark.parametrize("parent", ["cnn-77", "../elsewhere", "/etc", "last"])
def test_only_an_id_of_the_same_store_is_looked_at(tmp_path, parent):
    elsewhere, _ = _trained(tmp_path / "elsewhere")
    assert elsewhere.path.is_dir()
    with pytest.raises(WorkbenchError, match="there is no run") as caught:
        _from(parent, tmp_path / "runs")
    assert caught.value.code == ExitCode.WRONG_USE


def test_damaged_weights_are_not_taken(tmp_path):
    parent, _ = _trained(tmp_path)
    for state in parent.checkpoints.glob("*/state.pt"):
        content = bytearray(state.read_bytes())
        content[len(content) // 2] ^= 1
        state.write_bytes(content)
    with pytest.raises(WorkbenchError, match=f"{parent.id} has no checkpoint that can be trusted.*checksum is wrong"):
        _from(parent.id, tmp_path)


def test_a_run_that_resumes_goes_on_with_its_own_weights_and_does_without_its_parent(tmp_path):
    parent, _ = _trained(tmp_path)
    folder, _ = _from(parent.id, tmp_path, max_steps=6, lr=1e-2, at_step=stop_at(3))
    saved = json.loads((folder.path / "run.json").read_text())
    assert (saved["parent"], saved["weights"]) == (parent.id, True)
    whole, other = _from(parent.id, tmp_path, max_steps=6, lr=1e-2)
    config = configure(CNN, "digits", **{**{k: v for k, v in SMALL.items() if k != "preset"}, "max_steps": 6, "weight_decay": 0.0})
    parent.path.rename(tmp_path / "gone")
    session = train_here(folder, CNN, config, attempt=2)
    assert session.step == 6
    assert len(_said(folder)) == 1
    for name, value in _weights(session).items():
        torch.testing.assert_close(value, _weights(other)[name], rtol=0, atol=0)
    assert whole.id != folder.id


def test_only_modules_are_taken_and_the_optimizer_starts_anew(tmp_path):
    parent, session = _trained(tmp_path)
    _, child = _from(parent.id, tmp_path)
    assert session._parts["optimizer"].updates == 4
    assert child._parts["optimizer"].updates == 1
