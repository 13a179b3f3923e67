"""Variants of LR as they are written: every fault is told at its place, and a preset is its steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tui_gen.config.faults import ConfigurationError
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.degradation.presets import PRESET_STEPS
from tui_gen.jobs.superres.degradation.variants import Blur, Jpeg, Noise, Resize, Variant, Video


def load(folder: Path, variants: dict[str, Any], **base: Any) -> Settings:  # noqa: ANN401 - any keys
    path = folder / "generator_config.json"
    settings = {"base_settings": {"output_base_dir": "out", **base}, "lr_variants": variants}
    path.write_text(json.dumps(settings), encoding="utf-8")
    return load_settings(path)


def test_a_variant_has_one_step_a_chain_or_a_preset(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            "h264": {"codec": "libx264", "crf": [18, 35]},
            "grain": {"noise": 4, "poisson": [0.1, 1], "gray": 0.4, "probability": 0.5},
            "web": {
                "from": "gt",
                "chain": [
                    {"blur": [0.2, 2], "shapes": {"iso": 1, "aniso": 0.5}},
                    {"resize": [0.5, 1.5], "modes": {"up": 1, "down": 2}, "relative_to": "lr"},
                    {"jpeg": [30, 95]},
                ],
            },
            "real": {"preset": "realesrgan"},
        },
    )
    assert settings.lr_variants == (
        Variant("grain", "lr", (Noise((4.0, 4.0), (0.1, 1.0), 0.4, 0.5),)),
        Variant("h264", "lr", (Video(("libx264",), "crf", (18.0, 35.0)),)),
        Variant("real", "gt", PRESET_STEPS["realesrgan"], is_chain=True),
        Variant(
            "web",
            "gt",
            (
                Blur((0.2, 2.0), shapes=(("iso", 1.0), ("aniso", 0.5))),
                Resize((0.5, 1.5), modes=(("up", 1.0), ("down", 2.0)), relative_to="lr"),
                Jpeg((30, 95)),
            ),
            is_chain=True,
        ),
    )


def test_each_length_of_stack_has_each_variant(tmp_path: Path) -> None:
    variants = {"h264": {"codec": "libx264", "crf": 28}, "soft": {"blur": [0.5, 1]}}
    both = [kind.folder for kind in load(tmp_path, variants).file_kinds]
    assert both[:3] == ["GT", "LR", "LR_7frames"]
    assert both[3:] == ["LR_h264", "LR_7frames_h264", "LR_soft", "LR_7frames_soft"]
    one = load(tmp_path, variants, lr_versions=["7frames"]).file_kinds
    assert [kind.name for kind in one] == ["gt", "lr7", "lr7_h264", "lr7_soft"]


def test_variants_of_16_bit_colours_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "generator_config.json"
    written = {
        "base_settings": {"output_base_dir": "o"},
        "colour_output": "pq16",
        "lr_variants": {"a": {"jpeg": 50}},
    }
    path.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="8-bit SDR only"):
        load_settings(path)


@pytest.mark.parametrize(
    ("name", "variant", "place", "says"),
    [
        ("x2", {"jpeg": 50}, "", "part of folder names"),
        ("H264", {"jpeg": 50}, "", "part of folder names"),
        ("a", {}, "", "it has no step"),
        ("a", {"jpeg": 50, "preset": "realesrgan"}, "", "more than one"),
        ("a", {"jpeg": 50, "blur": 1}, "", "it is blur and jpeg at once"),
        ("a", {"gray": 0.5}, "", "nothing says what the step does"),
        ("a", {"jpeg": 50, "crf": 20}, ".crf", 'a step with "jpeg" has no such key'),
        ("a", {"jpeg": [95, 30]}, ".jpeg", "write [30, 95]"),
        ("a", {"jpeg": [0, 30]}, ".jpeg[0]", "got 0"),
        ("a", {"blur": 1, "kernel_size": [7, 20]}, ".kernel_size", "odd numbers"),
        ("a", {"blur": 1, "shapes": {"iso": 0}}, ".shapes", "no weight is above 0"),
        ("a", {"resize": [1.2, 1.5], "modes": {"up": 1}}, ".modes", "from below 1 to above 1"),
        ("a", {"codec": "libx264"}, "", "exactly one setting"),
        ("a", {"codec": "libx264", "crf": 20, "bitrate": 90}, "", "exactly one setting"),
        ("a", {"codec": "libx264", "q": 5}, ".q", "libx264 has no q"),
        ("a", {"codec": ["libx264", "mpeg4"], "crf": 20}, ".crf", "mpeg4 has no crf"),
        ("a", {"codec": "libx265", "crf": [20, 60]}, ".crf", "ends at 51"),
        ("a", {"codec": "h264_nvenc", "crf": 20}, ".codec", "libx264"),
        ("a", {"preset": "realesrgan", "from": "gt"}, ".from", "a preset begins with GT"),
        ("a", {"chain": [{"jpeg": 50}], "probability": 0.5}, ".probability", "in the steps of the chain"),
        ("a", {"chain": [{"jpeg": 50}, {"noise": [5, 1]}]}, ".chain[1].noise", "write [1"),
    ],
)
def test_a_fault_is_told_at_its_place(
    name: str, variant: dict[str, Any], place: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {name: variant})
    (problem,) = caught.value.problems
    assert problem.key == f"lr_variants.{name}{place}"
    assert says in str(problem)
