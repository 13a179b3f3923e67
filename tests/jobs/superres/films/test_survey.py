"""The look at real films: bars to the line, dark films left alone, short films sampled often enough."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.superres.sample_films import SETTINGS, make_numbered, probed, run_ffmpeg
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.films import survey as survey_module
from tui_gen.jobs.superres.media import Ffmpeg, survey
from tui_gen.jobs.superres.units import Survey
from tui_gen.media.film_facts import SurveyFacts
from tui_gen.media.geometry import Region

X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-pix_fmt", "yuv420p", "-g", "6")


async def looked_at(program: str, path: Path) -> SurveyFacts:
    ffmpeg = Ffmpeg(program, "9")
    facts = await probed(ffmpeg, path)
    found = await survey(Survey("v", str(path), "v", SETTINGS, facts, None, ()), ffmpeg=ffmpeg)
    assert not isinstance(found, Unusable), found
    return found


def make(program: str, path: Path, filters: str, seconds: float = 2) -> Path:
    source = ["-f", "lavfi", "-i", f"testsrc2=s=320x180:r=24:d={seconds}"]
    run_ffmpeg(program, *source, "-vf", filters, *X264, str(path))
    return path


@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize(
    ("filters", "picture"),
    [
        ("null", Region(0, 0, 320, 180)),
        ("crop=320:134:0:0,pad=320:180:0:22", Region(0, 26, 320, 126)),
        ("crop=240:180:0:0,pad=320:180:40:0", Region(44, 0, 232, 180)),
    ],
)
async def test_bars_are_found_in_short_films_and_in_long_ones(
    embedded_ffmpeg: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    filters: str,
    picture: Region,
    *,
    is_long: bool,
) -> None:
    if is_long:
        monkeypatch.setattr(survey_module, "PASS_PIXELS", 0.0)
    film = make(embedded_ffmpeg, tmp_path / "a.mkv", filters, seconds=5)
    found = await looked_at(embedded_ffmpeg, film)
    assert found.bar_votes >= 12
    for mine, true in zip(
        (found.picture.x, found.picture.y, found.picture.width, found.picture.height),
        (picture.x, picture.y, picture.width, picture.height),
        strict=True,
    ):
        assert abs(mine - true) <= 2
    assert not found.is_interlaced


async def test_bars_of_a_part_of_the_film_count_too(embedded_ffmpeg: str, tmp_path: Path) -> None:
    some = "crop=320:134:0:0,pad=320:180:0:22"
    filters = f"split[a][b];[a]{some}[c];[b][c]overlay=enable='between(t,1,2)'"
    film = make(embedded_ffmpeg, tmp_path / "a.mkv", filters, seconds=6)
    found = await looked_at(embedded_ffmpeg, film)
    assert abs(found.picture.y - 26) <= 2
    assert found.picture.width == 320


async def test_bars_of_a_turned_film_are_counted_upright(embedded_ffmpeg: str, tmp_path: Path) -> None:
    lying = make(embedded_ffmpeg, tmp_path / "a.mp4", "crop=240:180:0:0,pad=320:180:40:0")
    turned = tmp_path / "b.mp4"
    run_ffmpeg(embedded_ffmpeg, "-display_rotation", "-90", "-i", str(lying), "-c", "copy", str(turned))
    picture = (await looked_at(embedded_ffmpeg, turned)).picture
    assert (picture.x, picture.width) == (0, 180)
    assert (abs(picture.y - 44) <= 2, abs(picture.height - 232) <= 4) == (True, True)


@pytest.mark.parametrize("is_long", [False, True])
async def test_what_the_child_cannot_look_at_is_looked_at_by_ffmpeg(
    embedded_ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_long: bool
) -> None:
    if is_long:
        monkeypatch.setattr(survey_module, "PASS_PIXELS", 0.0)
    source = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=2"]
    grey = ["-vf", "crop=320:134:0:0,pad=320:180:0:22", "-c:v", "ffv1", "-pix_fmt", "gray"]
    run_ffmpeg(embedded_ffmpeg, *source, *grey, str(tmp_path / "a.mkv"))
    found = await looked_at(embedded_ffmpeg, tmp_path / "a.mkv")
    assert abs(found.picture.y - 26) <= 2


async def test_a_raw_stream_is_read_from_its_start(
    embedded_ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_module, "PASS_PIXELS", 0.0)
    film = make(embedded_ffmpeg, tmp_path / "a.264", "crop=320:134:0:0,pad=320:180:0:22")
    found = await looked_at(embedded_ffmpeg, film)
    assert found.bar_votes >= 12
    assert abs(found.picture.y - 26) <= 2


async def test_a_dark_film_is_not_cropped(embedded_ffmpeg: str, tmp_path: Path) -> None:
    dark = "crop=320:134:0:0,lutyuv=y=16+val/16,pad=320:180:0:22"
    found = await looked_at(embedded_ffmpeg, make(embedded_ffmpeg, tmp_path / "a.mkv", dark))
    assert found == SurveyFacts(Region(0, 0, 320, 180), 0, is_interlaced=False)


async def test_progressive_pictures_under_an_interlaced_flag_are_progressive(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    coding = ["-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", "2", "-pix_fmt", "yuv420p"]
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 48, "-vf", "setfield=tff", *coding)
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film)
    assert facts.field_order in {"tt", "tb"}
    assert not (await looked_at(embedded_ffmpeg, film)).is_interlaced


@pytest.mark.parametrize(
    ("rate", "filters", "is_interlaced", "is_telecined"),
    [
        ("24000/1001", "telecine=first_field=top:pattern=23,setfield=tff", True, True),
        ("60000/1001", "interlace=scan=tff:lowpass=0", True, False),
    ],
)
async def test_pulldown_is_told_from_interlaced_pictures(
    embedded_ffmpeg: str, tmp_path: Path, rate: str, filters: str, *, is_interlaced: bool, is_telecined: bool
) -> None:
    film = tmp_path / "a.mkv"
    source = ["-f", "lavfi", "-i", f"testsrc2=s=352x240:r={rate}:d=3"]
    coding = ["-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", "2", "-pix_fmt", "yuv420p"]
    run_ffmpeg(embedded_ffmpeg, *source, "-vf", filters, *coding, str(film))
    found = await looked_at(embedded_ffmpeg, film)
    assert (found.is_interlaced, found.is_telecined) == (is_interlaced, is_telecined)


async def test_a_film_whose_colours_cannot_be_converted_is_unusable_with_one_reason(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 24, *X264)
    facts = await probed(ffmpeg, film)
    odd = replace(facts, colour=replace(facts.colour, matrix="ictcp", transfer="linear"))
    found = await survey(Survey("v", str(film), "v", SETTINGS, odd, None, ()), ffmpeg=ffmpeg)
    assert isinstance(found, Unusable)
    assert found.reason == "its colours cannot be converted"
