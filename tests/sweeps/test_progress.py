"""How far a sweep is, from what lies on the disk."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from tests.builders import append, build_run, ended, evaluated, finished_run, loop, metrics, opening
from tests.tui.recipe import RECIPE
from workbench.charts.rows import cells, plain
from workbench.errors import WorkbenchError
from workbench.runs.store import Store
from workbench.sweeps import importance
from workbench.sweeps.folder import SweepFolder, all_of, create, find, host
from workbench.sweeps.journal import Journal
from workbench.sweeps.plan import make_plan
from workbench.sweeps.progress import Look, Progress
from workbench.views import sweep as view


def sweep(root: Path, *, seeds: int = 2) -> SweepFolder:
    return create(root, make_plan("", [(RECIPE, "")], {}, {"lr": "1e-3,1e-2"}, seeds=seeds))


def run(root: Path, folder: SweepFolder, number: int, accuracy: float, *, end: bool = True) -> str:
    """A run of the sweep, as its driver and its worker leave it."""
    run_id = f"cnn-{number + 1}"
    log = [*opening(), loop(), metrics(range(1, 101)), evaluated(100, accuracy, best=True), *([ended(step=100)] if end else [])]
    build_run(root, log, run_id, sweep=folder.name, trial=number)
    assert folder.claim(number)
    Journal(folder.log(host())).write("assigned", trial=number, run=run_id)
    return run_id


def test_a_sweep_is_its_plan_and_its_runs(tmp_path: Path) -> None:
    folder = sweep(tmp_path)
    for number, accuracy in enumerate((0.90, 0.96, 0.92)):
        run(tmp_path, folder, number, accuracy)
    now = Look(folder, Store(tmp_path)).now()
    assert (now.state, now.done, now.plan.total) == ("interrupted", 3, 4)
    assert [entry.state for entry in now.entries] == ["finished"] * 3 + ["waiting"]
    assert now.best is not None
    assert (now.best.run, dict(now.best.values)) == ("cnn-2", {"lr": 0.01, "seed": 0})
    best, other = now.groups()
    assert best.runs == ("cnn-2",), "of two, one has not begun"
    assert (best.values, best.mean, best.deviation) == ({"lr": 0.01}, 0.96, None)
    assert other.mean == pytest.approx(0.91)
    assert other.deviation == pytest.approx(math.sqrt(2) * 0.01)
    run(tmp_path, folder, 3, 0.97)
    assert Look(folder, Store(tmp_path)).now().state == "finished"


def test_it_is_shown_as_lines_a_table_groups_and_bars(tmp_path: Path) -> None:
    folder = sweep(tmp_path)
    for number, accuracy in enumerate((0.90, 0.96, 0.92)):
        run(tmp_path, folder, number, accuracy)
    now = Look(folder, Store(tmp_path)).now()
    assert view.lines(now, unit="%")[0] == "sweep-1  cnn/mnist  interrupted: 3 of 4 done, 1 to go"
    assert "best accuracy 96.0 %: cnn-2, lr 0.01, seed 0" in view.lines(now, unit="%")[1]
    table = [row.rstrip() for row in plain(view.table(now, 100, unit="%", ascii_only=True))]
    assert table[2].split() == ["cnn-2", "+", "finished", "0.01", "0", "100", "96.0", "%", "-", "10.0"]
    assert table[4].split() == ["-", ".", "waiting", "0.01", "1", "-", "-", "-", "-"]
    assert len(view.table(now, 100, most=2)) == 3
    assert any("91.0 % ± 1.4 " in row for row in plain(view.groups(now, 100, unit="%")))
    assert view.importance(now) == [], "three results say nothing"
    assert view.as_json(now)["best"] == "cnn-2"


def test_a_run_is_claimed_by_one_and_a_torn_line_hides_no_other(tmp_path: Path) -> None:
    folder = sweep(tmp_path)
    assert (folder.claim(0), folder.claim(0)) == (True, False)
    assert folder.claims() == {0: host()}
    with open(folder.log(host()), "ab") as file:
        file.write(b'{"type":"assig')
    Journal(folder.log(host())).write("assigned", trial=0, run="cnn-1")
    with open(folder.log("far"), "ab") as file:
        file.write(b'[1]\n{"type":"assigned","at":1,"trial":1,"run":"cnn-2"}\n{"type":')
    with open(folder.log("foreign"), "ab") as file:
        file.write(b'{"type":"assigned"}\n{"at":2}\n{"type":"assigned","at":3,"trial":"x","run":"a"}\n{"type":"halted","at":4}\n')
        file.write(b'{"type":"assigned","at":5,"trial":2,"run":"cnn-3\\u001b[2J"}\n')
    assert folder.runs() == {0: "cnn-1", 1: "cnn-2", 2: "cnn-3\N{REPLACEMENT CHARACTER}[2J"}
    assert Look(folder, Store(tmp_path)).now().entries[1].state == "deleted"


def test_what_was_pruned_refused_or_deleted_is_told_apart(tmp_path: Path) -> None:
    folder = sweep(tmp_path)
    journal = Journal(folder.log(host()))
    stopped = run(tmp_path, folder, 0, 0.5, end=False)
    append(Store(tmp_path).folder(stopped), [ended("stopped", step=100)])
    journal.write("pruned", trial=0, run=stopped)
    Store(tmp_path).delete(run(tmp_path, folder, 1, 0.5))
    journal.write("refused", trial=2, reason="they do not fit")
    build_run(tmp_path, finished_run(100), "cnn-9")  # of no sweep
    now = Look(folder, Store(tmp_path)).now()
    assert [entry.state for entry in now.entries] == ["pruned", "deleted", "failed", "waiting"]
    assert now.entries[2].reason == "they do not fit"


def test_names_are_free_or_given_and_found_again(tmp_path: Path) -> None:
    plan = make_plan("mine", [(RECIPE, "")], {}, {"lr": "1e-3,1e-2"})
    assert create(tmp_path, plan).plan() == plan
    with pytest.raises(WorkbenchError, match="already"):
        create(tmp_path, plan)
    assert [sweep(tmp_path).name, sweep(tmp_path).name] == ["sweep-1", "sweep-2"]
    assert {folder.name for folder in all_of(tmp_path)} == {"mine", "sweep-1", "sweep-2"}
    with pytest.raises(WorkbenchError, match="did you mean `mine`"):
        find(tmp_path, "mne")
    with pytest.raises(WorkbenchError, match="cannot be named"):
        make_plan("../x", [(RECIPE, "")], {}, {})
    assert Store(tmp_path).ids() == [], "a sweep is no run"


def of_grid(root: Path, results: dict[int, float], *, seeds: int, settings: str = "1e-3,1e-2,1e-1") -> Progress:
    """A sweep of one learning rate with these results by number."""
    folder = create(root, make_plan("", [(RECIPE, "")], {}, {"lr": settings}, seeds=seeds))
    for number, accuracy in results.items():
        run(root, folder, number, accuracy)
    return Look(folder, Store(root)).now()


def test_importance_names_the_rest_and_what_chance_would_do(tmp_path: Path) -> None:
    now = of_grid(tmp_path, dict(enumerate((0.80, 0.90, 0.95, 0.82, 0.91, 0.94))), seeds=2)
    head, bar, rest = view.importance(now, ascii_only=True)
    assert head.startswith("what explains the differences in accuracy")
    assert bar.split()[0] == "lr"
    assert bar.endswith("98 %   40 % by chance alone")
    assert rest.endswith("2 %   settings that interact, and seeds")
    assert now.is_chance is False


def test_a_spread_that_seeds_alone_would_make_is_called_so(tmp_path: Path) -> None:
    now = of_grid(tmp_path, dict(enumerate((0.90, 0.93, 0.91, 0.92, 0.90, 0.93))), seeds=2)
    assert view.importance(now)[-1].startswith("settings differ no more than seeds of one setting do")
    assert view.as_json(now)["is_chance"] is True


def test_seeds_that_were_not_repeated_tell_nothing_of_chance() -> None:
    assert importance.is_chance([[1.0], [2.0], [3.0]]) is None
    assert importance.is_chance([[1.0, 1.1], [2.0], []]) is None
    assert importance.is_chance([[1.0, 1.1], [2.0, 2.1]]) is False
    assert importance.is_chance([[1.0, 2.0], [1.2, 2.1]]) is True


def test_families_count_as_what_differs(tmp_path: Path) -> None:
    other = dataclasses.replace(RECIPE, name="other")
    folder = create(tmp_path, make_plan("", [(RECIPE, ""), (other, "")], {"dataset": "digits"}, {}, seeds=3))
    for number, accuracy in enumerate((0.80, 0.95, 0.81, 0.96, 0.80, 0.95)):
        run_id = f"{('cnn', 'other')[number % 2]}-{number + 1}"
        log = [*opening(), loop(), metrics(range(1, 101)), evaluated(100, accuracy, best=True), ended(step=100)]
        build_run(tmp_path, log, run_id, sweep=folder.name, trial=number)
        Journal(folder.log(host())).write("assigned", trial=number, run=run_id)
    now = Look(folder, Store(tmp_path)).now()
    assert list(now.importance) == ["recipe"]
    assert now.importance["recipe"] > 0.99


def test_narrow_tables_keep_what_matters_and_say_where_they_are_cut(tmp_path: Path) -> None:
    now = of_grid(tmp_path, dict(enumerate((0.80, 0.90, 0.95))), seeds=2)
    for width in (100, 60, 40, 24):
        for rows in (plain(view.table(now, width, unit="%")), plain(view.groups(now, width, unit="%"))):
            assert max(map(cells, rows)) <= width
    assert plain(view.table(now, 60, unit="%"))[0].split() == ["run", "state", "lr", "seed", "accuracy", "test", "seconds"]
    assert plain(view.table(now, 40, unit="%"))[0].split()[-1] == "accuracy"
    assert plain(view.groups(now, 38, unit="%"))[0].split() == ["lr", "accuracy", "(mean", "±", "std)"]
    assert "…" in plain(view.groups(now, 20, unit="%"))[0]
    assert plain(view.groups(now, 20, unit="%", ascii_only=True))[0].endswith("~")


def test_a_setting_with_one_value_tells_no_runs_apart_and_none_has_its_own_word(tmp_path: Path) -> None:
    plan = make_plan("", [(RECIPE, "")], {}, {"lr": "1e-3", "threads": "auto,1", "patience": "off,5"})
    assert plan.total == 4
    assert plan.differing == ["threads", "patience"]
    now = Look(create(tmp_path, plan), Store(tmp_path)).now()
    rows = [row.split()[-6:-4] for row in plain(view.table(now, 80))]
    assert rows == [["threads", "patience"], ["auto", "off"], ["auto", "5"], ["1", "off"], ["1", "5"]]


def test_groups_that_have_not_begun_have_no_numbers(tmp_path: Path) -> None:
    now = of_grid(tmp_path, {0: 0.9}, seeds=2)
    rows = plain(view.groups(now, 120, unit="%"))
    assert "seconds (sum)" in rows[0]
    assert rows[1].split()[:2] == ["1e-3", "90.0"]
    assert [row.split() for row in rows[2:]] == [["0.01", "-", "-", "-", "-", "-"], ["0.1", "-", "-", "-", "-", "-"]]


def test_importance_is_the_share_of_the_variance_that_a_setting_explains() -> None:
    grid = [({"a": a, "b": b}, 3.0 * a + 1.0 * b) for a in (0, 1) for b in (0, 1)]
    assert importance.shares(grid) == pytest.approx({"a": 0.9, "b": 0.1})
    assert importance.shares([({"a": a, "b": b}, float(a ^ b)) for a in (0, 1) for b in (0, 1)]) == {"a": 0.0, "b": 0.0}, "only together"
    assert importance.shares([*grid, ({"a": 0, "b": 0}, math.nan)]) == importance.shares(grid)
    assert importance.shares([({"a": 1}, 2.0), ({"a": 2}, 2.0)]) == {}


def test_who_is_not_at_work_is_said_while_others_are(tmp_path: Path) -> None:
    now = dataclasses.replace(of_grid(tmp_path, {0: 0.9}, seeds=1), machines={"box-a": True, "box-b": False})
    assert view.lines(dataclasses.replace(now, state="running"))[2] == "on box-a, box-b (not at work)"
    assert view.lines(dataclasses.replace(now, state="stopped"))[2] == "on box-a, box-b"
