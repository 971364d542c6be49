import os
import random
import threading

import pytest

from tests.builders import START, metrics, one_of_each
from workbench.events import reader as reading
from workbench.events.codec import encode
from workbench.events.reader import MAX_LINE_BYTES, MAX_POLL_BYTES, EventReader
from workbench.events.types import Noticed


def _notices(count, start=1):
    return [Noticed(at=n, message=f"message {n}") for n in range(start, start + count)]


def _bytes(events):
    return b"".join(map(encode, events))


def _rest(reader):
    return [event for piece in reader.rest() for event in piece]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "events.jsonl"


def _add(log, data):
    with open(log, "ab") as file:
        file.write(data)


def test_a_log_that_is_not_there_yet_has_no_events_and_is_read_when_it_comes(log):
    reader = EventReader(log)
    assert reader.poll() == []
    assert not reader.behind
    log.write_bytes(_bytes(_notices(1)))
    assert reader.poll() == _notices(1)


@pytest.mark.parametrize("seed", range(8))
def test_each_event_is_read_once_and_in_order_however_the_log_grows(log, seed):
    dice = random.Random(seed)
    expected = [event for event in one_of_each() if event.type != "metrics"] * 3
    data = _bytes(expected)
    log.touch()
    reader, found = EventReader(log), []
    while data:
        piece = dice.choice([1, 7, 100, 5000])
        _add(log, data[:piece])
        data = data[piece:]
        found += reader.poll()
    assert list(map(repr, found)) == list(map(repr, expected))
    assert (reader.dropped.total, reader.restarts, reader.offset) == (0, 0, log.stat().st_size)


def test_an_unterminated_last_line_is_held_back_and_read_once_when_it_is_whole(log):
    first, second = _notices(2)
    log.write_bytes(encode(first) + encode(second)[:-1])
    reader = EventReader(log)
    assert reader.poll() == [first]
    assert reader.poll() == []
    assert not reader.behind
    _add(log, b"\n")
    assert reader.poll() == [second]
    assert reader.poll() == []
    assert reader.dropped.total == 0


def test_a_torn_record_is_reported_and_its_neighbours_are_read(log):
    first, second, third = _notices(3)
    log.write_bytes(encode(first) + encode(second)[:25] + b"\n" + encode(third))
    reader = EventReader(log)
    assert reader.poll() == [first, third]
    assert (reader.dropped.torn, reader.dropped.unknown, reader.dropped.too_long) == (1, 0, 0)


def test_events_of_later_versions_and_foreign_json_are_passed_over_and_reported(log):
    first, second = _notices(2)
    log.write_bytes(encode(first) + b'{"type":"dreamt","at":1}\n{"level":"INFO","ts":1}\n\n' + encode(second))
    reader = EventReader(log)
    assert reader.poll() == [first, second]
    assert (reader.dropped.torn, reader.dropped.unknown, reader.dropped.too_long) == (0, 2, 0)


@pytest.mark.parametrize("seed", range(3))
def test_binary_rubbish_between_events_costs_no_event(log, seed):
    rubbish = random.Random(seed).randbytes(3 * MAX_POLL_BYTES)
    first, second = _notices(2)
    log.write_bytes(encode(first) + rubbish + b"\n" + encode(second))
    reader = EventReader(log)
    assert _rest(reader) == [first, second]
    assert reader.dropped.total > 0


def test_a_log_of_nothing_but_rubbish_ends(log):
    log.write_bytes(random.Random(0).randbytes(2 * MAX_POLL_BYTES))
    reader = EventReader(log)
    assert _rest(reader) == []
    assert reader.dropped.total > 0


def test_a_line_without_end_is_cut_off_reported_once_and_what_follows_is_read(log):
    first, second, third = _notices(3)
    log.write_bytes(encode(first) + b"x" * (5 * MAX_LINE_BYTES) + b"\n" + encode(second) + b"y" * MAX_LINE_BYTES + b"\n" + encode(third))
    reader, found, polls = EventReader(log), [], 0
    while True:
        found += reader.poll()
        polls += 1
        if not reader.behind:
            break
    assert found == [first, second, third]
    assert polls >= 6
    assert (reader.dropped.torn, reader.dropped.unknown, reader.dropped.too_long) == (0, 0, 2)


