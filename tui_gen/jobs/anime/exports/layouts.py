"""The layouts by name: what reads each, and how its plan is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tui_gen.jobs.anime.exports.ai_toolkit import ai_toolkit_plan
from tui_gen.jobs.anime.exports.diffusion_pipe import diffusion_pipe_plan
from tui_gen.jobs.anime.exports.everydream import everydream_plan
from tui_gen.jobs.anime.exports.kohya import kohya_plan
from tui_gen.jobs.anime.exports.model import ExportFolder, ExportPlan, ExportSettings
from tui_gen.jobs.anime.exports.onetrainer import onetrainer_plan


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout."""

    name: str
    text: str
    plan: Callable[[Sequence[ExportFolder], Path, ExportSettings], ExportPlan]


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            Layout("kohya", "sd-scripts: folders <repeats>_<path>, dataset.toml, meta_cap.json", kohya_plan),
            Layout("onetrainer", "OneTrainer: concepts.json", onetrainer_plan),
            Layout("ai-toolkit", "ai-toolkit: datasets.yaml for its configuration", ai_toolkit_plan),
            Layout("diffusion-pipe", "diffusion-pipe: dataset.toml", diffusion_pipe_plan),
            Layout("everydream", "EveryDream2: the folders with multiply.txt", everydream_plan),
        )
    }
)
