"""What a comparison says of reports; plain data in and out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.comparing import three_seeds, trained
from workbench.comparison.compare import compare
from workbench.comparison.document import document
from workbench.comparison.seeds import Spread, overlap, spread
from workbench.errors import ExitCode, WorkbenchError
from workbench.runs.folder import Labels
from workbench.runs.reading.feed import open_run
from workbench.runs.report import report, strict_json
from workbench.runs.store import Store


def reports(root: Path) -> list[dict[str, Any]]:
    return [report(open_run(Store(root).folder(run_id))) for run_id in Store(root).ids()]


def test_deltas_are_against_the_baseline(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", accuracy=0.9)
    trained(tmp_path, "cnn-2", accuracy=0.95, lr=1e-2)
    found = compare(reports(tmp_path)).metrics["validation/accuracy"]
    assert found.values == pytest.approx((0.9, 0.95))
    assert found.deltas == pytest.approx((0, 0.05))
    assert found.best_deltas == pytest.approx((0, 0.05))
    assert (found.mean, found.std) == pytest.approx((0.925, 0.05 / math.sqrt(2)))
    other = compare(reports(tmp_path), baseline="cnn-2").metrics["validation/accuracy"]
    assert other.deltas == pytest.approx((-0.05, 0))


def test_a_run_that_repeats_a_seed_is_no_other_seed(tmp_path: Path) -> None:
    three_seeds(tmp_path, accuracy=0.9)
    trained(tmp_path, "cnn-4", accuracy=0.95, seed=0)
    found = compare(reports(tmp_path))
    assert [line.runs for line in found.lines] == [("cnn-1", "cnn-2", "cnn-3"), ("cnn-4",)]
    assert found.remarks == ("the same settings and seed: cnn-1, cnn-4; repeats say nothing about chance",)
    unknown = [{**one, "settings": {**one["settings"], "seed": None}} for one in reports(tmp_path)]
    assert [line.count for line in compare(unknown).lines] == [4], "of a script that names no seed"
    assert compare(unknown).remarks == ()


def test_the_best_two_of_many_may_be_equal(tmp_path: Path) -> None:
    for number, accuracy in enumerate((0.9, 0.95, 0.95), start=1):
        trained(tmp_path, f"cnn-{number}", accuracy=accuracy, lr=number * 1e-3)
    sentence = compare(reports(tmp_path)).verdict.sentence
    assert sentence == "cnn-2 and cnn-3 are best of 3, and equal: validation accuracy 95.0 %."


def test_runs_of_one_name_are_told_apart_by_their_ids(tmp_path: Path) -> None:
    three_seeds(tmp_path, accuracy=0.9, labels=Labels(name="wide"))
    trained(tmp_path, "cnn-4", accuracy=0.95, lr=1e-2, labels=Labels(name="wide"))
    trained(tmp_path, "cnn-5", accuracy=0.92, lr=1e-1, labels=Labels(name="narrow"), split_hash="b")
    found = compare(reports(tmp_path))
    assert [line.label for line in found.lines] == ["wide (cnn-1)", "wide (cnn-4)", "narrow"]
    assert [line.label for line in found.singles] == [*(f"wide (cnn-{number})" for number in range(1, 5)), "narrow"]
    assert found.verdict.sentence.startswith("wide (cnn-4) is best of 3, before narrow")
    assert found.remarks[0].startswith("another split than wide (cnn-1) has: narrow")


def test_a_baseline_that_is_not_compared_is_named(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1")
    with pytest.raises(WorkbenchError, match="cnn-9 is not among those compared") as caught:
        compare(reports(tmp_path), baseline="cnn-9")
    assert caught.value.code == ExitCode.NOT_FOUND


def test_only_settings_that_are_not_alike_differ(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", lr=1e-3)
    trained(tmp_path, "cnn-2", lr=1e-2, seed=1)
    found = compare(reports(tmp_path))
    assert found.differing == {"lr": (1e-3, 1e-2), "seed": (0, 1)}
    assert found.settings["batch_size"] == (64, 64)


def test_what_another_recipe_does_not_have_is_no_difference(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", padding=True)
    trained(tmp_path, "cnn-2", padding=False)
    trained(tmp_path, "rnn-1", cell="lstm")
    assert compare(reports(tmp_path)).differing == {"padding": (True, False, None)}


def test_runs_that_differ_in_nothing_but_the_seed_are_one_line(tmp_path: Path) -> None:
    three_seeds(tmp_path, accuracy=0.9)
    trained(tmp_path, "cnn-4", accuracy=0.95, lr=1e-2)
    found = compare(reports(tmp_path))
    assert [line.runs for line in found.lines] == [("cnn-1", "cnn-2", "cnn-3"), ("cnn-4",)]
    assert [line.runs for line in found.singles] == [("cnn-1",), ("cnn-2",), ("cnn-3",), ("cnn-4",)]
    best = found.lines[0].best["validation/accuracy"]
    assert (best.mean, best.std, best.low, best.high) == pytest.approx((0.9, 0.01, 0.89, 0.91))
    assert found.lines[0].seeds == (0, 1, 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"lr": 2e-3},
        {"recipe": "rnn"},
        {"dataset": {"sha256": "other"}},
        {"weights": True, "parent": "cnn-1"},
        {"forked_at": 500, "parent": "cnn-1"},
        {"interventions": [{"kind": "set", "step": 5, "text": "set lr 1e-3 -> 1e-4 by ada"}]},
    ],
)
def test_whatever_else_differs_parts_two_lines(tmp_path: Path, changed: dict[str, Any]) -> None:
    three_seeds(tmp_path)
    found = reports(tmp_path)
    settings = {**found[1]["settings"], **{name: value for name, value in changed.items() if name == "lr"}}
    found[1] = {**found[1], "settings": settings, **{name: value for name, value in changed.items() if name != "lr"}}
    assert [line.runs for line in compare(found).lines] == [("cnn-1", "cnn-3"), ("cnn-2",)]


@pytest.mark.parametrize(
    ("asked", "measured", "lines", "differs"),
    [
        ((None, 1, 1), (1, None, None), [("cnn-1", "cnn-2", "cnn-3")], False),  # as `train --from cnn-1 --seed 1` takes it over
        ((None, None, None), (1, 2, 1), [("cnn-1", "cnn-2", "cnn-3")], False),
        ((None, 1, 1), (2, None, None), [("cnn-1",), ("cnn-2", "cnn-3")], True),
        ((2, 1, 1), (None, None, None), [("cnn-1",), ("cnn-2", "cnn-3")], True),
    ],
)
def test_a_number_of_threads_that_a_run_measured_is_the_one_that_another_asks_for(
    tmp_path: Path, asked: tuple[int | None, ...], measured: tuple[int | None, ...], lines: list[tuple[str, ...]], differs: bool
) -> None:
    three_seeds(tmp_path)
    found = [
        {**each, "settings": {**each["settings"], "threads": number}, "tuning": {"threads": taken} if taken else {}}
        for each, number, taken in zip(reports(tmp_path), asked, measured, strict=True)
    ]
    compared = compare(found)
    assert [line.runs for line in compared.lines] == lines
    assert ("threads" in compared.differing) is differs


def test_a_repeat_by_another_runs_settings_is_said_to_be_one(tmp_path: Path) -> None:
    three_seeds(tmp_path)
    first, second, _ = reports(tmp_path)
    first = {**first, "settings": {**first["settings"], "threads": None}, "tuning": {"threads": 1}}
    second = {**second, "settings": {**first["settings"], "threads": 1}}
    other = {**second, "id": "cnn-3", "settings": {**first["settings"], "threads": 2}}
    assert compare([first, second, other]).remarks == ("the same settings and seed: cnn-1, cnn-2; repeats say nothing about chance",)


def test_a_whole_number_that_came_back_as_a_broken_one_is_no_difference(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", accuracy=0.9)
    own = reports(tmp_path)[0]
    settings = {name: float(value) if type(value) is int else value for name, value in own["settings"].items()}
    assert compare([own, {**own, "id": "imported-1", "settings": settings}]).differing == {}
    huge = {**own, "settings": {**settings, "limit": 10**400}}
    assert compare([huge, {**huge, "settings": {**settings, "limit": 1e300}}]).differing == {"limit": (10**400, 1e300)}
    assert set(compare([own, {**own, "settings": {**settings, "padding": 1.0}}, {**own, "settings": {"padding": True}}]).differing) >= {
        "padding"
    }, "yes is no 1"


def test_a_run_that_says_not_which_way_is_better_is_named(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", accuracy=0.9)
    own = reports(tmp_path)[0]
    metrics = {key: {**one, "goal": "none", "best": None} for key, one in own["metrics"].items()}
    other = {**own, "id": "imported-1", "recipe": "imported", "metrics": metrics, "objective": ""}
    sentence = compare([own, other]).verdict.sentence
    assert sentence == ("No ranking: imported-1 has no goal for validation accuracy (`import --goal validation/accuracy=max` gives one).")


@pytest.mark.parametrize(
    ("seeds", "lines"),
    [
        ((None, None, None), [("cnn-1",), ("cnn-2",), ("cnn-3",)]),
        ((0, 1, 2), [("cnn-1", "cnn-2", "cnn-3")]),
        ((0, 1, 1), [("cnn-1",), ("cnn-2",), ("cnn-3",)]),
    ],
)
@pytest.mark.parametrize("source", ["script", "import"])
def test_what_settings_need_not_tell_is_one_line_only_under_seeds_of_its_own(
    tmp_path: Path, source: str, seeds: tuple[int | None, ...], lines: list[tuple[str, ...]]
) -> None:
    three_seeds(tmp_path)
    found = [{**each, "source": source, "settings": {"lr": 1e-3}} for each in reports(tmp_path)]
    for each, seed in zip(found, seeds, strict=True):
        each["settings"] |= {} if seed is None else {"seed": seed}
    assert [line.runs for line in compare(found).lines] == lines


def test_the_verdict_says_by_how_much_and_whether_seeds_overlap(tmp_path: Path) -> None:
    three_seeds(tmp_path, accuracy=0.9, apart=0.01)
    three_seeds(tmp_path, 4, accuracy=0.95, apart=0.01, lr=1e-2)
    verdict = compare(reports(tmp_path)).verdict
    assert verdict.sentence == (
        "cnn-4 (3 seeds) is better than cnn-1 (3 seeds): validation accuracy 95.0 % ± 1 against 90.0 % ± 1, 5 points higher. "
        "Their seeds do not overlap."
    )
    assert (verdict.better, verdict.other, verdict.overlap) == ("cnn-4", "cnn-1", False)
    assert verdict.delta == pytest.approx(0.05)


def test_seeds_that_overlap_are_said_to(tmp_path: Path) -> None:
    three_seeds(tmp_path, accuracy=0.9, apart=0.03)
    three_seeds(tmp_path, 4, accuracy=0.92, apart=0.03, lr=1e-2)
    assert compare(reports(tmp_path)).verdict.sentence.endswith("Their seeds overlap: chance may do as much.")


def test_one_seed_each_is_left_to_chance_and_one_beside_several_is_placed(tmp_path: Path) -> None:
    three_seeds(tmp_path, accuracy=0.9)
    trained(tmp_path, "cnn-4", accuracy=0.905, lr=1e-2)
    found = reports(tmp_path)
    assert "The one seed of cnn-4 lies inside of the range of cnn-1." in compare(found).verdict.sentence
    assert "One seed each: chance may do as much." in compare(found[2:]).verdict.sentence


def test_of_many_the_first_two_and_the_baseline_are_named(tmp_path: Path) -> None:
    for number, accuracy in enumerate((0.8, 0.9, 0.95), start=1):
        trained(tmp_path, f"cnn-{number}", accuracy=accuracy, lr=number * 1e-3)
    said = compare(reports(tmp_path)).verdict.sentence
    assert said.startswith("cnn-3 is best of 3, before cnn-2: validation accuracy 95.0 % against 90.0 %, 5 points higher.")
    assert "The baseline cnn-1 has 80.0 %, 15 points away." in said


def test_a_metric_that_shall_be_small_is_better_lower(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", accuracy=0.9)
    trained(tmp_path, "cnn-2", accuracy=0.8, lr=1e-2)
    found = [{**one, "objective": "validation/loss"} for one in reports(tmp_path)]
    assert "cnn-1 is better than cnn-2: validation loss 0.1 against 0.2, 0.1 lower." in compare(found).verdict.sentence


def test_different_tasks_are_said_and_not_ranked(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", dataset="digits")
    trained(tmp_path, "cnn-2", dataset="mnist5k", accuracy=0.95)
    found = compare(reports(tmp_path))
    assert found.remarks[0].startswith(
        "different tasks, whose numbers do not compare: cnn-1: digits by validation accuracy; cnn-2: mnist5k"
    )
    assert found.verdict.sentence == "No ranking: the runs learn different tasks."
    assert found.verdict.better is None


def test_families_word_one_task_in_their_own_ways_and_are_compared(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1", dataset="digits")
    trained(tmp_path, "rnn-1", dataset="digits", accuracy=0.8)
    found = reports(tmp_path)
    found[1]["task"] = "the same, read in 8 steps of 8"
    assert compare(found).remarks == ()
    assert compare(found).verdict.better == "cnn-1"


def test_another_split_is_remarked(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1")
    trained(tmp_path, "cnn-2", split_hash="b", lr=1e-2)
    assert compare(reports(tmp_path)).remarks == ("another split than cnn-1 has: cnn-2; the examples they are measured on may differ",)


def test_memory_is_the_most_that_was_held_and_costs_are_means(tmp_path: Path) -> None:
    three_seeds(tmp_path, seconds=20.0)
    line = compare(reports(tmp_path)).lines[0]
    assert line.memory_bytes is not None
    assert line.memory_bytes.high == 1 << 28
    assert line.seconds is not None
    assert line.seconds.mean == pytest.approx(20.0)
    assert line.parameters == 121_930


def test_processor_time_that_nobody_measured_is_none_rather_than_no_time(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1")
    own = reports(tmp_path)[0]
    assert compare([{**own, "cpu_seconds": 0.0}]).lines[0].cpu_seconds is None
    assert compare([own]).lines[0].cpu_seconds == Spread(1, 18.0, None, 18.0, 18.0)


def test_the_document_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1")
    trained(tmp_path, "cnn-2", lr=1e-2)
    found = reports(tmp_path)
    body = json.loads(strict_json(document(compare(found), found)))
    assert body.keys() == {
        "runs", "baseline", "objective", "differing_settings", "metrics", "groups", "tasks", "remarks", "verdict",
    }  # fmt: skip
    assert body["differing_settings"] == {"lr": [1e-3, 1e-2]}
    assert body["metrics"]["validation/accuracy"].keys() == {
        "goal", "unit", "values", "deltas", "best", "best_deltas", "mean", "std",
    }  # fmt: skip
    assert [one["id"] for one in body["runs"]] == ["cnn-1", "cnn-2"]
    assert body["groups"][0]["runs"] == ["cnn-1"]
    assert body["groups"][0]["best"]["validation/accuracy"].keys() == {"count", "mean", "std", "low", "high"}
    assert body["verdict"].keys() == {"sentence", "better", "other", "metric", "delta", "overlap"}


def test_a_report_that_came_back_from_json_is_compared_as_well(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1")
    found = reports(tmp_path)[0]
    found["metrics"]["validation/accuracy"]["last"] = math.nan
    again = json.loads(strict_json(found))
    assert compare([again, again]).metrics["validation/accuracy"].values == (None, None)


def test_a_run_that_has_only_begun_has_no_numbers(tmp_path: Path) -> None:
    from tests.builders import new_run

    trained(tmp_path, "cnn-1")
    new_run(tmp_path, "cnn-2")
    found = compare(reports(tmp_path))
    assert found.metrics["validation/accuracy"].deltas[1] is None
    assert found.verdict.sentence == "No ranking yet: validation accuracy was measured in fewer than two of them."


def test_spread_of_nothing_one_and_several() -> None:
    assert spread([None, math.nan, "Infinity", True]) is None
    assert spread([2.0]) == Spread(1, 2.0, None, 2.0, 2.0)
    assert spread([1.0, 3.0]) == Spread(2, 2.0, math.sqrt(2), 1.0, 3.0)


def test_ranges_that_touch_overlap() -> None:
    one, other = Spread(2, 1.5, 0.7, 1.0, 2.0), Spread(2, 2.5, 0.7, 2.0, 3.0)
    assert overlap(one, other)
    assert overlap(Spread(1, 1.0, None, 1.0, 1.0), Spread(1, 1.0, None, 1.0, 1.0)) is None
