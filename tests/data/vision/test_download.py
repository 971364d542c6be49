import dataclasses
import gzip
import hashlib
import pickle
import struct
import subprocess
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
import torch

from workbench.data.catalogue import find_images
from workbench.data.vision import baselines, download, images
from workbench.data.vision.images import load_images
from workbench.data.vision.origin import Own
from workbench.errors import ExitCode, WorkbenchError

datasets = pytest.importorskip("torchvision.datasets")
CPU = torch.device("cpu")


def _idx(values):
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


@pytest.fixture
def like_mnist(monkeypatch):
    """The four packed files of a small set in MNIST's format, by name, whose checksums torchvision expects."""
    numbers = np.random.RandomState(0)
    files = {}
    for part, count in (("train", 120), ("t10k", 20)):
        files[f"{part}-images-idx3-ubyte.gz"] = numbers.randint(0, 256, (count, 28, 28)).astype(np.uint8)
        files[f"{part}-labels-idx1-ubyte.gz"] = (np.arange(count) % 10).astype(np.uint8)
    packed = {name: gzip.compress(_idx(values)) for name, values in files.items()}
    monkeypatch.setattr(datasets.MNIST, "resources", [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()])
    return packed


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def _keep(folder, files):
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


class Mirror:
    """A web server of this machine with some files; `asked` is what was asked for, with the range."""

    def __init__(self, files):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.rpartition("/")[2]
                start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
                asked.append((name, start))
                self.send_response(404 if name not in files else 206 if start else 200)
                body = files.get(name, b"")[start:]
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def _load(**own):
    return load_images("mnist", device=CPU, batch_size=8, seed=0, own=Own(**own))


def test_a_data_folder_that_holds_the_files_needs_neither_network_nor_permission(like_mnist, data_folder, monkeypatch):
    _keep(data_folder / "MNIST" / "raw", like_mnist)
    monkeypatch.setattr(download, "_transfer", None)
    data = _load()
    assert data.about["examples"] == {"train": 110, "validation": 10, "test": 20}
    assert data.validation.labels.bincount().tolist() == [1] * 10
    expected = gzip.decompress(like_mnist["t10k-images-idx3-ubyte.gz"])[16:]
    assert data.test.images.numpy().tobytes() == expected, "the test split stays that of the data set, in its order"
    assert "test kept apart by the data set" in data.about["split"]
    assert len(data.about["sha256"]) == 64
    pixels = torch.cat([images for images, _ in data.train.epoch(0)])
    assert float(pixels.mean()) == pytest.approx(0, abs=1e-4)
    assert float(pixels.std()) == pytest.approx(1, abs=1e-3)


def test_unpacked_files_will_do_too(like_mnist, data_folder):
    _keep(data_folder / "MNIST" / "raw", {name.removesuffix(".gz"): gzip.decompress(content) for name, content in like_mnist.items()})
    assert _load().about["examples"]["test"] == 20


def test_validation_is_cut_by_split_seed_and_the_test_split_stays(like_mnist, data_folder):
    _keep(data_folder / "MNIST" / "raw", like_mnist)
    one, other = _load(), load_images("mnist", device=CPU, batch_size=8, seed=5, split_seed=1)
    assert torch.equal(one.test.images, other.test.images)
    assert not torch.equal(one.validation.images, other.validation.images)
    held = set(map(tuple, one.train.split.images.flatten(1).tolist()))
    assert not held & set(map(tuple, one.validation.images.flatten(1).tolist()))


def test_what_is_not_there_is_not_fetched_without_permission(data_folder, monkeypatch):
    monkeypatch.setattr(download, "_transfer", None)
    with pytest.raises(WorkbenchError) as caught:
        _load()
    assert caught.value.code == ExitCode.WRONG_USE
    for words in ("`mnist` is not in", "11.6 MB", "CC BY-SA 3.0", "--download", "--dataset mnist5k"):
        assert words in str(caught.value)


