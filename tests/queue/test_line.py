"""The line: who comes first, and that nobody waits for the dead."""

import os
from pathlib import Path

import pytest

from tests.queue.lining import standing
from workbench.queue import line
from workbench.queue.line import behind, ordinal
from workbench.queue.place import Place


def test_a_slot_goes_to_one_run_at_a_time_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    with standing(tmp_path, "a-1", "b-1", "c-1") as (a, b, c):
        assert c.do("take") == "", "those before it have not looked yet, and come first all the same"
        assert a.do("take") == "cpu"
        assert (b.do("take"), c.do("take")) == ("", "")
        assert [(card.run_id, card.holds) for card in line.cards(tmp_path)] == [("a-1", "cpu"), ("b-1", ""), ("c-1", "")]
        assert c.do("before") == "('a-1', 'b-1')"
        a.kill()
        assert (c.do("take"), b.do("take"), c.do("take")) == ("", "cpu", "")


def test_a_dead_head_blocks_nobody_and_leaves_nothing(tmp_path: Path) -> None:
    with standing(tmp_path, "a-1", "b-1", "c-1") as (a, b, c):
        a.do("take")
        b.kill()  # kill -9 while it waits
        a.kill()  # and while it holds the slot
        assert c.do("take") == "cpu"
        assert len([path for path in tmp_path.iterdir() if not path.name.startswith("slot-")]) == 1


def test_one_that_does_not_wait_shares_the_slot_and_holds_up_those_behind_it(tmp_path: Path) -> None:
    with standing(tmp_path, "a-1", "b-1", "c-1") as (a, b, c):
        a.do("take")
        assert b.do("join") == "", "no free one, so it is beside"
        a.kill()
        assert c.do("take") == "", "the device is still taken"
        b.kill()
        assert c.do("take") == "cpu"


def test_each_of_several_slots_takes_a_run_and_another_device_has_its_own_line(tmp_path: Path) -> None:
    with standing(tmp_path, "a-1", "b-1", "c-1", wants="cuda:0,cuda:1") as (a, b, c), standing(tmp_path, "d-1") as (d,):
        assert (a.do("take"), b.do("take"), c.do("take")) == ("cuda:0", "cuda:1", "")
        assert d.do("take") == "cpu"
        b.kill()
        assert c.do("take") == "cuda:1"


def test_a_reader_is_told_the_place_and_takes_nothing_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "room", lambda: tmp_path)
    with standing(tmp_path, "gan-3", "cnn-1", "cnn-2") as (first, _, last):
        first.do("take")
        turn = line.turn(Path("/runs/cnn-2"))
        assert turn is not None
        assert turn.text == "2nd in line for cpu, behind gan-3 and cnn-1"
        assert line.turn(Path("/runs/gan-3")) is None, "it does not wait"
        last.kill()
        assert line.turn(Path("/runs/cnn-2")) is None
        assert any(path.name.endswith(f"-{last.process.pid}.waiting") for path in tmp_path.iterdir()), "only who stands in the line sweeps"


def test_a_card_that_cannot_be_written_is_an_error_and_no_half_card(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError):
        Place(tmp_path / "file", Path("/runs/a-1"), ["cpu"])
    assert os.listdir(tmp_path) == ["file"]


def test_places_are_said_as_people_say_them() -> None:
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th",
    ]  # fmt: skip
    assert [behind(runs) for runs in ((), ("a",), ("a", "b"))] == ["", ", behind a", ", behind a and b"]
    assert behind(("a", "b", "c")) == ", behind a and 2 more"
