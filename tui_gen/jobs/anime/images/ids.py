"""The ids of images: the stems of their files, unique in the dataset.

frame    <prefix>_EP<n>_<frame, six digits>            Frieren_EP3_001234
crop     <frame>_person<i>[_halfbody|_head]            Frieren_EP3_001234_person0_head
"""

from __future__ import annotations

import re

_CROP = re.compile(r"(?P<frame>.+)_person\d+(?:_halfbody|_head)?")


def frame_id(prefix: str, episode: int, frame: int) -> str:
    """Return the id of a frame. Without a prefix the id begins with `EP`."""
    return f"{prefix}_EP{episode}_{frame:06d}" if prefix else f"EP{episode}_{frame:06d}"


def crop_id(frame: str, number: int, part: str = "person") -> str:
    """Return the id of a crop: `number` counts the persons of the frame from 0."""
    return f"{frame}_person{number}" + ("" if part == "person" else f"_{part}")


def frame_of(image: str) -> str:
    """Return the id of the frame that an image was made of: its own id if it is no crop."""
    found = _CROP.fullmatch(image)
    return found["frame"] if found else image


def whole_of(image: str) -> str:
    """Return the id of the crop that an upper body or a head was cut of: its own id if it is none."""
    return image.removesuffix("_head").removesuffix("_halfbody")
