"""Every real, awkward file ends in frames or in one clear reason, in bounded time."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.superres.films import SETTINGS, clips_of, read_all, stretch_of, task
from tui_gen.engine.work import Rejected, Unusable
from tui_gen.jobs.superres.geometry import Size
from tui_gen.jobs.superres.media import Ffmpeg, probe, survey
from tui_gen.jobs.superres.stretch import Probe, Survey

pytestmark = pytest.mark.media

REASONS: dict[str, str | tuple[str, ...]] = {
    "short_lt7": "too short: only",
    "zero_length": "empty",
    "audio_only": ("audio only", "no picture track", "not one of the containers"),
    "cover_art_only": ("cover art only", "not one of the containers"),
    "encrypted": "encrypted",
    "playlist": "not a video file",
    "resolution_bomb_12336x12336": "larger than allowed",
}


def entries() -> list[dict[str, Any]]:
    folder = os.environ.get("TUI_GEN_TEST_MEDIA")
    found: list[dict[str, Any]] = json.loads((Path(folder) / "manifest.json").read_text()) if folder else []
    return found


@pytest.fixture
def ffmpeg(embedded_ffmpeg: str) -> Ffmpeg:
    return Ffmpeg(embedded_ffmpeg, "9")


async def outcome(ffmpeg: Ffmpeg, path: Path) -> list[object]:
    facts = await probe(Probe("v", str(path), SETTINGS), ffmpeg=ffmpeg)
    if isinstance(facts, Unusable):
        return [facts]
    found = await survey(Survey("v", str(path), "v", SETTINGS, facts, None, ()), ffmpeg=ffmpeg)
    if isinstance(found, Unusable):
        return [facts, found]
    size = Size(max(2, facts.upright.width // 4 * 2), max(2, facts.upright.height // 4 * 2))
    times = [share * facts.duration_seconds for share in (0.5, 0.7)]
    stretch = stretch_of(
        path,
        facts,
        [task(index, [time], size) for index, time in enumerate(times)],
        is_interlaced=found.is_interlaced,
    )
    reports = await read_all(ffmpeg, stretch)
    for clip in clips_of(reports):
        assert clip.frames[size].shape == (7, size.height, size.width, 3)
        gaps = [after - before for before, after in zip(clip.pts_seconds, clip.pts_seconds[1:], strict=False)]
        assert abs(clip.pts_seconds[3] - times[clip.index]) <= max(gaps) / 2 + 1e-6
    return [facts, found, *[report for report in reports if not hasattr(report, "what")]]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: str(entry["file"]).split("/")[-1])
async def test_a_real_file_ends_in_frames_or_in_one_reason(
    ffmpeg: Ffmpeg, media: Path, entry: dict[str, Any]
) -> None:
    results = await asyncio.wait_for(outcome(ffmpeg, media / entry["file"]), 100)
    last = results[-1]
    expected = [REASONS[feature] for feature in entry["features"] if feature in REASONS]
    if expected:
        assert isinstance(last, Unusable)
        assert last.reason.startswith(expected[0])
    if isinstance(last, Unusable | Rejected):
        assert 3 < len(last.reason) < 90
        assert "\n" not in last.reason
        return
    facts, video = results[0], entry["video"]
    assert len(results) == 4
    if video.get("pts_max") is not None:
        assert facts.first_pts_seconds == pytest.approx(video["pts_min"], abs=2e-3)  # type: ignore[attr-defined]
        last_frame = video["pts_max"] - video["pts_min"]
        assert last_frame - 2e-3 <= facts.duration_seconds <= last_frame + 0.3  # type: ignore[attr-defined]
