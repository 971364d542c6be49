"""Previews on disk: a JSON file that readers need no image library for, and a PNG for people."""

from __future__ import annotations

import base64
import io
import math
import re
import time
from pathlib import Path
from typing import Any

from workbench.events.types import PreviewSaved
from workbench.recipe import Preview
from workbench.runs.files import replace_file
from workbench.runs.folder import RunFolder
from workbench.runs.report import strict_json

_SCALE = 4  # screen pixels for one of a small image


def save_preview(folder: RunFolder, step: int, preview: Preview) -> PreviewSaved:
    """Write a preview to `samples/`; returns the event that announces it.

    Raises:
        WorkbenchError: it cannot be written.
    """
    stem = f"{re.sub(r'[^a-z0-9_]+', '_', preview.name.lower())}-{step:08}"
    body = as_json(preview)
    if preview.kind == "images":
        _write_png(folder.samples / f"{stem}.png", base64.b64decode(body["pixels"]), body["shape"])
    replace_file(folder.samples / f"{stem}.json", strict_json({**body, "step": step}).encode(), durable=False)
    return PreviewSaved(at=time.time(), step=step, name=preview.name, title=preview.title, kind=preview.kind, file=f"{stem}.json")


def as_json(preview: Preview) -> dict[str, Any]:
    """The preview as the JSON object that `views.drawing` reads."""
    body: dict[str, Any] = {"kind": preview.kind, "title": preview.title}
    match preview.kind:
        case "images":
            pixels, shape = _pixels(preview.images)
            body |= {"captions": list(preview.captions), "shape": shape, "pixels": base64.b64encode(pixels).decode()}
        case "matrix":
            body |= {"rows": list(preview.rows), "columns": list(preview.columns), "matrix": [list(row) for row in preview.matrix]}
        case "lines":
            lines = [[name, list(values)] for name, values in preview.lines]
            body |= {"columns": list(preview.columns), "lines": lines, "log": preview.log}
        case "text":
            body |= {"text": preview.text}
    return body


def _pixels(images: Any) -> tuple[bytes, list[int]]:
    """The bytes and (N, H, W) of a tensor of grey images from 0 to 255."""
    import torch

    whole = images.detach().to("cpu", torch.float32).round().clamp(0, 255).to(torch.uint8).contiguous()
    return whole.numpy().tobytes(), list(whole.shape)


def _write_png(path: Path, pixels: bytes, shape: list[int]) -> None:
    """All images as one sheet, nearly square, each pixel magnified."""

    from PIL import Image

    count, height, width = shape
    columns = max(1, math.isqrt(max(0, count - 1)) + 1)
    sheet = Image.new("L", (columns * (width + 1) - 1, -(-max(count, 1) // columns) * (height + 1) - 1), 64)
    for index in range(count):
        tile = Image.frombytes("L", (width, height), pixels[index * height * width : (index + 1) * height * width])
        sheet.paste(tile, ((index % columns) * (width + 1), (index // columns) * (height + 1)))
    buffer = io.BytesIO()
    sheet.resize((sheet.width * _SCALE, sheet.height * _SCALE), Image.Resampling.NEAREST).save(buffer, "PNG")
    replace_file(path, buffer.getvalue(), durable=False)
