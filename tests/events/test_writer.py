import errno
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builders import metrics, one_of_each
from workbench.events import writer as writing
from workbench.events.codec import encode
from workbench.events.reader import EventReader
from workbench.events.types import Noticed, RunEnded
from workbench.events.writer import EventWriter


def _notices(count):
    return [Noticed(at=n, message=f"message {n}") for n in range(1, count + 1)]


def _read(path):
    reader = EventReader(path)
    return [event for piece in reader.rest() for event in piece], reader.dropped


class Disk:
    """`os.write` with `room` bytes left, as the kernel does it: a write is cut short, and the next one fails."""

    def __init__(self, monkeypatch, room=1 << 30):
        self.room = room
        self.writes = []
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, descriptor, data):
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._write(descriptor, data[: self.room])
        self.room -= written
        self.writes.append(bytes(data))
        return written


def test_each_event_is_one_write_of_one_whole_line(tmp_path, monkeypatch):
    disk = Disk(monkeypatch)
    writer = EventWriter(tmp_path / "log")
    for event in one_of_each():
        assert writer.write(event)
    assert disk.writes == [encode(event) for event in one_of_each()]
    assert writer.size == sum(map(len, disk.writes))


def test_an_event_is_in_the_file_when_write_returns_and_not_in_a_buffer(tmp_path):
    writer = EventWriter(tmp_path / "log")
    for count, event in enumerate(_notices(3), start=1):
        writer.write(event)
        assert len((tmp_path / "log").read_bytes().splitlines()) == count


def test_only_a_commit_point_waits_for_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    writer = EventWriter(tmp_path / "log")
    first, second = _notices(2)
    writer.write(first)
    assert synced == []
    assert writer.write(second, commit=True)
    assert synced == [writer.size]


