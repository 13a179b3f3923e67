"""Reads the times of a film's key frames from its container's index: `keyframe_index`.

    keyframe_index_child (PyAV) ── timestamps, or why there are none ──> keyframe_index ──> KeyframeIndex

Invariant: a film whose index does not cover its running time has a reason instead of key frames. A failure
that is not caused by the file (a killed or hung child, an I/O error) is a ChildError.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from tui_gen.media.ffmpeg import FORMATS
from tui_gen.media.film_facts import FilmFile, KeyframeIndex, ProbeFacts
from tui_gen.processes.children import ChildError, Command, StallLimits, TextSink, run_child

KEYFRAME_INDEX_CHILD = Path(__file__).with_name("keyframe_index_child.py")
KEYFRAME_LIMITS = StallLimits(first_seconds=60.0, next_seconds=60.0)
MOST_ANSWER_BYTES = 64 << 20
TAIL_GAPS = 2
"""An index that ends this number of its longest gaps before the film does not cover the film."""


async def keyframe_index(
    file: FilmFile, facts: ProbeFacts, *, limits: StallLimits = KEYFRAME_LIMITS
) -> KeyframeIndex:
    """Return the key frames of a probed film, or why they are unknown. Raises ChildError."""
    sink = TextSink(MOST_ANSWER_BYTES)

    def arguments(pipes: Sequence[int]) -> list[str]:
        return ["-I", str(KEYFRAME_INDEX_CHILD), os.path.abspath(file.path), FORMATS, str(pipes[0])]  # noqa: PTH100 - may not be UTF-8

    ended = await run_child(
        Command(
            program=sys.executable,
            arguments=arguments,
            sinks=[sink],
            limits=limits,
            niceness=file.niceness,
        )
    )
    if ended.has_stalled or ended.was_killed or ended.status or not sink.data:
        reason = "the look at the index hung" if ended.has_stalled else "the look at the index failed"
        raise ChildError(reason, ended.tail)
    answer: dict[str, Any] = json.loads(sink.data)
    if "passing" in answer:
        raise ChildError(answer["passing"], ended.tail)
    if "unknown" in answer:
        return KeyframeIndex(unknown=answer["unknown"])
    return _of_whole_film(KeyframeIndex(Fraction(*answer["tick"]), tuple(answer["pts"])), facts)


def _of_whole_film(found: KeyframeIndex, facts: ProbeFacts) -> KeyframeIndex:
    times = found.times_seconds(facts.first_pts_seconds)
    gaps = [after - before for before, after in pairwise(times)]
    last_seconds = times[-1] if times else 0.0
    if facts.duration_seconds - last_seconds > TAIL_GAPS * max(gaps, default=0.0):
        count = "1 key frame" if len(times) == 1 else f"{len(times)} key frames"
        place = f"the last at {last_seconds:.1f} s of {facts.duration_seconds:.1f} s"
        return KeyframeIndex(unknown=f"its index lists {count}, {place}")
    return found
