"""How patch files are called: a slug of the film's name, told apart by the film's id where names clash.

Guards: two films never write under one name, and a name once used by a film stays its own.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from tui_gen.jobs.superres.planning.geometry import PatchFormat

SLUG_CHARACTERS = 100
_ID_CHARACTERS = 10


@lru_cache(maxsize=4096)
def slug(name: str) -> str:
    """Return the part of a file name that comes from a film's name; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    return words[:SLUG_CHARACTERS].rstrip("_")


def slug_of(video_id: str, name: str) -> str:
    """Return the slug a film has where no other wants it."""
    return slug(name) or f"video_{_file_id(video_id)}"


def slug_with_id(taken: str, video_id: str) -> str:
    """Return what a film is called whose slug belongs to another."""
    return f"{taken}_{_file_id(video_id)}"


def wanted_slugs(names: Mapping[str, str], owned: Mapping[str, str]) -> dict[str, str]:
    """Return id -> slug for the films of `names` (id -> name) that own none yet (`owned`, id -> slug).

    Owners keep theirs; of the others that share one, with an owner or among themselves, each gets its id.
    An owner takes part with the name it would have: whether one film became an owner before or after
    another asked does not change what that one gets.
    """
    wanted = {video: slug_of(video, name) for video, name in names.items()}
    while True:
        kept = [taken for video, taken in owned.items() if wanted.get(video) != taken]
        uses = Counter([*wanted.values(), *kept])
        clashing = [video for video, name in wanted.items() if uses[name] > 1]
        if owned.keys() >= set(clashing):
            return {video: name for video, name in wanted.items() if video not in owned}
        for video in clashing:
            wanted[video] = slug_with_id(wanted[video], video)


def file_stem(slug: str, index: int, patch_format: PatchFormat) -> str:
    """Return the name of a patch's files without ".png"."""
    return f"patch_{slug}_idx{index:04d}{patch_format.suffix}"


def _file_id(video_id: str) -> str:
    """Return the id as it may stand in a file name: ids of the configuration may be any text."""
    if re.fullmatch(r"[a-z0-9]+", video_id):
        return video_id
    return hashlib.sha256(video_id.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_CHARACTERS]
