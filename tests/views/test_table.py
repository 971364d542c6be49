from pathlib import Path
from typing import Any

from tests.builders import SETTINGS, START, build_run, ended, evaluated, finished_run, loop, metrics, opening
from workbench.charts.rows import cells, plain
from workbench.events.types import Evaluated, Metrics, MetricsDeclared, SettingsAmended
from workbench.runs.folder import Labels
from workbench.runs.reading.feed import Feed, open_run
from workbench.runs.store import Store
from workbench.views import table


def three(root: Path) -> list[Feed]:
    build_run(root, finished_run(), "cnn-1")
    build_run(
        root,
        [
            *opening(),
            loop(),
            metrics(range(1, 213), value=lambda step: float("nan") if step == 212 else 1.0),
            ended("failed", step=212, reason="NaN"),
        ],
        "cnn-2",
        settings={**SETTINGS, "lr": 1.0},
    )
    build_run(
        root,
        [*opening(), loop(), metrics(range(1, 41)), evaluated(40, 0.5), ended("stopped", step=40)],
        "gan-1",
        labels=Labels(name="漢字 [red]"),
    )
    return [open_run(Store(root).folder(run_id)) for run_id in ("gan-1", "cnn-2", "cnn-1")]


def test_entries_say_what_each_run_reached(tmp_path: Path) -> None:
    gan, failed, finished = table.entries(three(tmp_path), now=START + 110)
    assert (finished.state, finished.step, finished.best) == ("finished", "400", "accuracy 97.5 %")
    assert (failed.state, failed.best) == ("failed", "NaN at step 212")
    assert (gan.name, gan.best, gan.age) == ("漢字 [red]", "accuracy 50.0 %", "1 min")


def test_only_settings_in_which_runs_of_one_recipe_are_not_alike_are_named(tmp_path: Path) -> None:
    gan, failed, finished = table.entries(three(tmp_path))
    assert (gan.apart, failed.apart, finished.apart) == ({}, {"lr": "1"}, {"lr": "1e-3"})


def test_a_number_of_threads_that_a_run_measured_sets_none_apart_that_asks_for_it(tmp_path: Path) -> None:
    begun = loop()
    log = [*opening(), begun.model_copy(update={"tuning": {"threads": 1}}), metrics(range(1, 41)), ended("stopped", step=40)]
    build_run(tmp_path, log, "cnn-1", settings={**SETTINGS, "threads": None})
    for number, threads in ((2, 1), (3, 2)):
        build_run(tmp_path, [*opening(), begun, ended("stopped", step=40)], f"cnn-{number}", settings={**SETTINGS, "threads": threads})
    first, second, third = [open_run(Store(tmp_path).folder(f"cnn-{number}")) for number in (1, 2, 3)]
    assert [entry.apart for entry in table.entries([first, second])] == [{}, {}]
    assert [entry.apart for entry in table.entries([first, third])] == [{"threads": "auto"}, {"threads": "2"}]


def test_a_script_that_does_not_say_a_setting_has_none_and_a_metric_without_a_split_keeps_its_name(tmp_path: Path) -> None:
    about = {"val_loss": {"goal": "min", "unit": "", "chart": "loss", "help": ""}}
    log = [*opening(), MetricsDeclared(at=START, objective="val_loss", metrics=about, charts={}, slots=()), loop()]
    log.append(Metrics(steps=[1, 2], at=[START, START + 1], values={"val_loss": [0.5, 0.25]}))
    settings: tuple[dict[str, Any], ...] = ({"lr": 0.1}, {"lr": None}, {})
    for number, given in enumerate(settings, start=1):
        build_run(tmp_path, log, f"script-{number}", settings=given, source="script")
    found = table.entries([open_run(Store(tmp_path).folder(f"script-{number}")) for number in (1, 2, 3)])
    assert [entry.apart for entry in found] == [{"lr": "0.1"}, {"lr": "not set"}, {}]
    assert found[0].best == "val loss 0.25"


def test_a_setting_without_a_value_is_told_by_the_word_that_it_has_where_all_recipes_have_it() -> None:
    assert [table.text_of(None, name) for name in ("clip_norm", "threads", "evaluate_every")] == ["off", "auto", "epoch"]
    assert table.text_of(None, "examples_per_class") == "not set"  # in the form: all


def test_no_value_is_said_in_the_word_that_the_recipe_has_for_it(tmp_path: Path) -> None:
    for number, examples in enumerate((None, 500), start=1):
        build_run(
            tmp_path, finished_run(), f"cnn-{number}", settings={**SETTINGS, "examples": examples, "patience": examples},
            words_for_none={"examples": "all"},
        )  # fmt: skip
    found = table.entries([open_run(Store(tmp_path).folder(f"cnn-{number}")) for number in (1, 2)])
    assert [entry.apart for entry in found] == [{"examples": "all", "patience": "off"}, {"examples": "500", "patience": "500"}]


def test_settings_changed_on_resuming_count(tmp_path: Path) -> None:
    folder = build_run(tmp_path, [*opening(), SettingsAmended(at=START, values={"epochs": 40}), ended()])
    assert table.settings_of(open_run(folder))["epochs"] == 40


