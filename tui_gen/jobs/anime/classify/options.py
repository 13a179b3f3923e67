"""The options of the classification."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassifyOptions:
    """The options of the classification; names and defaults of anime_screenshot_pipeline."""

    n_add_to_ref_per_character: int = 0  # crops that are to become references, for each character
    ignore_character_metadata: bool = False
    extract_from_noise: bool = True
    filter_characters: bool = True
    keep_unnamed_clusters: bool = (
        False  # they are kept in any case if neither references nor metadata name any
    )
    accept_multiple_candidates: bool = (
        False  # of characters that the metadata of a cluster name equally often
    )
    cluster_merge_threshold: float = 0.85  # share of like pairs of two clusters
    cluster_min_samples: int = 5
    same_threshold_rel: float = 0.6  # share of a group that a crop is like
    same_threshold_abs: int = 20  # or number of its members
