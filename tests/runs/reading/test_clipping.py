from pathlib import Path

import pytest

from tests.builders import START, append, build_run, loop, metrics, opening
from workbench.events.types import SettingChanged, SettingsAmended
from workbench.runs.reading.clipping import is_norm
from workbench.runs.reading.feed import open_run

KEY = "train/grad_norm"


def test_the_share_of_clipped_steps_follows_the_norm_in_force(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [*opening(), loop(), metrics(range(1, 101), key=KEY, value=float)], settings={"clip_norm": 75.0})
    feed = open_run(folder)
    assert (feed.clipping.norm, feed.clipping.share(KEY)) == (75.0, 0.25)
    append(folder, [SettingChanged(at=START, step=100, name="clip_norm", old=75.0, new=None, by="ada")])
    append(folder, [metrics(range(101, 201), key=KEY, value=float)])
    feed.read_all()
    assert (feed.clipping.norm, feed.clipping.share(KEY)) == (None, 0.125)
    assert feed.clipping.share(KEY, (101, 200)) == 0


def test_a_later_attempt_takes_its_steps_back(tmp_path: Path) -> None:
    events = [*opening(), loop(), metrics(range(1, 101), key=KEY, value=lambda step: 2.0)]
    again = [
        *opening(2),
        SettingsAmended(at=START, values={"clip_norm": 3.0}),
        loop(50),
        metrics(range(51, 101), key=KEY, value=lambda _: 2.0),
    ]
    feed = open_run(build_run(tmp_path, [*events, *again], settings={"clip_norm": 1.0}))
    assert (feed.clipping.norm, feed.clipping.share(KEY)) == (3.0, 0.5)


@pytest.mark.parametrize("value", [None, True, "1", -1.0, 0])
def test_a_setting_that_is_no_norm_clips_nothing(tmp_path: Path, value: object) -> None:
    feed = open_run(build_run(tmp_path, [*opening(), loop(), metrics([1, 2], key=KEY)], settings={"clip_norm": value}))
    assert (feed.clipping.norm, feed.clipping.share(KEY)) == (None, 0.0)


def test_the_norm_of_a_layer_is_not_that_of_the_gradient() -> None:
    assert is_norm("train/grad_norm")
    assert is_norm("train/generator_grad_norm")
    assert not is_norm("train/grad_norm/conv1")
    assert not is_norm("validation/grad_norm")
