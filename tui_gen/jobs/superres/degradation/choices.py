"""Draws the parameters of a variant for one patch: pure, and independent of the order of the work.

Every draw is named: by seed, film, clip, category, variant, place in the chain and parameter. So a draw does
not depend on how many draws come before it. A drawn number is rounded to what the ledger records, and used as
recorded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, TypeVar

from tui_gen.jobs.superres.degradation.variants import (
    RESIZE_KERNELS,
    Blur,
    Codec,
    Jpeg,
    Noise,
    Range,
    Resize,
    ResizeKernel,
    Shape,
    Shuffle,
    Step,
    Variant,
    Video,
    WholeRange,
)
from tui_gen.jobs.superres.planning.seeded_random import draws, rank
from tui_gen.media.geometry import Size

DIGITS = 3
FRAME_RATE = 24
"""Frames per second of the sequences that are encoded: bit rates refer to it."""
_SMALL_KERNEL = 13
_SMALL_CUTOFF, _LARGE_CUTOFF = (math.pi / 3, math.pi), (math.pi / 5, math.pi)

Option = TypeVar("Option")


@dataclass(frozen=True, slots=True)
class SeededDraws:
    """The draws of one purpose."""

    seed: int
    purpose: tuple[str | int, ...]

    def of(self, *part: str | int) -> SeededDraws:
        """Return the draws of a part of the purpose."""
        return SeededDraws(self.seed, (*self.purpose, *part))

    def number(self, what: str) -> Fraction:
        """Return a number in [0, 1)."""
        return draws(self.seed, *self.purpose, what)[0]

    def key(self) -> bytes:
        """Return 32 bytes that seed a generator of many numbers."""
        return rank(self.seed, *self.purpose, "bits")

    def within(self, what: str, between: Range) -> float:
        """Return a number of a range, with DIGITS decimals."""
        low, high = map(Fraction, between)
        return float(round(low + (high - low) * self.number(what), DIGITS))

    def whole(self, what: str, between: WholeRange, *, step: int = 1) -> int:
        """Return a whole number of a range; all have the same chance."""
        low, high = between
        return low + step * math.floor(((high - low) // step + 1) * self.number(what))

    def weighted(self, what: str, options: Sequence[tuple[Option, float]]) -> Option:
        """Return one of some options by their weights."""
        left = self.number(what) * sum(Fraction(weight) for _, weight in options)
        for option, weight in options:
            left -= Fraction(weight)
            if left < 0:
                return option
        return options[-1][0]

    def one_of(self, what: str, options: Sequence[Option]) -> Option:
        """Return one of some options; all have the same chance."""
        return options[math.floor(len(options) * self.number(what))]


# ------------------------------------------------------------------------------------ what was chosen


@dataclass(frozen=True, slots=True)
class ChosenBlur:
    """One kernel."""

    shape: Shape
    size: int
    sigma_x: float = 0.0
    sigma_y: float = 0.0  # of shapes with two axes
    angle: float = 0.0  # of the first axis, in radians
    beta: float = 1.0
    cutoff: float = 0.0  # of "sinc"

    @property
    def record(self) -> Mapping[str, Any]:
        """The values of the ledger."""
        found: dict[str, Any] = {"blur": self.shape, "kernel_size": self.size}
        if self.shape == "sinc":
            return {**found, "cutoff": self.cutoff}
        found["sigma"] = self.sigma_x
        if self.shape.endswith("aniso"):
            found |= {"sigma_y": self.sigma_y, "angle": self.angle}
        return found if self.shape in {"iso", "aniso"} else {**found, "beta": self.beta}


@dataclass(frozen=True, slots=True)
class ChosenNoise:
    """The kind and strength of noise, and the key of its random bits."""

    kind: Literal["gaussian", "poisson"]
    strength: float  # the sigma in levels, or the factor of shot noise
    is_gray: bool
    key: bytes = field(repr=False)

    @property
    def record(self) -> Mapping[str, Any]:
        """The values of the ledger."""
        strength = "sigma" if self.kind == "gaussian" else "scale"
        return {"noise": self.kind, strength: self.strength, "gray": self.is_gray}


@dataclass(frozen=True, slots=True)
class ChosenResize:
    """A size for the frames that follow."""

    size: Size
    kernel: ResizeKernel

    @property
    def record(self) -> Mapping[str, Any]:
        """The values of the ledger."""
        return {"resize": [self.size.width, self.size.height], "kernel": self.kernel}


@dataclass(frozen=True, slots=True)
class ChosenShrink:
    """From the size of GT to that of LR by `lr_kernel`, as the plain LR is made."""

    size: Size

    @property
    def record(self) -> Mapping[str, Any]:
        """The values of the ledger."""
        return {"resize": [self.size.width, self.size.height], "kernel": "lr_kernel"}


@dataclass(frozen=True, slots=True)
class ChosenJpeg:
    """A quality."""

    quality: int

    @property
    def record(self) -> Mapping[str, Any]:
        """The values of the ledger."""
        return {"jpeg": self.quality}


@dataclass(frozen=True, slots=True)
class ChosenVideo:
    """An encoder and its one setting."""

    codec: Codec
    control: Literal["crf", "q", "bitrate"]
    value: int  # bitrate: kbit/s at FRAME_RATE

    @property
    def record(self) -> Mapping[str, Any]:
        """The values of the ledger."""
        return {"codec": self.codec, self.control: self.value}


Chosen = ChosenBlur | ChosenNoise | ChosenResize | ChosenShrink | ChosenJpeg | ChosenVideo


@dataclass(frozen=True, slots=True)
class ChosenVariant:
    """The steps of a variant for one patch, in order; the last frames have the size of LR."""

    variant: Variant
    steps: tuple[Chosen, ...]

    @property
    def record(self) -> Mapping[str, Any]:
        """The values of the ledger: those of the step, or those of a chain's applied steps as a list."""
        records = [step.record for step in self.steps]
        if self.variant.is_chain or len(records) > 1:
            return {"chain": records}
        return records[0] if records else {}


