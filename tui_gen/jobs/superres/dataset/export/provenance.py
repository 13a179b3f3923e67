"""The origin of a patch as a flat record, for the shards of WebDataset and the rows of Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_gen.engine.model.work import JsonObject, Patch
from tui_gen.jobs.superres.config.settings import Video
from tui_gen.jobs.superres.dataset.export.samples import Sample, entry_at
from tui_gen.jobs.superres.dataset.split import Split, whole_name
from tui_gen.media.colour import hdr_class

_OF_CLIP = ("pts_seconds", "pts", "types", "scene_difference", "pair_differences")
_OF_PATCH = ("format", "x", "y", "width", "height", "source_crop", "files")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Reads the provenance records of patches from the ledger."""

    ledger: Path
    films: Mapping[str, Video]
    facts: Mapping[str, JsonObject]  # source -> facts
    ratio: int  # GT pixels per LR pixel

    def of(self, sample: Sample, split: Split) -> dict[str, Any]:
        """Return the record of a patch, without values that the ledger does not have. Raises OSError.

        `film_scale` is the size of the picture that was cropped, divided by that of the film; `ratio` is the
        size of GT divided by that of LR. Sizes and hashes are of whole files, so a sub-patch has none.
        """
        clip, patch = entry_at(self.ledger, sample)
        film = self.films.get(sample.source)
        scores = {**clip.record.get("scores", {}), **patch.record.get("scores", {})}
        return {
            "key": sample.key,
            "video": sample.source,
            "film": film.name if film else "",
            "clip": sample.index,
            "category": sample.category,
            "split": split,
            "group": film.group if film else None,
            "weights": {whole_name(name): weight for name, weight in film.weights} if film else {},
            **{name: clip.record[name] for name in _OF_CLIP if name in clip.record},
            "attempts": clip.attempts,
            **{name: patch.record[name] for name in _OF_PATCH if name in patch.record},
            **({"film_scale": patch.record["scale"]} if "scale" in patch.record else {}),
            "ratio": self.ratio,
            **_of_files(sample, patch),
            "hash": None if patch.perceptual_hash is None else f"{patch.perceptual_hash:016x}",
            "scores": scores,
            "hdr_class": _hdr_class(self.facts.get(sample.source, {})),
        }


def _of_files(sample: Sample, patch: Patch) -> dict[str, Any]:
    if sample.crop is not None:
        crop = sample.crop
        return {"crop": [crop.x, crop.y, crop.width, crop.height]}
    hashes = {"sha256": patch.record["sha256"]} if "sha256" in patch.record else {}
    return {**hashes, "bytes": patch.size_bytes}


def _hdr_class(facts: JsonObject) -> str | None:
    """Return the class that a film was read as: by the transfer of its entry, or else by its own."""
    transfer: str | None = facts.get("entry", {}).get("tags", {}).get("transfer")
    found: str | None = facts.get("probe", {}).get("hdr_class")
    return hdr_class(transfer) if transfer is not None else found
