"""A ground truth is the same crop of the same frame as ffmpeg gives when run by hand, byte for byte."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.acceptance.conftest import SDR, Configure, make_film
from tests.acceptance.program import TINY, Dataset, check_whole, entry, environment

pytestmark = pytest.mark.timeout(240)

SYSTEM_FFMPEG = Path("/usr/bin/ffmpeg")
GOLDEN = 0.6180339887498949
FRAMES, RATE = 36, 24

PINNED = (
    "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,"
    "zscale=tin=smpte2084:min=bt2020nc:pin=bt2020:rin=tv:cin={location}:t=linear:npl=100,format=gbrpf32le,"
    "zscale=p=bt709,setparams=colorspace=bt2020nc,tonemap=tonemap=mobius:peak={peak},"
    "zscale=t=bt709:m=bt709:c={location},format={pixels},scale=1920:360:flags=lanczos"
)
AS_FIRST_WRITTEN = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=mobius,"
    "zscale=t=bt709:m=bt709,format=yuv420p,scale=1920:360:flags=lanczos"
)
STANDARD = (
    "zscale=pin=bt709:tin=bt709:min=bt709:rin=tv:cin=left:w={width}:h={height}:f=lanczos"
    ":p=bt709:t=bt709:m=gbr:r=full:dither=none,format=gbrp"
)

STRIP = {"strip": {"gt_size": [1920, 360], "lr_size": [640, 120], "probability": 1.0}}
"""The whole of a picture that is as wide as those of UHD, and a third as high."""

Frames = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class UhdFilm:
    """A film in HDR10, 3840 wide as those of UHD are, and what its headers say."""

    path: Path
    location: str
    peak: str


MASTERED = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L({luminance},1)"
UHD = {
    # location: x265's number, its light levels, and the peak that follows from them
    "topleft": ("2", "max-cll=1000,400:" + MASTERED.format(luminance=40000000), "10"),
    "left": ("0", MASTERED.format(luminance=40000000), "40"),
}


@pytest.fixture(scope="module", params=[pytest.param("left", marks=pytest.mark.soak), "topleft"])
def uhd(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str
) -> UhdFilm:
    """Make a film of a second and a half, moving across a picture full of detail."""
    location = str(request.param)
    number, light, peak = UHD[location]
    path = tmp_path_factory.mktemp("uhd") / f"{location}.mkv"
    graph = (
        "mandelbrot=s=2304x432:r=24:start_scale=0.0008:start_x=-0.74543:start_y=0.11301:maxiter=600,"
        "trim=end_frame=1,format=yuv444p,hue=h=200:s=0.8,zscale=w=4224:h=792:f=lanczos:tin=bt709:pin=bt709"
        f":min=bt709:rin=limited:t=smpte2084:p=bt2020:m=bt2020nc:r=limited:c={location}:npl=600,"
        f"format=yuv420p10le,loop=loop=-1:size=1,setpts=N/{RATE}/TB,crop=3840:720:x=6*n:y=2*n,"
        f"trim=end_frame={FRAMES}"
    )
    encoder = (
        *("-c:v", "libx265", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p10le", "-g", "12"),
        *("-x265-params", f"log-level=error:hdr10=1:repeat-headers=1:chromaloc={number}:{light}"),
        *("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"),
        *("-color_range", "tv", "-chroma_sample_location", location),
    )
    make_film(embedded_ffmpeg, graph, path, encoder)
    return UhdFilm(path, location, peak)


def configured(configure: Configure, path: Path, *, chroma: str = "420", clips: int = 2) -> Dataset:
    """Ask for whole pictures and for small crops of the same clips."""
    data = configure([entry(path, "Uhd", {"general": 0.5, "space": 0.5})], base_frame_limit=clips)
    data.edit(
        lambda settings: settings.update(chroma=chroma, format_config={"general": STRIP, "space": TINY})
    )
    return data


@pytest.mark.slow
def test_hdr_is_what_the_pinned_chain_gives_by_hand(
    uhd: UhdFilm, configure: Configure, embedded_ffmpeg: str
) -> None:
    chroma = "444" if uhd.location == "topleft" else "420"
    data = configured(configure, uhd.path, chroma=chroma)
    data.complete()
    chain = PINNED.format(location=uhd.location, peak=uhd.peak, pixels=f"yuv{chroma}p")
    check_ground_truth(data, embedded_ffmpeg, uhd.path, chain)


@pytest.mark.soak
@pytest.mark.slow
def test_on_ffmpeg_5_hdr_is_what_the_chain_gives_as_it_was_first_written(
    uhd: UhdFilm, configure: Configure
) -> None:
    if not SYSTEM_FFMPEG.exists():
        pytest.skip("no /usr/bin/ffmpeg")
    version = re.search(r"version (\d+\.\d+)", said([str(SYSTEM_FFMPEG), "-version"]))
    if version is None or version[1] != "5.1":
        pytest.skip(f"/usr/bin/ffmpeg is not 5.1 but {version and version[1]}")
    data = configured(configure, uhd.path)
    done = data.run(env=environment(TUI_GEN_FFMPEG=str(SYSTEM_FFMPEG)))
    assert done.code == 0, str(done)
    check_ground_truth(data, str(SYSTEM_FFMPEG), uhd.path, AS_FIRST_WRITTEN)


def test_sdr_at_a_variable_rate_that_starts_late_is_cut_from_the_nearest_frames(
    configure: Configure, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    path = tmp_path / "variable.mkv"
    graph = (
        "testsrc2=s=320x180:r=30:d=8,noise=alls=16:allf=t:all_seed=5,"
        # Every third frame of the second half comes late; the track begins at 10 s.
        f"select='lt(n,120)+not(eq(mod(n,3),1))'{SDR}"
    )
    encoder = (
        *("-c:v", "libx264", "-preset", "fast", "-crf", "16", "-pix_fmt", "yuv420p", "-g", "48", "-bf", "2"),
        *("-fps_mode", "passthrough", "-output_ts_offset", "10"),
    )
    make_film(embedded_ffmpeg, graph, path, encoder)
    data = configure([entry(path, "Variable", {"space": 0.5, "toon": 0.5})], base_frame_limit=9)
    data.complete()
    check_whole(data)
    times = timestamps(embedded_ffmpeg, path)
    assert times[0] == pytest.approx(10.0, abs=0.01)
    assert len({round(b - a, 2) for a, b in pairwise(times)}) > 1
    chain = STANDARD.format(width=320, height=180)
    check_ground_truth(data, embedded_ffmpeg, path, chain, has_variable_rate=True)


# ------------------------------------------------------------------ by hand


def check_ground_truth(
    data: Dataset, ffmpeg: str, path: Path, chain: str, *, has_variable_rate: bool = False
) -> None:
    """Compare every ground truth with a sequential decode of the whole film, converted by one chain.

    Clips are planned at shares of the running time; with a variable rate, at shares of all frames.
    """
    check_whole(data)
    times = timestamps(ffmpeg, path)
    lines = [line for line in data.ledger() if line["kind"] == "clip"]
    chosen = {line["id"]: nearest(times, line["pts_seconds"] + times[0]) for line in lines}
    pictures = converted(ffmpeg, path, chain, sorted(set(chosen.values())))
    duration = probed_duration(data)
    assert lines
    for line in lines:
        index = int(line["id"].rpartition(":")[2])
        share = (index + 0.5) * GOLDEN % 1.0
        planned = share * duration + times[0]
        wanted = int(share * len(times)) if has_variable_rate else nearest(times, planned)
        number = chosen[line["id"]]
        assert line["attempts"] == 1
        assert number == wanted, f"clip {index} is not the frame nearest {planned:.3f} s"
        for patch in line["patches"]:
            check_patch(data, patch, pictures[number])


def check_patch(data: Dataset, patch: Mapping[str, Any], picture: Frames) -> None:
    x, y, width, height = (patch[key] for key in ("x", "y", "width", "height"))
    by_hand = picture[y : y + height, x : x + width]
    png = np.frombuffer((data.output / patch["files"]["gt"]).read_bytes(), np.uint8)
    ours = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    assert ours is not None
    assert by_hand.std() > 2, "a picture without detail shows nothing"
    assert np.array_equal(ours, by_hand), (
        f"{patch['files']['gt']}: {np.count_nonzero(ours != by_hand)} values differ, "
        f"by up to {np.abs(ours.astype(int) - by_hand.astype(int)).max()}"
    )


def probed_duration(data: Dataset) -> float:
    """Return the running time that the timestamps were planned from, as the ledger keeps it."""
    (probe,) = [line["facts"]["probe"] for line in data.ledger() if "probe" in line.get("facts", {})]
    return float(probe["duration_seconds"])


def timestamps(ffmpeg: str, path: Path) -> list[float]:
    """Return the PTS of all frames of a sequential decode."""
    log = said([ffmpeg, "-nostdin", "-copyts", "-i", str(path), "-vf", "showinfo", "-f", "null", "-"])
    times = [float(found) for found in re.findall(r"n: *\d+ pts: *-?\d+ pts_time:([-\d.]+)", log)]
    assert len(times) > FRAMES / 2
    return times


def converted(ffmpeg: str, path: Path, chain: str, numbers: Sequence[int]) -> dict[int, Frames]:
    """Return the frames of these numbers, decoded from the start, each converted by the chain alone."""
    select = "+".join(f"eq(n\\,{number})" for number in numbers)
    arguments = [
        *(ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error"),
        *("-filter_threads", "1", "-filter_complex_threads", "1", "-i", str(path)),
        *("-vf", f"select={select},{chain}", _passthrough(ffmpeg), "passthrough"),
        *("-f", "rawvideo", "-pix_fmt", "bgr24", "-"),
    ]
    raw = subprocess.run(arguments, check=True, capture_output=True, timeout=100).stdout
    size = re.search(
        r"(?:scale=|w=)(\d+):(?:h=)?(\d+)", chain.rpartition("scale=")[1] + chain.rpartition("scale=")[2]
    )
    assert size is not None
    width, height = int(size[1]), int(size[2])
    frames = np.frombuffer(raw, np.uint8).reshape(len(numbers), height, width, 3)
    return dict(zip(numbers, frames, strict=True))


def _passthrough(ffmpeg: str) -> str:
    return "-fps_mode" if "-fps_mode" in said([ffmpeg, "-hide_banner", "-h", "full"]) else "-vsync"


def said(arguments: Sequence[str]) -> str:
    done = subprocess.run(arguments, check=True, capture_output=True, timeout=100)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def nearest(times: Sequence[float], wanted: float) -> int:
    return min(range(len(times)), key=lambda number: abs(times[number] - wanted))
