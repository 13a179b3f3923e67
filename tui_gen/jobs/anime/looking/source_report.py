"""What a source is, for the table of `check`: cells, remarks and a record. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tui_gen.base.formatting import count, display_name, duration
from tui_gen.contract.inspect import Column
from tui_gen.jobs.anime.frames.film import EpisodeFilm
from tui_gen.jobs.anime.images.walk import stem_of
from tui_gen.jobs.anime.sources import Source, number_in
from tui_gen.media.colour import why_perhaps_hdr
from tui_gen.media.film_facts import ProbeFacts

ID, LENGTH, SIZE, RATE, CODEC, IMAGES = "id", "length", "size", "fps", "codec", "images"
COLUMNS = (
    Column(ID, note="id: the names of its images begin with it"),
    Column(LENGTH, is_number=True),
    Column(SIZE, is_number=True),
    Column(RATE, is_number=True),
    Column(CODEC, most_cells=6),
    Column(IMAGES, is_number=True),
)
MOST_NAMED = 3


def film_of(probe: ProbeFacts) -> EpisodeFilm:
    """Return an episode by its facts, to ask for what follows from them."""
    return EpisodeFilm("", "", probe)


def episode_cells(source: Source, probe: ProbeFacts) -> dict[str, str]:
    """Return the cells of an episode."""
    return {
        ID: source.id,
        LENGTH: duration(probe.duration_seconds),
        SIZE: str(film_of(probe).display_size),
        RATE: f"{1 / probe.frame_seconds:.4g}" if probe.frame_seconds else "-",
        CODEC: probe.codec,
    }


def episode_remarks(source: Source, probe: ProbeFacts | None) -> Iterator[str]:
    """Yield what is unclear about an episode, or what a run does about it."""
    named = number_in(source.name)
    if named is None:
        yield f'no number is in its name: it is {source.id}; give its entry an "episode" to choose another'
    elif named != source.number:
        yield f"its name says {named}, and it is {source.id} by the configuration"
    if probe is None:
        return
    if probe.hdr_class != "sdr":
        yield f"HDR ({probe.hdr_class.upper()}): its frames are converted to SDR"
    elif (why := why_perhaps_hdr(probe.colour)) is not None:
        yield f"HDR? {why}, but it is read as SDR"
    if film_of(probe).is_interlaced:
        yield "interlaced: its frames are deinterlaced"
    if probe.frame_times is not None:
        yield "its frame rate varies"
    if probe.stereo is not None:
        yield f"3D ({probe.stereo}): each frame shows both eyes"


def episode_record(source: Source, probe: ProbeFacts) -> dict[str, Any]:
    """Return what is known of an episode, for scripts."""
    size = film_of(probe).display_size
    return {
        "kind": source.kind,
        "episode": source.number,
        "duration_seconds": probe.duration_seconds,
        "width": size.width,
        "height": size.height,
        "frames_per_second": 1 / probe.frame_seconds if probe.frame_seconds else None,
        "codec": probe.codec,
        "is_interlaced": film_of(probe).is_interlaced,
        "hdr": probe.hdr_class,
    }


def folder_cells(source: Source, images: int) -> dict[str, str]:
    """Return the cells of a folder of images."""
    return {ID: source.id, IMAGES: count(images)}


def folder_remarks(paths: Sequence[str], broken: Sequence[str]) -> Iterator[str]:
    """Yield which images of a folder a run leaves out."""
    if broken:
        yield f"cannot be read: {_named(broken)}; replace or delete them"
    stems = Counter(map(stem_of, paths))
    again = [path for path in paths if stems[stem_of(path)] > 1]
    if again:
        yield f"have the name of another image, so that one of them is left out: {_named(again)}"


def _named(paths: Sequence[str]) -> str:
    names = ", ".join(display_name(path) for path in paths[:MOST_NAMED])
    more = f" and {count(len(paths) - MOST_NAMED)} more" if len(paths) > MOST_NAMED else ""
    return f"{names}{more}"
