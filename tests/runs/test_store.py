import os
import shutil
import subprocess
import sys

import pytest

from tests.builders import START, build_run, finished_run, new_run
from workbench.errors import ExitCode, WorkbenchError
from workbench.runs.folder import Labels
from workbench.runs.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")


def _run(store, run_id, *, order, name=""):
    """A run whose place in the order of claiming is `order`."""
    folder = new_run(store.root, run_id, labels=Labels(name=name))
    os.utime(folder.path / "run.json", (START + order, START + order))
    return folder


def test_a_runs_folder_that_is_not_there_has_no_runs(store):
    assert store.ids() == []
    assert list(store.feeds()) == []


def test_ids_count_up_for_each_recipe(store):
    assert [store.claim(name).id for name in ("cnn", "cnn", "gan", "cnn")] == ["cnn-1", "cnn-2", "gan-1", "cnn-3"]


def test_a_claimed_folder_is_empty_and_nobody_elses(store):
    old = os.umask(0)
    try:
        folder = store.claim("cnn")
    finally:
        os.umask(old)
    assert list(folder.path.iterdir()) == []
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert store.root.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("recipe", "run_id"),
    [
        ("My Recipe", "my_recipe-1"),
        ("../../etc/passwd", "etc_passwd-1"),
        ("a-b", "a_b-1"),
        ("", "run-1"),
        ("...", "run-1"),
        ("réseau\x1b[2J", "r_seau_2j-1"),
        ("x" * 500, "x" * 60 + "-1"),
        ("v1.2", "v1.2-1"),
    ],
)
def test_a_recipe_of_any_name_gets_an_id_that_is_a_plain_folder_and_is_listed(store, recipe, run_id):
    folder = store.claim(recipe)
    assert (folder.id, folder.path.parent) == (run_id, store.root)
    assert store.ids() == [run_id]


CLAIM = """
import os, sys
from pathlib import Path
from workbench.runs.store import Store
children = []
for _ in range(8):
    reading, writing = os.pipe()
    if os.fork() == 0:
        ids = [Store(Path(sys.argv[1])).claim("cnn").id for _ in range(25)]
        os.write(writing, " ".join(ids).encode())
        os._exit(0)
    os.close(writing)
    children.append(reading)
for reading in children:
    print(os.read(reading, 65536).decode())
"""


def test_eight_processes_that_claim_at_once_never_share_an_id(store):
    said = subprocess.run([sys.executable, "-c", CLAIM, str(store.root)], check=True, capture_output=True, text=True)
    claimed = said.stdout.split()
    assert len(claimed) == 200
    assert sorted(claimed) == sorted(f"cnn-{number}" for number in range(1, 201))
    assert len({frozenset(line.split()) for line in said.stdout.splitlines()}) == 8


@pytest.mark.parametrize("recipe", ["cnn", "v1.2"])
def test_an_id_is_never_used_again_whether_the_trash_is_kept_or_emptied(store, recipe):
    ids = [store.claim(recipe).id for _ in range(3)]
    trashed = store.delete(ids[2])
    assert store.claim(recipe).id == f"{recipe}-4"
    trashed.rename(store.root / "elsewhere")
    for run_id in (ids[0], ids[1], f"{recipe}-4"):
        store.delete(run_id).rmdir()
    assert store.ids() == []
    assert store.claim(recipe).id == f"{recipe}-5"


@pytest.mark.parametrize("recipe", ["cnn", "v1.2"])
def test_the_trash_alone_keeps_an_id_from_being_used_again(store, recipe):
    store.delete(store.claim(recipe).id)
    shutil.rmtree(store.root / ".ids")
    assert store.claim(recipe).id == f"{recipe}-2"


