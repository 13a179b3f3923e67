"""A folder of films becomes a configuration, and nothing a user wrote is lost."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.jobs.superres.commented_json import parse
from tui_gen.jobs.superres.config import ConfigurationError, Rule, load_settings, shipped_config
from tui_gen.jobs.superres.scan import FoundVideo, ScanError, Scanned, best_rule, film_name, scan, with_videos

RULES = (
    Rule("dune", (("general", 1.0),)),
    Rule("Dune Part Two", (("space", 1.0),)),
    Rule("up", (("toon", 1.0),)),
)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Return an empty folder for films."""
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


def scanned(films: Path, target: Path, *, update: bool = False) -> Scanned:
    return scan([films], target=target, shipped=shipped_config(), update=update)


# ------------------------------------------------------------------------------- what is found


def test_every_video_file_below_a_folder_becomes_an_entry(films: Path, tmp_path: Path) -> None:
    (films / "b").mkdir()
    for name in ("Dune.Part.Two.2024.MKV", "a film.mp4", "b/Heimat.ts", "notes.txt", "poster.jpg"):
        (films / name).touch()
    target = tmp_path / "c.json"
    result = scanned(films, target)
    videos = load_settings(target).videos
    assert [(video.name, video.path, dict(video.weights)) for video in videos] == [
        ("Dune Part Two 2024", str(films / "Dune.Part.Two.2024.MKV"), {"general": 0.5, "space": 0.5}),
        ("a film", str(films / "a film.mp4"), {"general": 1.0}),
        ("Heimat", str(films / "b/Heimat.ts"), {"general": 1.0}),
    ]
    assert [video.matched for video in result.added] == ["dune part two", None, None]
    assert result.unreadable == ()


def test_a_scan_says_what_it_took_each_film_for(films: Path, tmp_path: Path) -> None:
    for name in ("Dune.mkv", "Heimat.mkv"):
        (films / name).touch()
    (films / "dead.mkv").symlink_to("nowhere")
    target = tmp_path / "c.json"
    assert list(scanned(films, target).lines()) == [
        'Dune: general(0.5) + space(0.5) (rule "dune")',
        "Heimat: general(1) (no rule knows it)",
        f"Could not be looked at: {films}/dead.mkv: No such file or directory",
        f"2 videos added to {target}",
        f"Next: set output_base_dir and the weights to your liking, then: tui-gen plan {target}",
    ]


def test_hidden_files_pipes_folders_and_dead_links_are_no_films(films: Path, tmp_path: Path) -> None:
    (films / ".hidden.mkv").touch()
    (films / ".trash").mkdir()
    (films / ".trash" / "x.mkv").touch()
    (films / "folder.mkv").mkdir()
    (films / "dead.mkv").symlink_to("nowhere")
    os.mkfifo(films / "pipe.mkv")
    (films / "real.mkv").touch()
    (films / "same.mkv").symlink_to("real.mkv")
    result = scanned(films, tmp_path / "c.json")
    assert [Path(video.path).name for video in result.added] == ["real.mkv"]
    assert [Path(path).name for path, _ in result.unreadable] == ["dead.mkv"]


def test_names_that_are_not_utf8_are_written_and_read_back(films: Path, tmp_path: Path) -> None:
    path = os.fsencode(films) + b"/\xff\xfe caf\xe9 \x1b[2J.mkv"
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    (films / "Für Elise.mkv").touch()
    target = tmp_path / "c.json"
    scanned(films, target)
    read = {os.fsencode(video.path): video.name for video in load_settings(target).videos}
    assert read == {
        path: "\N{REPLACEMENT CHARACTER}" * 2 + " caf\N{REPLACEMENT CHARACTER} [2J",
        os.fsencode(films / "Für Elise.mkv"): "Für Elise",
    }
    assert "Für Elise" in target.read_text(encoding="utf-8")


def test_an_episode_is_known_by_the_folder_it_lies_in(films: Path, tmp_path: Path) -> None:
    episode = films / "Planet Earth 2" / "Season 1" / "S01E04.mkv"
    episode.parent.mkdir(parents=True)
    episode.touch()
    assert scanned(films, tmp_path / "c.json").added[0].matched == "planet earth 2"


