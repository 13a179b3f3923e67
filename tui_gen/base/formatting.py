"""How numbers, times, sizes and foreign names are written, everywhere the same.

`display_name` is the one door through which foreign text (names, paths, messages of other programs)
reaches a terminal: no control character, no lone surrogate and no direction mark passes it.
"""

from __future__ import annotations

import time
import unicodedata
from datetime import date

_WEEK_DAYS = 7
_HOUR, _DAY, _YEAR = 3600, 86400, 365 * 86400
_KILO = 1000.0
_C0_PICTURES = 0x2400
_DELETE = 0x7F
# Marks and overrides of writing direction, zero-width characters, separators that break lines, and
# variation selectors, on whose width terminals do not agree.
_HIDDEN = frozenset(
    [
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
        0x061C,
        0xFEFF,
        0xFFFC,
    ]
)
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def display_name(text: str) -> str:
    """Return foreign text with everything that could move, hide or command made visible.

    C0 controls become their pictures (a newline is shown as one cell), C1 controls, lone surrogates,
    direction marks, invisible and unassigned characters become the replacement character.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    code = ord(character)
    if code < ord(" "):
        return chr(_C0_PICTURES + code)
    if code == _DELETE:
        return "\N{SYMBOL FOR DELETE}"
    if code in _HIDDEN or unicodedata.category(character) in {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}:
        return REPLACEMENT
    return character


def count(number: int) -> str:
    """`18,456`."""
    return f"{number:,}"


def percent(share: float | None, digits: int = 1) -> str:
    """`36.2 %`, or `-` where nothing was measured."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def size(size_bytes: float) -> str:
    """`28.2 GB`: decimal units, three digits or so."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < _KILO:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KILO
    return f"{value:.2f} TB" if value < _KILO else f"{value / _KILO:.2f} PB"


def per_minute(rate: float | None) -> str:
    """`1,412` from ten a minute on, `4.6` below; `-` where nothing was measured."""
    least_whole = 10.0
    if rate is None:
        return "-"
    return f"{rate:,.0f}" if rate >= least_whole else f"{rate:.1f}"


def duration(seconds: float | None) -> str:
    """`2d 14h`, `14h 05m`, `5m 12s`, `12s`; `-` where unknown, `over a year` beyond."""
    if seconds is None:
        return "-"
    whole = int(max(0.0, seconds))
    if whole >= _YEAR:
        return "over a year"
    days, rest = divmod(whole, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days}d {hours:02d}h"
    if hours:
        return f"{hours}h {minutes:02d}m"
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def moment(at: float, now: float) -> str:
    """`14:20` today, `Fri 28 Nov 14:20` otherwise, with the year when it is another; local time."""
    then, today = time.localtime(at), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    form = "%a %d %b %H:%M" if then[0] == today[0] else "%a %d %b %Y %H:%M"
    return time.strftime(form, then)


def coming(at: float, now: float) -> str:
    """`14:20` today, `Fri 14:20` in the six days after it, as `moment` says otherwise; local time."""
    then, today = date.fromtimestamp(at), date.fromtimestamp(now)  # noqa: DTZ012 - local time is shown
    if 0 < (then - today).days < _WEEK_DAYS:
        return time.strftime("%a %H:%M", time.localtime(at))
    return moment(at, now)


def position(seconds: float) -> str:
    """`00:45:32`: a place in a recording."""
    whole = int(seconds)
    return f"{whole // _HOUR:02d}:{whole % _HOUR // 60:02d}:{whole % 60:02d}"


def frame_count(number: int) -> str:
    """Return `1 frame`, `5 frames`."""
    return f"{number} frame" if number == 1 else f"{number} frames"
