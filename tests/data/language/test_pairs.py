import datetime
import re

import pytest
import torch

from workbench.data.language.exercises import FORMS, dates, sums
from workbench.data.language.pairs import PairBatches, PairSplit, load_pairs
from workbench.data.language.tokens import END, PAD, SPECIAL, START, UNKNOWN, symbols_of
from workbench.data.language.tsv import Pair, read_tsv
from workbench.errors import WorkbenchError

CPU = torch.device("cpu")


def _load(name, **settings):
    return load_pairs(name, **{"device": CPU, "batch_size": 16, "seed": 0, **settings})


def _split(*sources):
    pairs = [Pair(source, (source.upper(),)) for source in sources]
    return PairSplit(pairs, symbols_of(sources, "char"), symbols_of((pair.targets[0] for pair in pairs), "char"), CPU)


@pytest.fixture
def tsv(tmp_path):
    """Writes lines to a file of pairs and gives its path; with more lines around them where a file needs them."""

    def write(*lines, filler=0, columns=2):
        extra = [f"word{n}\tWORD{n}" + ("\ttrain" if columns == 3 else "") for n in range(filler)]
        file = tmp_path / "pairs.tsv"
        file.write_bytes("\n".join([*lines, *extra, ""]).encode())
        return str(file)

    return write


# --- The dictionary ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dictionary():
    return _load("cmudict", batch_size=64)


def test_the_dictionary_has_words_of_2_to_16_letters_and_39_phones(dictionary):
    every = [*dictionary.train.split.pairs, *dictionary.validation.pairs, *dictionary.test.pairs]
    assert len(every) == len({pair.source for pair in every}) == 117_366
    assert all(re.fullmatch("[a-z]{2,16}", pair.source) for pair in every)
    assert len({phone for pair in every for target in pair.targets for phone in target.split()}) == 39
    assert (len(dictionary.sources), len(dictionary.targets)) == (26 + len(SPECIAL), 39 + len(SPECIAL))
    assert sum(len(pair.targets) > 1 for pair in every) > 7000
    assert dictionary.about["examples"] == {"train": 114_366, "validation": 1000, "test": 2000}
    assert dictionary.about["licence"].startswith("CMU")


def test_little_of_the_dictionarys_batches_is_padding(dictionary):
    asked = total = 0
    for batch in dictionary.train.epoch(0):
        asked, total = asked + batch.tokens, total + batch.outputs.numel()
    assert asked / total > 0.98


def test_the_same_split_seed_gives_the_same_split_and_another_one_another(dictionary):
    again, other = _load("cmudict"), _load("cmudict", split_seed=1)
    assert again.test.pairs == dictionary.test.pairs
    assert again.about["split_hash"] == dictionary.about["split_hash"] != other.about["split_hash"]


# --- Batches ----------------------------------------------------------------------------------------------------------------


def test_inputs_begin_with_the_start_and_outputs_end_with_the_end_and_padding_is_behind_both():
    ((pairs, batch),) = _split("ab", "a").batches()
    a, b = len(SPECIAL), len(SPECIAL) + 1
    assert [pair.source for pair in pairs] == ["a", "ab"]  # of like lengths side by side
    assert batch.sources.tolist() == [[a, PAD], [a, b]]
    assert batch.inputs[1].tolist() == [START, a, b]
    assert batch.outputs.tolist() == [[a, END, PAD], [a, b, END]]
    assert batch.tokens == 5 == int((batch.outputs != PAD).sum())


def test_an_epoch_visits_every_pair_once_in_an_order_of_its_own():
    words = [f"{'x' * (n % 5 + 1)}{n}" for n in range(50)]
    split = _split(*words)
    data = PairBatches(split, batch_size=8, seed=0)
    epochs = [
        [split.sources.join(split.sources.decode(row)) for batch in data.epoch(epoch) for row in batch.sources.tolist()] for epoch in (0, 1)
    ]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(words)
    assert epochs[0] != epochs[1]
    assert len(list(data.epoch(0))) == 7


def test_skipping_batches_leaves_the_others_what_they_were():
    data = _load("dates", examples=100).train
    whole, rest = list(data.epoch(3)), list(data.epoch(3, skip=4))
    assert len(whole) == len(rest) + 4
    for one, other in zip(whole[4:], rest, strict=True):
        assert torch.equal(one.sources, other.sources)
        assert torch.equal(one.outputs, other.outputs)


def test_what_a_token_is_follows_from_the_unit_and_an_unknown_one_has_a_number_of_its_own():
    words = symbols_of(["the cat", "a  dog"], "space")
    assert words.tokens[len(SPECIAL) :] == ("a", "cat", "dog", "the")
    flat, lengths = words.encode(["the dog", "an emu a cat"])
    assert lengths.tolist() == [2, 4]
    assert flat.tolist()[2:4] == [UNKNOWN, UNKNOWN]
    assert words.join(words.decode([START, *flat.tolist()[:2], END, 5, PAD])) == "the dog"
    chinese = symbols_of(["你好"], "char")
    assert chinese.join(chinese.decode(chinese.encode(["好你"])[0].tolist())) == "好你"


# --- What is generated ------------------------------------------------------------------------------------------------------


