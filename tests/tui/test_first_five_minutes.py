"""A new user's first five minutes in a real terminal: an empty home, 80x24, 256 colours, two keys."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds for each wait: what is tested is that it happens, figures are for benchmarks


class Tmux:
    """One window of a tmux server of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = home / "tmux"
        variables = {"HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.variables = {**kept, **variables}

    def run(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *arguments]
        return subprocess.run(command, env=self.variables, capture_output=True, text=True, check=False).stdout

    def open(self, folder: Path) -> None:
        """A shell in a folder, in a terminal of 80x24 of another server: the one before may still be going."""
        self.socket = self.socket.with_name(self.socket.name + "x")
        self.run("new-session", "-d", "-x", "80", "-y", "24", "-c", str(folder), "env PS1='$ ' sh")
        self.run("set", "-g", "status", "off")

    def type(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    @property
    def text(self) -> str:
        return self.run("capture-pane", "-p")

    def wait_for(self, shown: str | Callable[[str], object]) -> str:
        """Wait until it is on the screen; returns the screen."""
        found = shown if callable(shown) else lambda text: shown in text
        deadline = time.monotonic() + PATIENCE
        while not found(text := self.text):
            assert time.monotonic() < deadline, f"{shown} did not come; the screen is\n{text}"
            time.sleep(0.05)
        return text


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    if not shutil.which("tmux"):
        pytest.skip("needs tmux")
    server = Tmux(tmp_path)
    yield server
    server.run("kill-server")
    subprocess.run([sys.executable, "-m", "workbench", "stop", "--force", "last"], env=server.variables, capture_output=True, check=False)


def learned(text: str) -> bool:
    """Whether the chart's title shows a validation accuracy above 90 %."""
    found = re.search(r"^accuracy .* (\d+\.\d)%", text, re.MULTILINE)
    return bool(found and float(found[1]) > 90)


def test_two_keys_lead_to_a_network_that_learns_and_outlives_its_terminal(tmux: Tmux, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    tmux.open(tmp_path)
    tmux.type(f"{sys.executable} -m workbench", "Enter")
    tmux.wait_for("ready: s starts cnn/mnist")
    tmux.type("s")
    tmux.wait_for(lambda text: re.search(r"RUNNING|FINISHED", text))
    tmux.wait_for(learned)
    tmux.type("q")
    tmux.wait_for("cnn-1 goes on training. See it again: workbench attach cnn-1")
    tmux.run("kill-server")
    tmux.open(tmp_path / "elsewhere")
    tmux.type(f"{sys.executable} -m workbench", "Enter")
    text = tmux.wait_for(lambda text: re.search(r"^> cnn-1 .*(running|finished)", text, re.MULTILINE))
    if "running" in text:
        tmux.type("Enter")
        tmux.wait_for(lambda text: re.search(r"RUNNING|FINISHED", text))


def test_ctrl_z_gives_the_shell_back_and_fg_the_screen(tmux: Tmux, tmp_path: Path) -> None:
    tmux.open(tmp_path)
    tmux.type("set -m", "Enter")
    tmux.type(f"{sys.executable} -m workbench", "Enter")
    tmux.wait_for("ready: s starts cnn/mnist")
    tmux.type("C-z")
    tmux.wait_for(lambda text: re.search(r"Stopped", text))
    tmux.type("echo still $((40 + 2))", "Enter")
    tmux.wait_for("still 42")
    tmux.type("fg", "Enter")
    tmux.wait_for("ready: s starts cnn/mnist")
    tmux.type("q")
    tmux.wait_for(lambda text: "ready:" not in text and "still 42" in text)
