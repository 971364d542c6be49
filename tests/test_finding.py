import sys
from importlib.metadata import EntryPoint

import pytest

from recipes.cnn import RECIPE
from workbench import finding
from workbench.errors import ExitCode, WorkbenchError

MINE = """
from dataclasses import replace
from recipes.cnn import RECIPE as CNN
RECIPE = replace(CNN, name="{name}")
"""


@pytest.fixture(autouse=True)
def _nothing_else(monkeypatch):
    """Neither entry points nor folders of the machine that the tests run on."""
    monkeypatch.setattr(finding, "entry_points", lambda group: [])
    monkeypatch.delenv("WORKBENCH_RECIPES", raising=False)


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _entry(name, value, monkeypatch):
    monkeypatch.setattr(finding, "entry_points", lambda group: [EntryPoint(name, value, group)])


def test_the_built_in_recipes_are_found_by_name():
    assert finding.find_recipes()["cnn"] is RECIPE
    assert finding.find_recipe("cnn") is RECIPE
    assert RECIPE.path == ""


def test_finding_recipes_does_not_import_torch_again_or_at_all():
    before = "torch" in sys.modules
    finding.find_recipes()
    assert ("torch" in sys.modules) == before


def test_an_unknown_recipe_is_refused_with_the_nearest_name():
    with pytest.raises(WorkbenchError) as caught:
        finding.find_recipe("cn")
    assert caught.value.message == "unknown recipe `cn`"
    assert caught.value.hint == "did you mean `cnn`? `workbench recipes` lists them"


@pytest.mark.parametrize("given", ["mine.py", "mine"])
def test_a_recipe_is_found_by_its_path_and_remembers_it(tmp_path, given):
    path = tmp_path / given
    _write(path if given.endswith(".py") else path / "__init__.py", MINE.format(name="mine"))
    recipe = finding.find_recipe(str(path))
    assert (recipe.name, recipe.path) == ("mine", str(path))
    assert finding.find_recipes([str(path)])["mine"] == recipe


def test_a_path_that_passes_a_built_in_recipe_on_leaves_it_as_it_was(tmp_path):
    path = _write(tmp_path / "again.py", "from recipes.cnn import RECIPE\n")
    assert finding.from_path(path).path == str(path)
    assert finding.find_recipe("cnn").path == ""


@pytest.mark.parametrize(("name", "is_path"), [("cnn", False), ("./cnn", True), ("a/b", True), ("mine.py", True), ("last~1", False)])
def test_a_slash_or_an_ending_makes_a_path(name, is_path):
    assert finding.looks_like_path(name) == is_path


@pytest.mark.parametrize("name", ["none.py", "empty", "notes.txt"])
def test_a_path_without_a_recipe_is_exit_code_3(tmp_path, name):
    (tmp_path / "empty").mkdir()
    _write(tmp_path / "notes.txt", "hello")
    with pytest.raises(WorkbenchError, match="no recipe at") as caught:
        finding.from_path(tmp_path / name)
    assert caught.value.code == ExitCode.NOT_FOUND


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = a / 0\n", "ZeroDivisionError: division by zero (broken.py, line 2)"),
        ("a = (\n", "SyntaxError: '(' was never closed (broken.py, line 1)"),
        ("\nfrom json import nothing_like_it\n", "cannot import name 'nothing_like_it' from 'json' (broken.py, line 2)"),
        ("import nowhere_to_be_found\n", "ModuleNotFoundError: No module named 'nowhere_to_be_found' (broken.py, line 1)"),
        ("\n\nraise SystemExit(3)\n", "SystemExit: 3 (broken.py, line 3)"),
    ],
)
def test_a_recipe_that_does_not_run_is_refused_with_the_line(tmp_path, text, said):
    path = _write(tmp_path / "broken.py", text)
    with pytest.raises(WorkbenchError) as caught:
        finding.from_path(path)
    assert f"the recipe {path} does not run: " in caught.value.message
    assert said in caught.value.message
    assert not [name for name in sys.modules if name.startswith("workbench_recipe_broken")]


@pytest.mark.parametrize("text", ["", "RECIPE = 'cnn'\n"])
def test_a_file_that_defines_no_recipe_is_refused(tmp_path, text):
    with pytest.raises(WorkbenchError, match="defines no RECIPE") as caught:
        finding.from_path(_write(tmp_path / "other.py", text))
    assert "RECIPE = Recipe(...)" in caught.value.hint


