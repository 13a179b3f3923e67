"""The trainers' own readers read an export, where environment variables name checkouts of the trainers.

TUI_GEN_KOHYA       sd-scripts; needs torch, toml, voluptuous, imagesize, safetensors, einops, tqdm, rich
TUI_GEN_ONETRAINER  OneTrainer
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tui_gen.jobs.anime.balance.multiply import FolderBalance
from tui_gen.jobs.anime.exports.layouts import LAYOUTS
from tui_gen.jobs.anime.exports.model import ExportImage, ExportSettings, export_folders
from tui_gen.jobs.anime.exports.write import write_export

REPEATS = {
    "1_character": "1",
    "1_character/Fern's cloak": "10",
    "1_character/フリーレン": "2.5",
    "a#b [x] = 'q'": "3",
}
CAPTIONS = ("Fern, screenshots ||| 1girl, smile", "")

STAND_INS = """
import importlib.abc, importlib.machinery, sys, types

class Stands(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

class StandIn(metaclass=Stands):
    def __init__(self, *_, **__):
        pass
    def __call__(self, *_, **__):
        return self
    def __getattr__(self, name):
        return self

class Loader(importlib.abc.Loader):
    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = lambda name: getattr(StandIn, name) if name.startswith("__") else StandIn
        return module
    def exec_module(self, module):
        pass

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in {"accelerate", "diffusers", "torchvision", "transformers", "xformers"}:
            return importlib.machinery.ModuleSpec(name, Loader(), is_package=True)

sys.meta_path.insert(0, Finder())
"""
"""Models and their packages are not needed to read a dataset."""

KOHYA = """
import argparse, json
sys.path.insert(0, sys.argv[1])
from library import config_util, strategy_base, strategy_sd, train_util
caching = strategy_sd.SdSdxlLatentsCachingStrategy(True, False, 1, False)
strategy_base.LatentsCachingStrategy.set_strategy(caching)
parser = argparse.ArgumentParser()
train_util.add_dataset_arguments(parser, True, True, True)
arguments = parser.parse_args([])
train_util.prepare_dataset_args(arguments, True)
config = config_util.load_user_config(sys.argv[2])
sanitizer = config_util.ConfigSanitizer(True, True, False, True)
blueprint = config_util.BlueprintGenerator(sanitizer).generate(config, arguments)
group, _ = config_util.generate_dataset_group_by_blueprint(blueprint.dataset_group)
(dataset,) = group.datasets
print("READ", json.dumps({
    "subsets": [[each.image_dir, each.num_repeats, each.img_count, each.keep_tokens_separator]
                for each in dataset.subsets],
    "captions": {each.absolute_path: each.caption for each in dataset.image_data.values()},
    "images": dataset.num_train_images,
    "steps": dataset.bucket_reso_steps,
}))
"""

ONETRAINER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from modules.util.config.ConceptConfig import ConceptConfig
with open(sys.argv[2]) as file:
    read = [ConceptConfig.default_values().from_dict(each) for each in json.load(file)]
print("READ", json.dumps([
    [each.path, each.balancing, str(each.balancing_strategy), str(each.type), each.text.prompt_source]
    for each in read
]))
"""


def read_by(script: str, checkout: str, file: Path) -> Any:  # noqa: ANN401 - a JSON value
    path = os.environ.get(checkout)
    if not path:
        pytest.skip(f"{checkout} names no checkout")
    command = [sys.executable, "-c", script, path, str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("READ ")]
    return json.loads(line.removeprefix("READ "))


def export(layout: str, tmp_path: Path) -> Path:
    images: list[ExportImage] = []
    for folder in REPEATS:
        place = tmp_path / "training" / folder
        place.mkdir(parents=True)
        for caption in CAPTIONS:
            file = place / f"Fr é_EP1_{len(images):06d}.webp"
            _, encoded = cv2.imencode(".webp", np.full((96, 128, 3), 20 * len(images), np.uint8))
            file.write_bytes(encoded.tobytes())
            images.append(ExportImage(file, caption, folder))
    balance = [
        FolderBalance(folder, 2, Fraction(1), Fraction(m), Decimal(m)) for folder, m in REPEATS.items()
    ]
    target = tmp_path / 'an "export" é'
    plan = LAYOUTS[layout].plan(export_folders(images, balance), target, ExportSettings(512, "|||", 32))
    write_export(plan, target)
    return target


PLACES = {
    "1_1_character": 1,
    "10_1_character~Fern's cloak": 10,
    "3_1_character~フリーレン": 3,
    "3_a#b [x] = 'q'": 3,
}


@pytest.mark.loaders
def test_sd_scripts_read_dataset_toml(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    target = export("kohya", tmp_path)
    read = read_by(STAND_INS + KOHYA, "TUI_GEN_KOHYA", target / "dataset.toml")
    assert read["subsets"] == [[str(target / place), repeats, 2, "|||"] for place, repeats in PLACES.items()]
    assert sorted(read["captions"].values()) == sorted(CAPTIONS * 4)
    assert (read["images"], read["steps"]) == (2 * 17, 32)


@pytest.mark.loaders
def test_sd_scripts_read_meta_cap(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    target = export("kohya", tmp_path)
    config = tmp_path / "fine_tuning.toml"
    config.write_text(
        f"[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nmetadata_file = '{target}/meta_cap.json'\n",
        "utf-8",
    )
    read = read_by(STAND_INS + KOHYA, "TUI_GEN_KOHYA", config)
    assert read["images"] == 8
    for path, caption in read["captions"].items():
        assert Path(path).is_file()
        assert caption == Path(path).with_suffix(".txt").read_text("utf-8").strip()


@pytest.mark.loaders
def test_onetrainer_reads_the_concepts(tmp_path: Path) -> None:
    target = export("onetrainer", tmp_path)
    assert read_by(ONETRAINER, "TUI_GEN_ONETRAINER", target / "concepts.json") == [
        [str(target / folder.replace("/", "~")), float(multiply), "REPEATS", "STANDARD", "sample"]
        for folder, multiply in REPEATS.items()
    ]
