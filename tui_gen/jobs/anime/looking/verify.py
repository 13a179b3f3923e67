"""Compares the images that the ledger records with their files, wherever a hand has put them.

    ledger ─> recorded images ──┐
    folders ─> Whereabouts ─────┴─> check: whole and as written, moved or edited by hand, missing, damaged

An image that hands moved, renamed or edited is as its owner wants it: this is told, and is no damage. Nothing
is written.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tui_gen.contract.verify import MISSING, Checked, Finding, Recorded
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.standing_patches import standing_patches
from tui_gen.jobs.anime import facts
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.facts import NOTHING, Records
from tui_gen.jobs.anime.hand_look import STAGE_OF, Look, are_images_removed, look_at_folders
from tui_gen.jobs.anime.images.folders import INTERMEDIATE, Level
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.images.whole_image import fault_of, silence_opencv
from tui_gen.jobs.anime.images.writing import sha256_of
from tui_gen.jobs.anime.units import CATEGORIES

CHECKERS = 4
BATCH = 256
"""Images in flight: their number is bounded, however many there are."""
LEVEL_OF: Mapping[str, Level] = {CATEGORIES[stage]: level for level, stage in STAGE_OF.items()}
MOVED, EDITED = "moved or renamed by hand", "edited by hand"
WITH_FOLDER = "missing with the whole folder: the next run makes it again"


def recorded_images(settings: Settings, records: Records) -> list[Recorded]:
    """Return the images of the ledger that are chosen or selected now: others are superseded.

    Images that were removed because of `remove_intermediate` are none of the dataset any more.
    """
    ledger = settings.folders.run_folder / LEDGER_NAME
    removed = INTERMEDIATE if are_images_removed(settings, records) else ()
    return [
        Recorded(
            standing.clip.clip, standing.patch.category, standing.patch.size_bytes, standing.patch.record
        )
        for standing in standing_patches(ledger)
        if standing.patch.category in LEVEL_OF
        and LEVEL_OF[standing.patch.category] not in removed
        and _is_wanted(
            records.get(standing.clip.clip.source, NOTHING), standing.patch.category, standing.clip.clip.index
        )
    ]


def _is_wanted(record: SourceRecord, category: str, index: int) -> bool:
    key = "selected" if LEVEL_OF[category] == "training" else "chosen"
    return key not in record.facts or bool(facts.bits(record, key) >> index & 1)


def sample_of(images: list[Recorded], count: int, seed: int) -> list[Recorded]:
    """Return `count` of the images, each as likely as any other, in their order."""
    chosen = sorted(random.Random(seed).sample(range(len(images)), min(count, len(images))))
    return [images[place] for place in chosen]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the images of all levels are."""

    output: Path
    look: Look
    store: ImageStore

    @staticmethod
    def of(settings: Settings, records: Records) -> Whereabouts:
        """Look at the folders. Raises OSError."""
        look = look_at_folders(settings, records, 0.0)
        return Whereabouts(settings.folders.output, look, ImageStore(settings.folders, look.work))

    def places(self, level: Level, image: str) -> list[Path]:
        """Return the file of an image, all of them if its name is there twice, or none."""
        path = self.store.paths(level).get(image)
        if path is None and level == "cropped":
            path = self.store.paths("classified").get(image)
        if path is not None:
            return [path]
        base = self.store.folders.of(level)
        return [base / each for each in self.look.work[level].waiting.get(image, ())]


def check_images(where: Whereabouts, images: Iterable[Recorded]) -> Iterator[Checked]:
    """Check images in order, several at a time."""
    silence_opencv()  # findings tell what is wrong
    for level in LEVEL_OF.values():
        where.store.paths(level)  # listed once, before threads ask
    where.store.paths("classified")
    rest = iter(images)
    with ThreadPoolExecutor(CHECKERS, thread_name_prefix="verify") as checkers:
        while batch := list(islice(rest, BATCH)):
            yield from checkers.map(lambda recorded: _check(where, recorded), batch)


def _check(where: Whereabouts, recorded: Recorded) -> Checked:
    level = LEVEL_OF[recorded.category]
    digests = recorded.record.get("sha256", {})
    findings, remarks = list[Finding](), dict[str, None]()
    for image, place in recorded.record["files"].items():
        found = where.places(level, image)
        if not found:
            wrong = WITH_FOLDER if where.look.work[level].is_gone else MISSING
            findings.append(Finding(recorded, place, wrong))
            continue
        wrong = _wrong_with(found, digests.get(image, ""))
        if wrong == EDITED:
            remarks[EDITED] = None
        elif wrong:
            findings.append(Finding(recorded, where.store.folders.relative(found[0]), wrong))
        work = where.look.work[level]
        if image in work.moved or image in work.pinned or image not in where.store.paths(level):
            remarks[MOVED] = None
    return Checked(recorded, tuple(findings), remarks=tuple(remarks))


def _wrong_with(paths: list[Path], expected: str) -> str:
    """Return "" if one of the files is as written, EDITED if it is another whole image, else its fault."""
    faults = [_fault_of_file(path, expected) for path in paths]
    return min(faults, key=lambda fault: (fault != "", fault != EDITED))


def _fault_of_file(path: Path, expected: str) -> str:
    try:
        if expected and sha256_of(path) == expected:
            return ""
        fault = fault_of(path.read_bytes())
    except OSError as error:
        return f"damaged: cannot be read: {error.strerror}"
    if fault:
        return f"damaged: {fault}"
    return EDITED if expected else ""
