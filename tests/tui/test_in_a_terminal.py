"""What only a real terminal shows: leaving it as it was found, staying quiet, drawing without colour or UTF-8."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.builders import append
from tests.tui.runs import cnn_run, live_run
from tests.tui.terminal import Terminal
from workbench.events.types import Measured, Paused
from workbench.tui import terminal as ui_terminal

ROOT = Path(__file__).parents[2]
RESTORED = (b"\x1b[?1049l", b"\x1b[?1003l", b"\x1b[?2004l", b"\x1b[?25h")


def terminal(
    runs: Path,
    run_id: str | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    environment: Mapping[str, str] | None = None,
    before: str = "pass",
) -> Terminal:
    code = f"{before}; from pathlib import Path; from workbench.tui.opening import run; run(Path({str(runs)!r}), run_id={run_id!r})"
    variables = {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **(environment or {})}
    return Terminal([sys.executable, "-c", code], size=size, environment=variables)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(tmp_path: Path, number: signal.Signals) -> None:
    cnn_run(tmp_path)
    with terminal(tmp_path, "cnn-1") as screen:
        screen.wait_for("FINISHED")
        os.kill(screen.pid, number)
        assert screen.wait()
        assert all(code in screen.raw for code in RESTORED)


def test_a_terminal_that_takes_little_at_a_time_is_put_back_whole_where_leaving_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = bytearray()

    def take(descriptor: int, data: bytes) -> int:
        taken.extend(data[:5])
        return min(5, len(data))

    monkeypatch.setattr("select.select", lambda *about: ([], [2], []))
    monkeypatch.setattr("os.set_blocking", lambda descriptor, blocks: None)
    monkeypatch.setattr("os.write", take)
    monkeypatch.setattr("os._exit", lambda code: None)
    ui_terminal._end()
    assert all(code in taken for code in RESTORED)


def test_the_interface_ends_when_its_terminal_is_gone(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    with terminal(tmp_path, before="import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)") as screen:
        screen.wait_for("ready:")
        screen.hang_up()
        assert screen.wait()


def test_a_finished_run_sends_nothing(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    with terminal(tmp_path, "cnn-1", size=(120, 40)) as screen:
        screen.wait_for("best accuracy")
        screen.settle()
        assert screen.read(3.0) == 0


def test_a_paused_run_sends_nothing_for_its_heartbeats(tmp_path: Path) -> None:
    folder = live_run(tmp_path)
    append(folder, [Paused(at=time.time(), step=400, by="ada")])
    moment = time.time() // 60 * 60 + 30
    still = f"import time; time.time = lambda: {moment}"  # a quiet run is drawn anew when the minute turns
    with terminal(tmp_path, "cnn-9", before=still) as screen:
        screen.wait_for("PAUSED")
        screen.settle()
        sent = 0
        for _ in range(6):
            append(folder, [Measured(at=time.time(), step=400, memory_bytes=10**9, cpu_seconds=9.0)])
            sent += screen.read(0.5)
        assert sent == 0


def test_leaving_says_that_the_run_goes_on(tmp_path: Path) -> None:
    live_run(tmp_path)
    with terminal(tmp_path, "cnn-9") as screen:
        screen.wait_for("RUNNING")
        screen.send("q")
        assert screen.wait()
        assert f"cnn-9 goes on training. See it again: workbench attach cnn-9 --runs {tmp_path}".encode() in screen.raw.replace(
            b"\r\n", b""
        )


def test_no_color_sends_no_colour(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    with terminal(tmp_path, "cnn-1", environment={"NO_COLOR": "1"}) as screen:
        screen.wait_for("best accuracy")
        assert not [code for code in (b"\x1b[38;", b";38;", b"\x1b[48;", b";48;") if code in screen.raw]


def test_the_terminal_is_believed_about_its_size_rather_than_the_environment(tmp_path: Path) -> None:
    with terminal(tmp_path, environment={"COLUMNS": "132", "LINES": "50"}) as screen:
        screen.wait_for("RUNS", 30)
        screen.wait_for(lambda: "q leave" in screen.text.splitlines()[-1], 30)


def test_another_locale_than_utf8_gets_ascii(tmp_path: Path) -> None:
    cnn_run(tmp_path, name="naïve 漢字")
    with terminal(tmp_path, environment={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}) as screen:
        screen.wait_for("finished")
        assert bytes(screen.raw).isascii()
        screen.send("\t\t\r")
        screen.wait_for("FINISHED")
        screen.wait_for("best accuracy")
        assert bytes(screen.raw).isascii()


def test_nothing_of_torch_is_imported(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    code = (
        "import sys, asyncio; from pathlib import Path; from tests.tui.runs import interface, shows\n"
        "async def go():\n"
        f"    app = interface(Path({str(tmp_path)!r}), run_id='cnn-1')\n"
        "    async with app.run_test(size=(120, 40)) as pilot:\n"
        "        await shows(app, 'best accuracy')\n"
        "        await pilot.press('escape')\n"
        "        await shows(app, 'ready:')\n"
        "asyncio.run(go())\n"
        "print('loaded:', sorted({'torch', 'torchvision', 'numpy', 'typer'} & set(sys.modules)))"
    )
    with Terminal([sys.executable, "-c", code], environment={"PYTHONPATH": str(ROOT)}) as screen:
        screen.wait_for("loaded: []")


def test_the_first_paint_waits_for_no_heavy_import(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from workbench.tui import app, opening\n"
        "heavy = {'pydantic', 'numpy', 'PIL', 'plotext', 'typer', 'workbench.settings', 'workbench.runs.reading.feed'}\n"
        "app.Workbench._begin = lambda self: (found.extend(heavy & set(sys.modules)), self.exit())\n"
        "found = []\n"
        f"opening.run(Path({str(tmp_path)!r}))\n"
        "print('heavy:', sorted(found))"
    )
    with Terminal([sys.executable, "-c", code], environment={"PYTHONPATH": str(ROOT)}) as screen:
        screen.wait_for("heavy: []")
