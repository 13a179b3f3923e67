"""Looks at the files of all films when a run begins, and yields the events to record.

Guards: a film whose disk or share is not there is unreachable, not missing: it keeps its quota.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from tui_gen.base.errors import RefusedError
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.films.identity import Identified, LibraryError, identify, known_files, unreachable
from tui_gen.jobs.superres.films.source_verdict import is_outdated
from tui_gen.jobs.superres.pairing.pair_track import PAIR_FACTS, file_of
from tui_gen.jobs.superres.units import EXTRACT
from tui_gen.media.film_files import FileLook, NoFile, folder_of, look, look_at_folder

LOOKERS = 16
"""The number of files looked at in parallel: network shares have a high latency."""


def identified_films(settings: Settings, records: Mapping[str, SourceRecord]) -> tuple[Identified, ...]:
    """Look at all files, several in parallel, and identify each film. Raises RefusedError."""
    known = known_files(records)
    paths = [video.path for video in settings.videos]
    with ThreadPoolExecutor(LOOKERS, thread_name_prefix="look") as lookers:
        looks = dict(zip(paths, lookers.map(lambda path: look(path, known.get(path)), paths), strict=True))
    try:
        return identify(settings.videos, looks, records)
    except LibraryError as error:
        message = "\n".join(f"{settings.config_path}: videos: {problem}" for problem in error.problems)
        raise RefusedError(message) from error


def unreachable_films(
    identified: tuple[Identified, ...], records: Mapping[str, SourceRecord]
) -> dict[str, str]:
    """Return id -> reason, for the films whose disk or share is not there. They keep their quotas."""
    missing = {
        found.video.path: found.id
        for found in identified
        if isinstance(found.look, NoFile) and found.look.is_missing
    }
    folders = {folder_of(path): look_at_folder(folder_of(path)) for path in missing}
    reasons = unreachable(
        missing.keys(),
        folders=folders,
        known=tuple(known_files(records).values()),
        present=[found.look for found in identified if isinstance(found.look, FileLook)],
    )
    return {missing[path]: reason for path, reason in reasons.items()}


def check_films(
    settings: Settings, identified: tuple[Identified, ...], records: Mapping[str, SourceRecord]
) -> None:
    """Raise RefusedError if no film is there and the ledger has no patches."""
    if any(isinstance(found.look, FileLook) for found in identified) or any(
        record.stage(EXTRACT).made for record in records.values()
    ):
        return
    listed = "".join(
        f"\n  {found.video.path}: {found.look.reason}"
        for found in identified[:10]
        if isinstance(found.look, NoFile)
    )
    more = f"\n  and {len(identified) - 10} more" if len(identified) > 10 else ""  # noqa: PLR2004 - as above
    what = "none of its videos can be used" if identified else '"videos" is empty'
    message = (
        f"{settings.config_path}: {what}.{listed}{more}\n"
        "List your films with: tui-gen scan DIR\n"
        "Or see it work first with: tui-gen demo"
    )
    raise RefusedError(message)


def fingerprints_of(
    identified: tuple[Identified, ...], records: Mapping[str, SourceRecord]
) -> dict[str, tuple[int, int]]:
    """Return id -> (size, modification time) of the file; for a film that is not there, as recorded."""
    fingerprints = {}
    for found in identified:
        if isinstance(found.look, FileLook):
            fingerprints[found.id] = (found.look.size_bytes, found.look.mtime_ns)
        elif found.id in records and records[found.id].facts.get("file"):
            file = records[found.id].facts["file"]
            fingerprints[found.id] = (file["size"], file["mtime_ns"])
    return fingerprints


def opening_events(
    identified: tuple[Identified, ...],
    unreachable: Mapping[str, str],
    records: Mapping[str, SourceRecord],
    basis: JsonObject | None,
) -> Iterator[ev.Event]:
    """Yield the events to record before the work begins: identities, missing files, verdicts to repeat."""
    now = time.time()
    for found in identified:
        is_there = isinstance(found.look, FileLook)
        entry = _entry_facts(found.video, records.get(found.id)) if is_there else {}
        facts = {**found.facts, **entry, **changed_pair(found.video, records.get(found.id))}
        if facts or found.announcements:
            yield ev.FactsLearned(now, "identify", found.id, facts, found.announcements)
        if isinstance(found.look, NoFile):
            if found.id not in unreachable:
                yield ev.SourceMissing(now, found.id, found.video.name, found.video.path, found.look.reason)
        elif found.facts and _is_unusable(found.id, records):
            # The verdict was about another file.
            yield ev.SourceRetried(now, found.id)
        elif is_outdated(records.get(found.id), basis) or _is_judged_by_other_tags(
            found.video, records.get(found.id)
        ):
            yield ev.SourceRetried(now, found.id)


def changed_pair(video: Video, record: SourceRecord | None) -> dict[str, Any]:
    """Return the fact that a film's pair is not known any more, if its file is another one than before."""
    known = None if record is None else record.facts.get(PAIR_FACTS)
    if known is None or video.pair is None:
        return {}
    file = file_of(known)
    try:
        found = os.stat(video.pair)  # noqa: PTH116 - the path may not be UTF-8
    except OSError:
        return {}  # a release that is not there is waited for when it is read
    is_same = (file.size_bytes, file.mtime_ns) == (found.st_size, found.st_mtime_ns)
    return {} if is_same or file.path != video.pair else {PAIR_FACTS: None}


def _entry_facts(video: Video, record: SourceRecord | None) -> dict[str, object]:
    """Return the facts of a video's entry, or {} if the record already has them."""
    entry: dict[str, object] = {
        "name": video.name,
        "weights": dict(video.weights),
        "split": video.split,
        "group": video.group,
    }
    if tags := _configured(video):
        entry["tags"] = tags
    is_known = record is not None and record.facts.get("entry") == entry
    return {} if is_known else {"entry": entry}


def _configured(video: Video) -> dict[str, str]:
    """Return the colour tags that a video's entry has in place of the film's own."""
    return {name: tag for name, tag in asdict(video.tags).items() if tag is not None}


def _is_judged_by_other_tags(video: Video, record: SourceRecord | None) -> bool:
    """Return whether a verdict on a film may have been due to other colour tags."""
    if record is None or record.unusable is None:
        return False
    return bool(record.facts.get("entry", {}).get("tags", {}) != _configured(video))


def _is_unusable(source: str, records: Mapping[str, SourceRecord]) -> bool:
    record = records.get(source)
    return record is not None and record.unusable is not None
