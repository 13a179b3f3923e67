"""The circumstances of a verdict on a film. If they change, the film is looked at again.

    survey or probe ──> "unusable", with the circumstances: program, ffmpeg, settings   (the ledger)
    a later start under other circumstances ──> the verdict is dropped, and the film is looked at again

Verdicts that follow from facts and settings alone (too short, interlaced, no format fits) are made again by
every plan and are not recorded.
"""

from __future__ import annotations

from tui_gen import __version__
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject, Learned
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.media.ffmpeg import Ffmpeg

JUDGED = "judged"
"""The key of a source's facts for the circumstances of its latest verdict."""


def verdict_basis(settings: Settings, ffmpeg: Ffmpeg) -> JsonObject:
    """Return the circumstances of a verdict made now."""
    return {
        "tui-gen": __version__,
        "ffmpeg": ffmpeg.version,
        "chroma": settings.chroma,
        "hdr": settings.hdr,
        **({"colour_output": settings.colour_output} if settings.colour_output != "sdr8" else {}),
    }


def basis(source: str, settings: Settings, ffmpeg: Ffmpeg) -> Learned:
    """Return the fact to record before a verdict."""
    return Learned(source, {JUDGED: verdict_basis(settings, ffmpeg)})


def is_outdated(record: SourceRecord | None, basis: JsonObject | None) -> bool:
    """Return whether a verdict was made under other circumstances; basis None: today's are unknown."""
    if record is None or record.unusable is None or basis is None:
        return False
    return record.facts.get(JUDGED) != basis
