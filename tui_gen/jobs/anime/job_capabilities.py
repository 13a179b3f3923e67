"""What the job offers before a configuration exists: the demo, and how the models are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.contract.export import LayoutLine
from tui_gen.contract.inspect import Condition

ABOUT = """\
tui-gen makes balanced training sets of characters from the episodes of a series: \
it extracts frames, crops characters, sorts them, tags and captions them, \
and arranges everything in folders that trainers read."""


class AnimeDemo:
    """Draws two episodes, so that nothing has to be fetched."""

    def make_demo(self, folder: Path, *, say: Callable[[str], None]) -> Path:
        """Make them; return the path of the configuration. Raises RefusedError."""
        from tui_gen.jobs.anime.demo.make import make_demo

        return make_demo(folder, say=say)


def examined_tools() -> tuple[Condition, ...]:
    """Return which ffmpeg and which models would be used."""
    from tui_gen.jobs.anime.job import fit_ffmpeg
    from tui_gen.jobs.anime.looking.conditions import ffmpeg_condition, model_conditions, runtime_condition
    from tui_gen.jobs.anime.models.finding import found_models
    from tui_gen.jobs.anime.models.options import ModelOptions

    try:
        decoder = ffmpeg_condition(fit_ffmpeg())
    except RefusedError as error:
        decoder = ffmpeg_condition(error)
    try:
        found = found_models(ModelOptions())
    except RefusedError as error:
        return (decoder, Condition("models", "wrong", str(error)))
    models = (found.detector, found.embedder, found.tagger)
    return (decoder, *model_conditions(models), runtime_condition(models))


def known_layouts() -> tuple[LayoutLine, ...]:
    """Return the layouts of `export`, a line each."""
    from tui_gen.jobs.anime.exports.layouts import LAYOUTS

    return tuple(LayoutLine(layout.name, layout.text) for layout in LAYOUTS.values())
