"""Who may import whom (DESIGN.md), read from the source of every file, and what each command really loads."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
TOLD = ("notes", "tasks")  # parts of a recipe that listing it reads, too
ANYBODY = frozenset({"errors", "paths", "units", "clean"})
UI_NEEDS = frozenset(
    {
        "events",
        "runs",
        "queue",
        "sweeps",
        "diagnosis",
        "preferences",
        "config_file",
        "charts",
        "comparison",
        "views",
        "recipe",
        "schema",
        "settings",
        "finding",
        "data.catalogue",
        "launching",
        "trying.plan",
        "worker.study",
        "exporting",
        "importing",
        "scaffolding",
    }
)
WORKER_NEEDS = frozenset({"events", "queue", "runs", "recipe", "schema", "settings", "finding", "data", "data.catalogue", "training"})
TRAINING_NEEDS = frozenset({"recipe", "uses", "measures", "schema", "settings", "data.catalogue"})
HEAVY = frozenset({"torch", "torchvision", "textual"})


@dataclass(frozen=True)
class Rule:
    """What a room may import besides itself and what anybody may.

    Attributes:
        inside: rooms that may be imported within a function only, so that importing this one stays cheap.
        torch: "yes", "inside" (within functions only) or "no".
    """

    rooms: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    torch: str = "no"
    textual: bool = False


RULES = {
    "errors": Rule(),
    "units": Rule(),
    "clean": Rule(),
    "paths": Rule(),
    "package": Rule(inside=frozenset({"recording", "recipe"})),
    "__main__": Rule(frozenset({"cli"})),
    "events": Rule(),
    "charts": Rule(),
    "schema": Rule(),
    "preferences": Rule(),
    "config_file": Rule(frozenset({"schema"})),
    "settings": Rule(frozenset({"schema"})),
    "data.catalogue": Rule(),
    "uses": Rule(),
    "recipe": Rule(frozenset({"schema", "uses"})),
    "measures": Rule(frozenset({"recipe"})),
    "finding": Rule(frozenset({"recipe"})),
    "locks": Rule(),
    "queue": Rule(frozenset({"locks"})),
    "runs": Rule(frozenset({"events", "locks", "queue"})),
    "diagnosis": Rule(frozenset({"runs", "events"})),
    "sweeps": Rule(frozenset({"runs", "events", "locks", "recipe", "schema", "settings"})),
    "comparison": Rule(),
    "views": Rule(frozenset({"runs", "sweeps", "charts", "events", "diagnosis", "queue", "schema", "settings", "comparison"})),
    "cache": Rule(torch="yes"),
    "data": Rule(TRAINING_NEEDS | {"cache"}, torch="yes"),
    "training": Rule(TRAINING_NEEDS | {"cache"}, torch="yes"),
    "recipes": Rule(TRAINING_NEEDS, inside=frozenset({"recipes.parts"}), torch="inside"),
    "recipes.parts": Rule(TRAINING_NEEDS | {"recipes", "data", "training"}, torch="yes"),
    "scaffolding": Rule(),
    "importing": Rule(frozenset({"events", "runs", "recipe", "recording", "session.journal", "package"})),
    "exporting": Rule(frozenset({"events", "runs", "views", "charts"})),
    "exporting.model": Rule(frozenset({"exporting", "using", "runs", "recipe", "schema", "finding", "training", "package"}), torch="yes"),
    "using": Rule(frozenset({"exporting", "runs", "recipe", "uses", "schema", "finding", "data", "training", "package"}), torch="yes"),
    "launching": Rule(
        frozenset({"runs", "sweeps", "events", "locks", "queue", "recipe", "finding", "schema", "settings", "trying.plan", "package"})
    ),
    "worker.study": Rule(frozenset({"sweeps", "schema"})),
    "session.journal": Rule(frozenset({"events", "runs"}), torch="inside"),
    "session.requests": Rule(frozenset({"events", "runs", "recipe", "schema", "session.journal"})),
    "session": Rule(WORKER_NEEDS | {"session.journal", "session.requests"}, torch="yes"),
    "recording": Rule(frozenset({"events", "runs", "recipe", "session.journal", "session.requests", "package"})),
    "trying.plan": Rule(frozenset({"runs"})),
    "trying.estimate": Rule(),
    "trying.rate": Rule(),
    "trying": Rule(
        WORKER_NEEDS | {"session", "session.journal", "session.requests", "trying.plan", "trying.estimate", "trying.rate"}, torch="yes"
    ),
    "worker": Rule(
        WORKER_NEEDS
        | {"session", "session.journal", "session.requests", "launching", "package", "exporting", "using"}
        | {"worker.study", "sweeps", "locks"},
        inside=frozenset({"trying"}),
        torch="inside",
    ),
    "cli": Rule(UI_NEEDS | {"package"}, inside=frozenset({"tui"})),
    "tui": Rule(UI_NEEDS | {"package"}, textual=True),
}


class Import(NamedTuple):
    """One import, as found in the source."""

    file: Path
    line: int
    module: str
    is_inside: bool  # a function, so it happens only when that is called

    @property
    def where(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}"


def sources() -> list[Path]:
    return [path for folder in ("workbench", "recipes") for path in sorted((ROOT / folder).rglob("*.py")) if path.name != "rebuild.py"]


def imports_of(file: Path) -> Iterator[Import]:
    """Every import of a file; what is imported from a package counts as `package.name`."""

    def walk(node: ast.AST, is_inside: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = is_inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _is_for_types(child)
            if isinstance(child, ast.Import):
                yield from (Import(file, child.lineno, alias.name, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                start = "." * child.level + (child.module or "")
                yield from (Import(file, child.lineno, f"{start}.{alias.name}", inside) for alias in child.names)
            yield from walk(child, inside)

    yield from walk(ast.parse(file.read_text(encoding="utf-8")), False)


def _is_for_types(node: ast.AST) -> bool:
    """Whether a block is `if TYPE_CHECKING:`, which never runs."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def room_of(module: str) -> str | None:
    """The room that a dotted name belongs to; None for what is not ours."""
    parts = module.split(".")
    if parts[0] == "recipes":
        return "recipes" if len(parts) < 3 or parts[2] in TOLD or parts[2][:1].isupper() else "recipes.parts"
    if parts[0] != "workbench":
        return None
    if len(parts) == 1 or parts[1].startswith("__version"):
        return "package"
    pair = ".".join(parts[1:3])
    return pair if pair in RULES else parts[1]


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def broken(found: Import) -> str:
    """The rule that an import breaks, in words; empty where it breaks none."""
    home = room_of(module_of(found.file))
    if home not in RULES:
        return f"{found.where}: the room `{home}` has no rule; give it one in tests/test_layers.py and in DESIGN.md"
    rule = RULES[home]
    if found.module.startswith("."):
        return f"{found.where}: relative import; write the whole name"
    top = found.module.partition(".")[0]
    if top in ("torch", "torchvision") and not (rule.torch == "yes" or (rule.torch == "inside" and found.is_inside)):
        return f"{found.where}: `{home}` may not import torch" + (" outside a function" if rule.torch == "inside" else "")
    if top == "textual" and not rule.textual:
        return f"{found.where}: `{home}` may not import textual; only the tui may"
    room = room_of(found.module)
    if room is None or room == home or room in ANYBODY or room in rule.rooms:
        return _between_recipes(found)
    if room in rule.inside:
        return "" if found.is_inside else f"{found.where}: `{home}` may import `{room}` inside a function only"
    return f"{found.where}: `{home}` may not import `{room}` ({found.module}); it may import {', '.join(sorted(rule.rooms)) or 'no room'}"


