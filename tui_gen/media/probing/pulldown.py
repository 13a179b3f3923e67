"""Detects soft telecine: frames that are flagged to be shown for two and three fields in turn. Pure.

    coded    A     B        C     D              24 a second, whole pictures
    shown    a a   b b b    c c   d d d          60 fields a second, by a flag on every other frame
    pts      |--2--|---3----|--2--|              uneven; frames are 2.5 fields apart on average

Fields are not woven, so nothing has to be undone: the decoded frames are the film's own frames. Only the
flags and the uneven timestamps show soft telecine. A container may lack either.
"""

from __future__ import annotations

from collections.abc import Sequence

FIELDS_A_FRAME = 2.5
LEAST_FRAMES = 8
SHARES = (0.3, 0.7)
"""The share of frames shown for three fields: nominally half, but films are cut."""
FITTING_SHARE = 0.9
TOLERANCE = 0.08
"""The relative tolerance of a distance from a whole number of fields: Matroska has whole milliseconds."""
_EXTENSION = b"\0\0\1\xb5"
_PICTURE_CODING = 8
_REPEATS, _IS_PROGRESSIVE = 0x02, 0x80  # bits in the fourth and in the fifth byte of the extension


def field_seconds(gaps_seconds: Sequence[float]) -> float | None:
    """Return the duration of a field in seconds, or None if the distances of frames show no pulldown."""
    middle = sum(gaps_seconds) / len(gaps_seconds) if len(gaps_seconds) >= LEAST_FRAMES else 0.0
    if middle <= 0:
        return None
    field = middle / FIELDS_A_FRAME
    for _ in range(2):  # the second pass uses the distances that fit, whatever the share of each kind
        twos = [gap for gap in gaps_seconds if abs(gap / field - 2) < 0.5]  # noqa: PLR2004 - fields
        threes = [gap for gap in gaps_seconds if abs(gap / field - 3) <= 0.5]  # noqa: PLR2004 - fields
        if not twos or not threes:
            return None
        field = (sum(twos) + sum(threes)) / (2 * len(twos) + 3 * len(threes))
    fitting = [
        gap for gap in gaps_seconds if any(abs(gap / field - count) < TOLERANCE * count for count in (2, 3))
    ]
    is_pulldown = _is_share(len(threes) / len(gaps_seconds)) and len(fitting) >= FITTING_SHARE * len(
        gaps_seconds
    )
    return field if is_pulldown else None


def is_flagged(pictures: Sequence[bytes]) -> bool:
    """Return whether MPEG-2 pictures are flagged to be shown for two and three fields in turn."""
    flags = [flag for picture in pictures if (flag := _repeats_a_field(picture)) is not None]
    return len(flags) >= LEAST_FRAMES and _is_share(sum(flags) / len(flags))


def _is_share(share: float) -> bool:
    return SHARES[0] <= share <= SHARES[1]


def _repeats_a_field(picture: bytes) -> bool | None:
    """Return the flag of a coded picture, or None if it has none; the flag of a woven frame is ignored."""
    place = -1
    while (place := picture.find(_EXTENSION, place + 1)) >= 0:
        extension = picture[place + len(_EXTENSION) :][:5]
        if len(extension) == 5 and extension[0] >> 4 == _PICTURE_CODING:  # noqa: PLR2004 - bytes
            return bool(extension[3] & _REPEATS and extension[4] & _IS_PROGRESSIVE)
    return None
