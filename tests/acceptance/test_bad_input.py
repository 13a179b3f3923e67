"""What cannot be used is refused in one clear message that names file, key and remedy; nothing is written."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Configure, Films, Here
from tests.acceptance.program import Dataset, Done, entry, environment, run

Settings = dict[str, Any]
QUICK_SECONDS = 30.0


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Return every path below a folder with its size and modification time."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def check_refused(done: Done, *named: str) -> None:
    """Assert one message on stderr, without a traceback, that names all of these."""
    assert done.code == 2, str(done)
    assert "Traceback" not in done.err + done.out
    for text in named:
        assert text in done.err, f"{text!r} is not in:\n{done.err}"


@pytest.fixture
def data(configure: Configure, two_films: list[dict[str, Any]]) -> Dataset:
    """Return a configuration that is fine."""
    return configure(two_films, targets={"general": 2})


def test_a_missing_configuration(tmp_path: Path) -> None:
    done = run("run", tmp_path / "nowhere.json", cwd=tmp_path, seconds=QUICK_SECONDS)
    check_refused(done, str(tmp_path / "nowhere.json"), "tui-gen scan DIR", "tui-gen demo")
    assert listing(tmp_path) == {}


def test_a_missing_default_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Here) -> None:
    monkeypatch.chdir(tmp_path)
    done = here("run")
    check_refused(done, "generator_config.json", "tui-gen scan DIR")
    assert listing(tmp_path) == {}


@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_a_configuration_that_is_no_file(kind: str, tmp_path: Path, here: Here) -> None:
    path = tmp_path / "config.json"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    check_refused(here("run", path), str(path), "name a readable")


def test_broken_json_is_located_by_line(data: Dataset) -> None:
    text = data.config.read_text(encoding="utf-8")
    data.config.write_text(
        text.replace('"base_frame_limit": 10,', '"base_frame_limit": 10'), encoding="utf-8"
    )
    before = listing(data.config.parent)
    check_refused(data.run(), f"{data.config}:3", 'write ","')
    assert listing(data.config.parent) == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda s: s["base_settings"].update(max_workers="many"), ("base_settings.max_workers", '"many"')),
        (lambda s: s.update(videos={}), ("videos", "{}")),
        (lambda s: s["base_settings"].update(base_frame_limt=3), ('did you mean "base_frame_limit"?',)),
        (
            lambda s: s["videos"][0]["categories"].update(general=-0.5),
            ("videos[0].categories.general", "-0.5"),
        ),
        (
            lambda s: s["videos"][1].update(priority=256),
            ("videos[1].priority", "256", "from 0 (first) to 255 (last)"),
        ),
        (lambda s: s.update(category_targets={"general": -1}), ("category_targets.general", "-1")),
        (lambda s: s["videos"].append(dict(s["videos"][0], name="B")), ("videos[2].path", "videos[0]")),
        (lambda s: s["category_paths"].update(general="../out"), ("category_paths.general", "../out")),
        (
            lambda s: s["category_paths"].update(space="General"),
            ("category_paths.space", "a folder of its own"),
        ),
        (lambda s: s["base_settings"].pop("output_base_dir"), ("base_settings.output_base_dir", "missing")),
        (lambda s: s.update(job="cooking"), ("cooking", "superres")),
    ],
    ids=[
        *("wrong type", "object for list", "unknown key", "negative weight", "priority", "negative target"),
        *("one path twice", "outside the output", "one folder twice", "missing key", "unknown job"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(
    change: Callable[[Settings], None], named: tuple[str, ...], data: Dataset, here: Here
) -> None:
    data.edit(change)
    before = listing(data.config.parent)
    done = here("run", data.config)
    check_refused(done, *named)
    assert str(data.config) in done.err
    assert listing(data.config.parent) == before


def test_every_error_is_said_at_once(data: Dataset, here: Here) -> None:
    def break_all(settings: Settings) -> None:
        settings["base_settings"]["max_workers"] = 0
        settings["chroma"] = "411"
        settings["videos"][0]["categories"]["space"] = "much"

    data.edit(break_all)
    done = here("run", data.config)
    check_refused(done, "base_settings.max_workers", "chroma", "videos[0].categories.space")
    assert len(done.err.strip().splitlines()) == 3
    assert done.err.count(str(data.config)) == 3


# ------------------------------------------------------------------ places and tools


def test_an_output_folder_that_is_a_file(data: Dataset, here: Here) -> None:
    data.output.write_text("mine", encoding="utf-8")
    before = listing(data.config.parent)
    check_refused(here("run", data.config), str(data.output), "output_base_dir")
    assert listing(data.config.parent) == before


def test_an_output_folder_below_a_file(data: Dataset, here: Here) -> None:
    blocking = data.config.parent / "blocking"
    blocking.write_text("mine", encoding="utf-8")
    data.edit(lambda settings: settings["base_settings"].update(output_base_dir="blocking/out"))
    before = listing(data.config.parent)
    check_refused(here("run", data.config), str(blocking), "output_base_dir")
    assert listing(data.config.parent) == before


def test_an_output_folder_that_nothing_can_be_made_in(data: Dataset, here: Here) -> None:
    # Even root makes no folder in /proc.
    data.edit(
        lambda settings: settings["base_settings"].update(output_base_dir="/proc/tui-gen/out", min_free_gb=0)
    )
    check_refused(here("run", data.config), "/proc/tui-gen", "output_base_dir")


def test_a_category_folder_that_is_a_file_leaves_it_alone(data: Dataset, here: Here) -> None:
    data.output.mkdir()
    (data.output / "General").write_text("mine", encoding="utf-8")
    done = here("run", data.config)
    check_refused(done, str(data.output / "General"))
    assert (data.output / "General").read_text(encoding="utf-8") == "mine"


def test_files_of_another_owner_stop_the_first_start(data: Dataset) -> None:
    foreign = data.output / "General" / "Patches_tiny" / "GT" / "patch_alpha_idx0000_tiny.png"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"not ours")
    before = listing(data.config.parent)
    check_refused(data.run(), "patch_alpha_idx0000_tiny.png", "--beside", "category_paths")
    assert listing(data.config.parent) == before
    done = data.run("--beside")
    assert done.code == 0, str(done)
    assert foreign.read_bytes() == b"not ours"
    assert data.count("GT", "patch_*_idx*") == 2 + 10 + 1


FILTERS = """#!/bin/sh
case "$*" in
  *-version*) echo "ffmpeg version 7.0 Copyright (c) the FFmpeg developers" ;;
  *-filters*) printf ' T.. %s V->V  as listed\\n' tonemap setparams bwdif idet showinfo extractplanes ;;
  *) exit 1 ;;
