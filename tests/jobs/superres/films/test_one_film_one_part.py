"""A film stays in its part of the dataset, whatever is done to its file and whatever part that is.

The matrix: each way in which people change a library, times each part. After it, `scan --update` must lead to
entries that a run accepts and that give the film's content to its part alone. Without a scan, an entry that
someone adds by hand is refused by the run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.superres.films.scanning.test_scan import facts
from tui_gen.base.errors import RefusedError
from tui_gen.contract.scan import ScanRequest
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, JsonObject, Made, Patch
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.jobs.superres.config.load import load_settings, shipped_config
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.dataset.split import split_of
from tui_gen.jobs.superres.films.identity import Identified
from tui_gen.jobs.superres.films.same_film import refuse_split_films, split_films
from tui_gen.jobs.superres.films.scanning.lengths import Probed
from tui_gen.jobs.superres.films.scanning.scan import scan
from tui_gen.jobs.superres.films.source_check import identified_films, opening_events
from tui_gen.jobs.superres.planning.footage import _shifted, _torn
from tui_gen.jobs.superres.units import EXTRACT
from tui_gen.media.film_files import FileLook

HOUR = 3600.0
NAME = "Amélie (2001).mkv"
OTHER = "Heat (1995).mkv"
FILM, ENCODED_AGAIN, HEAT = b"amelie" * 999, b"smaller" * 500, b"heat" * 800
PARTS: Mapping[str, JsonObject] = {
    "train": {},
    "val": {"split": "val"},
    "test": {"split": "test"},
    "group": {"split": "val", "group": "Jeunet"},
    "val_percent": {},
}


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Return a folder with two films."""
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / NAME).write_bytes(FILM)
    (folder / OTHER).write_bytes(HEAT)
    return folder


# ------------------------------------------------------------------------------------------ the ways


def named(name: str) -> Callable[[Path], None]:
    def way(films: Path) -> None:
        (films / name).parent.mkdir(exist_ok=True)
        (films / NAME).rename(films / name)

    return way


def copied(films: Path) -> None:
    (films / "a backup").mkdir()
    shutil.copy(films / NAME, films / "a backup/poulain.mkv")


def linked(films: Path) -> None:
    (films / "a seed").mkdir()
    os.link(films / NAME, films / "a seed/poulain.mkv")


def linked_and_removed(films: Path) -> None:
    linked(films)
    (films / NAME).unlink()


def pointed_to(films: Path) -> None:
    (films / "a link.mkv").symlink_to(NAME)


def encoded_again(name: str) -> Callable[[Path], None]:
    def way(films: Path) -> None:
        (films / NAME).unlink()
        (films / name).write_bytes(ENCODED_AGAIN)

    return way


def encoded_beside(films: Path) -> None:
    (films / "Amelie.2001.2160p.x265.mkv").write_bytes(ENCODED_AGAIN)


def encoded_beside_without_year(films: Path) -> None:
    (films / "amelie.x265.mkv").write_bytes(ENCODED_AGAIN)


WAYS: Mapping[str, Callable[[Path], None]] = {
    "renamed by a media manager": named("Amélie (2001) [Bluray-1080p].mkv"),
    "renamed, title lost": named("poulain.mkv"),
    "moved": named(f"French/{NAME}"),
    "moved and renamed": named("French/poulain.mkv"),
    "copied": copied,
    "linked": linked,
    "linked, the first name removed": linked_and_removed,
    "symbolic link": pointed_to,
    "NFC to NFD": named(unicodedata.normalize("NFD", NAME)),
    "encoded again in place": encoded_again(NAME),
    "encoded again, renamed": encoded_again("Amelie.2001.1080p.x265-GRP.mkv"),
    "encoded again, year lost": encoded_again("Amelie.x265.mkv"),
    "encoded again beside": encoded_beside,
    "encoded again beside, year lost": encoded_beside_without_year,
    "replaced by a better edition": encoded_again("Amélie (2001) {edition-Director's Cut} 2160p.mkv"),
}


# ---------------------------------------------------------------------------------------- the program


