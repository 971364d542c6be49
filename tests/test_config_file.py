"""Settings in a TOML file: what is written reads back exactly, and what is wrong says in which line."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from workbench import config_file
from workbench.errors import WorkbenchError
from workbench.finding import find_recipes
from workbench.recipe import Preset, Recipe
from workbench.schema import Value, build, describe, flat
from workbench.tui.editing.ladder import next_value

RECIPES = find_recipes()
CNN = RECIPES["cnn"]
FLAGS = describe(CNN.config)


def saved(place: Path, recipe: Recipe, values: dict[str, Value], preset: Preset | None = None) -> Path:
    preset = preset or recipe.presets[0]
    file = place / "c.toml"
    base = flat(build(recipe.config, preset.settings))
    file.write_text(config_file.written(recipe.name, preset.name, describe(recipe.config), values, base), encoding="utf-8")
    return file


@pytest.mark.parametrize(("recipe", "preset"), [pytest.param(r, p, id=f"{r.name}-{p.name}") for r in RECIPES.values() for p in r.presets])
def test_every_preset_reads_back_as_it_was_written(recipe: Recipe, preset: Preset, tmp_path: Path) -> None:
    values = flat(build(recipe.config, preset.settings))
    found = config_file.read(saved(tmp_path, recipe, values, preset), describe(recipe.config), recipe=recipe.name)
    assert (found.recipe, found.preset) == (recipe.name, preset.name)
    assert found.values == values
    assert [type(found.values[name]) for name in values] == [type(value) for value in values.values()]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize("direction", [-1, 1])
def test_every_rung_of_every_ladder_reads_back_exactly(recipe: Recipe, direction: int, tmp_path: Path) -> None:
    settings = describe(recipe.config)
    values = flat(build(recipe.config, {}))
    for _ in range(9):
        values = {setting.name: next_value(setting, values[setting.name], direction) for setting in settings}
        assert config_file.read(saved(tmp_path, recipe, values), settings).values == values


@pytest.mark.parametrize(
    "path", ['a "quoted" \\ path', "tab\there\nline", "\x1b[31m\x7f\x9b\u202e", "数字/日本語 😀", "# no comment", "'''"]
)
def test_any_text_reads_back_and_what_is_not_printable_is_escaped(path: str, tmp_path: Path) -> None:
    values = {**flat(build(CNN.config, {})), "path": path, "lr": 0.1 + 0.2 - 0.29, "seed": 2**31 - 1}
    file = saved(tmp_path, CNN, values)
    assert config_file.read(file, FLAGS).values == values
    assert all(character.isprintable() or character == "\n" for character in file.read_text())


def test_bytes_that_are_no_text_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="is no text that a TOML file can hold"):
        saved(tmp_path, CNN, {**flat(build(CNN.config, {})), "path": "caf\udce9"})


def test_each_setting_stands_below_its_help_and_what_the_preset_has(tmp_path: Path) -> None:
    text = saved(tmp_path, CNN, {**flat(build(CNN.config, {})), "lr": 3e-3}).read_text()
    lines = text.splitlines()
    assert "lr = 3e-3" in lines
    above = " ".join(line.removeprefix("# ") for line in lines[lines.index("lr = 3e-3") - 2 : lines.index("lr = 3e-3")])
    assert above.startswith("Step size of the optimizer. Higher learns faster until it diverges. A number above 0 and at most 1.")
    assert above.endswith("The preset has 0.01.")
    assert set(tomllib.loads(text)) == {"recipe", "preset", *(setting.group for setting in FLAGS)}
    for setting in FLAGS:
        assert setting.help.split(".")[0][:40] in text


def test_a_file_may_be_flat_or_in_groups_and_say_little(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('lr = 1e-3\nclip_norm = "off"\n[model]\nwidth = 8\nbatch_norm = false\n[machine]\ndevice = "cpu"\n')
    found = config_file.read(file, FLAGS, recipe="cnn")
    assert found.values == {"lr": 1e-3, "clip_norm": None, "width": 8, "batch_norm": False, "device": "cpu"}
    assert (found.recipe, found.preset) == ("", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = 1\nlrr = 1", ["unknown setting `lrr`", "c.toml, line 2", "did you mean `lr`?"]),
        ("[model]\nlr = 1", ["unknown setting `lr`", "line 2, table [model]"]),
        ("\n[modle]\nwidth = 1", ["unknown setting `modle`", "line 2"]),
        ("lr = 2", ["c.toml, line 1: setting `lr` is `2`"]),
        ("# lr = 3\n[optimization]\nlr = true", ["c.toml, line 3: setting `lr` is `yes`"]),
        ("lr = [1]", ["c.toml, line 1: setting `lr` is `[1]`"]),
        ('nesterov = "perhaps"', ["c.toml, line 1: setting `nesterov` is `perhaps`, expected yes or no"]),
        ("seed = 1\nlr = = 1", ["c.toml cannot be read", "line 2"]),
        ("lr = 0.1\n[optimization]\nlr = 0.2", ["`lr` stands twice", "line 3"]),
        ('recipe = "rnn"', ["line 1: settings of `rnn`, not of `cnn`"]),
        ("recipe = 3", ["line 1 is `3`, expected a name"]),
    ],
)
def test_a_files_errors_name_the_file_the_line_and_the_key(text: str, words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(WorkbenchError) as caught:
        config_file.read(file, FLAGS, recipe="cnn")
    for word in words:
        assert word in str(caught.value)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'path = "caf\xe9"')
    (tmp_path / "large.toml").write_bytes(b"# " + b"x" * (1 << 20))
    os.mkfifo(tmp_path / "pipe")
    for name, words in {
        "none": "there is no file",
        "": "is no file",
        "pipe": "is no file",
        "latin.toml": "not UTF-8",
        "large.toml": "1 MB",
    }.items():
        with pytest.raises(WorkbenchError, match=words):
            config_file.read(tmp_path / name, FLAGS)
