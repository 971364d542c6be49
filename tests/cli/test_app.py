import errno
import json
import sys
from pathlib import Path

import pytest

from tests.builders import build_run, finished_run
from workbench.cli import app
from workbench.errors import ExitCode


@pytest.fixture(autouse=True)
def in_an_empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("WORKBENCH_RECIPES", raising=False)


def test_help_shows_the_five_everyday_commands_first_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["--help"]) == 0
    text = capsys.readouterr().out
    places = [text.index(f"\n  {name}") for name in (*app.EVERYDAY, *app.OTHERS)]
    assert len(app.EVERYDAY) == 5
    assert places == sorted(places)
    for code in ExitCode:
        assert f"\n  {code.value} " in text


@pytest.mark.parametrize("name", app.COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"workbench {name}" in text
    assert "--help" in text


def test_an_unknown_command_gets_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["trian"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: unknown command `trian`\n\nhint: did you mean `train`?")


def test_without_a_terminal_the_interface_refuses_and_names_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([]) == 2
    captured = capsys.readouterr()
    assert "needs a terminal" in captured.err
    assert "`workbench runs`" in captured.err
    assert captured.out == ""


def test_a_dumb_terminal_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    for term in ("dumb", ""):
        monkeypatch.setenv("TERM", term)
        assert app.run([]) == 2
        assert "TERM=" in capsys.readouterr().err


def test_attach_names_show_where_it_cannot_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(tmp_path / "runs", finished_run(100))
    assert app.run(["attach", "last"]) == 2
    assert "`workbench show cnn-1`" in capsys.readouterr().err
    assert app.run(["attach", "nothing"]) == 3


def test_how_the_interface_looks_can_stand_behind_attach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_run(tmp_path / "runs", finished_run(100))
    seen: dict[str, object] = {}
    monkeypatch.setattr("workbench.tui.opening.run", lambda root, **how: seen.update(how))
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert app.run(["attach", "last", "--ascii", "--theme", "mono", "--low-bandwidth", "--no-mouse"]) == 0
    assert seen == {"run_id": "cnn-1", "ascii_only": True, "theme": "mono", "low_bandwidth": True, "mouse": False}
    assert app.run(["--theme", "light", "attach", "last"]) == 0
    assert (seen["theme"], seen["mouse"]) == ("light", True)
    assert app.run(["attach", "last", "--theme", "pink"]) == 2


def test_an_error_is_a_document_too_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["show", "nothing", "--json"]) == 3
    captured = capsys.readouterr()
    body = json.loads(captured.out)
    assert body["error"]["code"] == 3
    assert "nothing" in body["error"]["message"]
    assert set(body["error"]) == {"message", "hint", "code"}
    assert captured.err.startswith("error: ")


def test_errors_of_use_are_documents_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["runs", "--json", "--jsn"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == 2


def test_escape_sequences_in_a_name_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["show", "\x1b]52;c;aGFjaw==\x07[red]\udcff"]) == 3
    captured = capsys.readouterr()
    assert "\x1b" not in captured.err
    assert "\x07" not in captured.err
    assert "[red]" in captured.err


def test_runs_stand_before_or_behind_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(tmp_path / "other", finished_run(100))
    for arguments in (["--runs", str(tmp_path / "other"), "runs", "--json"], ["runs", "--json", "--runs", str(tmp_path / "other")]):
        assert app.run(arguments) == 0
        assert [run["id"] for run in json.loads(capsys.readouterr().out)] == ["cnn-1"]
    assert app.run(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO])
def test_a_reader_that_went_away_is_no_error(number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OSError(number, "gone")

    monkeypatch.setattr("workbench.cli.output.emit_items", gone)
    monkeypatch.setattr("workbench.cli.output.give_up", lambda: None)
    assert app.run(["runs", "--json"]) == 0
    assert capsys.readouterr().err == ""


def test_other_errors_of_the_disk_are_said_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/full")

    monkeypatch.setattr("workbench.cli.options.store", full)
    assert app.run(["runs"]) == 2
    assert "No space left" in capsys.readouterr().err


def test_an_interruption_has_its_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.cli.output.emit_items", interrupted)
    assert app.run(["runs", "--json"]) == 130


def test_a_mistake_of_the_programmer_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("workbench.cli.output.emit_items", broken)
    with pytest.raises(ZeroDivisionError):
        app.run(["runs", "--json"])


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("workbench ")