def scanned(films: Path, target: Path, **options: object) -> str:
    def probe(paths: Sequence[str], _: Settings, __: Callable[[int], None]) -> Mapping[str, Probed]:
        return {path: facts(HOUR + len(Path(path).read_bytes()) / 1e5) for path in paths}

    request = replace(ScanRequest((films,), target), **options)  # type: ignore[arg-type]
    found = scan(request, shipped=shipped_config(), probe=probe, progress=lambda *_: None, this_year=2026)
    return "\n".join(found.save(found.sources))


def configured(films: Path, part: str) -> Path:
    """Scan the folder, and have the film in a part."""
    target = films.parent / "c.json"
    base = {"output_base_dir": "out", "val_percent": 5 if part == "val_percent" else 0}
    target.write_text(json.dumps({"base_settings": base, "category_targets": {"general": 9}, "videos": []}))
    scanned(films, target)
    config = json.loads(target.read_text(encoding="utf-8"))
    next(video for video in config["videos"] if "Am" in video["name"]).update(PARTS[part])
    target.write_text(json.dumps(config), encoding="utf-8")
    return target


def run(target: Path) -> dict[str, SourceRecord]:
    """Do what a run does with films, without decoding: identify, refuse, and make a patch for each part."""
    settings = load_settings(target)
    state, _ = replay(settings.run_folder)
    identified = identified_films(settings, state.records)
    refuse_split_films(settings, identified, state.records)
    settings.run_folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(settings.run_folder / LEDGER_NAME)
    ledger.append(
        event
        for event in opening_events(identified, {}, state.records, None)
        if isinstance(event, ev.FactsLearned)
    )
    waiting = dict(_torn(tuple((found.id, found.video) for found in identified), state.records))
    for found in identified:
        path = Path(found.video.path)
        if not path.exists() or found.id in waiting:
            continue
        length = {"duration_seconds": HOUR + path.stat().st_size / 1e5}
        parts = {"val", "train"} if found.video.val_share else {found.video.split}
        patches = tuple(
            Patch(f"general/{each}".removesuffix("/train"), 1, {}, None) for each in sorted(parts)
        )
        made = Made(Clip(found.id, 0), patches, 1, 0.1)
        ledger.append([ev.FactsLearned(1.0, "probe", found.id, {"probe": length}, ())])
        ledger.append([ev.ClipEnded(1.0, EXTRACT, made)])
    ledger.close()
    return replay(settings.run_folder)[0].records


def shares(target: Path, part: str) -> set[str]:
    """Return where the content of the film went: the parts, or the blocks of a divided film."""
    settings = load_settings(target)
    state, _ = replay(settings.run_folder)
    heat = {video.path for video in settings.videos if "Heat" in video.name}
    found = {
        source: record for source, record in state.records.items() if record.facts["file"]["path"] not in heat
    }
    if part == "val_percent":
        return {
            record.facts.get("block_of", source)
            for source, record in found.items()
            if record.stage(EXTRACT).made
        }
    return {
        split_of(name)
        for record in found.values()
        for name, bits in record.stage(EXTRACT).made.items()
        if bits
    }


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("way", "keeps_editions"),
    [(way, False) for way in WAYS] + [(way, True) for way in WAYS if "beside" in way or "better" in way],
)
def test_no_way_leads_a_film_into_two_parts(
    films: Path, way: str, part: str, *, keeps_editions: bool
) -> None:
    target = configured(films, part)
    run(target)
    assert len(shares(target, part)) == 1
    WAYS[way](films)
    scanned(films, target, may_update=True, keeps_editions=keeps_editions)
    run(target)
    assert len(shares(target, part)) == 1
    assert any(Path(video.path).exists() for video in load_settings(target).videos if "Am" in video.name)