def test_rows_are_as_wide_as_asked_for_with_any_text(tmp_path: Path) -> None:
    feeds = three(tmp_path)
    for width in range(20, 140, 7):
        rows = plain(table.rows(feeds, width))
        assert len(rows) == 4
        assert {cells(row) for row in rows} == {width}


def test_narrow_tables_keep_run_state_and_best(tmp_path: Path) -> None:
    heading, first, *_ = plain(table.rows(three(tmp_path), 50))
    assert heading.split()[:2] == ["run", "state"]
    assert "best" in heading
    assert first.split()[0] == "gan-1"


def test_brackets_in_a_name_show_as_they_are(tmp_path: Path) -> None:
    assert "漢字 [red]" in plain(table.rows(three(tmp_path), 120))[1]


def test_the_selected_row_is_pointed_at(tmp_path: Path) -> None:
    entries = table.entries(three(tmp_path))
    rows = plain(table.lay_out(entries, table.columns(entries, 80), 80, ascii_only=True, selected="cnn-2", marked={"gan-1"}))
    assert [row[:2] for row in rows] == ["  ", " +", "> ", "  "]


def test_settings_that_differ_most_have_columns_and_what_matters_least_makes_room(tmp_path: Path) -> None:
    for number in range(1, 5):
        settings = {**SETTINGS, "lr": number / 1000, "epochs": 4 if number < 3 else 8}
        build_run(tmp_path, finished_run(), f"cnn-{number}", settings=settings)
    feeds = list(Store(tmp_path).feeds())
    wide = plain(table.rows(feeds, 100))
    assert wide[0].split() == ["run", "state", "step", "age", "best", "loss", "took", "lr", "epochs"]
    assert wide[1].split()[-2:] == ["4e-3", "8"]
    narrow = plain(table.rows(feeds, 48))
    assert narrow[0].split() == ["run", "state", "step", "best", "lr"]


def test_a_pinned_run_has_a_sign(tmp_path: Path) -> None:
    build_run(tmp_path, finished_run(), "cnn-1", labels=Labels(pin=True))
    assert [row[1] for row in plain(table.rows(list(Store(tmp_path).feeds()), 80, ascii_only=True))] == [" ", "^"]


def test_a_run_without_any_event_is_listed(tmp_path: Path) -> None:
    build_run(tmp_path, [], "cnn-1")
    (entry,) = table.entries([open_run(Store(tmp_path).folder("cnn-1"))])
    assert (entry.state, entry.step, entry.best) == ("died", "-", "-")


def test_a_long_name_is_shortened_for_others_to_fit_and_shown_in_full_where_there_is_room(tmp_path: Path) -> None:
    for number in range(1, 4):
        labels = Labels(name="a name that is rather long", tags=("paper",), note="with the new schedule") if number == 1 else Labels()
        build_run(tmp_path, finished_run(), f"cnn-{number}", settings={**SETTINGS, "lr": number / 1000, "seed": number}, labels=labels)
    feeds = list(Store(tmp_path).feeds())
    narrow = plain(table.rows(feeds, 80))
    assert narrow[0].split()[:5] == ["run", "name", "state", "step", "age"]
    assert "lr" in narrow[0].split()
    assert any("a name th" in row for row in narrow)
    assert 80 - len(narrow[0].rstrip()) < 12, narrow[0]
    wide = plain(table.rows(feeds, 200))
    assert wide[0].split() == ["run", "name", "state", "step", "age", "best", "loss", "took", "tags", "note", "lr", "seed"]
    assert any("a name that is rather l" in row and "paper" in row and "with the new schedule" in row for row in wide)


def test_a_run_whose_record_cannot_be_read_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "cnn-3").mkdir()
    (tmp_path / "cnn-3" / "run.json").write_text("[1, 2")
    (entry,) = table.entries([open_run(Store(tmp_path).folder("cnn-3"))])
    assert entry.best == "run.json is damaged"


def test_the_name_of_the_objective_is_shortened_before_a_column_goes_and_its_value_never_is(tmp_path: Path) -> None:
    measured = {
        "cnn-1": ("accuracy", "%", 0.988),
        "attention-2": ("phone_error_rate", "%", 0.09),
        "gan-12": ("relative_frechet_distance", "", 0.0135),
        "rnn-3": ("bits_per_character", "bits", 1.721),
    }
    for name, (metric, unit, value) in measured.items():
        about = {f"validation/{metric}": {"goal": "min", "unit": unit, "chart": metric, "help": ""}}
        declared = MetricsDeclared(at=START, objective=f"validation/{metric}", metrics=about, charts={}, slots=())
        evaluated = Evaluated(at=START + 1, step=400, values={f"validation/{metric}": value})
        build_run(
            tmp_path, [*opening(), declared, loop(), metrics(range(1, 401)), evaluated, ended()], name, settings={**SETTINGS, "lr": 1.0}
        )
    feeds = [open_run(Store(tmp_path).folder(name)) for name in measured]
    heading, *rows = plain(table.rows(feeds, 58, now=START + 20_000))
    assert heading.split() == ["run", "state", "step", "age", "best"]
    shown = [row[heading.index("best") :].strip() for row in rows]
    assert shown == ["accuracy 98.8 %", "phone error 9.0 %", "frechet 0.0135", "bits/character 1.721"]
    assert "relative frechet distance 0.0135" in plain(table.rows(feeds, 160))[3]
