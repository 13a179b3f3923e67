"""Checks the keys of pairs: `pair` in a video's entry, and what cannot be had together with it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tui_gen.config.documents import absolute
from tui_gen.config.faults import Fault
from tui_gen.jobs.superres.config.schema import LEFT_OUT, ConfigFile
from tui_gen.jobs.superres.dataset.file_kinds import PAIR


def pair_faults(file: ConfigFile, folder: str) -> Iterator[Fault]:
    """Yield the faults of the pairs of a file that lies in `folder`."""
    paired = [
        (index, video)
        for index, video in enumerate(file.videos)
        if video is not LEFT_OUT and video.pair is not None
    ]
    for index, video in paired:
        place = ("videos", index, "pair")
        if absolute(folder, str(video.pair)) == absolute(folder, video.path):
            yield Fault(place, "it is the film's own file", "write the path of another release, or remove it")
        if file.colour_output != "sdr8":
            wrong = "LR of another release is 8-bit SDR only"
            remedy = f'remove it, or "colour_output": {json.dumps(file.colour_output)}'
            yield Fault(place, wrong, remedy)
        if file.repeated_frames == "collapse":
            wrong = "a release is compared with consecutive frames only"
            yield Fault(place, wrong, 'remove it, or "repeated_frames": "collapse"')
    if paired and PAIR in file.lr_variants:
        wrong = "the name is that of the folders of pairs"
        yield Fault(("lr_variants", PAIR), wrong, "write another name for the variant")
