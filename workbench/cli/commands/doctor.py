"""Look at this machine: versions, device, terminal, disk, runs folder, whether logout kills runs, which recipes were found."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

import workbench
from workbench import finding, paths
from workbench.cli import options, output
from workbench.cli.options import Json, Runs
from workbench.errors import ExitCode, WorkbenchError
from workbench.recipe import Recipe
from workbench.units import size
from workbench.views.terminal import TRUE_COLOURS

_PACKAGES = ("torch", "torchvision", "textual", "typer", "pydantic", "numpy", "plotext")
_LOGIN_FILES = ("/etc/systemd/logind.conf", "/usr/lib/systemd/logind.conf")
_LOGIN_FOLDERS = ("/etc/systemd/logind.conf.d", "/run/systemd/logind.conf.d", "/usr/lib/systemd/logind.conf.d")


def command(
    context: typer.Context,
    device: Annotated[bool, typer.Option("--device/--no-device", help="Ask torch for the devices, which takes a few seconds.")] = True,
    gpu: Annotated[bool, typer.Option("--gpu", help="Train every recipe for 20 steps on a GPU, in runs that are thrown away.")] = False,
    runs: Runs = None,
    as_json: Json = False,
) -> None:
    found: dict[str, dict[str, Any]] = {
        "versions": _versions(),
        "device": _device() if device else {"asked": False},
        "terminal": _terminal(options.wants_ascii(context, False)),
        "runs": _runs(options.store(context, runs).root, bool(runs or context.find_root().params.get("runs"))),
        "logout": logout(),
        "recipes": _recipes(),
        **({"gpu": _tried_on("cuda")} if gpu else {}),
        "settings file": _settings(),
    }
    if as_json:
        output.emit_json({title.replace(" ", "_"): about for title, about in found.items()})
        return
    for title, about in found.items():
        output.emit(title)
        for line in output.table([(name, _word(value)) for name, value in about.items() if not name.endswith("_bytes")]):
            output.emit(line)
    if gpu and not all(trial["trained"] for trial in found["gpu"].values()):
        raise WorkbenchError("not every recipe trained on the GPU", "the table above says why", code=ExitCode.RUN_FAILED)


def logout(folders: tuple[str, ...] = _LOGIN_FOLDERS, files: tuple[str, ...] = _LOGIN_FILES) -> dict[str, Any]:
    """Whether the system ends what a user left running when the last session closes, and what to do then."""
    if not Path("/run/systemd/system").is_dir():
        return {"kills_runs": False, "why": "no systemd runs here"}
    kills, where = kill_user_processes(folders, files)
    if not kills:
        return {"kills_runs": False, "why": "KillUserProcesses is off" + (f" ({where})" if where else "")}
    lingers = Path("/var/lib/systemd/linger", os.environ.get("USER", "")).is_file()
    way = (
        "start runs by: systemd-run --user --scope workbench train ..."
        if lingers
        else "loginctl enable-linger, then systemd-run --user --scope workbench train ..."
    )
    return {"kills_runs": True, "why": f"KillUserProcesses is on ({where})", "so": way}


def kill_user_processes(folders: tuple[str, ...], files: tuple[str, ...]) -> tuple[bool, str]:
    """The last setting wins: the main file, then its drop-ins by name."""
    main = [path for path in map(Path, files) if path.is_file()][:1]
    extra = sorted((path for folder in map(Path, folders) if folder.is_dir() for path in folder.glob("*.conf")), key=lambda path: path.name)
    on, where = False, ""
    for path in (*main, *extra):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for line in text.splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "KillUserProcesses":
                on, where = value.strip().lower() in ("yes", "true", "on", "1"), str(path)
    return on, where


def _versions() -> dict[str, Any]:
    found = {
        "workbench": workbench.__version__,
        "python": f"{platform.python_version()} at {sys.executable}",
        "system": platform.platform(),
    }
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing" if importlib.util.find_spec(name) is None else "unknown"
    return found


def _device() -> dict[str, Any]:
    from workbench.launching.ask import Helper

    helper = Helper()
    try:
        answer = helper.ask("device")
    except WorkbenchError as error:
        return {"problem": error.message, "hint": error.hint, "cpu_cores": os.cpu_count()}
    finally:
        helper.close()
    return {**{key: value for key, value in answer.items() if key != "answer"}, "cpu_cores": os.cpu_count()}


def _terminal(ascii_only: bool) -> dict[str, Any]:
    colours = output.colours()
    how = "ASCII" if ascii_only else "Unicode"
    return {
        "TERM": os.environ.get("TERM", ""),
        "COLORTERM": os.environ.get("COLORTERM", ""),
        "NO_COLOR": bool(os.environ.get("NO_COLOR")),
        "is_terminal": sys.stdout.isatty(),
        "columns": output.columns(),
        "lines": output.lines(),
        "encoding": sys.stdout.encoding,
        "ssh": bool(os.environ.get("SSH_CONNECTION")),
        "mode": f"{how}, {'no colour' if colours < 16 else 'true colour' if colours == TRUE_COLOURS else f'{colours} colours'}",
    }


def _runs(root: Path, given: bool) -> dict[str, Any]:
    nearest = next(place for place in (root, *root.parents) if place.exists())
    usage = shutil.disk_usage(nearest)
    sources = {
        "--runs": given,
        "WORKBENCH_RUNS": os.environ.get("WORKBENCH_RUNS"),
        "the settings file": paths.user_settings().get("runs"),
        "default": True,
    }
    return {
        "folder": str(root),
        "from": next(name for name, is_set in sources.items() if is_set),
        "exists": root.is_dir(),
        "writable": os.access(nearest, os.W_OK | os.X_OK) and nearest.is_dir(),
        "free": size(usage.free),
        "free_bytes": usage.free,
        "network": _is_network(nearest),
    }


def _is_network(place: Path) -> bool:
    """Whether a folder lies on a file system of another host, where news arrives late."""
    best, kind = "", ""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    for line in mounts:
        _, point, name, *_ = line.split(" ")
        if place.is_relative_to(point.replace("\\040", " ")) and len(point) >= len(best):
            best, kind = point, name
    return kind.startswith(("nfs", "cifs", "smb", "fuse.sshfs", "9p", "lustre", "ceph", "gpfs"))


def _settings() -> dict[str, Any]:
    """Where the settings file is, and what is wrong in it."""
    from workbench.preferences import preferences

    about: dict[str, Any] = {"path": str(paths.settings_file()), "exists": paths.settings_file().is_file()}
    try:
        wanted = preferences()
        if wanted.keys or wanted.device_slots or wanted.slots:
            from workbench.tui import checking

            checking.check(wanted)
            if wrong := checking.wrong_slots(wanted.slots, finding.search().recipes):
                about["problem"] = f"[slots]: {'; '.join(wrong)}"
    except WorkbenchError as error:
        about |= {"problem": error.message, "hint": error.hint}
    return about


def _recipes() -> dict[str, Any]:
    where = finding.recipes_package()
    try:
        found = finding.search()
    except WorkbenchError as error:
        return {"package": str(where or "nowhere"), "problem": error.message, "hint": error.hint}
    built_in = {name: f"{where}/{name}" for name in finding.BUILT_IN}
    places = {name: recipe.path or built_in.get(name) or _file_of(recipe) for name, recipe in found.recipes.items()}
    return {"package": str(where or "nowhere"), **places, **{f"broken {each.name}": each.error.message for each in found.broken}}


def _file_of(recipe: Recipe) -> str:
    """Where an entry point's recipe lies: the file that its loop begins in."""
    module = sys.modules.get(recipe.train.__module__)
    return str(getattr(module, "__file__", None) or recipe.train.__module__)


def _tried_on(device: str) -> dict[str, Any]:
    """How each recipe trained there; says on the way which one it is at."""
    from workbench.cli.smoke_test import trials

    found = {}
    for name, trial in trials(finding.find_recipes(), device):
        found[name] = trial
        output.say(f"{name}: {'trained' if trial['trained'] else trial['problem']}")
    return found


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_word(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_word(item)}" for key, item in value.items())
    return "-" if value in ("", None) else str(value)
