"""Joined streams: the places where timestamps jump are found, and how much of the film can be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.jobs.superres.sample_films import make_numbered
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.film_facts import FilmFile, ProbeFacts
from tui_gen.media.probing.probe import probe
from tui_gen.media.probing.timestamp_jumps import Part, TimeAt, findable_seconds, parts_of, why_less

BYTES_PER_SECOND = 1000


def joined(*parts: Part) -> tuple[TimeAt, int, float]:
    """Return a stream of these parts at a constant bit rate: its clock, its size and its last timestamp."""
    starts = [0]
    for begin, end in parts:
        starts.append(starts[-1] + round((end - begin) * BYTES_PER_SECOND))

    def time_at(place: int) -> float | None:
        for (begin, _), start, end in zip(parts, starts, starts[1:], strict=False):
            if place < end:
                return begin + (place - start) / BYTES_PER_SECOND
        return None

    return time_at, starts[-1], parts[-1][1]


@pytest.mark.parametrize(
    ("parts", "findable"),
    [
        ([(1.4, 7201.4)], 7200),
        ([(1.4, 21.4), (1.4, 21.4)], 20),
        ([(1.4, 21.4), (1.4, 21.4), (1.4, 11.4)], 20),
        ([(1.4, 3601.4), (1800.0, 5400.0)], 5398.6),
        ([(0.0, 3600.0), (90000.0, 93600.0)], 7200),
    ],
)
def test_parts_are_found_to_a_fraction_of_a_second(parts: Sequence[Part], findable: float) -> None:
    found = parts_of(*joined(*parts))
    assert len(found) == len(parts)
    for one, other in zip(found, parts, strict=True):
        assert one == pytest.approx(other, abs=0.2)
    assert findable_seconds(found) == pytest.approx(findable, abs=0.5)


def test_uneven_bit_rates_are_no_jumps() -> None:
    still = parts_of(lambda place: 3000 * (place / 10_000_000) ** 4, 10_000_000, 3000.0)
    assert still == ((0.0, 3000.0),)


def test_a_jump_is_told_with_what_can_be_found() -> None:
    assert why_less([(0.0, 20.0), (0.0, 20.0)]) == "its timestamps jump once: of 40 s, 20 s can be found"
    assert why_less([(0.0, 20.0)]) is None
    assert why_less(()) is None


async def test_two_transport_streams_in_one_file_are_told(embedded_ffmpeg: str, tmp_path: Path) -> None:
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-pix_fmt", "yuv420p")
    one = make_numbered(embedded_ffmpeg, tmp_path / "one.ts", 96, *coding)
    two = tmp_path / "two.ts"
    two.write_bytes(2 * one.read_bytes())
    found = {}
    for path in (one, two):
        found[path] = await probe(
            FilmFile("v", str(path), 0), least_frames=7, ffmpeg=Ffmpeg(embedded_ffmpeg, "9")
        )
    alone, both = found[one], found[two]
    assert isinstance(alone, ProbeFacts)
    assert isinstance(both, ProbeFacts)
    assert alone.parts_seconds == ()
    assert why_less(both.parts_seconds) == "its timestamps jump once: of 8 s, 4 s can be found"
