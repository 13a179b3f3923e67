"""Counts clips and patches by source, category and stage. Only `RunState.apply` calls this."""

from __future__ import annotations

from collections.abc import Sequence

from tui_gen.engine.model.run_data import RunData
from tui_gen.engine.model.state_views import SourceState


def count_attempts(run: RunData, source: SourceState, attempts: int) -> None:
    """Count an ended clip and its attempts."""
    source.ended += 1
    source.attempts += attempts
    run.attempts += attempts
    if attempts > 1:
        source.retried += 1
        run.clips_retried += 1


def count_made(  # noqa: PLR0913, PLR0917  (all of them are of one line of the ledger)
    run: RunData,
    source: SourceState,
    stage: str,
    clip: int,
    patches: Sequence[tuple[str, int, int | None]],
    refused: Sequence[str],
) -> int:
    """Count a made clip and its patches; return the bytes of the patches that did not exist before."""
    name = run.making_stage = run.stage_of(stage)
    record = run.record(source.id).kept_stage(name)
    new_bytes = count_new(run, source, record.take(clip, patches, refused))
    source.made += 1
    source.count_made(name)
    run.clips_made += 1
    return new_bytes


def count_new(run: RunData, source: SourceState, patches: Sequence[tuple[str, int]]) -> int:
    """Count patches that did not exist before, by category and bytes; return their bytes."""
    new_bytes = 0
    for given, size_bytes in patches:
        source.images[given] = source.images.get(given, 0) + 1
        category = run.category(given)
        category.images += 1
        category.size_bytes += size_bytes
        new_bytes += size_bytes
    source.size_bytes += new_bytes
    return new_bytes


def supersede(run: RunData, name: str, stage: str) -> None:
    """Remove the patches of a stage and a source; counts of work done remain."""
    record, source = run.record(name), run.see(name)
    before = record.stages[stage]
    for category, bits in before.made.items():
        source.images[category] = source.images.get(category, 0) - bits.bit_count()
        run.category(category).images -= bits.bit_count()
        run.category(category).size_bytes = 0  # a category belongs to one stage
    source.size_bytes -= before.size_bytes
    record.stages[stage] = before.redone()
