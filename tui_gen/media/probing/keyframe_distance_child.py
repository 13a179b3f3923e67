"""Measures the distances of the key frames of one film; runs as a child, by its path.

    python -I keyframe_distance_child.py <path> <formats> <place,place,...> <descriptor>

    short file            all its packets
    mov family            its index, which lists every frame
    other                 the packets after a few places, in seconds of the container's clock

It writes one JSON object to the descriptor. Nothing is decoded: a key frame is a frame that the container
flags as one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from tui_gen.media.decoding.track import open_film
from tui_gen.media.probing.packet_reading import packets, seek
from tui_gen.media.probing.probe_child import track_of

WHOLE_BYTES = 64 << 20
PLACE_PACKETS = 1500
"""The most packets read after a place without a key frame: about a minute of film, enough for a bound."""
PLACE_RUNS = 3
INDEX_SHARE = 0.9


@dataclass(slots=True)
class Runs:
    """The runs of frames from key frame to key frame: their lengths in frames and in seconds."""

    frames: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    # From the last key frame to the end of the measurement: incomplete, so a lower bound.
    last_frames: int = 0
    last_seconds: float = 0.0

    def add(self, other: Runs) -> None:
        """Add the runs of another place."""
        self.frames += other.frames
        self.seconds += other.seconds
        self.last_frames = max(self.last_frames, other.last_frames)
        self.last_seconds = max(self.last_seconds, other.last_seconds)


def main() -> None:
    """Write the distances, or why there are none, to the descriptor in the arguments."""
    path, formats, places, descriptor = sys.argv[1:5]
    try:
        answer = measured(path, formats, [float(place) for place in places.split(",") if place])
    except (av.error.FFmpegError, OSError) as error:
        answer = {"failed": f"{error.strerror or error}"}
    with open(int(descriptor), "w") as pipe:  # noqa: PTH123 - a descriptor
        json.dump(answer, pipe)


def measured(path: str, formats: str, places: Sequence[float]) -> dict[str, Any]:
    """Return the typical and the longest distance, in frames and in seconds."""
    with open_film(path, formats) as container:
        stream = track_of(container)
        if os.stat(path).st_size <= WHOLE_BYTES:  # noqa: PTH116 - names need not be UTF-8
            return answer_of("packets", runs_of(_of_packets(container, stream)))
        if container.format.name.startswith("mov") and (runs := _of_index(container, stream)):
            return answer_of("index", runs)
        runs = Runs()
        for place in places:
            if seek(container, stream, place):
                runs.add(runs_of(_some_runs(_of_packets(container, stream))))
        return answer_of("places", runs)


def answer_of(how: str, runs: Runs) -> dict[str, Any]:
    """Return the answer; a distance is None without a key frame or without timestamps."""
    frames = [run for run in (*runs.frames, runs.last_frames) if run]
    seconds = [run for run in (*runs.seconds, runs.last_seconds) if run]
    return {
        "how": how,
        "key_frames": len(frames),
        "typical_frames": typical(frames),
        "longest_frames": max(frames, default=None),
        "typical_seconds": typical(seconds),
        "longest_seconds": max(seconds, default=None),
        "frames_before": sum(run * (run - 1) / 2 for run in frames) / sum(frames) if frames else None,
    }


def typical(runs: Sequence[float]) -> float | None:
    """Return the run that contains the median frame, so that many short runs do not hide a long run."""
    left = sum(runs) / 2
    for run in sorted(runs):
        left -= run
        if left <= 0:
            return run
    return None


Seen = tuple[bool, float | None, float]
"""Whether the frame is a key frame, its timestamp, and its duration in seconds."""


def runs_of(frames: Iterator[Seen]) -> Runs:
    """Divide frames, in the order of the file, at key frames; frames before the first one are left out."""
    runs, begin, latest, has_begun = Runs(), None, 0.0, False
    for is_key, pts, shown_seconds in frames:
        if is_key:
            if has_begun:
                runs.frames.append(runs.last_frames)
                if begin is not None and pts is not None:
                    runs.seconds.append(pts - begin)
            has_begun, begin, runs.last_frames, latest = True, pts, 0, 0.0
        if has_begun:
            runs.last_frames += 1
            if pts is not None and begin is not None:
                latest = max(latest, pts + shown_seconds - begin)
    runs.last_seconds = latest
    return runs


def _of_packets(container: InputContainer, stream: VideoStream) -> Iterator[Seen]:
    for packet in packets(container, stream):
        tick = float(packet.time_base)
        pts = None if packet.pts is None else packet.pts * tick
        yield packet.is_keyframe, pts, (packet.duration or 0) * tick


def _some_runs(frames: Iterator[Seen]) -> Iterator[Seen]:
    keys = 0
    for number, frame in enumerate(frames):
        keys += frame[0]
        yield frame
        if keys > PLACE_RUNS or number >= PLACE_PACKETS:
            return


def _of_index(container: InputContainer, stream: VideoStream) -> Runs | None:
    """Return the runs of an index that covers the film, or None."""
    tick = float(stream.time_base or 0)
    entries = [(entry.is_keyframe, entry.timestamp * tick, 0.0) for entry in stream.index_entries]
    stated_seconds = container.duration / av.time_base if container.duration else 0.0
    if not entries or entries[-1][1] - entries[0][1] < INDEX_SHARE * stated_seconds:
        return None
    return runs_of(iter(entries))


if __name__ == "__main__":
    main()
