"""The settings file: what it may say, and the words for what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench import paths
from workbench.errors import WorkbenchError
from workbench.preferences import Preferences, preferences


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "config.toml"
    monkeypatch.setattr(paths, "settings_file", lambda: path)
    monkeypatch.setattr("workbench.preferences.settings_file", lambda: path)
    paths.user_settings.cache_clear()
    yield path
    paths.user_settings.cache_clear()


def test_without_a_file_everything_has_its_default(settings: Path) -> None:
    assert preferences() == Preferences()


def test_what_the_file_says_is_taken(settings: Path) -> None:
    settings.write_text('theme = "light"\nrefresh = 2\nbell = false\n[keys]\n"bench.start" = "f5"\n[slots]\ncnn = ["loss"]\n')
    wanted = preferences()
    assert (wanted.theme, wanted.refresh, wanted.bell) == ("light", 2, False)
    assert wanted.keys == {"bench.start": "f5"}
    assert wanted.slots == {"cnn": ["loss"]}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('them = "dark"', "unknown setting `them`"),
        ('theme = "pink"', "`theme` in"),
        ("refresh = -1", "a number from 0 to 60"),
        ("refresh = true", "a number from 0 to 60"),
        ("mouse = 1", "true or false"),
        ("keys = 3", "a table such as"),
        ("slots = ['loss']", "a table such as"),
        ("runs = 3", "expected text"),
    ],
)
def test_what_it_may_not_say_is_an_error_that_names_it(settings: Path, line: str, words: str) -> None:
    settings.write_text(line)
    with pytest.raises(WorkbenchError, match=words):
        preferences()


def test_there_are_at_most_a_dozen_settings() -> None:
    assert len(Preferences.__dataclass_fields__) <= 12
