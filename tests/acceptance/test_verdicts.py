"""What is said of films that are not taken as they are, and when it is looked at anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import SDR, X264, Configure, Films, make_film
from tests.acceptance.program import Dataset, entry, run
from tests.jobs.superres.sample_films import make_soft_telecined
from tui_gen.jobs.superres.films.source_verdict import JUDGED

FIELDS = ("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", "4", "-g", "12", "-pix_fmt", "yuv420p")


@pytest.fixture
def woven(tmp_path: Path, embedded_ffmpeg: str) -> Path:
    """Return a film whose frames show two moments each."""
    film = tmp_path / "woven.mkv"
    graph = f"testsrc2=s=320x180:r=50:d=5,interlace=scan=tff:lowpass=0{SDR}"
    make_film(embedded_ffmpeg, graph, film, FIELDS)
    return film


def kinds(data: Dataset) -> list[str]:
    return [str(line["kind"]) for line in data.ledger()]


def checked(data: Dataset) -> dict[str, Any]:
    (film,) = json.loads(run("check", data.config, "--json").out)["videos"]
    return dict(film)


@pytest.mark.soak
def test_an_interlaced_film_is_taken_once_the_settings_take_it(
    configure: Configure, woven: Path, films: Films
) -> None:
    data = configure(
        [entry(woven, "Woven", {"general": 1.0}), entry(films.beta, "Beta", {"general": 1.0})],
        base_frame_limit=2,
    )
    data.edit(lambda settings: settings.update(interlaced="refuse"))
    refused = "it is interlaced, and the configuration says to refuse such films"
    done = data.run()
    assert done.code == 3, str(done)
    assert f"Woven: {refused}" in done.out
    assert f"Not used: Woven: {refused}" in run("plan", data.config).out
    assert f"CANNOT BE USED: {refused}" in " ".join(run("check", data.config).out.split())
    before = kinds(data)

    data.edit(lambda settings: settings.update(interlaced="deinterlace"))
    refused_plan = run("plan", data.config)
    assert refused_plan.code == 2, str(refused_plan)
    assert "interlaced: 'refuse' -> 'deinterlace'" in refused_plan.err
    planned = run("plan", data.config, "--mix")
    assert "Videos: 2 of 2 can be used" in planned.out, str(planned)
    told = run("check", data.config)
    assert "interlaced: deinterlaced" in told.out
    assert "Videos: 2; 2 good" in told.out, str(told)
    # The recipe differs, so nothing is kept but what a clip of the film costs, which no recipe changes.
    assert [line.get("facts", {}).keys() for line in data.ledger()[len(before) :]] == [{"cost"}]
    done = data.run("--mix")
    assert done.code == 0, str(done)
    names = {path.name for path in data.output.rglob("Patches*/GT/*.png")}
    assert sum(name.startswith("patch_woven_") for name in names) == 2


@pytest.mark.soak
def test_a_film_stays_given_up_until_tools_or_settings_change(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "text.mkv").write_text("this is no film\n" * 100, encoding="utf-8")
    data = configure([entry(tmp_path / "text.mkv", "Text", {"general": 1.0})])
    assert checked(data)["reason"] == "not a video file"
    first = kinds(data)
    assert first.count("unusable") == 1
    assert checked(data)["reason"] == "not a video file"
    assert kinds(data) == first
    data.edit(lambda settings: settings.update(chroma="444"))
    assert checked(data)["reason"] == "not a video file"
    assert kinds(data)[len(first) :] == ["retry", "facts", "unusable"]


@pytest.mark.soak
def test_what_another_ffmpeg_could_not_read_is_looked_at_anew(configure: Configure, films: Films) -> None:
    data = configure(
        [entry(films.beta, "Beta", {"general": 1.0}), entry(films.delta, "Delta", {"general": 1.0})],
        base_frame_limit=1,
    )
    run("check", data.config)
    (told, silent) = [line["source"] for line in data.ledger() if "survey" in line.get("facts", {})]
    basis = {"kind": "facts", "stage": "extract", "source": told, "facts": {JUDGED: {"ffmpeg": "0.1"}}}
    verdicts = [
        {"kind": "unusable", "stage": "extract", "source": source, "reason": "no such codec"}
        for source in (told, silent)
    ]
    with data.ledger_path.open("a") as ledger:
        ledger.writelines(f"{json.dumps({'at': 1.0, **line})}\n" for line in (basis, *verdicts))
    assert "Videos: 2 of 2 can be used" in run("plan", data.config).out
    assert "Videos: 2; 2 good" in run("check", data.config).out
    done = data.run()
    assert done.code == 0, str(done)


CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1
START=0
END=1
title=Opening \x1b]0;x\x07 Credits
[CHAPTER]
TIMEBASE=1/1
START=4
END=5
title=Post-Credits Scene
"""


@pytest.mark.soak
def test_a_check_names_telecine_and_the_chapters_of_titles(
    configure: Configure, tmp_path: Path, embedded_ffmpeg: str
) -> None:
    soft, hard, titled = (tmp_path / name for name in ("soft.mkv", "hard.mkv", "titled.mkv"))
    make_soft_telecined(embedded_ffmpeg, soft, 240)
    graph = f"testsrc2=s=320x240:r=24000/1001:d=5,telecine=first_field=top:pattern=23,setfield=tff{SDR}"
    make_film(embedded_ffmpeg, graph, hard, FIELDS)
    (tmp_path / "chapters").write_text(CHAPTERS, encoding="utf-8")
    chapters = ["-i", str(tmp_path / "chapters"), "-map_chapters", "1", *X264]
    make_film(embedded_ffmpeg, f"testsrc2=s=320x240:r=24:d=5{SDR}", titled, chapters)
    data = configure([entry(film, film.stem, {"space": 1.0}) for film in (soft, hard, titled)])
    data.edit(lambda settings: settings.update(trim={"chapters": True}))
    films = {film["name"]: film for film in json.loads(run("check", data.config, "--json").out)["videos"]}
    assert {name: (film["state"], film["telecine"]) for name, film in films.items()} == {
        "soft": ("good", "soft"), "hard": ("unusable", "hard"), "titled": ("good", "none"),
    }  # fmt: skip
    assert [chapter["start_seconds"] for chapter in films["titled"]["title_chapters"]] == [0.0]
    data.edit(lambda settings: settings.update(telecine="keep"))
    shown = run("check", data.config)
    told = " ".join(shown.out.split())
    assert "\x1b" not in shown.out
    assert "soft telecine (flags alone)" in told
    assert "telecined (3:2 pulldown woven into its frames), which is not undone: taken, deinterlaced" in told
    assert 'chapters with titles: "Opening ' in told
    assert "0.00s to 1.00s; left out" in told
    assert "Videos: 3; 3 good" in told
    done = data.run()
    assert done.code == 0, str(done)
    for line in data.ledger():
        if line["kind"] == "clip" and line["source"] == films["titled"]["id"]:
            assert min(line["pts"]) >= 1.0
