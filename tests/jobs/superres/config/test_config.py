"""A configuration gives complete settings, or every fault with its place and its remedy."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.config.commented_json import CommentedJsonError, parse
from tui_gen.config.faults import ConfigProblem, ConfigurationError
from tui_gen.jobs.superres.config.defaults import BUILT_IN_FORMATS
from tui_gen.jobs.superres.config.load import CategoryRule, load_rules, load_settings
from tui_gen.jobs.superres.config.schema import BaseSettings, ConfigFile, VideoEntry
from tui_gen.jobs.superres.config.settings import Settings, Trim
from tui_gen.media.geometry import Region, Size

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration's text and return its path."""

    def write_text(text: str) -> Path:
        path = tmp_path / "generator_config.json"
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


def minimal(**keys: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
    base = {"output_base_dir": "out", **keys.pop("base_settings", {})}
    return {"base_settings": base, **keys}


def video(**keys: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
    return {"name": "Dune", "path": "/films/dune.mkv", "categories": {"general": 1.0}, **keys}


def loaded(write: Write, **keys: Any) -> Settings:  # noqa: ANN401 - JSON values
    return load_settings(write(json.dumps(minimal(**keys), indent=1)))


def problems(write: Write, text: str) -> tuple[ConfigProblem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(write(text))
    return caught.value.problems


def problem(write: Write, **keys: Any) -> ConfigProblem:  # noqa: ANN401 - JSON values
    found = problems(write, json.dumps(minimal(**keys), indent=1))
    assert len(found) == 1, found
    return found[0]


# ----------------------------------------------------------------------------------- what loads


def test_a_minimal_file_gets_every_documented_default(write: Write, tmp_path: Path) -> None:
    settings = loaded(write)
    assert settings == Settings(
        config_path=tmp_path / "generator_config.json", output=tmp_path / "out", videos=(), categories={}
    )


def test_the_settings_of_the_first_version_load_unchanged(write: Write) -> None:
    path = write("""
{
  "base_settings": {
    "base_frame_limit": 3000,        // Frames per video (base)
    "max_workers": 12,                // Parallel extraction threads
    "val_percent": 0.0,               // No auto-validation
    "output_base_dir": "/mnt/data/training/dataset",
    "temp_dir": "/mnt/data/training/dataset/temp",
    "min_file_size": 10000,           // Minimum valid frame size
    "scene_diff_threshold": 45,       // (Unused - kept for compatibility)
    "max_retry_attempts": 10,         // Retries per extraction
    "retry_skip_seconds": 60          // Skip ahead on retry
  },
  "category_targets": {"general": 80000, "space": {"target": 55000}},
  "format_config": {
    "general": {"small_540": {"gt_size": [540, 540], "lr_size": [180, 180], "probability": 0.45},
                "medium_169": 0.35, "large_720": 0.2}
  },
  "videos": [
    {
      "name": "Video Name",
      "path": "/full/path/to/video.mkv",
      "categories": {
        "general": 0.5,               // 50% weight to general
        "space": 0.5                  // 50% weight to space
      }
    },
    {
      "name": "Skip This",
      "path": "/path/to/video.mkv",
      "categories": {}
    }
  ]
}
""")
    settings = load_settings(path)
    assert settings.output == Path("/mnt/data/training/dataset")
    assert (settings.base_frame_limit, settings.max_workers, settings.scene_diff_threshold) == (3000, 12, 45)
    assert [film.weights for film in settings.videos] == [(("general", 0.5), ("space", 0.5)), ()]
    assert {name: category.target for name, category in settings.categories.items()} == {
        "general": 80000,
        "space": 55000,
    }
    shares = {fmt.name: share for fmt, share in settings.categories["general"].distribution}
    assert shares == {"small_540": 0.45, "medium_169": 0.35, "large_720": 0.2}
    assert settings.categories["space"].folder == "Space/SpaceModel/Learn"


def test_every_key_reaches_the_settings(write: Write, tmp_path: Path) -> None:
    settings = loaded(
        write,
        seed=7,
        base_settings={
            "status_file": "status.json",
            "lr_versions": ["7frames", "5frames", "7frames"],
            "scale": 4,
            "lr_scales": [3, 2, 4, 3],
            "min_free_gb": 0,
            "ffmpeg_threads": 2,
            "nice": 0,
        },
        scene_cuts="reject",
        chroma="444",
        lr_kernel="area",
        lr_border="picture",
        png_compression=3,
        interlaced="refuse",
        ffmpeg="bin/ffmpeg",
        trim={"start": 60, "end": "8%"},
        gt_frames=7,
        category_paths={"general": "Own//Place/"},
        videos=[
            video(path="films/dune.mkv", priority=0, id="d", crop=[0, 20, 640, 320], peak=10, group="Dune")
        ],
    )
    assert settings.seed == 7
    assert settings.status_path == tmp_path / "status.json"
    assert settings.lr_versions == ("5frames", "7frames")
    assert (settings.scale, settings.lr_scales) == (4, (2, 3))
    assert (settings.min_free_gb, settings.ffmpeg_threads, settings.nice) == (0, 2, 0)
    assert (settings.scene_cuts, settings.chroma, settings.lr_kernel) == ("reject", "444", "area")
    assert (settings.lr_border, settings.png_compression, settings.interlaced) == ("picture", "3", "refuse")
    assert settings.ffmpeg == str(tmp_path / "bin/ffmpeg")
    assert settings.trim == Trim(start_seconds=60, end_share=0.08)
    assert settings.gt_frames == 7
    assert settings.categories["general"].folder == "Own/Place"
    film = settings.videos[0]
    assert film.path == str(tmp_path / "films/dune.mkv")
    assert (film.priority, film.id, film.crop, film.peak) == (0, "d", Region(0, 20, 640, 320), 10)
    assert film.group == "Dune"


def test_an_unknown_category_is_cut_like_general_into_a_folder_of_its_name(write: Write) -> None:
    category = loaded(write, videos=[video(categories={"anime": 1})]).categories["anime"]
    assert category.folder == "Anime/AnimeModel/Learn"
    assert [fmt.name for fmt, _ in category.distribution] == ["small_540", "medium_169", "large_720"]


def test_a_film_without_a_split_is_on_the_side_of_its_group(write: Write) -> None:
    settings = loaded(
        write,
        base_settings={"val_percent": 5},
        videos=[
            video(path="a", group="Dune"),
            video(path="b", group="Dune", split="val", categories={"toon": 1}),
            video(path="c", split="test"),
            video(path="d", group="alone"),
            video(path="e", group="Alien"),
            video(path="f", group="Alien"),
        ],
    )
    assert [film.split for film in settings.videos] == ["val", "val", "test", "train", "train", "train"]
    assert [film.weights[0][0] for film in settings.videos[:3]] == ["general/val", "toon/val", "general/test"]
    # One block of a film whose like is elsewhere would not keep the two apart.
    assert [film.val_share for film in settings.videos] == [0, 0, 0, 0.05, 0, 0]
    assert list(settings.categories) == ["general", "toon", "general/val", "general/test", "toon/val"]
    assert [category.name for category in settings.whole_categories] == ["general", "toon"]
    kept = settings.categories["general/val"]
    assert (kept.folder, kept.target) == (settings.categories["general"].folder, None)
    assert [form.folder for form, _ in kept.distribution] == ["Val", "Val_Medium169", "Val_Large"]


def test_a_weight_of_zero_is_no_weight(write: Write) -> None:
    settings = loaded(write, videos=[video(categories={"general": 0, "toon": 0.5})])
    assert settings.videos[0].weights == (("toon", 0.5),)
    assert list(settings.categories) == ["general", "toon"]


def test_a_format_of_ones_own_names_its_size_once(write: Write) -> None:
    tiny = {"gt_size": [96, 48], "probability": 0.5}
    settings = loaded(write, format_config={"general": {"tiny": tiny}, "toon": {"tiny": 2, "small_540": 0}})
    fmt, share = settings.categories["toon"].distribution[0]
    assert (fmt.gt, fmt.lr, fmt.folder, fmt.suffix) == (Size(96, 48), Size(32, 16), "Patches_tiny", "_tiny")
    assert share == 2
    assert len(settings.categories["toon"].distribution) == 1


def test_the_order_of_the_keys_does_not_change_a_distribution(write: Write) -> None:
    tiny = {"gt_size": [96, 96], "probability": 1}
    shares = {"large_720": 0.2, "tiny": tiny, "also": tiny, "small_540": 0.8}
    one = loaded(write, format_config={"general": shares})
    other = loaded(write, format_config={"general": dict(reversed(shares.items()))})
    assert one.categories == other.categories


def test_built_in_formats_are_three_times_their_low_resolution() -> None:
    assert {fmt.ratio for fmt in BUILT_IN_FORMATS.values()} == {3}
    assert all(fmt.gt == Size(fmt.lr.width * 3, fmt.lr.height * 3) for fmt in BUILT_IN_FORMATS.values())


@pytest.mark.parametrize(
    ("scale", "lr_scales", "medium", "xlarge"),
    [
        (2, (), "720x404", "1440x810"),
        (3, (), "720x405", "1440x810"),
        (4, (), "720x404", "1440x808"),
        (2, (3,), "720x402", "1440x810"),
        (4, (2, 3), "720x408", "1440x804"),
    ],
)
def test_built_in_formats_have_the_nearest_size_that_divides_by_every_scale(
    write: Write, scale: int, lr_scales: tuple[int, ...], medium: str, xlarge: str
) -> None:
    formats = {"small_540": 1, "medium_169": 1, "large_720": 1, "xlarge_1440": 1, "fullhd_1920": 1}
    base = {"scale": scale, "lr_scales": list(lr_scales)}
    settings = loaded(write, base_settings=base, format_config={"general": formats})
    sizes = {fmt.name: str(fmt.gt) for fmt, _ in settings.categories["general"].distribution}
    assert sizes == {
        "small_540": "540x540",
        "medium_169": medium,
        "large_720": "720x720",
        "xlarge_1440": xlarge,
        "fullhd_1920": "1920x1080",
    }
    for fmt, _ in settings.categories["general"].distribution:
        assert fmt.gt == Size(fmt.lr.width * scale, fmt.lr.height * scale)
        assert all(fmt.gt.width % other == fmt.gt.height % other == 0 for other in lr_scales)


def test_a_format_of_ones_own_is_divided_by_the_scale_unless_it_says_another_ratio(write: Write) -> None:
    half = {"gt_size": [96, 48], "probability": 1}
    quarter = {"gt_size": [480, 480], "lr_size": [120, 120], "probability": 1}
    formats = {"half": half, "quarter": quarter}
    settings = loaded(write, base_settings={"scale": 2}, format_config={"general": formats})
    found = {fmt.name: (fmt.lr, fmt.ratio) for fmt, _ in settings.categories["general"].distribution}
    assert found == {"half": (Size(48, 24), 2), "quarter": (Size(120, 120), 4)}


@pytest.mark.parametrize("text", [r'"/films/\udcff\udc80.mkv"', '"/films/\udcff\udc80.mkv"'])
def test_a_path_that_is_not_utf8_survives(tmp_path: Path, text: str) -> None:
    path = tmp_path / "generator_config.json"
    whole = (
        '{"base_settings": {"output_base_dir": "o"}, "videos": [{"name": "a", "path": %s, "categories": {}}]}'
    )
    path.write_bytes((whole % text).encode("utf-8", "surrogateescape"))
    assert os.fsencode(load_settings(path).videos[0].path) == b"/films/\xff\x80.mkv"


def test_the_home_folder_may_be_written_as_a_tilde(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert loaded(write, base_settings={"output_base_dir": "~/set"}).output == Path("/home/ada/set")


def test_rules_keep_their_order(write: Write) -> None:
    rules = [
        {"match": "dune", "categories": {"general": 0.5, "space": 0.5}},
        {"match": "up", "categories": {}},
    ]
    path = write(json.dumps(minimal(category_rules=rules)))
    assert load_rules(path) == (
        CategoryRule("dune", (("general", 0.5), ("space", 0.5))),
        CategoryRule("up", ()),
    )


# ------------------------------------------------------------------------------ what is refused


def test_a_missing_file_names_the_path_and_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(tmp_path / "nowhere.json")
    text = str(caught.value)
    assert str(tmp_path / "nowhere.json") in text
    assert "tui-gen scan DIR" in text
    assert "\n" not in text


def test_a_folder_or_a_pipe_is_no_configuration(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load_settings(path)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('{"a": 1\n "b": 2}', 1, 8, '"," is missing'),
        ('{\n "a" 1}', 2, 5, '":" is missing'),
        ('{"a": True}', 1, 7, "write true"),
        ("{'a': 1}", 1, 2, "double quotes"),
        ('{\n"a": "D:\\movies"}', 2, 6, "backslash"),
        ('{\n"a": "x\n}', 2, 6, "not closed"),
        ('{\n"a": [1, 2', 2, 6, "never closed"),
        ('{"a": 1}\n}', 2, 1, "more after the end"),
        ("", 1, 1, "empty"),
        ("# note\n{}", 1, 1, "write //"),
        ('{"a": 01}', 1, 7, "not a number"),
        ("[" * 5000, 1, 66, "too deeply"),
    ],
)
def test_broken_json_is_told_with_line_column_and_remedy(
    write: Write, text: str, line: int, column: int, words: str
) -> None:
    found = problems(write, text)
    assert len(found) == 1
    assert (found[0].line, found[0].key) == (line, f"column {column}")
    assert words in str(found[0])


def test_every_fault_is_told_at_once_with_its_line(write: Write) -> None:
    text = """{
  "base_settings": {
    "base_frame_limit": "many",
    "max_wokers": 4,
    "nice": -3
  },
  "chroma": "422",
  "chroma": "444",
  "videos": [
    {"name": "A", "path": "/a.mkv",
     "categories": {"general": -0.5, "space": NaN}},
    {"name": "B", "path": "/a.mkv", "categories": {"general": true}, "priority": 256},
    {"name": "C", "path": "/a.mkv", "categories": {"genral": 1}},
    {"path": "/d.mkv", "categories": []}
  ]
}"""
    told = {(item.line, item.key) for item in problems(write, text)}
    assert told == {
        (2, "base_settings.output_base_dir"),
        (3, "base_settings.base_frame_limit"),
        (4, "base_settings.max_wokers"),
        (5, "base_settings.nice"),
        (8, "chroma"),
        (11, "videos[0].categories.general"),
        (11, "videos[0].categories.space"),
        (12, "videos[1].categories.general"),
        (12, "videos[1].priority"),
        (12, "videos[1].path"),
        (13, "videos[2].path"),
        (13, "videos[2].categories.genral"),
        (14, "videos[3].name"),
        (14, "videos[3].categories"),
    }


def test_a_problem_reads_as_one_line(write: Write) -> None:
    found = problem(write, base_settings={"max_workers": 0})
    assert str(found) == (
        f"{found.file}:4: base_settings.max_workers: got 0; write a whole number from 1 to 1024"
    )


def test_an_unknown_key_is_answered_with_the_likely_one(write: Write) -> None:
    assert problem(write, categroy_paths={}).remedy == 'did you mean "category_paths"?'
    assert problem(write, max_workers=3).remedy == 'move it into "base_settings"'
    assert problem(write, base_settings={"chroma": "444"}).remedy == "move it to the top level of the file"
    assert "priority" in problem(write, videos=[video(xyz=1)]).remedy


def test_a_repeated_key_is_not_dropped_in_silence(write: Write) -> None:
    found = problems(write, '{"base_settings": {"output_base_dir": "a"},\n "seed": 1,\n "seed": 2}')
    assert [(item.key, item.wrong) for item in found] == [("seed", "stands on line 2 already")]


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ({"base_settings": {"output_base_dir": ""}}, "base_settings.output_base_dir", 'got ""'),
        ({"base_settings": {"val_percent": 60}}, "base_settings.val_percent", "0 to 50"),
        ({"base_settings": {"lr_versions": []}}, "base_settings.lr_versions", "5frames"),
        ({"base_settings": {"retry_skip_seconds": math.inf}}, "base_settings.retry_skip_seconds", "Infinity"),
        ({"ke\udcffy": 1}, '["ke\udcffy"]', "not a known key"),
        ({"base_settings": {"max_workers": True}}, "base_settings.max_workers", "whole number"),
        ({"gt_frames": 3}, "gt_frames", "7 for a stack"),
        ({"scores": {"noise": "reject"}}, "scores.noise", "without a limit"),
        ({"scores": {"flat": "maybe"}}, "scores.flat", '"off", "score" or "reject"'),
        ({"scores": {"flta": "reject"}}, "scores.flta", "flta"),
        ({"scores": {"motion": {"do": "score", "over": 0.01}}}, "scores.motion", "nothing lies between"),
        ({"scores": {"near_duplicate": {"do": "reject", "under": 40}}}, "scores.near_duplicate", "10"),
        ({"crop_choice": "sharp"}, "crop_choice", '"uniform" or "detail"'),
        ({"repeated_frames": "drop"}, "repeated_frames", '"keep" or "collapse"'),
        ({"videos": [video(split="dev")]}, "videos[0].split", "that of its group"),
        (
            {"videos": [video(group="D", split="val"), video(path="b", group="D", split="test")]},
            "videos[1].split",
            'has "val" in videos[0]',
        ),
        ({"videos": [video(group="")]}, "videos[0].group", "editions"),
        ({"videos": [video(categories=None)]}, "videos[0].categories", "got null"),
        ({"videos": [video(id="a_b")]}, "videos[0].id", "hyphens"),
        ({"videos": [video(path="/a\0b")]}, "videos[0].path", "got"),
        ({"videos": [video(path="/a\ud800b")]}, "videos[0].path", "got"),
        ({"videos": [video(crop=[0, 0, 0, 10])]}, "videos[0].crop", "no width"),
        ({"videos": [video(), video(path="/films/../films//dune.mkv")]}, "videos[1].path", "videos[0]"),
        ({"videos": [video(id="a"), video(path="/b", id="a")]}, "videos[1].id", "videos[0]"),
        ({"videos": [video(categories={"Generall": 1})]}, "videos[0].categories.Generall", '"general"?'),
        ({"videos": [video(categories={"a/b": 1})]}, 'videos[0].categories["a/b"]', "slash"),
        ({"category_targets": {"..": 1}}, 'category_targets[".."]', "dot"),
        ({"category_targets": {"general": -1}}, "category_targets.general", "got -1"),
        ({"category_targets": {"general": {"goal": 1}}}, "category_targets.general.goal", "target"),
        ({"category_paths": {"general": "../up"}}, "category_paths.general", "inside"),
        ({"category_paths": {"general": "/abs"}}, "category_paths.general", "inside"),
        ({"category_paths": {"general": "a/../.."}}, "category_paths.general", "inside"),
        ({"category_paths": {"general": ".tui-gen/x"}}, "category_paths.general", "inside"),
        ({"category_paths": {"generl": "x"}}, "category_paths.generl", '"general"?'),
        ({"category_paths": {"general": "X", "toon": "X/"}}, "category_paths.toon", "same folder"),
        ({"category_paths": {"general": "X", "toon": "X/Val"}}, "category_paths.toon", "inside or around"),
        ({"category_targets": {"anime": 1, "Anime": 1}}, "category_targets.Anime", "same folder"),
        ({"format_config": {"general": {}}}, "format_config.general", "no format"),
        ({"format_config": {"general": {"small_540": 0}}}, "format_config.general", "no format"),
        ({"format_config": {"general": {"small_504": 1}}}, "format_config.general.small_504", '"small_540"?'),
        ({"format_config": {"general": {"small_540": "x"}}}, "format_config.general.small_540", 'got "x"'),
        (
            {
                "format_config": {
                    "general": {"t": {"gt_size": [96, 96], "lr_size": [32, 48], "probability": 1}}
                }
            },
            "format_config.general.t",
            "ratio",
        ),
        (
            {
                "format_config": {
                    "general": {"t": {"gt_size": [96, 96], "lr_size": [96, 96], "probability": 1}}
                }
            },
            "format_config.general.t",
            "ratio",
        ),
        (
            {"format_config": {"general": {"t": {"gt_size": [100, 96], "probability": 1}}}},
            "format_config.general.t",
            "ratio",
        ),
        ({"base_settings": {"scale": 5}}, "base_settings.scale", "2, 3 or 4"),
        ({"base_settings": {"lr_scales": [2, 6]}}, "base_settings.lr_scales[1]", "2, 3"),
        ({"base_settings": {"scale": 2}, "lr_kernel": "seed"}, "base_settings.scale", '"scale": 3'),
        (
            {"base_settings": {"lr_scales": [3, 4]}, "lr_kernel": "seed"},
            "base_settings.lr_scales",
            "take 4 out of lr_scales",
        ),
        (
            {
                "base_settings": {"scale": 4},
                "format_config": {"general": {"t": {"gt_size": [100, 98], "probability": 1}}},
            },
            "format_config.general.t",
            "divided by 4, and a quarter of it as lr_size",
        ),
        (
            {
                "base_settings": {"lr_scales": [2, 4]},
                "format_config": {"general": {"t": {"gt_size": [96, 90], "probability": 1}}},
            },
            "format_config.general.t",
            "divided by 12, like [96, 96]",
        ),
        (
            {
                "base_settings": {"lr_scales": [2]},
                "format_config": {
                    "general": {"t": {"gt_size": [96, 96], "lr_size": [24, 24], "probability": 1}}
                },
            },
            "format_config.general.t",
            "a third of gt_size",
        ),
        (
            {
                "lr_kernel": "bd",
                "format_config": {
                    "general": {"t": {"gt_size": [95, 95], "lr_size": [19, 19], "probability": 1}}
                },
            },
            "format_config.general.t",
            "1/5",
        ),
        (
            {"format_config": {"general": {"small_540": {"gt_size": [96, 96], "probability": 1}}}},
            "format_config.general.small_540.gt_size",
            "[540, 540]",
        ),
        (
            {
                "format_config": {
                    "general": {"LARGE": {"gt_size": [96, 96], "probability": 1}, "large_720": 1}
                }
            },
            "format_config.general.large_720",
            "folder",
        ),
        ({"trim": {"start": "60%", "end": "40%"}}, "trim", "nothing"),
        ({"trim": {"start": "8 percent"}}, "trim.start", '"8%"'),
        ({"trim": {"end": -1}}, "trim.end", "got -1"),
        ({"ffmpeg": "ffmpeg"}, "ffmpeg", '"system"'),
        ({"category_rules": [{"match": "", "categories": {}}]}, "category_rules[0].match", "part of"),
    ],
)
def test_a_contradiction_is_told_with_its_key_and_remedy(
    write: Write, keys: dict[str, Any], key: str, words: str
) -> None:
    found = problem(write, **keys)
    assert found.key == key
    assert found.line is not None
    assert words in str(found)


def test_a_file_that_is_no_object_is_told(write: Write) -> None:
    assert "an object" in str(problems(write, "[1]")[0])


def test_nothing_a_terminal_obeys_comes_through_a_message(write: Write) -> None:
    found = problems(write, json.dumps(minimal(chroma="\x1b[2J\udcff\x9b")))
    assert str(found[0]).isprintable()


# ----------------------------------------------------------------------------------- invariants


def test_every_key_says_what_to_write() -> None:
    for model in (ConfigFile, BaseSettings, VideoEntry):
        assert [name for name, field in model.model_fields.items() if not field.description] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1]))
def test_plain_json_reads_as_json_reads_it(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert repr(parse(text).value) == repr(json.loads(text))


@given(st.text("{}[]\",:/\\ \n0-1.eE+truefalsnN'#", max_size=40))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        line, column = parse(text).lines[()], 1
    except CommentedJsonError as error:
        line, column = error.line, error.column
    assert 1 <= line <= text.count("\n") + 1
    assert 1 <= column <= len(text) + 1


@given(
    st.dictionaries(
        st.sampled_from([*ConfigFile.model_fields, "x"]),
        st.recursive(
            st.none() | st.integers(-2, 300) | st.sampled_from(["", "a", "x/..", "general", "8%"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [*VideoEntry.model_fields, *BaseSettings.model_fields, "general", "small_540"]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        ),
    )
)
def test_any_values_give_settings_or_problems(tmp_path_factory: pytest.TempPathFactory, tree: object) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    found: tuple[ConfigProblem, ...] | None = None
    try:
        load_settings(path)
    except ConfigurationError as error:
        found = error.problems
    assert found is None or all(item.remedy and item.line for item in found)
    assert found != ()
