"""Damage condemns the windows that its packets were decoded for, and no others; fine texture is not blank."""

from __future__ import annotations

import asyncio
from pathlib import Path

import av
import numpy as np
import pytest

from tests.jobs.superres.sample_films import (
    ClipReader,
    clips_of,
    make_numbered,
    measured,
    probed,
    read_all,
    shown_numbers,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Rejected
from tui_gen.jobs.superres.extraction.reading.clips import read_clips
from tui_gen.jobs.superres.extraction.reading.damage_child import Decoded, verdict
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.media import Ffmpeg

READERS = pytest.mark.parametrize("reader", [read_clips, read_clips_fast])
RATE = 24


def damaged(program: str, path: Path, *numbers: int, between: int = 0) -> Path:
    """Write a film of 22 frames with key frames at 0, 7 and 14, and spoil the packets of some frames.

    `between` is the number of B frames between others, and numbers are those of packets.
    """
    reordered = ["-bf", str(between), "-x264-params", "open-gop=0"]
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-pix_fmt", "yuv420p"]
    keys = ["-g", "7", "-keyint_min", "7", "-sc_threshold", "0"]
    make_numbered(program, path, 22, *coding, *reordered, *keys, rate=str(RATE))
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    for number in numbers:
        place = data.index(packets[number])
        middle = slice(place + 40, place + len(packets[number]))
        data[middle] = bytes(len(data[middle]))
    path.write_bytes(data)
    return path


async def read(
    program: str, film: Path, reader: ClipReader, *middles: int
) -> tuple[list[list[int]], list[str]]:
    """Return the frames of the clips around these frames, and the reasons of those rejected."""
    ffmpeg = Ffmpeg(program, "9")
    facts = await probed(ffmpeg, film)
    tasks = [task(index, [middle / RATE], facts.upright) for index, middle in enumerate(middles)]
    reports = await read_all(ffmpeg, stretch_of(film, facts, tasks), reader=reader)
    shown = [shown_numbers(clip.frames[facts.upright]) for clip in clips_of(reports)]
    return shown, [report.reason for report in reports if isinstance(report, Rejected)]


@READERS
def test_damage_after_a_window_does_not_condemn_it(
    embedded_ffmpeg: str, tmp_path: Path, reader: ClipReader
) -> None:
    film = damaged(embedded_ffmpeg, tmp_path / "a.mkv", 8, between=2)
    shown, reasons = asyncio.run(read(embedded_ffmpeg, film, reader, 3, 9, 17))
    assert shown == [[0, 1, 2, 3, 4, 5, 6], [14, 15, 16, 17, 18, 19, 20]]
    assert len(reasons) == 1


@READERS
def test_damage_before_the_key_frame_does_not_condemn_what_follows(
    embedded_ffmpeg: str, tmp_path: Path, reader: ClipReader
) -> None:
    film = damaged(embedded_ffmpeg, tmp_path / "a.mkv", 2, 3)
    shown, reasons = asyncio.run(read(embedded_ffmpeg, film, reader, 3, 10))
    assert shown == [[7, 8, 9, 10, 11, 12, 13]]
    assert len(reasons) == 1


def packets(*spoilt: int, entries: tuple[int, ...] = (0, 7)) -> list[Decoded]:
    return [Decoded(float(at), at in entries, "damaged" if at in spoilt else None) for at in range(20)]


def test_a_complaint_belongs_to_the_packets_decoded_for_the_window() -> None:
    wanted = [8.0, 9.0, 10.0]
    assert verdict(packets(6, 11), wanted) is None
    for spoilt in (7, 8, 10):
        assert verdict(packets(spoilt), wanted) == "damaged"
    assert verdict(packets(6, entries=(0,)), wanted) == "damaged"
    assert verdict(packets(entries=(9,)), wanted) == "no sound key frame before it"
    assert verdict(packets(), [8.5]) == "a frame has no packet of its own"
    # A picture that is stored after the key frame and shown before it is no reference of later ones.
    leading = packets()
    leading.insert(8, Decoded(6.5, is_entry=False, complaint="missing reference"))
    assert verdict(leading, wanted) is None


def test_a_texture_finer_than_a_block_is_not_blank() -> None:
    board = np.indices((48, 64)).sum(axis=0) % 2 * 250
    frames = np.stack([board.astype(np.uint8)] * 7)
    assert not measured(frames, depth=8).is_blank
    assert not measured(frames.astype(np.uint16) * 4, depth=10).is_blank
    noise = np.random.default_rng(0).normal(20, 4, (7, 48, 64)).clip(0, 255).astype(np.uint8)
    assert measured(noise, depth=8).is_blank
