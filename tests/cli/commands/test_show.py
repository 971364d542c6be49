import json
import re
from pathlib import Path

import pytest

from tests.builders import SETTINGS, START, build_run, ended, finished_run, loop, metrics, opening
from workbench.charts.rows import cells
from workbench.cli import app
from workbench.events.types import PreviewSaved

KEYS = {
    "id", "name", "recipe", "tags", "state", "reason", "attempt", "step", "steps_total", "epoch", "epochs_total", "started_at", "ended_at",
    "elapsed_seconds", "eta_seconds", "throughput", "throughput_unit", "device", "precision", "parameters", "settings", "metrics",
    "checkpoints", "samples", "diagnosis", "host", "pid", "parent", "cpu_seconds", "preset", "dataset", "baseline", "task", "tuning",
    "interventions", "attempts", "news_age_seconds", "phase",
}  # fmt: skip


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.delenv("WORKBENCH_RECIPES", raising=False)
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    assert app.run(["show", "last", *typed]) == 0
    return capsys.readouterr().out


def test_one_frame_has_status_charts_and_log(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(runs, finished_run())
    text = shown(capsys, "--once", "--ascii")
    assert "+ FINISHED  step 400/400" in text
    assert "loss  o train " in text
    assert "gradient norm" in text
    assert "finished: 4 epochs" in text
    assert text.isascii()
    assert all(cells(line) <= 80 for line in text.splitlines())


def test_once_has_no_escape_sequence_also_on_a_terminal_with_colours(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_run(runs, finished_run())
    monkeypatch.setattr("workbench.cli.output.colours", lambda: 256)
    assert "\x1b[" in shown(capsys)
    assert "\x1b" not in shown(capsys, "--once")


def test_a_pipe_gets_no_escape_sequence(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(runs, finished_run())
    assert "\x1b" not in shown(capsys)


def test_json_is_the_contract(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(runs, finished_run())
    body = json.loads(shown(capsys, "--json"))
    assert body.keys() >= KEYS
    assert body["metrics"]["train/loss"]["count"] == 400


def test_settings_that_are_not_the_presets_are_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from workbench.finding import find_recipe
    from workbench.schema import build, flat

    config = find_recipe("cnn").config
    build_run(runs, finished_run(), settings={**flat(build(config, {})), "lr": 3e-4, "clip_norm": 1.0})
    assert "differs from mnist: lr 0.01 -> 3e-4, clip_norm off -> 1" in shown(capsys, "--once")


def test_a_run_of_a_recipe_that_is_gone_is_shown_all_the_same(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(runs, finished_run(), "gone-1", settings=SETTINGS)
    assert "FINISHED" in shown(capsys, "--once")


def test_a_recipes_path_in_a_run_folder_is_never_executed(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(tmp_path / 'owned')!r}, 'w')")
    build_run(runs, finished_run(), recipe_path=str(evil), recipe=str(evil))
    assert "FINISHED" in shown(capsys, "--once")
    build_run(runs, finished_run(), "cnn-2", recipe=str(evil))
    assert "FINISHED" in shown(capsys, "--once")
    assert not (tmp_path / "owned").exists()


def test_advice_and_command_of_a_failed_run_are_shown(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(
        runs,
        [
            *opening(),
            loop(),
            metrics([1]),
            ended("failed", step=1, reason="NaN", advice="Halve lr.", command="workbench train cnn --lr 5e-4"),
        ],
    )
    text = shown(capsys, "--once")
    assert " failed: NaN\n Halve lr.\n $ workbench train cnn --lr 5e-4\n" in text
    assert "r resumes" not in text, "a key of the interface"


def test_lines_that_could_not_be_read_are_counted(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = build_run(runs, finished_run())
    with open(folder.events, "ab") as log:
        log.write(b"\x00\x01garbage\n{}\n")
    assert "2 lines of its log could not be read" in shown(capsys, "--once")


def with_previews(root: Path) -> None:
    log = finished_run()
    saved = [
        PreviewSaved(at=START + 20, step=step, name="said", title="what it said", kind="text", file=f"{step}.json") for step in (100, 300)
    ]
    folder = build_run(root, [*log[:-1], *saved, log[-1]])
    for step in (100, 300):
        (folder.samples / f"{step}.json").write_text(json.dumps({"text": f"words of step {step}\n" + "more\n" * 40}))


def test_a_preview_is_printed_whole_as_it_was_at_a_step(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_previews(runs)
    newest = shown(capsys, "--preview", "said")
    title, words, *_ = newest.splitlines()
    assert re.fullmatch(r"what it said @ 300, \d+ d ago +2 of 2", title)
    assert words == "words of step 300"
    assert newest.count("more") == 40
    assert "words of step 100" in shown(capsys, "--preview", "said", "--step", "299")
    body = json.loads(shown(capsys, "--preview", "said", "--step", "100", "--json"))
    assert (body["step"], body["steps"], body["kind"]) == (100, [100, 300], "text")
    assert body["text"].startswith("words of step 100")


def test_a_preview_that_there_is_not_names_those_that_there_are(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_previews(runs)
    assert app.run(["show", "last", "--preview", "sad"]) == 3
    assert "did you mean `said`?" in capsys.readouterr().err
    assert app.run(["show", "last", "--step", "3"]) == 2
    assert "--preview NAME --step N" in capsys.readouterr().err
