"""Releases are aligned to the frame and a tenth of a pixel, and no patch has a wrong frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import pair_alignment as bench
from benchmarks.paired_films import Film, Release, write_films
from tests.conftest import MadeOnce
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.jobs.superres.pairing.pair_track import PairTrack

FRAMES = 36 * 24
FILM = Film(1, FRAMES)
RELEASES = {release.name: release for release in bench.releases(FRAMES)}
UNLIKE = ("edited", "other")

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def ffmpeg(embedded_ffmpeg: str) -> Ffmpeg:
    return Ffmpeg(embedded_ffmpeg, "9")


@pytest.fixture(scope="module")
def folder(made_once: MadeOnce, ffmpeg: Ffmpeg) -> Path:
    """Return the folder of the film, its releases and another film."""

    def fill(folder: Path) -> None:
        write_films(ffmpeg.path, FILM, folder, list(RELEASES.values()))
        write_films(ffmpeg.path, Film(2, FRAMES), folder, [], film_name="other.mkv")

    return made_once("releases-of-a-film", fill)


@pytest.mark.parametrize("release", [each for each in RELEASES.values() if each.name not in UNLIKE])
async def test_a_release_is_aligned_and_no_patch_has_a_wrong_frame(
    release: Release, folder: Path, ffmpeg: Ffmpeg
) -> None:
    looked = await bench.looked_at(folder / "film.mkv", ffmpeg)
    track = await bench.align(looked, folder / f"{release.name}.mkv", ffmpeg)
    assert isinstance(track, PairTrack), track
    assert bench.offset_error(track, release, FRAMES) < 0.1
    assert bench.place_error(track, release, FILM) < 0.1
    counts = await bench.patches(looked, track, release, ffmpeg)
    assert [each.false for each in counts.values()] == [0] * len(bench.WRONG)
    assert counts[0].accepted >= bench.CLIPS // 3
    _check_residuals([each.worst_residual for each in counts.values()])


def _check_residuals(residuals: Sequence[float]) -> None:
    assert max(residuals) <= bench.SETTINGS.pair_max_residual


@pytest.mark.parametrize("name", UNLIKE)
async def test_another_film_and_another_order_of_scenes_are_refused(
    name: str, folder: Path, ffmpeg: Ffmpeg
) -> None:
    looked = await bench.looked_at(folder / "film.mkv", ffmpeg)
    found = await bench.align(looked, folder / f"{name}.mkv", ffmpeg)
    assert isinstance(found, str)
    assert "does not show the same" in found