def test_dates_are_different_and_read_back_to_the_same_day():
    found = dates(2000, seed=0)
    assert len({pair.source for pair in found}) == 2000
    assert dates(2000, seed=0) == found != dates(2000, seed=1)
    assert all(datetime.date.fromisoformat(target) for pair in found for target in pair.targets)
    day = datetime.date(2004, 4, 2)
    assert {"april 2, 2004", "2nd april 2004", "friday, april 2, 2004", "4/2/2004", "2.4.2004"} <= {form(day) for form in FORMS}


def test_no_two_days_are_written_alike():
    first = datetime.date(1999, 12, 20)
    written = {}
    for offset in range(800):
        day = first + datetime.timedelta(days=offset)
        for form in FORMS:
            assert written.setdefault(form(day), day) == day


def test_sums_are_right_and_there_are_not_more_than_there_are():
    found = sums(10_000, seed=0, digits=2)
    assert len({pair.source for pair in found}) == 10_000
    assert all(eval(pair.source) == int(pair.targets[0]) for pair in found)
    assert all(len(pair.source) <= 17 for pair in sums(50, seed=0, digits=8))
    with pytest.raises(WorkbenchError, match="there are 100 sums of two numbers of up to 1 digits"):
        sums(101, seed=0, digits=1)


def test_generated_pairs_are_as_many_as_asked_for_with_a_test_set_beside_them():
    data = _load("sums", examples=30)
    assert data.about["examples"] == {"train": 30, "validation": 500, "test": 1000}


# --- Your own pairs ---------------------------------------------------------------------------------------------------------


def test_own_pairs_are_split_by_source_and_a_source_may_have_several_targets(tsv):
    path = tsv("read\tR IY D|R EH D", "lead\tL IY D", "lead\tL EH D", "lead\tL IY D", "", filler=60)
    data = _load("pairs", path=path, target_tokens="space")
    every = {pair.source: pair.targets for split in (data.train.split, data.validation, data.test) for pair in split.pairs}
    assert len(every) == 62
    assert every["read"] == ("R IY D", "R EH D")
    assert every["lead"] == ("L IY D", "L EH D")
    assert data.about["examples"] == {"train": 50, "validation": 6, "test": 6}
    assert "1 further targets of a source, 1 repeated lines, 1 empty lines" in data.about["task"]
    assert len(data.about["sha256"]) == 64


def test_a_third_column_says_which_split_a_pair_is_in(tsv):
    data = _load("pairs", path=tsv("one\tuno\ttest", "two\tdos\tvalidation", filler=40, columns=3))
    assert [pair.source for pair in data.test.pairs] == ["one"]
    assert [pair.source for pair in data.validation.pairs] == ["two"]
    assert data.about["split"] == "as its third column says"


def test_overlong_pairs_are_passed_over_and_counted(tsv):
    data = _load("pairs", path=tsv("a" * 41 + "\tb", "b\t" + "c" * 41, filler=40), longest=40)
    assert sum(data.about["examples"].values()) == 40
    assert "2 longer than 40 tokens" in data.about["task"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("a\tb", "a b"), r"pairs.tsv, line 2 has 1 column, expected 2 as in the lines before"),
        (("a b",), r"line 1 has 1 column, expected 2 or 3"),
        (("a\tb", "c\td\ttrain"), r"line 2 has 3 columns, expected 2 as in the lines before"),
        (("a\tb", "\tc"), r"line 2: the source is empty"),
        (("a\tb", "c\t"), r"line 2: the target is empty"),
        (("a\tb|",), r"line 1: the target is empty"),
        (("a\tb\ttrain", "c\td\tdev"), r"line 2: the split is `dev`, expected one of train, validation, test"),
        (("a\tb\ttrain", "c\td\ttest", "a\te\ttest"), r"line 3: the source `a` is in split test, and in line 1 in split train"),
    ],
)
def test_a_line_that_is_wrong_is_named(tsv, lines, message):
    with pytest.raises(WorkbenchError, match=message):
        _load("pairs", path=tsv(*lines))


def test_a_byte_that_is_not_utf8_is_named_with_its_line(tmp_path):
    file = tmp_path / "latin.tsv"
    file.write_bytes(b"a\tb\ncaf\xe9\tcoffee\n")
    with pytest.raises(WorkbenchError, match=r"latin.tsv, line 2: byte 8 of the file is 0xe9, which is not UTF-8"):
        _load("pairs", path=str(file))


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_pairs(tmp_path):
    listing = read_tsv(b"\xef\xbb\xbfa\tb\r\nc\td\r\n", tmp_path)
    assert listing.pairs == [Pair("a", ("b",)), Pair("c", ("d",))]
    assert not listing.skipped


def test_too_few_pairs_and_no_file_are_refused_in_words(tsv):
    with pytest.raises(WorkbenchError, match="has 3 different sources, expected at least 30"):
        _load("pairs", path=tsv(filler=3))
    with pytest.raises(WorkbenchError, match=r"no line of .* is in split validation"):
        _load("pairs", path=tsv("a\tb\ttest", filler=40, columns=3))
    with pytest.raises(WorkbenchError, match="no file of pairs was given"):
        _load("pairs")
    with pytest.raises(WorkbenchError, match="cannot be read: No such file"):
        _load("pairs", path="/nowhere/pairs.tsv")