def test_a_commit_that_the_disk_refuses_is_not_a_commit(tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    writer = EventWriter(tmp_path / "log")
    assert not writer.write(_notices(1)[0], commit=True)
    assert writer.failure is not None
    assert writer.failure.errno == errno.EIO


@pytest.mark.parametrize("room", range(2 * len(encode(_notices(1)[0])) + 2))
def test_wherever_a_full_disk_cuts_a_record_nothing_is_glued_doubled_or_lost(tmp_path, monkeypatch, room):
    disk = Disk(monkeypatch, room)
    writer = EventWriter(tmp_path / "log")
    events = _notices(4)
    for event in events[:3]:
        writer.write(event)
    assert writer.waiting == sum(1 for n in range(3) if room < (n + 1) * len(encode(events[0])))
    assert writer.failure is not None
    assert writer.failure.errno == errno.ENOSPC
    disk.room = 1 << 30
    assert writer.write(events[3])
    assert (writer.waiting, writer.lost, writer.failure) == (0, 0, None)
    found, dropped = _read(tmp_path / "log")
    assert found == events
    torn = room % len(encode(events[0]))
    assert dropped.torn == (1 if 0 < torn < len(encode(events[0])) - 1 else 0)


def test_a_disk_that_fills_again_and_again_loses_nothing(tmp_path, monkeypatch):
    disk = Disk(monkeypatch, 0)
    writer = EventWriter(tmp_path / "log")
    events = _notices(200)
    for event in events:
        writer.write(event)
        disk.room += 77  # a little more than a record, so that it ends at another byte each time
    for _ in range(1000):
        disk.room += 77
        writer.retry()
    assert (writer.waiting, writer.lost) == (0, 0)
    assert _read(tmp_path / "log")[0] == events


def test_the_next_record_after_a_short_write_begins_with_a_newline(tmp_path, monkeypatch):
    first, second = _notices(2)
    disk = Disk(monkeypatch, len(encode(first)) + 10)
    writer = EventWriter(tmp_path / "log")
    assert writer.write(first)
    assert not writer.write(second)
    disk.room = 1 << 30
    assert writer.retry()
    assert (tmp_path / "log").read_bytes() == encode(first) + encode(second)[:10] + b"\n" + encode(second)


def test_a_log_that_a_crash_left_torn_is_continued_on_a_line_of_its_own(tmp_path):
    first, second, third = _notices(3)
    (tmp_path / "log").write_bytes(encode(first) + encode(second)[:20])
    writer = EventWriter(tmp_path / "log")
    writer.write(third)
    found, dropped = _read(tmp_path / "log")
    assert found == [first, third]
    assert dropped.torn == 1


def test_a_whole_record_without_its_newline_is_not_lost(tmp_path):
    first, second = _notices(2)
    (tmp_path / "log").write_bytes(encode(first)[:-1])
    EventWriter(tmp_path / "log").write(second)
    assert _read(tmp_path / "log")[0] == [first, second]


def test_what_waits_too_long_is_counted_but_the_end_of_the_run_is_kept(tmp_path, monkeypatch):
    disk = Disk(monkeypatch, 0)
    events = _notices(100)
    size = len(encode(events[0]))
    monkeypatch.setattr(writing, "MOST_WAITING_BYTES", 10 * size)
    writer = EventWriter(tmp_path / "log")
    for event in events[:9] + events[20:30]:
        assert not writer.write(event)
    assert writer.lost == 19 - writer.waiting > 0
    end = RunEnded(at=1, state="failed", step=1, reason="the disk is full")
    assert not writer.write(end, commit=True)
    disk.room = 1 << 30
    assert writer.retry()
    found, _ = _read(tmp_path / "log")
    assert found == [*events[:9], *events[20 : 20 + len(found) - 10], end]


def test_room_that_came_back_is_used_before_anything_is_given_up(tmp_path, monkeypatch):
    disk = Disk(monkeypatch, 0)
    events = _notices(9)
    monkeypatch.setattr(writing, "MOST_WAITING_BYTES", 3 * len(encode(events[0])))
    writer = EventWriter(tmp_path / "log")
    for event in events[:3]:
        writer.write(event)
    disk.room = 1 << 30
    assert writer.write(events[3])
    assert writer.lost == 0
    assert _read(tmp_path / "log")[0] == events[:4]


def test_closing_tries_once_more(tmp_path, monkeypatch):
    disk = Disk(monkeypatch, 0)
    writer = EventWriter(tmp_path / "log")
    writer.write(_notices(1)[0])
    disk.room = 1 << 30
    writer.close()
    assert _read(tmp_path / "log")[0] == _notices(1)


def test_the_log_is_nobody_elses_to_read(tmp_path):
    old = os.umask(0)
    try:
        EventWriter(tmp_path / "log").close()
    finally:
        os.umask(old)
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_device_without_any_room_never_raises():
    writer = EventWriter(Path("/dev/full"))
    assert not writer.write(metrics(range(1, 50)))
    assert writer.waiting == 1
    assert writer.failure is not None
    assert writer.failure.errno == errno.ENOSPC
    writer.close()


# The kernel itself cuts writes short at a limit on the size of files, which every user may set for a process.
LIMITED = """
import json, resource, sys
from pathlib import Path
from workbench.events.types import Noticed
from workbench.events.writer import EventWriter
writer = EventWriter(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
full = [writer.write(Noticed(at=n, message="m" * 90)) for n in range(20)]
waiting, size = writer.waiting, writer.size
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps([full, waiting, size, writer.write(Noticed(at=20, message="room again")), writer.lost]))
"""


def test_writes_that_the_kernel_cuts_short_are_made_good_when_there_is_room_again(tmp_path):
    said = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path / "log")], check=True, capture_output=True, text=True)
    full, waiting, size, written, lost = json.loads(said.stdout)
    assert size == 1000
    assert full.count(False) == waiting > 10
    assert (written, lost) == (True, 0)
    found, dropped = _read(tmp_path / "log")
    assert [event.at for event in found] == list(range(21))
    assert dropped.torn == 1


@contextmanager
def _small_disk(place):
    place.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True)
    if mount.returncode:
        pytest.skip("a file system of its own cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full_keeps_the_log_whole_and_in_order(tmp_path):
    with _small_disk(tmp_path / "disk") as disk:
        (disk / "ballast").write_bytes(bytes(20_000))
        writer = EventWriter(disk / "log")
        events = [Noticed(at=n, message="m" * 500) for n in range(1, 201)]
        results = [writer.write(event) for event in events]
        assert results.index(False) > 10
        assert writer.waiting > 50
        before, _ = _read(disk / "log")
        assert before == events[: len(before)]
        (disk / "ballast").unlink()
        writer.retry()
        after, _ = _read(disk / "log")
        assert len(after) > len(before)
        assert after == events[: len(after)]
        writer.close()
