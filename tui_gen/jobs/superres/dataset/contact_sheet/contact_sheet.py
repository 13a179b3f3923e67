"""Makes a contact sheet: pictures and a page that shows them, in a separate folder.

    sheet.html                     the page; refers only to files beside it
    contact-01-general-random-1.png   the same pictures in one file, for any viewer
    pictures/<patch>-whole.png, <patch>-pair.png

The dataset is only read, so an engine may run at the same time. Pictures have the names of their patches, and
the page is written last: an interrupted sheet leaves an older sheet unchanged.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.html import write_page
from tui_gen.base.page_folder import PICTURES, PageFolder
from tui_gen.contract.contact_sheet import SheetMade
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.contact_sheet.choice import Group, Key, LedgerPatch, choose, ledger_patches
from tui_gen.jobs.superres.dataset.contact_sheet.page import Sheet, Shown, sheet_page
from tui_gen.jobs.superres.dataset.contact_sheet.pictures import (
    COLUMNS,
    ROWS,
    Strip,
    contact_sheet,
    draw,
    label_of,
)
from tui_gen.jobs.superres.extraction.patches import Image
from tui_gen.jobs.superres.extraction.png import encode_png
from tui_gen.jobs.superres.planning.expected import expected_plan
from tui_gen.jobs.superres.planning.names import slug

PAGE_NAME = "sheet.html"
DRAWERS = 2
"""The number of patches drawn in parallel: more would take processors from a running engine."""
_OURS = re.compile(r"sheet\.html|\.sheet\.html\.part|contact-[a-z0-9_-]+\.png(\.part)?")
_OUR_PICTURES = re.compile(r"[0-9a-f]{16}-(whole|pair)\.png(\.part)?")


def make_sheet(settings: Settings, folder: Path, *, per_category: int, seed: int | None) -> SheetMade:
    """Draw a sheet of the patches of a ledger into `folder`. Raises RefusedError, OSError."""
    ledger = settings.run_folder / LEDGER_NAME
    if not ledger.is_file():
        message = f"{ledger}: there is no ledger: nothing was made here yet"
        raise RefusedError(message)
    place = PageFolder(folder, _OURS, _OUR_PICTURES)
    place.prepare()
    chosen_seed = settings.seed if seed is None else seed
    groups = choose(ledger_patches(ledger), per_category=per_category, seed=chosen_seed)
    shown = _draw_all(settings.output, place, groups)
    contacts = [
        name for number, group in enumerate(groups) for name in _contacts(place, number, group, shown)
    ]
    sheet = Sheet(settings.output, folder, chosen_seed, tuple(groups), shown, _film_names(settings))
    write_page(folder / PAGE_NAME, sheet_page(sheet))
    pictures = {name for entry in shown.values() for name in (entry.whole, entry.pair) if name}
    place.remove_stale({PAGE_NAME, *contacts, *pictures})
    wrong = tuple(line for entry in shown.values() for line in entry.wrong)
    return SheetMade(folder / PAGE_NAME, len(shown), wrong)


def _film_names(settings: Settings) -> dict[str, str]:
    state, _ = replay(settings.run_folder)
    return {source.source: source.name for source in expected_plan(settings, state.records).sources}


# ------------------------------------------------------------------ pictures


def _draw_all(output: Path, place: PageFolder, groups: Sequence[Group]) -> dict[Key, Shown]:
    patches = {patch.key: patch for group in groups for patch in group.patches}
    with ThreadPoolExecutor(DRAWERS, thread_name_prefix="sheet") as drawers:
        drawn = drawers.map(lambda patch: _draw(output, place, patch), patches.values())
        return dict(zip(patches, drawn, strict=True))


def _draw(output: Path, place: PageFolder, patch: LedgerPatch) -> Shown:
    drawn = draw(output, patch)
    identity = hashlib.sha256(repr(patch.key).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    names: dict[str, str | None] = {}
    sizes = {}
    for kind, image in (("whole", drawn.whole), ("pair", drawn.pair)):
        names[kind] = _put_picture(place, f"{PICTURES}/{identity}-{kind}.png", image)
        if image is not None:
            sizes[kind] = (image.shape[1], image.shape[0])
    return Shown(patch, names["whole"], names["pair"], sizes, drawn.wrong, drawn.gt)


def _put_picture(place: PageFolder, name: str, image: Image | None) -> str | None:
    return None if image is None else place.put(name, encode_png(image, "rle"))


def _contacts(place: PageFolder, number: int, group: Group, shown: Mapping[Key, Shown]) -> Iterator[str]:
    """Write a group's contact sheets; yield their file names."""
    of_group = [shown[patch.key] for patch in group.patches]
    most = COLUMNS * ROWS
    for sheet, start in enumerate(range(0, len(of_group), most), 1):
        words = [f"{number + 1:02d}", slug(group.category), slug(group.score), group.end, str(sheet)]
        name = f"contact-{'-'.join(word for word in words if word)}.png"
        strips = [_strip(place.folder, entry, group.score) for entry in of_group[start : start + most]]
        yield place.put(name, contact_sheet(strips))


def _strip(folder: Path, entry: Shown, score: str) -> Strip:
    whole, pair = ((folder / name).read_bytes() if name else None for name in (entry.whole, entry.pair))
    return Strip(whole, pair, "; ".join(entry.wrong), label_of(entry.patch, score))
