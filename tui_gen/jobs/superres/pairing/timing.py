"""Finds the offsets of a release from signatures of samples of a film and of all its own frames. Pure.

    signature   the picture inside the bars at 32x18, mean 0, length 1: the product of two is a correlation
    sample      a key frame of the film; its profile is its correlation with every frame of the release
    offset      the profiles of neighbouring samples, each slid to where the rate puts it, agree on it

A release with a cut of its own has several offsets. A sample belongs to the offset at which it is alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.pairing.pair_track import Segment

COLUMNS, ROWS = 32, 18
FLAT_DEVIATION = 4.0
"""A picture with less contrast has no signature: its noise would be one."""
NEIGHBOURS = 3
"""The samples on each side that agree with a sample on an offset."""
FAINT, LIKE = 0.6, 0.85
"""Below the first correlation a frame says nothing; from the second on it is alike."""
LEAST_AGREEMENT = 0.35
"""The least mean of the votes of neighbouring samples, of which each is 0 to 1."""
SAME_OFFSET_FRAMES = 2
LEAST_SAMPLES = 4
FEWEST_IN_SEGMENT = 3
GAP_SECONDS = 2.0
"""The gap between two segments is narrowed down to this, or to the distance of key frames."""
CHUNK = 8192

_WHOLE_RATES = (24, 25, 30, 48, 50, 60)
KNOWN_RATES = (
    *(Fraction(rate) for rate in _WHOLE_RATES),
    *(Fraction(1000 * rate, 1001) for rate in _WHOLE_RATES),
)
RATE_TOLERANCE = 3e-4
"""24 and 23.976 differ by three times as much."""

Signatures = NDArray[np.float32]
Profiles = NDArray[np.float32]


def frame_seconds_of(measured: float) -> float:
    """Return the distance of two frames by the known rate that a measured one is near to, or as measured."""
    for rate in KNOWN_RATES:
        if abs(measured * rate - 1) < RATE_TOLERANCE:
            return float(1 / rate)
    return measured


def normalised(pictures: NDArray[np.uint8]) -> Signatures:
    """Return the signatures of pictures, (count, ROWS * COLUMNS); zeros for a picture without contrast."""
    values = pictures.reshape(len(pictures), -1).astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    least = FLAT_DEVIATION * np.sqrt(values.shape[1])
    found: Signatures = np.where(lengths >= least, values / np.maximum(lengths, 1e-6), np.float32(0))
    return found


@dataclass(frozen=True, slots=True)
class Release:
    """The frames of a release: their pictures, and the times from the first PTS, none of them negative."""

    pictures: NDArray[np.uint8]  # (frames, ROWS, COLUMNS)
    seconds: NDArray[np.float64]
    frame_seconds: float

    def profiles(self, samples: Signatures) -> Profiles:
        """Return the correlation of samples with the release at each multiple of its frame distance.

        (samples, places); a place has the best of the frames within one frame of it.
        """
        places = np.rint(self.seconds / self.frame_seconds).astype(int)
        found = np.zeros((len(samples), int(places[-1]) + 1), np.float32)
        nothing = np.zeros(0, np.float32)  # to add
        for begin in range(0, len(places), CHUNK):
            part = normalised(self.pictures[begin : begin + CHUNK])
            # Frames of one place are rare, and which of them counts is of no importance.
            found[:, places[begin : begin + CHUNK]] = cv2.gemm(
                samples, part, 1.0, nothing, 0.0, flags=cv2.GEMM_2_T
            )
        wide = found.copy()
        np.maximum(wide[:, 1:], found[:, :-1], out=wide[:, 1:])
        np.maximum(wide[:, :-1], found[:, 1:], out=wide[:, :-1])
        return wide


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of a film in the order of time, and their profiles in a release."""

    seconds: NDArray[np.float64]  # from the film's first PTS
    profiles: Profiles
    frame_seconds: float  # of the release
    rate: float

    def merged(self, other: Samples) -> Samples:
        """Return the samples of both, those of one time once."""
        seconds = np.concatenate([self.seconds, other.seconds])
        kept, order = np.unique(seconds, return_index=True)
        profiles = np.concatenate([self.profiles, other.profiles])[order]
        return Samples(kept, profiles, self.frame_seconds, self.rate)

    def places(self, offset: int) -> NDArray[np.int64]:
        """Return where the samples are expected in their profiles at an offset in frames."""
        slid: NDArray[np.int64] = np.rint(self.seconds * self.rate / self.frame_seconds).astype(np.int64)
        return slid + offset

    def likeness(self, offset: int) -> NDArray[np.float32]:
        """Return the correlation of each sample at an offset; 0 where the release has no frame."""
        places, rows = self.places(offset), np.arange(len(self.seconds))
        inside = (places >= 0) & (places < self.profiles.shape[1])
        found: NDArray[np.float32] = np.where(
            inside, self.profiles[rows, np.clip(places, 0, self.profiles.shape[1] - 1)], np.float32(0)
        )
        return found


