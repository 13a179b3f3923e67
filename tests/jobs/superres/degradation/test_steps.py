"""Each step of a degradation is what its definition says, by references in plain numpy."""

from __future__ import annotations

import hashlib
import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.sample_films import run_ffmpeg
from tui_gen.jobs.superres.degradation.blurring import DENOMINATOR, blur, weights_of
from tui_gen.jobs.superres.degradation.chain import through_jpeg
from tui_gen.jobs.superres.degradation.choices import ChosenBlur, ChosenNoise
from tui_gen.jobs.superres.degradation.noise import add_noise
from tui_gen.jobs.superres.degradation.resizing import ONE, resize, taps
from tui_gen.jobs.superres.degradation.variants import RESIZE_KERNELS, ResizeKernel, Shape
from tui_gen.jobs.superres.degradation.yuv import from_planes, to_planes
from tui_gen.media.geometry import Size

Image = NDArray[np.uint8]
KEY = bytes(range(32))
SHAPES: list[Shape] = ["iso", "aniso", "generalized_aniso", "plateau_iso", "sinc"]


def image(height: int = 45, width: int = 61, seed: int = 1) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def kernel(shape: Shape, size: int = 21) -> ChosenBlur:
    beta = 1.0 if shape in {"iso", "aniso"} else 0.8
    return ChosenBlur(shape, size, 2.5, 1.1, 0.7, beta, cutoff=1.3)


# --------------------------------------------------------------------------------------------- blur


def convolved(frame: Image, weights: NDArray[np.float64]) -> Image:
    """Return a frame blurred in whole numbers, and rounded once."""
    half = len(weights) // 2
    rim = ((half, half), (half, half), (0, 0))
    padded = np.pad(frame.astype(np.int64), rim, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape, axis=(0, 1))
    sums = np.einsum("yxcij,ij->yxc", windows, weights.astype(np.int64))
    whole: Image = np.clip(np.rint(sums / DENOMINATOR), 0, 255).astype(np.uint8)
    return whole


@pytest.mark.parametrize("shape", SHAPES)
def test_blur_is_the_exact_convolution(shape: Shape) -> None:
    chosen = kernel(shape)
    assert np.array_equal(blur(image(), chosen), convolved(image(), weights_of(chosen)))


def test_kernels_are_those_of_their_formulas() -> None:
    x, y = np.meshgrid(np.arange(-10, 11), np.arange(-10, 11))
    turn = np.array([[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]])
    inverse = np.linalg.inv(turn @ np.diag([2.5**2, 1.1**2]) @ turn.T)
    distance = np.einsum("yxi,ij,yxj->yx", np.stack([x, y], -1), inverse, np.stack([x, y], -1))
    expected = {
        "iso": np.exp(-(x**2 + y**2) / (2 * 2.5**2)),
        "aniso": np.exp(-distance / 2),
        "generalized_aniso": np.exp(-(distance**0.8) / 2),
        "plateau_aniso": 1 / (distance**0.8 + 1),
    }
    for shape, values in expected.items():
        weights = weights_of(kernel(shape))  # type: ignore[arg-type]
        assert weights.sum() == DENOMINATOR
        np.testing.assert_allclose(weights / DENOMINATOR, values / values.sum(), atol=2e-4)


def test_the_low_pass_lets_slow_waves_through_and_no_fast_ones() -> None:
    x = np.arange(200)
    for cycles, share in ((0.05, 1.0), (0.45, 0.0)):
        wave = 128 + 100 * np.cos(2 * math.pi * cycles * x)
        frame = np.repeat(np.rint(wave)[np.newaxis, :, np.newaxis], 3, axis=2).astype(np.uint8)
        frame = np.repeat(frame, 40, axis=0)
        found = blur(frame, kernel("sinc")).astype(float)[20, 40:160, 0]
        assert (found.max() - found.min()) / 200 == pytest.approx(share, abs=0.12)


# ------------------------------------------------------------------------------------------- resize


@pytest.mark.parametrize("name", RESIZE_KERNELS)
@pytest.mark.parametrize("size", [Size(61, 45), Size(40, 31), Size(9, 7), Size(90, 68)])
def test_resizing_is_that_of_opencv_within_a_level(name: ResizeKernel, size: Size) -> None:
    if name == "area" and size.width > 61:
        pytest.skip("OpenCV enlarges by area as bilinear")
    codes = {"area": cv2.INTER_AREA, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}
    expected = cv2.resize(image().astype(np.float64), (size.width, size.height), interpolation=codes[name])
    found = resize(image(), size, name)
    assert found.shape == (size.height, size.width, 3)
    assert np.abs(found - np.clip(expected, 0, 255)).max() <= 1


def test_enlarging_by_area_keeps_the_mean_of_what_a_pixel_covers() -> None:
    frame = np.repeat(np.array([[[0], [100], [200]]], np.uint8), 3, axis=2)
    assert resize(frame, Size(2, 1), "area")[0, :, 0].tolist() == [33, 167]
    assert resize(frame, Size(6, 1), "area")[0, :, 0].tolist() == [0, 0, 100, 100, 200, 200]


