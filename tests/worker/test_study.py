"""The search of a sweep: each sampler and pruner that a plan may name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.recipe import RECIPE
from workbench.sweeps.folder import SweepFolder, create
from workbench.sweeps.plan import make_plan

pytest.importorskip("optuna")
from workbench.worker.study import Study


def searched(root: Path, varied: dict[str, str], trials: int, **more: str) -> SweepFolder:
    return create(root, make_plan("s", [(RECIPE, "")], {}, varied, trials=trials, **more))  # type: ignore[arg-type]


def tried(folder: SweepFolder, results: float = 0.9, *, anew: bool = False) -> list[dict[str, object]]:
    """What each run of a search tries; `anew` by another process each time."""
    study, found = Study(folder, folder.plan()), []
    for number in range(folder.plan().trials):
        study = Study(folder, folder.plan()) if anew else study
        found.append(dict(study.settings(number)))
        study.tell(number, "finished", results)
    return found


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_search_draws_and_goes_on_the_same_when_it_was_interrupted(sampler: str, tmp_path: Path) -> None:
    first, again = (
        tried(searched(tmp_path / name, {"lr": "log:1e-4..1e-1"}, 5, sampler=sampler), anew=name == "again") for name in ("first", "again")
    )
    assert first == again
    assert len({str(values) for values in first}) == 5


def test_the_samplers_draw_differently_once_they_may_learn(tmp_path: Path) -> None:
    drawn = [tried(searched(tmp_path / name, {"lr": "log:1e-4..1e-1"}, 8, sampler=name)) for name in ("tpe", "random")]
    assert drawn[0] != drawn[1]


def test_a_grid_tries_each_combination_once(tmp_path: Path) -> None:
    folder = searched(tmp_path, {"lr": "1e-3,1e-2,1e-1", "blocks": "1,2"}, 6, sampler="grid")
    assert folder.plan().sampler == "grid"
    assert {(values["lr"], values["blocks"]) for values in tried(folder, anew=True)} == {
        (lr, blocks) for lr in (1e-3, 1e-2, 1e-1) for blocks in (1, 2)
    }


@pytest.mark.parametrize(("pruner", "gives_up"), [("median", True), ("halving", True), ("off", False)])
def test_what_gives_a_bad_run_up_is_chosen(pruner: str, gives_up: bool, tmp_path: Path) -> None:
    folder = searched(tmp_path, {"lr": "log:1e-4..1e-1"}, 8, pruner=pruner)
    study = Study(folder, folder.plan())
    for number in range(7):
        study.settings(number)
        hopeless = [study.is_hopeless(number, evaluation, 0.1 if number == 6 else 0.9) for evaluation in range(1, 5)]
        study.tell(number, "finished", 0.9)
    assert hopeless[0] is False, "every run may warm up"
    assert any(hopeless) is gives_up