def _between_recipes(found: Import) -> str:
    mine, other = module_of(found.file).split("."), found.module.split(".")
    if mine[0] == other[0] == "recipes" and len(mine) > 1 and len(other) > 1 and mine[1] != other[1]:
        return f"{found.where}: the recipe `{mine[1]}` imports `{other[1]}`; recipes never import each other"
    return ""


def test_every_import_keeps_to_the_table() -> None:
    rules = [rule for file in sources() for found in imports_of(file) if (rule := broken(found))]
    assert not rules, "\n" + "\n".join(rules)


def test_no_room_imports_itself_by_way_of_others() -> None:
    edges: dict[str, set[str]] = {}
    for file in sources():
        home = room_of(module_of(file)) or ""
        for found in imports_of(file):
            room = room_of(found.module)
            if room and room != home and not found.is_inside:
                edges.setdefault(home, set()).add(room)
    ring = _ring(edges)
    assert not ring, f"these rooms import each other in a ring: {' -> '.join(ring)}"


def test_no_room_is_called_by_a_name_that_says_nothing() -> None:
    names = {part for file in sources() for part in (*file.relative_to(ROOT).parts[:-1], file.stem)}
    assert not names & {"utils", "util", "helpers", "helper", "common", "core", "managers", "manager", "misc"}


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        ("workbench/runs/reading/state.py", "import torch", "`runs` may not import torch"),
        ("workbench/runs/reading/state.py", "from workbench.charts.rows import Row", "`runs` may not import `charts`"),
        ("workbench/runs/reading/state.py", "from . import series", "relative import"),
        ("workbench/cli/app.py", "from workbench.tui.opening import run", "inside a function only"),
        ("workbench/cli/app.py", "from workbench.worker.supervise import x", "may not import `worker`"),
        ("workbench/cli/app.py", "from workbench.data.vision.images import x", "may not import `data`"),
        ("workbench/charts/series/line.py", "def f():\n    import textual.app", "may not import textual"),
        ("workbench/tui/app.py", "from workbench.cli import output", "`tui` may not import `cli`"),
        ("workbench/recipe.py", "from workbench import finding", "may not import `finding`"),
        ("recipes/cnn/__init__.py", "import torch", "may not import torch outside a function"),
        ("recipes/cnn/__init__.py", "from recipes.cnn.train import train", "inside a function only"),
        ("recipes/cnn/model.py", "from recipes.rnn.model import Cell", "recipes never import each other"),
        ("recipes/cnn/model.py", "from workbench.runs.reading.feed import Feed", "may not import `runs`"),
        ("workbench/brand_new/x.py", "import os", "has no rule"),
    ],
)
def test_a_broken_rule_is_said_in_words(file: str, line: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: line)
    assert any(words in broken(found) for found in imports_of(ROOT / file))


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("workbench/cli/app.py", "def f():\n    from workbench.tui.opening import run"),
        ("workbench/cli/app.py", "from workbench.data.catalogue import find"),
        ("workbench/worker/__main__.py", "def f():\n    import torch"),
        ("recipes/cnn/train.py", "from recipes.cnn import Config"),
        ("recipes/cnn/__init__.py", "def f():\n    from recipes.cnn.train import train"),
        ("workbench/tui/app.py", "import textual"),
    ],
)
def test_what_the_table_allows_is_no_broken_rule(file: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: line)
    assert [broken(found) for found in imports_of(ROOT / file)] == [""]


