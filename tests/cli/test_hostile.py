"""Text that attacks a terminal, in a run and on the command line: no command prints a byte of it that acts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile import CORPUS, foreign, hostile_run
from workbench.cli.app import run

COMMANDS = (
    "runs", "runs --sort best --ascii", "runs --json", "show cnn-1", "show cnn-1 --ascii", "show cnn-1 --json", "show cnn-2",
    "compare cnn-1 cnn-2", "compare cnn-1 cnn-2 --all --json", "recipes", "recipes --json", "export cnn-1 --to csv",
    "export cnn-1 --to json", "export cnn-1 --to html", "label cnn-1 --note changed", "stop cnn-1", "set cnn-1 lr=1", "resume cnn-1",
    "delete cnn-1", "restore cnn-1",
)  # fmt: skip
WITH_TORCH = ("doctor", "doctor --json", "recipes cnn", "recipes cnn --json")  # seconds each


@pytest.mark.parametrize("place", range(len(CORPUS)))
def test_no_command_prints_what_a_terminal_would_act_on(
    place: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = CORPUS[place]
    hostile_run(tmp_path, evil)
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    monkeypatch.chdir(tmp_path)  # exports go here
    hostile_run(tmp_path, evil, "cnn-2", live=True)
    said = {}
    for command in [*(line.split() for line in COMMANDS), *asked_with(evil)]:
        assert run(command) in (0, 1, 2, 3), command
        captured = capsys.readouterr()
        said[" ".join(command)] = foreign(captured.out) | foreign(captured.err)
    assert {command: wrong for command, wrong in said.items() if wrong} == {}


def test_what_asks_torch_prints_nothing_that_acts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, evil in enumerate(CORPUS, 1):
        hostile_run(tmp_path, evil, f"cnn-{number}")
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    for command in WITH_TORCH:
        assert run(command.split()) == 0
        captured = capsys.readouterr()
        assert foreign(captured.out) | foreign(captured.err) == set(), command


def asked_with(evil: str) -> list[list[str]]:
    """Commands with the text in each kind of argument, most of which they refuse by repeating it."""
    plain = [
        [evil], ["show", evil], ["show", "cnn-1", "--preview", f"{evil}matrix"], ["show", "cnn-1", "--preview", evil],
        ["show", "cnn-1", f"--{evil}"], ["runs", f"{evil}:x"], ["runs", evil], ["runs", "--sort", evil], ["compare", "cnn-1", evil],
        ["compare", "cnn-1", "cnn-2", "--metric", evil],
        ["recipes", evil], ["export", "cnn-1", "--to", evil], ["export", evil, "--to", "csv"], ["label", "cnn-1", "--name", evil],
        ["set", "cnn-1", f"{evil}={evil}"], ["resume", evil], ["sweep", "cnn", f"{evil}=1,2"],
    ]  # fmt: skip
    return [*plain, *([*command, "--json"] for command in plain), ["train", "cnn", f"--{evil}"], ["train", "cnn", "--lr", evil]]
