"""Numbers as people read them: 1234567 as 1.23M, 75 seconds as 1:15, 3e-4 as 3e-4."""

from __future__ import annotations

import math

_PREFIXES = ("", "k", "M", "G", "T")
_BYTES = ("B", "kB", "MB", "GB", "TB", "PB")
_PLAIN_BELOW = 9999.5  # from here on, four digits would round to five


def compact(value: float) -> str:
    """At most four significant digits: 1.23M, 98.62, 0.0312, 3e-5; NaN and infinities in words."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0:
        return "0"
    if size >= _PLAIN_BELOW:
        scaled, prefix = _scaled(value, _PREFIXES)
        return f"{scaled}{prefix}" if "e" not in scaled else _scientific(value)
    return f"{value:.4g}" if size >= 1e-3 else _scientific(value)


def brief(value: float) -> str:
    """The number of a setting, in one form in every table and sentence, at most four digits: 1e-3, 5.981e-4, 0.05, 100."""
    if value and abs(value) < 0.01:
        mantissa, exponent = f"{value:.3e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{float(f'{value:.4g}'):.15g}"


def grouped(value: int) -> str:
    """A whole number with thousands separated: 1,240."""
    return f"{value:,}"


def percent(share: float) -> str:
    """A share of one as a percentage with one decimal: 98.6 %."""
    if not math.isfinite(share):
        return compact(share)
    return f"{100 * share:.1f} %" if abs(share) < 100 else f"{compact(100 * share)} %"


def duration(seconds: float) -> str:
    """Elapsed or remaining time: 0:09, 12:40, 3:07:20, 2 d 04:10; NaN and infinities in words."""
    if not math.isfinite(seconds):
        return compact(seconds)
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    if days:
        return f"{days} d {hours:02}:{minutes:02}"
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def seconds(value: float) -> str:
    """How long something short took: 0.2 s, 40 ms, 3 s; from a minute on as `duration`."""
    if not math.isfinite(value) or value >= 60:
        return duration(value)
    return f"{value:.2g} s" if value >= 0.1 else f"{1000 * value:.2g} ms"


def age(seconds: float) -> str:
    """How long ago, coarsely, so that a still screen does not change at every look: now, 8 s, 3 min, 2 h, 5 d."""
    if not math.isfinite(seconds):
        return compact(seconds)
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
    """A number of bytes by powers of 1000, as on axes: 412 MB, 1.2 GB; NaN and infinities in words."""
    if not math.isfinite(count):
        return compact(count)
    scaled, prefix = _scaled(count, _BYTES)
    return f"{scaled} {prefix}"


def metric(value: float, unit: str = "") -> str:
    """A metric's value with its unit; a share of one (unit `%`) is shown as a percentage."""
    if unit == "bytes":
        return size(value)
    if unit == "%":
        return percent(value)
    return f"{compact(value)} {unit}".rstrip()


def _scaled(value: float, prefixes: tuple[str, ...]) -> tuple[str, str]:
    """Three digits of a value, and the prefix that makes them so."""
    for prefix in prefixes[:-1]:
        if abs(value) < 999.5:
            return f"{value:.3g}", prefix
        value /= 1000
    return f"{value:.3g}", prefixes[-1]


def _scientific(value: float) -> str:
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
