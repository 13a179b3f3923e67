"""Shares and cables fail on one machine or on all, while real films are made over the real commands.

Invariant: what one machine lacks does not hold the others; when it is there again, the tree is that of a
run at home.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.cluster.films import GOES_BACK, NOT_EXAMINED, Scene, link_films, scene_in, until
from tests.cluster.networks import cable
from tests.faults.conftest import needs, needs_root

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]
OTHERS = "it gets other sources for some time"


def own_films(scene: Scene, *names: str) -> dict[str, Path]:
    """Give machines their own folders of films, under paths with spaces; return them."""
    folders = {}
    for name in names:
        folder = folders[name] = scene.folder / f"the films of {name}"
        folder.mkdir()
        link_films(scene.films, folder)
    machines = {name: {"paths": {str(scene.films): str(folder)}} for name, folder in folders.items()}
    scene.configure(machines=machines)
    return folders


def test_a_film_that_is_gone_on_one_box(scene: Scene) -> None:
    folder = own_films(scene, "box1")["box1"]
    film = folder / NOT_EXAMINED
    film.unlink()
    with scene.start() as running:
        scene.until_logged(OTHERS)
        scene.until_made(running)
        os.link(scene.films / NOT_EXAMINED, film)
        scene.finish(running)
    assert str(film) in scene.log()
    assert scene.makers() == {"box1", "box2"}


def test_a_film_that_is_gone_on_all_boxes_waits_and_the_others_are_made(scene: Scene) -> None:
    # All films are examined before the first clip is made: a film that is there then, and later is not.
    begun = scene.start("--cluster", "none", "--limit", "2")
    with begun:
        assert begun.end().code == 0
    made = [line["source"] for line in scene.data.ledger() if line["kind"] == "clip"]
    folders = own_films(scene, "box1", "box2")
    for folder in folders.values():
        (folder / NOT_EXAMINED).unlink()
    with scene.start() as running:
        scene.until_made(running, 18 + made.count("dora"))
        until(lambda: scene.data.status()["state"] == "waiting", scene.log)
        reason = scene.data.status()["reason"]
        os.link(scene.films / NOT_EXAMINED, folders["box2"] / NOT_EXAMINED)
        scene.finish(running)
    assert reason.startswith(("box1: ", "box2: "))
    assert reason.endswith("c/dora.mkv is not there on this machine")
    assert f"waiting for sources: {reason}" in scene.log()


@contextlib.contextmanager
def mounted(*options: str | Path, at: Path) -> Iterator[None]:
    """Mount a file system; skip with the reason where that is not allowed."""
    try:
        subprocess.run(["mount", *map(str, options), str(at)], check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"nothing can be mounted: {error.stderr}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def remount(how: str, at: Path) -> None:
    """Change a mount to read-only, as soon as no file is open for writing there, or back."""
    command = ["mount", "-o", f"remount,bind,{how}", str(at)]
    until(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, lambda: f"{at}")


@needs_root
@pytest.mark.parametrize("names", [("box1",), ("box1", "box2")])
def test_an_output_folder_that_is_read_only_on_boxes(scene: Scene, names: Sequence[str]) -> None:
    scene.data.output.mkdir()
    with contextlib.ExitStack() as mounts:
        places = {name: scene.folder / f"output of {name}" for name in names}
        for place in places.values():
            place.mkdir()
            mounts.enter_context(mounted("--bind", scene.data.output, at=place))
        scene.configure(
            machines={name: {"paths": {str(scene.data.output): str(each)}} for name, each in places.items()}
        )
        with scene.start() as running:
            scene.until_made(running, 1)
            for place in places.values():
                remount("ro", place)
            reasons = [scene.until_phase(name, "waiting") for name in names[:1]]
            if len(names) > 1:
                until(lambda: scene.data.status()["state"] == "waiting", scene.log)
            for place in places.values():
                remount("rw", place)
            scene.finish(running)
    assert "Read-only file system" in reasons[0]


@needs_root
def test_a_full_staging_folder_on_one_box(empty_scene: Scene) -> None:
    scene = empty_scene
    temporary = scene.folder / "boxes" / "box1" / "tmp"
    temporary.mkdir(parents=True)
    scene.configure(output="send")
    with mounted("-t", "tmpfs", "-o", "size=8m", "tmpfs", at=temporary):
        scene.lend("box1")
        scene.lend("box2")
        scene.connected()
        with scene.start() as running:
            scene.until_made(running, 1)
            filling = temporary / "filling"
            with filling.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(b"\0" * 4096):
                    pass
            reason = scene.until_phase("box1", "waiting")
            filling.unlink()
            scene.finish(running)
    assert "No space left on device" in reason


@needs("ip")
@needs_root
def test_a_cable_that_is_out(tmp_path: Path, studio: Path, at_home: Mapping[str, str]) -> None:
    with cable() as wire, scene_in(tmp_path, studio, at_home, host=wire.host) as scene:
        away = scene.lend("box1", prefix=wire.prefix)
        scene.lend("box2")
        scene.connected()
        with scene.start() as running:
            scene.until_made(running)
            until(lambda: bool(away.work()), scene.log)
            wire.pull_out()
            scene.until_logged(GOES_BACK)
            # The box fences itself: its lease ends the work 20 s after the engine was heard last.
            until(lambda: away.work() == [], lambda: str(away.work()))
            wire.plug_in()
            scene.finish(running)
    assert "no answer for 10 s" in scene.log()
