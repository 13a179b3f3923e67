"""What a verdict on a film depends on beside the film: under anything else the film is looked at anew.

    a look ──> "it can give nothing", judged by: this program, this ffmpeg, these settings   (the ledger)
    a later start, judged by others ──> forgotten, and looked at again

Verdicts that follow from facts and settings alone (too short, interlaced, no format fits) are made
anew whenever a plan is, and stand nowhere.
"""

from __future__ import annotations

from tui_gen import __version__
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject, Learned
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.media.ffmpeg import Ffmpeg

JUDGED = "judged"
"""Of a source's facts, the one that says what its latest verdict depended on."""


def verdict_basis(settings: Settings, ffmpeg: Ffmpeg) -> JsonObject:
    """Return what a verdict made now depends on."""
    return {
        "tui-gen": __version__,
        "ffmpeg": ffmpeg.version,
        "chroma": settings.chroma,
        "hdr": settings.hdr,
    }


def basis(source: str, settings: Settings, ffmpeg: Ffmpeg) -> Learned:
    """Return what is to be recorded before a verdict."""
    return Learned(source, {JUDGED: verdict_basis(settings, ffmpeg)})


def is_outdated(record: SourceRecord | None, basis: JsonObject | None) -> bool:
    """Return whether a film was given up under other circumstances; None: those of today are not known."""
    if record is None or record.unusable is None or basis is None:
        return False
    return record.facts.get(JUDGED) != basis
