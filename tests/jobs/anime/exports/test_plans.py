"""Exports as values: each trainer's files are parsed as the trainer parses them."""

from __future__ import annotations

import json
import re
import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.balance.multiply import FolderBalance
from tui_gen.jobs.anime.exports.layouts import LAYOUTS
from tui_gen.jobs.anime.exports.model import (
    ExportFolder,
    ExportImage,
    ExportPlan,
    ExportSettings,
    Link,
    export_folders,
    shortened,
)
from tui_gen.jobs.anime.exports.quoting import quoted, toml_string

TARGET = Path('/exports/my "set" of C:\\ フリーレン')
TRAINING = Path("/data/training")


def balance(folder: str, multiply: str) -> FolderBalance:
    return FolderBalance(folder, 1, Fraction(1), Fraction(multiply), Decimal(multiply))


def images(*places: str) -> list[ExportImage]:
    return [
        ExportImage(TRAINING / place, f"{Path(place).stem}, smile", str(Path(place).parent).removeprefix("."))
        for place in places
    ]


FOLDERS = export_folders(
    images(
        "1_character/Frieren/b.webp",
        "1_character/Frieren/a.webp",
        "1_character/Frieren/face_height_ratio_0-25/c.webp",
        "character_others/d é.webp",
        "root.webp",
    ),
    [
        balance("1_character/Frieren", "2.5"),
        balance("1_character/Frieren/face_height_ratio_0-25", "10.00"),
        balance("character_others", "0.2"),
        balance("", "1"),
    ],
)
FLAT = ["images", "1_character~Frieren", "1_character~Frieren~face_height_ratio_0-25", "character_others"]
REPEATS = [1, 3, 10, 1]


def plan_of(
    layout: str, settings: ExportSettings | None = None, folders: tuple[ExportFolder, ...] = FOLDERS
) -> ExportPlan:
    return LAYOUTS[layout].plan(folders, TARGET, settings or ExportSettings())


def test_every_folder_with_images_is_exported_in_order() -> None:
    assert [each.flat_name for each in FOLDERS] == FLAT
    assert [each.repeats for each in FOLDERS] == REPEATS
    assert [image.file.name for image in FOLDERS[1].images] == ["a.webp", "b.webp"]


@pytest.mark.parametrize("layout", ["kohya", "onetrainer", "ai-toolkit", "diffusion-pipe"])
def test_images_and_captions_lie_in_flat_folders(layout: str) -> None:
    plan = plan_of(layout)
    places = [
        f"{repeats}_{name}" if layout == "kohya" else name
        for repeats, name in zip(REPEATS, FLAT, strict=True)
    ]
    assert plan.links == (
        Link(TRAINING / "root.webp", f"{places[0]}/root.webp"),
        Link(TRAINING / "1_character/Frieren/a.webp", f"{places[1]}/a.webp"),
        Link(TRAINING / "1_character/Frieren/b.webp", f"{places[1]}/b.webp"),
        Link(TRAINING / "1_character/Frieren/face_height_ratio_0-25/c.webp", f"{places[2]}/c.webp"),
        Link(TRAINING / "character_others/d é.webp", f"{places[3]}/d é.webp"),
    )
    captions = {path: text for path, text in plan.files.items() if path.endswith(".txt")}
    assert captions == {
        f"{places[0]}/root.txt": "root, smile\n",
        f"{places[1]}/a.txt": "a, smile\n",
        f"{places[1]}/b.txt": "b, smile\n",
        f"{places[2]}/c.txt": "c, smile\n",
        f"{places[3]}/d é.txt": "d é, smile\n",
    }


def test_an_empty_caption_is_no_empty_file() -> None:
    folders = export_folders([ExportImage(Path("/a.webp"), "", "")], [balance("", "1")])
    assert plan_of("kohya", folders=folders).files["1_images/a.txt"] == "\n"


def test_sd_scripts_read_the_subsets() -> None:
    plan = plan_of("kohya", ExportSettings(768, "|||", 32))
    assert tomllib.loads(plan.files["dataset.toml"]) == {
        "general": {
            "caption_extension": ".txt",
            "enable_bucket": True,
            "bucket_reso_steps": 32,
            "keep_tokens_separator": "|||",
            "shuffle_caption": True,
        },
        "datasets": [
            {
                "resolution": 768,
                "subsets": [
                    {"image_dir": str(TARGET / f"{repeats}_{name}"), "num_repeats": repeats}
                    for repeats, name in zip(REPEATS, FLAT, strict=True)
                ],
            }
        ],
    }
    assert json.loads(plan.files["meta_cap.json"])[str(TARGET / "3_1_character~Frieren/a.webp")] == {
        "caption": "a, smile"
    }
    assert len(json.loads(plan.files["meta_cap.json"])) == 5


def test_without_settings_sd_scripts_take_their_own() -> None:
    plan = plan_of("kohya")
    read = tomllib.loads(plan.files["dataset.toml"])
    assert read["general"] == {"caption_extension": ".txt", "enable_bucket": True, "bucket_reso_steps": 64}
    assert "resolution" not in read["datasets"][0]
    assert "dataset.toml names no resolution: give sd-scripts --resolution" in plan.notes


