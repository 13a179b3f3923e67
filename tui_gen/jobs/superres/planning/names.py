"""The names of patch files: a slug of the film's name, with the film's id if two films share the slug.

Guards: two films never write files under one slug, and a slug once used by a film stays with this film.
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
    """Return the part of a file name that comes from a film's name; may be empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    return words[:SLUG_CHARACTERS].rstrip("_")


def slug_of(video_id: str, name: str) -> str:
    """Return the slug of a film if no other film has the same slug."""
    return slug(name) or f"video_{_file_id(video_id)}"


def slug_with_id(taken: str, video_id: str) -> str:
    """Return the slug of a film if another film has its usual slug."""
    return f"{taken}_{_file_id(video_id)}"


def wanted_slugs(names: Mapping[str, str], owned: Mapping[str, str]) -> dict[str, str]:
    """Return id -> slug for the films of `names` (id -> name) without a slug in `owned` (id -> slug).

    Owners keep their slugs. If a film would share its slug with an owner or with another film of `names`, it
    gets its id appended. An owner also counts with its usual slug: the result for one film does not depend on
    whether another film became an owner before or after.
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
    """Return the name of a patch's files without ".png" or ".webp"."""
    return f"patch_{slug}_idx{index:04d}{patch_format.suffix}"


def _file_id(video_id: str) -> str:
    """Return an id that is valid in a file name; ids in the configuration may be any text."""
    if re.fullmatch(r"[a-z0-9]+", video_id):
        return video_id
    return hashlib.sha256(video_id.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_CHARACTERS]
