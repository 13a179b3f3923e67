"""The folders of a category: prepared, swept of what a death left, and looked over for others' files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_gen.jobs.superres.dataset.folders import (
    OutputError,
    foreign_files,
    opened,
    prepare_folders,
    settle_slug,
)
from tui_gen.jobs.superres.dataset.leftovers import sweep_leftovers
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.geometry import Size

FORMATS = [
    PatchFormat("small_540", Size(540, 540), Size(180, 180), "Patches", ""),
    PatchFormat("large_720", Size(720, 720), Size(240, 240), "Patches_Large", "_large"),
]
CATEGORY = "Universal/Learn"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    prepare_folders(folder, CATEGORY, FORMATS)
    return folder


@pytest.fixture
def put(output: Path) -> Callable[[str], str]:
    """Return a function that puts a file into the category's folder and returns its recorded path."""

    def put_file(path: str) -> str:
        file = output / CATEGORY / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"picture")
        return f"{CATEGORY}/{path}"

    return put_file


def folders_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_dir()}


def nothing(_: str) -> bool:
    return False


# ------------------------------------------------------------------------------------------- preparing


def test_every_format_and_the_validation_set_get_their_folders(output: Path) -> None:
    assert folders_below(output / CATEGORY) == {
        *("Patches", "Patches/GT", "Patches/LR", "Patches/LR_7frames"),
        *("Patches_Large", "Patches_Large/GT", "Patches_Large/LR", "Patches_Large/LR_7frames"),
        *("Val", "Val/GT", "Val/LR"),
    }


def test_preparing_twice_changes_nothing(output: Path, put: Callable[[str], str]) -> None:
    path = put("Patches/GT/patch_a_idx0001.png")
    prepare_folders(output, CATEGORY, FORMATS)
    assert (output / path).read_bytes() == b"picture"


