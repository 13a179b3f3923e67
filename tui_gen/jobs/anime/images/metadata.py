"""The metadata file beside an image: `.<stem>_meta.json`.

The keys are those that other programs for such datasets write and read, and those of this program: id, frame,
pts, episode, sha256, models. Paths are relative to the output folder and have forward slashes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import PurePath
from typing import Any

_TEXTS = ("id", "path", "current_path", "filename", "group_id", "type")
MANY_PEOPLE = 6
"""The number of people that stands for it or more."""
Face = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the image's width and height."""


@dataclass(frozen=True, slots=True)
class CropInfo:
    """How a crop was made."""

    type: str  # "person", "halfbody", "head"
    score: float


@dataclass(frozen=True, slots=True)
class ImageMetadata:
    """What is known of one image. `extra` keeps the entries of a file that this program does not know."""

    id: str  # the stem; unique in the dataset
    path: str  # of the image that it was made of
    current_path: str
    filename: str
    group_id: str  # the id of the frame it was made of: its own for a frame
    image_size: tuple[int, int]  # width, height
    type: str  # the image type, like "screenshots"
    episode: str = ""  # id of the source
    frame: int = 0  # number of the frame in the episode, or of the image in its folder
    pts: int | None = None  # in ticks of the episode's clock
    crop: CropInfo | None = None
    characters: tuple[str, ...] = ()
    n_people: int | None = None
    n_faces: int = 0
    facepos: tuple[Face, ...] = ()
    fh_ratio: float = 0.0  # height of the tallest face divided by the height of the image
    tags: dict[str, float] = field(default_factory=dict)
    rating: str = ""
    copyright: str = ""
    artist: str = ""
    processed_tags: tuple[str, ...] = ()
    dropped_character_tags: tuple[str, ...] = ()
    caption: str = ""
    sha256: str = ""  # of the image as the program wrote it: another content was edited by hand
    models: dict[str, str] = field(default_factory=dict)  # "detector": "embedded animeface", ...
    extra: dict[str, Any] = field(default_factory=dict)


def metadata_name(image_name: str) -> str:
    """Return the name of the metadata file of an image: "a.png" has ".a_meta.json"."""
    return f".{PurePath(image_name).stem}_meta.json"


def encoded(metadata: ImageMetadata) -> bytes:
    """Return the file's bytes: JSON in UTF-8. Equal metadata are equal bytes; tags keep their order."""
    entries = asdict(metadata)
    extra = entries.pop("extra")
    kept = {key: value for key, value in entries.items() if value not in (None, "", {}, ())}
    ordered = dict(sorted({**extra, **kept}.items()))
    text = json.dumps(ordered, ensure_ascii=False, indent=1)
    return f"{text}\n".encode("utf-8", "surrogateescape")


def decoded(data: bytes) -> ImageMetadata:
    """Read a metadata file. Texts that are missing are empty. Raises ValueError with what is wrong."""
    entries = json.loads(data.decode("utf-8", "surrogateescape"))
    if not isinstance(entries, dict):
        message = "not an object"
        raise ValueError(message)  # noqa: TRY004 - the content is wrong, no argument
    known = {each.name for each in fields(ImageMetadata)} - {"extra"}
    mine = {key: value for key, value in entries.items() if key in known}
    extra = {key: value for key, value in entries.items() if key not in known}
    try:
        width, height = mine.pop("image_size", (0, 0))
        crop = mine.pop("crop", None)
        if mine.get("n_people") == "many":  # as some programs write it
            mine["n_people"] = MANY_PEOPLE
        return ImageMetadata(
            **{
                **dict.fromkeys(_TEXTS, ""),
                **mine,
                "image_size": (int(width), int(height)),
                "crop": None if crop is None else CropInfo(str(crop["type"]), float(crop["score"])),
                "facepos": tuple(tuple(float(edge) for edge in face) for face in mine.get("facepos", ())),
                **{
                    key: tuple(str(each) for each in mine.get(key, ()))
                    for key in ("characters", "processed_tags", "dropped_character_tags")
                },
                "extra": extra,
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"not the metadata of an image: {error}"
        raise ValueError(message) from error