def test_an_empty_folder_writes_nothing(films: Path, tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="no video files"):
        scanned(films, tmp_path / "c.json")
    with pytest.raises(ScanError, match="is no folder"):
        scanned(films / "missing", tmp_path / "c.json")
    assert not (tmp_path / "c.json").exists()


# ------------------------------------------------------------------------------------- the rules


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
    ("stem", "name"),
    [
        ("Dune.Part.Two.2024", "Dune Part Two 2024"),
        ("Mr. Nobody", "Mr. Nobody"),
        ("a\tb\x1b", "a b"),
        ("...", "untitled"),
    ],
)
def test_a_film_is_named_after_its_file(stem: str, name: str) -> None:
    assert film_name(stem) == name


# ---------------------------------------------------------------------------------- the target


def test_a_target_that_has_videos_is_left_alone_unless_told_to_update(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    (films / "a.mkv").touch()
    scanned(films, target)
    before = target.read_bytes()
    (films / "b.mkv").touch()
    with pytest.raises(ScanError, match="--update"):
        scanned(films, target)
    assert target.read_bytes() == before
    result = scanned(films, target, update=True)
    assert [video.name for video in result.added] == ["b"]
    assert result.already_there == 1
    assert [video.name for video in load_settings(target).videos] == ["a", "b"]


def test_settings_rules_comments_and_edits_of_the_target_stay(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    target.write_text(
        """{
  "base_settings": {"output_base_dir": "mine"}, // my own
  "category_rules": [{"match": "a", "categories": {"anime": 2}}],
  "videos": [
    {"name": "Old", "path": "/gone.mkv", "categories": {}} // not this one
  ]
}
""",
        encoding="utf-8",
    )
    target.chmod(0o640)
    (films / "A.mkv").touch()
    scanned(films, target, update=True)
    text = target.read_text(encoding="utf-8")
    assert '"mine"}, // my own\n' in text
    assert '"categories": {}}, // not this one\n    {"name": "A"' in text
    assert [video.weights for video in load_settings(target).videos] == [(), (("anime", 2.0),)]
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_faulty_target_is_not_touched(films: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    target.write_text('{"videos": 3}', encoding="utf-8")
    (films / "a.mkv").touch()
    with pytest.raises(ConfigurationError):
        scanned(films, target, update=True)
    assert target.read_text(encoding="utf-8") == '{"videos": 3}'


def test_a_link_to_a_configuration_stays_a_link(films: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text('{"base_settings": {"output_base_dir": "o"}}', encoding="utf-8")
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    (films / "a.mkv").touch()
    scanned(films, link)
    assert link.is_symlink()
    assert len(load_settings(real).videos) == 1


def test_a_folder_that_cannot_be_written_is_told(films: Path, tmp_path: Path) -> None:
    (films / "a.mkv").touch()
    with pytest.raises(ScanError, match="cannot be written"):
        scanned(films, tmp_path / "missing" / "c.json")


VIDEO = FoundVideo("New", "/new.mkv", (("general", 1.0),), None)
BLANK = st.sampled_from(["", " ", "\n", "\n  ", " // ] } , \n", '\n// "x"\n'])


@given(st.lists(BLANK, min_size=8, max_size=8), st.integers(0, 3), st.booleans())
def test_entries_are_added_to_any_layout(blanks: list[str], count: int, comma: bool) -> None:  # noqa: FBT001
    elements = f"{blanks[0]},{blanks[1]}".join(f"[{index}{blanks[2]}]" for index in range(count))
    trailing = f",{blanks[3]}" if comma and count else ""
    text = f'{{{blanks[4]}"videos": [{blanks[5]}{elements}{blanks[6]}{trailing}]{blanks[7]}}}'
    written = parse(with_videos(text, parse(text), [VIDEO, VIDEO])).value["videos"]
    entry = {"name": "New", "path": "/new.mkv", "categories": {"general": 1.0}}
    assert written == [*([index] for index in range(count)), entry, entry]


@pytest.mark.parametrize("text", ["{}", '{"a": 1}', '{"a": 1, // x\n}', '{ // "videos": [\n}'])
def test_a_text_without_videos_gets_them(text: str) -> None:
    document = parse(text)
    value = parse(with_videos(text, document, [VIDEO])).value
    assert [video["name"] for video in value.pop("videos")] == ["New"]
    assert json.dumps(value) == json.dumps(document.value)
