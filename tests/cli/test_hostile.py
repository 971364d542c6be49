"""Text that attacks a terminal, in a run and on the command line: no command prints a byte of it that acts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile import CORPUS, foreign, hostile_run
from workbench.cli.app import run

COMMANDS = (
    "runs", "runs --sort best --ascii", "runs --json", "show cnn-1", "show cnn-1 --json", "export cnn-1 --to csv",
    "export cnn-1 --to json", "label cnn-1 --note changed", "stop cnn-1", "set cnn-1 lr=1", "resume cnn-1", "delete cnn-1", "restore cnn-1",
)  # fmt: skip


@pytest.mark.parametrize("place", range(len(CORPUS)))
def test_no_command_prints_what_a_terminal_would_act_on(
    place: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = CORPUS[place]
    hostile_run(tmp_path, evil)
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    said = {}
    for command in [*(line.split() for line in COMMANDS), ["show", evil], ["runs", f"{evil}:x"], ["train", "cnn", f"--{evil}"], [evil]]:
        assert run(command) in (0, 1, 2, 3)
        captured = capsys.readouterr()
        said[" ".join(command)] = foreign(captured.out) | foreign(captured.err)
    assert {command: wrong for command, wrong in said.items() if wrong} == {}
