"""The options of the selection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SelectOptions:
    """The options of the selection; names and defaults of anime_screenshot_pipeline."""

    cropped_in_dataset: bool = True
    original_in_dataset: bool = True
    resize: bool = True
    max_size: int = 768  # pixels of the shorter edge
    image_save_ext: str = ".webp"
    n_anime_reg: int = 500  # frames without characters; none of a booru
    filter_again: bool = False  # whether near duplicates among the selected are left out
    character_overwrite_uncropped: bool = False  # booru: whether crops replace the characters of metadata
    character_remove_unclassified: bool = False  # booru: whether only characters with a folder are kept
    overwrite_emb_init_info: bool = False
    min_face_number: int | None = None
    max_face_number: int | None = None
    is_booru: bool = False
    seed: int = 0
