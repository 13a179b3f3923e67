"""An output that is full, read-only or gone holds the work; it goes on by itself, and no clip is blamed."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.program import Dataset, Done
from tests.faults.conftest import Scene, lying_in, make_scene, needs, needs_root, strace

Mount = Callable[[str, Path], None]
NOT_OURS = "is not the folder this run began in"


@pytest.fixture
def scene_on(tmp_path: Path, studio: Path, undisturbed: Dataset) -> Callable[..., Scene]:
    """Return a maker of scenes with settings of their own."""

    def make(**base: object) -> Scene:
        return make_scene(tmp_path, studio, undisturbed.tree(), **base)

    return make


@pytest.fixture
def room_needed(undisturbed: Dataset) -> int:
    """Return how many KiB a whole run takes on a disk of 4 KiB blocks."""
    sizes = [path.stat().st_size for path in undisturbed.output.rglob("*") if path.is_file()]
    return sum(-(-size // 4096) * 4 for size in sizes)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def has_been_held(output: Path, reason: str = "") -> bool:
    """Say whether the ledger, wherever its folder is now, tells that the work was held."""
    lines = (output / ".tui-gen" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    return any('"phase":"waiting"' in line and reason in line for line in lines)


def nobody_was_blamed(scene: Scene, done: Done) -> None:
    assert done.code == 0, str(done)
    progress = scene.data.status()["progress"]
    assert (progress["clips_failed"], progress["clips_rejected"]) == (0, 0)


@needs_root
def test_a_low_disk_holds_the_work_until_there_is_room(
    scene_on: Callable[..., Scene], mounts: Mount, room_needed: int
) -> None:
    scene = scene_on(min_free_gb=room_needed * 1024 / 2 / 1e9)
    mounts(f"size={room_needed}k", scene.data.output)
    with scene.start() as running:
        running.wait_until(lambda: "waiting: disk low" in scene.state(), "waiting for room")
        assert scene.data.status()["eta"] is None or scene.data.status()["eta"] >= 0
        made = scene.made()
        remount(scene.data.output, f"size={room_needed * 4}k")
        done = running.end()
    assert made > 0
    assert "disk low: waits until" in done.err
    nobody_was_blamed(scene, done)
    scene.finish(done)


@needs_root
def test_a_disk_that_fills_up_in_the_middle_of_a_patch_leaves_no_torn_file(
    scene_on: Callable[..., Scene], mounts: Mount, room_needed: int
) -> None:
    scene = scene_on(min_free_gb=0)
    mounts(f"size={room_needed // 2}k", scene.data.output)
    with scene.start() as running:
        running.wait_until(lambda: scene.log().count("No space left on device") > 2, "a full disk")
        for path in scene.data.paths():
            if path.suffix == ".png":
                assert path.read_bytes().endswith(b"IEND\xaeB`\x82"), path
        remount(scene.data.output, f"size={room_needed * 4}k")
        done = running.end()
    nobody_was_blamed(scene, done)
    scene.finish(done)


@pytest.mark.soak
@needs_root
def test_a_disk_without_room_for_more_files_holds_the_work(
    scene_on: Callable[..., Scene], mounts: Mount
) -> None:
    scene = scene_on()
    mounts("size=64m,nr_inodes=1050", scene.data.output)
    with scene.start() as running:
        running.wait_until(lambda: "more files" in scene.state(), "waiting for room")
        remount(scene.data.output, "nr_inodes=10000")
        done = running.end()
    nobody_was_blamed(scene, done)
    scene.finish(done)


@needs_root
def test_a_disk_smaller_than_what_is_to_stay_free_is_refused_at_once(
    scene_on: Callable[..., Scene], mounts: Mount
) -> None:
    scene = scene_on(min_free_gb=5)
    mounts("size=16m", scene.data.output)
    done = scene.run()
    assert done.code == 2, str(done)
    assert "min_free_gb" in done.err
    assert list(scene.data.output.iterdir()) == []


@needs_root
def test_a_read_only_output_is_refused_in_two_seconds_and_named(
    scene_on: Callable[..., Scene], mounts: Mount
) -> None:
    scene = scene_on()
    mounts("size=64m", scene.data.output)
    remount(scene.data.output, "ro")
    done = scene.run()
    assert done.code == 2, str(done)
    assert done.seconds < 10  # two on an idle machine
    assert str(scene.data.output) in done.err
    assert "Read-only file system" in done.err
    remount(scene.data.output, "rw")
    scene.finish(done)


@needs("strace")
@pytest.mark.parametrize(
    "error",
    ["EROFS", *(pytest.param(name, marks=pytest.mark.soak) for name in ("EIO", "EDQUOT", "EFBIG", "EACCES"))],
)
@pytest.mark.soak
def test_an_output_that_refuses_files_for_a_while_is_waited_for(error: str, scene: Scene) -> None:
    temporaries = scene.data.output / "General" / ".tui-gen-tmp"
    temporaries.mkdir(parents=True)
    inject = f"inject=openat:error={error}:when=2..6"
    prefix = strace("trace=openat", inject, path=temporaries)
    with scene.start(prefix=prefix) as running:
        done = running.end()
    assert os.strerror(getattr(errno, error)) in scene.log(), "nothing was injected"
    nobody_was_blamed(scene, done)
    scene.finish(done)


@needs("strace")
@pytest.mark.parametrize(
    "call",
    [
        "write,pwrite64",
        *(pytest.param(name, marks=pytest.mark.soak) for name in ("fsync", "rename,renameat,renameat2")),
    ],
)
def test_an_input_output_error_at_any_call_of_the_output_loses_and_blames_nothing(
    call: str, scene: Scene
) -> None:
    done = scene.run("--limit", "1")
    assert done.code == 0, str(done)  # the folders are there now: the first calls are those of patches
    prefix = strace(f"trace={call}", f"inject={call}:error=EIO:when=9+40")
    if call.startswith("write"):
        inject = f"inject={call}:error=ENOSPC:when=5+9"
        prefix = strace(f"trace={call}", inject, path=scene.data.ledger_path)
    with scene.start(prefix=prefix) as running:
        done = running.end()
    injected = "No space left on device" if call.startswith("write") else "Input/output error"
    assert injected in scene.log(), "nothing was injected"
    nobody_was_blamed(scene, done)
    scene.finish(done)


@pytest.mark.soak
@needs("strace")
def test_a_log_that_the_disk_does_not_take_costs_no_more_than_its_lines(scene: Scene) -> None:
    run_folder = scene.data.output / ".tui-gen"
    run_folder.mkdir(parents=True)
    log = run_folder / "engine.log"
    log.touch()
    prefix = strace("trace=write", "inject=write:error=ENOSPC:when=1", path=log)
    with scene.start("--verbose", prefix=prefix) as running:
        done = running.end()
    assert "lines above this one may be missing" in scene.log(), "nothing was injected"
    nobody_was_blamed(scene, done)
    scene.finish(done)


@pytest.mark.soak
@needs_root
def test_an_output_that_is_unplugged_fills_nothing_else_and_is_waited_for(
    scene_on: Callable[..., Scene], mounts: Mount
) -> None:
    scene = scene_on()
    disk = scene.data.config.parent / "disk"
    mounts("size=64m", disk)
    scene.data.output.mkdir()
    subprocess.run(["mount", "--bind", str(disk), str(scene.data.output)], check=True)
    with scene.start() as running:
        scene.wait_for_clips(running, 3)
        subprocess.run(["umount", "-l", str(scene.data.output)], check=True)
        running.wait_until(lambda: has_been_held(disk, NOT_OURS), "a word about it")
        assert list(scene.data.output.iterdir()) == [], "the disk below fills up"
        subprocess.run(["mount", "--bind", str(disk), str(scene.data.output)], check=True)
        try:
            done = running.end()
            nobody_was_blamed(scene, done)
            scene.finish(done)
        finally:
            subprocess.run(["umount", "-l", str(scene.data.output)], check=True)


@pytest.mark.soak
@needs_root
def test_an_output_that_comes_back_as_another_device_is_not_touched_until_the_next_run(
    scene_on: Callable[..., Scene], mounts: Mount, tmp_path: Path
) -> None:
    scene = scene_on()
    first, second = tmp_path / "first", tmp_path / "second"
    mounts("size=64m", first)
    mounts("size=64m", second)
    mounts("size=4k", scene.data.output)  # what all mounts of this test lie on
    subprocess.run(["mount", "--bind", str(first), str(scene.data.output)], check=True)
    with scene.start() as running:
        scene.wait_for_clips(running, 3)
        subprocess.run(["umount", "-l", str(scene.data.output)], check=True)
        running.wait_until(lambda: has_been_held(first, NOT_OURS), "a word about it")
        # The clips in hand may still end: as a disk would be copied, with nobody at work on it.
        running.signal(signal.SIGSTOP)
        shutil.copytree(first, second, dirs_exist_ok=True)
        subprocess.run(["mount", "--bind", str(second), str(scene.data.output)], check=True)
        copied = lying_in(second)
        running.signal(signal.SIGCONT)
        running.signal(signal.SIGTERM)
        done = running.end()
    try:
        assert done.code == 143, str(done)
        assert lying_in(second) == copied
        scene.finish(done)
    finally:
        subprocess.run(["umount", "-l", str(scene.data.output)], check=True)


@pytest.mark.soak
@pytest.mark.parametrize("way", ["link", pytest.param("mount", marks=needs_root)])
def test_a_second_engine_that_comes_another_way_is_turned_away(way: str, scene: Scene) -> None:
    other = scene.data.output.with_name("other")
    with scene.start() as running:
        scene.wait_for_clips(running, 1)
        running.signal(signal.SIGSTOP)  # it holds the lock, and cannot be done before this test is
        if way == "link":
            other.symlink_to(scene.data.output)
        else:
            other.mkdir()
            subprocess.run(["mount", "--bind", str(scene.data.output), str(other)], check=True)
        scene.data.edit(lambda settings: settings["base_settings"].update(output_base_dir="other"))
        refused = scene.run()
        scene.data.edit(lambda settings: settings["base_settings"].update(output_base_dir="out"))
        if way == "mount":
            subprocess.run(["umount", "-l", str(other)], check=True)
        running.signal(signal.SIGCONT)
        done = running.end()
    assert refused.code == 11, str(refused)
    assert f"process {running.process.pid} " in refused.err
    assert done.code == 0, str(done)
    scene.check_finished()


@pytest.mark.soak
def test_a_folder_for_temporaries_is_needed_by_nobody_and_left_alone(scene: Scene) -> None:
    place = str(scene.films)
    scene.data.edit(lambda settings: settings["base_settings"].update(temp_dir=place))
    scene.finish()  # it looks at the films too


@pytest.mark.soak
def test_an_output_folder_that_is_moved_away_and_back_is_waited_for(scene: Scene) -> None:
    unreachable = scene.data.output.with_name("away")
    with scene.start() as running:
        scene.wait_for_clips(running, 3)
        scene.data.output.rename(unreachable)
        running.wait_until(lambda: has_been_held(unreachable, NOT_OURS), "a word about it")
        assert not scene.data.output.exists()
        unreachable.rename(scene.data.output)
        done = running.end()
    nobody_was_blamed(scene, done)
    scene.finish(done)


@pytest.mark.soak
def test_a_run_whose_output_is_gone_for_good_can_be_ended_and_says_so(scene: Scene) -> None:
    with scene.start() as running:
        scene.wait_for_clips(running, 3)
        scene.data.output.rename(scene.data.output.with_name("gone"))
        running.process.terminate()
        done = running.end()
    assert done.code == 143, str(done)
    assert "Traceback" not in done.err
    assert not scene.data.output.exists()
    scene.data.output.with_name("gone").rename(scene.data.output)
    scene.finish(done)


@pytest.mark.soak
def test_a_category_s_folder_deleted_in_the_middle_is_waited_for_not_blamed_on_films(scene: Scene) -> None:
    place = scene.data.output / "Space"
    with scene.start() as running:
        scene.wait_for_clips(running, 1)
        held_out = scene.data.output / "Aside"
        place.rename(held_out)
        running.wait_until(lambda: has_been_held(scene.data.output), "waiting for the folder")
        assert not place.exists()
        held_out.rename(place)
        done = running.end()
    nobody_was_blamed(scene, done)
    scene.finish(done)


@pytest.mark.soak
@needs_root
def test_a_status_file_on_a_full_disk_costs_only_the_view(
    scene_on: Callable[..., Scene], mounts: Mount, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    mounts("size=4k", small)
    scene = scene_on(status_file=str(small / "status.json"))
    (small / "filler").write_bytes(b"x" * 4096)
    done = scene.run()
    assert done.code == 0, str(done)
    assert (small / "status.json").exists() is False
    assert "cannot write the status file" in scene.log()
    assert scene.data.tree() == scene.reference


@pytest.mark.soak
def test_nothing_below_a_link_out_of_the_output_is_touched(scene: Scene, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    scene.data.output.mkdir()
    (scene.data.output / "General").symlink_to(outside)
    done = scene.run()
    assert done.code == 2, str(done)
    assert "outside the output folder" in done.err
    assert list(outside.iterdir()) == []
    (scene.data.output / "General").unlink()
    shutil.rmtree(scene.data.output)
    scene.finish(done)