def test_recipes_of_a_folder_in_the_environment_are_found_and_parts_and_leftovers_passed_over(tmp_path, monkeypatch):
    _write(tmp_path / "one.py", MINE.format(name="one"))
    _write(tmp_path / "two" / "__init__.py", MINE.format(name="two"))
    _write(tmp_path / "_parts.py", "raise AssertionError")
    _write(tmp_path / "__init__.py", "raise AssertionError")
    _write(tmp_path / ".one.py", "raise AssertionError")
    (tmp_path / ".#one.py").symlink_to("nobody@nowhere:1")
    _write(tmp_path / "README.md", "hello")
    (tmp_path / "__pycache__").mkdir()
    monkeypatch.setenv("WORKBENCH_RECIPES", f"{tmp_path}:{tmp_path / 'none'}:")
    assert set(finding.find_recipes()) == {*finding.BUILT_IN, "one", "two"}


def test_an_entry_point_brings_a_recipe_under_its_own_name(monkeypatch):
    _entry("another-name", "recipes.cnn:RECIPE", monkeypatch)
    assert list(finding.find_recipes()) == list(finding.BUILT_IN)
    _entry("cnn", "recipes.cnn", monkeypatch)
    assert list(finding.find_recipes()) == list(finding.BUILT_IN)
    assert finding.find_recipes()["cnn"] is RECIPE


@pytest.mark.parametrize(
    ("value", "said"),
    [("nowhere_to_be_found:RECIPE", "does not load"), ("recipes.cnn:nothing", "does not load"), ("json", "defines no RECIPE")],
)
def test_an_entry_point_that_brings_no_recipe_is_named(monkeypatch, value, said):
    _entry("theirs", value, monkeypatch)
    found = finding.search()
    assert list(found.recipes) == list(finding.BUILT_IN)
    (broken,) = found.broken
    assert broken.name == "theirs"
    assert said in broken.error.message
    assert f"theirs = {value}" in broken.error.message
    assert "<frozen" not in broken.error.message


def test_a_broken_recipe_of_a_folder_stops_no_other_and_is_told_with_its_line(tmp_path, monkeypatch):
    _write(tmp_path / "bad.py", "import json\n1 / 0\n")
    _write(tmp_path / "good.py", MINE.format(name="good"))
    monkeypatch.setenv("WORKBENCH_RECIPES", str(tmp_path))
    found = finding.search()
    assert set(found.recipes) == {*finding.BUILT_IN, "good"}
    assert [broken.name for broken in found.broken] == ["bad.py"]
    assert found.broken[0].error.message.endswith("ZeroDivisionError: division by zero (bad.py, line 2)")
    with pytest.raises(WorkbenchError, match="does not run"):
        finding.by_name("bad")


def test_only_what_the_variable_names_is_named(tmp_path, monkeypatch):
    inside = _write(tmp_path / "in" / "mine.py", MINE.format(name="mine"))
    alone = _write(tmp_path / "alone" / "__init__.py", MINE.format(name="alone")).parent
    deeper = _write(tmp_path / "in" / "deep" / "er.py", MINE.format(name="er"))
    assert not finding.is_named(str(inside))
    monkeypatch.setenv("WORKBENCH_RECIPES", f"{tmp_path / 'in'}:{alone}:{tmp_path / 'none'}")
    assert [finding.is_named(str(path)) for path in (inside, alone, deeper, tmp_path / "in", "/")] == [True, True, False, False, False]


def test_a_name_that_is_taken_stays_with_the_first_and_the_second_is_broken(tmp_path, monkeypatch):
    _write(tmp_path / "mine.py", MINE.format(name="cnn"))
    _write(tmp_path / "one.py", MINE.format(name="same"))
    _write(tmp_path / "two.py", MINE.format(name="same"))
    monkeypatch.setenv("WORKBENCH_RECIPES", str(tmp_path))
    found = finding.search()
    assert found.recipes["cnn"] is RECIPE
    assert found.recipes["same"].path == str(tmp_path / "one.py")
    mine, two = found.broken
    assert mine.reason == f"`cnn` is a built-in recipe; {tmp_path / 'mine.py'} needs a name of its own"
    assert two.reason.startswith(f"`same` is the recipe at {tmp_path / 'one.py'}; ")
    assert finding.in_short(found.broken) == f"mine.py is broken: {mine.reason}; and 1 more"
    assert finding.in_short(found.broken[1:]).endswith("needs a name of its own")
    with pytest.raises(WorkbenchError, match="is a built-in recipe"):
        finding.by_name("mine")


