import pytest
import torch

from workbench.data.language.text import UNKNOWN, Streams, Vocabulary, Windows, load_text, vocabulary_of
from workbench.errors import WorkbenchError

CPU = torch.device("cpu")
CHINESE = "学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？\n" * 40


@pytest.fixture(scope="module")
def documentation():
    return load_text("python-docs", device=CPU)


def _own(tmp_path, content, name="own.txt", **more):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_text("text", device=CPU, path=str(tmp_path / name), **more)


# --- The documentation of the running Python ---------------------------------------------------------------------------------


def test_the_split_is_by_place_and_loses_no_character(documentation):
    from pydoc_data.topics import topics

    whole = "\n\n".join(topics[name] for name in sorted(topics))
    parts = [documentation.train, documentation.validation, documentation.test]
    assert sum(map(len, parts)) == len(whole)
    assert len(documentation.test) == pytest.approx(0.1 * len(whole), abs=1)
    assert len(documentation.validation) == pytest.approx(0.05 * len(whole), abs=1)
    read = documentation.vocabulary.decode(torch.cat(parts))
    assert sum(left != right for left, right in zip(read, whole, strict=True)) == int((torch.cat(parts) == 0).sum())


def test_a_run_records_what_the_text_is_and_what_counting_reaches(documentation):
    about = documentation.about
    assert about["name"] == "python-docs"
    assert about["version"].startswith("Python 3.")
    assert len(about["sha256"]) == len(about["split_hash"]) == 64
    assert about["licence"] == "PSF-2.0"
    # 1.905 with Python 3.11.7; the text differs a little from version to version.
    assert about["baseline"]["order-5 n-gram"] == pytest.approx(1.905, abs=0.1)


# --- Characters --------------------------------------------------------------------------------------------------------------


def test_a_text_in_any_script_comes_back_as_it_was():
    text = "naïve 学而时习之 🙂 é\n" * 2
    vocabulary = vocabulary_of(text)
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert vocabulary.characters[0] == UNKNOWN
    assert list(vocabulary.characters[1:]) == sorted(vocabulary.characters[1:])


def test_characters_that_training_hardly_has_are_the_unknown_one():
    vocabulary = vocabulary_of("aab")
    assert vocabulary.encode("abz").tolist() == [1, 0, 0]
    assert vocabulary.decode(torch.tensor([1, 0])) == "a" + UNKNOWN
    assert len(Vocabulary((UNKNOWN,)).encode("")) == 0


# --- One's own text ----------------------------------------------------------------------------------------------------------


def test_a_chinese_text_is_read_split_and_counted(tmp_path):
    data = _own(tmp_path, CHINESE, smallest=1)
    assert data.vocabulary.decode(data.train) == CHINESE[: len(data.train)]
    assert data.about["baseline"]["order-5 n-gram"] < 0.5  # it repeats itself
    assert data.about["name"] == "own.txt"


def test_a_byte_that_is_not_utf8_is_named_by_file_line_and_place(tmp_path):
    content = b"one line\nsecond line \xe9 here\n" + b"x" * 2000
    with pytest.raises(WorkbenchError, match=r"own\.txt, line 2: byte 22 of the file is 0xe9, which is not UTF-8") as caught:
        _own(tmp_path, content)
    assert "iconv" in caught.value.hint


def test_a_byte_order_mark_moves_neither_text_nor_place(tmp_path):
    assert (
        _own(tmp_path, b"\xef\xbb\xbf" + CHINESE.encode(), smallest=1).vocabulary.decode(_own(tmp_path, CHINESE, smallest=1).train[:5])
        == CHINESE[:5]
    )
    with pytest.raises(WorkbenchError, match="line 1: byte 5 of the file is 0xff"):
        _own(tmp_path, b"\xef\xbb\xbfa\xff")


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "is empty"), (" \n\n", "is empty"), ("short\n", r"has 6 characters, expected at least 1,000")],
)
def test_a_text_without_enough_in_it_is_refused_in_words(tmp_path, content, words):
    with pytest.raises(WorkbenchError, match=words):
        _own(tmp_path, content)


