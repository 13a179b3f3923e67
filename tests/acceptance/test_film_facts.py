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


@dataclass(frozen=True, slots=True)
class Sample:
    """A film to make, and what its entry in the configuration has besides the usual keys."""

    graph: str
    encoder: tuple[str, ...] = ("-c:v", "libx264", "-preset", "ultrafast")
    keys: Mapping[str, Any] = field(default_factory=dict)


SAMPLES = {
    "wide.mkv": Sample("testsrc2=s=160x96:r=24:d=0.5" + WIDE, X265),
    "wide-pq.mkv": Sample("testsrc2=s=160x96:r=24:d=0.5" + WIDE, X265, {"transfer": "smpte2084", "peak": 20}),
    "wide-sdr.mkv": Sample("testsrc2=s=160x96:r=24:d=0.5" + WIDE, X265, {"transfer": "bt709"}),
    "wide-8-bit.mkv": Sample("testsrc2=s=160x96:r=24:d=0.5" + WIDE.replace("10le", "")),
    "retagged.mkv": Sample(
        "testsrc2=s=160x96:r=24:d=0.5,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv",
        keys={"primaries": "bt470bg", "matrix": "bt470bg", "range": "pc"},
    ),
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
    assert said["wide-8-bit.mkv"]["state"] == "good"


@pytest.mark.parametrize(
    ("name", "of_class", "peak"), [("wide-pq.mkv", "pq", 20), ("wide-sdr.mkv", "sdr", None)]
)
def test_a_configured_transfer_decides(
    said: dict[str, dict[str, Any]], name: str, of_class: str, peak: float | None
) -> None:
    video = said[name]
    assert (video["state"], video["reason"]) == ("good", "")
    colour = video["colour"]
    assert (colour["class"], colour["tone_mapping_peak"]) == (of_class, peak)
    assert colour["stated"]["transfer"] is None
    assert (
        remark(video, "colour as configured")
        == f"colour as configured: transfer {SAMPLES[name].keys['transfer']}"
    )


def test_configured_tags_take_the_place_of_those_of_the_film(said: dict[str, dict[str, Any]]) -> None:
    colour = said["retagged.mkv"]["colour"]
    tags = {"primaries": "bt470bg", "transfer": "bt709", "matrix": "bt470bg", "range": "pc"}
    assert colour["read_as"] == tags
    assert colour["stated"]["matrix"] == "bt709"