@pytest.mark.parametrize("part", ["val", "val_percent"])
@pytest.mark.parametrize("way", WAYS)
def test_an_entry_added_by_hand_for_a_film_of_another_part_is_refused(
    films: Path, way: str, part: str
) -> None:
    target = configured(films, part)
    run(target)
    WAYS[way](films)
    config = json.loads(target.read_text(encoding="utf-8"))
    listed = {video["path"] for video in config["videos"]}
    new = [path for path in films.rglob("*.mkv") if str(path) not in listed]
    for path in new:
        name = "Amélie (2001)" if path.read_bytes() == ENCODED_AGAIN else "Fabuleux destin"
        config["videos"].append({"name": name, "path": str(path), "categories": {"general": 1}})
    target.write_text(json.dumps(config), encoding="utf-8")
    if not new:
        run(target)
        assert len(shares(target, part)) == 1
        return
    with pytest.raises(RefusedError, match=r"same (content|name)"):
        run(target)


@pytest.mark.parametrize("seconds", [1.0, 40.0])
def test_a_divided_film_of_another_length_gives_nothing(seconds: float) -> None:
    entry = Video("Dune (2021)", "/dune", (("general", 1.0),), val_share=0.05)
    records = {
        "old": SourceRecord(facts={"probe": {"duration_seconds": HOUR}}),
        "new": SourceRecord(facts={"probe": {"duration_seconds": HOUR + seconds}, "block_of": "old"}),
    }
    waiting = dict(_shifted([("new", entry)], records))
    assert waiting.keys() == ({"new"} if seconds > 1 else set())


def patched(source: str, category: str, hashes: Sequence[int]) -> Iterator[ev.ClipEnded]:
    for clip, value in enumerate(hashes):
        yield ev.ClipEnded(1.0, EXTRACT, Made(Clip(source, clip), (Patch(category, 1, {}, value),), 1, 0.1))


@pytest.mark.parametrize(("alike", "is_refused"), [(12, True), (8, False)])
def test_two_releases_are_known_by_their_patches_and_a_common_opening_is_no_release(
    alike: int, *, is_refused: bool
) -> None:
    chance = random.Random(7)
    held = [chance.getrandbits(64) for _ in range(20)]
    trained = [value ^ 1 for value in held[:alike]] + [chance.getrandbits(64) for _ in range(20 - alike)]
    state = RunState()
    for event in (*patched("a", "general", trained), *patched("b", "general/val", held)):
        state.apply(event)
    videos = {
        "a": Video("A", "/a", (("general", 1.0),)),
        "b": Video("B", "/b", (("general/val", 1.0),), split="val"),
    }
    entries = [
        Identified(source, video, FileLook(video.path, 9, 1, 7, source)) for source, video in videos.items()
    ]
    found = list(split_films(entries, state.records))
    assert bool(found) is is_refused
    assert all("most patches alike" in problem for problem in found)


def test_a_film_that_was_held_out_is_trained_on_only_after_its_patches_are_moved(films: Path) -> None:
    target = configured(films, "val")
    run(target)
    target.write_text(target.read_text(encoding="utf-8").replace('"val"', '"train"'), encoding="utf-8")
    with pytest.raises(RefusedError, match="was held out for validation and gave 1 patches there"):
        run(target)


@pytest.mark.parametrize(
    ("train", "val", "is_one"),
    [
        ("Dune (2021)", "Dune Part Two (2021)", False),
        ("Dune (2021)", "DUNE (2021) - Extended", True),
        ("Dune (2021)", "Dune (1984)", False),
        ("Show (2010) - S01E01", "Show (2010) - S01E02", False),
        ("Show (2010) - S01E01", "Show (2010) - S01E01", True),
        ("Show (2010) - 2011-05-01", "Show (2010) - 2011-05-02", False),
        ("Amélie (2001)", unicodedata.normalize("NFD", "Amélie (2001)"), True),
        ("Heat", "Heat", False),  # without a year, the durations decide
    ],
)
def test_names_with_a_year_tell_films_apart_and_episodes_of_a_series(
    train: str, val: str, *, is_one: bool
) -> None:
    entries = [
        Identified("a", Video(train, "/a", (("general", 1.0),)), FileLook("/a", 9, 1, 7, "a")),
        Identified("b", Video(val, "/b", (("general/val", 1.0),), split="val"), FileLook("/b", 9, 1, 7, "b")),
    ]
    assert bool(list(split_films(entries, {}))) is is_one
