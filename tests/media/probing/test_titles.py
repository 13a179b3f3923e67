"""Chapters that show titles: told by their names, read from real films, left out by windows, harmless."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.superres.planning.test_plan import FILM
from tests.jobs.superres.sample_films import SETTINGS, probed, run_ffmpeg
from tui_gen.jobs.superres.config.settings import Trim, Video
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.jobs.superres.planning.clip_bits import bit_indices
from tui_gen.jobs.superres.planning.film_capacity import prospect
from tui_gen.jobs.superres.planning.timestamps import timeline, timestamp, usable_clips
from tui_gen.media.facts_json import probe_from_json, probe_to_json
from tui_gen.media.film_facts import Chapter
from tui_gen.media.probing.titles import MOST_CHAPTERS, MOST_CHARACTERS, shows_titles, title_chapters

WITH_CHAPTERS = replace(SETTINGS, trim=Trim(has_chapters=True))
MILLISECONDS = Fraction(1, 1000)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "End Credits",
            "END CREDITS",
            "Credits",
            "credit roll",
            "28. End Credits",
            "Chapter 28: End Credits",
        ),
        *("Opening", "Opening Credits", "1 - Opening Titles", "Main Title", "main_titles", "Title Sequence"),
        *("End Title", "End Titles", "Ending", "OP", "ED 2", "Intro", "Studio Logos", "Kapitel 31: Abspann"),
        *(
            "Vorspann",
            "Générique de fin",
            "Titoli di coda",
            "Créditos",
            "オープニング",
            "エンディング",
            "Титры",
        ),
        "\x1b[31mEnd Credits\x1b]0;x\x07",
    ],
)
def test_chapters_of_titles_are_told_by_their_names(name: str) -> None:
    assert shows_titles(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "1", "Chapter 1", "Chapter 12", "Post-Credits Scene", "Mid-Credits", "After the Credits"),
        *("Pre-Credits Sequence", "Opening Scene", "The Opening Move", "Credit Where It Is Due Scene"),
        *("Red", "Operation", "Edwin", "Introductions", "The Ending of a Friendship", "Titleholder"),
        "x" * 500 + " end credits",
    ],
)
def test_chapters_of_the_film_are_not_taken_for_titles(name: str) -> None:
    assert not shows_titles(name)


def chapter(start: Any, end: Any, name: str, tick: Any = MILLISECONDS) -> dict[str, Any]:  # noqa: ANN401
    return {"start": start, "end": end, "time_base": tick, "metadata": {"title": name}}


def test_of_countless_chapters_few_are_kept_and_of_endless_names_the_beginning() -> None:
    endless = "credits " * 10_000
    found = list(title_chapters(chapter(n, n + 1, endless) for n in range(100_000)))
    assert len(found) == MOST_CHAPTERS
    assert {len(name) for _, _, name in found} == {MOST_CHARACTERS}


def test_chapters_without_a_length_are_none() -> None:
    lost = -(1 << 63)
    odd = [(5, 5), (9, 3), (0, lost), (None, 5), (5, None)]
    assert not list(title_chapters(chapter(*times, "Credits") for times in odd))
    assert not list(
        title_chapters([chapter(0, 9, "Credits", tick=None), {**chapter(0, 9, ""), "metadata": {}}])
    )


@given(
    st.lists(st.tuples(st.floats(-50, 250), st.floats(-50, 250)), max_size=12),
    st.sampled_from([0.0, 7.0, -3.0]),
)
def test_no_window_shows_a_frame_of_a_chapter_with_titles(
    times: list[tuple[float, float]], first_pts: float
) -> None:
    duration, frame = 200.0, 0.04
    probe = replace(
        FILM,
        first_pts_seconds=first_pts,
        duration_seconds=duration,
        frame_seconds=frame,
        title_chapters=tuple(Chapter(start + first_pts, end + first_pts, "Credits") for start, end in times),
    )
    line = timeline(probe, WITH_CHAPTERS)
    clips = [int(k) for k in bit_indices(usable_clips(line, 60))]
    titles = [(start, end) for start, end in times if start < end and end - start <= duration / 4]
    for k in clips:
        time = timestamp(k, duration)
        assert not any(start < time + 3 * frame and time - 3 * frame < end for start, end in titles), k
    kept = [int(k) for k in bit_indices(usable_clips(timeline(probe, SETTINGS), 60))]
    assert set(clips) <= set(kept)
    margin = 5 * frame
    for k in set(kept) - set(clips):
        time = timestamp(k, duration)
        assert any(start - margin < time < end + margin for start, end in titles), k
    assert 0 <= line.usable_seconds <= duration


def test_a_chapter_over_much_of_the_film_is_not_titles() -> None:
    whole = (Chapter(0.0, FILM.duration_seconds, "Opening"),)
    line = timeline(replace(FILM, title_chapters=whole), WITH_CHAPTERS)
    assert line == timeline(FILM, SETTINGS)


def test_facts_survive_the_ledger_and_those_of_older_ones_are_completed_where_they_are_wanted() -> None:
    facts = replace(FILM, title_chapters=(Chapter(0.5, 9.25, "Opening \udcff\x1b[2J"),))
    entries = json.loads(json.dumps(probe_to_json(facts)))
    assert probe_from_json(entries) == facts
    del entries["title_chapters"]
    assert probe_from_json(entries) == FILM
    video = Video("v", "/v.mkv", ())
    assert prospect(WITH_CHAPTERS, "v", video, {"probe": entries}).probe is None  # to be probed again
    assert prospect(SETTINGS, "v", video, {"probe": entries}).probe == FILM


METADATA = b""";FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=500
title=Opening \x1b[31m\xff\xfe Credits
[CHAPTER]
TIMEBASE=1/1000
START=500
END=3000
title=The Film
[CHAPTER]
TIMEBASE=1/1000
START=3000
END=4000
title=End Credits
"""


@pytest.mark.parametrize("container", ["mkv", "mp4"])
async def test_the_chapters_of_real_films_are_read(
    embedded_ffmpeg: str, tmp_path: Path, container: str
) -> None:
    film = tmp_path / f"a.{container}"
    (tmp_path / "metadata").write_bytes(METADATA)
    picture = ["-f", "lavfi", "-i", "testsrc2=s=96x96:r=24:d=4"]
    chapters = ["-i", str(tmp_path / "metadata"), "-map_chapters", "1"]
    run_ffmpeg(embedded_ffmpeg, *picture, *chapters, "-c:v", "libx264", "-preset", "ultrafast", str(film))
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film)
    assert facts.title_chapters == (
        Chapter(0.0, 0.5, "Opening \x1b[31m\ufffd\ufffd Credits"),
        Chapter(3.0, 4.0, "End Credits"),
    )
    if container == "mkv":
        # The second of them now ends before it begins: 4e9 ns become 2e9.
        data = film.read_bytes()
        end = (4_000_000_000).to_bytes(4, "big")
        assert data.count(b"\x92\x84" + end) == 1
        film.write_bytes(data.replace(b"\x92\x84" + end, b"\x92\x84" + (2_000_000_000).to_bytes(4, "big")))
        facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film)
        assert facts.title_chapters is not None
        assert [chapter.name for chapter in facts.title_chapters] == ["Opening \x1b[31m\ufffd\ufffd Credits"]
