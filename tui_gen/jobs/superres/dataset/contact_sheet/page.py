"""The page of a contact sheet: every patch with its film, time, format and scores. Pure.

The page refers to its pictures and to the ground-truth files by relative paths only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.formatting import count, position
from tui_gen.base.html import Markup, page, relative_url, tag
from tui_gen.jobs.superres.dataset.contact_sheet.choice import Group, Key, LedgerPatch


@dataclass(frozen=True, slots=True)
class Shown:
    """A drawn patch: its pictures, relative to the sheet, and the problems of its files."""

    patch: LedgerPatch
    whole: str | None
    pair: str | None
    sizes: Mapping[str, tuple[int, int]]  # picture -> width and height
    wrong: tuple[str, ...]
    gt: Path | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The contents of a page."""

    output: Path
    folder: Path
    seed: int
    groups: tuple[Group, ...]
    shown: Mapping[Key, Shown]
    names: Mapping[str, str]  # id of a film -> its name


def sheet_page(sheet: Sheet) -> str:
    """Return the whole page as HTML."""
    body = [
        tag("h1", "Contact sheet"),
        tag("p", tag("code", str(sheet.output)), class_="quiet"),
        tag("p", _introduction(len(sheet.shown), sheet.seed)),
        *_warnings(sheet),
        tag("ul", *_links(sheet)),
    ]
    category = None
    for number, group in enumerate(sheet.groups):
        if group.category != category:
            category = group.category
            body.append(tag("h2", category.upper()))
        body.append(tag("h3", group.title, id=f"group-{number + 1}"))
        cards = (_card(sheet, sheet.shown[patch.key], group.score) for patch in group.patches)
        body.append(tag("div", *cards, class_="patches"))
    return page(f"Contact sheet: {sheet.output}", *body)


def _warnings(sheet: Sheet) -> Iterator[Markup]:
    wrong = sum(bool(entry.wrong) for entry in sheet.shown.values())
    if wrong:
        said = f"Files of {count(wrong)} of them are missing or damaged; tui-gen verify lists all of them."
        yield tag("p", said, class_="bad")
    if not sheet.shown:
        yield tag("p", "Nothing was made yet.")


def _introduction(patches: int, seed: int) -> str:
    return (
        f"{count(patches)} patches. Of each: all of the ground truth, then its middle at full size, and "
        "beside it the same part of the middle low-resolution frame with its pixels enlarged. A picture "
        f"leads to the ground truth's file. The random ones are those of seed {seed}."
    )


def _links(sheet: Sheet) -> Iterator[Markup]:
    """Yield a line for each category, with a link to each of its groups."""
    links: dict[str, list[Markup | str]] = {}
    for number, group in enumerate(sheet.groups):
        link = tag("a", group.title, href=f"#group-{number + 1}")
        links.setdefault(group.category, []).extend([link, " · "])
    for category, of_category in links.items():
        yield tag("li", f"{category.upper()}: ", *of_category[:-1])


def _card(sheet: Sheet, entry: Shown, score: str) -> Markup:
    patch = entry.patch
    film = sheet.names.get(patch.clip.source, patch.clip.source)
    pictures = [
        tag("img", src=name, alt=f"{film}: {kind}", loading="lazy",
            width=entry.sizes[kind][0], height=entry.sizes[kind][1])
        for kind, name in (("whole", entry.whole), ("pair", entry.pair)) if name
    ]  # fmt: skip
    linked = (
        [tag("a", *pictures, href=relative_url(sheet.folder, entry.gt))]
        if entry.gt and pictures
        else pictures
    )
    gone = [tag("div", line, class_="gone bad") for line in entry.wrong]
    return tag("div", *linked, *gone, tag("dl", *_facts(patch, film, score)), class_="patch")


def _facts(patch: LedgerPatch, film: str, score: str) -> Iterator[Markup]:
    record = patch.record
    stem = Path(str(record["files"]["gt"])).stem
    at = position(patch.pts_seconds) if patch.pts_seconds is not None else "not recorded"
    place = f"{record['width']}x{record['height']} at {record['x']},{record['y']}, scale {record['scale']:g}"
    facts: list[tuple[str, Markup | str]] = [
        ("film", tag("b", film)),
        ("time", f"{at}, clip {patch.clip.index}"),
        ("format", f"{record['format']}, {place}"),
        *((name, _value(value, is_shown_for=name == score)) for name, value in sorted(patch.scores.items())),
        ("file", tag("code", stem)),
    ]
    for name, value in facts:
        yield tag("dt", name)
        yield tag("dd", value)


def _value(value: float, *, is_shown_for: bool) -> Markup | str:
    return tag("b", f"{value:.4g}") if is_shown_for else f"{value:.4g}"
