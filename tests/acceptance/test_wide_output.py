"""16-bit patches of an HDR film: GT and LR alike, and SDR films only where the configuration asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.acceptance.conftest import Configure, Films, make_film
from tests.acceptance.program import entry, run
from tui_gen.jobs.superres.extraction.kernels import kernel_for, shrink
from tui_gen.jobs.superres.extraction.png import CODE_POINTS, colour_of
from tui_gen.media.geometry import Region

PQ = ",format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
HDR10 = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")


BT709_TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""Of linear RGB: ITU-R BT.2087, 4.2."""


def read(path: Path, pixels: type[np.uint8 | np.uint16] = np.uint16) -> NDArray[Any]:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    assert image.dtype == pixels
    return np.asarray(image)


@pytest.fixture
def hdr_film(tmp_path: Path, embedded_ffmpeg: str) -> dict[str, Any]:
    path = tmp_path / "hdr.mkv"
    make_film(embedded_ffmpeg, f"mandelbrot=s=320x180:r=24,trim=duration=4{PQ}", path, (*X265, *HDR10))
    return entry(path, "Bright", {"space": 1.0})


def test_gt_and_lr_are_16_bit_and_exports_keep_them(
    hdr_film: dict[str, Any], films: Films, configure: Configure, tmp_path: Path
) -> None:
    sdr = entry(films.beta, "Beta", {"space": 1.0})
    data = configure([hdr_film, sdr], name="wide", targets={"space": 3})
    data.edit(lambda settings: settings.update(colour_output="pq16", scores={"near_duplicate": "score"}))
    done = run("run", data.config)
    assert (
        'Beta: it is SDR, and "colour_output" is "pq16"; "sdr_films": "convert" takes it'
        in done.out + done.err
    )
    tree = data.tree()
    gts = [path for path in tree if "/GT/" in path]
    assert len(gts) == 3
    for path in gts:
        gt = read(data.output / path)
        tiles = np.split(read(data.output / path.replace("/GT/", "/LR_7frames/")), 7)
        whole = Region(0, 0, gt.shape[1], gt.shape[0])
        assert np.array_equal(tiles[3], shrink(gt, whole, kernel_for("bicubic", 3, bits=16), bounds=whole))
        assert len(np.unique(gt)) > 256
        assert colour_of((data.output / path).read_bytes()) == CODE_POINTS["pq16"]
    exported = run("export", "basicsr-vimeo", tmp_path / "out", "--config", data.config)
    assert exported.code == 0, str(exported)
    frames = sorted((tmp_path / "out").rglob("LQ/*/*/im4.png"))
    assert len(frames) == 3
    known = [
        np.split(read(data.output / path.replace("/GT/", "/LR_7frames/")), 7)[3].tobytes() for path in gts
    ]
    assert sorted(read(frame).tobytes() for frame in frames) == sorted(known)
    assert all(colour_of(frame.read_bytes()) == CODE_POINTS["pq16"] for frame in frames)
    assert run("verify", data.config).code == 0


@pytest.mark.soak
def test_sdr_films_are_converted_where_the_configuration_asks(films: Films, configure: Configure) -> None:
    videos = [entry(films.beta, "Beta", {"space": 1.0})]
    usual = configure(videos, name="usual", targets={"space": 2})
    usual.complete()
    data = configure(videos, name="asked", targets={"space": 2})
    data.edit(lambda settings: settings.update(colour_output="linear16", sdr_films="convert"))
    data.complete()
    gts = [path for path in data.tree() if "/GT/" in path]
    assert gts == [path for path in usual.tree() if "/GT/" in path]
    assert len(gts) == 2
    for path in gts:
        sdr = read(usual.output / path, np.uint8)
        expected = 65535 * 0.203 * ((sdr / 255) ** 2.4) @ BT709_TO_BT2020.T[::-1, ::-1]
        is_inside = ((sdr > 0) & (sdr < 255)).all(axis=2)
        assert is_inside.sum() > 500  # the film is noise: most pixels are clipped in 8 bits
        # Half a step of 8 bits is at most 2.4 / 510 of white.
        difference = np.abs(read(data.output / path) - expected)[is_inside]
        assert difference.max() <= 65535 * 0.203 * 2.4 / 510 * 1.1
