"""The trial of the colour chain: on a made frame if that is enough, on the film's own before a refusal."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.superres.sample_films import HDR10_TAGS, SETTINGS, make_numbered, probed
from tui_gen.jobs.superres.films import survey_places
from tui_gen.jobs.superres.films.colour_trial import refused_colour
from tui_gen.jobs.superres.films.survey import SURVEY_LIMITS
from tui_gen.jobs.superres.films.survey_runs import SurveyRuns
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.jobs.superres.units import Survey
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.processes.children import ChildError

X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-pix_fmt")


def runs_of(program: str, path: Path, facts: ProbeFacts) -> SurveyRuns:
    unit = Survey("v", str(path), "v", SETTINGS, facts, None, ())
    return SurveyRuns(unit, Ffmpeg(program, "9"), SURVEY_LIMITS)


@pytest.mark.parametrize(
    "coding",
    [(*X265, "yuv420p10le", *HDR10_TAGS), ("-c:v", "ffv1", "-pix_fmt", "gbrp")],
)
async def test_the_frames_of_a_large_film_are_not_decoded(
    embedded_ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coding: tuple[str, ...]
) -> None:
    facts = await probed(
        Ffmpeg(embedded_ffmpeg, "9"), make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 12, *coding)
    )
    nowhere = runs_of(embedded_ffmpeg, tmp_path / "gone.mkv", facts)
    with pytest.raises(ChildError, match="reading failed"):
        await refused_colour(nowhere)
    monkeypatch.setattr(survey_places, "WOVEN_LINES", 0)
    assert await refused_colour(nowhere) is None


async def test_a_large_film_is_refused_after_its_own_frame_was_tried(
    embedded_ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_places, "WOVEN_LINES", 0)
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 12, *X265, "yuv420p")
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film)
    # A format that no frame can be made of says nothing about the film.
    unmade = replace(facts, colour=replace(facts.colour, pixel_format="yuv420p99le"))
    assert await refused_colour(runs_of(embedded_ffmpeg, film, unmade)) is None
    odd = replace(facts, colour=replace(facts.colour, matrix="ictcp", transfer="linear"))
    refused = await refused_colour(runs_of(embedded_ffmpeg, film, odd))
    assert refused is not None
    assert refused[0] == "its colours cannot be converted"
