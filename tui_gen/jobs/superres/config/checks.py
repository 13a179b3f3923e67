"""Checks the keys that depend on each other, and derives the categories from them. Pure.

Each check yields a `Fault` per contradiction, and none for a valid file.
"""

from __future__ import annotations

import difflib
import json
import os
import posixpath
from collections.abc import Iterator
from dataclasses import replace

from tui_gen.config.cluster_keys import cluster_faults
from tui_gen.config.commented_json import Key
from tui_gen.config.documents import absolute
from tui_gen.config.faults import Fault
from tui_gen.jobs.superres.config.clip_checks import clip_faults
from tui_gen.jobs.superres.config.defaults import DEFAULT_DISTRIBUTIONS, default_folder
from tui_gen.jobs.superres.config.formats import (
    distribution_of,
    format_faults,
    formats_of,
    unusable_name,
)
from tui_gen.jobs.superres.config.pair_checks import pair_faults
from tui_gen.jobs.superres.config.picture_checks import picture_faults
from tui_gen.jobs.superres.config.schema import LEFT_OUT, ConfigFile, VideoEntry
from tui_gen.jobs.superres.config.settings import Category
from tui_gen.jobs.superres.config.variant_checks import check_variants
from tui_gen.jobs.superres.dataset.split import SPLITS, TRAIN, Split, part_folder, part_name
from tui_gen.jobs.superres.extraction.scoring.scores import (
    KINDS,
    NEAR_DUPLICATE,
    REPEATED_FRAMES,
    Rule,
    default_rule,
    least_different,
)

_TYPO_LIKENESS = 0.75
_MOST_BITS = 10


def check(file: ConfigFile, folder: str) -> list[Fault]:
    """Return every fault of a file that lies in `folder`."""
    faults = [*_videos(file, folder), *_groups(file), *_category_names(file)]
    faults += [*_folders(file), *format_faults(file), *_trim(file), *_ffmpeg(file, folder)]
    faults += [*_scores(file), *check_variants(file.lr_variants, file.colour_output), *clip_faults(file)]
    faults += cluster_faults(file.cluster)
    faults += [*pair_faults(file, folder), *picture_faults(file, _categories_named(file))]
    return faults


def categories_of(file: ConfigFile) -> dict[str, Category]:
    """Return every category that the file names, and the held-out parts of each, by name."""
    formats = formats_of(file)
    whole = [
        Category(name, _folder(file, name), _target(file, name), distribution_of(file, name, formats))
        for name in _categories_named(file)
    ]
    kept = _held_out(file)
    parts = [_part(category, split) for category in whole for split in SPLITS if split in kept[category.name]]
    return {category.name: category for category in [*whole, *parts]}


def _held_out(file: ConfigFile) -> dict[str, set[Split]]:
    """Return category -> its held-out parts."""
    divided: set[Split] = {"val"} if file.base_settings.val_percent > 0 else set()
    kept = {name: set(divided) for name in _categories_named(file)}
    splits = splits_of(file)
    for index, video in _entries(file):
        for name in video.categories:
            kept[name] |= {splits[index]} - {TRAIN}
    return kept


def _part(category: Category, split: Split) -> Category:
    distribution = tuple(
        (replace(patch_format, folder=part_folder(patch_format.folder, split)), share)
        for patch_format, share in category.distribution
    )
    return Category(part_name(category.name, split), category.folder, None, distribution)


def splits_of(file: ConfigFile) -> dict[int, Split]:
    """Return the place of each video -> its part: that of the video, else of its group, else training."""
    of_group = {video.group: video.split for _, video in _entries(file) if video.group and video.split}
    return {
        index: video.split or (of_group.get(video.group, TRAIN) if video.group else TRAIN)
        for index, video in _entries(file)
    }


# -------------------------------------------------------------------------------------- videos


def _entries(file: ConfigFile) -> Iterator[tuple[int, VideoEntry]]:
    for index, video in enumerate(file.videos):
        if video is not LEFT_OUT:
            yield index, video


def _videos(file: ConfigFile, folder: str) -> Iterator[Fault]:
    paths: dict[str, int] = {}
    ids: dict[str, int] = {}
    for index, video in _entries(file):
        path = absolute(folder, video.path)
        if paths.setdefault(path, index) != index:
            yield Fault(
                ("videos", index, "path"),
                f"videos[{paths[path]}] has the same path",
                "keep one entry with all its categories",
            )
        if video.id is not None and ids.setdefault(video.id, index) != index:
            yield Fault(
                ("videos", index, "id"),
                f"videos[{ids[video.id]}] has the same id",
                "give each an id of its own",
            )
        if video.crop is not None and 0 in video.crop[2:]:
            yield Fault(
                ("videos", index, "crop"),
                "the crop has no width or no height",
                "write [x, y, width, height] in pixels of the upright picture",
            )


def _groups(file: ConfigFile) -> Iterator[Fault]:
    first: dict[str, tuple[int, str]] = {}
    for index, video in _entries(file):
        if video.group is None or video.split is None:
            continue
        other, split = first.setdefault(video.group, (index, video.split))
        if split != video.split:
            yield Fault(
                ("videos", index, "split"),
                f"its group {json.dumps(video.group)} has {json.dumps(split)} in videos[{other}]",
                f"write {json.dumps(split)}, or take it out of the group",
            )


def _trim(file: ConfigFile) -> Iterator[Fault]:
    if file.trim.start.share + file.trim.end.share >= 1:
        yield Fault(
            ("trim",), "start and end leave nothing of a film", "write shares of less than 100% in all"
        )