# ------------------------------------------------------------------------------------------- drawing


def choose(variant: Variant, drawn: SeededDraws, *, gt: Size, lr: Size) -> ChosenVariant:
    """Draw the parameters of a variant for a patch with these sizes.

    If the steps do not end with the size of LR, a last step is added: the kernel of the plain LR if the
    frames still have the size of GT, else one of the kernels of `Resize`.
    """
    start = gt if variant.origin == "gt" else lr
    chosen: list[Chosen] = []
    size = start
    for place, step in _in_order(variant, drawn):
        own = drawn.of(place)
        if own.number("applied") >= Fraction(step.probability):
            continue
        chosen.append(_choose(step, own, size, lr))
        if isinstance(chosen[-1], ChosenResize):
            size = chosen[-1].size
    if size == start != lr:
        chosen.append(ChosenShrink(lr))
    elif size != lr:
        chosen.append(ChosenResize(lr, drawn.of("last").one_of("kernel", RESIZE_KERNELS)))
    return ChosenVariant(variant, tuple(chosen))


def _in_order(variant: Variant, drawn: SeededDraws) -> Iterator[tuple[str, Step]]:
    """Yield the steps with names of their places, groups in their drawn order."""
    for place, step in enumerate(variant.steps):
        if not isinstance(step, Shuffle):
            yield str(place), step
            continue
        for number in _group_order(step, drawn.of(place)):
            for position, inner in enumerate(step.groups[number]):
                yield f"{place}.{number}.{position}", inner


def _group_order(step: Shuffle, drawn: SeededDraws) -> list[int]:
    return sorted(range(len(step.groups)), key=lambda group: drawn.of(group).number("order"))


def _choose(step: Step, drawn: SeededDraws, size: Size, lr: Size) -> Chosen:
    match step:
        case Blur():
            return _blur(step, drawn)
        case Noise():
            return _noise(step, drawn)
        case Resize():
            return _resize(step, drawn, size, lr)
        case Jpeg():
            return ChosenJpeg(drawn.whole("quality", step.quality))
        case Video():
            return _video(step, drawn, lr)


def _blur(step: Blur, drawn: SeededDraws) -> ChosenBlur:
    shape = drawn.weighted("shape", step.shapes)
    size = drawn.whole("kernel_size", step.kernel_size, step=2)
    if shape == "sinc":
        cutoff = step.cutoff or (_SMALL_CUTOFF if size < _SMALL_KERNEL else _LARGE_CUTOFF)
        return ChosenBlur(shape, size, cutoff=drawn.within("cutoff", cutoff))
    sigma = drawn.within("sigma", step.sigma)
    beta = 1.0
    if shape not in {"iso", "aniso"}:
        low, high = step.beta_generalized if shape.startswith("generalized") else step.beta_plateau
        # As the originals: half of the exponents below 1, half above.
        is_low = drawn.number("beta side") < Fraction(1, 2)
        beta = drawn.within("beta", (low, 1.0) if is_low else (1.0, high))
    if not shape.endswith("aniso"):
        return ChosenBlur(shape, size, sigma, sigma, beta=beta)
    angle = drawn.within("angle", (-math.pi, math.pi))
    return ChosenBlur(shape, size, sigma, drawn.within("sigma_y", step.sigma), angle, beta)


def _noise(step: Noise, drawn: SeededDraws) -> ChosenNoise:
    is_gray = drawn.number("gray") < Fraction(step.gray)
    is_gaussian = step.poisson is None or (step.sigma is not None and drawn.number("kind") < Fraction(1, 2))
    if is_gaussian and step.sigma is not None:
        return ChosenNoise("gaussian", drawn.within("sigma", step.sigma), is_gray, drawn.key())
    return ChosenNoise("poisson", drawn.within("scale", step.poisson or (0.0, 0.0)), is_gray, drawn.key())


def _resize(step: Resize, drawn: SeededDraws, size: Size, lr: Size) -> ChosenResize:
    kernel = drawn.one_of("kernel", step.kernels)
    if step.is_to_lr:
        return ChosenResize(lr, kernel)
    base = lr if step.relative_to == "lr" else size
    factor = _factor(step, drawn)
    return ChosenResize(Size(_scaled(base.width, factor), _scaled(base.height, factor)), kernel)


def _factor(step: Resize, drawn: SeededDraws) -> float:
    low, high = step.factor
    mode = drawn.weighted("mode", step.modes) if step.modes else None
    if mode == "keep":
        return 1.0
    bounds = {"up": (1.0, high), "down": (low, 1.0)}
    return drawn.within("factor", bounds[mode] if mode else step.factor)


def _scaled(length: int, factor: float) -> int:
    return max(1, math.floor(Fraction(factor) * length))


def _video(step: Video, drawn: SeededDraws, lr: Size) -> ChosenVideo:
    codec = drawn.one_of("codec", step.codecs)
    if step.control == "bits_per_pixel":
        per_pixel = drawn.within("value", step.value)
        bits = Fraction(per_pixel) * lr.width * lr.height * FRAME_RATE
        return ChosenVideo(codec, "bitrate", max(1, round(bits / 1000)))
    low, high = step.value
    return ChosenVideo(codec, step.control, drawn.whole("value", (int(low), int(high))))
