"""A run as one page that needs nothing else: no script, no network, light or dark as its reader likes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from workbench.exporting import pictures, svg
from workbench.exporting.writing import write_whole
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed, open_run
from workbench.runs.reading.state import Shown
from workbench.units import compact, duration, grouped, metric, size
from workbench.views import previews
from workbench.views.drawing import Loaded
from workbench.views.plots.heading import labels
from workbench.views.run import health, slots
from workbench.views.run.slots import Slot
from workbench.views.run.status_lines import origin
from workbench.views.table import settings_of, text_of

_STYLE = Path(__file__).with_name("report.css")
_MOST_LAYERS = 256
_LOG_LINES = 40
_MOST_LETTERS = 40  # below a matrix in the usual size


def write(folder: RunFolder, target: Path, *, differs: str = "") -> dict[str, Any]:
    """Write the report of a run.

    Args:
        differs: in a sentence, what its settings have other than its preset, which nothing in a run folder tells.

    Raises:
        WorkbenchError: it cannot be written.
    """
    write_whole(target, page(open_run(folder), differs=differs))
    return {"said": ""}


def page(feed: Feed, *, differs: str = "") -> Iterator[str]:
    """The page, piece by piece."""
    title = escape(" ".join(filter(None, [feed.folder.id, feed.labels.name])))
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
    yield f"<style>{_STYLE.read_text(encoding='utf-8')}</style></head>\n<body><main>\n"
    yield _heading(feed)
    yield _section("Diagnosis", _diagnosis(feed))
    found = slots.every(feed)
    yield _section("Charts", "".join(_figure(feed, slot) for slot in found if slot.kind != "preview"), kind="board")
    yield _section("Previews", "".join(_preview(feed, shown) for shown in _newest(feed)), kind="board")
    yield _section("Metrics", _metrics(feed))
    yield _section("Settings", _settings(feed, differs), kind="columns")
    yield _section("Data", _facts({str(name): _words(value) for name, value in feed.state.data.items()}))
    yield _section("Layers", _layers(feed))
    yield _section("Log", _log(feed))
    yield f"<footer>Exported {_moment(time.time())} by the training workbench.</footer>\n</main></body></html>\n"


def _heading(feed: Feed) -> str:
    record, status = feed.record, feed.status
    name = f"<span class=name>{escape(feed.labels.name)}</span>" if feed.labels.name else ""
    task = record.recipe + (f"/{record.preset}" if record.preset else "")
    reason = f" <span class=muted>{escape(status.reason)}</span>" if status.reason else ""
    tags = "".join(f"<span class=tag>{escape(tag)}</span>" for tag in feed.labels.tags)
    note = f"<p>{escape(feed.labels.note)}</p>" if feed.labels.note else ""
    return (
        f'<header><h1>{escape(feed.folder.id)} {name}</h1><p><b class="state {status.state}">{status.state}</b>{reason} {tags}</p>{note}'
        f"{_facts(_in_short(feed, task))}</header>\n"
    )


def _in_short(feed: Feed, task: str) -> dict[str, str]:
    state = feed.state
    steps = grouped(state.step) + (f" of {grouped(state.steps_total)}" if state.steps_total else "")
    about = state.declaration(state.objective)
    summary = state.summaries.get(state.objective)
    value, step = summary.best(about.get("goal", "none")) if summary else (None, None)
    threads = f"{state.threads} thread{'s' if state.threads != 1 else ''}" if state.threads else ""
    found = {
        "recipe": task,
        "begins": _beginning(feed),
        f"best {state.objective}": f"{metric(value, about.get('unit', ''))} at step {grouped(step)}" if value is not None and step else "",
        **{key: metric(found.last, state.declaration(key).get("unit", "")) for key, found in _tests(feed).items()},
        "steps": steps,
        "took": duration(state.clock.read(state.news_at)) if state.clock.read(state.news_at) else "",
        "device": " ".join(filter(None, [state.device_description or state.device, threads, state.precision])),
        "parameters": grouped(state.parameters) if state.parameters else "",
        "memory": size(state.memory_bytes) if state.memory_bytes else "",
        "started": _moment(state.attempts[0].started_at) if state.attempts else "",
        "versions": ", ".join(f"{name} {version}" for name, version in state.versions.items()),
    }
    return {name: text for name, text in found.items() if text}


def _beginning(feed: Feed) -> str:
    """`forked from cnn-3 at step 1,200 with lr 1e-3`; nothing for a run that began at its beginning."""
    record = feed.record
    changed = [f"{name} {text_of(record.settings.get(name), name)}" for name in (record.fork.changed if record.fork else ())]
    return " with ".join(filter(None, [origin(feed), ", ".join(changed)]))


def _tests(feed: Feed) -> dict[str, Any]:
    """The numbers of the test split, without those per class."""
    return {
        key: found
        for key, found in feed.state.summaries.items()
        if key.startswith("test/") and key.count("/") == 1 and found.last is not None
    }


def _diagnosis(feed: Feed) -> str:
    found = health.findings(feed)
    if not found:
        return f"<p class=good>{escape(health.headline(found, step=feed.state.step))}</p>"
    items = []
    for finding in found:
        cause, *rest = health.in_full(finding)
        items.append(f'<li class="{finding.severity}"><b>{escape(cause)}</b><br>{"<br>".join(escape(text.strip()) for text in rest)}</li>')
    return f"<ul class=findings>{''.join(items)}</ul>"


def _figure(feed: Feed, slot: Slot) -> str:
    state = feed.state
    keys = [key for key in slot.metrics if key in state.series]
    if not keys:
        return ""
    if slot.kind == "strip":
        return _strip(feed, slot, keys)
    names = labels(keys)
    end = float(max(1, state.step))
    before = [(key, past.series[key]) for key in keys for past in feed.earlier if key in past.series]  # of the runs it was forked from
    before += [(key, ghost) for key in keys for ghost in state.ghosts.get(key, ())]
    lines = [svg.Line(names[key], series.columns(svg.COLUMNS, 0.0, end), ghost=True) for key, series in before]
    lines += [svg.Line(names[key], state.series[key].columns(svg.COLUMNS, 0.0, end)) for key in keys]
    marks = [svg.Mark(change.step, change.text) for change in state.interventions]
    marks += [svg.Mark(step, f"{names[key]} is not finite", is_bad=True) for key in keys for step in state.summaries[key].nonfinite_steps]
    legend = "".join(
        f'<li><i class="s{place % svg.INKS + 1}"></i>{escape(names[key] or key)} <b>{_last(feed, key)}</b></li>'
        for place, key in enumerate(keys)
    )
    drawn = svg.chart(lines, last_step=end, log=slot.log, marks=marks, title=slot.title)
    scale = " <small>log</small>" if slot.log else ""
    return f"<figure><figcaption>{escape(slot.title)}{scale}<ul class=legend>{legend}</ul></figcaption>{drawn}</figure>\n"


def _strip(feed: Feed, slot: Slot, keys: Sequence[str]) -> str:
    """One row a layer, from the first step to the last, dark where the number is small."""
    state, end = feed.state, float(max(1, feed.state.step))
    keys, names = keys[:_MOST_LAYERS], labels(keys)
    columns = min(120, max(2, max(len(state.series[key].first) for key in keys)))
    rows = [[column[2] if column else None for column in state.series[key].columns(columns, 0.0, end)] for key in keys]
    picture = pictures.heat([_filled(row) for row in rows], log=slot.log)
    scale = "log, light is large" if slot.log else "light is large"
    words = "".join(f"<span>{escape(names[key])}</span>" for key in keys)
    alt = escape(f"{slot.title}: {len(keys)} rows, from the first step to step {grouped(int(end))}")
    return (
        f"<figure><figcaption>{escape(slot.title)} <small>{scale}</small></figcaption>"
        f'<div class=strip><div class=rows>{words}</div><img alt="{alt}" src="{picture.address}"></div></figure>\n'
    )


def _filled(row: Sequence[float | None]) -> list[float | None]:
    """The row with the value before wherever there is none."""
    found: list[float | None] = []
    for value in row:
        found.append(value if value is not None or not found else found[-1])
    return found


def _newest(feed: Feed) -> list[Shown]:
    newest = {shown.name: shown for shown in feed.state.previews}
    return list(newest.values())


def _preview(feed: Feed, shown: Shown) -> str:
    loaded = previews.load(feed.folder, shown)
    caption = f"<figcaption>{escape(shown.title or shown.name)} <small>step {grouped(shown.step)}</small></figcaption>"
    return f"<figure>{caption}{_drawn(loaded, f'{shown.title or shown.name}, step {grouped(shown.step)}')}</figure>\n"


def _drawn(loaded: Loaded, title: str) -> str:
    if loaded.problem:
        return f"<p class=muted>{escape(loaded.problem)}</p>"
    if loaded.kind == "text":
        return f"<pre>{escape(loaded.text)}</pre>"
    if loaded.kind == "lines":
        return _preview_lines(loaded)
    picture = pictures.of(loaded)
    if picture is None:
        return "<p class=muted>nothing to show</p>"
    if loaded.kind == "images":
        captions = f'<p class="muted captions">{escape(" · ".join(loaded.captions[:64]))}</p>' if any(loaded.captions) else ""
        return f'<img class=sheet width={picture.width} alt="{escape(title)}" src="{picture.address}">{captions}'
    rows = "".join(f"<span>{escape(name)}</span>" for name in loaded.rows)
    columns = "".join(f"<span>{escape(name)}</span>" for name in loaded.columns)
    many = " many" if sum(map(len, loaded.columns)) > _MOST_LETTERS else ""
    image = f'<img alt="{escape(title)}" src="{picture.address}">'
    return f'<div class=matrix><div class=rows>{rows}</div>{image}<div class="columns{many}">{columns}</div></div>'


def _preview_lines(loaded: Loaded) -> str:
    end = float(max(1, len(loaded.columns) - 1))
    drawn = [svg.Line(name, [(value, value, value) if value == value else None for value in values]) for name, values in loaded.lines]
    legend = "".join(f'<li><i class="s{place % svg.INKS + 1}"></i>{escape(name)}</li>' for place, (name, _) in enumerate(loaded.lines))
    return f"<ul class=legend>{legend}</ul>{svg.chart(drawn, last_step=end, log=loaded.log)}"


def _metrics(feed: Feed) -> str:
    rows = []
    for key, found in feed.state.summaries.items():
        if key.count("/") > 1:
            continue
        about = feed.state.declaration(key)
        best, step = found.best(about.get("goal", "none"))
        unit = about.get("unit", "")
        told = metric(best, unit) if best is not None else ""
        rows.append((key, _last(feed, key), told, grouped(step) if step and told else "", grouped(found.count), about.get("help", "")))
    return _table(("metric", "last", "best", "at step", "points", ""), rows, numbers=(1, 2, 3, 4)) if rows else ""


def _settings(feed: Feed, differs: str) -> str:
    words = feed.record.words_for_none
    said = f"<p>{escape(differs)}</p>" if differs else ""
    return said + _facts({name: text_of(value, name, words) for name, value in settings_of(feed).items()})


def _layers(feed: Feed) -> str:
    rows = [
        (str(x.get("name")), str(x.get("kind")), _words(x.get("output_shape", "")), grouped(int(x.get("parameters") or 0)))
        for x in feed.state.layers
    ]
    return (
        f"<details><summary>{len(rows)} layers</summary>{_table(('layer', 'kind', 'output', 'parameters'), rows, numbers=(3,))}</details>"
        if rows
        else ""
    )


def _log(feed: Feed) -> str:
    lines = list(feed.state.log)[-_LOG_LINES:]
    if not lines:
        return ""
    items = "".join(f'<li class="{line.level}"><time>{_moment(line.at)}</time> {escape(line.text)}</li>' for line in lines)
    return f"<ol class=log>{items}</ol>"


def _last(feed: Feed, key: str) -> str:
    value = feed.state.summaries[key].last
    unit = feed.state.declaration(key).get("unit", "")
    return "" if value is None else metric(value, unit) if unit else compact(value)


def _section(title: str, body: str, kind: str = "") -> str:
    return f'<section><h2>{title}</h2><div class="{kind}">{body}</div></section>\n' if body else ""


def _facts(facts: Mapping[str, str]) -> str:
    items = "".join(f"<div><dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(text)}</dd></div>" for name, text in facts.items() if text)
    return f"<dl>{items}</dl>" if items else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int]) -> str:
    def cell(kind: str, place: int, text: str) -> str:
        return f"<{kind}{' class=n' if place in numbers else ''}>{escape(text)}</{kind}>"

    top = "".join(cell("th", place, text) for place, text in enumerate(head))
    body = "".join(f"<tr>{''.join(cell('td', place, text) for place, text in enumerate(row))}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return " x ".join(map(str, value)) if all(isinstance(each, int) for each in value) else ", ".join(map(str, value))
    return (
        compact(value)
        if isinstance(value, float)
        else grouped(value)
        if isinstance(value, int) and not isinstance(value, bool)
        else str(value)
    )


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if at else ""