def test_a_line_without_end_that_grows_slowly_is_reported_once(log):
    log.write_bytes(encode(_notices(1)[0]))
    reader = EventReader(log)
    found = reader.poll()
    for _ in range(30):
        _add(log, b"x" * (MAX_LINE_BYTES // 8))
        found += reader.poll()
    _add(log, b"x\n" + _bytes(_notices(1, start=2)))
    assert found + reader.poll() == _notices(2)
    assert (reader.dropped.torn, reader.dropped.too_long) == (0, 1)


def test_no_poll_reads_more_than_its_share(log, monkeypatch):
    asked = []
    pread = os.pread
    own = threading.get_ident()

    def counted(descriptor, count, offset):
        if threading.get_ident() == own:  # not what a thread of an earlier test still reads
            asked.append(count)
        return pread(descriptor, count, offset)

    monkeypatch.setattr(os, "pread", counted)
    expected = [metrics(range(n, n + 50), at=START) for n in range(1, 20_001, 50)]
    log.write_bytes(_bytes(expected))
    reader, found, polls = EventReader(log), [], 0
    while True:
        found += reader.poll()
        polls += 1
        if not reader.behind:
            break
    assert found == expected
    assert len(asked) == polls > 2
    assert max(asked) <= MAX_POLL_BYTES + reading._REMEMBERED_BYTES


def test_a_piece_without_one_event_does_not_end_the_reading(log):
    stranger = b'{"type":"dreamt","at":1}\n'
    log.write_bytes(stranger * (2 * MAX_POLL_BYTES // len(stranger)) + _bytes(_notices(1)))
    reader = EventReader(log)
    assert reader.poll() == []
    assert reader.behind
    assert _rest(reader) == _notices(1)
    assert not reader.behind


def test_a_log_that_another_replaced_is_read_from_its_beginning(log):
    log.write_bytes(_bytes(_notices(3)))
    reader = EventReader(log)
    assert len(reader.poll()) == 3
    other = log.with_name("other")
    other.write_bytes(_bytes(_notices(5, start=11)))
    other.replace(log)
    assert reader.poll() == _notices(5, start=11)
    assert reader.restarts == 1
    assert reader.poll() == []


def test_a_log_that_was_cut_is_read_from_its_beginning(log):
    log.write_bytes(_bytes(_notices(3)))
    reader = EventReader(log)
    reader.poll()
    log.write_bytes(_bytes(_notices(1, start=7)))
    assert reader.poll() == _notices(1, start=7)
    assert reader.restarts == 1


@pytest.mark.parametrize("count", [3, 30])
def test_a_log_that_was_written_anew_in_place_is_noticed_although_it_is_no_shorter(log, count):
    log.write_bytes(_bytes(_notices(3, start=1)))
    reader = EventReader(log)
    reader.poll()
    log.write_bytes(_bytes(_notices(count, start=4)))
    assert reader.poll() == _notices(count, start=4)
    assert reader.restarts == 1


def test_a_log_that_is_gone_for_a_while_is_read_on_where_it_was(log):
    log.write_bytes(_bytes(_notices(1)))
    reader = EventReader(log)
    reader.poll()
    away = log.with_name("away")
    log.rename(away)
    assert reader.poll() == []
    assert not reader.behind
    away.rename(log)
    _add(log, _bytes(_notices(1, start=2)))
    assert reader.poll() == _notices(1, start=2)
    assert reader.restarts == 0


def test_reading_can_begin_at_an_offset(log):
    log.write_bytes(_bytes(_notices(3)))
    assert EventReader(log, len(encode(_notices(1)[0]))).poll() == _notices(2, start=2)


def test_an_offset_beyond_the_log_begins_anew(log):
    log.write_bytes(_bytes(_notices(3)))
    reader = EventReader(log, 10**9)
    assert reader.poll() == _notices(3)
    assert reader.restarts == 1


def test_a_pipe_or_a_folder_in_the_place_of_the_log_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert EventReader(tmp_path / "pipe").poll() == []
    assert EventReader(tmp_path).poll() == []
