import json
from typing import Any

import pytest

from workbench.cli import app
from workbench.errors import WorkbenchError
from workbench.launching.ask import Helper

LAYERS = {
    "layers": [{"name": "conv1", "kind": "Conv2d", "output_shape": [1, 16, 28, 28], "parameters": 160, "multiply_adds": 112896}],
    "parameters": 160, "multiply_adds": 112896, "batch_size": 64,
    "memory": {"weights": 640, "gradients": 640, "optimizer": 1280, "activations": 6_400_000, "total": 6_402_560},
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []

    def ask(self: Helper, kind: str, **arguments: Any) -> dict[str, Any]:
        calls.append({"kind": kind, **arguments})
        return LAYERS

    monkeypatch.setattr(Helper, "ask", ask)
    monkeypatch.delenv("WORKBENCH_RECIPES", raising=False)
    return calls


def test_the_list_names_recipes_and_presets(asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["recipes"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("cnn  ")
    assert "  digits " in text
    assert app.run(["recipes", "--json"]) == 0
    assert {"name", "family", "summary", "presets"} <= json.loads(capsys.readouterr().out)[0].keys()
    assert asked == []


def test_one_recipe_as_json_is_the_contract(asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["recipes", "cnn", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert {"name", "family", "summary", "notes", "settings", "metrics", "layers", "datasets"} <= body.keys()
    lr = next(setting for setting in body["settings"] if setting["name"] == "lr")
    assert {"name", "group", "type", "default", "minimum", "maximum", "choices", "unit", "live", "help"} <= lr.keys()
    assert (lr["group"], lr["maximum"], lr["live"]) == ("optimization", 1, True)
    assert all({"key", "goal", "unit", "chart"} <= metric.keys() for metric in body["metrics"])
    assert all({"name", "offline", "examples", "help"} <= dataset.keys() for dataset in body["datasets"])
    assert {key: body[key] for key in LAYERS} == LAYERS


def test_layers_are_those_of_the_preset_that_was_asked_for(asked: list[dict[str, Any]]) -> None:
    assert app.run(["recipes", "cnn", "--preset", "digits"]) == 0
    assert asked[0]["settings"]["dataset"] == "digits"
    assert app.run(["recipes", "cnn", "--preset", "x"]) == 2


def test_one_recipe_is_described_with_notes_bounds_and_layers(asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["recipes", "cnn"]) == 0
    text = capsys.readouterr().out
    for words in (
        "CONVOLUTION",
        "--lr 0.01   a number above 0 and at most 1, live",
        "LAYERS, 160 PARAMETERS",
        "1x16x28x28",
        "112,896",
        "113k multiply-adds for an example",
        "a step of 64 holds about 6.4 MB: weights 640 B",
        "5,000 examples, offline",
    ):
        assert words in text


def test_without_torch_all_but_the_layers_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def away(self: Helper, kind: str, **_: Any) -> dict[str, Any]:
        raise WorkbenchError("the helper that knows torch went away")

    monkeypatch.setattr(Helper, "ask", away)
    assert app.run(["recipes", "cnn", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["layers"] == []
    assert "went away" in captured.err


def test_an_unknown_recipe_gets_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["recipes", "cn"]) == 2
    assert "did you mean `cnn`?" in capsys.readouterr().err
