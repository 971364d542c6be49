"""Several runs by names and filters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.comparing import trained
from workbench.errors import WorkbenchError
from workbench.runs.folder import Labels
from workbench.runs.listing.choosing import folders
from workbench.runs.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    trained(tmp_path, "cnn-1", steps=20, labels=Labels(name="wide", tags=("paper",)))
    trained(tmp_path, "cnn-2", steps=20, lr=1e-2)
    trained(tmp_path, "rnn-1", steps=20, labels=Labels(tags=("paper", "old")))
    return Store(tmp_path)


def ids(store: Store, *words: str) -> list[str]:
    return [folder.id for folder in folders(store, words)]


def test_names_stand_in_their_order_and_filters_behind_them_oldest_first(store: Store) -> None:
    assert ids(store, "cnn-2", "wide") == ["cnn-2", "cnn-1"]
    assert ids(store, "tag:paper") == ["cnn-1", "rnn-1"]
    assert ids(store, "tag:paper", "cnn-2") == ["cnn-2", "cnn-1", "rnn-1"]


def test_all_filters_must_fit_and_a_run_comes_once(store: Store) -> None:
    assert ids(store, "tag:paper", "recipe:rnn") == ["rnn-1"]
    assert ids(store, "lr>=1e-2", "cnn-2") == ["cnn-2"]
    assert ids(store, "tag:nothing") == []


def test_what_names_no_run_is_refused(store: Store) -> None:
    with pytest.raises(WorkbenchError, match="there is no run `cnn-7`"):
        ids(store, "cnn-7", "tag:paper")
    with pytest.raises(WorkbenchError, match="unknown filter `tg`"):
        ids(store, "tg:paper")
