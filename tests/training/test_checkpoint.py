import hashlib
import io
import json
import os
import random
import resource
import stat
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from workbench.training import checkpoint
from workbench.training.checkpoint import DamagedCheckpoint, is_finite, keep, load, newest_first, newest_good, read_manifest, save
from workbench.training.machine.seed import random_state, restore_random_state, seed_everything

CPU = torch.device("cpu")


def _state(value=1.0):
    model = nn.Linear(2, 2).state_dict()
    return {"model": model, "bias": torch.full((3,), value), "step": 7, "names": ["a", ("b", None)], "random": random_state()}


def _save(parent, step, attempt=1, value=1.0):
    return save(parent / f"{step}-{attempt}", _state(value), {"step": step, "attempt": attempt, "metrics": {"validation/loss": value}}).path


def _forge(folder, content):
    """Put `content` in place of a state, with a manifest that agrees: what somebody who means harm would do."""
    (folder / "state.pt").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_checkpoint_comes_back_as_it_was_saved_with_its_manifest(tmp_path):
    state = _state()
    saved = save(tmp_path / "120-1", state, {"step": 120, "attempt": 1, "metrics": {"validation/accuracy": 0.9}})
    loaded, manifest = load(tmp_path / "120-1", CPU)
    assert torch.equal(loaded["model"]["weight"], state["model"]["weight"])
    assert (loaded["step"], loaded["names"]) == (7, ["a", ("b", None)])
    assert manifest["metrics"] == {"validation/accuracy": 0.9}
    assert (manifest["step"], manifest["attempt"], manifest["finite"]) == (120, 1, True)
    assert manifest["sha256"] == saved.sha256 == hashlib.sha256((tmp_path / "120-1/state.pt").read_bytes()).hexdigest()
    assert manifest["size_bytes"] == saved.size_bytes == (tmp_path / "120-1/state.pt").stat().st_size


def test_folders_are_0700_and_files_0600_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        folder = _save(tmp_path / "checkpoints", 1)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder)] == [0o700, 0o700]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_files_are_on_the_disk_before_the_rename_and_the_rename_before_it_returns(tmp_path, monkeypatch):
    happened = []
    sync, rename = os.fsync, Path.rename

    def note_sync(descriptor):
        happened.append(("sync", Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))
        sync(descriptor)

    def note_rename(path, target):
        happened.append(("rename", target.name))
        return rename(path, target)

    monkeypatch.setattr(checkpoint.os, "fsync", note_sync)
    monkeypatch.setattr(Path, "rename", note_rename)
    _save(tmp_path / "checkpoints", 5)
    kinds = [name if not name.startswith(".partial-") else "folder" for _, name in happened]
    assert kinds == ["state.pt", "manifest.json", "folder", "5-1", "checkpoints"]
    assert happened[3][0] == "rename"


def test_a_full_disk_is_an_os_error_that_leaves_nothing_behind_and_the_older_checkpoint_good(tmp_path):
    _save(tmp_path, 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))  # the kernel cuts the write short, as it does on a full disk
    try:
        with pytest.raises(OSError, match="File too large"):
            _save(tmp_path, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["1-1"]
    assert newest_good(tmp_path, CPU)[0].path.name == "1-1"


def test_saving_again_where_a_checkpoint_stands_is_an_error_and_leaves_it_be(tmp_path):
    folder = _save(tmp_path, 1)
    before = (folder / "state.pt").read_bytes()
    with pytest.raises(OSError):
        _save(tmp_path, 1, value=2.0)
    assert (folder / "state.pt").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["1-1"]


def test_every_single_flipped_bit_is_found(tmp_path):
    folder = _save(tmp_path, 1)
    content = bytearray((folder / "state.pt").read_bytes())
    for position in random.Random(0).sample(range(len(content)), 60):
        content[position] ^= 4
        (folder / "state.pt").write_bytes(content)
        with pytest.raises(DamagedCheckpoint, match="its checksum is wrong"):
            load(folder, CPU)
        content[position] ^= 4
    (folder / "state.pt").write_bytes(content)
    load(folder, CPU)


def test_what_is_cut_short_missing_or_not_json_is_damaged_and_says_why(tmp_path):
    for number, (name, content, why) in enumerate(
        [
            ("state.pt", b"PK", "it has 2 bytes, expected"),
            ("state.pt", None, "its state cannot be read"),
            ("manifest.json", b"{", "its manifest is missing or unreadable"),
            ("manifest.json", None, "its manifest is missing or unreadable"),
            ("manifest.json", b"[" * 100_000, "its manifest is missing or unreadable"),
            ("manifest.json", b'{"sha256": 3}', "lacks the size or the checksum"),
        ]
    ):
        folder = _save(tmp_path, number)
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)
        with pytest.raises(DamagedCheckpoint, match=why) as caught:
            load(folder, CPU)
        assert caught.value.path == folder


def test_an_archive_that_grows_on_unpacking_is_refused_though_its_checksum_is_right(tmp_path):
    folder = _save(tmp_path, 1)
    plain, bomb = io.BytesIO(), io.BytesIO()
    torch.save({"zeros": torch.zeros(8 << 20)}, plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            target.writestr(member.filename, source.read(member))
    assert len(bomb.getvalue()) < 100_000 < 32 << 20
    torch.load(io.BytesIO(bomb.getvalue()), weights_only=True)  # torch itself takes it
    _forge(folder, bomb.getvalue())
    with pytest.raises(DamagedCheckpoint, match="it is compressed"):
        load(folder, CPU)


def test_a_file_above_the_limit_is_not_read(tmp_path, monkeypatch):
    folder = _save(tmp_path, 1)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("it was read"))
    with pytest.raises(DamagedCheckpoint, match="more than the 100 that are read"):
        load(folder, CPU, limit_bytes=100)


