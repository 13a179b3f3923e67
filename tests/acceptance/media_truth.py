"""What must be said of each real file: from the manifest's facts (another ffprobe's) and the file's bytes.

Nothing here asks the program: `contradictions` yields what it says otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

REASONS: dict[str, str | tuple[str, ...]] = {
    "short_lt7": "too short: only",
    "zero_length": "empty",
    "encrypted": "encrypted",
    "audio_only": ("audio only", "no picture track", "not one of the containers"),
    "cover_art_only": ("cover art only", "not one of the containers"),
    "playlist": "not a video file but a playlist",
    "resolution_bomb_12336x12336": "larger than allowed",
}
"""What a file is known for, and how the reason why it gives nothing begins."""

Item = Mapping[str, Any]
TURNS = {"rotated_-90": 90, "rotated_90": 270}
ANOTHER_DECODER = "sample_vvc.mp4"
"""The manifest's ffmpeg has no decoder for it; newer ones do, and then it is a film like others."""


def contradictions(item: Item, said: Item, path: Path) -> Iterator[str]:
    """Yield what is said of a file and is not so."""
    features: Sequence[str] = item["features"]
    reasons = [REASONS[feature] for feature in features if feature in REASONS]
    if reasons:
        yield from _unlike("state", said["state"], "unusable")
        if not said["reason"].startswith(reasons[0]):
            yield f"reason: {said['reason']!r}, not {reasons[0]!r}"
        return
    if "undecodable" in features and path.name != ANOTHER_DECODER:
        yield from _unlike("state", said["state"], "unusable")
        return
    if "key_frames" not in said:
        yield f"nothing is known of it: {said['reason']}"
        return
    yield from _of_test(item, said)
    yield from _of_shape(item, said, path)
    yield from _of_colour(item, said)
    yield from _of_time(item, said)
    yield from _of_keys(item["video"], said["key_frames"])


def _unlike(what: str, said: object, truth: object) -> Iterator[str]:
    if said != truth:
        yield f"{what}: {said!r}, not {truth!r}"


def _of_test(item: Item, said: Item) -> Iterator[str]:
    results = [place["result"] for place in said["test"]]
    if not results or said["cost_estimate"]["processor_seconds"] is None:
        yield "it was not tried"
    is_clean = item["decode"] == "clean" or Path(item["file"]).name == ANOTHER_DECODER
    # Timestamps far apart leave room for fewer windows than a constant rate would have.
    is_short = "vfr" in item["features"] and "short_7to9" in item["features"]
    if is_clean and not is_short and "bad" in results:
        yield f"it decodes everywhere, but is said not to: {said['test']}"
    if "good" not in results and said["state"] == "good":
        yield f"nothing of it was read, and yet it is called good: {results}"
    yield from _unlike("reason", bool(said["reason"]), said["state"] != "good")


def _of_shape(item: Item, said: Item, path: Path) -> Iterator[str]:
    video, features = item["video"], item["features"]
    width, height = _aperture(path) or (video["width"], video["height"])
    yield from _unlike("size", said["size"], [width, height])
    turn = next((turn for feature, turn in TURNS.items() if feature in features), 0)
    yield from _unlike("rotation", said["rotation_degrees"], turn)
    yield from _unlike("upright", said["upright_size"], [height, width] if turn else [width, height])
    if video.get("sample_aspect_ratio") is not None:
        aspect = [int(number) for number in video["sample_aspect_ratio"].split(":")]
        yield from _unlike("sample aspect", said["sample_aspect"], aspect)
    is_flagged = any(feature.startswith("interlaced") for feature in features)
    orders = {"interlaced_tff": {"tt", "tb"}, "interlaced_bff": {"bb", "bt"}}
    if is_flagged != (said["field_order"] in {"tt", "tb", "bb", "bt"}):
        yield f"field order: {said['field_order']}"
    for feature, order in orders.items():
        if feature in features and said["field_order"] not in order:
            yield f"field order: {said['field_order']}"


def _aperture(path: Path) -> tuple[int, int] | None:
    """Return the clean aperture that a QuickTime file states: what is shown of its frames."""
    data = path.read_bytes() if path.suffix == ".mov" else b""
    place = data.find(b"clap")
    if place < 0:
        return None
    width, width_under, height, height_under = struct.unpack(">4i", data[place + 4 : place + 20])
    return width // width_under, height // height_under


def _of_colour(item: Item, said: Item) -> Iterator[str]:
    video, features, colour = item["video"], item["features"], said["colour"]
    truth = "pq" if "hdr10_pq" in features else "hlg" if "hlg" in features else "sdr"
    yield from _unlike("class", colour["class"], truth)
    names = {"range": "range", "matrix": "space", "transfer": "transfer", "primaries": "primaries"}
    for ours, theirs in names.items():
        stated = video.get(f"color_{theirs}")
        if stated is not None:
            yield from _unlike(ours, colour["stated"][ours], stated)
    # One states a display of 0.1 nits, which nobody believes.
    has_display = "mdcv" in features and "bitstream_vs_container_colour_mismatch" not in features
    yield from _unlike("mastering", colour["mastering_max_nits"] is not None, has_display)
    yield from _unlike(
        "Dolby Vision", colour["dolby_vision"], "8.1" if "dolby_vision_p8.1" in features else None
    )
    yield from _unlike("peak", colour["tone_mapping_peak"] is not None, truth != "sdr")
    if video.get("pix_fmt") is not None and "alpha" not in features:
        yield from _unlike("pixel format", colour["pixel_format"], video["pix_fmt"])


def _of_time(item: Item, said: Item) -> Iterator[str]:
    video = item["video"]
    if video.get("pts_max") is not None:
        length = video["pts_max"] - video["pts_min"]
        if not length - 0.002 <= said["duration_seconds"] <= length + 0.3:
            yield f"duration: {said['duration_seconds']}, the last frame begins at {length}"
        if abs(said["first_pts_seconds"] - video["pts_min"]) > 0.002:
            yield f"first PTS: {said['first_pts_seconds']}, not {video['pts_min']}"
    found, rates = said["frames_per_second"], list(_rates(video))
    is_right = found is not None and any(_is_rate(found, rate) for rate in rates)
    if "vfr" not in item["features"] and rates and not is_right:
        yield f"frame rate: {found}, not one of {rates}"


def _is_rate(found: float, rate: float) -> bool:
    """Compare, to what timestamps of whole milliseconds tell."""
    return abs(found / rate - 1) <= 0.02 or abs(1 / found - 1 / rate) < 0.001


def _rates(video: Item) -> Iterator[float]:
    """Yield what the headers say, and what counting packets does: either may be a fiction."""
    for key in ("r_frame_rate", "avg_frame_rate"):
        if video.get(key) not in {None, "0/0"}:
            yield float(Fraction(video[key]))
    first, last = video.get("pts_min"), video.get("pts_max")
    if first is not None and last is not None and last > first:
        yield (video["packets"] - 1) / (last - first)


def _of_keys(video: Item, keys: Item) -> Iterator[str]:
    yield from _unlike("measured by", keys["measured_by"], "packets")
    yield from _unlike("longest distance of key frames", keys["longest_frames"], video["max_gop"])
