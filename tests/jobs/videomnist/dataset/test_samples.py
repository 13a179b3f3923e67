"""Samples: GIFs hold the dataset's frames, names and numbers are as documented, statistics are right."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.videomnist.dataset.datasets import FACTS, layout_of, making_up
from tui_gen.jobs.videomnist.dataset.assemble import assemble
from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.dataset.samples.choice import chosen_samples
from tui_gen.jobs.videomnist.dataset.samples.encode import gif, mp4
from tui_gen.jobs.videomnist.dataset.samples.samples import SampleSettings, write_samples
from tui_gen.jobs.videomnist.dataset.samples.statistics import statistics_of
from tui_gen.jobs.videomnist.dataset.samples.statistics_text import statistics_text
from tui_gen.jobs.videomnist.dataset.video_format import VideoFormat


def frames_of(path: Path) -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    frames = np.stack(decoded)
    assert (frames == frames[..., :1]).all() or path.suffix == ".mp4"
    return np.asarray(frames[..., 0], np.uint8)


def test_the_folder_holds_what_is_documented(dataset: VideoDataset, tmp_path: Path) -> None:
    written = write_samples(dataset, tmp_path, SampleSettings(number=23))
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {str(path.relative_to(tmp_path)) for path in written}
    assert found == {
        *(f"digit_{n % 10}_video_{n:03d}.{kind}" for n in range(23) for kind in ("gif", "mp4")),
        *(f"class_comparisons/digit_{digit}_comparison.gif" for digit in range(10)),
        "videomnist_montage.png",
        "dataset_stats.txt",
        "dataset_stats.json",
    }


def test_what_is_not_wanted_is_not_written(dataset: VideoDataset, tmp_path: Path) -> None:
    wanted = SampleSettings(formats=("gif",), number=1, has_montage=False, has_comparisons=False)
    names = {path.name for path in write_samples(dataset, tmp_path, wanted)}
    assert names == {"digit_0_video_000.gif", "dataset_stats.txt", "dataset_stats.json"}


def test_equal_files_give_equal_samples(dataset: VideoDataset, tmp_path: Path) -> None:
    wanted = SampleSettings(number=2, formats=("gif",))
    write_samples(dataset, tmp_path / "a", wanted)
    for one in write_samples(dataset, tmp_path / "b", wanted):
        assert one.read_bytes() == (tmp_path / "a" / one.relative_to(tmp_path / "b")).read_bytes()


@pytest.mark.parametrize("zoom", [1, 3])
def test_a_gif_holds_the_frames_of_the_dataset(dataset: VideoDataset, tmp_path: Path, zoom: int) -> None:
    wanted = SampleSettings(formats=("gif",), number=10, zoom=zoom, has_montage=False, has_comparisons=False)
    write_samples(dataset, tmp_path, wanted)
    for number, chosen in enumerate(chosen_samples(dataset, 10)):
        frames = dataset.frames(chosen.split, chosen.k)
        expected = np.kron(frames, np.ones((1, zoom, zoom), np.uint8))
        assert np.array_equal(frames_of(tmp_path / f"digit_{chosen.digit}_video_{number:03d}.gif"), expected)


def test_a_gif_is_lossless_for_every_grey_level_and_any_change(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (9, 31, 33), np.uint8)
    frames = np.concatenate([noise, noise[-1:], np.zeros((2, 31, 33), np.uint8), noise[:1]])
    (tmp_path / "a.gif").write_bytes(gif(frames, duration_ms=100))
    assert np.array_equal(frames_of(tmp_path / "a.gif"), frames)


@pytest.mark.parametrize(
    ("duration_ms", "hundredths"), [(100, [10] * 4), (1000 / 15, [7, 6, 7, 7]), (200, [20] * 4), (1, [2] * 4)]
)
def test_a_gif_repeats_for_ever_and_shows_each_frame_as_long_as_asked(
    duration_ms: float, hundredths: list[int]
) -> None:
    data = gif(np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8), duration_ms=duration_ms)
    assert b"NETSCAPE2.0\x03\x01\x00\x00\x00" in data
    delays = [part[1] | part[2] << 8 for part in data.split(b"\x21\xf9\x04")[1:]]
    assert delays == hundredths


@pytest.mark.parametrize("side", [64, 65])
def test_an_mp4_is_close_to_the_frames_and_plays_at_the_rate(
    tmp_path: Path, side: int, dataset: VideoDataset
) -> None:
    frames = np.pad(dataset.frames("train", 3), ((0, 0), (0, side - 64), (0, side - 64)))
    (tmp_path / "a.mp4").write_bytes(mp4(frames, fps=12.5))
    decoded = frames_of(tmp_path / "a.mp4")
    assert decoded.shape == (17, side + side % 2, side + side % 2)
    assert np.abs(decoded[:, :side, :side].astype(int) - frames).mean() < 1.5
    assert decoded[:, side:].max(initial=0) <= 3
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 12.5


def test_samples_take_the_classes_evenly_and_the_motions_in_turn(dataset: VideoDataset) -> None:
    chosen = chosen_samples(dataset, 30)
    assert len({(each.split, each.k) for each in chosen}) == 30
    assert [each.digit for each in chosen] == [*range(10)] * 3
    assert [int(dataset.labels("train")[each.k]) for each in chosen] == [*range(10)] * 3
    motions = {each: int(dataset.field("train", "motion", each.k, each.k + 1)[0, 0]) for each in chosen}
    for digit in range(10):
        own = [motions[each] for each in chosen if each.digit == digit]
        assert set(own) == {0, 1, 2}
    assert set(Counter(motions[each] for each in chosen[:10])) == {0, 1, 2}


def test_more_samples_than_videos_are_all_videos(dataset: VideoDataset) -> None:
    assert sorted(each.k for each in chosen_samples(dataset, 100)) == [*range(40)]


def test_the_montage_shows_first_middle_last_frame_and_all_of_each_digit(
    dataset: VideoDataset, tmp_path: Path
) -> None:
    write_samples(dataset, tmp_path, SampleSettings(number=0, has_comparisons=False))
    picture = cv2.imdecode(
        np.frombuffer((tmp_path / "videomnist_montage.png").read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED
    )
    assert picture is not None
    assert picture.shape == (4 * 66 + 2, 10 * 66 + 2)
    for digit, chosen in enumerate(chosen_samples(dataset, 10)):
        frames = dataset.frames("train", chosen.k)
        cells = [picture[2 + 66 * row : 66 + 66 * row, 2 + 66 * digit : 66 + 66 * digit] for row in range(4)]
        for cell, expected in zip(cells, (frames[0], frames[8], frames[16], frames.max(axis=0)), strict=True):
            assert np.array_equal(cell, expected)


def test_a_comparison_shows_the_motions_of_a_class_side_by_side(
    dataset: VideoDataset, tmp_path: Path
) -> None:
    write_samples(dataset, tmp_path, SampleSettings(number=0, has_montage=False))
    frames = frames_of(tmp_path / "class_comparisons" / "digit_7_comparison.gif")
    assert frames.shape == (17, 64, 3 * 64 + 2 * 2)
    found = set()
    for k in range(7, 40, 10):
        video = dataset.frames("train", k)
        if any(np.array_equal(frames[..., left : left + 64], video) for left in (0, 66, 132)):
            found.add(int(dataset.field("train", "motion", k, k + 1)[0, 0]))
    assert found == {0, 1, 2}


# ------------------------------------------------------------------ statistics


def test_the_statistics_are_those_of_the_frames(dataset: VideoDataset, tmp_path: Path) -> None:
    write_samples(dataset, tmp_path, SampleSettings(number=2, has_montage=False, has_comparisons=False))
    values = json.loads((tmp_path / "dataset_stats.json").read_text(encoding="utf-8"))
    train = values["splits"]["train"]
    counts = np.array([(dataset.frames("train", k) != 0).sum(axis=(1, 2)) for k in range(40)])
    assert train["ink"] == {
        "videos": 40,
        "least": counts.min(),
        "mean": pytest.approx(counts.mean()),
        "most": counts.max(),
        "share_under_100": pytest.approx((counts < 100).mean()),
        "mean_of_digit": [pytest.approx(counts[digit::10].mean()) for digit in range(10)],
        "frames_outside": 0,
    }
    assert (train["videos"], train["of_digit"], train["boxes_outside"]) == (40, [4] * 10, 0)
    assert np.sum(list(train["of_motion"].values()), axis=0).tolist() == [4] * 10
    assert values["attributes"]["content_sha256"] == dataset.attributes["content_sha256"]
    assert values["splits"]["test"]["uses"] == {"images": 10, "least": 1, "most": 1}


def test_the_text_has_the_lines_of_the_seed(dataset: VideoDataset, tmp_path: Path) -> None:
    write_samples(dataset, tmp_path, SampleSettings(number=20, has_montage=False, has_comparisons=False))
    lines = (tmp_path / "dataset_stats.txt").read_text(encoding="utf-8").splitlines()
    for line in (
        "VideoMNIST Dataset Statistics",
        "=" * 30,
        "Total videos: 50",
        "Sequence length: 16 frames",
        "Resolution: 64x64",
        "Frames per second: 10",
        "Video duration: 1.6 seconds",
        "Videos per digit class:",
        "  Digit 3: 5 videos (4 train, 1 test)",
        "Generated 20 sample videos",
        "Output formats: gif, mp4",
        "  frames with ink in the margin: 0",
        "Images used: 40, each once",
    ):
        assert line in lines


def test_ink_in_the_margin_and_uses_of_images_are_counted(tmp_path: Path) -> None:
    form = VideoFormat(3, 20, slots=2)
    layout = layout_of(4, form=form, facts=replace(FACTS, margin=2.5))
    path = assemble(tmp_path / "a.h5", layout, making_up(form)).path
    with VideoDataset(path) as dataset:
        found = statistics_of(dataset).splits["train"]
        assert found.ink.frames_outside == 120  # noise everywhere
        assert found.uses is not None
        assert (found.uses.images, found.uses.least, found.uses.most) == (20, 2, 2)  # index // 2
        text = statistics_text(statistics_of(dataset), fps=10, samples=0, formats=("gif",))
        assert "Images used: 20, each 2 times" in text
        boxes = dataset.field("train", "boxes", 0, 40).reshape(-1, 4).tolist()
        expected = sum(
            right > left and bottom > top and (min(left, top) < 3 or max(right, bottom) > 18)
            for left, top, right, bottom in boxes
        )
        assert found.boxes_outside == expected > 0


def test_a_sample_of_the_videos_is_named_as_such(dataset: VideoDataset) -> None:
    found = statistics_of(dataset, most_decoded=7).splits["train"]
    assert (found.videos, found.ink.videos) == (40, 7)
    assert sum(math.isnan(mean) for mean in found.ink.mean_of_digit) >= 3


def test_a_file_without_truth_has_samples_and_statistics(tmp_path: Path) -> None:
    form = VideoFormat(3, 20, channels=0, has_truth=False, has_captions=False)
    path = assemble(tmp_path / "a.h5", layout_of(2, form=form), making_up(form)).path
    with VideoDataset(path) as dataset:
        assert [each.k for each in chosen_samples(dataset, 12)] == [*range(12)]
        assert len(write_samples(dataset, tmp_path / "samples", SampleSettings(number=3))) == 6 + 1 + 10 + 2
        assert statistics_of(dataset).splits["train"].uses is None
