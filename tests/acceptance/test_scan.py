"""`tui-gen scan` as a user meets it: real films opened by real children, a configuration that runs."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import psutil
import pytest

from tests.acceptance.conftest import Films
from tests.acceptance.program import command, environment, run
from tui_gen.jobs.superres.config.load import load_settings


@pytest.fixture
def shelf(films: Films, tmp_path: Path) -> Path:
    """Return a folder with films as people keep them: two copies, a trailer, a short one, a broken one."""
    folder = tmp_path / "films"
    folder.mkdir()
    os.link(films.alpha, folder / "Alpha.2019.2160p.UHD.BluRay.x265-GRP.mkv")  # 640x360: so much for names
    os.link(films.beta, folder / "Alpha (2019) 1080p.mkv")
    os.link(films.gamma, folder / "Gamma-trailer.mp4")
    os.link(films.delta, folder / "Delta.mkv")
    (folder / "broken.mkv").write_bytes(b"no film" * 1000)
    hostile = folder / os.fsdecode(b"\x1b[31m\xff [b].mkv")
    hostile.write_bytes(films.beta.read_bytes() + bytes(64))  # a film of its own, not a copy
    return folder


def test_a_folder_of_real_films_becomes_a_configuration(shelf: Path, tmp_path: Path) -> None:
    done = run("scan", shelf, "--min-seconds", "6", cwd=tmp_path)
    assert done.code == 0, done
    lines = done.out.splitlines()
    assert f"left out: {shelf}/Gamma-trailer.mp4: a trailer" in lines
    assert f"left out: {shelf}/Alpha (2019) 1080p.mkv: a copy of a film that is taken in 360p" in lines
    assert f"left out: {shelf}/Delta.mkv: 5s long, under 6s" in lines
    assert f"left out: {shelf}/broken.mkv: not a video file" in lines
    assert "generator_config.json: 2 videos added, 0 of them by a rule, 0 listed before, 4 left out" in lines
    patches, targets, output, following, then = lines[-5:]
    assert patches.startswith("Patches: ")
    assert " files, about " in patches
    assert targets.startswith("Targets that these films cannot meet: general ")
    assert output.startswith("Output: /mnt/data/training/dataset, but /mnt is all that exists of it")
    assert following == "Next: tui-gen check generator_config.json  (tests every film, estimates the time)"
    assert then == "Then: tui-gen generator_config.json  (makes the patches)"
    assert "\x1b" not in done.out
    assert done.err == ""
    videos = load_settings(tmp_path / "generator_config.json").videos
    assert {os.path.basename(os.fsencode(video.path)) for video in videos} == {  # noqa: PTH119
        b"Alpha.2019.2160p.UHD.BluRay.x265-GRP.mkv", b"\x1b[31m\xff [b].mkv",
    }  # fmt: skip
    assert "Alpha (2019)" in {video.name for video in videos}


def test_an_update_keeps_what_its_owner_wrote(shelf: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.json"
    assert run("scan", shelf, "-o", target, "--no-probe", "--all-editions").code == 0
    edited = target.read_text(encoding="utf-8").replace('"general": 1.0', '"general": 0.25', 1)
    target.write_text(edited, encoding="utf-8")
    (shelf / "Delta.mkv").rename(shelf / "Epsilon.mkv")
    done = run("scan", shelf, "-o", target, "--no-probe", "--update")
    assert done.code == 0, done
    assert f"gone, marked: {shelf}/Delta.mkv" in done.out
    written = target.read_text(encoding="utf-8")
    without_news = [line for line in written.splitlines() if "gone:" not in line and "Epsilon" not in line]
    assert [line.rstrip(",") for line in without_news] == [line.rstrip(",") for line in edited.splitlines()]


def test_an_interrupted_scan_leaves_no_child_and_no_file(shelf: Path, tmp_path: Path) -> None:
    for number in range(40):
        os.link(shelf / "Delta.mkv", shelf / f"Film {number}.mkv")
        shutil.copy(shelf / "Delta.mkv", shelf / f"Other {number}.mkv")
    scan = psutil.Popen(command("scan", shelf), cwd=tmp_path, env=environment())
    deadline = time.monotonic() + 60
    while not (children := scan.children(recursive=True)):
        assert scan.poll() is None, "it ended before it opened a film"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    scan.send_signal(2)
    assert scan.wait(30) == 130
    psutil.wait_procs(children, timeout=5)
    assert not [child for child in children if child.is_running()]
    assert not (tmp_path / "generator_config.json").exists()
