"""Trained models as files: what onnxruntime computes and what safetensors reads, from checkpoints of each recipe."""

import json

import numpy
import pytest
import torch
from torch import nn

from tests.training_runs import configure, prepare, train_here
from workbench.errors import WorkbenchError
from workbench.exporting import forms
from workbench.exporting.model import onnx as onnx_form
from workbench.finding import find_recipe
from workbench.runs.folder import Labels, RunRecord
from workbench.runs.store import Store
from workbench.using.in_use import load
from workbench.using.trained_run import TrainedRun

onnxruntime = pytest.importorskip("onnxruntime")
safe_open = pytest.importorskip("safetensors").safe_open


def trained(root, recipe, preset, **settings):
    recipe = find_recipe(recipe)
    config = configure(recipe, preset, **{"threads": 1, "max_steps": 2, "evaluate_every": 2, "preview_every": 100, **settings})
    folder = prepare(root, recipe, config)
    train_here(folder, recipe, config)
    return folder


@pytest.mark.parametrize(
    ("recipe", "preset", "settings", "inputs", "opened"),
    [
        ("cnn", "digits", {}, ["input"], []),
        ("rnn", "text", {}, ["inputs"], ["inputs"]),
        ("rnn", "adding", {"cell": "lstm"}, ["inputs"], ["inputs"]),
        ("attention", "dates", {}, ["sources", "inputs"], ["sources", "inputs"]),
        ("gan", "digits", {}, ["noise"], []),
    ],
    ids=["cnn", "rnn-text", "rnn-adding", "attention", "gan"],
)
def test_onnxruntime_agrees_with_torch_for_each_recipe(tmp_path, recipe, preset, settings, inputs, opened):
    folder = trained(tmp_path, recipe, preset, **settings)
    target = tmp_path / "model.onnx"
    told = forms.write("onnx", folder, target)
    assert told["worst"] <= 1e-4
    assert told["opened"] == opened
    session = onnxruntime.InferenceSession(target)
    assert [each.name for each in session.get_inputs()] == inputs
    assert all(each.shape[0] == "batch" for each in session.get_inputs())
    properties = session.get_modelmeta().custom_metadata_map
    assert (properties["run"], properties["recipe"], properties["step"]) == (folder.id, recipe, "2")


@pytest.mark.parametrize(
    ("recipe", "preset", "inputs", "tables", "output"),
    [
        ("cnn", "digits", ["input"], ["mean", "deviation"], ["batch", 10]),
        ("rnn", "text", ["inputs"], ["characters"], ["batch", "inputs_length", None]),
        ("attention", "dates", ["sources", "inputs"], ["source_tokens", "target_tokens", "special_ids"], ["batch", "inputs_length", None]),
        ("gan", "digits", ["noise"], [], ["batch", 1, 8, 8]),
    ],
)
def test_what_a_model_is_given_leaves_beside_its_weights(tmp_path, recipe, preset, inputs, tables, output):
    folder = trained(tmp_path, recipe, preset)
    forms.write("onnx", folder, tmp_path / "model.onnx")
    forms.write("safetensors", folder, tmp_path / "model.safetensors")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    shape = session.get_outputs()[0].shape
    assert [wanted if wanted is None else found for found, wanted in zip(shape, output, strict=True)] == output
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        beside = file.metadata()
    for about in (session.get_modelmeta().custom_metadata_map, beside):
        sentences = json.loads(about["inputs"])
        assert list(sentences)[: len(inputs)] == inputs
        assert all("(N, " in sentence for sentence in sentences.values())
        assert about["output"]
        assert all(json.loads(about[name]) for name in tables)


