"""The degradations of two papers, by the configuration files that their authors train with.

    realesrgan      xinntao/Real-ESRGAN, options/train_realesrgan_x4plus.yml; the order of the steps is in
                    realesrgan/models/realesrgan_model.py, kernels in realesrgan/data/realesrgan_dataset.py
    realbasicvsr    open-mmlab/mmagic, configs/real_basicvsr/
                    realbasicvsr_wogan-c64b20-2x30x8_8xb2-lr1e-4-300k_reds.py

docs/formats.md lists every range with its source, and what differs.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Literal, get_args

from tui_gen.jobs.superres.degradation.variants import (
    Blur,
    Jpeg,
    Noise,
    Resize,
    ResizeMode,
    Shape,
    Shuffle,
    Step,
    Video,
)

Preset = Literal["realesrgan", "realbasicvsr"]
PRESETS: tuple[Preset, ...] = get_args(Preset)

# Real-ESRGAN draws "sinc" with 0.1 first and the other shapes with these shares of the rest.
_SHAPES: tuple[tuple[Shape, float], ...] = (
    ("iso", 0.405),
    ("aniso", 0.225),
    ("generalized_iso", 0.108),
    ("generalized_aniso", 0.027),
    ("plateau_iso", 0.108),
    ("plateau_aniso", 0.027),
    ("sinc", 0.1),
)
_FIRST_MODES: tuple[tuple[ResizeMode, float], ...] = (("up", 0.2), ("down", 0.7), ("keep", 0.1))
_FIRST: tuple[Step, ...] = (
    Blur((0.2, 3.0), shapes=_SHAPES),
    Resize((0.15, 1.5), modes=_FIRST_MODES),
    Noise((1.0, 30.0), (0.05, 3.0), gray=0.4),
    Jpeg((30, 95)),
)
_SECOND_BLUR = Blur((0.2, 1.5), shapes=_SHAPES, probability=0.8)
_SECOND_NOISE = Noise((1.0, 25.0), (0.05, 2.5), gray=0.4)
_SECOND_MODES: tuple[tuple[ResizeMode, float], ...] = (("up", 0.3), ("down", 0.4), ("keep", 0.3))
_LAST_RESIZE = Resize(is_to_lr=True)
_LAST_SINC = Blur((1.0, 1.0), shapes=(("sinc", 1.0),), cutoff=(math.pi / 3, math.pi), probability=0.8)

# Its bit rates are 1e4 to 1e5 bits a frame (a rate of 1 frame/s), for LR frames of 64x64.
_LR_PIXELS = 64 * 64
_MMAGIC_VIDEO = Video(("libx264", "libx264", "mpeg4"), "bits_per_pixel", (1e4 / _LR_PIXELS, 1e5 / _LR_PIXELS))

PRESET_STEPS: MappingProxyType[Preset, tuple[Step | Shuffle, ...]] = MappingProxyType(
    {
        "realesrgan": (
            *_FIRST,
            _SECOND_BLUR,
            Resize((0.3, 1.2), modes=_SECOND_MODES, relative_to="lr"),
            _SECOND_NOISE,
            Shuffle(((_LAST_RESIZE, _LAST_SINC), (Jpeg((30, 95)),))),
        ),
        "realbasicvsr": (
            *_FIRST,
            _MMAGIC_VIDEO,
            _SECOND_BLUR,
            Resize((0.3, 1.2), modes=_SECOND_MODES),
            _SECOND_NOISE,
            Jpeg((30, 95)),
            Shuffle(((_MMAGIC_VIDEO,), (_LAST_RESIZE, _LAST_SINC))),
        ),
    }
)
"""Preset -> its steps. Both begin with GT."""
