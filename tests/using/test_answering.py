"""What trained models of each kind answer, asked as the helper is."""

from __future__ import annotations

import base64
import math
import shutil

import pytest
from PIL import Image

from tests.using.runs import trained
from workbench.errors import WorkbenchError
from workbench.runs.files import replace_file
from workbench.using.answering import answer
from workbench.using.in_use import load


def ask(folder, do, **more):
    return answer({"do": do, "folder": str(folder.path), **more})


@pytest.fixture
def seven(tmp_path):
    """A seven in black on white, larger than any data set has it, with colours and an edge."""
    image = Image.new("RGB", (300, 200), "white")
    for place in range(100):
        image.paste("black", (100 + place, 30, 110 + place, 45))
        image.paste("black", (190 - place // 2, 30 + place, 205 - place // 2, 45 + place))
    image.save(tmp_path / "seven.jpg")
    return tmp_path / "seven.jpg"


@pytest.mark.parametrize("kind", ["images", "image-rows", "image-tokens"])
def test_an_image_of_any_size_is_named_with_probabilities_that_sum_to_one(run, seven, kind):
    found = ask(run(kind), "name", files=[str(seven)])
    (row,) = found["rows"]
    assert row["done"] == "300x200 colour -> 8x8 grey, inverted"
    assert list(row["probabilities"]) == [str(digit) for digit in range(10)]
    assert math.isclose(sum(row["probabilities"].values()), 1, abs_tol=1e-5)
    assert ask(run(kind), "about")["kind"] == "names"


def test_a_folder_is_named_file_by_file_and_what_is_no_image_is_left_out(run, seven):
    shutil.copy(seven, seven.parent / "again.png")
    (seven.parent / "broken.png").write_bytes(b"no image")
    found = ask(run("images"), "name", files=[str(seven.parent)])
    assert [row["file"].rpartition("/")[2] for row in found["rows"]] == ["again.png", "seven.jpg"]
    assert "broken.png cannot be read: not an image" in found["skipped"][0]
    with pytest.raises(WorkbenchError, match="not an image"):
        ask(run("images"), "name", files=[str(seven.parent / "broken.png")])
    with pytest.raises(WorkbenchError, match="there is no file"):
        ask(run("images"), "name", files=[str(seven.parent / "none.png")])


@pytest.mark.parametrize("kind", ["images", "image-tokens"])
def test_where_it_looked_comes_with_a_drawing_and_a_held_out_image(run, kind):
    drawn = ask(run(kind), "look", pixels=base64.b64encode(bytes(27) + b"\xff" * 2 + bytes(35)).decode())
    assert len(base64.b64decode(drawn["look"]["pixels"])) == 64
    assert (drawn["truth"], drawn["done"]) == ("", "centred")
    held_out = ask(run(kind), "look", example=3)
    assert held_out["truth"] in "0123456789"
    assert any(base64.b64decode(held_out["image"]["pixels"]))


def test_a_recurrent_network_names_without_saying_where_it_looked(run):
    assert ask(run("image-rows"), "look", example=0)["look"] is None


def test_a_source_is_translated_with_a_row_of_attention_for_each_token(run):
    (row,) = ask(run("pairs"), "write", sources=["March 3, 2020"])["rows"]
    attention = row["attention"]
    assert "".join(attention["columns"]).lower() == "march 3, 2020"
    assert len(attention["matrix"]) == len(attention["rows"])
    assert all(math.isclose(sum(weights), 1, abs_tol=1e-4) for weights in attention["matrix"])
    assert [row["source"] for row in ask(run("pairs"), "write", sources=["1 May 1999", "2 May 1999"])["rows"]] == [
        "1 May 1999",
        "2 May 1999",
    ]
    with pytest.raises(WorkbenchError, match="nothing to read"):
        ask(run("pairs"), "write", sources=[""])


def test_a_model_without_attention_translates_and_says_what_it_never_saw(run):
    (row,) = ask(run("pairs-plain"), "write", sources=["4x5"])["rows"]
    assert row["attention"] is None
    assert row["unknown"] == ["x"]


@pytest.mark.parametrize("kind", ["text", "text-tokens"])
def test_a_text_goes_on_the_same_however_much_is_asked_for_at_a_time(run, kind):
    how = {"prompt": "The quick ", "temperature": 0.8, "top_k": 5, "seed": 3}
    texts = []
    for pieces in ((40,), (1, 7, 32)):
        begun = ask(run(kind), "continue", **how)
        texts.append("".join(answer({"do": "more", "text": begun["text"], "count": count})["more"] for count in pieces))
    assert len(texts[0]) == 40
    assert texts[0] == texts[1]
    shares = [share for _, share in begun["following"]]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1 + 1e-6
    assert ask(run(kind), "continue", prompt="\N{SNOWMAN}")["unknown"] == "\N{SNOWMAN}"


def test_a_text_that_is_not_the_one_it_learnt_is_refused(tmp_path):
    folder = trained(tmp_path, "text")
    path = tmp_path / "text" / "text.txt"
    path.write_text(path.read_text()[::-1])
    with pytest.raises(WorkbenchError, match="not what the run learnt from"):
        ask(folder, "about")


@pytest.mark.parametrize("kind", ["adding", "copy"])
def test_examples_of_a_memory_task_are_made_and_answered(run, kind):
    rows = ask(run(kind), "answer", count=3, seed=1)["rows"]
    assert len(rows) == 3
    assert all(row["given"] and row["answer"] and row["right"] for row in rows)
    assert ask(run(kind), "answer", count=3, seed=1)["rows"] == rows
    assert ask(run(kind), "answer", count=3, seed=2)["rows"] != rows


def test_sequences_of_a_file_are_answered_with_or_without_their_own_answers(run, tmp_path):
    (tmp_path / "new.csv").write_text("1,2,3,\n4,5,6,up\n")
    rows = ask(run("table"), "answer", files=[str(tmp_path / "new.csv")])["rows"]
    assert [row["right"] for row in rows] == ["", "up"]
    assert all(row["answer"].split()[0] in ("up", "down") for row in rows)
    (tmp_path / "long.csv").write_text("id,t,value,marked,sum\na,1,0.5,1,\na,2,0.25,1,\n")
    (row,) = ask(run("adding"), "answer", files=[str(tmp_path / "long.csv")])["rows"]
    assert row["given"] == "2 steps"
    with pytest.raises(WorkbenchError, match="2 features a step, expected 1"):
        ask(run("table"), "answer", files=[str(tmp_path / "long.csv")])
    with pytest.raises(WorkbenchError, match="it needs something to answer"):
        ask(run("table"), "answer")


def test_samples_are_drawn_of_all_classes_or_of_one_and_written_as_a_png(run, tmp_path):
    assert ask(run("classes"), "draw", count=12)["captions"] == [str(place % 10) for place in range(12)]
    assert ask(run("classes"), "draw", count=2, **{"class": "3"})["captions"] == ["3", "3"]
    target = tmp_path / "grid.png"
    assert ask(run("drawings"), "draw", count=5, file=str(target)) | {"count": 5, "file": str(target)} == ask(
        run("drawings"), "draw", count=5, file=str(target)
    )
    with Image.open(target) as image:
        assert image.size == (3 * 66 - 2, 2 * 66 - 2)
    with pytest.raises(WorkbenchError, match="there is no class `x`"):
        ask(run("classes"), "draw", count=1, **{"class": "x"})
    with pytest.raises(WorkbenchError, match="was not told the classes"):
        ask(run("drawings"), "draw", count=1, **{"class": "3"})


def test_a_walk_begins_and_ends_at_points_that_the_seed_decides(run):
    images = base64.b64decode(ask(run("drawings"), "walk", seed=1, count=5)["pixels"])
    again = base64.b64decode(ask(run("drawings"), "walk", seed=1, count=3)["pixels"])
    assert (images[:64], images[-64:]) == (again[:64], again[-64:])
    assert images[:64] != images[-64:]


def test_a_run_of_a_path_is_asked_only_where_somebody_names_the_path(tmp_path, monkeypatch):
    folder = trained(tmp_path, "adding")
    mine = tmp_path / "own" / "mine.py"
    mine.parent.mkdir()
    mine.write_text("from recipes.rnn import RECIPE\n")
    replace_file(folder.path / "run.json", folder.record().model_copy(update={"recipe_path": str(mine)}).model_dump_json().encode())
    with pytest.raises(WorkbenchError, match="was trained by the recipe at"):
        ask(folder, "about")
    monkeypatch.setenv("WORKBENCH_RECIPES", str(mine.parent))
    assert ask(folder, "about")["kind"] == "answers"


def test_what_a_model_cannot_be_asked_says_what_it_can(run):
    with pytest.raises(WorkbenchError) as refused:
        ask(run("drawings"), "name", files=[])
    assert "draws images" in refused.value.message
    assert refused.value.hint == "workbench sample gan-1 --count 64 -o grid.png"
    with pytest.raises(WorkbenchError, match="workbench predict"):
        ask(run("pairs"), "draw", count=1)


def test_a_checkpoint_of_another_step_and_newer_weights_of_a_run_that_goes_on_are_used(tmp_path):
    folder = trained(tmp_path, "images", checkpoint_every=1)
    assert ask(folder, "about", step=1)["step"] == 1
    with pytest.raises(WorkbenchError) as missing:
        ask(folder, "about", step=9)
    assert missing.value.hint == "it has those of 1, 2"
    before = load(folder.path)
    assert load(folder.path) is before
    newest = folder.checkpoints / "2-1"
    newest.rename(folder.checkpoints / "2-2")  # as another attempt saves it
    assert load(folder.path) is not before


def test_int8_is_smaller_answers_nearly_the_same_and_says_so(run, seven):
    plain = ask(run("image-tokens"), "name", files=[str(seven)])["rows"][0]["probabilities"]
    found = ask(run("image-tokens"), "name", files=[str(seven)], int8=True)
    assert found["int8"]["layers"] > 3
    assert found["int8"]["seconds_fp32"] > 0
    assert found["int8"]["seconds_int8"] > 0
    assert all(abs(plain[name] - share) < 0.05 for name, share in found["rows"][0]["probabilities"].items())
    begun = ask(run("text"), "continue", prompt="The ", int8=True)
    assert begun["int8"]["layers"] == 2  # recurrent and dense
    assert ask(run("pairs"), "write", sources=["1 May 1999"], int8=True)["rows"][0]["attention"]
    assert ask(run("drawings"), "draw", count=2, int8=True)["shape"] == [2, 8, 8]
