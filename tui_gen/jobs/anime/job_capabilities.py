"""What the job offers before a configuration exists: the demo, and how the models are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tui_gen.base.errors import RefusedError
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
    """Return which models would be used."""
    from tui_gen.jobs.anime.models.finding import found_models
    from tui_gen.jobs.anime.models.options import ModelOptions

    try:
        found = found_models(ModelOptions())
    except RefusedError as error:
        return (Condition("models", "warning", str(error)),)
    return tuple(
        Condition(model.kind, "good", model.sentence)
        for model in (found.detector, found.embedder, found.tagger)
    )
