import base64
import json
from pathlib import Path
from typing import Any

from tests.builders import START, build_run, opening
from workbench.charts.rows import cells, plain
from workbench.events.types import PreviewSaved
from workbench.runs.reading.feed import Feed, open_run
from workbench.views import previews


def saved(name: str = "worst", file: str = "worst-1.json", kind: Any = "images", step: int = 1) -> PreviewSaved:
    return PreviewSaved(at=START + step, step=step, name=name, title="worst classified", kind=kind, file=file)


def feed_with(root: Path, body: object, *, file: str = "worst-1.json", kind: str = "images", written: str | None = None) -> Feed:
    folder = build_run(root, [*opening(), saved(file=file, kind=kind)])
    (folder.samples / (written or file)).write_text(body if isinstance(body, str) else json.dumps(body))
    return open_run(folder)


def images(count: int = 2, height: int = 4, width: int = 4, level: int = 200, **more: object) -> dict[str, object]:
    pixels = bytes([level if place % 2 else 0 for place in range(count * height * width)])
    return {
        "kind": "images",
        "shape": [count, height, width],
        "pixels": base64.b64encode(pixels).decode(),
        "captions": ["7, said 1 .93"] * count,
        **more,
    }


def draw(feed: Feed, name: str = "worst", width: int = 40, height: int = 10, **more: Any) -> list[str]:
    return plain(previews.draw(feed, name, width, height, ascii_only=True, colours=1, **more))


def test_images_are_drawn_below_a_title_with_their_captions(tmp_path: Path) -> None:
    rows = draw(feed_with(tmp_path, images()))
    assert rows[0].startswith("worst classified @ 1")
    assert any("7, said 1 .93" in row for row in rows)
    assert len(rows) == 10
    assert {cells(row) for row in rows} == {40}


def test_more_images_than_fit_come_in_pages(tmp_path: Path) -> None:
    feed = feed_with(tmp_path, images(count=30))
    first, second = draw(feed, width=30, height=9), draw(feed, width=30, height=9, page=1)
    assert "1/" in first[0]
    assert "2/" in second[0]


def test_a_matrix_shows_its_numbers_and_names(tmp_path: Path) -> None:
    body = {"kind": "matrix", "rows": ["cat", "dog"], "columns": ["cat", "dog"], "matrix": [[48, 2], [None, 46]]}
    text = "\n".join(draw(feed_with(tmp_path, body, kind="matrix")))
    for word in ("cat", "dog", "48", "46"):
        assert word in text


def test_text_is_wrapped_by_cells(tmp_path: Path) -> None:
    rows = draw(feed_with(tmp_path, {"kind": "text", "text": "one two three\nfour"}, kind="text"), width=8, height=5)
    assert [row.rstrip() for row in rows[1:]] == ["one two", "three", "four", ""]


def test_the_newest_preview_of_a_name_is_shown(tmp_path: Path) -> None:
    folder = build_run(
        tmp_path, [*opening(), saved(step=1, file="a.json"), saved(step=2, file="b.json"), saved("other", step=3, file="c.json")]
    )
    shown = previews.newest(open_run(folder).state, "worst")
    assert shown is not None
    assert shown.file == "b.json"


def test_a_name_that_leaves_the_samples_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps({"kind": "text", "text": "SECRET"}))
    for index, file in enumerate(["../../secret.json", "/etc/passwd", "..", "", "a/b.json", "a\\b.json", str(tmp_path / "secret.json")]):
        folder = build_run(tmp_path / str(index), [*opening(), saved(file=file, kind="text")])
        text = "\n".join(draw(open_run(folder)))
        assert "SECRET" not in text
        assert "name" in text, file


def test_damaged_files_are_said_to_be_damaged(tmp_path: Path) -> None:
    bodies: list[object] = [
        "no json", "[]", {}, {"kind": "images"}, images(shape=[2, 4]), images(shape=[3, 4, 4]),
        images(shape=[-2, -4, 4]), images(pixels="%%"),
        images(shape=[10**9, 10**9, 10**9]), images(shape="abc"),
    ]  # fmt: skip
    for index, body in enumerate(bodies):
        assert "damaged" in "\n".join(draw(feed_with(tmp_path / str(index), body))), body


def test_a_preview_whose_file_is_gone_is_said_to_be_missing(tmp_path: Path) -> None:
    assert "missing" in "\n".join(draw(open_run(build_run(tmp_path, [*opening(), saved()]))))


def test_a_file_is_read_once_for_many_drawings(tmp_path: Path) -> None:
    feed = feed_with(tmp_path, images())
    files: previews.Cache = {}
    before = draw(feed, files=files)
    (feed.folder.samples / "worst-1.json").unlink()
    assert draw(feed, files=files) == before


def test_text_is_broken_between_words_and_keeps_its_columns(tmp_path: Path) -> None:
    body = {"kind": "text", "text": "relu1    0.0%\n-- hatcher -> HH AE1 CH ER0\nabcdefghijklmnop"}
    rows = [row.rstrip() for row in draw(feed_with(tmp_path, body, kind="text"), width=14, height=9)]
    assert rows[1:6] == ["relu1    0.0%", "-- hatcher ->", "HH AE1 CH ER0", "abcdefghijklmn", "op"]


def test_escape_sequences_in_captions_and_text_do_not_get_out(tmp_path: Path) -> None:
    evil = "\x1b]52;c;aGFjaw==\x07[red]"
    feed = feed_with(tmp_path, {"kind": "text", "text": evil}, kind="text")
    text = "\n".join(draw(feed))
    assert "\x1b" not in text
    assert "[red]" in text


def lines(**more: object) -> dict[str, object]:
    columns = [str(lag) for lag in range(0, 50, 5)]
    return {"kind": "lines", "columns": columns, "lines": [["rnn", [10.0**-lag for lag in range(10)]], ["lstm", [1.0] * 10]], **more}


def test_lines_are_drawn_over_the_numbers_of_their_columns_with_a_legend(tmp_path: Path) -> None:
    rows = draw(feed_with(tmp_path, lines(log=True), kind="lines"), height=12, width=60)
    assert "rnn" in rows[1]
    assert "lstm" in rows[1]
    assert sum(" 1e-" in row for row in rows) >= 2
    assert "40" in rows[-1]
    assert sum("o" in row for row in rows[2:]) > 5
    assert any(row.count("x") > 20 for row in rows[2:])


def test_lines_that_do_not_fit_their_columns_are_a_damaged_file(tmp_path: Path) -> None:
    feed = feed_with(tmp_path, lines(lines=[["rnn", [1.0]]]), kind="lines")
    assert "damaged" in " ".join(draw(feed))
