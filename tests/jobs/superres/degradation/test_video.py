"""Video codecs: the frames of a clip come back as one sequence, of the same size and number."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.sample_films import run_ffmpeg
from tui_gen.base.errors import RefusedError
from tui_gen.jobs.superres.chosen_ffmpeg import chosen_ffmpeg
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.degradation.chain import through_jpeg
from tui_gen.jobs.superres.degradation.choices import ChosenVideo
from tui_gen.jobs.superres.degradation.fingerprint import variants_fingerprint
from tui_gen.jobs.superres.degradation.variants import Codec, Jpeg, Noise, Variant, Video
from tui_gen.jobs.superres.degradation.video import Coding, decoded, encoded, through_codec
from tui_gen.jobs.superres.extraction.degrading import in_thread
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.processes.children import ChildError

Image = NDArray[np.uint8]

CHOICES = [
    ChosenVideo("libx264", "crf", 30),
    ChosenVideo("libx265", "crf", 30),
    ChosenVideo("libvpx-vp9", "crf", 40),
    ChosenVideo("mpeg2video", "q", 8),
    ChosenVideo("mpeg4", "q", 8),
    ChosenVideo("mpeg4", "bitrate", 200),
]
H264 = Variant("h264", "lr", (Video(("libx264",), "crf", (18, 35)),))
MPEG2 = Variant("dvd", "lr", (Video(("mpeg2video",), "q", (2, 12)),))


@pytest.fixture
def coding(embedded_ffmpeg: str) -> Coding:
    return Coding(Ffmpeg(embedded_ffmpeg, "9"), 0, in_thread)


def soft(height: int, width: int) -> Image:
    noise = np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload, no-any-return]


def moving(height: int = 45, width: int = 61) -> Image:
    picture = soft(height + 7, width + 7)
    return np.stack([picture[i : i + height, i : i + width] for i in range(7)])


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: f"{chosen.codec} {chosen.control}")
def test_frames_of_odd_sizes_come_back_in_order(chosen: ChosenVideo, coding: Coding) -> None:
    frames = moving()
    found = asyncio.run(through_codec(frames, chosen, coding))
    assert found.shape == frames.shape
    errors = [[np.abs(a.astype(int) - b).mean() for b in frames] for a in found]
    assert [int(np.argmin(row)) for row in errors] == list(range(7))
    assert 0 < np.mean(np.diag(errors)) < 12


def test_frames_smaller_than_encoders_take_come_back(coding: Coding) -> None:
    frames = moving(7, 5)
    assert asyncio.run(through_codec(frames, CHOICES[1], coding)).shape == frames.shape


def test_a_clip_is_one_sequence_and_not_seven_pictures(coding: Coding, embedded_ffmpeg: str) -> None:
    picture = soft(90, 120)
    still = np.repeat(picture[np.newaxis], 7, axis=0)
    grain = np.random.default_rng(2).normal(0, 3, still.shape)
    frames = np.clip(still + grain, 0, 255).astype(np.uint8)
    chosen = ChosenVideo("libx264", "crf", 32)
    stream = asyncio.run(encoded(frames, chosen, coding))
    intra = ["-f", "nut", "-i", "pipe:0", "-vf", "select=eq(pict_type\\,I)", "-f", "framecrc", "pipe:1"]
    listed = run_ffmpeg(embedded_ffmpeg, *intra, given=stream).decode("ascii").splitlines()
    assert sum(not line.startswith("#") for line in listed) == 1  # the other six frames are predicted
    found = asyncio.run(decoded(stream, frames.shape, coding))
    alone = np.stack([through_jpeg(frame, 30) for frame in frames])
    assert flicker(found) < flicker(alone) / 2


def flicker(frames: Image) -> float:
    return float(np.abs(np.diff(frames.astype(int), axis=0)).mean())


def test_the_same_frames_give_the_same_bytes(coding: Coding) -> None:
    for chosen in CHOICES[:3]:
        first, second = (asyncio.run(encoded(moving(), chosen, coding)) for _ in range(2))
        assert first == second


def test_an_encoder_that_fails_is_an_error_with_its_last_lines(coding: Coding) -> None:
    with pytest.raises(ChildError, match="ffmpeg ended with status") as caught:
        asyncio.run(through_codec(moving(), ChosenVideo("libx264", "crf", -99), coding))
    assert "crf" in caught.value.detail


def test_a_stream_with_too_few_frames_is_an_error(coding: Coding) -> None:
    stream = asyncio.run(encoded(moving()[:5], CHOICES[0], coding))
    with pytest.raises(ChildError, match="7 frames were encoded, 5 came back"):
        asyncio.run(decoded(stream, moving().shape, coding))


def test_a_cancelled_clip_leaves_no_child_and_no_descriptor(coding: Coding) -> None:
    async def cancelled() -> None:
        frames = np.repeat(moving(360, 640), 6, axis=0)
        task = asyncio.ensure_future(through_codec(frames, ChosenVideo("libx265", "crf", 10), coding))
        while not _children():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = _descriptors()
    asyncio.run(cancelled())
    assert _children() == []
    assert _descriptors() == before


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()


# ----------------------------------------------------------------------------------- at the start


def limited(folder: Path, program: str, missing: Codec) -> Path:
    """Return an ffmpeg whose list of encoders lacks one."""
    path = folder / "ffmpeg"
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *-encoders*) {program} "$@" | grep -v " {missing} ";;\n'
        f'*) exec {program} "$@";; esac\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def test_a_missing_encoder_is_refused_at_the_start(embedded_ffmpeg: str, tmp_path: Path) -> None:
    program = limited(tmp_path, embedded_ffmpeg, "mpeg2video")
    settings = Settings(tmp_path / "c", tmp_path, (), {}, ffmpeg=str(program), lr_variants=(H264, MPEG2))
    with pytest.raises(RefusedError, match='lr_variants "dvd" needs the encoder mpeg2video') as caught:
        chosen_ffmpeg(settings)
    assert "take the codec out of the variant" in str(caught.value)
    usable = Settings(tmp_path / "c", tmp_path, (), {}, ffmpeg=str(program), lr_variants=(H264,))
    assert chosen_ffmpeg(usable)[1].variants is not None


def test_the_fingerprint_is_of_the_encoders_in_use(embedded_ffmpeg: str) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    assert variants_fingerprint(ffmpeg, ()) is None
    assert variants_fingerprint(ffmpeg, (Variant("n", "lr", (Noise((1.0, 2.0)),)),)) is None
    both = variants_fingerprint(ffmpeg, (H264, MPEG2))
    assert both == variants_fingerprint(ffmpeg, (MPEG2, H264))
    assert len({both, *(variants_fingerprint(ffmpeg, (each,)) for each in (H264, MPEG2))}) == 3
    assert variants_fingerprint(ffmpeg, (Variant("j", "lr", (Jpeg((30, 95)),)),)) is not None
