"""What a trial found, as a person reads it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from workbench.views import trying

RATES = [10 ** (place / 14 - 7) for place in range(99)]
LOSSES = [2.3 - 1.8 * math.exp(-((math.log10(rate) + 2) ** 2)) for rate in RATES]


def found(**changes: Any) -> dict[str, Any]:
    curve = {"metric": "train/loss", "points": [list(pair) for pair in zip(RATES, LOSSES, strict=True)], "smoothed": LOSSES}
    named = {"lr": 0.001, "rule": "a tenth of it", "why": "lowest at 0.01", "steepest": 0.002, "broke_at": 0.9, "steps": 99}
    return {**named, "curves": [curve], **changes}


def drawn(result: dict[str, Any], *, ascii_only: bool = True) -> list[str]:
    return ["".join(span.text for span in row) for row in trying.curve(result, 78, 16, ascii_only=ascii_only)]


def test_the_curve_has_decades_below_it_and_the_named_rate_marked() -> None:
    rows = drawn(found())
    assert all(len(row) == 78 for row in rows[1:-1])
    axis = rows[-1]
    assert [f"1e-{power}" in axis for power in (7, 5, 3, 1)] == [True] * 4
    marked = next(row for row in rows if "^lr 0.001" in row)
    share = (marked.index("^") - marked.index("+")) / (len(marked) - marked.index("+"))
    assert share == pytest.approx(4 / 7.1, abs=0.03)  # ten to the -3, on an axis from -7 to 1
    assert "!" in marked


def test_a_loss_that_explodes_leaves_room_for_what_one_looks_for() -> None:
    burst = [*LOSSES[:-5], *[1e6] * 5]
    curve = {"metric": "train/loss", "points": [list(pair) for pair in zip(RATES, burst, strict=True)], "smoothed": burst}
    rows = drawn(found(curves=[curve]))
    assert not any("M" in row.split("|")[0] for row in rows)
    assert "^" in rows[1]


def test_both_opponents_are_drawn_with_a_legend() -> None:
    curve = found()["curves"][0]
    rows = drawn(found(curves=[{**curve, "metric": "train/discriminator_loss"}, {**curve, "metric": "train/generator_loss"}]))
    assert "* discriminator_loss" in rows[0]
    assert "o generator_loss" in rows[0]


def test_the_words_name_value_rule_and_source() -> None:
    text = "\n".join(trying.rate_words(found()))
    for words in ("lr 0.001: a tenth of it", "1506.01186", "broke apart at 0.9", "no optimum"):
        assert words in text
    assert "no learning rate to name: flat" in trying.rate_words(found(lr=None, why="flat"))[0]


def rehearsed(**changes: Any) -> dict[str, Any]:
    seconds = dict.fromkeys(
        ("start", "first_step", "step", "step_least", "step_most", "evaluation", "preview", "checkpoint", "load", "test"), 0.5
    )
    total = {"seconds": 125.0, "steps": 200, "evaluations": 4, "previews": 4, "checkpoints": 2, "parts": {"steps": 100.0}, "at_most": False}
    resumed = {"equal": True, "numbers": 17, "differing_parts": [], "differing_numbers": []}
    return {
        "seconds": seconds, "total": total, "resumed": resumed, "steps": 12, "unit": "img", "throughput": 128.0, "cores": 0.9,
        "device": "cpu", "precision": "bf16", "memory_bytes": 600e6, "memory_of_step_bytes": 20e6, "device_memory_bytes": None,
        "checkpoint_bytes": 461331, **changes,
    }  # fmt: skip


def test_a_dry_run_tells_each_part_and_the_estimate() -> None:
    rows = trying.dry_run(rehearsed())
    assert rows[2][:3] == ("steps", "0.5 s", "200")
    assert "461 kB" in rows[5][4]
    assert "all of them" not in rows[5][4]
    assert "all of them 923 kB" in trying.dry_run(rehearsed(keeps_all=True))[5][4]
    words = trying.dry_run_words(rehearsed())
    assert words[0].startswith("estimated 2:05: ")
    assert "exact: 17 numbers" in words[-1]


def test_an_estimate_for_several_processes_says_that_it_is_of_one() -> None:
    assert "tried in one process" in trying.dry_run_words(rehearsed(processes=2))[1]
    assert not any("tried in one process" in line for line in trying.dry_run_words(rehearsed(processes=1)))


def test_a_short_estimate_has_tenths() -> None:
    assert trying.dry_run_words(rehearsed(total={**rehearsed()["total"], "seconds": 3.94}))[0].startswith("estimated 3.9 s: ")


def test_an_estimate_says_what_it_does_not_know() -> None:
    total = {**rehearsed()["total"], "at_most": True}
    assert "at most 2:05" in trying.dry_run_words(rehearsed(total=total))[0]
    nothing = {"seconds": None, "steps": None, "evaluations": None, "previews": None, "checkpoints": None, "parts": {}, "at_most": False}
    assert "no estimate" in trying.dry_run_words(rehearsed(total=nothing))[0]
    assert trying.dry_run(rehearsed(total=nothing))[2][2] == "?"


def test_what_differs_behind_a_checkpoint_is_named() -> None:
    broken = {"equal": False, "numbers": 17, "differing_parts": ["optimizer"], "differing_numbers": ["train/loss"]}
    assert "NOT exact: optimizer, train/loss differ" in trying.dry_run_words(rehearsed(resumed=broken))[-1]


def test_batch_sizes_mark_the_fastest_and_the_largest() -> None:
    row = {"throughput": 100.0, "unit": "img", "step_seconds": 0.1, "steps_per_epoch": 4, "memory_bytes": 1e9, "device_memory_bytes": None}
    result = {
        "sizes": [{"batch_size": 8, **row}, {"batch_size": 16, **row}],
        "fastest": 8,
        "largest": 16,
        "ended": "an epoch is a single step",
    }
    assert [line[-1] for line in trying.batch_sizes(result)[1:]] == ["fastest", "largest"]
    words = trying.batch_size_words(result)
    assert "fastest 8" in words[0]
    assert "an epoch is a single step" in words[1]
    assert trying.batch_size_words({"sizes": [], "fastest": None, "largest": None, "ended": "8 does not fit"}) == [
        "no batch fits: 8 does not fit"
    ]