def test_a_run_that_was_copied_here_keeps_its_id_after_it_is_deleted(store):
    new_run(store.root, "cnn-7")
    for path in sorted(store.delete("cnn-7").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert store.claim("cnn").id == "cnn-8"


def test_deleting_moves_a_run_to_the_trash_beside_the_others(store):
    folder = build_run(store.root, finished_run())
    place = store.delete("cnn-1")
    assert (place / "events.jsonl").stat().st_size > 0
    assert place.parent == store.root / ".trash"
    assert not folder.path.exists()
    assert store.ids() == []


@pytest.mark.parametrize("name", ["cnn-1", "../cnn-1", "../../etc", "", ".", ".trash", "cnn-1/samples", "/etc"])
def test_deleting_what_is_no_run_touches_nothing(store, name):
    store.claim("rnn")
    victim = new_run(store.root.parent, "cnn-1")
    with pytest.raises(WorkbenchError):
        store.delete(name)
    assert victim.path.is_dir()
    assert store.ids() == ["rnn-1"]


def test_runs_are_listed_in_the_order_of_claiming(store):
    for order, run_id in enumerate(["gan-1", "cnn-2", "cnn-10", "cnn-1"]):
        _run(store, run_id, order=order)
    assert store.ids() == ["gan-1", "cnn-2", "cnn-10", "cnn-1"]


def test_runs_of_the_same_moment_are_listed_by_number(store):
    for run_id in ("cnn-10", "cnn-9", "cnn-11"):
        _run(store, run_id, order=0)
    assert store.ids() == ["cnn-9", "cnn-10", "cnn-11"]


def test_what_is_no_run_is_not_listed(store):
    _run(store, "cnn-1", order=0)
    for name in (".trash", "notes", "cnn-", "-3", "CNN-2", "cnn-x", "cnn-\u0663", "cnn-\u00b2", "a\x1b[2J-1", "cnn-1\n", "cnn-12345678901"):
        (store.root / name).mkdir()
    (store.root / "cnn-5").write_text("a file")
    assert store.ids() == ["cnn-1"]
    assert store.claim("cnn").id == "cnn-6"  # a file's name is not free either


@pytest.mark.parametrize(
    ("asked", "found"),
    [("cnn-1", "cnn-1"), ("last", "gan-1"), ("last~0", "gan-1"), ("last~1", "cnn-2"), ("last~2", "cnn-1"), ("wide net", "cnn-2")],
)
def test_a_run_is_found_by_id_by_name_and_from_the_end(store, asked, found):
    _run(store, "cnn-1", order=0)
    _run(store, "cnn-2", order=1, name="wide net")
    _run(store, "gan-1", order=2)
    assert store.find(asked).id == found


def test_an_id_wins_over_another_runs_name(store):
    _run(store, "cnn-1", order=0, name="cnn-2")
    _run(store, "cnn-2", order=1, name="last")
    assert store.find("cnn-2").id == "cnn-2"
    assert store.find("last").id == "cnn-2"


@pytest.mark.parametrize(
    "asked",
    [
        "cnn-9",
        "../../etc",
        "..",
        ".",
        "/etc/passwd",
        "cnn-1/../cnn-1",
        "cnn-1/",
        "last~2",
        "last~-1",
        "last~99999999",
        ".trash",
        "",
        "CNN-1",
    ],
)
def test_a_run_that_is_not_there_is_exit_code_3_and_paths_lead_nowhere(store, asked):
    _run(store, "cnn-1", order=0)
    _run(store, "cnn-2", order=1)
    with pytest.raises(WorkbenchError) as caught:
        store.find(asked)
    assert caught.value.code == ExitCode.NOT_FOUND == 3
    assert f"there is no run `{asked}`" in caught.value.message
    assert caught.value.hint


def test_the_error_names_the_nearest_run(store):
    _run(store, "cnn-1", order=0, name="Wide-Net")
    for slip in ("cnn1", "wide net"):
        with pytest.raises(WorkbenchError) as caught:
            store.find(slip)
        assert "did you mean `" in caught.value.hint
    with pytest.raises(WorkbenchError, match="there is 1 run in"):
        _raise_hint(store)


def _raise_hint(store):
    try:
        store.find("last~5")
    except WorkbenchError as error:
        raise WorkbenchError(error.hint) from error


def test_a_name_that_several_runs_have_is_refused_with_their_ids(store):
    _run(store, "cnn-1", order=0, name="twin")
    _run(store, "cnn-2", order=1, name="twin")
    with pytest.raises(WorkbenchError, match="2 runs are named `twin`") as caught:
        store.find("twin")
    assert (caught.value.hint, caught.value.code) == ("give an id: cnn-1, cnn-2", ExitCode.NOT_FOUND)


def test_hostile_names_are_cleaned_and_do_not_hide_other_runs(store):
    _run(store, "cnn-1", order=0, name="a\x1b]52;c;AA\x07\u202e")
    _run(store, "cnn-2", order=1, name="good")
    assert store.find("good").id == "cnn-2"
    names = [feed.labels.name for feed in store.feeds()]
    assert names[0] == "good"
    assert not {"\x1b", "\x07", "\u202e"} & set(names[1])


@pytest.mark.parametrize("kind", ["file", "under a file", "no room"])
def test_a_runs_folder_that_cannot_be_written_is_named_with_a_hint(tmp_path, kind, monkeypatch):
    (tmp_path / "file").write_text("")
    root = {"file": tmp_path / "file", "under a file": tmp_path / "file" / "runs", "no room": tmp_path / "full"}[kind]
    if kind == "no room":
        root.mkdir()

        def full(*_, **__):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pathlib.Path.touch", full)
    with pytest.raises(WorkbenchError, match="cannot write the runs folder") as caught:
        Store(root).claim("cnn")
    assert "--runs DIR" in caught.value.hint
    assert caught.value.code == ExitCode.WRONG_USE
    if kind == "no room":
        assert not (root / "cnn-1").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_runs_folder_without_the_right_to_write_is_named_with_a_hint(store):
    store.root.mkdir(mode=0o500)
    with pytest.raises(WorkbenchError, match="Permission denied"):
        store.claim("cnn")


def test_feeds_come_newest_first_and_a_damaged_run_does_not_hide_the_others(store):
    build_run(store.root, finished_run(), "cnn-1")
    broken = _run(store, "cnn-2", order=9)
    (broken.path / "run.json").write_bytes(b"\xff")
    broken.events.write_bytes(b"\x00\x01\x02")
    broken.summary.write_bytes(b'{"format":1,"offset":0,"state":7}')
    os.utime(broken.path / "run.json", (START + 9, START + 9))
    feeds = {feed.folder.id: feed for feed in store.feeds()}
    assert feeds["cnn-1"].status.state == "finished"
    assert feeds["cnn-2"].record.recipe == "cnn"
