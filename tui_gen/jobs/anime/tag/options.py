"""What the configuration decides about tags. Names and defaults are those of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SortMode = Literal["score", "shuffle", "original"]
PruneMode = Literal["character_core", "character", "minimal", "none"]


@dataclass(frozen=True, slots=True)
class TagOptions:
    """How tags are made, pruned and ordered."""

    tagging_method: str = "auto"  # name of a tagger; auto: the best one there is
    tag_threshold: float = 0.35  # a tag is used if its score is above
    overwrite_tags: bool = False  # tag images again that have tags
    process_from_original_tags: bool = False  # begin with the tagger's tags, not with processed ones
    sort_mode: SortMode = "score"
    max_tag_number: int | None = 15  # of one image; None: no limit
    append_dropped_character_tags: bool = False
    append_dropped_character_tags_wildcard: bool = False
    blacklist_tags_file: Path | None = None  # None: the lists of the program, here and below
    overlap_tags_file: Path | None = None
    character_tags_file: Path | None = None
    drop_contained_tags: bool = True  # a tag whose words are part of a longer tag goes
    prune_mode: PruneMode = "character_core"
    drop_difficulty: int = 2  # character tags below this difficulty are dropped
    core_frequency_thresh: float = 0.4  # share of a character's solo images that make a tag a core tag
    compute_core_tag_up_levels: int = 1
    use_existing_core_tag_file: bool = False
    drop_all_core: bool = False
    emb_min_difficulty: int = 1  # included
    emb_max_difficulty: int = 2  # excluded
    emb_init_all_core: bool = False
    drop_hair_tag: bool = False
    drop_eye_tag: bool = False
    drop_outfit_tag: bool = False
