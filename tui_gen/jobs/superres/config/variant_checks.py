"""Checks the keys of `lr_variants` and makes the variants from them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui_gen.config.commented_json import Key
from tui_gen.config.faults import Fault
from tui_gen.jobs.superres.config.variant_keys import StepEntry, VariantEntry
from tui_gen.jobs.superres.degradation.presets import PRESET_STEPS
from tui_gen.jobs.superres.degradation.variants import (
    RESIZE_KERNELS,
    Blur,
    Control,
    Jpeg,
    Noise,
    Resize,
    Step,
    Variant,
    Video,
    WholeRange,
)
from tui_gen.media.colour import Output

PLACE = "lr_variants"
_NAME = re.compile(r"(?!x\d)[a-z][a-z0-9]{0,29}")
_CONTROLS: tuple[Control, ...] = ("crf", "q", "bitrate", "bits_per_pixel")
_KEYS_OF: Mapping[str, frozenset[str]] = {
    "blur": frozenset({"blur", "kernel_size", "shapes"}),
    "noise": frozenset({"noise", "poisson", "gray"}),
    "resize": frozenset({"resize", "relative_to", "modes", "kernels"}),
    "jpeg": frozenset({"jpeg"}),
    "codec": frozenset({"codec", *_CONTROLS}),
}
_NAMING = {"blur": "blur", "noise": "noise", "poisson": "noise", "resize": "resize", "jpeg": "jpeg"}
_NAMING["codec"] = "codec"
_CRF_MOST = {"libx264": 51, "libx265": 51, "libvpx-vp9": 63}
_Q_CODECS = ("mpeg2video", "mpeg4")
_ONE_STEP = 'write one step, like {"codec": "libx264", "crf": [18, 35]}, a "chain" of steps, or a "preset"'


def variants_of(entries: Mapping[str, VariantEntry]) -> tuple[Variant, ...]:
    """Return the variants of a file without faults, in the order of their names."""
    return tuple(_variant(name, entries[name]) for name in sorted(entries))


def check_variants(entries: Mapping[str, VariantEntry], colour_output: Output) -> Iterator[Fault]:
    """Yield the faults of `lr_variants`."""
    if entries and colour_output != "sdr8":
        remedy = f'remove it, or "colour_output": {json.dumps(colour_output)}'
        yield Fault((PLACE,), "variants are made of 8-bit SDR only", remedy)
    for name, entry in entries.items():
        place: Key = (PLACE, name)
        if not _NAME.fullmatch(name):
            remedy = "write a name of small letters and digits that begins with a letter, and not like x2"
            yield Fault(place, "the name is part of folder names and cannot be used", remedy)
        yield from _check_variant(place, entry)


def _written(entry: StepEntry) -> set[str]:
    """Return the keys of a step in the file that have a value."""
    names = StepEntry.model_fields
    return {name for name in names if name != "probability" and getattr(entry, name) is not None}


def _check_variant(place: Key, entry: VariantEntry) -> Iterator[Fault]:
    own = _written(entry)
    kinds = [entry.chain is not None, entry.preset is not None, bool(own)]
    if sum(kinds) != 1:
        yield Fault(place, "it has no step" if not any(kinds) else "it has more than one of these", _ONE_STEP)
    elif own:
        yield from _check_step(place, entry)
    elif "probability" in entry.model_fields_set:
        yield Fault((*place, "probability"), "it belongs to a step", "write it in the steps of the chain")
    elif entry.preset is not None and "from_" in entry.model_fields_set:
        yield Fault((*place, "from"), "a preset begins with GT", 'remove "from"')
    for number, step in enumerate(entry.chain or ()):
        yield from _check_step((*place, "chain", number), step)


def _check_step(place: Key, entry: StepEntry) -> Iterator[Fault]:
    written = _written(entry)
    kinds = {_NAMING[name] for name in written if name in _NAMING}
    if len(kinds) != 1:
        wrong = f"it is {' and '.join(sorted(kinds))} at once" if kinds else "nothing says what the step does"
        yield Fault(
            place,
            wrong,
            'write one of "blur", "noise" (with or without "poisson"), "resize", "jpeg" and "codec"'
            + (", and the others as steps of a chain" if kinds else ""),
        )
        return
    (kind,) = kinds
    for name in sorted(written - _KEYS_OF[kind]):
        yield Fault((*place, name), f"a step with {json.dumps(kind)} has no such key", "remove it")
    for name in sorted(written & _KEYS_OF[kind]):
        value = getattr(entry, name)
        if isinstance(value, list) and name not in {"codec", "kernels"} and value[0] > value[1]:
            yield Fault((*place, name), "the first number is the larger one", f"write {value[::-1]}")
        elif isinstance(value, dict) and not sum(value.values()):
            yield Fault((*place, name), "no weight is above 0", "give one of them a weight")
    yield from _check_values(place, entry)


def _check_values(place: Key, entry: StepEntry) -> Iterator[Fault]:
    if entry.kernel_size is not None and not all(size % 2 for size in entry.kernel_size):
        yield Fault((*place, "kernel_size"), "a kernel has a middle pixel", "write odd numbers, like [7, 21]")
    if entry.modes is not None and entry.resize is not None and not entry.resize[0] <= 1 <= entry.resize[1]:
        yield Fault((*place, "modes"), "the factors do not reach from below 1 to above 1", "remove it")
    if entry.codec is None:
        return
    controls = [name for name in _CONTROLS if getattr(entry, name) is not None]
    if len(controls) != 1:
        remedy = 'write one of "crf", "q", "bitrate" and "bits_per_pixel"'
        yield Fault(place, "a codec needs exactly one setting of its quality", remedy)
    for codec in entry.codec:
        most = _CRF_MOST.get(codec)
        if entry.crf is not None and (most is None or entry.crf[1] > most):
            wrong = f"{codec} has no crf" if most is None else f"the crf of {codec} ends at {most}"
            yield Fault(
                (*place, "crf"), wrong, 'write "q" for it' if most is None else f"write {most} at most"
            )
        if entry.q is not None and codec not in _Q_CODECS:
            yield Fault((*place, "q"), f"{codec} has no q", 'write "crf" for it')


# ---------------------------------------------------------------------------- entry -> variant


def _variant(name: str, entry: VariantEntry) -> Variant:
    if entry.preset is not None:
        return Variant(name, "gt", PRESET_STEPS[entry.preset], is_chain=True)
    steps = tuple(map(_step, entry.chain or (entry,)))
    return Variant(name, entry.from_, steps, is_chain=entry.chain is not None)


def _step(entry: StepEntry) -> Step:
    chance = entry.probability
    if entry.blur is not None:
        shapes = tuple((entry.shapes or {"iso": 1.0}).items())
        return Blur(_pair(entry.blur), _whole(entry.kernel_size or (7, 21)), shapes, probability=chance)
    if entry.noise is not None or entry.poisson is not None:
        sigma = None if entry.noise is None else _pair(entry.noise)
        poisson = None if entry.poisson is None else _pair(entry.poisson)
        return Noise(sigma, poisson, entry.gray or 0.0, chance)
    if entry.resize is not None:
        modes, kernels = tuple((entry.modes or {}).items()), tuple(entry.kernels or RESIZE_KERNELS)
        origin = entry.relative_to or "current"
        return Resize(_pair(entry.resize), modes, origin, kernels, probability=chance)
    if entry.jpeg is not None:
        return Jpeg(_whole(entry.jpeg), chance)
    (control,) = (name for name in _CONTROLS if getattr(entry, name) is not None)
    return Video(tuple(entry.codec or ()), control, _pair(getattr(entry, control)), chance)


def _pair(values: Sequence[Any]) -> tuple[float, float]:
    low, high = values
    return float(low), float(high)


def _whole(values: Sequence[int]) -> WholeRange:
    low, high = values
    return low, high