def test_the_characters_that_leave_with_a_model_of_text_are_those_that_it_reads(tmp_path):
    folder = trained(tmp_path, "rnn", "text")
    forms.write("onnx", folder, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    characters = json.loads(session.get_modelmeta().custom_metadata_map["characters"])
    numbers = numpy.array([[characters.index(letter) for letter in "The"]])
    (logits,) = session.run(None, {"inputs": numbers})
    assert logits.shape == (1, 3, len(characters))
    use = load(folder.path).use
    wanted, _ = use.follow(torch.tensor(numbers[0]), None)
    assert numpy.abs(logits[0, -1] - wanted.detach().numpy()).max() < 1e-4


def test_weights_leave_without_words_where_their_recipe_is_away(tmp_path):
    folder = trained(tmp_path, "cnn", "digits")
    record = json.loads((folder.path / "run.json").read_text())
    (folder.path / "run.json").write_text(json.dumps({**record, "recipe": "gone"}))
    told = forms.write("safetensors", folder, tmp_path / "model.safetensors")
    assert "without words on its inputs, since unknown recipe `gone`" in told["said"]


def test_an_image_classifier_names_images_as_the_network_does(tmp_path):
    folder = trained(tmp_path, "cnn", "digits", max_steps=20)
    forms.write("onnx", folder, tmp_path / "model.onnx")
    images = torch.rand(5, 1, 8, 8)
    _, _, module, _ = TrainedRun(folder).model()
    with torch.no_grad():
        wanted = module(images).numpy()
    (given,) = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"input": images.numpy()})
    assert numpy.abs(given - wanted).max() < 1e-4
    assert json.loads(TrainedRun(folder).about()["classes"]) == [str(digit) for digit in range(10)]


class Loud(nn.Module):
    """What no exporter can follow: it asks for its numbers in Python."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(2, 2)

    def forward(self, numbers):
        return self.dense(numbers) * (2.0 if float(numbers.sum()) > 0 else -1.0)


def test_an_architecture_whose_graph_disagrees_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    folder = trained(tmp_path, "cnn", "digits")
    monkeypatch.setattr(TrainedRun, "model", lambda self, path="": (find_recipe("cnn"), None, Loud(), (torch.ones(1, 2),)))
    monkeypatch.setattr(onnx_form, "_exported", onnx_form._traced)  # the other exporter takes seconds to say no
    with pytest.raises(WorkbenchError, match="cannot leave as ONNX") as caught:
        forms.write("onnx", folder, tmp_path / "model.onnx")
    assert "differ by" in caught.value.message
    assert "safetensors" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir() if "onnx" in path.name] == []


def test_lengths_that_a_network_cannot_vary_stay_as_they_are(tmp_path):
    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(5, 3)
            self.dense = nn.Linear(12, 2)

        def forward(self, ids):
            return self.dense(self.table(ids).flatten(1))

    attempts = list(onnx_form._attempts(Fixed(), onnx_form._FirstOutput(Fixed()), [torch.zeros(1, 4, dtype=torch.long)]))
    assert [graph.lengths for graph, _ in attempts] == [(True,), (False,), (False,)]


def test_safetensors_hold_the_best_weights_and_what_they_are(tmp_path):
    folder = trained(tmp_path, "cnn", "digits")
    told = forms.write("safetensors", folder, tmp_path / "model.safetensors")
    weights = TrainedRun(folder).weights.parts["model"]
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        assert set(file.keys()) == set(weights)
        assert all(torch.equal(file.get_tensor(name), weights[name]) for name in weights)
        about = file.metadata()
    assert told["tensors"] == len(weights)
    assert (about["format"], about["run"], about["recipe"], about["step"]) == ("pt", folder.id, "cnn", "2")
    assert json.loads(about["settings"])["dataset"] == "digits"
    assert len(json.loads(about["classes"])) == 10


def test_a_folder_that_is_not_there_and_a_run_without_weights_are_told(tmp_path):
    folder = trained(tmp_path, "cnn", "digits")
    with pytest.raises(WorkbenchError, match="cannot write"):
        forms.write("safetensors", folder, tmp_path / "nowhere" / "model.safetensors")
    script = Store(tmp_path).claim("script")
    script.prepare(RunRecord(id=script.id, recipe="script", source="script"), Labels())
    with pytest.raises(WorkbenchError, match="not trained by a recipe"):
        forms.write("onnx", script, tmp_path / "model.onnx")
    empty = Store(tmp_path).claim("cnn")
    empty.prepare(RunRecord(id=empty.id, recipe="cnn"), Labels())
    with pytest.raises(WorkbenchError, match="has no checkpoint, so it has no weights"):
        forms.write("safetensors", empty, tmp_path / "model.safetensors")


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setattr(forms.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WorkbenchError, match="--to onnx needs onnx and onnxruntime") as caught:
        forms.require("onnx")
    assert "pip install 'training-workbench[export]'" in caught.value.hint
