"""Holds every recorded video against the HDF5 file: there, decoded, and byte for byte as recorded.

A video that the file does not hold yet is looked for in its shard. Nothing is ever deleted.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from tui_gen.contract.verify import MISSING, Checked, Finding, Recorded
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.standing_patches import standing_patches
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.dataset.h5_file import DamagedFileError, VideoDataset
from tui_gen.jobs.videomnist.dataset.shard import Shards
from tui_gen.jobs.videomnist.dataset.stored_video import Checksums, DamagedVideoError, checked
from tui_gen.jobs.videomnist.model import SPLITS, VideoKey
from tui_gen.jobs.videomnist.units import key_of
from tui_gen.jobs.videomnist.work.formats import format_of


def recorded_videos(settings: Settings) -> Iterator[Recorded]:
    """Yield the videos of the ledger that the file is to hold, as their last lines record them."""
    for standing in standing_patches(settings.run_folder / LEDGER_NAME):
        clip, patch = standing.clip.clip, standing.patch
        is_wanted = any(patch.category == split and clip.index < settings.videos(split) for split in SPLITS)
        if is_wanted:
            yield Recorded(clip, patch.category, patch.size_bytes, patch.record)


def sample_of(videos: Iterable[Recorded], count: int, seed: int) -> list[Recorded]:
    """Return `count` of the videos, each as likely as any other (reservoir sampling, algorithm R)."""
    chance, kept = random.Random(seed), list[Recorded]()
    for position, video in enumerate(videos):
        if position < count:
            kept.append(video)
        elif (place := chance.randrange(position + 1)) < count:
            kept[place] = video
    return kept


def check_videos(settings: Settings, recipe: bytes | None, videos: Iterable[Recorded]) -> Iterator[Checked]:
    """Check videos in order. Without a recipe, shards are not looked at."""
    with ExitStack() as opened:
        checker = _Checker(settings)
        try:
            checker.dataset = opened.enter_context(VideoDataset(settings.h5_path))
        except FileNotFoundError:
            checker.wrong = MISSING
        except DamagedFileError:
            checker.wrong = "damaged: no whole HDF5 file of moving digits"
        if recipe is not None:
            checker.shards = opened.enter_context(Shards(settings.shards, recipe))
        for video in videos:
            yield checker.check(video)


@dataclass(slots=True)
class _Checker:
    settings: Settings
    dataset: VideoDataset | None = None
    wrong: str = ""  # with the whole file
    shards: Shards | None = None

    def check(self, video: Recorded) -> Checked:
        key, expected = key_of(video.clip), checksums_of(video)
        name = self.settings.output_file
        fault = self.wrong
        if self.dataset is not None:
            name = f"{name} ({key.split}, digit {key.digit}, video {key.index})"
            fault = self.dataset.fault_of(key, expected)
        if fault == MISSING:
            fault = self._fault_in_shards(key, expected)
        return Checked(video, (Finding(video, name, fault),) if fault else ())

    def _fault_in_shards(self, key: VideoKey, expected: Checksums) -> str:
        found = self.shards.find(key) if self.shards is not None else None
        if found is None:
            return MISSING
        try:
            is_same = checked(found, format_of(self.settings)).checksums == expected
        except DamagedVideoError as error:
            return f"damaged: {error}"
        return "" if is_same else "another content than recorded"


def checksums_of(video: Recorded) -> Checksums:
    """Return what the ledger says of a video's bytes."""
    pixels, truth = video.record["crc32"]
    return Checksums(bytes.fromhex(video.record["blake2b"]), pixels, truth)
