import io
import json

import pytest

from workbench.charts.rows import Span
from workbench.cli import output
from workbench.errors import ExitCode, WorkbenchError


def test_without_colours_a_row_is_its_text_without_blanks_at_the_end() -> None:
    assert output.painted([Span("loss", "title"), Span("  1.0  ", "series0")], 1) == "loss  1.0"


def test_with_colours_roles_get_codes_and_end_them() -> None:
    text = output.painted([Span("loss", "title"), Span(" x "), Span("o", "series0"), Span("   ")], 256)
    assert text == "\x1b[1mloss\x1b[0m x \x1b[38;5;75mo\x1b[0m"


def test_sixteen_colours_get_no_code_of_256() -> None:
    assert "38;5" not in output.painted([Span("o", "series0"), Span("#", "", 200, 100)], 16)


def test_greys_of_images_are_the_nearest_of_256_colours() -> None:
    assert output.painted([Span("x", "", 0, 255)], 256) == "\x1b[38;5;16;48;5;231mx\x1b[0m"
    assert output.painted([Span(" ", "", None, 128)], 256) == "\x1b[48;5;244m \x1b[0m"


def test_a_wide_table_is_aligned_by_cells_and_wraps_its_last_column() -> None:
    lines = output.table([("漢字", "one two three four five six"), ("a", "b")], width=32)
    assert lines == ["  漢字  one two three four five", "        six", "  a     b"]


def test_an_error_says_what_is_wrong_then_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code = output.report(WorkbenchError("no run `x\x1b[2J`", "look", code=ExitCode.NOT_FOUND), as_json=True)
    captured = capsys.readouterr()
    assert code == 3
    assert captured.err == "error: no run `x\ufffd[2J`\n\nhint: look\n"
    assert json.loads(captured.out) == {"error": {"message": "no run `x\ufffd[2J`", "hint": "look", "code": 3}}


def test_text_that_the_locale_cannot_write_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.settle()
    output.emit("漢 ok")
    assert raw.getvalue() == b"? ok\n"


def test_numbers_that_json_has_no_form_for_are_words(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_json([{"a": float("nan")}, 1.5])
    assert json.loads(capsys.readouterr().out) == [{"a": "NaN"}, 1.5]
