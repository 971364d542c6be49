"""Words that narrow down a list of runs."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.builders import SETTINGS, build_run, finished_run, opening
from workbench.errors import WorkbenchError
from workbench.runs.folder import Labels
from workbench.runs.listing.filtering import Facts, facts, parse
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store


@pytest.fixture
def known(tmp_path: Path) -> dict[str, Facts]:
    """A finished run with a note, and one that died, by id."""
    labels = Labels(name="first", tags=("paper",), note="the best of them")
    build_run(tmp_path, finished_run(), "cnn-1", settings={**SETTINGS, "lr": 0.1, "seed": 1}, labels=labels)
    build_run(tmp_path, opening(at=time.time() - 7200), "cnn-2", settings={**SETTINGS, "lr": 0.01, "seed": 2})
    return {run_id: facts(open_run(Store(tmp_path).folder(run_id))) for run_id in ("cnn-1", "cnn-2")}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lr:0.1", ["cnn-1"]),
        ("seed:2", ["cnn-2"]),
        ("lr>=1e-2", ["cnn-1", "cnn-2"]),
        ("lr!=1e-2", ["cnn-1"]),
        ("state:finished,failed", ["cnn-1"]),
        ("state:finished,died", ["cnn-1", "cnn-2"]),
        ("age<2d", ["cnn-2"]),
        ("age>90min", ["cnn-1", "cnn-2"]),
        ("age<30min", []),
        ('note:"best of"', ["cnn-1"]),
        ('"best of them"', ["cnn-1"]),
        ('"best of', ["cnn-1"]),  # half typed
        ("note:best", ["cnn-1"]),
        ("best tag:paper", ["cnn-1"]),
        ("tag:pap", []),
        ("", ["cnn-1", "cnn-2"]),
    ],
)
def test_runs_are_found_by(known: dict[str, Facts], words: str, found: list[str]) -> None:
    fits = parse(words, known.values())
    assert [run_id for run_id, about in known.items() if fits(about)] == found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("state:runing", "unknown state `runing`.*did you mean `running`"),
        ("foo>=3", "unknown filter `foo`"),
        ("lrr:3", "unknown filter `lrr`.*did you mean `lr`"),
        ("state:", "has no value"),
        ("lr>=", "has no value"),
        ("lr>=fast", "is no number"),
    ],
)
def test_a_wrong_word_says_what_there_is(known: dict[str, Facts], words: str, message: str) -> None:
    with pytest.raises(WorkbenchError) as raised:
        parse(words, known.values())
    assert re.search(message, f"{raised.value.message} {raised.value.hint}")