def test_with_permission_it_is_fetched_checked_and_kept_and_progress_is_told(like_mnist, data_folder, monkeypatch):
    with Mirror(like_mnist) as mirror:
        monkeypatch.setattr(datasets.MNIST, "mirrors", [mirror.url])
        phases = []
        data = _load(download=True, report=phases.append)
        assert data.about["examples"]["train"] == 110
        assert [name for name, _ in mirror.asked] == list(like_mnist)
        assert any(phase.startswith("downloading mnist: train-images-idx3-ubyte.gz, ") and " of " in phase for phase in phases)
        _load(download=True)
        assert len(mirror.asked) == 4, "the second time nothing is fetched"
    assert sorted(path.name for path in (data_folder / "MNIST" / "raw").iterdir()) == sorted(like_mnist)


def test_a_download_that_broke_off_goes_on_and_another_mirror_stands_in(like_mnist, data_folder, monkeypatch):
    name = "train-images-idx3-ubyte.gz"
    _keep(data_folder / "MNIST" / "raw", {f"{name}.partial": like_mnist[name][:1000]})
    with Mirror({}) as empty, Mirror(like_mnist) as mirror:
        monkeypatch.setattr(datasets.MNIST, "mirrors", [empty.url, mirror.url])
        assert _load(download=True).about["examples"]["train"] == 110
    assert mirror.asked[0] == (name, 1000)
    assert empty.asked[0] == (name, 1000)


def test_runs_that_want_the_same_data_fetch_it_once_one_after_the_other(like_mnist, data_folder, monkeypatch):
    data_folder.mkdir()
    hold = "import fcntl, sys; file = open(sys.argv[1], 'a'); fcntl.lockf(file, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", hold, str(data_folder / ".downloading")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdout.readline()
    phases = []

    def report(phase):
        phases.append(phase)
        if phase.startswith("waiting"):  # the other has all of it now, and lets go
            _keep(data_folder / "MNIST" / "raw", like_mnist)
            other.communicate()

    monkeypatch.setattr(download, "_transfer", None)
    assert _load(download=True, report=report).about["examples"]["train"] == 110
    assert [phase.split(" in ")[0] for phase in phases if phase.startswith("waiting")] == ["waiting for the download of another run"]


def test_a_changed_download_is_refused_and_does_not_stay(like_mnist, data_folder, monkeypatch):
    name = "train-images-idx3-ubyte.gz"
    with Mirror({**like_mnist, name: b"something else"}) as mirror:
        monkeypatch.setattr(datasets.MNIST, "mirrors", [mirror.url])
        with pytest.raises(WorkbenchError, match="another checksum") as caught:
            _load(download=True)
    assert "--dataset mnist5k" in caught.value.hint
    assert list((data_folder / "MNIST" / "raw").iterdir()) == []


def test_without_a_network_the_error_names_the_offline_set(data_folder, monkeypatch):
    with Mirror({}) as gone:
        url = gone.url
    monkeypatch.setattr(datasets.MNIST, "mirrors", [url])
    with pytest.raises(WorkbenchError, match="`mnist` cannot be downloaded") as caught:
        _load(download=True)
    assert "refused" in caught.value.message
    assert "`--dataset mnist5k` needs no network" in caught.value.hint


def test_a_folder_that_cannot_be_written_is_said(data_folder, monkeypatch):
    data_folder.write_text("a file stands in the way")
    with pytest.raises(WorkbenchError, match="`mnist` cannot be kept in"):
        _load(download=True)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("train-images-idx3-ubyte.gz", lambda content: content[:-1] + b"x"),
        ("t10k-labels-idx1-ubyte", lambda content: content[:-1]),
        ("t10k-labels-idx1-ubyte", lambda content: content[:3]),
        ("t10k-labels-idx1-ubyte", lambda content: content[:-1] + b"\xff"),
    ],
)
def test_damaged_files_are_refused(name, change, like_mnist, data_folder):
    files = {file.removesuffix("" if name.endswith(".gz") else ".gz"): content for file, content in like_mnist.items()}
    files = files if name.endswith(".gz") else {file: gzip.decompress(content) for file, content in files.items()}
    files[name] = change(files[name])
    _keep(data_folder / "MNIST" / "raw", files)
    with pytest.raises(WorkbenchError, match="are damaged") as caught:
        _load()
    assert "--download fetches them again" in caught.value.hint