def test_onetrainer_reads_a_concept_of_each_folder() -> None:
    concepts = json.loads(plan_of("onetrainer").files["concepts.json"])
    assert [(each["name"], each["path"], each["balancing"]) for each in concepts] == [
        ("images", str(TARGET / FLAT[0]), 1.0),
        ("1_character/Frieren", str(TARGET / FLAT[1]), 2.5),
        ("1_character/Frieren/face_height_ratio_0-25", str(TARGET / FLAT[2]), 10.0),
        ("character_others", str(TARGET / FLAT[3]), 0.2),
    ]
    for each in concepts:
        assert each["__version"] == 2  # an older one would be changed when it is read
        assert (each["balancing_strategy"], each["type"], each["enabled"]) == ("REPEATS", "STANDARD", True)
        assert each["text"]["prompt_source"] == "sample"
        assert each["include_subdirectories"] is False
    assert len({each["seed"] for each in concepts}) == 4
    assert json.loads(plan_of("onetrainer").files["concepts.json"]) == concepts


def test_ai_toolkit_gets_the_entries_of_its_configuration() -> None:
    text = plan_of("ai-toolkit", ExportSettings(1024)).files["datasets.yaml"]
    lines = text.splitlines()
    assert lines[:2] == ["# The entries of config.process[0].datasets", "datasets:"]
    entries = [lines[start : start + 4] for start in range(2, len(lines), 4)]
    assert entries == [
        [
            f"  - folder_path: {json.dumps(str(TARGET / name), ensure_ascii=False)}",
            '    caption_ext: "txt"',
            f"    num_repeats: {repeats}",
            "    resolution: [ 1024 ]",
        ]
        for repeats, name in zip(REPEATS, FLAT, strict=True)
    ]
    assert "resolution" not in plan_of("ai-toolkit").files["datasets.yaml"]


@pytest.mark.parametrize("name", ["[name]", "${HOME}"])
def test_ai_toolkit_refuses_a_path_that_it_would_change(name: str) -> None:
    folders = export_folders(images(f"{name}/a.webp"), [balance(name, "1")])
    with pytest.raises(RefusedError, match=re.escape("in paths; rename the folder")):
        plan_of("ai-toolkit", folders=folders)


def test_diffusion_pipe_reads_the_directories() -> None:
    plan = plan_of("diffusion-pipe", ExportSettings(512))
    assert tomllib.loads(plan.files["dataset.toml"]) == {
        "resolutions": [512],
        "enable_ar_bucket": True,
        "directory": [
            {"path": str(TARGET / name), "num_repeats": repeats}
            for repeats, name in zip(REPEATS, FLAT, strict=True)
        ],
    }
    plan = plan_of("diffusion-pipe")
    assert "resolutions" not in tomllib.loads(plan.files["dataset.toml"])
    assert (
        plan.notes[-1] == "dataset.toml names no resolutions: write the line resolutions = [...] at its top"
    )


def test_everydream_keeps_the_folders_and_takes_fractions() -> None:
    plan = plan_of("everydream")
    assert [link.target for link in plan.links] == [
        "root.webp",
        "1_character/Frieren/a.webp",
        "1_character/Frieren/b.webp",
        "1_character/Frieren/face_height_ratio_0-25/c.webp",
        "character_others/d é.webp",
    ]
    assert {path: text for path, text in plan.files.items() if path.endswith("multiply.txt")} == {
        "multiply.txt": "1\n",
        "1_character/Frieren/multiply.txt": "2.5\n",
        "1_character/Frieren/face_height_ratio_0-25/multiply.txt": "10\n",
        "character_others/multiply.txt": "0.2\n",
    }
    assert plan.files["1_character/Frieren/a.txt"] == "a, smile\n"


def test_two_folders_never_get_one_name() -> None:
    places = ("a/b", "a~b", "A/b")
    folders = export_folders(
        images(*(f"{place}/{number}.webp" for number, place in enumerate(places))),
        [balance(place, "1") for place in places],
    )
    names = [each.flat_name for each in folders]
    assert len({name.casefold() for name in names}) == 3
    assert "A~b" in names


def test_a_long_name_is_shortened_and_stays_different() -> None:
    long, other = "フ" * 90, "フ" * 90 + "x"
    assert shortened("x" * 200) == "x" * 200
    assert len(shortened(long).encode()) <= 200
    assert shortened(long).startswith("フ" * 60 + "~") or shortened(long).startswith("フ" * 62)
    assert shortened(long) != shortened(other)


def test_two_images_with_one_caption_are_refused() -> None:
    with pytest.raises(ValueError, match=r"x: a\.png and a\.webp would have one caption; rename one of them"):
        export_folders(images("x/a.webp", "x/a.png"), [balance("x", "1")])


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'a "b" c',
        "C:\\x\\n",
        "tab\tnew\nline",
        "\x7f\x85\u2028\ufeff",
        "フ é 😀",
        "#[x] = {y}",
        "'",
        "",
    ],
)
def test_strings_are_read_back_by_toml_and_json(text: str) -> None:
    assert tomllib.loads(f"a = {quoted(text)}")["a"] == text
    assert tomllib.loads(f"a = {toml_string(text)}")["a"] == text
    assert json.loads(quoted(text)) == text


def test_a_string_of_toml_has_no_escapes_where_it_needs_none() -> None:
    assert toml_string('C:\\users\\"me"') == "'C:\\users\\\"me\"'"
    assert toml_string("Fern's") == '"Fern\'s"'
