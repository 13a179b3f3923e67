"""Makes a few short films of every kind, and a configuration that uses them.

Invariant: a film under its final name is complete; an unfinished film leaves no file.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.processes.children import ENVIRONMENT
from tui_gen.processes.launching import launch_arguments

CONFIG_NAME = "generator_config.json"
FILMS_FOLDER = "films"
TARGETS: Mapping[str, int] = {"general": 9, "space": 5, "toon": 5}
_CLIPS_PER_FILM = 8
_MOST_WORKERS = 4
_TAIL_CHARACTERS = 600


class DemoError(RefusedError):
    """The demo cannot be made; the text states the reason and a remedy."""


@dataclass(frozen=True, slots=True)
class DemoFilm:
    """One film: how it is drawn, how it is encoded, and its use in the configuration."""

    id: str  # with it, the film gives the same patches in every folder
    title: str
    file: str
    graph: str  # a filter graph without inputs that ends in [picture]
    frames: int
    encoder: tuple[str, ...]
    weights: tuple[tuple[str, float], ...]
    split: str = "train"


def _still(*, zoom: str, centre: tuple[str, str], rate: int, hue: int) -> str:
    """Return a filter graph for one detailed frame, larger than the film's, that the film pans over."""
    x, y = centre
    return (
        f"mandelbrot=s=2304x1296:r={rate}:start_scale={zoom}:start_x={x}:start_y={y}:maxiter=1000,"
        f"trim=end_frame=1,format=yuv444p,hue=h={hue}:s=0.7"
    )


def _travel(*, size: str, x: str, y: str, rate: int) -> str:
    return f"loop=loop=-1:size=1,setpts=N/{rate}/TB,crop={size}:x={x}:y={y}"


def _to_hdr(transfer: str, chroma_location: str) -> str:
    return (
        "f=lanczos:tin=bt709:pin=bt709:min=bt709:rin=limited:"
        f"t={transfer}:p=bt2020:m=bt2020nc:r=limited:c={chroma_location}:npl=300,format=yuv420p10le"
    )


def _tags(primaries: str, transfer: str, matrix: str) -> tuple[str, ...]:
    return (
        *("-color_primaries", primaries, "-color_trc", transfer),
        *("-colorspace", matrix, "-color_range", "tv"),
    )


_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p10le")
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p")
_SDR = _tags("bt709", "bt709", "bt709")
# Newer versions take the tags from the frames, older versions from the encoder's options.
_AS_SDR = ",setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv[picture]"
_MASTERED = (
    "log-level=error:hdr10=1:repeat-headers=1:chromaloc=2:max-cll=1000,400:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
)

FILMS = (
    DemoFilm(
        id="galaxy",
        title="Spiral Galaxy (UHD, HDR10)",
        file="spiral_galaxy_hdr10.mkv",
        graph=(
            _still(zoom="0.0008", centre=("-0.74543", "0.11301"), rate=24, hue=200)
            + ",zscale=w=4608:h=2592:"
            + _to_hdr("smpte2084", "topleft")
            + ","
            + _travel(size="3840:2160", x="8*n", y="4*n", rate=24)
            + "[picture]"
        ),
        frames=96,
        encoder=(
            *(*_X265, "-g", "24", "-f", "matroska", "-x265-params", _MASTERED),
            *(*_tags("bt2020", "smpte2084", "bt2020nc"), "-chroma_sample_location", "topleft"),
        ),
        weights=(("space", 0.5), ("general", 0.5)),
    ),
    DemoFilm(
        id="delta",
        title="River Delta (HLG)",
        file="river_delta_hlg.mkv",
        graph=(
            _still(zoom="0.0016", centre=("-0.7436", "0.1320"), rate=25, hue=-40)
            + ",zscale="
            + _to_hdr("arib-std-b67", "left")
            + ","
            + _travel(size="1920:1080", x="384-3*n", y="2*n", rate=25)
            + "[picture]"
        ),
        frames=100,
        encoder=(
            *(*_X265, "-g", "25", "-f", "matroska", "-x265-params", "log-level=error:repeat-headers=1"),
            *_tags("bt2020", "arib-std-b67", "bt2020nc"),
        ),
        weights=(("general", 0.6), ("space", 0.4)),
    ),
    DemoFilm(
        id="meadow",
        title="Meadow of Life (SDR)",
        file="meadow_of_life_sdr.mp4",
        graph=(
            "gradients=s=960x540:r=24:n=4:c0=#3060c0:c1=#70c0f0:c2=#f0f0c0:c3=#90d070:seed=3:speed=0.05,"
            "scale=1920:1080:flags=bilinear,format=yuv420p[ground];"
            "life=s=240x135:r=24:mold=20:ratio=0.25:seed=7"
            ":life_color=#ffe9a8:death_color=#c04020:mold_color=#000000,"
            "trim=start_frame=40,setpts=PTS-STARTPTS,colorkey=black:0.25:0,"
            "scale=1920:1080:flags=neighbor,format=yuva420p[life];"
            "[ground][life]overlay=shortest=1" + _AS_SDR
        ),
        frames=96,
        encoder=(*_X264, "-g", "24", "-f", "mp4", *_SDR),
        weights=(("toon", 1.0),),
    ),
    DemoFilm(
        id="coast",
        title="Wide Coast (2.39:1 with bars)",
        file="wide_coast_bars.mkv",
        graph=(
            _still(zoom="0.0035", centre=("-0.7435", "0.1313"), rate=24, hue=90)
            + ",format=yuv420p,"
            + _travel(size="1920:804", x="4*n", y="300+2*n", rate=24)
            + ",pad=1920:1080:0:138:black"
            + _AS_SDR
        ),
        frames=96,
        encoder=(*_X264, "-g", "24", "-f", "matroska", *_SDR),
        weights=(("general", 0.5), ("toon", 0.5)),
    ),
    DemoFilm(
        id="lake",
        title="Quiet Lake (for validation)",
        file="quiet_lake_validation.mkv",
        graph=(
            _still(zoom="0.0025", centre=("-0.1011", "0.9563"), rate=24, hue=150)
            + ",format=yuv420p,"
            + _travel(size="1280:720", x="300+3*n", y="200-n", rate=24)
            + _AS_SDR
        ),
        frames=72,
        encoder=(*_X264, "-g", "24", "-f", "matroska", *_SDR),
        weights=(("general", 0.3), ("toon", 0.3)),
        split="val",
    ),
)
"""HDR10 at 3840x2160, HLG, SDR, one with black bars, and one for validation; of three to four seconds."""


