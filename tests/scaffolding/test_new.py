import re
from pathlib import Path

import pytest
import torch

from workbench.cli import app
from workbench.errors import WorkbenchError
from workbench.finding import BUILT_IN, from_path, search
from workbench.scaffolding import new
from workbench.schema import build
from workbench.worker import contract


def test_a_new_recipe_keeps_its_side_of_the_contract(tmp_path):
    recipe = from_path(new.write("mine", tmp_path))
    assert (recipe.name, recipe.tasks[0].objective) == ("mine", "validation/accuracy")
    outcomes = contract.check(recipe)
    assert [outcome.problem for outcome in outcomes] == [""] * 7


def test_what_a_new_recipe_learnt_can_be_asked(tmp_path):
    recipe = from_path(new.write("mine", tmp_path))
    config = build(recipe.config, {})
    network, _ = recipe.model(config)
    asked = recipe.use(config, network.eval(), {})
    probabilities = asked.name(torch.rand(3, *asked.shape))
    assert probabilities.shape == (3, len(asked.classes))
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(3))


def test_it_brings_a_test_and_is_found_among_the_others(tmp_path, monkeypatch):
    new.write("mine", tmp_path)
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["__init__.py", "model.py", "test_mine.py", "train.py"]
    assert "NAME_OF_RECIPE" not in "".join(path.read_text() for path in (tmp_path / "mine").iterdir())
    monkeypatch.setenv("WORKBENCH_RECIPES", str(tmp_path))
    assert set(search().recipes) == {*BUILT_IN, "mine"}


@pytest.mark.parametrize("name", ["", "Mine", "my-recipe", "2d", "../x", "class", "x" * 60])
def test_what_is_no_name_is_refused(tmp_path, name):
    with pytest.raises(WorkbenchError, match="no name for a recipe"):
        new.write(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"), [("cnn", "there is a recipe `cnn`"), ("json", "`json` is a module"), ("torch", "`torch` is a module")]
)
def test_a_name_that_would_hide_something_is_refused(tmp_path, name, said):
    with pytest.raises(WorkbenchError, match=said) as caught:
        new.write(name, tmp_path, taken=BUILT_IN)
    assert caught.value.hint == f"choose another name: my_{name}"
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(WorkbenchError, match="already"):
        new.write("mine", tmp_path)
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.parametrize(
    ("file", "old", "new_text", "check", "said"),
    [
        ("__init__.py", '"Units of the hidden layer."', '"Units"', "settings", "no sentence explains hidden"),
        ("__init__.py", '"preview:mistakes")', '"nothing")', "metrics, charts", "nothing is not"),
        ("train.py", '"train/loss": loss,', '"train/loss": loss, "train/extra": loss,', "logs", "does not declare: train/extra"),
        ("train.py", "run.attach(model=model, optimizer=optimizer)", "run.attach(model=model)", "resumes", "give all that changes"),
        ("train.py", "seed=machine.seed,", "seed=__import__('time').time_ns() % 1000,", "same seed", "same seed have other losses"),
        ("model.py", "images.flatten(1)", "images.flatten(1)[:, :3]", "logs", "(model.py, line "),
    ],
)
def test_what_breaks_the_contract_is_named(tmp_path, file, old, new_text, check, said):
    folder = new.write("mine", tmp_path)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new_text))
    wrong = [outcome for outcome in contract.check(from_path(folder)) if outcome.problem]
    assert any(check in outcome.name and said in outcome.problem for outcome in wrong), wrong


@pytest.mark.parametrize(
    ("old", "new_text", "wrong", "skipped"),
    [
        ('"train/loss": loss,', "", ["logs what it declares"], ["same seed", "resumes", "by heart"]),
        ("run.attach(model=model, optimizer=optimizer)", "1 / 0", ["logs what it declares"], ["same seed", "resumes", "by heart"]),
    ],
)
def test_what_follows_from_a_finding_is_skipped(tmp_path, old, new_text, wrong, skipped):
    folder = new.write("mine", tmp_path)
    text = (folder / "train.py").read_text()
    assert old in text
    (folder / "train.py").write_text(text.replace(old, new_text))
    outcomes = contract.check(from_path(folder))
    for words, found in ((wrong, [each for each in outcomes if each.problem]), (skipped, [each for each in outcomes if each.skipped])):
        assert len(found) == len(words)
        assert all(word in outcome.name for word, outcome in zip(words, found, strict=True))


def test_the_command_writes_one_where_somebody_stands(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert app.run(["recipes", "new", "mine"]) == 0
    captured = capsys.readouterr()
    assert re.search(r"wrote mine/: __init__.py, model.py, test_mine.py, train.py", captured.out)
    assert "workbench recipes check ./mine" in captured.err
    assert app.run(["recipes", "new"]) == 2
    assert "for example: workbench recipes new my_recipe" in capsys.readouterr().err
    assert app.run(["recipes", "cnn", "rnn"]) == 2
    assert app.run(["recipes", "check", "cnn", "--preset", "digits"]) == 2
    assert "--preset does nothing here" in capsys.readouterr().err


def test_a_broken_recipe_is_listed_as_such(tmp_path, monkeypatch, capsys):
    (tmp_path / "bad.py").write_text("x = (\n")
    monkeypatch.setenv("WORKBENCH_RECIPES", str(tmp_path))
    assert app.run(["recipes"]) == 0
    captured = capsys.readouterr()
    assert "cnn  " in captured.out
    assert "broken: bad.py: " in captured.err
    assert "'(' was never closed (bad.py, line 1)" in captured.err
