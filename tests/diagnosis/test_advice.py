"""Advice names settings with values, and commands that the program takes: each is typed as it stands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.builders import START, build_run, checkpoint, loop, metrics, opening, state_of
from workbench.cli import app
from workbench.cli.commands.set import checked
from workbench.diagnosis import advice
from workbench.diagnosis.finding import Case
from workbench.finding import by_name
from workbench.recipe import Recipe
from workbench.runs.reading.feed import open_run
from workbench.schema import build, describe, flat

CHANGES: dict[str, list[dict[str, Any]]] = {  # what the rules may advise, beyond another rate
    "cnn": [{"batch_norm": False}, {"seed": 1}, {"l1": 0.1}, {"dropout": 0.1}, {"patience": 5}, {"width": 32, "dense": 128}, {"blocks": 1},
            {"shift": 0.0, "rotate": 0.0, "zoom": 0.0, "slant": 0.0}, {"schedule": "cosine"}, {"clip_norm": 2.0}, {"epochs": 40}],
    "rnn": [{"cell": "rnn", "forget_bias": 0.5}, {"init": "default"}, {"length": 32}, {"nonlinearity": "relu"}, {"hidden": 512}],
    "attention": [{"layers": 2}, {"width": 256, "embedding": 32}, {"weight_decay": 1e-3}],
    "gan": [{"r1": 2.0}, {"discriminator_steps": 2}, {"discriminator_lr": 0.5}, {"beta1": 0.5}, {"loss": "relativistic"}],
}  # fmt: skip


def case(settings: Mapping[str, Any], *, recipe: str = "cnn", is_live: bool = False) -> Case:
    return Case(state_of([*opening(), loop(), metrics(range(1, 9))]), settings, START + 1, is_live, "cnn-1", recipe)


def defaults(recipe: Recipe) -> dict[str, Any]:
    return dict(flat(build(recipe.config, {}, recipe=recipe.name)))


def test_a_change_says_from_what_to_what_and_how() -> None:
    living = case({"lr": 0.3, "batch_norm": False, "clip_norm": None, "cell": "rnn"}, is_live=True)
    assert advice.slower(living) == "lower lr from 0.3 to 0.03: workbench set cnn-1 lr=0.03"
    assert advice.faster(living) == "raise lr from 0.3 to 1: workbench set cnn-1 lr=1"
    assert advice.change(living, batch_norm=True) == "turn batch_norm on: workbench train cnn --from cnn-1 --batch-norm"
    assert advice.change(living, clip_norm=2.0) == "set clip_norm, which is off, to 2: workbench set cnn-1 clip_norm=2"
    assert advice.change(replace(living, settings={"seed": 1}), seed=2).startswith("change seed from 1 to 2: ")
    assert advice.change(living, cell="lstm") == "change cell from rnn to lstm: workbench train cnn --from cnn-1 --cell lstm"


def test_a_run_that_ended_takes_a_new_one_and_a_script_no_command() -> None:
    over = case({"lr": 0.3, "clip_norm": None})
    both = "lower lr from 0.3 to 0.03 and set clip_norm, which is off, to 1: workbench train cnn --from cnn-1 --lr 0.03 --clip-norm 1"
    assert advice.slower(over, clip_norm=1.0) == both
    assert advice.slower(replace(over, recipe="")) == "lower lr from 0.3 to 0.03"
    assert advice.slower(replace(over, recipe="./my recipe")).endswith("workbench train './my recipe' --from cnn-1 --lr 0.03")


def test_what_a_run_does_not_have_or_has_already_is_not_advised() -> None:
    assert advice.change(case({"lr": 0.1}), batch_norm=True, lr=0.1) == ""
    assert advice.slower(case({})) == "lower the learning rate to a tenth"
    assert advice.any_of("", "this", "", "that") == "this; or that"


def test_a_run_with_a_checkpoint_from_before_can_go_back_to_it() -> None:
    log = [*opening(), loop(), metrics(range(1, 200)), checkpoint(40), checkpoint(80), checkpoint(160)]
    kept = replace(case({"lr": 0.3}), state=state_of(log))
    said = "go on from step 80, when all was well: workbench fork cnn-1 --step 80 --lr 0.03"
    assert advice.earlier(kept, 100, lr=0.03) == said
    assert advice.earlier(kept, 30, lr=0.03) == ""


@pytest.mark.parametrize("recipe", CHANGES)
def test_the_program_takes_every_command(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    known = by_name(recipe)
    settings = defaults(known)
    folder = build_run(tmp_path, [*opening(), loop()], "cnn-1", recipe=recipe, preset=known.presets[0].name, settings=settings)
    for values in [{"lr": 1e-4}, *CHANGES[recipe]]:
        words, _, command = advice.change(case(settings, recipe=recipe), **values).rpartition(": ")
        assert words, values
        program, *typed = shlex.split(command)
        assert program == "workbench"
        assert app.run([*typed, "--print-config"]) == 0, capsys.readouterr().err
        living = advice.change(case(settings, recipe=recipe, is_live=True), **values).rpartition(": ")[2]
        if living.startswith("workbench set"):
            pairs = dict(pair.split("=") for pair in shlex.split(living)[3:])
            assert checked(pairs, open_run(folder)) == pairs


@pytest.mark.parametrize("recipe", CHANGES)
def test_what_is_set_while_a_run_trains_can_be(recipe: str) -> None:
    settings = {setting.name: setting for setting in describe(by_name(recipe).config)}
    assert all(settings[name].live for name in advice.LIVE & settings.keys())
