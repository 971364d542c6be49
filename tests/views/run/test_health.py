from pathlib import Path

from tests.builders import build_run, finished_run, loop, metrics, opening
from workbench.diagnosis.finding import Finding
from workbench.runs.reading.feed import open_run
from workbench.views.run import health


def test_a_healthy_run_is_one_line(tmp_path: Path) -> None:
    (line,) = health.lines(open_run(build_run(tmp_path, finished_run())))
    assert line.startswith("health  ok:")


def test_a_run_without_a_step_is_not_called_healthy(tmp_path: Path) -> None:
    assert health.lines(open_run(build_run(tmp_path, opening()))) == ["health  nothing to judge yet"]


def test_a_sick_run_has_cause_evidence_and_advice_and_a_headline(tmp_path: Path) -> None:
    rising = metrics(range(1, 301), value=lambda step: 3.0 - step / 50 if step < 100 else step / 20)
    feed = open_run(build_run(tmp_path, [*opening(), loop(), rising]))
    cause, evidence, advice = health.lines(feed)
    assert cause.startswith("error: the learning rate is too high: the loss rises again, since step ")
    assert "now 14" in evidence or "now 15" in evidence
    assert advice == "  try: lower lr from 0.001 to 1e-4: workbench train cnn --from cnn-1 --lr 1e-4"
    assert health.findings(feed)[0].advice == advice.removeprefix("  try: ")  # what --json says
    assert health.headline(health.findings(feed), step=300).startswith("health  error: the learning rate is too high")


def test_each_thing_to_try_has_a_line_of_its_own() -> None:
    lines = health.in_full(
        Finding("exploding", "error", 300, "gradients explode", "norm 5e4 @ 300", "this: workbench set; or that; or more")
    )
    assert lines == [
        "error: gradients explode, since step 300",
        "  norm 5e4 @ 300",
        "  try: this: workbench set",
        "   or: that",
        "   or: more",
    ]
