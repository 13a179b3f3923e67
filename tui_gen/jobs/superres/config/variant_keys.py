"""The keys of `lr_variants`: degraded variants of the LR stacks. `variant_checks.py` checks them together."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tui_gen.config.keys import KeysModel
from tui_gen.jobs.superres.degradation.presets import Preset
from tui_gen.jobs.superres.degradation.variants import Codec, Origin, ResizeKernel, ResizeMode, Shape


def _as_range(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return [value, value] if is_number else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


_PAIR = Field(min_length=2, max_length=2)
_WHOLE = "[lowest, highest] in whole numbers, like"
Sigma = Annotated[float, Field(gt=0, le=20)]
KernelSize = Annotated[int, Field(ge=3, le=51)]
Level = Annotated[float, Field(ge=0, le=255)]
Factor = Annotated[float, Field(ge=0.05, le=4)]
Chance = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=100)]
Range = BeforeValidator(_as_range)


class StepEntry(KeysModel):
    """One step of a chain: one of `blur`, `noise` or `poisson`, `resize`, `jpeg` and `codec`."""

    blur: Annotated[list[Sigma], _PAIR, Range] | None = Field(
        default=None, description="[lowest, highest] in pixels, like [0.2, 3]"
    )
    """Blur: the range of the kernel's standard deviation, in pixels of the frames at this step."""
    kernel_size: Annotated[list[KernelSize], _PAIR, Range] | None = Field(
        default=None, description="[smallest, largest] odd numbers of pixels, like [7, 21]"
    )
    """With `blur`: the range of the kernel's size, odd; by default 7 to 21."""
    shapes: dict[Shape, Weight] | None = Field(
        default=None, description='shapes and their weights, like {"iso": 0.7, "aniso": 0.3}'
    )
    """With `blur`: the shapes of the kernel and their weights; by default `{"iso": 1}`."""
    noise: Annotated[list[Level], _PAIR, Range] | None = Field(
        default=None, description="[lowest, highest] in levels of 0 to 255, like [1, 30]"
    )
    """Gaussian noise: the range of its standard deviation."""
    poisson: Annotated[list[Annotated[float, Field(ge=0, le=10)]], _PAIR, Range] | None = Field(
        default=None, description="[lowest, highest], like [0.05, 3]"
    )
    """Shot noise: the range of its factor; with `noise` in the same step, one of the two is drawn."""
    gray: Chance | None = Field(default=None, description="a number from 0 to 1")
    """With `noise` or `poisson`: the probability that all three channels get the same noise; by default 0."""
    resize: Annotated[list[Factor], _PAIR, Range] | None = Field(
        default=None, description="[smallest, largest] factors, like [0.5, 1.5]"
    )
    """Another size: the range of the factor; after the last step the frames get the size of LR."""
    relative_to: Literal["current", "lr"] | None = Field(default=None, description='"current" or "lr"')
    """With `resize`: the size that the factor refers to; by default the size before this step."""
    modes: dict[ResizeMode, Weight] | None = Field(
        default=None, description='modes and their weights, like {"up": 0.2, "down": 0.7, "keep": 0.1}'
    )
    """With `resize`: the weights of factors above 1, below 1, and of 1; by default the range is even."""
    kernels: Annotated[list[ResizeKernel], Field(min_length=1)] | None = Field(
        default=None, description='some of "area", "bilinear" and "bicubic", in a list'
    )
    """With `resize`: the kernels, of which one is drawn; by default all three."""
    jpeg: Annotated[list[Annotated[int, Field(ge=1, le=100)]], _PAIR, Range] | None = Field(
        default=None, description=f"{_WHOLE} [30, 95]"
    )
    """JPEG: the range of the quality."""
    codec: Annotated[list[Codec], Field(min_length=1), BeforeValidator(_as_list)] | None = Field(
        default=None,
        description='"libx264", "libx265", "mpeg2video", "mpeg4" or "libvpx-vp9", or some in a list',
    )
    """A video codec for all frames of a clip as one sequence; of several, one is drawn."""
    crf: Annotated[list[Annotated[int, Field(ge=0, le=63)]], _PAIR, Range] | None = Field(
        default=None, description=f"{_WHOLE} [18, 35]"
    )
    """With `codec` libx264, libx265 or libvpx-vp9: the range of the constant rate factor."""
    q: Annotated[list[Annotated[int, Field(ge=1, le=31)]], _PAIR, Range] | None = Field(
        default=None, description=f"{_WHOLE} [2, 12]"
    )
    """With `codec` mpeg2video or mpeg4: the range of the quantiser."""
    bitrate: Annotated[list[Annotated[int, Field(ge=1, le=1_000_000)]], _PAIR, Range] | None = Field(
        default=None, description=f"{_WHOLE} [100, 1000]"
    )
    """With `codec`: the range of the bit rate, in kbit/s at 24 frames per second."""
    bits_per_pixel: Annotated[list[Annotated[float, Field(gt=0, le=100)]], _PAIR, Range] | None = Field(
        default=None, description="[lowest, highest], like [0.05, 0.5]"
    )
    """With `codec`: the range of the bit rate, in bits for each pixel of each LR frame."""
    probability: Chance = Field(default=1.0, description="a number from 0 to 1")
    """The probability of the step; a patch without it keeps its frames as they are."""


class VariantEntry(StepEntry):
    """One variant: one step, a chain of steps, or a preset."""

    chain: Annotated[list[StepEntry], Field(min_length=1)] | None = Field(
        default=None, description='a list of steps, like [{"blur": [0.5, 2]}, {"jpeg": [40, 90]}]'
    )
    """Several steps, one after the other."""
    preset: Preset | None = Field(default=None, description='"realesrgan" or "realbasicvsr"')
    """The chain of a paper's configuration, which begins with GT; docs/formats.md has its ranges."""
    from_: Origin = Field(default="lr", alias="from", description='"lr" or "gt"')
    """What the first step gets: the plain LR frames, or the frames at the size of GT."""
