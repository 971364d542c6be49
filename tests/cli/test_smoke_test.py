from workbench.cli import smoke_test
from workbench.finding import find_recipe


def test_a_recipe_is_tried_in_a_worker_of_its_own_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(smoke_test.tempfile, "tempdir", None)
    ((name, trial),) = smoke_test.trials({"cnn": find_recipe("cnn")}, "cpu")
    assert name == "cnn"
    assert trial["trained"], trial
    assert trial["steps"] == smoke_test.STEPS
    assert trial["precision"] in ("fp32", "bf16")
    assert not list(tmp_path.iterdir())
