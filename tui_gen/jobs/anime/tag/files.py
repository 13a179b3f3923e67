"""The files beside a training set that tell what its characters are.

core_tag.json   {"character": {"kept": [...], "dropped": [...], "emb_init": [...]}}
emb_init.json   {"embedding": [tag, ...], "<image type>": [text]}, for pivotal tuning
wildcard.txt    for sd-dynamic-prompts: a line with each character, and lines with its core tags
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from tui_gen.config.commented_json import CommentedJsonError, parse
from tui_gen.config.faults import ConfigProblem, ConfigurationError, Fault, located
from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.tag.captions import CaptionOptions, caption_of
from tui_gen.jobs.anime.tag.core import CoreTags, embeddings

_GROUPS = ("kept", "dropped", "emb_init")
_FIRST_TEXTS = {"screenshots": "anime screencap", "booru": "masterpiece"}


def core_tag_text(core: Mapping[str, CoreTags]) -> str:
    """Return the text of core_tag.json."""
    entries = {name: {group: list(getattr(tags, group)) for group in _GROUPS} for name, tags in core.items()}
    return json.dumps(entries, indent=4)


def read_core_tags(data: bytes, file: Path) -> dict[str, CoreTags]:
    """Read core_tag.json; a list in the place of the three groups is kept. Raises ConfigurationError."""
    value = _json(data, file)
    return {
        character: (
            CoreTags(kept=tuple(tags))
            if isinstance(tags, list)
            else CoreTags(**{group: tuple(tags.get(group, ())) for group in _GROUPS})
        )
        for character, tags in value.items()
    }


def read_emb_init(data: bytes, file: Path) -> dict[str, list[str]]:
    """Read emb_init.json. Raises ConfigurationError."""
    return {name: list(tags) for name, tags in _json(data, file, groups=()).items()}


def emb_init_text(
    core: Mapping[str, CoreTags],
    image_types: Iterable[str],
    *,
    existing: Mapping[str, Iterable[str]] | None = None,
) -> str:
    """Return the text of emb_init.json.

    What an existing file says stays, in its order; tags that it lacks are appended. None: it is written anew.
    """
    found = {name: list(tags) for name, tags in (existing or {}).items()}
    tags_of = embeddings(core)
    for name in tags_of:
        found.setdefault(name, [])
    for image_type in image_types:
        found.setdefault(image_type, [_FIRST_TEXTS.get(image_type, "")])
    for name, tags in tags_of.items():
        found[name] += [tag for tag in tags if tag not in found[name]]
    return json.dumps(found, indent=4)


def wildcard_text(
    core: Mapping[str, CoreTags], options: CaptionOptions, *, append_dropped: bool = False
) -> str:
    """Return the text of wildcard.txt. Each line names the character, whatever its chance in captions."""
    always = replace(options, use_character_prob=1, use_tags_prob=1)
    return "".join(
        f"{line}\n" for name, tags in core.items() for line in _lines(name, tags, always, append_dropped)
    )


def _lines(name: str, core: CoreTags, options: CaptionOptions, append_dropped: bool) -> Iterator[str]:  # noqa: FBT001 - one flag of the configuration, passed on
    yield _line(name, (), options)
    if core.kept:
        yield _line(name, core.kept, options)
    whole = tuple(dict.fromkeys((*core.kept, *core.emb_init, *core.dropped)))
    if append_dropped and len(whole) > len(core.kept):
        yield _line(name, whole, options)


def _line(name: str, tags: tuple[str, ...], options: CaptionOptions) -> str:
    metadata = ImageMetadata(
        id="", path="", current_path="", filename="", group_id="", image_size=(0, 0), type="",
        characters=(name,), processed_tags=tags,
    )  # fmt: skip
    return caption_of(metadata, options, 0)


def _json(
    data: bytes, file: Path, *, groups: tuple[str, ...] = _GROUPS
) -> dict[str, list[str] | dict[str, list[str]]]:
    try:
        document = parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigurationError((ConfigProblem(file, line, "", "not UTF-8", "save it as UTF-8"),)) from error
    except CommentedJsonError as error:
        raise ConfigurationError((ConfigProblem(file, error.line, "", error.wrong, error.remedy),)) from error
    faults = list(_faults(document.value, groups))
    if faults:
        raise ConfigurationError(located(file, document, faults))
    value: dict[str, list[str] | dict[str, list[str]]] = document.value
    return value


def _faults(value: object, groups: tuple[str, ...]) -> Iterator[Fault]:
    remedy = "move the file away, and it is made again"
    if not isinstance(value, dict):
        yield Fault((), "not an object", remedy)
        return
    for name, entry in value.items():
        rows = entry.items() if isinstance(entry, dict) and groups else ((None, entry),)
        for group, row in rows:
            key = (name,) if group is None else (name, group)
            if group is not None and group not in groups:
                yield Fault(key, "unknown key", remedy)
            elif not isinstance(row, list) or not all(isinstance(tag, str) for tag in row):
                yield Fault(key, "not a list of tags", remedy)
