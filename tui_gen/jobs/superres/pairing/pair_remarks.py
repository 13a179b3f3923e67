"""The words on a film's pair for `check` and `plan`. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tui_gen.base.formatting import display_name
from tui_gen.jobs.superres.pairing.pair_track import PairTrack

if TYPE_CHECKING:
    from tui_gen.jobs.superres.planning.film_capacity import Option, Prospect

SAME_RESOLUTION = 0.05
"""A release whose pixels and LR pixels differ by less has the resolution of LR."""


def pair_remarks(track: PairTrack, outlook: Prospect) -> Iterator[str]:
    """Yield what was found of an aligned release: its time, its place, and its resolution against LR."""
    probe = track.probe
    offsets = ", ".join(f"{segment.offset_seconds:+.3f} s" for segment in track.segments)
    cuts = len(track.segments) - 1
    parts = f" in {cuts + 1} parts, between which one of the two is cut" if cuts else ""
    yield (
        f"pair: {display_name(os.path.basename(track.file.path))}, {probe.coded}, offset {offsets}{parts},"  # noqa: PTH119 - may not be UTF-8
        f" rate {track.rate:.6f}, residual {track.residual_pixels:.2f} pixels,"
        f" {track.matching} of {track.places} places match frame by frame"
    )
    yield from _resolution(track, outlook.options)


def pair_record(track: PairTrack) -> dict[str, Any]:
    """Return what was found of an aligned release, for scripts."""
    return {
        "path": track.file.path,
        "size": [track.probe.coded.width, track.probe.coded.height],
        "rate": track.rate,
        "segments": [asdict(segment) for segment in track.segments],
        "placement": asdict(track.placement),
        "residual_pixels": track.residual_pixels,
        "correlation": track.correlation,
        "places": track.places,
        "matching": track.matching,
    }


def _resolution(track: PairTrack, options: Mapping[str, Sequence[Option]]) -> Iterator[str]:
    """Yield how the pixels of a release compare with those of LR, for the formats of a film."""
    told: dict[str, list[str]] = {}
    known = {option.format.name: option for each in options.values() for option in each}
    for name, option in sorted(known.items()):
        across, down = track.pixels_per_lr(option.fit.frame, option.format.ratio)
        told.setdefault(f"{across:.2f} x {down:.2f}", []).append(name)
    for pixels, names in told.items():
        across, down = (float(value) for value in pixels.split(" x "))
        if max(across, down) < 1 - SAME_RESOLUTION:
            what = "less than LR has: it is enlarged"
        elif min(across, down) > 1 + SAME_RESOLUTION:
            what = "more than LR has: it is shrunk"
        else:
            what = "about what LR has"
        yield f"pair: {pixels} of its pixels for one of LR ({', '.join(names)}), {what}"
