"""Which datasets and attributes the HDF5 file has, and in which order its videos stand.

Video k of a split is index k // 10 of digit k % 10, less the videos before it that are left out: every
prefix is balanced, and more videos are appended. Per split ("train_", "test_"), B videos of F frames:

    data      u8  [B F, S, S, 3]  a chunk a video, deflate       idx       i64 [B]  first frame of each
    labels    i64 [B]             the source's class             captions  UTF-8 [B]
    masks     u8  [B F, S, S]     a bit a digit, deflate         left_out  i64  places that hold no video
    and the fields of the truth (video_format.FIELDS), [B, ...] or, by frame, [B F, ...]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tui_gen.jobs.videomnist.dataset.video_format import VideoFormat
from tui_gen.jobs.videomnist.model import CLASSES, SPLITS, Split, VideoKey


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """The attributes of the file that do not follow from its videos."""

    sequence_length: int  # frames that a model is trained on; the others are spare
    fps: float
    margin: float  # pixels
    seed: int
    motion_types: tuple[str, ...]
    digits: str  # where the images come from: "MNIST", "as MNIST: /path", "drawn"
    digits_sha256: str
    recipe: str  # hexadecimal hash of what decides the bytes of the videos


@dataclass(frozen=True, slots=True)
class H5Layout:
    """The contents of a file to be written."""

    form: VideoFormat
    facts: DatasetFacts
    videos_per_digit: Mapping[Split, int]
    left_out: frozenset[VideoKey] = frozenset()  # rejected videos

    def keys(self, split: Split) -> Iterator[VideoKey]:
        """Yield the videos of a split in the order of the file."""
        for index in range(self.videos_per_digit[split]):
            for digit in range(CLASSES):
                key = VideoKey(split, digit, index)
                if key not in self.left_out:
                    yield key

    def places_left_out(self, split: Split) -> list[int]:
        """Return the places of a split that hold no video, ascending."""
        last = self.videos_per_digit[split]
        return sorted(key.place for key in self.left_out if key.split == split and key.index < last)

    def videos(self, split: Split) -> int:
        """Return how many videos a split has: B."""
        return self.videos_per_digit[split] * CLASSES - len(self.places_left_out(split))

    def attributes(self) -> dict[str, object]:
        """Return the root attributes but `content_sha256`, in the order of the file."""
        facts = self.facts
        return {
            "sequence_length": facts.sequence_length,
            "resolution": self.form.image_size,
            "n_classes": CLASSES,
            "train_videos": self.videos("train"),
            "test_videos": self.videos("test"),
            "motion_types": list(facts.motion_types),
            "frames_per_video": self.form.frames,
            "fps": facts.fps,
            "margin": facts.margin,
            "seed": facts.seed,
            "digits": facts.digits,
            "digits_sha256": facts.digits_sha256,
            "recipe": facts.recipe,
        }


def content_hash(digests: Iterable[bytes]) -> str:
    """Return `content_sha256`: SHA-256 of the BLAKE2b hashes of all videos' grey frames, in order.

    The order is that of the file, train before test. Chunks, compression and channels do not change it.
    """
    content = hashlib.sha256()
    for digest in digests:
        content.update(digest)
    return content.hexdigest()


def all_keys(layout: H5Layout) -> Iterator[VideoKey]:
    """Yield all videos in the order of the file."""
    for split in SPLITS:
        yield from layout.keys(split)
