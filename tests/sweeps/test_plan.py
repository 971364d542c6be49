"""What is typed of a sweep, as runs."""

from __future__ import annotations

import dataclasses

import pytest

from tests.tui.recipe import RECIPE
from workbench.errors import WorkbenchError
from workbench.schema import describe
from workbench.sweeps.plan import Plan, config_of, make_plan, units
from workbench.sweeps.space import Space, parse_space, parse_values

OTHER = dataclasses.replace(RECIPE, name="other")
KNOWN = {setting.name: setting for setting in describe(RECIPE.config)}


def plan(*recipes: object, settings: dict[str, str] | None = None, varied: dict[str, str] | None = None, **more: int) -> Plan:
    chosen = [(recipe, "") for recipe in recipes or (RECIPE,)]
    return make_plan("s", chosen, settings or {}, varied or {}, **more)  # type: ignore[arg-type]


def test_a_grid_has_each_combination_with_the_first_seed_before_the_next() -> None:
    made = plan(settings={"seed": "7"}, varied={"lr": "1e-3,3e-3", "blocks": "1,2"}, seeds=2)
    listed = [(unit.number, unit.settings["seed"], unit.settings["lr"], unit.settings["blocks"]) for unit in units(made)]
    assert listed[:4] == [(0, 7, 1e-3, 1), (1, 7, 1e-3, 2), (2, 7, 3e-3, 1), (3, 7, 3e-3, 2)]
    assert [entry[1] for entry in listed[4:]] == [8] * 4
    assert (made.total, made.differing, made.goal) == (8, ["lr", "blocks", "seed"], "max")
    assert config_of(next(units(made)), RECIPE).machine.threads == 1, "one count for all, so that nothing is measured"  # type: ignore[attr-defined]


def test_families_take_the_preset_of_the_data_set_and_the_same_budget() -> None:
    made = plan(RECIPE, OTHER, settings={"dataset": "digits", "max_seconds": "30"})
    assert [(family.recipe, family.preset) for family in made.families] == [("cnn", "digits"), ("other", "digits")]
    assert [unit.family.recipe for unit in units(made)] == ["cnn", "other"]
    budget = config_of(next(units(made)), RECIPE).budget  # type: ignore[attr-defined]
    assert (budget.max_seconds, budget.epochs, budget.max_steps) == (30, None, None), "no other limit ends one of them earlier"
    assert plan(RECIPE, settings={"max_seconds": "30"}, seeds=2).settings == {"threads": 1, "max_seconds": 30}, (
        "one family keeps what its preset says"
    )


@pytest.mark.parametrize(
    ("text", "space"),
    [
        ("log:1e-4..1e-1", Space(low=1e-4, high=0.1, log=True)),
        ("0.001..0.5", Space(low=1e-3, high=0.5)),
        ("1e-3,1e-2,1e-3", Space(choices=(1e-3, 1e-2))),
    ],
)
def test_a_space_is_choices_or_a_range(text: str, space: Space) -> None:
    assert parse_space(KNOWN["lr"], text) == space


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("lr", "log:0..1", "above 0|is `0`"),
        ("lr", "1e-1..1e-2", "first end is below the second"),
        ("lr", "log:1e-3", "two ends"),
        ("lr", "1e-3..9", "setting `lr` is `9`"),
        ("dataset", "mnist5k..digits", "is no number"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(name: str, text: str, words: str) -> None:
    with pytest.raises(WorkbenchError, match=words):
        parse_space(KNOWN[name], text)


def test_a_grid_cannot_walk_through_a_range() -> None:
    with pytest.raises(WorkbenchError, match="only a search looks through"):
        parse_values(KNOWN["lr"], "1e-3..1e-1")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"varied": {"lrr": "1"}}, "unknown setting `lrr`"),
        ({"varied": {"lr": "1e-3,9"}}, "setting `lr` is `9`"),
        ({"settings": {"epochs": "none at all"}}, "setting `epochs`"),
        ({"varied": {"seed": "1,2"}, "seeds": 2}, "the same thing twice"),
        ({"seeds": 0}, "at least 1"),
        ({"varied": {"lr": "1e-3"}, "trials": 5, "seeds": 2}, "with one seed"),
        ({"trials": 5}, "nothing to search"),
        (
            {"varied": {"seed": ",".join(map(str, range(200))), "blocks": "1,2,3,4,5,6", "batch_size": ",".join(map(str, range(1, 20)))}},
            "runs",
        ),
    ],
)
def test_what_cannot_be_swept_is_refused_before_anything_begins(typed: dict[str, object], words: str) -> None:
    with pytest.raises(WorkbenchError, match=words):
        plan(**typed)  # type: ignore[arg-type]


def test_recipes_that_nothing_could_compare_are_refused() -> None:
    task = dataclasses.replace(RECIPE.tasks[0], objective="validation/loss")
    judged = dataclasses.replace(OTHER, tasks=(task,), task=lambda config: task)
    with pytest.raises(WorkbenchError, match="judged by different numbers: cnn by validation/accuracy, other by validation/loss"):
        plan(RECIPE, judged)
    with pytest.raises(WorkbenchError, match="named twice"):
        plan(RECIPE, RECIPE)