def test_a_text_that_is_too_short_for_the_batches_says_what_to_change(tmp_path):
    with pytest.raises(WorkbenchError, match="expected at least 12,048") as caught:
        _own(tmp_path, CHINESE, smallest=10240)
    assert "--batch-size" in caught.value.hint


def test_a_folder_is_read_file_by_file_in_the_order_of_names(tmp_path):
    (tmp_path / "b.txt").write_text("bbbb" * 300)
    (tmp_path / "a.md").write_text("aaaa" * 300 + "\r\n")
    (tmp_path / "c.bin").write_bytes(b"\xff\xfe")
    data = load_text("text", device=CPU, path=str(tmp_path))
    whole = data.vocabulary.decode(torch.cat([data.train, data.validation, data.test]))
    assert whole == "aaaa" * 300 + "\n\n" + "bbbb" * 300


@pytest.mark.parametrize(
    ("name", "path", "words"), [("text", "", "no text was given"), ("text", "/nowhere/x", "cannot be read"), ("txt", "", "unknown text")]
)
def test_a_text_that_is_not_there_is_an_error_with_a_hint(name, path, words):
    with pytest.raises(WorkbenchError, match=words) as caught:
        load_text(name, device=CPU, path=path)
    assert caught.value.hint


def test_a_folder_without_text_is_refused(tmp_path):
    with pytest.raises(WorkbenchError, match="holds no text"):
        load_text("text", device=CPU, path=str(tmp_path))


# --- Streams and windows -----------------------------------------------------------------------------------------------------


def test_a_stream_goes_on_where_its_last_batch_ended_and_predicts_every_character():
    ids = torch.arange(101)
    batches = list(Streams(ids, 4, 7).epoch(0))
    inputs, targets = (torch.cat(each, dim=1) for each in zip(*batches, strict=True))
    assert inputs.tolist() == torch.arange(100).view(4, 25).tolist()
    assert targets.tolist() == (inputs + 1).tolist()


def test_an_epoch_of_streams_has_as_many_batches_as_a_run_counts():
    for count, size, length in ((101, 4, 7), (1000, 3, 64), (65, 1, 64), (66, 1, 64)):
        streams = Streams(torch.arange(count), size, length)
        assert len(list(streams.epoch(0))) == -(-streams.examples // streams.batch_size)


def test_each_epoch_cuts_the_text_elsewhere_and_the_seed_says_where():
    ids = torch.arange(1000)
    first = [next(Streams(ids, 4, 8, seed).epoch(epoch))[0][0, 0].item() for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))]
    assert first[0] == first[1]
    assert len(set(first)) == 3


@pytest.mark.parametrize("kind", [Streams, Windows])
def test_an_epoch_can_be_entered_in_its_middle(kind):
    batches = kind(torch.arange(1000), 4, 16, 3)
    whole, rest = list(batches.epoch(2)), list(batches.epoch(2, skip=5))
    assert len(rest) == len(whole) - 5
    assert all(torch.equal(left, right) for one, other in zip(whole[5:], rest, strict=True) for left, right in zip(one, other, strict=True))


def test_windows_cover_the_text_once_in_another_order_each_epoch():
    windows = Windows(torch.arange(1000), 4, 16, seed=0)
    inputs = torch.cat([inputs for inputs, _ in windows.epoch(0)])
    assert inputs.unique().numel() == inputs.numel() == windows.examples
    assert all((targets == inputs + 1).all() for inputs, targets in windows.epoch(1))
    assert not torch.equal(inputs, torch.cat([inputs for inputs, _ in windows.epoch(1)]))
    assert len(list(windows.epoch(0))) == -(-windows.examples // windows.batch_size)


def test_a_split_that_is_too_short_to_read_is_refused():
    with pytest.raises(WorkbenchError, match="too few"):
        Streams(torch.arange(4), 8, 16)
    with pytest.raises(WorkbenchError, match="too few"):
        Windows(torch.arange(10), 8, 16, seed=0)