def _ffmpeg(file: ConfigFile, folder: str) -> Iterator[Fault]:
    name = file.ffmpeg
    if name and name != "system" and os.sep not in name and not os.path.exists(absolute(folder, name)):  # noqa: PTH110 - lexical
        yield Fault(
            ("ffmpeg",),
            f"there is no {name} beside the configuration",
            'write "system" for the one on PATH, the path of an ffmpeg, or null',
        )


# -------------------------------------------------------------------------------------- scores


def rules_of(file: ConfigFile) -> dict[str, Rule]:
    """Return the rules of the scores that are not off, by name. A limit that is left out has its default.

    If a part is held out, `near_duplicate` is scored by default unless the file sets it to "off".
    """
    rules: dict[str, Rule] = {}
    if _holds_out(file) and NEAR_DUPLICATE not in file.scores:
        rules[NEAR_DUPLICATE] = default_rule(NEAR_DUPLICATE, "score")
    for name, entry in file.scores.items():
        kind, written = KINDS[name], entry.model_fields_set
        if entry.do != "off":
            least = least_different(file.base_settings.frames) if name == REPEATED_FRAMES else kind.under
            under = entry.under if "under" in written else least
            rules[name] = Rule(kind, entry.do, under, entry.over if "over" in written else kind.over)
    return rules


def _holds_out(file: ConfigFile) -> bool:
    return file.base_settings.val_percent > 0 or any(split != TRAIN for split in splits_of(file).values())


def _scores(file: ConfigFile) -> Iterator[Fault]:
    for name, rule in rules_of(file).items():
        place = ("scores", name)
        if rule.mode == "reject" and rule.under is None and rule.over is None:
            remedy = 'write "score", look at `tui-gen stats`, and give a limit: {"do": "reject", "over": 8}'
            yield Fault(place, "rejects nothing without a limit", remedy)
        elif rule.under is not None and rule.over is not None and rule.under >= rule.over:
            wrong = f"nothing lies between under {rule.under:g} and over {rule.over:g}"
            yield Fault(place, wrong, 'write an "under" below "over"')
        elif name == NEAR_DUPLICATE and (rule.over is not None or not 0 <= (rule.under or 0) <= _MOST_BITS):
            remedy = f'write {{"do": "reject", "under": 6}} with a distance from 0 to {_MOST_BITS}'
            yield Fault(place, "near duplicates have one limit: the bits that may differ", remedy)


# ---------------------------------------------------------------------------------- categories


def _categories_named(file: ConfigFile) -> list[str]:
    """Return the names in the order of the file: targets, formats, videos."""
    weighed = [name for _, video in _entries(file) for name in video.categories]
    return list(dict.fromkeys([*file.category_targets, *file.format_config, *weighed]))


def _category_places(file: ConfigFile) -> dict[str, Key]:
    """Return the place in the file where each category is first named."""
    places: dict[str, Key] = {}
    for section in ("category_targets", "format_config", "category_paths"):
        for name in getattr(file, section):
            places.setdefault(name, (section, name))
    for index, video in _entries(file):
        for name in video.categories:
            places.setdefault(name, ("videos", index, "categories", name))
    return places


def _category_names(file: ConfigFile) -> Iterator[Fault]:
    declared = {*DEFAULT_DISTRIBUTIONS, *file.category_targets, *file.format_config, *file.category_paths}
    for name, place in _category_places(file).items():
        if wrong := unusable_name(name):
            yield Fault(place, f"the category's name {wrong}", "name it like a folder")
        elif place[0] == "videos" and (meant := _close_to(name, declared)):
            yield Fault(
                place,
                f"the category {json.dumps(name)} is named nowhere else",
                f'did you mean "{meant}"? if not, give it a target in category_targets',
            )
    named = {*DEFAULT_DISTRIBUTIONS, *_categories_named(file)}
    for name in file.category_paths:
        if name not in named:
            meant = _close_to(name, named)
            yield Fault(
                ("category_paths", name),
                "no video, target or format names this category",
                f'did you mean "{meant}"?' if meant else "remove it, or name the category in a video",
            )


def _close_to(name: str, known: set[str]) -> str | None:
    if name in known:
        return None
    folded = {other.casefold(): other for other in sorted(known)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=_TYPO_LIKENESS)
    return folded[close[0]] if close else None


def _folder(file: ConfigFile, category: str) -> str:
    written = file.category_paths.get(category)
    return posixpath.normpath(written) if written else default_folder(category)


def _folders(file: ConfigFile) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for name, place in _category_places(file).items():
        if unusable_name(name):
            continue
        key = ("category_paths", name) if name in file.category_paths else place
        folder = _folder(file, name)
        parts = folder.split("/")
        if folder.startswith("/") or parts[0] in {"..", "."} or parts[0].startswith((".tui-gen", "~")):
            yield Fault(
                key,
                f"the folder {json.dumps(folder)} does not lie inside output_base_dir",
                f'write a folder relative to it, like "{default_folder("general")}"',
            )
            continue
        for other, owner in taken.items():
            if f"{folder}/".startswith(f"{other}/") or f"{other}/".startswith(f"{folder}/"):
                how = "the same folder as" if folder == other else "a folder inside or around that of"
                yield Fault(
                    key,
                    f"{json.dumps(name)} has {how} {json.dumps(owner)}",
                    "give each category a folder of its own",
                )
        taken.setdefault(folder, name)


def _target(file: ConfigFile, category: str) -> int | None:
    entry = file.category_targets.get(category)
    return entry.target if entry else None
