"""Machines, processes and connections fail while real films are made over the real commands.

Invariant: the tree is that of a run at home, no clip fails, no file that was finished is made again but for
one clip of each slot, and no process and no file is left on any box.
"""

from __future__ import annotations

import os
import signal

import pytest

from tests.acceptance.program import run_inside, still_alive
from tests.cluster.films import CLIPS, GOES_BACK, Scene, until
from tui_gen.base.exit_codes import ExitCode

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


def test_nothing_fails(scene: Scene) -> None:
    with scene.start() as running:
        scene.until_made(running)
        scene.finish(running, again=0)
    assert scene.makers() == {"box1", "box2"}


def test_a_killed_unit_runner(scene: Scene) -> None:
    with scene.start() as running:
        scene.until_made(running)
        victims = scene.boxes["box1"].work()
        scene.boxes["box1"].runner().kill()
        scene.until_logged(GOES_BACK)
        assert still_alive(victims, 10) == []
        scene.finish(running)
    assert "SIGKILL" in scene.log()


def test_a_unit_runner_that_hangs(scene: Scene) -> None:
    with scene.start() as running:
        scene.until_made(running)
        scene.boxes["box1"].runner().suspend()
        scene.until_logged(GOES_BACK)
        scene.finish(running)
    assert "it said nothing for 30 s; process" in scene.log()


def test_a_killed_dask_worker(scene: Scene) -> None:
    with scene.start() as running:
        scene.until_made(running)
        victims = scene.boxes["box1"].work()
        scene.boxes["box1"].dask_worker().kill()
        scene.until_logged(GOES_BACK)
        assert still_alive(victims, 10) == []
        scene.finish(running)


def test_a_dask_worker_that_hangs_for_a_while(scene: Scene) -> None:
    with scene.start() as running:
        scene.until_made(running)
        worker = scene.boxes["box1"].dask_worker()
        worker.suspend()
        scene.until_logged(GOES_BACK)
        until(lambda: running.process.poll() is not None, scene.log)
        worker.resume()
        scene.finish(running)
    assert "no answer for 10 s" in scene.log()


def test_a_box_that_dies(scene: Scene) -> None:
    with scene.start() as running:
        scene.until_made(running)
        scene.boxes["box1"].kill()
        scene.until_logged(GOES_BACK)
        scene.finish(running)


def test_a_scheduler_that_dies_and_comes_back(scene: Scene) -> None:
    with scene.start() as running:
        scene.until_made(running)
        scene.cluster.kill_scheduler()
        scene.until_logged(GOES_BACK, 2)
        scene.cluster.start_scheduler()
        for box in scene.boxes.values():
            box.lender.wait_for("connected to", 2)
        scene.finish(running)


def test_an_engine_that_is_killed_and_run_again(scene: Scene) -> None:
    with scene.start() as running:
        scene.until_made(running)
        os.kill(running.process.pid, signal.SIGKILL)
        running.end()
    scene.stamps = scene.stamps_now()
    assert scene.made() < CLIPS
    with scene.start() as running:
        scene.finish(running)


def test_an_engine_that_is_suspended(scene: Scene) -> None:
    boxes = scene.boxes.values()
    with scene.start() as running:
        scene.until_made(running)
        running.signal(signal.SIGSTOP)
        until(lambda: not any(box.work() for box in boxes), lambda: str([box.work() for box in boxes]), 60)
        running.signal(signal.SIGCONT)
        scene.finish(running)


def test_a_run_begins_at_home_goes_on_in_the_cluster_and_ends_at_home(scene: Scene) -> None:
    for address in ("none", scene.cluster.address):
        before = scene.made()
        with scene.start("--cluster", address) as running:
            scene.until_made(running, before + 2)
            assert run_inside("ctl", "-c", scene.data.config, "stop").code == 0
            assert running.end().code == ExitCode.STOPPED
        assert scene.made() < CLIPS
    assert {"", "box1", "box2"} >= scene.makers() > {""}
    scene.stamps = scene.stamps_now()
    with scene.start("--cluster", "none") as running:
        scene.finish(running)
