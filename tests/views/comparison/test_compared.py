"""The tables, previews and the whole look of a comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import build_run, finished_run
from tests.comparing import three_seeds, trained
from workbench.charts.rows import cells, plain
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store
from workbench.views.comparison import beside, compare_board, compared, comparing
from workbench.views.comparison.compare_board import Kept, Sight
from workbench.views.comparison.comparing import Together
from workbench.views.comparison.legend import Legend, legend_rows
from workbench.views.plots.curves import ManyWays


def together(root: Path, baseline: str = "") -> Together:
    return Together.of([open_run(Store(root).folder(run_id)) for run_id in Store(root).ids()], baseline)


@pytest.fixture
def four(tmp_path: Path) -> Together:
    three_seeds(tmp_path, accuracy=0.9)
    trained(tmp_path, "cnn-4", accuracy=0.95, lr=1e-2, batch_size=16, steps=800)
    return together(tmp_path)


def legend(found: Together, width: int, *, apart: bool = False) -> list[str]:
    lines = found.comparison.shown(apart=apart)
    return plain(legend_rows(found.comparison, lines, found.curves(lines), width, Legend("validation/accuracy"), ascii_only=True))


def test_the_legend_has_values_deltas_costs_and_settings(four: Together) -> None:
    head, seeds, other = legend(four, 120)
    assert head.split() == ["run", "final", "delta", "best", "to", "base", "time", "params", "memory", "lr", "batch", "size"]
    assert " ".join(seeds.split()) == "x cnn-1 x3 90.0 % +- 1 90.0 % +- 1 baseline 20.0 s 122k 268 MB 1e-3 64"
    assert " ".join(other.split()) == "# cnn-4 95.0 % +5 95.0 % +5 20.0 s 122k 268 MB 0.01 16"


def test_expanded_each_seed_has_a_row_and_a_sign_of_its_own(four: Together) -> None:
    _, *rows = legend(four, 120, apart=True)
    assert [row.split()[:2] for row in rows] == [["x", "cnn-1"], ["*", "cnn-2"], ["+", "cnn-3"], ["#", "cnn-4"]]


def test_a_narrow_legend_leaves_out_settings_then_costs(four: Together) -> None:
    assert "lr" not in legend(four, 80)[0]
    assert "memory" in legend(four, 80)[0]
    assert legend(four, 40)[0].split()[:2] == ["run", "final"]
    assert all(cells(row) == 40 for row in legend(four, 40))


def test_settings_that_differ_leave_out_the_seed_of_lines_that_took_it_together(four: Together) -> None:
    rows = plain(compared.settings(four.comparison, four.comparison.lines, 80, ascii_only=True))
    assert [row.split() for row in rows[1:]] == [["lr", "1e-3", "0.01"], ["batch", "size", "64", "16"]]
    apart = plain(compared.settings(four.comparison, four.comparison.singles, 80, ascii_only=True))
    assert ["seed", "0", "1", "2", "0"] in [row.split() for row in apart]


def test_no_value_is_said_in_the_word_that_the_recipe_has_for_it(tmp_path: Path) -> None:
    for number, examples in enumerate((None, 500), start=1):
        build_run(tmp_path, finished_run(), f"cnn-{number}", settings={"examples": examples}, words_for_none={"examples": "all"})
    comparison = together(tmp_path).comparison
    rows = plain(compared.settings(comparison, comparison.lines, 80, ascii_only=True))
    assert ["examples", "all", "500"] in [row.split() for row in rows]


def test_all_settings_are_shown_on_request_and_lines_that_do_not_fit_are_counted(four: Together) -> None:
    rows = plain(compared.settings(four.comparison, four.comparison.singles, 40, everything=True, ascii_only=True))
    assert {row.split()[0] for row in rows[1:]} >= {"recipe", "dataset", "epochs"}
    assert rows[0].rstrip().endswith("+2")


def test_columns_are_scrolled_beside_the_baseline_which_stays(tmp_path: Path) -> None:
    for number in range(1, 7):
        trained(tmp_path, f"cnn-{number}", lr=number * 1e-3, steps=20)
    found = together(tmp_path, "cnn-2")

    def columns(left: int) -> list[str]:
        return plain(compared.costs(found.comparison, found.comparison.singles, 50, ascii_only=True, left=left))[0].split()

    assert columns(0) == ["cost", "cnn-2", "cnn-1", "cnn-3", "+3"]
    assert columns(2) == ["cost", "cnn-2", "cnn-4", "cnn-5", "<2", "+1"]
    assert columns(99) == ["cost", "cnn-2", "cnn-6", "<4"]
    printed = plain(compared.costs(found.comparison, found.comparison.singles, 50, ascii_only=True, left=None))
    heads = [row.split() for row in printed if row.startswith(" cost")]
    assert [name for head in heads for name in head[2:]] == ["cnn-1", "cnn-3", "cnn-4", "cnn-5", "cnn-6"], "all of them, in blocks"


def test_final_and_best_values_have_deltas_and_every_line_its_spread(four: Together) -> None:
    three = plain(compared.measures(four.comparison, four.comparison.lines, 100, ascii_only=True))
    best, final = (
        next(at for at, row in enumerate(three) if row.startswith(f" {which} values, with deltas")) for which in ("best", "final")
    )
    assert any("95.0 % (+5)" in row for row in three[best:final] if row.startswith(" validation/accuracy"))
    assert any("95.0 % (+5)" in row for row in three[final:] if row.startswith(" validation/accuracy"))
    other = Together.of(four.feeds, "cnn-4")
    assert any(
        "90.0 % +- 1 (-5)" in row for row in plain(compared.measures(other.comparison, other.comparison.lines, 100, ascii_only=True))
    )


def test_runs_of_another_task_have_no_deltas(tmp_path: Path) -> None:
    trained(tmp_path, "cnn-1")
    trained(tmp_path, "cnn-2", dataset="digits", accuracy=0.95)
    found = together(tmp_path)
    row = legend(found, 100)[2].split()
    assert row[:7] == ["*", "cnn-2", "95.0", "%", "-", "95.0", "%"]
    assert row[7] == "-"
    assert "(" not in "".join(plain(compared.measures(found.comparison, found.comparison.lines, 100, ascii_only=True)))
    assert found.comparison.metrics["validation/accuracy"].deltas == (0.0, None)


def test_the_head_says_whose_band_is_drawn(tmp_path: Path) -> None:
    three_seeds(tmp_path)
    for number in range(4, 8):
        trained(tmp_path, f"cnn-{number}", lr=number * 1e-3, steps=200)
    found = together(tmp_path)

    def head(selected: int) -> str:
        sight = Sight(selected=selected, hidden=hidden)
        return plain(compare_board.draw(found, 100, 30, sight, ascii_only=True, colours=1, kept=Kept()))[0]

    hidden: frozenset[str] = frozenset()
    assert "band of cnn-1 x3: least to greatest" in head(0)
    assert "band: of the line of seeds that is pointed at" in head(1)
    hidden = frozenset({"cnn-4", "cnn-5", "cnn-6"})
    assert "band: least to greatest" in head(1)


def test_more_lines_than_colours_have_letters_at_their_ends_and_in_the_legend(tmp_path: Path) -> None:
    for number in range(1, 13):
        trained(tmp_path, f"cnn-{number}", lr=number * 1e-3, accuracy=0.5 + number / 30)
    found = together(tmp_path)
    rows = compare_board.draw(found, 120, 40, Sight(selected=2), ascii_only=False, colours=256, kept=Kept())
    chart = rows[1:12]
    letters = {curve.letter for curve in found.curves(found.comparison.singles)}
    assert len(letters) == 12
    ends = {letter for row in plain(chart) for letter in row[35:39]}
    assert len(letters & ends) > 6, "where there is room"
    selected = found.curves(found.comparison.singles)[2]
    assert {ink for row in chart for span in row if (ink := span.ink).startswith("series")} == {f"series{selected.place % 8}"}
    assert selected.sign(ascii_only=False).text.endswith(selected.letter)


def test_previews_stand_side_by_side_as_they_were_at_one_moment(four: Together) -> None:
    drawn = four.curves(four.comparison.lines)
    newest = "\n".join(plain(beside.draw(drawn, "said", 80, 8, along="examples", at=None, ascii_only=True, colours=1)))
    assert "cnn-1 at 200" in newest
    assert "cnn-4 at 800" in newest
    half = "\n".join(plain(beside.draw(drawn, "said", 80, 8, along="examples", at=6400.0, ascii_only=True, colours=1)))
    assert "cnn-1 at 100" in half
    assert "cnn-4 at 400" in half
    early = "\n".join(plain(beside.draw(drawn, "said", 80, 8, along="examples", at=320.0, ascii_only=True, colours=1)))
    assert "none by then" in early
    assert "cnn-4 at 20" in early


def test_one_look_has_charts_table_and_verdict_within_the_width(four: Together) -> None:
    rows = plain(comparing.rows(four, 80, 40, ways=ManyWays(along="epoch"), ascii_only=True))
    text = "\n".join(rows)
    assert max(map(cells, rows)) <= 80
    assert "validation accuracy" in text
    assert " epoch" in next(row for row in rows if "+0" in row)
    assert "The one seed of cnn-4 lies outside of the range of cnn-1." in " ".join(text.split())
    assert text.isascii()


@pytest.mark.parametrize("page", compare_board.PAGES)
@pytest.mark.parametrize("size", [(40, 10), (80, 24), (200, 60)])
def test_every_page_fills_every_size(four: Together, page: compare_board.Page, size: tuple[int, int]) -> None:
    rows = compare_board.draw(four, *size, Sight(page=page, apart=True), ascii_only=False, colours=256, kept=Kept())
    assert [cells(row) for row in plain(rows)] == [size[0]] * size[1]


def test_many_lines_scroll_with_the_one_that_is_selected(tmp_path: Path) -> None:
    for number in range(1, 31):
        trained(tmp_path, f"cnn-{number}", lr=number * 1e-3, steps=20)
    found = together(tmp_path)
    rows = plain(compare_board.draw(found, 80, 24, Sight(selected=29), ascii_only=True, colours=1, kept=Kept()))
    assert any(row.startswith(">") and " cnn-30 " in row for row in rows)