def test_a_checkpoint_that_would_run_code_is_refused_and_runs_none(tmp_path):
    class Harm:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "harm"),))

    folder = _save(tmp_path, 1)
    memory = io.BytesIO()
    torch.save({"model": Harm()}, memory)
    _forge(folder, memory.getvalue())
    with pytest.raises(DamagedCheckpoint, match="it cannot be read"):
        load(folder, CPU)
    assert not (tmp_path / "harm").exists()


def test_only_primitives_and_tensors_can_be_saved(tmp_path):
    for foreign in (tmp_path, {1, 2}, torch.Generator(), nn.Linear(1, 1)):
        with pytest.raises(ValueError, match="primitives and tensors"):
            save(tmp_path / "1-1", {"part": [foreign]}, {})
    assert not list(tmp_path.iterdir())


def test_the_newest_good_one_is_found_behind_damaged_and_non_finite_ones_which_are_named(tmp_path):
    for step, value in ((10, 1.0), (20, 1.0), (30, 1.0), (40, float("nan"))):
        _save(tmp_path, step, value=value)
    with (tmp_path / "30-1/state.pt").open("r+b") as file:
        file.write(b"XX")
    found, damaged = newest_good(tmp_path, CPU)
    assert (found.path.name, found.manifest["step"]) == ("20-1", 20)
    assert [reason.path.name for reason in damaged] == ["30-1"]


def test_nothing_saved_and_nothing_good_are_told_apart(tmp_path):
    assert newest_good(tmp_path / "none", CPU) == (None, [])
    (_save(tmp_path, 1) / "state.pt").unlink()
    found, damaged = newest_good(tmp_path, CPU)
    assert found is None
    assert len(damaged) == 1


def test_a_later_attempt_is_newer_than_a_later_step_and_numbers_are_compared_as_numbers(tmp_path):
    for name in ("900-1", "1000-1", "20-2", ".partial-5-1-77", "notes"):
        (tmp_path / name).mkdir()
    assert [path.name for path in newest_first(tmp_path)] == ["20-2", "1000-1", "900-1"]


def test_kept_are_the_best_the_newest_three_and_the_newest_finite_one(tmp_path):
    for step in range(1, 10):
        _save(tmp_path, step, value=float("nan") if step >= 6 else 1.0)
    removed = keep(tmp_path, tmp_path / "2-1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2-1", "5-1", "7-1", "8-1", "9-1"]
    assert sorted(path.name for path in removed) == ["1-1", "3-1", "4-1", "6-1"]


@pytest.mark.parametrize(("recent", "left"), [(1, ["2-1", "5-1"]), (2, ["2-1", "4-1", "5-1"]), (None, ["1-1", "2-1", "3-1", "4-1", "5-1"])])
def test_more_or_fewer_or_all_of_them_are_kept_as_asked(tmp_path, recent, left):
    for step in range(1, 6):
        _save(tmp_path, step)
    (tmp_path / ".partial-6-1-4711").mkdir()
    keep(tmp_path, tmp_path / "2-1", recent=recent)
    assert sorted(path.name for path in tmp_path.iterdir()) == left


def test_what_a_killed_attempt_left_half_written_goes_with_the_next_rotation(tmp_path):
    _save(tmp_path, 1)
    (tmp_path / ".partial-2-1-4711").mkdir()
    (tmp_path / ".partial-2-1-4711/state.pt").write_bytes(b"half")
    assert keep(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["1-1"]


def test_the_last_good_checkpoint_outlives_any_number_that_are_not_finite_or_not_whole(tmp_path):
    _save(tmp_path, 1)
    for step in range(2, 30):
        folder = _save(tmp_path, step, value=float("inf") if step % 2 else 1.0)
        if step % 2 == 0:
            (folder / "state.pt").write_bytes(b"damaged")
        keep(tmp_path)
    assert newest_good(tmp_path, CPU)[0].path.name == "1-1"


def test_nan_in_any_floating_tensor_is_found_and_whole_numbers_and_empty_ones_do_not_matter():
    fine = [torch.ones(3), torch.arange(3), torch.zeros(0), torch.ones(2, dtype=torch.bfloat16), torch.tensor(3.0e38)]
    assert is_finite(fine)
    assert is_finite([])
    for bad in (float("nan"), float("inf"), -float("inf")):
        assert not is_finite([*fine, torch.tensor([1.0, bad])])


def test_a_metric_that_is_not_finite_leaves_the_manifest_readable_by_any_json_parser(tmp_path):
    folder = _save(tmp_path, 1, value=float("nan"))
    text = (folder / "manifest.json").read_text()
    assert json.loads(text, parse_constant=lambda word: pytest.fail(word))["metrics"] == {"validation/loss": None}
    assert read_manifest(folder)["finite"] is False


def test_random_numbers_go_on_where_the_saved_state_was_taken(tmp_path):
    import numpy as np

    def draw():
        return torch.rand(3).tolist(), [random.random(), random.gauss(0, 1)], np.random.rand(2).tolist(), np.random.randn(1).tolist()

    seed_everything(3)
    np.random.randn(1)  # leaves a second Gaussian in store, part of the state
    random.gauss(0, 1)
    save(tmp_path / "1-1", {"random": random_state()}, {})
    expected = draw()
    seed_everything(4)
    restore_random_state(load(tmp_path / "1-1", CPU)[0]["random"])
    assert draw() == expected


def test_equal_seeds_give_equal_random_numbers():
    seed_everything(1)
    first = (torch.rand(2).tolist(), random.random())
    seed_everything(1)
    assert (torch.rand(2).tolist(), random.random()) == first
    seed_everything(2)
    assert (torch.rand(2).tolist(), random.random()) != first
