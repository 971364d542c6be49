import pytest
import torch

from workbench.data.tables import load_table
from workbench.errors import WorkbenchError

CPU = torch.device("cpu")


def _load(tmp_path, content, target="class", **more):
    file = tmp_path / "mine.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_table(str(file), target, device=CPU, batch_size=4, seed=0, **more)


def _wide(count=10, length=3):
    return "".join(
        f"{','.join(str(place + each) for each in range(length))},{'even' if place % 2 == 0 else 'odd'}\n" for place in range(count)
    )


def _long(count=8, steps=3):
    lines = ["id,t,speed,load,label"]
    for name in range(count):
        lines += [f"s{name},{t},{name + t},{name * t},{'up' if name % 2 else 'down'}" for t in range(steps + name % 2)]
    return "\n".join(lines)


def test_a_line_is_a_sequence_and_its_last_column_the_class(tmp_path):
    data = _load(tmp_path, "a,b,c,label\n" + _wide())
    assert data.classes == ("even", "odd")
    assert data.features == 1
    assert data.test.inputs.shape[1] == 3
    assert sum(data.about["examples"].values()) == 10
    assert data.about["baseline"]["majority class"] == pytest.approx(0.5, abs=0.5)


def test_a_table_without_a_header_is_read_from_its_first_line(tmp_path):
    assert sum(_load(tmp_path, _wide()).about["examples"].values()) == 10


def test_the_long_form_gathers_the_lines_of_an_id(tmp_path):
    data = _load(tmp_path, _long())
    assert data.features == 2
    assert data.classes == ("down", "up")
    split = data.test
    assert split.lengths is not None
    assert {3: "down", 4: "up"}[int(split.lengths[0])] == data.classes[int(split.targets[0])]


def test_every_class_is_in_every_part_and_no_sequence_in_two(tmp_path):
    data = _load(tmp_path, _wide(8))
    train, *_ = (torch.cat([targets for _, targets, _ in data.train.epoch(0)]), 0)
    assert set(train.tolist()) == set(data.validation.targets.tolist()) == set(data.test.targets.tolist()) == {0, 1}
    assert sum(data.about["examples"].values()) == 8


def test_features_are_normalised_by_the_training_split_alone(tmp_path):
    data = _load(tmp_path, _wide(40))
    inputs = torch.cat([inputs for inputs, _, _ in data.train.epoch(0)])
    assert float(inputs.mean()) == pytest.approx(0, abs=1e-5)
    assert float(inputs.std(unbiased=False)) == pytest.approx(1, abs=1e-5)


def test_a_number_to_predict_is_normalised_and_measured_in_its_own_unit(tmp_path):
    data = _load(tmp_path, "".join(f"{place},{place * 2},{1000 + 10 * place}\n" for place in range(40)), "number")
    targets = torch.cat([targets for _, targets, _ in data.train.epoch(0)])
    assert float(targets.mean()) == pytest.approx(0, abs=1e-5)
    assert data.scale == pytest.approx(118, rel=0.2)
    assert data.about["baseline"]["always the mean"] == pytest.approx(13000, rel=0.8)


def test_a_shorter_sequence_leaves_its_last_cells_empty(tmp_path):
    content = "".join(f"{place},{place + 1},{'' if place % 2 else place + 2},{'odd' if place % 2 else 'even'}\n" for place in range(12))
    lengths = _load(tmp_path, content).test.lengths
    assert set(lengths.tolist()) == {2, 3}


def test_copies_are_left_out_and_counted_so_that_none_is_in_two_splits(tmp_path):
    data = _load(tmp_path, _wide() + _wide(3))
    assert sum(data.about["examples"].values()) == 10
    assert "3 sequences were left out, being copies of others" in data.about["task"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        (_wide() + "1,2\n", "line 11: 2 columns, expected 4"),
        (_wide() + "1,x,3,odd\n", "line 11: column 2 is `x`, expected a finite number"),
        (_wide() + "1,nan,3,odd\n", "line 11: column 2 is `nan`, expected a finite number"),
        (_wide() + "1,,3,odd\n", "line 11: column 2 is empty, expected a finite number"),
        (_wide() + ",,,odd\n", "line 11: no sequence"),
        (_wide() + "1,2,3,\n", "line 11: no sequence, or nothing to predict"),
        (_wide() + "7,7,7,once\n", "line 11: class `once` has 1 different sequence, expected at least 4"),
        ("1,2,a\n2,3,a\n3,4,a\n4,5,a\n", "all 4 sequences of .* are of one class"),
        (_long() + "\ns9,2,1,1,up\ns9,1,1,1,up\n", "t of `s9` is 1 after 2"),
        (_long() + "\ns9,1,1,1,up\ns9,1,1,1,up\n", "t of `s9` is 1 after 1"),
        (_long() + "\ns9,1,1,1,up\ns9,2,1,1,down\n", "`s9` is `down`, but `up` in line 30"),
        (_long() + "\ns9,1,1,1,\n", "the last column is empty"),
        (_long() + "\ns9,1,inf,1,up\n", "column speed is `inf`"),
        ("id,t,label\na,1,up\n", "expected id, t, features and a last one"),
        (b"1,2,caf\xe9\n", "line 1: byte 8 of the file is 0xe9, which is not UTF-8"),
        ('1,"2,3,a\n', "line 1: unexpected end of data"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path, content, words):
    with pytest.raises(WorkbenchError, match=words) as caught:
        _load(tmp_path, content)
    assert caught.value.hint
    assert "mine.csv" in caught.value.message


def test_empty_lines_do_not_count_as_sequences_but_as_lines(tmp_path):
    assert sum(_load(tmp_path, _wide().replace("\n", "\n\n")).about["examples"].values()) == 10
    with pytest.raises(WorkbenchError, match="line 21"):
        _load(tmp_path, _wide().replace("\n", "\n\n") + "1,x,3,odd\n")


def test_without_a_path_the_error_says_where_to_give_one():
    with pytest.raises(WorkbenchError, match="no table was given") as caught:
        load_table("", "class", device=CPU, batch_size=4, seed=0)
    assert "--path" in caught.value.hint
