"""The demo's films are what they are named after, and an interruption leaves nothing behind."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from av.video.frame import VideoFrame

from tests.conftest import MadeOnce
from tests.finished_demo import finished_demo
from tui_gen.config.faults import ConfigurationError
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.demo import CONFIG_NAME, FILMS, TARGETS, DemoError, make_demo

# Code points of ITU-T H.273; BT.709 has the same one as primaries, transfer and matrix.
BT709, BT2020, SMPTE2084, ARIB_STD_B67 = 1, 9, 16, 18

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]


@pytest.fixture(scope="module")
def demo(made_once: MadeOnce) -> Path:
    """Return a demo's configuration."""
    done, folder = finished_demo(made_once)
    assert done.code == 0, str(done)
    return folder / CONFIG_NAME


def frames_of(demo: Path, kind: str) -> Iterator[VideoFrame]:
    (path,) = (demo.parent / "films").glob(f"*_{kind}.*")
    with av.open(str(path)) as container:
        yield from container.decode(video=0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("hdr10", ("hevc", 3840, 2160, "yuv420p10le", BT2020, SMPTE2084, 96)),
        ("hlg", ("hevc", 1920, 1080, "yuv420p10le", BT2020, ARIB_STD_B67, 100)),
        ("sdr", ("h264", 1920, 1080, "yuv420p", BT709, BT709, 96)),
        ("bars", ("h264", 1920, 1080, "yuv420p", BT709, BT709, 96)),
        ("validation", ("h264", 1280, 720, "yuv420p", BT709, BT709, 72)),
    ],
)
def test_each_film_is_what_it_is_named_after(demo: Path, kind: str, expected: tuple[object, ...]) -> None:
    (path,) = (demo.parent / "films").glob(f"*_{kind}.*")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.name
        count = sum(1 for packet in container.demux(stream) if packet.size)
    frame = next(frames_of(demo, kind))
    assert frame.color_primaries == frame.colorspace
    assert expected == (
        *(codec, frame.width, frame.height, frame.format.name),
        *(frame.colorspace, frame.color_trc, count),
    )


def test_the_hdr10_film_carries_its_light_levels_and_chroma_location(
    demo: Path, embedded_ffmpeg: str
) -> None:
    (path,) = (demo.parent / "films").glob("*_hdr10.mkv")
    told = subprocess.run(
        [embedded_ffmpeg, "-hide_banner", "-i", path, "-frames:v", "1", "-vf", "showinfo", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "has_primaries:1 has_luminance:1" in told.stderr
    assert "max_luminance=1000" in told.stderr
    assert "MaxCLL=1000" in told.stderr
    assert "topleft" in told.stderr


@pytest.mark.parametrize("kind", ["hlg", "sdr", "bars"])
def test_its_pictures_are_bright_full_of_detail_and_moving(demo: Path, kind: str) -> None:
    first, *_, last = frames_of(demo, kind)
    luma = [frame.reformat(format="gray").to_ndarray()[138:942].astype(float) for frame in (first, last)]
    tiles = luma[0].reshape(2, 402, 4, 480).std(axis=(1, 3))
    assert luma[0].mean() > 60
    assert tiles.min() > 5
    assert np.abs(luma[0] - luma[1]).mean() > 5


def test_the_bars_are_black_and_the_picture_reaches_them(demo: Path) -> None:
    for frame in list(frames_of(demo, "bars"))[::16]:
        luma = frame.to_ndarray()[:1080].astype(float)
        assert luma[:138].mean(axis=1).max() < 18
        assert luma[942:].mean(axis=1).max() < 18
        assert luma[138:942].mean(axis=1).min() > 50


def test_its_configuration_asks_for_what_the_films_can_give(demo: Path) -> None:
    settings = load_settings(demo)
    assert settings.chroma == "444"
    assert settings.output == demo.parent / "dataset"
    targets = {name: category.target for name, category in settings.categories.items() if "/" not in name}
    assert targets == TARGETS
    assert all(Path(video.path).is_file() for video in settings.videos)
    assert len(settings.videos) == len(FILMS)
    for name, target in TARGETS.items():
        givers = sum(name in dict(video.weights) and video.split == "train" for video in settings.videos)
        assert target <= givers * settings.base_frame_limit


def test_films_and_edits_that_are_there_are_kept(demo: Path, tmp_path: Path, embedded_ffmpeg: str) -> None:
    shutil.copytree(demo.parent / "films", tmp_path / "films", copy_function=os.link)
    films = {path: path.stat().st_mtime_ns for path in (tmp_path / "films").iterdir()}
    text = demo.read_text(encoding="utf-8").replace('"444"', '"420"')
    config = tmp_path / CONFIG_NAME
    config.write_text(text, encoding="utf-8")
    said: list[str] = []
    assert make_demo(tmp_path, ffmpeg=embedded_ffmpeg, say=said.append) == config
    assert config.read_text(encoding="utf-8") == text
    assert said == []
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "films").iterdir()} == films
    assert [path.name for path in tmp_path.rglob("*.part")] == []


def test_a_folder_with_a_configuration_of_its_own_is_refused(tmp_path: Path, embedded_ffmpeg: str) -> None:
    config = tmp_path / "generator_config.json"
    config.write_text('{"base_settings": {"output_base_dir": "o"}}', encoding="utf-8")
    with pytest.raises(DemoError, match="not a demo's"):
        make_demo(tmp_path, ffmpeg=embedded_ffmpeg, say=lambda _: None)
    config.write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        make_demo(tmp_path, ffmpeg=embedded_ffmpeg, say=lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["generator_config.json"]


def test_an_ffmpeg_that_fails_is_told_and_leaves_no_film(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho no such encoder >&2\nexit 3\n", encoding="utf-8")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    for ffmpeg, words in ((broken, "no such encoder"), (tmp_path / "missing", "No such file")):
        with pytest.raises(DemoError, match=words):
            make_demo(tmp_path / "demo", ffmpeg=str(ffmpeg), say=lambda _: None)
    assert list((tmp_path / "demo" / "films").iterdir()) == []


MAKE = """
import sys
from pathlib import Path
from tui_gen.jobs.superres.demo import make_demo
make_demo(Path(sys.argv[1]), ffmpeg=sys.argv[2], say=lambda _: None)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interruption_leaves_no_child_and_no_half_film(
    tmp_path: Path, embedded_ffmpeg: str, number: signal.Signals
) -> None:
    maker = subprocess.Popen(
        [sys.executable, "-c", MAKE, tmp_path, embedded_ffmpeg], stderr=subprocess.DEVNULL
    )
    process = psutil.Process(maker.pid)
    part = tmp_path / "films" / f".{FILMS[0].file}.part"
    while not part.exists():
        assert maker.poll() is None
        time.sleep(0.01)
    children = process.children(recursive=True)
    assert children
    os.kill(maker.pid, number)
    maker.wait()
    psutil.wait_procs(children, timeout=20)
    assert not any(child.is_running() for child in children)
    left = [path.name for path in (tmp_path / "films").iterdir()]
    assert left == ([] if number == signal.SIGINT else [part.name])
