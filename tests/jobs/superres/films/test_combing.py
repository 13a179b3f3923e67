"""Interlaced films are known by their fields, not by flags; stripes, cuts and stills are not combing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.films.test_survey import looked_at
from tests.jobs.superres.sample_films import (
    SETTINGS,
    clips_of,
    probed,
    read_all,
    run_ffmpeg,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Rejected
from tui_gen.jobs.superres.extraction.reading.objections import COMBED_HERE
from tui_gen.jobs.superres.films import survey as survey_module
from tui_gen.jobs.superres.films.combing import Order, is_clip_combed, is_suspect, judged, order_of
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.media.facts_json import survey_from_json, survey_to_json
from tui_gen.media.film_facts import SurveyFacts

Frame = NDArray[np.uint8]
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p", "-g", "10")
TURNING = "rotate=t/2,scale=320:240"


def picture(moment: float, *, stripes: int = 0) -> Frame:
    """Return a picture of soft blobs at a moment; `stripes` are that many lines apart."""
    rows, columns = np.mgrid[0:132, 0:256]
    levels = 120 + 90 * np.sin((columns + 6 * moment) / 9) * np.sin((rows + 2 * moment) / 13)
    if stripes:
        levels = np.where(rows % stripes < stripes / 2, levels, 255 - levels)
    drawn: Frame = levels.clip(0, 255).astype(np.uint8)
    return drawn


def woven(moment: float, first: str) -> Frame:
    top, bottom = (moment, moment + 0.5) if first == "tff" else (moment + 0.5, moment)
    frame = picture(top)
    frame[1::2] = picture(bottom)[1::2]
    return frame


@pytest.mark.parametrize("first", ["tff", "bff"])
def test_woven_fields_are_told_with_their_order(first: str) -> None:
    frames = [woven(moment, first) for moment in (0, 1, 2)]
    assert order_of(frames) == first
    deep = [frame.astype(np.uint16) * 4 for frame in frames]
    assert order_of(deep, depth=10) == first
    assert is_suspect(frames[0])


def test_the_test_pattern_is_progressive(embedded_ffmpeg: str) -> None:
    source = ["-f", "lavfi", "-i", "testsrc2=s=192x144:r=24:d=2", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    frames = np.frombuffer(run_ffmpeg(embedded_ffmpeg, *source), np.uint8).reshape(-1, 144, 192)
    orders = [order_of(frames[first : first + 3]) for first in range(0, len(frames) - 2, 3)]
    assert set(orders) <= {"progressive", None}


@pytest.mark.parametrize("stripes", [0, 2, 4])
def test_whole_pictures_are_progressive_even_with_fine_stripes(stripes: int) -> None:
    frames = [picture(moment, stripes=stripes) for moment in (0, 1, 2)]
    assert order_of(frames) in {"progressive", None}


@pytest.mark.parametrize("moments", [(0, 50, 51), (0, 1, 50), (0, 0, 1), (0, 0.2, 2)])
def test_a_cut_or_a_motion_that_begins_is_no_combing(moments: tuple[float, ...]) -> None:
    assert order_of([picture(moment) for moment in moments]) in {"progressive", None}


def test_stills_say_nothing() -> None:
    assert order_of([picture(0)] * 3) is None
    assert order_of([np.zeros((8, 8), np.uint8)] * 3) is None
    assert not is_suspect(picture(0))


@pytest.mark.parametrize(
    ("places", "order", "is_in_parts"),
    [
        ("ttttt---", "tff", False),
        ("bbbbb---p", "bff", False),
        ("tttpppppp", "tff", True),
        ("pppppp---", None, False),
        ("tpppppppp", None, False),  # one place is an error
        ("ttbbb", None, False),  # so are places that contradict each other
    ],
)
def test_many_places_decide_together(places: str, order: str | None, *, is_in_parts: bool) -> None:
    letters: dict[str, Order | None] = {"t": "tff", "b": "bff", "p": "progressive", "-": None}
    found = judged([letters[letter] for letter in places])
    assert (found.order, found.is_in_parts, found.is_known) == (order, is_in_parts, True)
    assert not judged([letters[letter] for letter in "tt---"]).is_known


def make(program: str, path: Path, filters: str, seconds: float = 2) -> Path:
    source = ["-f", "lavfi", "-i", f"testsrc2=s=256x192:r=50:d={seconds}"]
    run_ffmpeg(program, *source, "-vf", filters, *X264, str(path))
    return path


async def test_an_interlaced_film_without_a_flag_is_deinterlaced(
    embedded_ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filters = f"{TURNING},interlace=scan=bff:lowpass=0,setfield=prog"
    film = make(embedded_ffmpeg, tmp_path / "a.mkv", filters)
    found = await looked_at(embedded_ffmpeg, film)
    assert (found.is_interlaced, found.first_field, found.combed_parts) == (True, "bff", ())
    monkeypatch.setattr(survey_module, "PASS_PIXELS", 0.0)
    assert replace(await looked_at(embedded_ffmpeg, film), bar_votes=found.bar_votes) == found
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    facts = await probed(ffmpeg, film)
    assert facts.field_order == "progressive"
    stretch = replace(stretch_of(film, facts, [task(0, [1.0], facts.upright)]), survey=found)
    shown = clips_of(await read_all(ffmpeg, stretch))[0].frames[facts.upright][..., 1]
    assert not is_clip_combed(shown, depth=8)
    as_it_is = replace(stretch, settings=replace(SETTINGS, interlaced="refuse"))
    combed = clips_of(await read_all(ffmpeg, as_it_is))[0].frames[facts.upright][..., 1]
    assert is_clip_combed(combed, depth=8)


async def test_a_film_that_is_interlaced_in_parts_gives_clips_elsewhere(
    embedded_ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_module, "PASS_PIXELS", 0.0)
    parts = ("interlace=scan=tff:lowpass=0,setfield=prog", "framestep=2,setpts=N/25/TB")
    names = [
        make(embedded_ffmpeg, tmp_path / f"{n}.mkv", f"{TURNING},{part}") for n, part in enumerate(parts)
    ]
    (tmp_path / "list").write_text("".join(f"file '{name}'\n" for name in names), encoding="utf-8")
    film = tmp_path / "a.mkv"
    run_ffmpeg(
        embedded_ffmpeg, "-f", "concat", "-safe", "0", "-i", str(tmp_path / "list"), "-c", "copy", str(film)
    )
    found = await looked_at(embedded_ffmpeg, film)
    assert not found.is_interlaced
    ((begin, end),) = found.combed_parts
    assert (begin < 0.5, 1.0 < end < 2.0) == (True, True)
    assert survey_from_json(survey_to_json(found)) == found
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    facts = await probed(ffmpeg, film)
    tasks = [task(0, [1.0], facts.upright), task(1, [3.0], facts.upright)]
    reports = await read_all(ffmpeg, replace(stretch_of(film, facts, tasks), survey=found))
    assert [report.reason for report in reports if isinstance(report, Rejected)] == [COMBED_HERE]
    assert [clip.index for clip in clips_of(reports)] == [1]


def test_the_facts_of_an_older_survey_are_read() -> None:
    entries = {"picture": {"x": 0, "y": 0, "width": 8, "height": 8}, "bar_votes": 3, "is_interlaced": True}
    found = survey_from_json(entries)
    assert isinstance(found, SurveyFacts)
    assert (found.first_field, found.combed_parts) == (None, ())