def make_demo(folder: Path, *, ffmpeg: str, say: Callable[[str], None]) -> Path:
    """Make the films and the configuration that are not there yet; return the configuration's path.

    Raises `DemoError` if the folder cannot be used or a film cannot be made.
    """
    films = folder / FILMS_FOLDER
    config = folder / CONFIG_NAME
    _refuse_foreign(config, films)
    try:
        films.mkdir(parents=True, exist_ok=True)
        for number, film in enumerate(FILMS, start=1):
            if not (films / film.file).exists():
                say(f"Making film {number} of {len(FILMS)}: {film.title}")
                make_film(film, films, ffmpeg)
        if not config.exists():
            _write_whole(config, config_text())
    except OSError as error:
        wrong = f"{folder} cannot be written: {error.strerror}; name another folder"
        raise DemoError(display_name(wrong)) from error
    return config


def _refuse_foreign(config: Path, films: Path) -> None:
    """Raise DemoError if the folder has a configuration that is not the demo's."""
    if not config.exists():
        return
    ours = {os.path.abspath(films / film.file) for film in FILMS}  # noqa: PTH100 - as the configuration does
    if ours.isdisjoint(video.path for video in load_settings(config).videos):
        wrong = f"{config} is not a demo's; name another folder"
        raise DemoError(display_name(wrong))


# --------------------------------------------------------------------------------------- films


def make_film(film: DemoFilm, folder: Path, ffmpeg: str) -> None:
    """Encode a film under a temporary name, sync it to the disk, and rename it."""
    beside = folder / f".{film.file}.part"
    try:
        _run(ffmpeg, _arguments(film, beside), film.title)
        with beside.open("rb") as made:
            os.fsync(made.fileno())
        beside.replace(folder / film.file)
    finally:
        beside.unlink(missing_ok=True)


def _arguments(film: DemoFilm, output: Path) -> list[str]:
    begin = ["-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y"]
    picture = ["-filter_complex", film.graph, "-map", "[picture]", "-frames:v", str(film.frames)]
    return [*begin, *picture, *film.encoder, f"file:{output.absolute()}"]


def _run(ffmpeg: str, arguments: Sequence[str], title: str) -> None:
    """Run ffmpeg until it ends; on any exception, end it and wait for its exit."""
    launched = [*launch_arguments("--may-write"), ffmpeg]
    with subprocess.Popen(
        [*launched, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=ENVIRONMENT,
    ) as child:
        try:
            _, said = child.communicate()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
    if child.returncode != 0:
        tail = said.decode("utf-8", "replace").strip()[-_TAIL_CHARACTERS:]
        wrong = f"{ffmpeg} could not make the film {title} (status {child.returncode}): {tail}"
        raise DemoError(display_name(wrong))


# ------------------------------------------------------------------------------- configuration


def config_text() -> str:
    """Return the demo's configuration as text: three categories whose targets the films meet exactly."""
    workers = max(1, min(_MOST_WORKERS, os.cpu_count() or 1))
    videos = ",\n".join(f"    {json.dumps(_entry(film))}" for film in FILMS)
    return f"""{{
  // Made by `tui-gen demo`. Edit it as you like: it is not written again.
  "base_settings": {{
    "base_frame_limit": {_CLIPS_PER_FILM},
    "max_workers": {workers},
    "output_base_dir": "dataset",
    "min_free_gb": 0.5
  }},
  "chroma": "444",
  "category_targets": {json.dumps(dict(TARGETS))},
  "videos": [
{videos}
  ]
}}
"""


def _entry(film: DemoFilm) -> dict[str, object]:
    entry: dict[str, object] = {
        "id": film.id,
        "name": film.title,
        "path": f"{FILMS_FOLDER}/{film.file}",
        "categories": dict(film.weights),
    }
    return entry if film.split == "train" else {**entry, "split": film.split}


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.part")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
