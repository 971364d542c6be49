import math
import re
from html.parser import HTMLParser

from tests.builders import START, append, build_run, checkpoint, ended, loop, metrics, opening, started
from tests.exporting.previewed import previewed_run
from workbench.events.types import MetricsDeclared, SettingChanged
from workbench.exporting import html
from workbench.runs.folder import Fork, Labels
from workbench.runs.reading.feed import open_run

VOID = {"meta", "img", "br", "path", "circle", "polygon", "polyline"}


class Balanced(HTMLParser):
    """Fails where a tag is closed that was not the last one opened."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open.pop() == tag


def page(folder):
    text = "".join(html.page(open_run(folder)))
    found = Balanced()
    found.feed(text)
    assert found.open == []
    return text, found.seen


def test_it_is_one_page_that_fetches_nothing_and_runs_nothing(tmp_path):
    text, seen = page(previewed_run(tmp_path))
    assert not re.search(r"https?://|@import|<script|<link", text)
    assert all(about["src"].startswith("data:image/png;base64,") for tag, about in seen if tag == "img")
    assert all(about["alt"] for tag, about in seen if tag == "img")
    assert "prefers-color-scheme: dark" in text


def test_it_has_charts_settings_previews_layers_and_the_diagnosis(tmp_path):
    text, seen = page(previewed_run(tmp_path, labels=Labels(name="mine", tags=("paper",), note="try again")))
    assert sum(tag == "polyline" for tag, _ in seen) >= 3
    assert sum(tag == "img" for tag, _ in seen) == 3
    for words in ("cnn-1", "mine", "paper", "try again", "batch size", "mnist5k", "rules quiet", "121,930", "dense", "97.5 %"):
        assert words in text, words


def test_what_others_wrote_stays_text(tmp_path):
    text, _ = page(previewed_run(tmp_path, labels=Labels(name="<img src=x onerror=alert(1)>"), settings={"<b>": '"&'}))
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_changes_and_numbers_that_are_not_finite_are_marked(tmp_path):
    folder = build_run(tmp_path, [*opening(), loop(), metrics(range(1, 9), value=lambda step: math.nan if step == 5 else step)])
    append(folder, [SettingChanged(at=1.8e9, step=6, name="lr", old=1e-3, new=1e-4, by="ada"), ended("stopped", step=8, at=1.8e9 + 1)])
    text, seen = page(folder)
    assert sum(about.get("class") == "bad" for _, about in seen) == 1
    assert "set lr 0.001 -&gt; 1e-4 by ada" in text


def test_a_run_that_logged_nothing_is_a_page_too(tmp_path):
    text, _ = page(build_run(tmp_path, opening()))
    assert "nothing to judge yet" in text
    text, _ = page(build_run(tmp_path, [*opening(), loop(), metrics([1, 2], value=lambda step: math.nan)], "cnn-2"))
    assert "nothing finite to draw" in text


def test_a_strip_is_shaded_as_its_chart_was_declared(tmp_path):
    for log, said in ((False, "<small>light is large</small>"), (True, "<small>log, light is large</small>")):
        charts = {"dead": {"title": "dead units per layer", "log": log, "kind": "strip"}}
        keys = {f"train/dead/{layer}": {"goal": "none", "unit": "%", "chart": "dead", "help": ""} for layer in "ab"}
        declared = MetricsDeclared(at=START, objective="", metrics=keys, charts=charts, slots=("dead",))
        told = [metrics(range(1, 9), key=key) for key in keys]
        text, _ = page(build_run(tmp_path / str(log), [started(), declared, loop(), *told]))
        assert said in text


def test_a_fork_says_where_it_began_and_draws_its_parent_dim_until_there(tmp_path):
    about = {"train/loss": {"goal": "min", "unit": "", "chart": "loss", "help": ""}}
    head = [*opening(), MetricsDeclared(at=START, objective="", metrics=about, charts={"loss": {"title": "loss"}}, slots=("loss",))]
    build_run(tmp_path, [*head, loop(), metrics(range(1, 61)), checkpoint(60), metrics(range(61, 101))], "cnn-1")
    fork = Fork(step=60, attempt=1, changed=("lr", "keep_checkpoints"))
    settings = {"lr": 1e-3, "keep_checkpoints": None, "nesterov": False}
    child = [*head, loop(step=60), metrics(range(61, 101))]
    text, seen = page(build_run(tmp_path, child, "cnn-2", settings=settings, parent="cnn-1", fork=fork))
    assert "forked from cnn-1 at step 60 with lr 1e-3, keep_checkpoints all" in text
    assert "<dt>keep checkpoints</dt><dd>all</dd>" in text
    assert "<dt>nesterov</dt><dd>no</dd>" in text
    ghosts = [about["points"] for tag, about in seen if tag == "polyline" and "ghost" in about["class"]]
    assert len(ghosts) == 1
    assert 240 < float(ghosts[0].split()[-1].partition(",")[0]) < 260  # steps 0 to 100 lie from 44 to 388


def test_what_differs_from_the_preset_is_told_where_somebody_knows(tmp_path):
    feed = open_run(previewed_run(tmp_path))
    assert "<p>differs from digits: lr 1 -&gt; 2</p>" in "".join(html.page(feed, differs="differs from digits: lr 1 -> 2"))
    assert "differs" not in "".join(html.page(feed))
