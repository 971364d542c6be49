import pytest

from tests.builders import SETTINGS, build_run, finished_run
from workbench.errors import WorkbenchError
from workbench.launching import launch
from workbench.runs.reading.feed import open_run


@pytest.fixture
def started(monkeypatch):
    """The arguments of each process that would have been started."""
    found = []
    monkeypatch.setattr(launch, "spawn", lambda arguments, **_: found.append(arguments))
    return found


@pytest.mark.parametrize(
    ("recipe", "more", "changes", "said"),
    [("cnn", {"gone": 1}, {"epochs": 40}, "unknown setting `gone` for recipe `cnn`"),
     ("cnn", {}, {"epochs": 40, "lr": -1.0}, "lr"),
     ("gone", {}, {"epochs": 40}, "unknown recipe `gone`")],
)  # fmt: skip
def test_a_finished_run_whose_recipe_refuses_its_settings_begins_no_attempt(tmp_path, started, recipe, more, changes, said):
    folder = build_run(tmp_path, finished_run(), recipe=recipe, settings={**SETTINGS, **more})
    with pytest.raises(WorkbenchError, match=said):
        launch.resume(folder, changes=changes)
    assert started == []
    assert open_run(folder).status.state == "finished"


def test_one_whose_settings_are_good_begins_another_attempt(tmp_path, started):
    folder = build_run(tmp_path, finished_run())
    assert launch.resume(folder, changes={"epochs": 40}) == 1
    assert len(started) == 1


def test_a_run_of_a_path_goes_on_where_the_path_is_given_or_named_by_the_variable(tmp_path, started, monkeypatch):
    mine = tmp_path / "own" / "mine.py"
    mine.parent.mkdir()
    mine.write_text("from recipes.cnn import RECIPE\n")
    folder = build_run(tmp_path / "runs", finished_run(), recipe_path=str(mine))
    with pytest.raises(WorkbenchError, match="was trained by the recipe at"):
        launch.resume(folder, changes={"epochs": 40})
    monkeypatch.setenv("WORKBENCH_RECIPES", str(mine.parent))
    assert launch.resume(folder, changes={"epochs": 40}) == 1
    assert str(mine) in " ".join(map(str, started[0]))
