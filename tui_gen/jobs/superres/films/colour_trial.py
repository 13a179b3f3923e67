"""Tries whether ffmpeg's colour chain accepts the frames of a film.

Decoding a frame of a large film costs fifty times as much as converting its corner. So for a large film the
chain is first tried on a made frame: grey, of the film's pixel format, with the tags of its first frame.
A film is refused only after a frame of its own was tried.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.films.survey_places import is_large
from tui_gen.jobs.superres.films.survey_runs import KEY_FRAME_ALONE, SurveyRuns
from tui_gen.media.colour import colour_chain
from tui_gen.media.decoding.frame_log import FrameLog, lasting_reason
from tui_gen.media.ffmpeg import Input, input_arguments, made_input_arguments, raw_output
from tui_gen.media.film_facts import ColourFacts
from tui_gen.media.geometry import Size
from tui_gen.processes.children import Ended, ExactSink

CORNER = Size(64, 64)
"""Only a corner is converted: the whole frame takes half a second."""
RESULT = Size(64, 36)


async def refused_colour(runs: SurveyRuns) -> tuple[str, str] | None:
    """Return (why the colour chain cannot convert this film, what ffmpeg said), or None if it can.

    Raises ChildError.
    """
    probe = runs.unit.probe
    if is_large(probe):
        _, is_converted = await _converted(runs, made_input_arguments(_made_frame(probe.colour)))
        if is_converted:
            return None
    # Decode the first key frame alone: it costs a tenth of what a decoder otherwise reads.
    for skipped in (KEY_FRAME_ALONE, ()):
        ended, is_converted = await _converted(runs, _film_arguments(runs.unit.path, skipped))
        if is_converted:
            return None
    return lasting_reason(ended.tail) or "its colours cannot be converted", ended.tail


def _film_arguments(path: str, skipped: Sequence[str]) -> list[str]:
    given = input_arguments(Input(path))
    given.remove("-xerror")
    given[-2:-2] = skipped
    return given


def _made_frame(colour: ColourFacts) -> str:
    """Return a graph of filters that makes one frame like those of the film."""
    tags = (
        ("range", colour.range),
        ("color_primaries", colour.primaries),
        ("color_trc", colour.transfer),
        ("colorspace", colour.matrix),
    )
    stated = ":".join(f"{name}={tag or 'unknown'}" for name, tag in tags)
    return f"color=c=gray:s={CORNER}:r=1:d=1,format={colour.pixel_format},setparams={stated}"


async def _converted(runs: SurveyRuns, given: Sequence[str]) -> tuple[Ended, bool]:
    """Convert the corner of an input's first frame; return whether a whole frame came out."""
    how = rendering(runs.unit.settings)
    chain = colour_chain(runs.unit.probe, how, frame=RESULT)
    sink = ExactSink(memoryview(bytearray(RESULT.width * RESULT.height * how.pixel_bytes)))
    log = FrameLog()
    corner = f"crop=w=min(iw\\,{CORNER.width}):h=min(ih\\,{CORNER.height}):x=0:y=0"

    def arguments(pipes: Sequence[int]) -> list[str]:
        output = raw_output("0:V:0", pipes[0], pixel_format=how.pixel_format)
        return [*given, *output[:-1], "-frames:v", "1", "-vf", f"{corner},{chain}", output[-1]]

    ended = await runs.ffmpeg_run(arguments, sink, log)
    return ended, sink.is_exact