esac
"""


def script(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_an_ffmpeg_without_zscale(data: Dataset) -> None:
    wrapper = script(data.config.parent / "ffmpeg", FILTERS)
    before = listing(data.config.parent)
    done = data.run(env=environment(TUI_GEN_FFMPEG=str(wrapper)))
    check_refused(done, str(wrapper), "no filter zscale", "TUI_GEN_FFMPEG", "imageio-ffmpeg")
    assert listing(data.config.parent) == before


def test_a_configured_ffmpeg_that_is_not_there(data: Dataset, here: Here) -> None:
    data.edit(lambda settings: settings.update(ffmpeg="/opt/none/ffmpeg"))
    before = listing(data.config.parent)
    check_refused(here("run", data.config), "/opt/none/ffmpeg", '"ffmpeg"')
    assert listing(data.config.parent) == before


def test_the_ffmpeg_of_a_path_that_has_none(data: Dataset, here: Here) -> None:
    data.edit(lambda settings: settings.update(ffmpeg="system"))
    check_refused(here("run", data.config), "PATH", '"ffmpeg": "system"')


# ------------------------------------------------------------------ videos


def test_no_video_at_all_says_what_to_do_and_creates_nothing(configure: Configure, here: Here) -> None:
    data = configure([])
    before = listing(data.config.parent)
    check_refused(
        here("run", data.config), str(data.config), '"videos" is empty', "tui-gen scan DIR", "tui-gen demo"
    )
    assert listing(data.config.parent) == before


def test_no_usable_video_names_each_and_creates_nothing(
    configure: Configure, tmp_path: Path, here: Here
) -> None:
    fifo = tmp_path / "pipe.mkv"
    os.mkfifo(fifo)
    folder = tmp_path / "folder.mkv"
    folder.mkdir()
    videos = [entry(path, path.stem, {"general": 1.0}) for path in (fifo, folder, tmp_path / "gone.mkv")]
    data = configure(videos)
    before = listing(tmp_path)
    done = here("run", data.config)
    check_refused(done, "a named pipe", "a folder", "gone.mkv: file not found", "tui-gen scan DIR")
    assert listing(tmp_path) == before


def test_a_missing_video_is_named_and_the_others_are_used(configure: Configure, films: Films) -> None:
    videos = [
        entry(films.beta, "Beta", {"general": 0.4}),
        entry(films.folder / "gone.mkv", "Gone", {"general": 1.0}),
    ]
    data = configure(videos)
    done = data.complete(code=3)
    assert "Gone: file not found" in done.err
    assert data.count("GT") == 4


def test_a_word_that_is_no_command_is_taken_for_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Here
) -> None:
    monkeypatch.chdir(tmp_path)
    check_refused(here("cook"), "cook: there is no such configuration")
    assert listing(tmp_path) == {}


@pytest.mark.parametrize("flags", [("--limit", "0"), ("--workers", "-1"), ("--workers", "two")])
def test_a_flag_out_of_range_is_a_usage_error(flags: tuple[str, ...], data: Dataset, here: Here) -> None:
    done = here("run", data.config, *flags)
    assert done.code == 2
    assert flags[0] in done.err
    assert "Traceback" not in done.err


def test_only_a_video_that_is_not_listed(data: Dataset, here: Here) -> None:
    before = listing(data.config.parent)
    done = here("run", data.config, "--only", "Casablanca")
    check_refused(done, 'no video is called "Casablanca"')
    assert listing(data.config.parent) == before
