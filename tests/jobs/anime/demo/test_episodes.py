from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.jobs.anime.films import film_of
from tui_gen.jobs.anime.demo.characters import CHARACTERS
from tui_gen.jobs.anime.demo.episodes import DemoFilmError, draw_episodes, drawn
from tui_gen.jobs.anime.demo.script import FRAME, FRAMES_PER_SECOND, pictures_of, truth_of
from tui_gen.jobs.anime.models.boxes import iou
from tui_gen.jobs.anime.models.embedded.detector import checked_detector
from tui_gen.media.geometry import Size

TRUTH = truth_of()
LEAST_CROP = 320
"""The shorter edge of a crop that is kept by default."""


def test_the_episodes_are_as_long_as_the_truth_says(
    embedded_ffmpeg: str, drawn_episodes: tuple[Path, ...]
) -> None:
    for path, truth in zip(drawn_episodes, TRUTH, strict=True):
        facts = film_of(embedded_ffmpeg, path).facts
        assert facts.coded == FRAME == Size(1280, 720)
        assert round(facts.duration_seconds * FRAMES_PER_SECOND) == len(truth)
        assert 25 <= facts.duration_seconds <= 40
        assert [frame.frame for frame in truth] == list(range(len(truth)))


def test_a_drawing_is_the_same_in_every_process() -> None:
    picture = pictures_of(0)[3]
    script = (
        "import hashlib; from tui_gen.jobs.anime.demo.episodes import drawn;"
        "from tui_gen.jobs.anime.demo.script import pictures_of;"
        "print(hashlib.sha256(drawn(pictures_of(0)[3]).tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert other.stdout.strip() == hashlib.sha256(drawn(picture).tobytes()).hexdigest()


def test_frames_of_one_scene_and_pose_are_the_same_drawing() -> None:
    drawings = dict[tuple[str, str], object]()
    for episode in range(2):
        for picture in pictures_of(episode):
            shown = (picture.figures, picture.background, picture.light, picture.shift)
            assert drawings.setdefault((picture.scene, picture.pose), shown) == shown


def test_every_character_is_seen_often_enough_to_be_told_apart() -> None:
    poses = {
        (frame.scene, frame.pose, shown.name)
        for truth in TRUTH
        for frame in truth
        for shown in frame.characters
        if shown.face is not None and not frame.is_moving
    }
    seen = Counter(name for _, _, name in poses)
    assert set(seen) == set(CHARACTERS)
    assert min(seen.values()) >= 12


def test_all_kinds_of_scenes_are_there() -> None:
    frames = [frame for truth in TRUTH for frame in truth]
    kinds = {shown.kind for frame in frames for shown in frame.characters}
    assert kinds == {"front", "profile", "back"}
    assert {len(frame.characters) for frame in frames} == {0, 1, 2, 3}
    assert {frame.scene for frame in TRUTH[0]} & {frame.scene for frame in TRUTH[1]} >= {
        "opening_akari",
        "class_talk",
    }


def test_boxes_lie_in_the_frame_around_the_characters() -> None:
    for frame in (each for truth in TRUTH for each in truth):
        for shown in frame.characters:
            left, top, right, bottom = shown.box
            assert 0 <= left < right <= FRAME.width
            assert 0 <= top < bottom <= FRAME.height
            if shown.face is not None:
                assert left <= shown.face[0] < shown.face[2] <= right
                # A crop reaches 1.6 widths of the face to both sides of its middle.
                assert 3.2 * (shown.face[2] - shown.face[0]) >= LEAST_CROP


def test_a_face_has_the_colours_of_its_character() -> None:
    picture = next(each for each in pictures_of(0) if each.scene == "street_hana")
    truth = next(each for each in TRUTH[0] if each.scene == "street_hana")
    (shown,) = truth.characters
    assert shown.face is not None
    left, top, right, bottom = shown.face
    pixels = drawn(picture)[top:bottom, left:right].reshape(-1, 3).astype(int)
    for colour in (CHARACTERS["hana"].hair, CHARACTERS["hana"].eyes):
        assert (np.abs(pixels - colour).max(axis=1) < 6).sum() > 100


def test_the_face_detector_finds_the_drawn_faces_and_no_others() -> None:
    detector = checked_detector()
    scenes = {picture.scene: picture for picture in pictures_of(0)}  # the last pose of each
    truth = {frame.scene: frame for frame in TRUTH[0]}
    for scene in ("opening_trio", "class_talk", "street_hana", "from_behind", "evening_trio", "street_rei"):
        wanted = sorted(shown.face for shown in truth[scene].characters if shown.face is not None)
        found = sorted(each.box for each in detector.faces(drawn(scenes[scene])))
        assert len(found) == len(wanted), scene
        for face, box in zip(wanted, found, strict=True):
            assert iou(face, box) > 0.5, scene


def test_episodes_that_are_there_are_not_drawn_again(drawn_episodes: tuple[Path, ...]) -> None:
    said = list[str]()
    before = [path.stat().st_mtime_ns for path in drawn_episodes]
    assert draw_episodes(drawn_episodes[0].parent, ffmpeg="/no/ffmpeg", say=said.append) == drawn_episodes
    assert [path.stat().st_mtime_ns for path in drawn_episodes] == before
    assert not said


def test_an_encoder_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(DemoFilmError, match="could not make episode 1"):
        draw_episodes(tmp_path / "demo", ffmpeg="/bin/false", say=lambda _: None)
    assert not list((tmp_path / "demo").iterdir())
