"""The start of a stage: what the ledger gets, and which stages a limited run leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_gen.engine.model.stage_changes import starts_of
from tui_gen.engine.model.work import Stage
from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.storage.recorder import Recorder


def left_out_words(stage: Stage, options: Options) -> str:
    """Return why a stage over the whole dataset is left out of a limited run; empty if it is not."""
    if stage.scope != "dataset" or (options.limit is None and options.only is None):
        return ""
    return f"stage {stage.name} was left out: it needs a run without --limit and --only"


async def record_start(stage: Stage, stages: Sequence[Stage], recorder: Recorder, gate: Gate) -> None:
    """Record the recipe or inputs of a stage that begins for the first time, or with changed ones."""
    inputs = stage.inputs(recorder.state.records) if stage.scope == "dataset" else ""
    for started in starts_of(stages, stage, inputs, recorder.state):
        await recorder.note(replace(started, at=recorder.now()), gate)