def test_no_sum_leaves_32_bits() -> None:
    for source, target in ((61, 92), (540, 180), (7, 999)):
        _, weights = taps("bicubic", source, target)
        assert (weights.sum(axis=1) == ONE).all()
        assert 255 * int(np.abs(weights).sum(axis=1).max()) ** 2 < 2**31 - 2**22


# -------------------------------------------------------------------------------------------- noise


def gray_frames(level: int) -> Image:
    return np.full((3, 60, 80, 3), level, np.uint8)


def test_gaussian_noise_has_its_mean_and_deviation() -> None:
    found = add_noise(gray_frames(128), ChosenNoise("gaussian", 10.0, is_gray=False, key=KEY)).astype(float)
    assert found.mean() == pytest.approx(128, abs=0.3)
    assert found.std() == pytest.approx(10, abs=0.15)
    assert abs(np.corrcoef(found[0].ravel(), found[1].ravel())[0, 1]) < 0.03  # each frame has its own


@pytest.mark.parametrize("level", [20, 60, 200])
def test_shot_noise_grows_with_the_root_of_the_level(level: int) -> None:
    found = add_noise(gray_frames(level), ChosenNoise("poisson", 0.9, is_gray=False, key=KEY)).astype(float)
    assert found.mean() == pytest.approx(level, abs=0.5)
    assert found.std() == pytest.approx(0.9 * math.sqrt(level * 255 / 256), rel=0.05, abs=0.1)


@pytest.mark.parametrize("kind", ["gaussian", "poisson"])
def test_gray_noise_is_the_same_in_all_channels(kind: str) -> None:
    found = add_noise(gray_frames(100), ChosenNoise(kind, 5.0, is_gray=True, key=KEY))  # type: ignore[arg-type]
    assert np.array_equal(found[..., 0], found[..., 2])
    assert found.std() > 3


def test_the_same_key_gives_the_same_noise_with_every_numpy() -> None:
    noisy = [
        add_noise(image()[np.newaxis], ChosenNoise("gaussian", 12.345, is_gray=False, key=KEY)),
        add_noise(image()[np.newaxis], ChosenNoise("poisson", 1.234, is_gray=True, key=KEY)),
    ]
    hashes = [hashlib.sha256(found.tobytes()).hexdigest()[:16] for found in noisy]
    assert hashes == ["acd524e179f08960", "7a883ebec59998ae"]
    other = add_noise(image()[np.newaxis], ChosenNoise("gaussian", 12.345, is_gray=False, key=KEY[::-1]))
    assert not np.array_equal(other, noisy[0])


# ------------------------------------------------------------------------------------ YUV and JPEG


def test_planes_are_those_of_zscale_within_a_level(embedded_ffmpeg: str) -> None:
    frame = cv2.GaussianBlur(image(48, 64), (0, 0), 1.5).astype(np.uint8)
    tags = "setparams=colorspace=gbr:range=pc:color_primaries=bt709:color_trc=bt709"
    chain = f"format=gbrp,{tags},zscale=matrix=709:range=limited:filter=bilinear:chromal=left"
    arguments = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "64x48", "-i", "pipe:0", "-vf"]
    arguments += [f"{chain},format=yuv420p", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"]
    expected = np.frombuffer(run_ffmpeg(embedded_ffmpeg, *arguments, given=frame.tobytes()), np.uint8)
    found = np.frombuffer(to_planes(frame[np.newaxis]), np.uint8)
    assert np.abs(found.astype(int) - expected)[: 64 * 48].max() <= 1
    # Its filter of chroma is another one: on a soft picture they agree nearly.
    assert np.abs(found.astype(int) - expected)[64 * 48 :].max() <= 3


def test_gray_comes_back_and_has_no_colour() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8).reshape(1, 4, 64, 1), 3, axis=3)
    planes = np.frombuffer(to_planes(ramp), np.uint8)
    assert (planes[256:] == 128).all()
    assert np.abs(from_planes(planes, height=4, width=64).astype(int) - ramp).max() <= 1


def test_a_soft_colour_picture_comes_back() -> None:
    rows, columns = np.mgrid[:48, :64]
    frame = np.stack([rows * 3, columns * 2, 200 - rows * 2], -1).astype(np.uint8)[np.newaxis]
    back = from_planes(np.frombuffer(to_planes(frame), np.uint8), height=48, width=64)
    assert np.abs(back.astype(int) - frame).max() <= 4
    assert np.abs(back.astype(int) - frame).mean() < 1


def test_jpeg_loses_more_at_a_lower_quality() -> None:
    frame = cv2.GaussianBlur(image(), (0, 0), 1.0).astype(np.uint8)
    errors = [np.abs(through_jpeg(frame, quality).astype(int) - frame).mean() for quality in (95, 60, 30)]
    assert through_jpeg(frame, 95).shape == frame.shape
    assert errors == sorted(errors)
    assert errors[0] < errors[2] / 2
