"""What is drawn for a patch lies in its ranges, has its probabilities, and never changes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

import pytest

from tui_gen.jobs.superres.degradation.choices import ChosenVariant, SeededDraws, choose
from tui_gen.jobs.superres.degradation.presets import PRESET_STEPS, PRESETS, Preset
from tui_gen.jobs.superres.degradation.variants import (
    Blur,
    Jpeg,
    Noise,
    Origin,
    Resize,
    Shuffle,
    Step,
    Variant,
    Video,
)
from tui_gen.media.geometry import Size

GT, LR = Size(540, 405), Size(180, 135)
SEEDS = 400
RESIZE = Resize((0.5, 1.5), modes=(("up", 0.2), ("down", 0.7), ("keep", 0.1)))


def chosen(*steps: Step | Shuffle, seed: int = 0, origin: Origin = "lr") -> ChosenVariant:
    variant = Variant("v", origin, steps, is_chain=True)
    return choose(variant, SeededDraws(seed, ("lr_variant", "film", 3, "general", "v")), gt=GT, lr=LR)


def records(*steps: Step | Shuffle, origin: Origin = "lr") -> list[list[dict[str, Any]]]:
    return [chosen(*steps, seed=seed, origin=origin).record["chain"] for seed in range(SEEDS)]


def assert_share(count: int, share: float) -> None:
    """Check a count of SEEDS draws: four standard deviations."""
    assert abs(count - SEEDS * share) < 4 * (SEEDS * share * (1 - share)) ** 0.5, count


def test_a_step_is_applied_with_its_probability() -> None:
    assert_share(sum(map(len, records(Jpeg((30, 95), probability=0.8)))), 0.8)
    assert not any(records(Jpeg((30, 95), probability=0.0)))
    assert all(records(Jpeg((30, 95))))


def test_weights_decide_shapes_modes_kinds_and_gray() -> None:
    shapes = Counter(
        found[0]["blur"] for found in records(Blur((0.2, 3.0), shapes=(("iso", 3.0), ("aniso", 1.0))))
    )
    assert_share(shapes["aniso"], 0.25)
    noise = [found[0] for found in records(Noise((1.0, 30.0), (0.05, 3.0), gray=0.4))]
    assert_share(sum(each["noise"] == "poisson" for each in noise), 0.5)
    assert_share(sum(each["gray"] for each in noise), 0.4)
    widths = [found[0]["resize"][0] for found in records(RESIZE)]
    assert_share(sum(width > 180 for width in widths), 0.2)
    assert_share(sum(width == 180 for width in widths), 0.1)


def test_ranges_are_drawn_from_end_to_end() -> None:
    crf = [found[0]["crf"] for found in records(Video(("libx264",), "crf", (18, 22)))]
    assert {*crf} == {18, 19, 20, 21, 22}
    for value in {*crf}:
        assert_share(crf.count(value), 0.2)
    sizes = {found[0]["kernel_size"] for found in records(Blur((0.2, 3.0)))}
    assert sizes == {7, 9, 11, 13, 15, 17, 19, 21}
    sigmas = [found[0]["sigma"] for found in records(Blur((0.2, 3.0)))]
    assert min(sigmas) >= 0.2
    assert max(sigmas) <= 3.0
    assert max(sigmas) - min(sigmas) > 2.7


def test_bits_per_pixel_are_a_bit_rate_by_the_size_of_lr() -> None:
    (found,) = chosen(Video(("mpeg4",), "bits_per_pixel", (0.5, 0.5))).record["chain"]
    assert found == {"codec": "mpeg4", "bitrate": round(0.5 * 180 * 135 * 24 / 1000)}


def test_groups_come_in_either_order() -> None:
    shuffle = Shuffle(((Jpeg((50, 50)),), (Blur((1.0, 1.0)), Noise((2.0, 2.0)))))
    orders = Counter(tuple(next(iter(step)) for step in found) for found in records(shuffle))
    assert orders.keys() == {("jpeg", "blur", "noise"), ("blur", "noise", "jpeg")}
    assert_share(orders["jpeg", "blur", "noise"], 0.5)


@pytest.mark.parametrize(
    ("steps", "origin", "last"),
    [
        ((Jpeg((50, 50)),), "lr", {"jpeg": 50}),
        ((Jpeg((50, 50)),), "gt", {"resize": [180, 135], "kernel": "lr_kernel"}),
        ((Resize((0.5, 0.5), kernels=("area",)),), "lr", None),
        ((Resize((0.5, 0.5), kernels=("area",)),), "gt", None),
        (
            (Resize((1.0, 1.0), kernels=("area",), relative_to="lr"),),
            "gt",
            {"resize": [180, 135], "kernel": "area"},
        ),
    ],
)
def test_the_last_frames_have_the_size_of_lr(
    steps: tuple[Step, ...], origin: Origin, last: dict[str, Any] | None
) -> None:
    for seed in range(5):
        found = chosen(*steps, seed=seed, origin=origin).record["chain"]
        if last is not None:
            assert found[-1] == last
        else:
            assert found[-1]["resize"] == [180, 135]
            assert found[-1]["kernel"] in {"area", "bilinear", "bicubic"}
            assert len(found) == 2


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_end_with_the_size_of_lr_and_resize_once_more_by_lr(preset: Preset) -> None:
    for seed in range(40):
        found = chosen(*PRESET_STEPS[preset], seed=seed, origin="gt").record["chain"]
        sizes = [step["resize"] for step in found if "resize" in step]
        assert len(sizes) == 3
        assert sizes[-1] == [180, 135]
        widths = (0.15 * 540 - 1, 1.5 * 540)
        assert widths[0] <= sizes[0][0] <= widths[1]
        base = 180 if preset == "realesrgan" else sizes[0][0]
        assert int(0.3 * base) <= sizes[1][0] <= 1.2 * base
        assert ("codec" in {key for step in found for key in step}) == (preset == "realbasicvsr")


def test_a_record_of_one_step_is_its_values() -> None:
    step = Jpeg((40, 40), probability=0.5)
    drawn = [SeededDraws(seed, ("v",)) for seed in range(20)]
    found = [choose(Variant("v", "lr", (step,)), each, gt=GT, lr=LR).record for each in drawn]
    assert {"jpeg": 40} in found
    assert {} in found
    assert all(record in ({"jpeg": 40}, {}) for record in found)


def test_a_draw_depends_on_its_purpose_and_never_on_other_steps() -> None:
    blur, jpeg = Blur((0.2, 3.0), shapes=(("aniso", 1.0),)), Jpeg((1, 100))
    assert chosen(blur, jpeg).record["chain"][1] == chosen(Jpeg((5, 5)), jpeg).record["chain"][1]
    assert chosen(blur).record != chosen(blur, seed=1).record
    variant = Variant("v", "lr", (blur,))
    purposes = [("f", 1, "general"), ("f", 2, "general"), ("f", 1, "space"), ("g", 1, "general")]
    found = [choose(variant, SeededDraws(0, purpose), gt=GT, lr=LR).record for purpose in purposes]
    assert len({str(record) for record in found}) == len(purposes)


def test_what_an_earlier_version_drew_is_drawn_again() -> None:
    steps = (Blur((0.2, 3.0), shapes=(("aniso", 1.0),)), RESIZE, Noise((1.0, 30.0), gray=0.4), Jpeg((30, 95)))
    assert chosen(*steps, Video(("libx264", "mpeg4"), "bitrate", (100, 900)), seed=7).record["chain"] == [
        {"blur": "aniso", "kernel_size": 7, "sigma": 1.349, "sigma_y": 2.061, "angle": 1.563},
        {"resize": [149, 112], "kernel": "bicubic"},
        {"noise": "gaussian", "sigma": 4.184, "gray": False},
        {"jpeg": 36},
        {"codec": "libx264", "bitrate": 538},
        {"resize": [180, 135], "kernel": "bilinear"},
    ]


@pytest.mark.parametrize(
    ("preset", "expected"), [("realesrgan", "b79d5377fc934f5f"), ("realbasicvsr", "b33b08d97d9fb93e")]
)
def test_presets_draw_what_an_earlier_version_drew(preset: Preset, expected: str) -> None:
    found = [chosen(*PRESET_STEPS[preset], seed=seed, origin="gt").record for seed in range(20)]
    assert hashlib.sha256(json.dumps(found).encode("ascii")).hexdigest()[:16] == expected
