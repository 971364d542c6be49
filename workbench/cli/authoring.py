"""Writing a recipe of one's own, and checking it."""

from __future__ import annotations

from pathlib import Path

import typer

from workbench.cli import output
from workbench.errors import ExitCode
from workbench.finding import find_recipe, find_recipes


def new(name: str, *, as_json: bool) -> None:
    """Write a recipe to begin with into the folder that somebody stands in."""
    from workbench.scaffolding.new import write

    folder = write(name, Path.cwd(), taken=find_recipes())
    if as_json:
        output.emit_json({"name": name, "path": str(folder)})
        return
    output.emit(f"wrote {folder.name}/: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    output.say(f"\nworkbench train ./{name}           trains it\nworkbench recipes check ./{name}   checks it")


def check(name: str, *, as_json: bool) -> None:
    """Say what was checked and what is wrong; exit code 1 where something is."""
    from workbench.launching.ask import Helper

    recipe = find_recipe(name)
    output.say(f"checking {recipe.name}: each task is trained for a few steps")
    helper = Helper()
    try:
        checks = helper.ask("check", recipe=recipe.path or recipe.name)["checks"]
    finally:
        helper.close()
    if as_json:
        output.emit_json({"name": recipe.name, "path": recipe.path, "checks": checks})
    else:
        for outcome in checks:
            word = "wrong" if outcome["problem"] else "skipped" if outcome["skipped"] else "ok"
            output.emit(f"{word:<8}{outcome['name']}")
            if why := outcome["problem"] or outcome["skipped"]:
                output.emit(f"        {why}")
    if any(outcome["problem"] for outcome in checks):
        raise typer.Exit(int(ExitCode.RUN_FAILED))
