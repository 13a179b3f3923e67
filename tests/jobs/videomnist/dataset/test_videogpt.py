"""VideoGPT reads the file: the rules of its loader, restated, and the loader itself where it is installed.

The rules are those of HDF5Dataset and preprocess in videogpt/data.py of github.com/wilson1yan/VideoGPT.
The loader itself: set TUI_GEN_VIDEOGPT to the path of that file, install torch, and run -m loaders.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.videomnist.dataset.datasets import FACTS, layout_of, making_up, rendered
from tui_gen.jobs.videomnist.dataset.assemble import assemble
from tui_gen.jobs.videomnist.dataset.video_format import VideoFormat
from tui_gen.jobs.videomnist.model import CLASSES, Split, VideoKey


def item_of_videogpt(path: Path, split: Split, k: int, *, sequence_length: int = 16) -> NDArray[np.uint8]:
    """Return the frames that HDF5Dataset.__getitem__ takes, as its preprocess wants them: [T, H, W, 3].

    Raises ValueError, as numpy does there, where a video has no more than `sequence_length` frames.
    """
    with h5py.File(path) as h5:
        images, starts = h5[f"{split}_data"], h5[f"{split}_idx"]
        start = starts[k]
        end = starts[k + 1] if k < len(starts) - 1 else len(images)
        assert end - start >= 0
        start += np.random.randint(low=0, high=end - start - sequence_length)  # noqa: NPY002 - as there
        assert start < start + sequence_length <= end
        frames = np.asarray(images[start : start + sequence_length])
    frames.transpose(0, 3, 1, 2)  # fails without channels
    assert frames.shape[-1] == 3  # what the first convolution of the VQ-VAE takes
    assert frames.dtype == np.uint8
    return frames


@pytest.mark.parametrize("split", ["train", "test"])
def test_videogpt_reads_the_first_16_of_17_frames(h5_path: Path, split: Split) -> None:
    with h5py.File(h5_path) as h5:
        assert h5[f"{split}_idx"].dtype == np.int64
        videos = len(h5[f"{split}_idx"])
    for k in range(videos):
        frames = item_of_videogpt(h5_path, split, k)
        expected = rendered(VideoKey(split, k % CLASSES, k // CLASSES)).frames[:16]
        assert (frames == expected[..., None]).all()


def test_videogpt_cannot_read_the_seeds_file(tmp_path: Path) -> None:
    """What the file of the first VideoMNIST scripts has: as many frames as are asked for, and no channels."""
    form = VideoFormat(16, 9)
    exact = assemble(
        tmp_path / "exact.h5", layout_of(1, form=form, facts=replace(FACTS)), making_up(form)
    ).path
    with pytest.raises(ValueError, match="high <= 0"):
        item_of_videogpt(exact, "train", 0)
    form = VideoFormat(17, 9, channels=0)
    flat = assemble(tmp_path / "flat.h5", layout_of(1, form=form), making_up(form)).path
    with pytest.raises(ValueError, match="axes don't match array"):
        item_of_videogpt(flat, "train", 0)


# ------------------------------------------------------------------ the loader itself


@pytest.fixture
def loader(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return VideoGPT's own module. Packages that HDF5Dataset does not need are stood in for if missing."""
    path = os.environ.get("TUI_GEN_VIDEOGPT")
    if not path:
        pytest.skip("TUI_GEN_VIDEOGPT does not name VideoGPT's videogpt/data.py")
    pytest.importorskip("torch")
    for name, attribute in (("torchvision.datasets.video_utils", "VideoClips"), ("pytorch_lightning", "")):
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            stand_in(name, attribute, monkeypatch)
    spec = importlib.util.spec_from_file_location("videogpt_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stand_in(name: str, attribute: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        module: Any = ModuleType(".".join(parts[:end]))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    module.LightningDataModule = object
    if attribute:
        setattr(module, attribute, None)


@pytest.mark.loaders
@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_the_loader_of_videogpt_gives_the_rendered_frames(
    h5_path: Path, loader: ModuleType, split: Split
) -> None:
    import torch

    dataset = loader.HDF5Dataset(str(h5_path), 16, train=split == "train", resolution=64)
    assert len(dataset) == (40 if split == "train" else 10)
    batches = torch.utils.data.DataLoader(dataset, batch_size=5, num_workers=2)
    seen = 0
    for batch in batches:
        video = batch["video"]
        assert (video.shape, video.dtype) == (torch.Size([5, 3, 16, 64, 64]), torch.float32)
        for each in video:
            frames = rendered(VideoKey(split, seen % CLASSES, seen // CLASSES)).frames[:16]
            expected = torch.tensor(frames).float() / 255 - 0.5
            assert torch.allclose(each, expected.expand(3, -1, -1, -1), atol=1e-6)
            seen += 1
    assert seen == len(dataset)
    print(f"\n{split}: {seen} videos, {tuple(video.shape)}, {video.min():.3f} to {video.max():.3f}")  # noqa: T201
