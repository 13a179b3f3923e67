"""What `tui-gen check` says of films that are not what their first look suggests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.acceptance.conftest import make_film, write_config
from tests.acceptance.program import entry, run_inside

X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
WIDE = ",format=yuv420p10le,setparams=color_primaries=bt2020:colorspace=bt2020nc:range=tv"


X264 = ("-c:v", "libx264", "-preset", "ultrafast")
TWO_EYES = (
    "testsrc2=s=640x360:r=24:d=0.5,split[a][b];[a]scale=320:360[l];[b]hue=h=120,scale=320:360[r];"
    "[l][r]hstack,setsar=1"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A film to make, and what its entry in the configuration has besides the usual keys."""

    graph: str
    encoder: tuple[str, ...] = X264
    keys: Mapping[str, Any] = field(default_factory=dict)


KEYS = {"transfer": "smpte2084", "peak": 20, "primaries": "bt709", "matrix": "bt709", "range": "pc"}
SAMPLES = {
    "wide.mkv": Sample("testsrc2=s=160x96:r=24:d=0.5" + WIDE, X265),
    "wide-pq.mkv": Sample("testsrc2=s=160x96:r=24:d=0.5" + WIDE, X265, KEYS),
    "half.mp4": Sample(TWO_EYES, (*X264, "-x264-params", "frame-packing=3")),
    "odd.mkv": Sample("testsrc=s=161x97:r=24:d=0.5", ("-c:v", "ffv1", "-pix_fmt", "yuv420p")),
    "nearly.mp4": Sample("testsrc2=s=160x96:r=24:d=0.5,setsar=sar=2740/2739:max=10000"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str) -> dict[str, dict[str, Any]]:
    """Return what one check says of each sample."""
    folder = tmp_path_factory.mktemp("facts")
    for name, sample in SAMPLES.items():
        make_film(embedded_ffmpeg, sample.graph, folder / name, sample.encoder)
    videos = [
        {**entry(folder / name, name, {"space": 1.0}), **sample.keys} for name, sample in SAMPLES.items()
    ]
    data = write_config(folder, videos, name="dataset", targets={}, base_frame_limit=1)
    done = run_inside("check", data.config, "--json", "--no-keep")
    return {video["name"]: video for video in json.loads(done.out)["videos"]}


def remark(video: Mapping[str, Any], begin: str) -> str:
    """Return the one remark that begins in this way."""
    (found,) = [each for each in video["remarks"] if each.startswith(begin)]
    return str(found)


def test_a_wide_film_of_10_bits_without_a_transfer_is_not_good_without_a_word(
    said: dict[str, dict[str, Any]],
) -> None:
    video = said["wide.mkv"]
    assert (video["state"], video["colour"]["class"]) == ("flawed", "sdr")
    assert video["reason"] == 'HDR? BT.2020 with 10 bits, but no transfer: give its entry a "transfer"'
    assert '"smpte2084" (PQ)' in remark(video, "perhaps HDR")


def test_configured_tags_decide(said: dict[str, dict[str, Any]]) -> None:
    video = said["wide-pq.mkv"]
    assert (video["state"], video["reason"]) == ("good", "")
    colour = video["colour"]
    assert (colour["class"], colour["tone_mapping_peak"]) == ("pq", 20)
    tags = {key: tag for key, tag in KEYS.items() if key != "peak"}
    assert colour["read_as"] == tags
    stated = {"primaries": "bt2020", "transfer": None, "matrix": "bt2020nc", "range": "tv"}
    assert colour["stated"].items() >= stated.items()
    assert remark(video, "colour as configured") == (
        "colour as configured: primaries bt709, transfer smpte2084, matrix bt709, range pc"
    )


def test_one_eye_of_a_3d_film_is_taken_in_its_right_shape(said: dict[str, dict[str, Any]]) -> None:
    video = said["half.mp4"]
    assert (video["state"], video["stereo"]) == ("good", "side by side")
    assert video["aspect"] == pytest.approx(16 / 9, rel=0.02)  # without the columns beside the seam
    assert remark(video, "3D") == "3D, side by side: the left eye is taken, 320x360"


def test_nearly_square_pixels_and_odd_sizes_are_told(said: dict[str, dict[str, Any]]) -> None:
    nearly, odd = said["nearly.mp4"], said["odd.mkv"]
    assert (nearly["state"], odd["state"]) == ("good", "good")
    assert remark(nearly, "its pixels") == "its pixels are 2740:2739, taken as square"
    assert remark(odd, "an odd last") == "an odd last line or column is left out: 160x96 of 161x97"
