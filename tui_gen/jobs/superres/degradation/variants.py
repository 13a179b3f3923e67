"""The variants of LR that a configuration asks for: their steps, and the ranges that are drawn from.

    Variant ── choices.py, per clip and category ──> chosen steps ── chain.py ──> degraded frames

Values only. A range is (low, high), both included. Steps have a probability; a step that is not applied
leaves the frames as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Range = tuple[float, float]
WholeRange = tuple[int, int]
Shape = Literal[
    "iso", "aniso", "generalized_iso", "generalized_aniso", "plateau_iso", "plateau_aniso", "sinc"
]
ResizeKernel = Literal["area", "bilinear", "bicubic"]
ResizeMode = Literal["up", "down", "keep"]
Codec = Literal["libx264", "libx265", "mpeg2video", "mpeg4", "libvpx-vp9"]
Control = Literal["crf", "q", "bitrate", "bits_per_pixel"]
Origin = Literal["gt", "lr"]

RESIZE_KERNELS: tuple[ResizeKernel, ...] = get_args(ResizeKernel)


@dataclass(frozen=True, slots=True)
class Blur:
    """Convolution with one kernel for all frames of a clip."""

    sigma: Range  # in pixels of the frames at this step
    kernel_size: WholeRange = (7, 21)  # pixels on a side, odd
    shapes: tuple[tuple[Shape, float], ...] = (("iso", 1.0),)  # with weights
    # Exponents of the other shapes, and the cut-off of "sinc" in radians per pixel, as in Real-ESRGAN.
    beta_generalized: Range = (0.5, 4.0)
    beta_plateau: Range = (1.0, 2.0)
    cutoff: Range | None = None  # None: by the size of the kernel
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise of its own in every frame. With both ranges, each kind has the same chance."""

    sigma: Range | None = None  # Gaussian, in levels of 0..255
    poisson: Range | None = None  # the factor of shot noise; at 1, a level L varies by about sqrt(L)
    gray: float = 0.0  # the probability that the three channels have the same noise
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Resize:
    """Another size for the frames that follow; the chain ends with the size of LR."""

    factor: Range = (1.0, 1.0)  # on both axes
    modes: tuple[tuple[ResizeMode, float], ...] = ()  # with weights; empty: `factor` is drawn evenly
    relative_to: Literal["current", "lr"] = "current"
    kernels: tuple[ResizeKernel, ...] = RESIZE_KERNELS
    is_to_lr: bool = False  # to the size of LR; `factor` is not used
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Jpeg:
    """JPEG of each frame by itself."""

    quality: WholeRange
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Video:
    """A video codec over the whole sequence of frames."""

    codecs: tuple[Codec, ...]  # one is drawn
    control: Control
    # crf and q: the encoder's own scale. bitrate: kbit/s at 24 frames/s. bits_per_pixel: per pixel of LR.
    value: Range
    probability: float = 1.0


Step = Blur | Noise | Resize | Jpeg | Video


@dataclass(frozen=True, slots=True)
class Shuffle:
    """Groups of steps in random order; the order within a group is kept."""

    groups: tuple[tuple[Step, ...], ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant: its name, what its first step gets, and its steps in order."""

    name: str
    origin: Origin
    steps: tuple[Step | Shuffle, ...]
    is_chain: bool = False  # its record in the ledger is a list

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps, those of groups included."""
        return tuple(
            inner
            for step in self.steps
            for inner in (
                [each for group in step.groups for each in group] if isinstance(step, Shuffle) else [step]
            )
        )

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """The video codecs that may be drawn, each once, in alphabetical order."""
        steps = (step for step in self.all_steps if isinstance(step, Video))
        return tuple(sorted({codec for step in steps for codec in step.codecs}))

    def to_json(self) -> Mapping[str, Any]:
        """Return the variant as JSON values, for the recipe: every range, those of a preset included."""
        return {"from": self.origin, "steps": [_step_json(step) for step in self.steps]}


def _step_json(step: Step | Shuffle) -> dict[str, Any]:
    if isinstance(step, Shuffle):
        return {"shuffle": [[_step_json(each) for each in group] for group in step.groups]}
    values = {name: _listed(value) for name, value in asdict(step).items()}
    return {type(step).__name__.lower(): values}


def _listed(value: object) -> object:
    return [_listed(each) for each in value] if isinstance(value, tuple) else value