@pytest.fixture
def like_cifar(tmp_path, monkeypatch):
    """The archive of a small set in CIFAR-10's format, whose checksums torchvision expects."""
    numbers = np.random.RandomState(0)
    inside = tmp_path / "made" / datasets.CIFAR10.base_folder
    inside.mkdir(parents=True)
    sums = {}
    for name, _ in [*datasets.CIFAR10.train_list, *datasets.CIFAR10.test_list]:
        batch = {"data": numbers.randint(0, 256, (40, 3072)).astype(np.uint8), "labels": [number % 10 for number in range(40)]}
        (inside / name).write_bytes(pickle.dumps(batch))
        sums[name] = hashlib.md5((inside / name).read_bytes()).hexdigest()
    (inside / "batches.meta").write_bytes(pickle.dumps({"label_names": [str(number) for number in range(10)]}))
    meta = hashlib.md5((inside / "batches.meta").read_bytes()).hexdigest()
    archive = tmp_path / datasets.CIFAR10.filename
    with tarfile.open(archive, "w:gz") as content:
        content.add(inside, inside.name)
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [[name, sums[name]] for name, _ in datasets.CIFAR10.train_list])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [[name, sums[name]] for name, _ in datasets.CIFAR10.test_list])
    monkeypatch.setattr(datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": meta})
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    return archive


def test_cifar_is_fetched_unpacked_and_read_in_colour(like_cifar, data_folder, monkeypatch):
    with Mirror({like_cifar.name: like_cifar.read_bytes()}) as mirror:
        monkeypatch.setattr(datasets.CIFAR10, "url", mirror.url + like_cifar.name)
        data = load_images("cifar10", device=CPU, batch_size=8, seed=0, own=Own(download=True))
    assert data.shape == (3, 32, 32)
    assert data.about["examples"] == {"train": 180, "validation": 20, "test": 40}
    stored = pickle.loads((data_folder / datasets.CIFAR10.base_folder / "test_batch").read_bytes())
    assert torch.equal(data.test.images, torch.from_numpy(stored["data"]).view(-1, 3, 32, 32))
    assert data.test.labels.tolist() == stored["labels"]
    left = sorted(path.name for path in data_folder.iterdir())
    assert left == [".downloading", datasets.CIFAR10.base_folder], "neither archive nor leftovers stay beside the lock"


def test_a_changed_cifar_batch_is_never_unpickled(like_cifar, data_folder, monkeypatch):
    with tarfile.open(like_cifar) as content:
        content.extractall(data_folder, filter="data")
    (data_folder / datasets.CIFAR10.base_folder / "data_batch_3").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    monkeypatch.setattr(pickle, "load", None)
    with pytest.raises(WorkbenchError, match="are damaged"):
        load_images("cifar10", device=CPU, batch_size=8, seed=0)


def test_a_large_set_has_its_nearest_neighbour_measured_on_some_and_says_so(like_mnist, data_folder, monkeypatch):
    _keep(data_folder / "MNIST" / "raw", like_mnist)
    monkeypatch.setattr(baselines, "MOST_COMPARED", 784 * 10 * 50)
    monkeypatch.setattr(baselines, "MOST_JUDGED", 10)
    monkeypatch.setattr(images, "_KNOWN", {})  # another test may have measured them
    assert "nearest neighbour (10 test images among 50)" in _load().about["baseline"]


def test_the_catalogues_classes_are_torchvisions():
    for name, kind in (("mnist", datasets.MNIST), ("kmnist", datasets.KMNIST), ("fashion-mnist", datasets.FashionMNIST)):
        theirs = [each.partition(" - ")[0].lower() for each in kind.classes]
        assert [each.lower() for each in find_images(name).classes] == theirs
        raw = [file.rpartition("/")[2] for file in find_images(name).files]
        assert raw == [file.removesuffix(".gz") for file, _ in kind.resources]
        assert dataclasses.replace(find_images(name)).files[0].startswith(f"{kind.__name__}/raw/")
