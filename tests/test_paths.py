import os
from pathlib import Path

import pytest

from workbench import paths
from workbench.errors import WorkbenchError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user of this test's own, with no settings file."""
    for name, value in {"HOME": tmp_path, "XDG_CONFIG_HOME": tmp_path / "config", "XDG_DATA_HOME": tmp_path / "data"}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("WORKBENCH_RUNS", raising=False)
    paths.user_settings.cache_clear()
    yield tmp_path
    paths.user_settings.cache_clear()


def _settings(text):
    paths.settings_file().parent.mkdir(parents=True, exist_ok=True)
    paths.settings_file().write_bytes(text)


def test_the_runs_folder_is_named_by_flag_environment_settings_file_and_default_in_that_order(home, monkeypatch):
    assert paths.runs_folder() == Path(paths.platformdirs.user_data_dir("workbench")) / "runs"
    _settings(b'runs = "~/of-the-file"')
    paths.user_settings.cache_clear()
    assert paths.runs_folder() == home / "of-the-file"
    monkeypatch.setenv("WORKBENCH_RUNS", str(home / "of-the-environment"))
    assert paths.runs_folder() == home / "of-the-environment"
    assert paths.runs_folder("~/of-the-flag") == home / "of-the-flag"


def test_a_relative_runs_folder_is_that_of_the_working_folder(home, monkeypatch):
    monkeypatch.chdir(home)
    assert paths.runs_folder("here/../there") == Path(os.getcwd()) / "here/../there"
    assert paths.runs_folder("here").is_absolute()


def test_an_empty_environment_variable_names_nothing(home, monkeypatch):
    monkeypatch.setenv("WORKBENCH_RUNS", "")
    assert paths.runs_folder().name == "runs"


@pytest.mark.parametrize("text", [b"runs = ", b"\xff\xfe", b"[[["])
def test_a_settings_file_that_cannot_be_read_is_named(text):
    _settings(text)
    with pytest.raises(WorkbenchError, match="settings file") as caught:
        paths.runs_folder()
    assert str(paths.settings_file()) in caught.value.message


@pytest.mark.parametrize("text", [b"runs = 7", b'runs = ["a"]', b'runs = "~nobody-of-that-name/runs"'])
def test_a_runs_folder_that_is_no_path_is_refused(text):
    _settings(text)
    with pytest.raises(WorkbenchError, match="is not a path"):
        paths.runs_folder()


def test_the_home_folder_is_shown_short(home):
    assert paths.short(home / "a" / "b") == "~/a/b"
    assert paths.short(home) == str(home)
    assert paths.short(Path("/elsewhere/a")) == "/elsewhere/a"
