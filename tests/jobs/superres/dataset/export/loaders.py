"""Readers that find and cut files as the loaders of the trainers do, so that a path amiss is missed here too.

Each says which loader's way of building paths it follows; what a loader does with the pictures then
(cropping, turning, tensors) is left out. Nothing here asks the program how it names things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.jobs.superres.dataset.export.conftest import Image, decoded

Pair = tuple[list[Image], list[Image]]
"""LQ frames and GT frames."""
Get = Callable[[str], bytes]


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def on_disk(root: Path) -> Get:
    """BasicSR `utils/file_client.py` HardDiskBackend: a key is a path."""
    return lambda key: (root / f"{key}.png").read_bytes()


def in_lmdb(root: Path) -> Get:
    """BasicSR `utils/file_client.py` LmdbBackend: read-only, without a lock, keys in ASCII."""
    import lmdb

    environment = lmdb.open(str(root), readonly=True, lock=False, readahead=False)

    def get(key: str) -> bytes:
        with environment.begin(write=False) as transaction:
            value = transaction.get(key.encode("ascii"))
        assert value is not None, f"{key} is not in {root}"
        return bytes(value)

    return get


def basicsr_vimeo(meta: Path, gt: Get, lq: Get, *, num_frame: int = 7) -> Iterator[tuple[str, Pair]]:
    """BasicSR `data/vimeo90k_dataset.py`, Vimeo90KDataset: GT is im4, LQ its neighbours."""
    neighbours = [place + (9 - num_frame) // 2 for place in range(num_frame)]
    for line in meta.read_text(encoding="ascii").splitlines():
        key, frames, shape = line.split(" ")
        assert frames == str(num_frame)
        clip, sequence = key.split("/")
        truth = decoded(gt(f"{clip}/{sequence}/im4"))
        assert shape == str(truth.shape).replace(" ", "")
        yield key, ([decoded(lq(f"{clip}/{sequence}/im{number}")) for number in neighbours], [truth])


def basicsr_vimeo_recurrent(meta: Path, gt: Get, lq: Get) -> Iterator[tuple[str, Pair]]:
    """BasicSR `data/vimeo90k_dataset.py`, Vimeo90KRecurrentDataset: seven of each."""
    for line in meta.read_text(encoding="ascii").splitlines():
        key = line.split(" ")[0]
        clip, sequence = key.split("/")
        numbers = range(1, 8)
        yield (
            key,
            (
                [decoded(lq(f"{clip}/{sequence}/im{number}")) for number in numbers],
                [decoded(gt(f"{clip}/{sequence}/im{number}")) for number in numbers],
            ),
        )


def basicsr_lmdb_keys(root: Path) -> list[str]:
    """BasicSR `data/data_util.py` paths_from_lmdb: what stands before the first dot of each line."""
    assert str(root).endswith(".lmdb")
    return [line.split(".")[0] for line in (root / "meta_info.txt").read_text(encoding="ascii").splitlines()]


def mmagic_frames(root: Path, *, depth: int) -> Iterator[str]:
    """Follow mmagic `datasets/basic_frames_dataset.py`, `_get_path_list_from_ann`: paths, extensions off."""
    for line in (root / "meta_info.txt").read_text(encoding="ascii").splitlines():
        path, _, shape = line.partition(" ")
        assert path.count("/") == depth - 1
        height, width, channels = (int(number) for number in shape.strip("()").split(", "))
        assert channels == 3
        assert height > 0
        assert width > 0
        yield path.removesuffix(".png")


def mmagic_vimeo(root: Path) -> Iterator[tuple[str, Pair]]:
    """Follow the same with `depth=2` and `load_frames_list` of im1..im7 and im4."""
    for key in mmagic_frames(root, depth=2):
        lq = [root / "LQ" / key / f"im{number}.png" for number in range(1, 8)]
        yield (
            key,
            (
                [decoded(path.read_bytes()) for path in lq],
                [decoded((root / "GT" / key / "im4.png").read_bytes())],
            ),
        )


def mmagic_reds(root: Path) -> Iterator[tuple[str, Pair]]:
    """Follow the same with `depth=2` and lengths by folder, then `transforms/generate_frame_indices.py`.

    GenerateFrameIndices takes GT of the frame itself, and neighbours as far as the length allows.
    """
    lengths: dict[str, int] = {}
    for key in mmagic_frames(root, depth=2):
        clip, _, frame = key.partition("/")
        lengths.setdefault(clip, len(names_in(root / "LQ" / clip)))
        assert 0 <= int(frame) < lengths[clip]
        lq = [root / "LQ" / clip / f"{number:08d}.png" for number in range(lengths[clip])]
        yield (
            key,
            (
                [decoded(path.read_bytes()) for path in lq],
                [decoded((root / "GT" / clip / f"{frame}.png").read_bytes())],
            ),
        )


def trainner_video(lq_root: Path, gt_root: Path, *, clip_size: int) -> Iterator[tuple[str, Pair]]:
    """Follow traiNNer-redux `data/paired_video_dataset.py`: scenes by prefix, GT of the middle frame."""
    scenes: dict[str, list[str]] = {}
    for name in names_in(lq_root):
        assert name.lower().endswith(".png")
        scenes.setdefault(name.split("_")[0], []).append(name)
    truths = set(names_in(gt_root))
    for scene, names in scenes.items():
        for start in range(max(0, len(names) - clip_size + 1)):
            middle = names[start + clip_size // 2]
            if middle in truths:
                lq = [decoded((lq_root / name).read_bytes()) for name in names[start : start + clip_size]]
                yield scene, (lq, [decoded((gt_root / middle).read_bytes())])


def neosr_paired(options: dict[str, str]) -> Iterator[tuple[str, Pair]]:
    """Follow neosr `data/paired_dataset.py`: the branch that these options of a data set take.

    With a list, `paired_paths_from_meta_info_file` gives the LQ folder itself for the path of each LQ file;
    without, `paired_paths_from_folder` replaces one folder's path by the other's.
    """
    gt_root, lq_root = Path(options["dataroot_gt"]), Path(options["dataroot_lq"])
    assert names_in(lq_root) == names_in(gt_root)
    for path in [str(gt_root / name) for name in names_in(gt_root)]:
        if options.get("meta_info") is not None:
            partner = str(lq_root)
        else:
            partner = path.replace(options["dataroot_gt"], options["dataroot_lq"])
            assert partner in [str(lq_root / name) for name in names_in(lq_root)]
        yield Path(path).stem, ([decoded(Path(partner).read_bytes())], [decoded(Path(path).read_bytes())])


def vimeo90k(root: Path, part: str) -> Iterator[tuple[str, list[Image]]]:
    """Vimeo-90K septuplets as published: `sep_<part>list.txt` names folders below `sequences`."""
    for key in (root / f"sep_{part}list.txt").read_text(encoding="ascii").splitlines():
        folder = root / "sequences" / key
        assert names_in(folder) == [f"im{number}.png" for number in range(1, 8)]
        yield key, [decoded((folder / f"im{number}.png").read_bytes()) for number in range(1, 8)]
