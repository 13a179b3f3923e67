"""What lies below a folder is told apart: films, and what is kept beside them."""

import os
from pathlib import Path

import pytest

from tui_gen.jobs.superres.films.scanning.finding import FolderError, Found, find_videos
from tui_gen.jobs.superres.films.scanning.passed_over import passed_over_line


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Return an empty folder for films."""
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


def put(folder: Path, *names: str, size_bytes: int = 0) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.truncate(path, size_bytes)


def taken(found: Found) -> set[str]:
    return {os.path.relpath(file.path, file.top) for file in found.files}


def test_every_video_file_below_a_folder_is_found(films: Path) -> None:
    put(films, "a.MKV", "b/c d.mp4", "b/e.ts", "notes.txt", "poster.jpg")
    assert taken(find_videos([films])) == {"a.MKV", "b/c d.mp4", "b/e.ts"}


def test_hidden_files_pipes_folders_and_dead_links_are_no_films(films: Path) -> None:
    put(films, ".hidden.mkv", ".trash/x.mkv", "real.mkv")
    (films / "folder.mkv").mkdir()
    (films / "dead.mkv").symlink_to("nowhere")
    os.mkfifo(films / "pipe.mkv")
    os.mkfifo(films / "pipe.ts")
    (films / "same.mkv").symlink_to("real.mkv")
    found = find_videos([films, films])
    assert taken(found) == {"real.mkv"}
    assert [Path(path).name for path, _ in found.unreadable] == ["dead.mkv", "dead.mkv"]


def test_a_folder_that_is_none_is_told(films: Path) -> None:
    with pytest.raises(FolderError, match="is no folder"):
        find_videos([films / "missing"])


def test_programs_in_typescript_are_no_transport_streams(films: Path) -> None:
    (films / "index.ts").write_text("export const films = [];\n", encoding="utf-8")
    (films / "film.ts").write_bytes(b"\x47" + b"\xff" * 300)
    (films / "disc.ts").write_bytes(b"\0\0\0\0\x47" + b"\xff" * 300)
    put(films, "coming.ts")
    assert taken(find_videos([films])) == {"film.ts", "disc.ts", "coming.ts"}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("sample.mkv", "a sample"),
        ("Dune.2021.2160p-GRP/sample-dune.mkv", "a sample"),
        ("Dune.2021.2160p-GRP/Sample/dune.mkv", "a sample"),
        ("Show/Sample/show.s01e01.mkv", "a sample"),
        ("Dune (2021)/Dune (2021)-trailer.mp4", "a trailer"),
        ("Dune (2021)/Trailers/Teaser 2.mkv", "a trailer"),
        ("Dune Official Trailer.mkv", "a trailer"),
        ("Dune (2021)/Extras/Sand.mkv", "an extra"),
        ("Dune (2021)/Behind The Scenes/Sand.mkv", "an extra"),
        ("Dune (2021)/Other/Sand.mkv", "an extra"),
        ("Dune (2021)/Sand-behindthescenes.mkv", "an extra"),
        ("Dune (2021)/Sand-deleted.mkv", "an extra"),
        ("[Group] Show - NCOP1 [BD].mkv", "an extra"),
        ("Dune (2021)/VIDEO_TS/VIDEO_TS.VOB", "a disc's menu"),
        ("Dune (2021)/VIDEO_TS/VTS_01_0.VOB", "a disc's menu"),
    ],
)
def test_samples_trailers_and_extras_are_left_out_with_the_reason(
    films: Path, path: str, reason: str
) -> None:
    put(films, path)
    found = find_videos([films])
    assert taken(found) == set()
    assert [why for _, why in found.left_out] == [reason]


@pytest.mark.parametrize(
    "path",
    [
        "Free Samples (2012).mkv",
        "The.Sample.Man.2019.mkv",
        "Trailer Park Boys (2006).mkv",
        "The Interview (2014).mkv",
        "Scenes from a Marriage (1974).mkv",
        "Shorts/La Jetée (1962).mkv",
        "Extras/Season 1/Extras.S01E01.mkv",
        "Dune.2021.1080p.x264-SCENE.mkv",
    ],
)
def test_films_that_are_called_alike_are_films(films: Path, path: str) -> None:
    put(films, path)
    assert taken(find_videos([films])) == {path}


def test_the_scanned_folder_may_have_any_name(tmp_path: Path) -> None:
    put(tmp_path, "Trailers/a.mkv")
    assert taken(find_videos([tmp_path / "Trailers"])) == {"a.mkv"}


def test_the_small_tracks_of_a_disc_are_left_out(films: Path) -> None:
    put(films, "A/BDMV/STREAM/00001.m2ts", "A/BDMV/STREAM/00002.m2ts", size_bytes=9000)
    put(films, "A/BDMV/STREAM/00003.m2ts", size_bytes=4000)
    put(films, "B/VIDEO_TS/VTS_01_1.VOB", "B/VIDEO_TS/VTS_01_2.VOB", size_bytes=5000)
    put(films, "B/VIDEO_TS/VTS_01_3.VOB", size_bytes=10)  # the end of the film
    put(films, "B/VIDEO_TS/VTS_02_1.VOB", size_bytes=4900)
    found = find_videos([films])
    assert {os.path.relpath(file.path, films) for file, _ in found.left_out} == {
        "A/BDMV/STREAM/00003.m2ts",
        "B/VIDEO_TS/VTS_02_1.VOB",
    }
    assert {why for _, why in found.left_out} == {"a small track of a disc"}


# ------------------------------------------------------------------------------ what is passed over

PASSED_OVER = {
    "1 recycle bin": "#recycle @Recycle $RECYCLE.BIN RECYCLER .Trash-1000 .Trashes .Trash".split(),  # noqa: SIM905
    "1 folder of snapshots": "@Recently-Snapshot .snapshot .snapshots .zfs ~snapshot #snapshot".split(),  # noqa: SIM905
    "1 system folder": ["@eaDir", "lost+found", "System Volume Information", "tdarr-workDir2-x", "@tmp"],
    "1 hidden folder": [".cache", ".stversions", ".AppleDouble"],
}


@pytest.mark.parametrize(
    ("said", "name"), [(said, name) for said, names in PASSED_OVER.items() for name in names]
)
def test_recycle_bins_snapshots_and_system_folders_are_passed_over(films: Path, said: str, name: str) -> None:
    put(films, f"{name}/Drama/Heat (1995).mkv", f"Drama/{name}/Heat (1995).mkv", "real.mkv")
    (films / f"Drama/{name}").rename(films / f"Drama/{name.swapcase()}")
    found = find_videos([films])
    assert taken(found) == {"real.mkv"}
    assert passed_over_line(found.passed_over[:1]) == f"passed over: {said}"
    assert len(found.passed_over) == 2
    assert taken(find_videos([films / name])) == {"Drama/Heat (1995).mkv"}


@pytest.mark.parametrize(
    "name",
    [
        "Heat (1995)-TdarrCacheFile-a1B2c3.mkv",
        "Heat (1995).part.mkv",
        "Heat (1995).mkv.part",
        "Heat (1995).mkv.!qB",
        "Heat (1995).!qB.mkv",
        "Heat (1995).mkv.crdownload",
        "Heat (1995).mkv.tmp",
        "Heat (1995).tmp.mkv",
        "Heat (1995).temp.mp4",
        "Heat (1995).mkv.partial~",
        "~syncthing~Heat (1995).mkv.tmp",
    ],
)
def test_files_that_are_not_finished_are_passed_over(films: Path, name: str) -> None:
    put(films, name, ".Heat (1995).mkv.x7Yz", "notes.txt.tmp")
    found = find_videos([films])
    assert taken(found) == set()
    assert passed_over_line(found.passed_over) == "passed over: 1 hidden file, 1 unfinished file"


@pytest.mark.parametrize(
    "path",
    [
        "Trash (1970)/Trash (1970).mkv",
        "Snapshots/Snapshot (2014).mkv",
        "The.Temp.1993.mkv",
        "The.Temp.mkv",
        "film.part1.mkv",
        "Kill Bill Part.mkv",
        "The Unfinished.mkv",
        "Recycle Bin/a.mkv",
    ],
)
def test_films_in_folders_that_are_called_alike_are_found(films: Path, path: str) -> None:
    put(films, path)
    assert taken(find_videos([films])) == {path}


# ------------------------------------------------------------------------------------ linked folders


def test_a_linked_folder_is_searched_under_the_link(films: Path) -> None:
    put(films.parent / "elsewhere", "Heat (1995).mkv", "More/Dune (2021).mkv")
    (films / "4K movies").symlink_to("../elsewhere")
    found = find_videos([films])
    assert taken(found) == {"4K movies/Heat (1995).mkv", "4K movies/More/Dune (2021).mkv"}
    alone = find_videos([films], follows_links=False)
    assert (taken(alone), passed_over_line(alone.passed_over)) == (set(), "passed over: 1 linked folder")


def test_each_real_folder_is_searched_once_and_under_its_own_path_if_it_has_one(films: Path) -> None:
    put(films, "z real/Heat (1995).mkv")
    put(films.parent / "elsewhere", "inner/Dune (2021).mkv")
    (films / "a link").symlink_to("z real")
    (films / "b inner").symlink_to("../elsewhere/inner")
    (films / "c outer").symlink_to("../elsewhere")
    (films / "d outer").symlink_to("../elsewhere")
    found = find_videos([films])
    assert taken(found) == {"z real/Heat (1995).mkv", "b inner/Dune (2021).mkv"}
    assert [
        (os.path.relpath(path, films), reason.partition(",")[0]) for path, reason in found.unreadable
    ] == [
        ("a link", f"a link to {films / 'z real'}"),
        ("d outer", f"a link to {films.parent / 'elsewhere'}"),
    ]


def test_loops_and_links_out_of_reach_are_told(films: Path) -> None:
    put(films, "Drama/Heat (1995).mkv")
    put(films.parent / "elsewhere", "Dune (2021).mkv")
    (films / "Drama/up").symlink_to("..")
    (films / "Drama/root").symlink_to("/")
    (films / "self").symlink_to("self")
    (films / "gone disk").symlink_to("/mnt/gone")
    (films / "poster.jpg").symlink_to("/mnt/gone/poster.jpg")
    (films / "out").symlink_to("../elsewhere")
    (films.parent / "elsewhere/back").symlink_to(films)
    (films.parent / "elsewhere/again").symlink_to(".")
    found = find_videos([films])
    assert taken(found) == {"Drama/Heat (1995).mkv", "out/Dune (2021).mkv"}
    assert {os.path.relpath(path, films): reason for path, reason in found.unreadable} == {
        "Drama/up": f"a link that leads back to {films}",
        "Drama/root": "a link that leads back to /",
        "self": "a link to self: Too many levels of symbolic links",
        "gone disk": "a link to /mnt/gone: No such file or directory",
        "out/back": f"a link that leads back to {films}",
        "out/again": f"a link to {films.parent / 'elsewhere'}, which is searched as {films / 'out'}",
    }