def offsets_of(samples: Samples) -> list[int]:
    """Return the offsets in frames that samples agree on, the most supported first."""
    votes: dict[int, float] = {}
    for number in range(len(samples.seconds)):
        begin = max(0, min(number - NEIGHBOURS, len(samples.seconds) - 2 * NEIGHBOURS - 1))
        offset, agreement = _agreed(samples, slice(begin, begin + 2 * NEIGHBOURS + 1))
        if agreement >= LEAST_AGREEMENT:
            votes[offset] = votes.get(offset, 0.0) + agreement
    found: list[int] = []
    for offset in sorted(votes, key=lambda each: -votes[each]):
        if all(abs(offset - other) > SAME_OFFSET_FRAMES for other in found):
            found.append(offset)
    return found


def _agreed(samples: Samples, part: slice) -> tuple[int, float]:
    """Return the offset that neighbouring samples agree on, and how much, from 0 to 1."""
    places = samples.places(0)[part]
    profiles = samples.profiles[part]
    length = profiles.shape[1]
    most = int(places.max())
    total = np.zeros(length + most, np.float32)
    for place, profile in zip(places, profiles, strict=True):
        total[most - place : most - place + length] += _votes(profile)
    best = int(total.argmax())
    return best - most, float(total[best]) / len(places)


def _votes(profile: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.clip((profile - FAINT) / (1 - FAINT), 0, 1) ** 2
    return found


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive samples of one offset."""

    begin_seconds: float
    end_seconds: float
    offset: int  # in frames of the release
    samples: int


def runs_of(samples: Samples, offsets: Sequence[int]) -> list[Run]:
    """Return the runs of samples that are alike at the same offset; stray samples belong to none."""
    if not offsets or not len(samples.seconds):
        return []
    likeness = np.stack([samples.likeness(offset) for offset in offsets])
    best = likeness.argmax(axis=0)
    # Where several fit, as in a still scene, the offset of the sample before goes on.
    chosen: list[tuple[float, int]] = []
    for number, seconds in enumerate(samples.seconds):
        at = int(best[number])
        last = chosen[-1][1] if chosen else at
        if likeness[at, number] < LIKE:
            continue
        goes_on = likeness[last, number] >= likeness[at, number] - 0.02
        chosen.append((float(seconds), last if goes_on else at))
    found = list(_runs(chosen, offsets))
    total = sum(run.samples for run in found)
    kept = [run for run in found if run.samples >= min(FEWEST_IN_SEGMENT, total)]
    return _joined(kept)


def _runs(chosen: Sequence[tuple[float, int]], offsets: Sequence[int]) -> Iterator[Run]:
    for at, members in groupby(chosen, key=lambda each: each[1]):
        times = [seconds for seconds, _ in members]
        yield Run(times[0], times[-1], offsets[at], len(times))


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Join neighbouring runs of one offset, between which stray runs were left out."""
    found: list[Run] = []
    for run in runs:
        if found and found[-1].offset == run.offset:
            before = found.pop()
            run = Run(before.begin_seconds, run.end_seconds, run.offset, before.samples + run.samples)  # noqa: PLW2901
        found.append(run)
    return found


def gaps_to_narrow(runs: Sequence[Run]) -> list[float]:
    """Return the film's times at which further samples narrow the gaps between runs."""
    pairs = pairwise(runs)
    gaps = [(one.end_seconds, other.begin_seconds) for one, other in pairs]
    return [(begin + end) / 2 for begin, end in gaps if end - begin > GAP_SECONDS]


def segments_of(runs: Sequence[Run], *, duration_seconds: float, frame_seconds: float) -> tuple[Segment, ...]:
    """Return the segments of a film; the first and the last reach to its ends."""
    last = len(runs) - 1
    return tuple(
        Segment(
            0.0 if number == 0 else run.begin_seconds,
            duration_seconds if number == last else run.end_seconds,
            run.offset * frame_seconds,
        )
        for number, run in enumerate(runs)
    )
