"""Makes a contact sheet: a page with small pictures of each group, in a folder of its own.

    sheet.html    pictures/<image>.webp       the page refers to files beside it, and to the images

The dataset is only read, so an engine may run at the same time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2

from tui_gen.base.errors import reason_of
from tui_gen.base.formatting import count
from tui_gen.base.html import Markup, page, relative_url, tag, write_page
from tui_gen.base.page_folder import PICTURES, PageFolder
from tui_gen.contract.contact_sheet import SheetMade
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.contact_sheet.sections import Section, sections_of
from tui_gen.jobs.anime.images.store import ImageError, ImageStore

PAGE_NAME = "sheet.html"
DRAWERS = 2
"""The number of images drawn in parallel: more would take processors from a running engine."""
HEIGHT, WIDEST = 160, 284
"""Of a small picture, in pixels."""
_QUALITY = [cv2.IMWRITE_WEBP_QUALITY, 80]
_OURS = re.compile(r"sheet\.html|\.sheet\.html\.\d+\.part")
_OUR_PICTURES = re.compile(r"[0-9a-f]{16}\.webp(\.part)?")


@dataclass(frozen=True, slots=True)
class Shown:
    """An image with its small picture."""

    file: Path
    picture: str | None  # relative to the sheet; None: the image cannot be read
    size: tuple[int, int]  # of the picture: width, height
    full_size: tuple[int, int]
    wrong: str = ""


def make_sheet(settings: Settings, folder: Path, *, per_group: int, seed: int | None) -> SheetMade:
    """Draw a sheet into `folder`. Raises RefusedError, OSError."""
    sections = sections_of(settings, per_group=per_group, seed=settings.seed if seed is None else seed)
    place = PageFolder(folder, _OURS, _OUR_PICTURES)
    place.prepare()
    files = list(dict.fromkeys(file for section in sections for file in section.images))
    with ThreadPoolExecutor(DRAWERS, thread_name_prefix="sheet") as drawers:
        shown = dict(zip(files, drawers.map(lambda file: _drawn(place, file), files), strict=True))
    output = settings.folders.output
    body = page(f"Contact sheet: {output}", *_body(output, folder, sections, shown))
    write_page(folder / PAGE_NAME, body)
    place.remove_stale({PAGE_NAME, *(each.picture for each in shown.values() if each.picture)})
    wrong = tuple(each.wrong for each in shown.values() if each.wrong)
    return SheetMade(folder / PAGE_NAME, len(shown), wrong)


def _drawn(place: PageFolder, file: Path) -> Shown:
    try:
        rgb = ImageStore.read(file)
    except (ImageError, OSError) as error:
        return Shown(file, None, (0, 0), (0, 0), reason_of(error))
    height, width = rgb.shape[:2]
    scale = min(1.0, HEIGHT / height, WIDEST / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".webp", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), _QUALITY)
    identity = hashlib.sha256(str(file).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Shown(file, place.put(f"{PICTURES}/{identity}.webp", data.tobytes()), size, (width, height))


# ------------------------------------------------------------------ the page


def _body(
    output: Path, folder: Path, sections: tuple[Section, ...], shown: dict[Path, Shown]
) -> Iterator[Markup]:
    yield tag("h1", "Contact sheet")
    yield tag("p", tag("code", str(output)), class_="quiet")
    yield tag(
        "p",
        f"{count(len(shown))} images of {count(len(sections))} groups. Of each group: the most typical "
        "images with a line around them, then a random sample. A picture leads to the image.",
    )
    links = [
        tag("li", tag("a", section.title, href=f"#group-{number}"), f", {section.about}")
        for number, section in enumerate(sections, 1)
    ]
    yield tag("ul", *links)
    for number, section in enumerate(sections, 1):
        yield tag("h2", section.title, id=f"group-{number}")
        yield tag("p", section.about, class_="quiet")
        thumbs = [
            _thumb(folder, shown[file], is_typical=place < section.typical)
            for place, file in enumerate(section.images)
        ]
        yield tag("div", *thumbs, class_="thumbs")


def _thumb(folder: Path, entry: Shown, *, is_typical: bool) -> Markup:
    name = entry.file.stem
    if entry.picture is None:
        return tag("div", tag("div", entry.wrong, class_="bad"), tag("code", name), class_="thumb")
    width, height = entry.size
    picture = tag("img", src=entry.picture, alt=name, loading="lazy", width=width, height=height)
    link = tag("a", picture, href=relative_url(folder, entry.file))
    size = tag("span", f"{entry.full_size[0]}x{entry.full_size[1]}", class_="quiet")
    words = tag("div", tag("code", name), " ", size)
    return tag("div", link, words, class_="thumb typical" if is_typical else "thumb")