@pytest.fixture(scope="module")
def a_runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.builders import build_run, finished_run

    root = tmp_path_factory.mktemp("runs")
    build_run(root, finished_run())
    build_run(root, finished_run(), "cnn-2")
    return root


@pytest.mark.parametrize(
    "typed",
    [
        ["--help"],
        ["recipes"],
        ["runs", "--json"],
        ["runs"],
        ["show", "last", "--once"],
        ["compare", "cnn-1", "cnn-2"],
        ["train", "cnn", "--help"],
    ],
)
def test_commands_that_only_read_load_neither_torch_nor_textual(typed: list[str], a_runs_folder: Path) -> None:
    program = f"from workbench.cli import app\nassert app.run({typed!r}) == 0"
    assert not _loaded(program, a_runs_folder) & {*HEAVY, "numpy", "rich.console"}


def test_the_interface_never_loads_torch(a_runs_folder: Path) -> None:
    assert not _loaded("import workbench.tui.app", a_runs_folder) & {"torch", "torchvision"}


def test_a_module_that_does_load_torch_is_seen(a_runs_folder: Path) -> None:
    assert "torch" in _loaded("import sys, types; sys.modules['torch'] = types.ModuleType('torch')", a_runs_folder)


def _loaded(program: str, runs: Path) -> set[str]:
    """The modules that a program has loaded at its end."""
    program += "\nimport sys\nprint(*sorted(sys.modules), file=sys.stderr)"
    environment = {**os.environ, "WORKBENCH_RUNS": str(runs), "PYTHONPATH": str(ROOT)}
    environment.pop("WORKBENCH_RECIPES", None)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120, cwd=runs)
    assert done.returncode == 0, done.stderr[-2000:]
    return set(done.stderr.split())


def _ring(edges: dict[str, set[str]]) -> list[str]:
    """Some rooms that import each other in a ring; empty where there is none."""
    done: set[str] = set()

    def visit(room: str, path: list[str]) -> list[str]:
        if room in path:
            return [*path[path.index(room) :], room]
        if room in done:
            return []
        for other in sorted(edges.get(room, ())):
            if ring := visit(other, [*path, room]):
                return ring
        done.add(room)
        return []

    for room in sorted(edges):
        if ring := visit(room, []):
            return ring
    return []
