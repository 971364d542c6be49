"""Numbers as people read them: 1234567 as 1.23M, 75 seconds as 1:15, 3e-4 as 3e-4."""

from __future__ import annotations

import math

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k"))
_BYTES = ((1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB"))


def compact(value: float) -> str:
    """At most four significant digits: 1.23M, 98.62, 0.0312, 3e-5; NaN and infinities in words."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0:
        return "0"
    for scale, prefix in _PREFIXES:
        if size >= scale:
            return f"{value / scale:.3g}{prefix}"
    if size >= 1e-3:
        return f"{value:.4g}"
    mantissa, exponent = f"{value:.3g}".split("e") if "e" in f"{value:.3g}" else f"{value:.2e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def grouped(value: int) -> str:
    """A whole number with thousands separated: 1,240."""
    return f"{value:,}"


def percent(share: float) -> str:
    """A share of one as a percentage with one decimal: 98.6 %."""
    return f"{100 * share:.1f} %" if math.isfinite(share) else compact(share)


def duration(seconds: float) -> str:
    """Elapsed or remaining time: 0:09, 12:40, 3:07:20, 2 d 04:10."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    if days:
        return f"{days} d {hours:02}:{minutes:02}"
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def age(seconds: float) -> str:
    """How long ago, coarsely, so that a still screen does not change at every look: now, 8 s, 3 min, 2 h, 5 d."""
    if seconds < 2:
        return "now"
    if seconds < 10:
        return f"{int(seconds)} s"
    if seconds < 60:
        return f"{int(seconds) // 10 * 10} s"
    for scale, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= scale:
            return f"{int(seconds // scale)} {unit}"
    raise AssertionError("unreachable: seconds is at least a minute here")


def size(count: float) -> str:
    """A number of bytes: 412 MB, 1.2 GB."""
    for scale, unit in _BYTES:
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{int(count)} B"


def metric(value: float, unit: str = "") -> str:
    """A metric's value with its unit; a share of one (unit `%`) is shown as a percentage."""
    if unit == "%":
        return percent(value)
    return f"{compact(value)} {unit}".rstrip()