def test_nothing_is_prepared_outside_the_output_folder(tmp_path: Path) -> None:
    output, outside = tmp_path / "out", tmp_path / "outside"
    output.mkdir()
    outside.mkdir()
    (output / "Universal").symlink_to(outside)
    with pytest.raises(OutputError, match="leads outside"):
        prepare_folders(output, CATEGORY, FORMATS)
    with pytest.raises(OutputError, match="leads outside"):
        prepare_folders(output, "../outside/Learn", FORMATS)
    assert list(outside.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_named(output: Path) -> None:
    (output / CATEGORY / "Patches_XLarge").write_text("not a folder")
    wanted = PatchFormat("x", Size(3, 3), Size(1, 1), "Patches_XLarge", "_x")
    with pytest.raises(OutputError) as caught:
        prepare_folders(output, CATEGORY, [wanted])
    assert "Patches_XLarge" in caught.value.filename


def test_an_output_folder_that_is_a_link_is_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "big_disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "big_disk")
    prepare_folders(tmp_path / "out", CATEGORY, FORMATS)
    assert (tmp_path / "big_disk" / CATEGORY / "Patches" / "GT").is_dir()


def test_no_path_is_resolved_where_no_link_is_on_the_way(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os.path, "realpath", lambda path: pytest.fail(f"{path} was resolved"))
        with opened(output, f"{CATEGORY}/Patches/GT") as folder:
            found = os.fstat(folder)
    assert os.path.samestat(found, (output / CATEGORY / "Patches/GT").stat())


@pytest.mark.parametrize("folder", ["../elsewhere", "Universal/../../elsewhere", "/etc", ""])
def test_no_path_leads_up_and_out(output: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    if folder:
        with pytest.raises(OutputError, match="outside"), opened(output, folder):
            pytest.fail("it was opened")
    else:
        with opened(output, folder) as itself:
            assert os.path.samestat(os.fstat(itself), output.stat())


def test_no_descriptor_is_left_open(output: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with opened(output, f"{CATEGORY}/Patches/GT"):
        assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
    with pytest.raises(OutputError), opened(output, f"{CATEGORY}/Patches/missing"):
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# -------------------------------------------------------------------------------------------- sweeping


@pytest.mark.parametrize("token", [".5f3a9c12-17", ""], ids=["with a token", "of an older version"])
def test_only_the_unrecorded_files_of_the_patch_in_hand_are_removed(
    output: Path, put: Callable[[str], str], token: str
) -> None:
    put(f".tui-gen-tmp/patch_a_idx0001_large{token}.GT.tmp")
    put(f".tui-gen-tmp/patch_a_idx0001_large{token}.LR_7frames.tmp")
    lone = put("Patches_Large/LR/patch_a_idx0001_large.png")
    recorded = put("Patches/LR/patch_a_idx0001_large.png")
    others = [
        put("Patches_Large/LR/patch_a_idx0002_large.png"),
        put("Patches_Large/LR/patch_a_idx0001_large.png.bak"),
        put("Patches_Large/LR/patch_a_idx0001.png"),
        put("Val/LR/patch_b_idx0001_large.png"),
        put("Elsewhere/patch_a_idx0001_large.png"),
    ]
    assert sweep_leftovers(output, CATEGORY, {recorded}.__contains__) == 3
    assert not (output / lone).exists()
    assert not (output / CATEGORY / ".tui-gen-tmp").exists()
    assert all((output / path).exists() for path in [recorded, *others])


def test_there_is_nothing_to_sweep_where_nothing_was_in_hand(output: Path, put: Callable[[str], str]) -> None:
    path = put("Patches/LR/patch_a_idx0001.png")
    assert sweep_leftovers(output, CATEGORY, nothing) == 0
    assert sweep_leftovers(output, "Never/Seen", nothing) == 0
    assert (output / path).exists()


def test_a_sweep_leaves_what_a_living_process_writes_meanwhile(
    output: Path, put: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(".tui-gen-tmp/patch_a_idx0001.5f3a9c12-1.GT.tmp")
    put(".tui-gen-tmp/patch_a_idx0002.5f3a9c12-2.GT.tmp")
    rename, later = os.rename, ".tui-gen-tmp/patch_a_idx0003.5f3a9c12-3.GT.tmp"

    def rename_while_it_goes_on(name: str, taken: str, **folders: int) -> None:
        if name == "patch_a_idx0001.5f3a9c12-1.GT.tmp":
            rename(output / CATEGORY / f".tui-gen-tmp/{name}", output / CATEGORY / "Patches/GT/a.png")
            put(later)
        rename(name, taken, **folders)

    monkeypatch.setattr(os, "rename", rename_while_it_goes_on)
    assert sweep_leftovers(output, CATEGORY, nothing) == 1
    assert (output / CATEGORY / later).exists()


def test_a_sweep_does_not_reach_outside(output: Path, tmp_path: Path, put: Callable[[str], str]) -> None:
    put(".tui-gen-tmp/patch_a_idx0001.GT.tmp")
    (tmp_path / "outside" / "GT").mkdir(parents=True)
    theirs = tmp_path / "outside" / "GT" / "patch_a_idx0001.png"
    theirs.write_bytes(b"theirs")
    (output / CATEGORY / "Archive").symlink_to(tmp_path / "outside")
    assert sweep_leftovers(output, CATEGORY, nothing) == 1
    assert theirs.read_bytes() == b"theirs"


def test_a_linked_folder_of_temporaries_is_not_swept(output: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years")
    (output / CATEGORY / ".tui-gen-tmp").symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError):
        sweep_leftovers(output, CATEGORY, nothing)
    assert (tmp_path / "precious" / "thesis.txt").exists()


# ----------------------------------------------------------------------------------------------- slugs


def test_a_free_slug_is_kept(output: Path, put: Callable[[str], str]) -> None:
    put("Patches/GT/patch_dune_2_idx0001.png")
    put("Patches/GT/patch_dun_idx0001.png")
    put("Patches/GT/my_patch_dune_idx0001.png")
    put("Patches/GT/patch_dune_idx.png")
    assert settle_slug(output, CATEGORY, "dune", video_id="ab12") == "dune"


def test_no_slug_is_settled_in_a_folder_that_is_gone(output: Path) -> None:
    with pytest.raises(OutputError) as caught:
        settle_slug(output, "Never/Seen", "dune", video_id="ab12")
    assert caught.value.is_obstruction


@pytest.mark.parametrize(
    "path",
    [
        "Patches/GT/patch_dune_idx0001.png",
        "Patches_Large/LR_7frames/patch_dune_idx0001_large.png",
        "Patches_Forgotten/LR/patch_dune_idx123456_old.webp",
        "Val/GT/patch_dune_idx0001.png",
    ],
)
def test_a_slug_that_stands_on_foreign_files_gets_the_id(
    output: Path, put: Callable[[str], str], path: str
) -> None:
    put(path)
    assert settle_slug(output, CATEGORY, "dune", video_id="ab12") == "dune_ab12"


def test_foreign_files_are_safe_even_under_the_id(output: Path, put: Callable[[str], str]) -> None:
    for name in ("dune", "dune_ab12", "dune_ab12_2"):
        put(f"Patches/GT/patch_{name}_idx0001.png")
    assert settle_slug(output, CATEGORY, "dune", video_id="ab12") == "dune_ab12_3"


def test_a_slug_with_an_index_in_it_is_not_mistaken_for_a_shorter_one(
    output: Path, put: Callable[[str], str]
) -> None:
    put("Patches/GT/patch_dune_idx5_idx0001.png")
    assert settle_slug(output, CATEGORY, "dune", video_id="ab12") == "dune"
    assert settle_slug(output, CATEGORY, "dune_idx5", video_id="ab12") == "dune_idx5_ab12"


# --------------------------------------------------------------------------------------- foreign files


def test_a_fresh_category_holds_nothing_foreign(output: Path) -> None:
    assert foreign_files(output, CATEGORY, nothing) is None
    assert foreign_files(output, "Never/Seen", nothing) is None


def test_what_no_ledger_owns_is_found(output: Path, put: Callable[[str], str]) -> None:
    owned = put("Patches/GT/patch_a_idx0001.png")
    assert foreign_files(output, CATEGORY, {owned}.__contains__) is None
    foreign = put("Patches/Deeper/notes.txt")
    assert foreign_files(output, CATEGORY, {owned}.__contains__) == foreign


def test_validation_and_temporaries_are_nobodys_business(output: Path, put: Callable[[str], str]) -> None:
    put("Val/GT/moved_by_hand.png")
    put(".tui-gen-tmp/patch_a_idx0001.GT.tmp")
    assert foreign_files(output, CATEGORY, nothing) is None
    foreign = put("Patches/Val/x.png")
    assert foreign_files(output, CATEGORY, nothing) == foreign


def test_links_to_folders_are_not_followed_and_broken_links_are_files(output: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"cat")
    (output / CATEGORY / "Archive").symlink_to(tmp_path / "photos")
    (output / CATEGORY / "round").symlink_to(output / CATEGORY)
    assert foreign_files(output, CATEGORY, nothing) is None
    (output / CATEGORY / "lost").symlink_to(tmp_path / "missing")
    assert foreign_files(output, CATEGORY, nothing) == f"{CATEGORY}/lost"


def test_names_that_are_not_utf8_are_handed_over_as_they_are(output: Path, put: Callable[[str], str]) -> None:
    path = put("Patches/GT/\udcff\n.png")
    assert foreign_files(output, CATEGORY, nothing) == path
    assert foreign_files(output, CATEGORY, {path}.__contains__) is None
