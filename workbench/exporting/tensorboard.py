"""A run as event files that TensorBoard reads: scalars at their wall times, previews, settings as text and as hyperparameters."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.exporting import pictures, table
from workbench.exporting.writing import cannot_write
from workbench.runs.folder import RunFolder, Value
from workbench.runs.reading.feed import Feed, open_run
from workbench.runs.reading.state import Shown
from workbench.views import previews
from workbench.views.run import health
from workbench.views.table import settings_of

_QUEUE = 1000  # events that wait for the writing thread
_SPREADS = ("weights", "gradients")  # previews that are histograms: a row a layer, the share of its numbers in each decade


def write(folder: RunFolder, target: Path) -> dict[str, Any]:
    """Write a run into a folder of its own; event files that lie in it go, for TensorBoard would take both for one run.

    Raises:
        WorkbenchError: the folder cannot be written.
    """
    feed = open_run(folder)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        counts = _write(feed, partial)
        target.mkdir(exist_ok=True)
        for old in target.glob("*tfevents*"):
            old.unlink()
        for new in partial.iterdir():
            new.rename(target / new.name)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return {"said": f"{counts['scalars']:,} numbers, {counts['previews']} previews; look: tensorboard --logdir {target}", **counts}


def _write(feed: Feed, folder: Path) -> dict[str, int]:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder), max_queue_size=_QUEUE)
    counts = {"scalars": 0, "previews": 0}
    try:
        for summary in _about(feed):
            writer.add_event(Event(wall_time=feed.state.attempts[0].started_at if feed.state.attempts else 0.0, step=0, summary=summary))
        for row in table.rows(feed.folder):
            values = [Summary.Value(tag=key, simple_value=_fitting(value)) for key, value in row.values.items()]
            writer.add_event(Event(wall_time=row.at, step=row.step, summary=Summary(value=values)))
            counts["scalars"] += len(values)
        for shown in feed.state.previews:
            for value in _preview(feed, shown):
                writer.add_event(Event(wall_time=shown.at, step=shown.step, summary=Summary(value=[value])))
                counts["previews"] += 1
        writer.add_event(Event(wall_time=feed.state.news_at, step=feed.state.step, summary=_ended(feed)))
    finally:
        writer.close()
    return counts


def _fitting(value: float) -> float:
    """The value as 32 bits hold it, as all scalars of TensorBoard are."""
    return math.copysign(math.inf, value) if math.isfinite(value) and abs(value) > 3.4028234e38 else value


def _about(feed: Feed) -> Iterator[Any]:
    """Settings as text and as hyperparameters, and the diagnosis."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    settings = settings_of(feed)
    rows = "\n".join(f"| {name} | {_plain(value)} |" for name, value in settings.items())
    title = f"{feed.folder.id} {feed.labels.name}".strip()
    yield Summary(
        value=[_text("settings", f"**{title}** ({feed.record.recipe} {feed.record.preset})\n\n| setting | value |\n|---|---|\n{rows}")]
    )
    yield Summary(value=[_text("diagnosis", "\n\n".join(health.lines(feed)))])
    yield _started(feed, settings)


def _started(feed: Feed, settings: Mapping[str, Value]) -> Any:
    from google.protobuf import struct_pb2
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionStartInfo

    info = SessionStartInfo(group_name=feed.folder.id, start_time_secs=feed.record.created_at)
    for name, value in settings.items():
        if isinstance(value, (bool, int, float, str)):
            kind = "bool_value" if isinstance(value, bool) else "string_value" if isinstance(value, str) else "number_value"
            info.hparams[name].CopyFrom(struct_pb2.Value(**{kind: value}))
    return _hyperparameters(metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=info))


def _ended(feed: Feed) -> Any:
    from tensorboard.plugins.hparams import api_pb2, metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    status = {"finished": api_pb2.STATUS_SUCCESS, "stopped": api_pb2.STATUS_SUCCESS, "running": api_pb2.STATUS_RUNNING}
    info = SessionEndInfo(status=status.get(feed.status.state, api_pb2.STATUS_FAILURE), end_time_secs=feed.state.news_at)
    return _hyperparameters(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=info))


def _hyperparameters(tag: str, data: Any) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata

    return Summary(value=[Summary.Value(tag=tag, tensor=metadata.NULL_TENSOR, metadata=metadata.create_summary_metadata(data))])


def _preview(feed: Feed, shown: Shown) -> Iterator[Any]:
    """What TensorBoard can show of a preview: a picture, a text, or a histogram of each layer."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    loaded = previews.load(feed.folder, shown)
    tag = f"preview/{shown.name}"
    if loaded.problem:
        return
    if loaded.kind == "text":
        yield _text(tag, "\n".join(f"    {line}" for line in loaded.text.splitlines()))
        return
    if loaded.kind == "matrix" and shown.name in _SPREADS:
        for layer, shares in zip(loaded.rows, loaded.matrix, strict=False):
            yield Summary.Value(tag=f"{tag}/{layer}", histo=_histogram(shares))
        return
    picture = pictures.of(loaded)
    if picture is not None:
        image = Summary.Image(height=picture.height, width=picture.width, colorspace=3, encoded_image_string=picture.png)
        yield Summary.Value(tag=tag, image=image)


def _histogram(shares: tuple[float | None, ...]) -> Any:
    """Shares in % of a layer's numbers by size: exactly 0, then a decade each, the smallest below 1e-8."""
    from tensorboard.compat.proto.summary_pb2 import HistogramProto

    counts = [share if share is not None and math.isfinite(share) else 0.0 for share in shares]
    limits = [0.0, *(10.0 ** (exponent - 8) for exponent in range(len(counts) - 1))]
    return HistogramProto(min=0.0, max=limits[-1], num=sum(counts), bucket_limit=limits, bucket=counts)


def _text(tag: str, words: str) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING

    about = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    return Summary.Value(tag=tag, metadata=about, tensor=TensorProto(dtype=DT_STRING, string_val=[words.encode()], tensor_shape=shape))


def _plain(value: Value) -> str:
    return "off" if value is None else str(value)
