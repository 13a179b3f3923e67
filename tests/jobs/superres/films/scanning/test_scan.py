"""A folder of films becomes a configuration, and nothing a user wrote is lost."""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tui_gen.config.faults import ConfigurationError
from tui_gen.contract.scan import ScanRequest
from tui_gen.jobs.superres.config.load import CategoryRule, load_settings, shipped_config
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.films.scanning.findings import Findings, ScanError
from tui_gen.jobs.superres.films.scanning.lengths import NoFacts, Probed
from tui_gen.jobs.superres.films.scanning.scan import scan
from tui_gen.jobs.superres.films.scanning.weighing import best_rule
from tui_gen.media.film_facts import ColourFacts, ProbeFacts
from tui_gen.media.geometry import Size

RULES = (
    CategoryRule("dune", (("general", 1.0),)),
    CategoryRule("Dune Part Two", (("space", 1.0),)),
    CategoryRule("up", (("toon", 1.0),)),
)
HOUR = 3600.0


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Return an empty folder for films."""
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def facts(seconds: float = HOUR, *, height: int = 1080, hdr_class: str = "sdr") -> ProbeFacts:
    colour = ColourFacts("yuv420p", 8, None, None, None, None, None, None, None)
    size = Size(height * 16 // 9, height)
    return ProbeFacts(
        "matroska", "hevc", size, Fraction(1), 0, 0.0, seconds, 0.04, "progressive", colour, hdr_class
    )


def look(
    films: Path, target: Path, probed: Mapping[str, Probed] | None = None, **options: object
) -> Findings:
    """Scan without opening a file; `probed`: file name -> what its probe says."""
    found = {str(path): value for name, value in (probed or {}).items() for path in films.rglob(name)}

    def probe(
        paths: Sequence[str], _settings: Settings, _done: Callable[[int], None]
    ) -> Mapping[str, Probed]:
        return {path: found.get(path, facts()) for path in paths}

    request = replace(ScanRequest((films,), target), **options)  # type: ignore[arg-type]
    return scan(request, shipped=shipped_config(), probe=probe, progress=lambda *_: None, this_year=2026)


def scanned(films: Path, target: Path, probed: Mapping[str, Probed] | None = None, **options: object) -> str:
    findings = look(films, target, probed, **options)
    return "\n".join(findings.save(findings.sources))


def names(target: Path) -> list[str]:
    return [video.name for video in load_settings(target).videos]


# ------------------------------------------------------------------------------- what is written


def test_every_film_below_a_folder_becomes_an_entry(films: Path, tmp_path: Path) -> None:
    put(films, "Dune.Part.Two.2024.2160p.UHD.BluRay.x265-GROUP.MKV", "b/Heimat (1984).ts")
    target = tmp_path / "c.json"
    said = scanned(films, target)
    assert [(video.name, video.path, dict(video.weights)) for video in load_settings(target).videos] == [
        (
            "Dune Part Two (2024)",
            str(films / "Dune.Part.Two.2024.2160p.UHD.BluRay.x265-GROUP.MKV"),
            {"general": 0.5, "space": 0.5},
        ),
        ("Heimat (1984)", str(films / "b/Heimat (1984).ts"), {"general": 1.0}),
    ]
    assert f"{target}: 2 videos added, 1 of them by a rule, 0 listed before, 0 left out" in said


def test_probed_facts_stay_out_of_the_configuration(films: Path, tmp_path: Path) -> None:
    put(films, "a.mkv")
    scanned(films, tmp_path / "c.json")
    line = next(line for line in (tmp_path / "c.json").read_text().splitlines() if "a.mkv" in line)
    assert line == f'    {{"name": "A", "path": "{films}/a.mkv", "categories": {{"general": 1.0}}}}'


def test_names_that_are_not_utf8_are_written_and_read_back(films: Path, tmp_path: Path) -> None:
    path = os.fsencode(films) + b"/\xff\xfe caf\xe9 \x1b[2J.mkv"
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    put(films, "Für Elise.mkv")
    target = tmp_path / "c.json"
    scanned(films, target)
    videos = {os.fsencode(video.path): video.name for video in load_settings(target).videos}
    assert videos.keys() == {path, os.fsencode(films / "Für Elise.mkv")}
    assert all(name.isprintable() for name in videos.values())
    assert "Für Elise" in target.read_text(encoding="utf-8")


def test_an_empty_folder_writes_nothing(films: Path, tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="no video files"):
        scanned(films, tmp_path / "c.json")
    with pytest.raises(ScanError, match="is no folder"):
        scanned(films / "missing", tmp_path / "c.json")
    put(films, "sample.mkv")
    with pytest.raises(ScanError, match="a sample\nno film"):
        scanned(films, tmp_path / "c.json")
    assert not (tmp_path / "c.json").exists()


def test_a_folder_that_cannot_be_written_is_told(films: Path, tmp_path: Path) -> None:
    put(films, "a.mkv")
    with pytest.raises(ScanError, match="cannot be written"):
        scanned(films, tmp_path / "missing" / "c.json")


# -------------------------------------------------------------------------------- what is left out


def test_what_is_left_out_is_told_with_the_reason(films: Path, tmp_path: Path) -> None:
    put(films, "Dune (2021).mkv", "Dune (2021) 1080p.mkv", "Short.mkv", "song.mp4", "x-sample.mkv")
    said = scanned(
        films,
        tmp_path / "c.json",
        {
            "Dune (2021).mkv": facts(height=2160, hdr_class="pq"),
            "Short.mkv": facts(59.9),
            "song.mp4": NoFacts("audio only, no picture track", is_no_film=True),
        },
    )
    assert said.splitlines()[:4] == [
        f"left out: {films}/x-sample.mkv: a sample",
        f"left out: {films}/Dune (2021) 1080p.mkv: a copy of a film that is taken in 2160p HDR",
        f"left out: {films}/Short.mkv: 59s long, under 1m 00s",
        f"left out: {films}/song.mp4: audio only, no picture track",
    ]
    assert names(tmp_path / "c.json") == ["Dune (2021)"]


def test_what_cannot_be_read_today_is_listed_and_told(films: Path, tmp_path: Path) -> None:
    put(films, "a.mkv")
    said = scanned(films, tmp_path / "c.json", {"a.mkv": NoFacts("the probe hung")})
    assert f"cannot be read now, listed all the same: {films}/a.mkv: the probe hung" in said
    assert names(tmp_path / "c.json") == ["A"]


def test_the_shortest_length_can_be_chosen_and_probing_left_away(films: Path, tmp_path: Path) -> None:
    put(films, "a.mkv")
    scanned(films, tmp_path / "c.json", {"a.mkv": facts(5)}, least_seconds=5.0)
    scanned(films, tmp_path / "d.json", {"a.mkv": facts(5)}, is_probed=False)
    assert names(tmp_path / "c.json") == names(tmp_path / "d.json") == ["A"]


def test_all_editions_are_taken_where_asked_for_and_share_a_group(films: Path, tmp_path: Path) -> None:
    put(films, "Alien.1979.2160p.mkv", "Alien.1979.Directors.Cut.1080p.mkv", "Heat (1995).mkv")
    target = tmp_path / "c.json"
    scanned(films, target, keeps_editions=True)
    assert [(video.name, video.group) for video in load_settings(target).videos] == [
        ("Alien (1979)", "Alien (1979)"),
        ("Alien (1979) - Director's Cut", "Alien (1979)"),
        ("Heat (1995)", None),
    ]


def test_the_discs_of_one_film_are_one_copy(films: Path, tmp_path: Path) -> None:
    put(films, *(f"Dune (2021)/Disc {disc}/BDMV/STREAM/00001.m2ts" for disc in (1, 2)))
    put(films, "Show/VIDEO_TS/VTS_01_1.VOB", "Show/VIDEO_TS/VTS_01_2.VOB")
    put(films, "Amadeus (1984)/title_t00.mkv", "Amadeus (1984)/title_t01.mkv")
    target = tmp_path / "c.json"
    scanned(films, target)
    assert [(video.name, video.group) for video in load_settings(target).videos] == [
        ("Amadeus (1984) - TITLE_T00", "Amadeus (1984)"),
        ("Amadeus (1984) - TITLE_T01", "Amadeus (1984)"),
        ("Dune (2021) - DISC 1", "Dune (2021)"),
        ("Dune (2021) - DISC 2", "Dune (2021)"),
        ("Show - VTS_01_1", "Show"),
        ("Show - VTS_01_2", "Show"),
    ]


# ------------------------------------------------------------------------------------- the review


def test_what_a_review_changed_is_saved(films: Path, tmp_path: Path) -> None:
    put(films, "a.mkv", "b.mkv", "Dune (2021) 2160p.mkv", "Dune (2021) 1080p.mkv")
    findings = look(films, tmp_path / "c.json", {"*2160p.mkv": facts(height=2160)})
    changed = [
        replace(source, is_in=True)
        if "1080p" in source.key
        else replace(source, is_in=False)
        if source.name == "A"
        else replace(source, name="Bee", weights=(("toon", 0.2),), priority=3)
        if source.name == "B"
        else source
        for source in findings.sources
    ]
    said = "\n".join(findings.save(changed))
    videos = {video.name: video for video in load_settings(tmp_path / "c.json").videos}
    assert videos["A"].weights == ()
    assert (videos["Bee"].weights, videos["Bee"].priority) == ((("toon", 0.2),), 3)
    dunes = [video for video in load_settings(tmp_path / "c.json").videos if video.name == "Dune (2021)"]
    assert [video.group for video in dunes] == ["Dune (2021)", "Dune (2021)"]
    assert f"left out: {films}/a.mkv: by you" in said


def test_a_film_left_out_by_hand_does_not_come_back_with_an_update(films: Path, tmp_path: Path) -> None:
    put(films, "a.mkv", "b.mkv")
    target = tmp_path / "c.json"
    findings = look(films, target)
    findings.save([replace(source, is_in=source.name == "B") for source in findings.sources])
    assert look(films, target, may_update=True).sources == ()


def test_films_may_be_weighed_for_the_categories_of_settings_and_rules(films: Path, tmp_path: Path) -> None:
    put(films, "a.mkv")
    target = tmp_path / "c.json"
    target.write_text(
        '{"base_settings": {"output_base_dir": "o"}, "category_targets": {"space": 5},'
        ' "category_rules": [{"match": "x", "categories": {"anime": 1}}],'
        ' "videos": [{"name": "x", "path": "x", "categories": {"general": 1}, "split": "val"}]}'
    )
    assert set(look(films, target, may_update=True).categories) == {"general", "space", "anime"}


# -------------------------------------------------------------------------------------- the rules


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("Dune.Part.Two.2024", "Dune Part Two"),
        ("DUNE_part-TWO", "Dune Part Two"),
        ("Dune (2021)", "dune"),
        ("Düne", "dune"),
        ("Superman", None),
        ("Up (2009)", "up"),
        ("Dunes", None),
        ("", None),
    ],
)
def test_the_longest_rule_whose_words_stand_in_the_name_wins(name: str, match: str | None) -> None:
    rule = best_rule(name, RULES)
    assert (rule.match if rule else None) == match


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("Planet Earth 2/Season 1/S01E04.mkv", "planet earth 2"),
        ("Sci-Fi/Star Wars Collection/A New Hope (1977).mkv", "star wars"),
        ("Alien.1979.1080p.BluRay-ARRiVAL.mkv", None),
        ("Alien.1979.1080p.BluRay-ARRiVAL/alien.mkv", None),
        ("Firefly - S01E02 - Arrival.mkv", None),
        ("Arrival.2016.2160p.WEB-DL.mkv", "arrival"),
    ],
)
def test_a_film_is_weighed_by_its_name_or_its_folders_and_not_by_who_released_it(
    films: Path, tmp_path: Path, path: str, match: str | None
) -> None:
    put(films, path)
    (found,) = look(films, tmp_path / "c.json").films
    assert found.matched == match


def test_the_scanned_folder_may_be_that_of_a_rule(tmp_path: Path) -> None:
    put(tmp_path, "Star Trek/Insurrection (1998).mkv")
    (found,) = look(tmp_path / "Star Trek", tmp_path / "c.json").films
    assert found.matched == "star trek"


# ---------------------------------------------------------------------------------------- updates


def test_a_target_that_has_videos_is_left_alone_unless_told_to_update(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    put(films, "a.mkv")
    scanned(films, target)
    before = target.read_bytes()
    put(films, "b.mkv")
    with pytest.raises(ScanError, match="--update"):
        scanned(films, target)
    assert target.read_bytes() == before
    assert "1 videos added, 0 of them by a rule, 1 listed before" in scanned(films, target, may_update=True)
    assert names(target) == ["A", "B"]


def test_an_update_that_finds_nothing_new_changes_nothing(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    put(films, "a.mkv")
    scanned(films, target)
    before = target.stat()
    scanned(films, target, may_update=True)
    assert target.stat().st_ino == before.st_ino


EDITED = """{
  "base_settings": {"output_base_dir": "mine"}, // my own
  "category_rules": [{"match": "a", "categories": {"anime": 2}}],
  "videos": [
    {"name": "Old", "path": "films/gone.mkv", "categories": {}}, // not this one
    {"path": "films/elsewhere/Dune (2021).mkv",    "name":"My Dune",
     "categories": {"anime": 0.25}, "priority": 9, "group": "mine"}, // the best
    {"name": "Other disk", "path": "/other/x.mkv", "categories": {"anime": 1}} // stays
  ]
}
"""


def test_what_is_gone_is_marked_and_what_moved_is_followed(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    target.write_text(EDITED, encoding="utf-8")
    target.chmod(0o640)
    put(films, "A.mkv", "here/Dune (2021).mkv")
    said = scanned(films, target, may_update=True)
    expected = EDITED.replace(
        '    {"name": "Old"', '    // gone: the last scan did not find it\n    {"name": "Old"'
    )
    expected = expected.replace('"films/elsewhere/Dune (2021).mkv"', f'"{films}/here/Dune (2021).mkv"')
    added = f',\n    {{"name": "A", "path": "{films}/A.mkv", "categories": {{"anime": 2.0}}}}'
    expected = expected.replace('{"anime": 1}} // stays', '{"anime": 1}}, // stays' + added.removeprefix(","))
    assert target.read_text(encoding="utf-8") == expected
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert f"gone, marked: {films}/gone.mkv" in said
    assert (
        f"moved, the entry follows: {films}/elsewhere/Dune (2021).mkv -> {films}/here/Dune (2021).mkv" in said
    )
    again = scanned(films, target, may_update=True)
    assert target.read_text(encoding="utf-8") == expected
    assert "gone, marked" not in again


def test_a_film_that_came_back_is_no_longer_marked(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    put(films, "a.mkv", "b.mkv")
    scanned(films, target)
    before = target.read_text(encoding="utf-8")
    (films / "a.mkv").unlink()
    scanned(films, target, may_update=True)
    assert "// gone:" in target.read_text(encoding="utf-8")
    put(films, "a.mkv")
    scanned(films, target, may_update=True)
    assert target.read_text(encoding="utf-8") == before


def test_a_copy_of_a_listed_film_is_left_out_however_good_it_is(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    put(films, "Dune (2021) 1080p.mkv")
    scanned(films, target)
    put(films, "Dune (2021) 2160p.mkv")
    said = scanned(films, target, {"*2160p.mkv": facts(height=2160)}, may_update=True)
    assert f'left out: {films}/Dune (2021) 2160p.mkv: a copy of "Dune (2021)", which is listed' in said
    assert names(target) == ["Dune (2021)"]


def test_a_new_episode_joins_the_group_of_its_series(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    put(films, "Show.S01E01.mkv", "Show.S01E02.mkv")
    scanned(films, target)
    target.write_text(target.read_text().replace('"group": "Show"', '"group": "mine"'))
    put(films, "Show.S01E03.mkv")
    scanned(films, target, may_update=True)
    assert [video.group for video in load_settings(target).videos] == ["mine"] * 3


def test_a_new_episode_joins_a_listed_series_and_its_part(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    put(films, "Show 01.mkv", "Show 02.mkv", "Alien (1979).mkv")
    scanned(films, target)
    text = target.read_text(encoding="utf-8").replace(', "group": "Show"', ', "split": "val"')
    target.write_text(text, encoding="utf-8")
    put(films, "Show 03.mkv")
    said = scanned(films, target, may_update=True)
    assert [(video.name, video.group, video.split) for video in load_settings(target).videos] == [
        ("Alien (1979)", None, "train"),
        ("Show - E01", "Show", "val"),
        ("Show - E02", "Show", "val"),
        ("Show - E03", "Show", "val"),
    ]
    assert f'joins the group "Show" of "Show - E01" and its part "val": {films}/Show 03.mkv' in said


def test_a_faulty_target_is_not_touched(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    target.write_text('{"videos": 3}', encoding="utf-8")
    put(films, "a.mkv")
    with pytest.raises(ConfigurationError):
        scanned(films, target, may_update=True)
    assert target.read_text(encoding="utf-8") == '{"videos": 3}'


def test_a_link_to_a_configuration_stays_a_link(films: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text('{"base_settings": {"output_base_dir": "o"}}', encoding="utf-8")
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    put(films, "a.mkv")
    scanned(films, link)
    assert link.is_symlink()
    assert len(load_settings(real).videos) == 1
