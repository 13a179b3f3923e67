"""Weights weigh, targets are met or missed aloud, names that clash lose nothing, and a clip is read once."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import stat
import struct
import threading
from pathlib import Path
from typing import Self

import pytest

from tests.acceptance.conftest import Configure, Films
from tests.acceptance.program import Dataset, check_whole, entry, environment, run_inside

COUNTING = """#!/bin/sh
printf '%s\\n' "$*" >> '{log}'
exec '{ffmpeg}' "$@"
"""


def images(data: Dataset) -> dict[str, dict[str, int]]:
    """Return video -> category -> patches, as the status file has it."""
    checkpoints = data.status()["video_checkpoints"].values()
    return {video["name"]: video["images"] for video in checkpoints}


def test_quotas_follow_the_weights(films: Films, configure: Configure) -> None:
    videos = [
        entry(films.alpha, "Alpha", {"general": 0.3, "space": 0.7}),
        entry(films.beta, "Beta", {"general": 1.0}),
    ]
    data = configure(videos, targets={"general": 13, "space": 7})
    done = data.complete()
    check_whole(data)
    assert images(data) == {"Alpha": {"general": 3, "space": 7}, "Beta": {"general": 10}}
    assert "13 of 13 images" in done.out
    assert data.count("GT", "patch_beta_*") == 10


@pytest.mark.soak
def test_a_category_without_a_target_takes_all_a_video_can_give(films: Films, configure: Configure) -> None:
    data = configure([entry(films.alpha, "Alpha", {"general": 0.2, "space": 0.4})])
    data.complete()
    check_whole(data)
    assert images(data) == {"Alpha": {"general": 6, "space": 6}}


@pytest.mark.soak
def test_a_video_without_weights_is_left_out(films: Films, configure: Configure) -> None:
    videos = [
        entry(films.alpha, "Alpha", {"general": 0.4}),
        entry(films.beta, "Beta", {}),
        entry(films.gamma, "Gamma", {"space": 0.0}),
    ]
    data = configure(videos)
    data.complete()
    check_whole(data)
    assert data.count("GT") == data.count("GT", "patch_alpha_*") == 4


@pytest.mark.soak
def test_two_films_with_one_name_both_keep_all_their_patches(films: Films, configure: Configure) -> None:
    videos = [
        entry(films.alpha, "Dune (2021)", {"general": 0.5}),
        entry(films.beta, "Dune 2021", {"general": 0.7}),
    ]
    data = configure(videos)
    plan = run_inside("plan", data.config)
    assert plan.code == 0, str(plan)
    assert "'dune_2021' is shared" in plan.out
    data.complete()
    check_whole(data)
    first, second = data.status()["video_checkpoints"]
    counted = {name: data.count("GT", f"patch_dune_2021_{name}_*") for name in (first, second)}
    assert sorted(counted.values()) == [5, 7]


@pytest.mark.soak
def test_a_film_that_comes_later_with_a_taken_name_gets_its_id(films: Films, configure: Configure) -> None:
    data = configure([entry(films.alpha, "Dune", {"general": 0.3})])
    data.complete()
    before = data.stamps()
    data.edit(lambda settings: settings["videos"].append(entry(films.beta, "dune", {"general": 0.4})))
    data.complete()
    check_whole(data)
    assert {path: data.stamps()[path] for path in before} == before
    assert (data.count("GT", "patch_dune_idx*"), data.count("GT")) == (3, 7)


# ------------------------------------------------------------------ targets that cannot be met


def test_a_target_that_cannot_be_met_is_reported_before_and_after(films: Films, configure: Configure) -> None:
    videos = [
        entry(films.alpha, "Alpha", {"general": 0.6}),
        entry(films.beta, "Beta", {"space": 0.4}),
    ]
    data = configure(videos, targets={"general": 8, "space": 4})
    plan = run_inside("plan", data.config)
    assert plan.code == 3, str(plan)
    assert "general: the target of 8 patches cannot be met: 6 can be planned, 2 too few" in plan.out
    assert "space: the target" not in plan.out
    assert not data.output.exists()
    done = data.complete(code=3)
    check_whole(data)
    assert "Target missed: GENERAL by 2 images" in done.out
    assert "SPACE" in done.out
    assert data.status()["category_stats"]["general"]["images_created"] == 6


def test_a_target_that_can_be_met_passes_the_dry_run_which_writes_nothing(
    films: Films, configure: Configure
) -> None:
    data = configure([entry(films.alpha, "Alpha", {"general": 0.8})], targets={"general": 8})
    plan = run_inside("plan", data.config)
    assert plan.code == 0, str(plan)
    assert "8 to make" in plan.out
    assert plan.err == ""
    assert not data.output.exists()


@pytest.mark.soak
def test_the_quotas_of_a_film_that_gives_nothing_go_to_the_others(
    films: Films, configure: Configure, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"\x1aE\xdf\xa3" + bytes(5000))
    videos = [
        entry(films.alpha, "Alpha", {"general": 1.0}),
        entry(broken, "Broken", {"general": 1.0}),
    ]
    data = configure(videos, targets={"general": 8})
    done = data.complete(code=3)  # the target is met, but a video gave nothing
    check_whole(data)
    assert images(data)["Alpha"] == {"general": 8}
    assert "Nothing more from Broken: " in done.out


# ------------------------------------------------------------------ one decode for all categories


@pytest.mark.soak
def test_one_decode_serves_all_categories_of_a_clip(
    films: Films, configure: Configure, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    film = Path(shutil.copy(films.alpha, tmp_path))  # which nobody else opens meanwhile

    def decode(name: str, weights: dict[str, float]) -> tuple[int, int, list[int]]:
        log = tmp_path / f"{name}.log"
        wrapper = tmp_path / f"ffmpeg-{name}"
        wrapper.write_text(COUNTING.format(log=log, ffmpeg=embedded_ffmpeg), encoding="utf-8")
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        targets = dict.fromkeys(weights, 6)
        data = configure([entry(film, "Alpha", weights)], name=name, targets=targets)
        with Opens(film) as opens:
            done = data.run("--workers", "1", env=environment(TUI_GEN_FFMPEG=str(wrapper)))
        assert done.code == 0, str(done)
        check_whole(data)
        started = log.read_text(encoding="utf-8").splitlines()
        patches = [len(line["patches"]) for line in data.ledger() if line["kind"] == "clip"]
        return opens.count, sum(f"file:{film}" in line for line in started), patches

    *alone, patches_alone = decode("alone", {"general": 0.6})
    *together, patches_together = decode("together", {"general": 0.2, "space": 0.2, "toon": 0.2})
    assert (patches_alone, patches_together) == ([1] * 6, [3] * 6)
    assert alone[0] > 0
    assert together == alone


class Opens:
    """Counts how often a file is opened, by whomever."""

    IN_OPEN = 0x20

    def __init__(self, path: Path) -> None:
        """Begin to count."""
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_CLOEXEC)
        assert self._descriptor >= 0
        assert libc.inotify_add_watch(self._descriptor, os.fsencode(path), self.IN_OPEN) >= 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.count = 0

    def _read(self) -> None:
        # Read at once: the kernel puts equal events that wait together into one.
        while not self._end.is_set():
            if select.select([self._descriptor], [], [], 0.1)[0]:
                self.count += len(os.read(self._descriptor, 4096)) // struct.calcsize("iIII")

    def __enter__(self) -> Self:
        """Count in the background."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Count no more."""
        self._end.set()
        self._thread.join()
        os.close(self._descriptor)


@pytest.mark.soak
def test_the_embedded_ffmpeg_comes_before_the_one_on_path(
    films: Films, configure: Configure, tmp_path: Path
) -> None:
    decoy = tmp_path / "bin" / "ffmpeg"
    decoy.parent.mkdir()
    decoy.write_text(
        f"#!/bin/sh\n{shutil.which('touch')} '{tmp_path}/was-started'\nexit 1\n", encoding="utf-8"
    )
    decoy.chmod(0o755)
    data = configure([entry(films.beta, "Beta", {"general": 0.2})])
    done = data.run(env=environment(PATH=str(decoy.parent)))
    assert done.code == 0, str(done)
    assert not (tmp_path / "was-started").exists()
