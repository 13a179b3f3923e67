"""The survey and the choice on episodes whose truth is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jobs.anime.films import film_of, nothing, surveyed
from tui_gen.jobs.anime.demo.script import FrameTruth, truth_of
from tui_gen.jobs.anime.frames.chosen import ChosenFrames, chosen_frames
from tui_gen.jobs.anime.frames.options import DuplicateOptions
from tui_gen.jobs.anime.frames.survey_files import EpisodeSurvey, episode_survey

REMOVED_SHARE = 0.98
TRUTH = truth_of()


@pytest.fixture(scope="module")
def surveys(embedded_ffmpeg: str, drawn_episodes: tuple[Path, ...]) -> list[EpisodeSurvey]:
    return [episode_survey(surveyed(film_of(embedded_ffmpeg, path))) for path in drawn_episodes]


@pytest.fixture(scope="module")
def chosen(surveys: list[EpisodeSurvey]) -> tuple[ChosenFrames, ...]:
    return chosen_frames(surveys, DuplicateOptions(), alive=nothing)


def shown(chosen: ChosenFrames, truth: tuple[FrameTruth, ...]) -> list[FrameTruth]:
    return [truth[number] for number, _ in chosen.frames]


def test_every_frame_of_an_episode_is_surveyed(surveys: list[EpisodeSurvey]) -> None:
    assert [survey.seen for survey in surveys] == [len(truth) for truth in TRUTH]


def test_duplicates_are_removed_and_no_pose_is_lost(chosen: tuple[ChosenFrames, ...]) -> None:
    still = [frame for truth in TRUTH for frame in truth if not frame.is_moving]
    kept = [
        frame
        for each, truth in zip(chosen, TRUTH, strict=True)
        for frame in shown(each, truth)
        if not frame.is_moving
    ]
    poses = {(frame.scene, frame.pose) for frame in still}
    assert {(frame.scene, frame.pose) for frame in kept} == poses
    duplicates, left = len(still) - len(poses), len(kept) - len(poses)
    assert left <= (1 - REMOVED_SHARE) * duplicates


def test_pans_keep_some_steps(chosen: tuple[ChosenFrames, ...]) -> None:
    for each, truth in zip(chosen, TRUTH, strict=True):
        pans = {frame.scene for frame in truth if frame.is_moving} - {"opening_pan"}
        for pan in pans:
            steps = [frame for frame in shown(each, truth) if frame.scene == pan]
            assert 3 <= len(steps) <= 30


def test_opening_and_recap_come_from_the_first_episode_alone(chosen: tuple[ChosenFrames, ...]) -> None:
    first = {frame.scene for frame in TRUTH[0]}
    second = {frame.scene for frame in shown(chosen[1], TRUTH[1])}
    assert not first & second
    assert chosen[1].repeated > 0
