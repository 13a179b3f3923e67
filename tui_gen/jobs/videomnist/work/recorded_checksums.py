"""The checksums of all videos as the ledger records them, in 24 bytes a video.

A video of an earlier HDF5 file is compared with them before its bytes are copied: nothing is decoded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.standing_patches import standing_patches
from tui_gen.jobs.videomnist.dataset.stored_video import Checksums
from tui_gen.jobs.videomnist.model import SPLITS, VideoKey
from tui_gen.jobs.videomnist.units import source_of

if TYPE_CHECKING:
    from tui_gen.jobs.videomnist.config.settings import Settings

_ENTRY = struct.Struct("<16sII")
_NOTHING = bytes(_ENTRY.size)


@dataclass(frozen=True, slots=True)
class RecordedChecksums:
    """Checksums by video."""

    _entries: dict[str, bytearray] = field(default_factory=dict)  # source -> an entry for each index

    @classmethod
    def of_ledger(cls, settings: Settings) -> RecordedChecksums:
        """Read the ledger of a configuration. Raises OSError."""
        recorded = cls()
        for standing in standing_patches(settings.run_folder / LEDGER_NAME):
            clip, patch = standing.clip.clip, standing.patch
            if patch.category in SPLITS:
                pixels, truth = patch.record["crc32"]
                frames = bytes.fromhex(patch.record["blake2b"])
                recorded.enter(clip.source, clip.index, Checksums(frames, pixels, truth))
        return recorded

    def enter(self, source: str, index: int, checksums: Checksums) -> None:
        """Enter the checksums of one video."""
        entries = self._entries.setdefault(source, bytearray())
        end = (index + 1) * _ENTRY.size
        if len(entries) < end:
            entries.extend(bytes(end - len(entries)))
        _ENTRY.pack_into(entries, index * _ENTRY.size, checksums.frames, checksums.pixels, checksums.truth)

    def of(self, key: VideoKey) -> Checksums | None:
        """Return the checksums of a video, or None where the ledger has none."""
        entries = self._entries.get(source_of(key.split, key.digit), b"")
        entry = bytes(entries[key.index * _ENTRY.size : (key.index + 1) * _ENTRY.size])
        return None if entry in {b"", _NOTHING} else Checksums(*_ENTRY.unpack(entry))
