"""What a run needs of the machine, and how it is: ffmpeg, the models, their packages, the references."""

from __future__ import annotations

import importlib.metadata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import count, display_name
from tui_gen.contract.inspect import Condition
from tui_gen.jobs.anime.classify.references import references_among
from tui_gen.jobs.anime.images.walk import images_below
from tui_gen.jobs.anime.models.finding import GPU_INSTALL, RUNTIME_INSTALL, FoundModel
from tui_gen.jobs.anime.sources import Source, series_of
from tui_gen.media.ffmpeg import Ffmpeg

MOST_NAMED = 4
RUNTIMES = ("onnxruntime-gpu", "onnxruntime")


def ffmpeg_condition(ffmpeg: Ffmpeg | RefusedError) -> Condition:
    """Return which ffmpeg decodes, or why there is none."""
    if isinstance(ffmpeg, RefusedError):
        return Condition("ffmpeg", "wrong", str(ffmpeg))
    return Condition("ffmpeg", "good", f"{ffmpeg.version} ({display_name(ffmpeg.path)})")


def model_conditions(models: Sequence[FoundModel]) -> Iterator[Condition]:
    """Yield which model is used for each purpose, why, with which licence, and how to get a better one."""
    for model in models:
        says = model.sentence.removeprefix(f"{model.kind}: ")
        if model.is_embedded:
            says = says.replace(model.name, f"{model.name} (licence: {model.licence})", 1)
        yield Condition(model.kind, "good", says)


def runtime_condition(models: Sequence[FoundModel]) -> Condition:
    """Return which runtime executes model files. Embedded models need none."""
    found = {name: version for name in RUNTIMES if (version := _version(name)) is not None}
    is_needed = any(not model.is_embedded for model in models)
    if len(found) > 1:
        both = " and ".join(found)
        says = f"{both} are both installed, and one hides the other: uninstall both; {GPU_INSTALL}"
        return Condition("onnxruntime", "warning", says)
    if found:
        ((name, version),) = found.items()
        used = "" if is_needed else "; not needed by embedded models"
        return Condition("onnxruntime", "good", f"{name} {version}{used}")
    says = f"not installed; embedded models need none. For models from files: {RUNTIME_INSTALL}"
    return Condition("onnxruntime", "good", says)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def reference_conditions(folder: Path | None) -> Iterator[Condition]:
    """Yield how many references there are of how many characters, and what is odd about them."""
    if folder is None:
        return
    try:
        found = references_among(images_below(folder))
    except OSError as error:
        says = f"{display_name(str(error.filename or folder))}: cannot be read ({error.strerror})"
        yield Condition("references", "wrong", says)
        return
    where = f"in {display_name(str(folder))}"
    if not found.folders:
        says = f"no image {where}: put images into a folder for each character, or remove character_ref_dir"
        yield Condition("references", "warning", says)
        return
    names = Counter(found.folders.values())
    says = f"{count(names.total())} images of {count(len(names))} characters {where}"
    yield Condition("references", "warning" if found.problems else "good", "; ".join([says, *found.problems]))


def series_conditions(sources: Sequence[Source]) -> Iterator[Condition]:
    """Yield a warning for each prefix that episodes of several series share, by the titles in their names."""
    titles = defaultdict[str, Counter[str]](Counter)
    for source in sources:
        if source.kind == "episode" and (title := series_of(source.name)):
            titles[source.prefix][title.casefold()] += 1
    for prefix, found in titles.items():
        if len(found) > 1:
            parts = [f"{display_name(title)} ({number})" for title, number in found.most_common(MOST_NAMED)]
            told = ", ".join([*parts, *(["..."] if len(found) > MOST_NAMED else [])])
            shared = f'the prefix "{display_name(prefix)}"' if prefix else "no prefix"
            says = (
                f"{len(found)} titles with {shared}: {told}. Are these several series? Then give the entries "
                'of each another "prefix", so that the names of images tell them apart'
            )
            yield Condition("series", "warning", says)