def test_an_entry_point_whose_recipe_has_a_taken_name_does_not_win(tmp_path, monkeypatch):
    _write(tmp_path / "theirs_cnn.py", MINE.format(name="cnn"))
    monkeypatch.syspath_prepend(tmp_path)
    _entry("theirs", "theirs_cnn:RECIPE", monkeypatch)
    found = finding.search()
    assert found.recipes["cnn"] is RECIPE
    assert [broken.name for broken in found.broken] == ["theirs"]


def test_an_entry_point_that_does_not_run_is_told_with_file_and_line(tmp_path, monkeypatch):
    _write(tmp_path / "theirs_broken" / "__init__.py", "")
    _write(tmp_path / "theirs_broken" / "recipe.py", "import json\n\n1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    _entry("theirs", "theirs_broken.recipe:RECIPE", monkeypatch)
    (broken,) = finding.search().broken
    assert broken.reason.endswith("does not load: ZeroDivisionError: division by zero (recipe.py, line 3)")


@pytest.mark.parametrize("given", ["mine", "mine/__init__.py"])
def test_a_recipe_itself_may_stand_in_the_environment(tmp_path, monkeypatch, given):
    _write(tmp_path / "mine" / "__init__.py", MINE.format(name="mine"))
    _write(tmp_path / "mine" / "model.py", "raise AssertionError")
    monkeypatch.setenv("WORKBENCH_RECIPES", str(tmp_path / given))
    found = finding.search()
    assert found.broken == []
    assert "mine" in found.recipes


def test_a_folder_that_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_RECIPES", str(tmp_path / "none"))
    (broken,) = finding.search().broken
    assert finding.in_short([broken]) == f"WORKBENCH_RECIPES is broken: there is nothing at {tmp_path / 'none'}, which it names"


@pytest.mark.parametrize(("text", "said"), [("x = (\n", "model.py, line 1"), ("\n\nraise ValueError\n", "model.py, line 3")])
def test_an_error_in_a_part_of_a_recipe_is_told_with_that_file(tmp_path, text, said):
    _write(tmp_path / "mine" / "__init__.py", "from .model import Network\n")
    _write(tmp_path / "mine" / "model.py", text)
    with pytest.raises(WorkbenchError) as caught:
        finding.from_path(tmp_path / "mine")
    assert f"({said})" in caught.value.message


@pytest.mark.parametrize("files", [{"recipes/__init__.py": ""}, {"recipes/__init__.py": "", "recipes/cnn.py": ""}, {"recipes.py": ""}])
def test_a_foreign_package_of_the_same_name_is_recognised_and_shown(tmp_path, monkeypatch, files):
    for name, text in files.items():
        _write(tmp_path / name, text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [finder for finder in sys.meta_path if "__editable__" not in getattr(finder, "__module__", "")])
    for name in [name for name in sys.modules if name == "recipes" or name.startswith("recipes.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(WorkbenchError, match="is not the workbench's") as caught:
        finding.find_recipes()
    assert str(tmp_path) in caught.value.message
    assert "an environment of its own" in caught.value.hint


def test_the_package_that_is_used_can_be_shown():
    assert (finding.recipes_package() / "cnn" / "train.py").is_file()


def test_a_recipe_that_was_mended_and_one_of_the_same_name_elsewhere_are_read_as_they_are(tmp_path):
    for place in ("here", "there"):
        _write(tmp_path / place / "mine" / "__init__.py", MINE.format(name="mine") + "from .model import ANSWER\n")
        _write(tmp_path / place / "mine" / "model.py", f"ANSWER = '{place}'\n")
    here, there = (finding.from_path(tmp_path / place / "mine") for place in ("here", "there"))
    assert (here.path, there.path) == (str(tmp_path / "here" / "mine"), str(tmp_path / "there" / "mine"))
    answers = {
        module.ANSWER for name, module in sys.modules.items() if name.startswith("workbench_recipe_mine") and hasattr(module, "ANSWER")
    }
    assert {"here", "there"} <= answers
    _write(tmp_path / "here" / "mine" / "model.py", "1 / 0\n")
    with pytest.raises(WorkbenchError, match="ZeroDivisionError"):
        finding.from_path(tmp_path / "here" / "mine")
