"""The configuration as the rest of the job sees it: frozen, complete, every default filled in. Picklable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.config.run_config import Notices, ScheduleEntry
from tui_gen.jobs.anime.config.stage_names import STAGES
from tui_gen.jobs.anime.images.folders import Folders
from tui_gen.jobs.anime.sources import Source

if TYPE_CHECKING:
    from tui_gen.jobs.anime.arrange.arrangement import ArrangeOptions
    from tui_gen.jobs.anime.balance.multiply import BalanceOptions
    from tui_gen.jobs.anime.classify.options import ClassifyOptions
    from tui_gen.jobs.anime.crop.options import CropOptions
    from tui_gen.jobs.anime.frames.options import DuplicateOptions, SurveyOptions
    from tui_gen.jobs.anime.models.options import ModelOptions
    from tui_gen.jobs.anime.select.options import SelectOptions
    from tui_gen.jobs.anime.tag.captions import CaptionOptions
    from tui_gen.jobs.anime.tag.options import TagOptions


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole configuration."""

    config_path: Path
    folders: Folders
    sources: tuple[Source, ...]
    survey: SurveyOptions
    duplicates: DuplicateOptions
    crop: CropOptions
    classify: ClassifyOptions
    select: SelectOptions
    tag: TagOptions
    caption: CaptionOptions
    arrange: ArrangeOptions
    balance: BalanceOptions
    models: ModelOptions
    frame_model: str | None = None  # of near duplicates
    stages: tuple[str, ...] = STAGES  # the stages that a run performs
    takes_episodes: bool = True  # False: a run begins at a later stage, and only folders are read
    seed: int = 0
    is_booru: bool = False
    remove_intermediate: bool = False
    save_aux: tuple[str, ...] = ()
    load_aux: tuple[str, ...] = ()
    grabber_extension: str | None = None
    raw_format: Literal["png", "webp", "jpg"] = "png"
    reference_folder: Path | None = None
    max_workers: int = 1
    open_sources: int | None = None  # at most so many episodes are read at once; None: any number
    min_free_gb: float = 5.0
    nice: int = 19
    status_file: Path | None = None
    schedule: tuple[ScheduleEntry, ...] = ()
    cluster: ClusterSettings | None = None  # None: this machine alone
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keymap: Mapping[str, str] = field(default_factory=dict)
    notices: Notices = "none"
