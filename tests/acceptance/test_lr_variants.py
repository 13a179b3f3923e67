"""Degraded variants stand beside the plain LR: the same bytes whatever happens, moved with their patch."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.acceptance.conftest import Films, write_config
from tests.acceptance.program import Dataset, entry, run_inside, still_alive

CLIPS = 3
VARIANTS: dict[str, Any] = {
    "h264": {"codec": "libx264", "crf": [18, 35]},
    "web": {
        "from": "gt",
        "chain": [
            {"blur": [0.3, 2], "shapes": {"aniso": 1}},
            {"resize": [0.3, 0.8]},
            {"noise": [1, 12], "poisson": [0.1, 1], "gray": 0.4, "probability": 0.7},
            {"jpeg": [30, 95]},
            {"codec": ["mpeg2video", "mpeg4"], "q": [3, 12]},
        ],
    },
}
FOLDERS = {f"{stack}{suffix}" for stack in ("LR", "LR_7frames") for suffix in ("", "_h264", "_web")} | {"GT"}


def dataset(folder: Path, films: Films, name: str) -> Dataset:
    videos = [entry(films.alpha, "Alpha", {"space": 1.0}, id="alpha")]
    data = write_config(folder, videos, name=name, targets={}, base_frame_limit=CLIPS)
    data.edit(lambda written: written.update(lr_variants=VARIANTS))
    return data


def check_whole_with_variants(data: Dataset) -> None:
    """Assert that the ledger tells of all files of all patches, and of no others."""
    patches = [
        patch
        for line in data.ledger()
        if line["kind"] == "clip" and line["outcome"] == "made"
        for patch in line["patches"]
    ]
    recorded = {patch["files"][kind]: patch["sha256"][kind] for patch in patches for kind in patch["files"]}
    assert recorded == data.tree()
    assert len(patches) == CLIPS
    for patch in patches:
        assert {path.split("/")[-2] for path in patch["files"].values()} == FOLDERS
        assert patch["lr_variants"].keys() == VARIANTS.keys()
        assert 18 <= patch["lr_variants"]["h264"]["crf"] <= 35


def read(data: Dataset, path: str) -> npt.NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer((data.output / path).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


@pytest.fixture(scope="module")
def made(films: Films, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return the dataset of an undisturbed run with one worker. Tests that change it put it right again."""
    data = dataset(tmp_path_factory.mktemp("variants"), films, "one")
    planned = run_inside("plan", data.config)
    assert f"{CLIPS} to make, {len(FOLDERS) * CLIPS} files" in planned.out, str(planned)
    data.complete("--workers", "1")
    check_whole_with_variants(data)
    return data


def test_variants_have_the_size_of_lr_and_one_sequence_for_both_stacks(made: Dataset) -> None:
    for path in made.tree():
        if "/LR_7frames/" not in path:
            continue
        plain = read(made, path)
        for name in VARIANTS:
            seven = read(made, path.replace("/LR_7frames/", f"/LR_7frames_{name}/"))
            five = read(made, path.replace("/LR_7frames/", f"/LR_{name}/"))
            assert seven.shape == plain.shape
            assert np.array_equal(np.concatenate(np.split(seven, 7)[1:6]), five)
            difference = np.abs(seven.astype(int) - plain).mean()
            assert 0 < difference < 40
            assert np.corrcoef(seven.ravel(), plain.ravel())[0, 1] > 0.8


@pytest.mark.soak
def test_a_killed_run_with_three_workers_gives_the_same_bytes(
    made: Dataset, films: Films, tmp_path: Path
) -> None:
    data = dataset(tmp_path, films, "three")
    with data.start("--workers", "3") as running:
        running.wait_until(lambda: data.count("LR_web") > 0, "a patch")
        descendants = running.descendants()
        running.signal(signal.SIGKILL)
        assert running.end().code == -signal.SIGKILL
    assert still_alive(descendants, 5.0) == []
    data.complete("--workers", "3")
    check_whole_with_variants(data)
    assert data.tree() == made.tree()


def test_damage_is_found_and_made_again(made: Dataset) -> None:
    tree = made.tree()
    lost = next(path for path in tree if "/LR_h264/" in path)
    (made.output / lost).unlink()
    damaged = next(path for path in tree if "/LR_7frames_web/" in path)
    content = bytearray((made.output / damaged).read_bytes())
    content[-20] ^= 1
    (made.output / damaged).write_bytes(content)
    found = run_inside("verify", made.config)
    assert found.code == 5, str(found)
    assert f"{lost}: missing\n" in found.out
    assert damaged in found.out
    repaired = run_inside("verify", made.config, "--repair")
    assert repaired.code == 0, str(repaired)
    assert made.tree() == tree


def test_variants_move_with_their_patch(made: Dataset) -> None:
    tree = made.tree()
    moved = run_inside("split", "--val", "Alpha", "--move", "-c", made.config)
    assert moved.code == 0, str(moved)
    held_out = {path.replace("/Val_tiny/", "/Patches_tiny/"): digest for path, digest in made.tree().items()}
    assert held_out == tree
    assert not any("/Patches_tiny/" in path for path in made.tree())
    assert run_inside("split", "--train", "Alpha", "--move", "-c", made.config).code == 0
    assert made.tree() == tree


def test_other_ranges_are_refused_in_a_folder_that_was_begun(made: Dataset) -> None:
    written = made.config.read_text(encoding="utf-8")
    made.edit(lambda settings: settings["lr_variants"]["h264"].update(crf=[18, 36]))
    refused = run_inside("run", made.config)
    made.config.write_text(written, encoding="utf-8")
    assert refused.code == 2, str(refused)
    assert "lr_variants: " in refused.err


@pytest.mark.soak
def test_an_encoder_that_fails_is_an_error_of_the_clip_and_leaves_no_file(
    films: Films, tmp_path: Path, embedded_ffmpeg: str
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(
        '#!/bin/sh\ncase "$*" in *"-video_size 32x32"*libx264*) echo "the encoder gives up" >&2; exit 3;;\n'
        "esac\n"
        f'exec {embedded_ffmpeg} "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    data = dataset(tmp_path, films, "failing")
    data.edit(lambda written: written["base_settings"].update(base_frame_limit=1))
    done = data.run(env={"TUI_GEN_FFMPEG": str(program)})
    assert done.code == 3, str(done)
    failed = [line for line in data.ledger() if line["kind"] == "clip"]
    assert {line["outcome"] for line in failed} == {"failed"}
    assert "ffmpeg ended with status 3" in json.dumps(failed)
    assert "the encoder gives up" in json.dumps(failed)
    assert data.tree() == {}
    data.complete()
    assert len(data.tree()) == len(FOLDERS)
