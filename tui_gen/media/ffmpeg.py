"""Finds the ffmpeg to use, checks it, and builds its argument lists.

Order: the configuration's `ffmpeg` ("system": PATH), $TUI_GEN_FFMPEG, the binary of imageio-ffmpeg, PATH. The
first that exists is checked and used. Only an embedded ffmpeg that fails the check is skipped.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import imageio_ffmpeg

from tui_gen.media.colour import HdrClass, Rendering, colour_chain
from tui_gen.media.film_facts import ColourFacts, ProbeFacts
from tui_gen.media.geometry import Size
from tui_gen.media.tone_mapping.converter import converted, kernel_mapping
from tui_gen.processes.children import ENVIRONMENT

MAX_PIXELS = 67108864  # 8192x8192: allows 8K, refuses decompression bombs
FORMATS = (
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mpegts,mpeg,mpegvideo,avi,asf,flv,ogg,"
    "hevc,h264,av1,ivf,gif,yuv4mpegpipe,rm,mxf"
)
"""The containers that may be opened. Playlists are not among them, because they open other files."""

NEEDED_FILTERS = ("zscale", "tonemap", "setparams", "bwdif", "idet", "showinfo", "extractplanes")
CHECK_SECONDS = 30.0
REMEDY = (
    'take `"ffmpeg"` out of the configuration and unset TUI_GEN_FFMPEG to use the embedded ffmpeg '
    "(pip install imageio-ffmpeg), or name one built with zscale (libzimg)"
)


class FfmpegUnfitError(Exception):
    """No ffmpeg was found, or it lacks something; the message names it, what is missing, and the remedy."""


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """A binary that was checked."""

    path: str
    version: str  # as the binary prints it: "9.0.2", "5.1.9-0+deb12u1"


def find_ffmpeg(configured: str | None, environ: Mapping[str, str]) -> Ffmpeg:
    """Return the ffmpeg to use, checked. Raises FfmpegUnfitError."""
    refusals = []
    for path, may_be_passed_over in _candidates(configured, environ):
        try:
            return _checked(path)
        except FfmpegUnfitError as error:
            if not may_be_passed_over:
                raise
            refusals.append(str(error))
    message = (
        f"no ffmpeg was found: {'; '.join(refusals) or 'none is embedded and none is on PATH'}; {REMEDY}"
    )
    raise FfmpegUnfitError(message)


def where_found(ffmpeg: Ffmpeg, configured: str | None, environ: Mapping[str, str]) -> str:
    """Return where the ffmpeg was found: "embedded", "on PATH", ..."""
    if configured:
        return "on PATH, as configured" if configured == "system" else "as configured"
    if environ.get("TUI_GEN_FFMPEG"):
        return "by TUI_GEN_FFMPEG"
    return "embedded" if ffmpeg.path == _embedded() else "on PATH"


def _candidates(configured: str | None, environ: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield (path, whether to try the next one if this one is unfit)."""
    on_path = shutil.which("ffmpeg", path=environ.get("PATH", os.defpath))
    if configured == "system":
        if on_path is None:
            message = f'there is no ffmpeg on PATH, where `"ffmpeg": "system"` looks for it; {REMEDY}'
            raise FfmpegUnfitError(message)
        yield on_path, False
    elif configured:
        yield configured, False
    elif environ.get("TUI_GEN_FFMPEG"):
        yield environ["TUI_GEN_FFMPEG"], False
    else:
        if embedded := _embedded():
            yield embedded, True
        if on_path:
            yield on_path, False


def _embedded() -> str | None:
    try:
        found: str = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError:  # this platform's wheel has no binary
        return None
    return found if os.path.isabs(found) else None  # noqa: PTH117 - may not be UTF-8


def _checked(path: str) -> Ffmpeg:
    program = os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - may not be UTF-8
    first_line = _output(program, ["-hide_banner", "-version"]).partition(b"\n")[0].decode("utf-8", "replace")
    match = re.match(r"ffmpeg version (\S+)", first_line)
    if match is None:
        message = f"{program} is not an ffmpeg: asked for its version it says {first_line[:80]!r}; {REMEDY}"
        raise FfmpegUnfitError(message)
    listed = _output(program, ["-hide_banner", "-filters"]).decode("utf-8", "replace")
    has = {words[1] for line in listed.splitlines() if len(words := line.split()) > 2}  # noqa: PLR2004
    if missing := [name for name in NEEDED_FILTERS if name not in has]:
        message = f"{program} (version {match[1]}) has no filter {', '.join(missing)}; {REMEDY}"
        raise FfmpegUnfitError(message)
    return Ffmpeg(program, match[1])


def encoders_of(ffmpeg: Ffmpeg) -> frozenset[str]:
    """Return the names of the encoders that a binary has. Raises FfmpegUnfitError if it does not run."""
    listed = _output(ffmpeg.path, ["-hide_banner", "-encoders"]).decode("utf-8", "replace")
    return frozenset(words[1] for line in listed.splitlines() if len(words := line.split()) > 1)


def output_of(ffmpeg: Ffmpeg, arguments: Sequence[str], *, given: bytes) -> bytes:
    """Return what a short run prints that has `given` on stdin. Raises FfmpegUnfitError if it fails."""
    return _output(ffmpeg.path, arguments, given=given)


def _output(program: str, arguments: Sequence[str], *, given: bytes = b"") -> bytes:
    """Return what a short run prints; it has no file as input."""
    try:
        done = subprocess.run(
            [program, *arguments],
            input=given,
            capture_output=True,
            timeout=CHECK_SECONDS,
            check=False,
            start_new_session=True,
            cwd="/",
            env=ENVIRONMENT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{program} does not run: {error}; {REMEDY}"
        raise FfmpegUnfitError(message) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        message = (
            f"{program} does not run (exit status {done.returncode}): {said or 'it says nothing'}; {REMEDY}"
        )
        raise FfmpegUnfitError(message)
    return done.stdout


# ------------------------------------------------------------------------------ colour fingerprint

_GRADIENT = Size(256, 128)
_TRANSFERS: Mapping[HdrClass, str] = {"pq": "smpte2084", "hlg": "arib-std-b67", "sdr": "bt709"}


def colour_fingerprint(ffmpeg: Ffmpeg, how: Rendering) -> str:
    """Return a hash of a small gradient that this machine converts: equal hashes mean equal colours.

    If the kernel is used, it is a hash of the kernel's samples too. Raises FfmpegUnfitError,
    ConverterUnfitError.
    """
    digest = hashlib.sha256()
    if how.uses_kernel:
        found = (kernel_mapping(_gradient_facts(hdr_class), how) for hdr_class in ("pq", "hlg"))
        mappings = [mapping for mapping in found if mapping is not None]
        digest.update(converted(mappings, _GRADIENT, _gradient() * len(mappings)))
    for hdr_class in ("pq", "sdr"):
        probe = _gradient_facts(hdr_class)
        chain = colour_chain(probe, how, frame=Size(128, 64))
        source = ["-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", str(_GRADIENT), "-i", "pipe:0"]
        frame = ["-frames:v", "1", "-vf", chain, "-f", "rawvideo", "-pix_fmt", how.pixel_format, "pipe:1"]
        arguments = ["-hide_banner", "-loglevel", "error", "-filter_threads", "1", *source, *frame]
        digest.update(_output(ffmpeg.path, arguments, given=_gradient()))
    return digest.hexdigest()[:16]


def _gradient() -> bytes:
    """Return one 10-bit frame as bytes: luma rises from left to right, chroma changes from top to bottom."""
    width, height = _GRADIENT.width, _GRADIENT.height
    luma = [64 + x * 876 // (width - 1) for _ in range(height) for x in range(width)]
    blue = [64 + y * 896 // (height // 2 - 1) for y in range(height // 2) for _ in range(width // 2)]
    red = [960 - value for value in (v - 64 for v in blue)]
    return b"".join(value.to_bytes(2, "little") for value in (*luma, *blue, *red))


def _gradient_facts(hdr_class: HdrClass) -> ProbeFacts:
    is_hdr = hdr_class != "sdr"
    colour = ColourFacts(
        pixel_format="yuv420p10le",
        bit_depth=10,
        transfer=_TRANSFERS[hdr_class],
        primaries="bt2020" if is_hdr else "bt709",
        matrix="bt2020nc" if is_hdr else "bt709",
        range="tv",
        chroma_location="topleft" if is_hdr else "left",
        max_cll_nits=None,
        mastering_max_nits=None,
    )
    return ProbeFacts(
        container="rawvideo",
        codec="rawvideo",
        coded=_GRADIENT,
        sample_aspect=Fraction(1),
        rotation_degrees=0,
        first_pts_seconds=0.0,
        duration_seconds=1.0,
        frame_seconds=None,
        field_order="progressive",
        colour=colour,
        hdr_class=hdr_class,
    )


# ---------------------------------------------------------------------------------- argument lists


@dataclass(frozen=True, slots=True)
class Input:
    """A film and the place at which to begin reading; times are those of the container."""

    path: str
    seek_seconds: float | None = None  # None: from the start
    threads: int = 1
    loglevel: str = "info"
    device: str | None = None  # that decodes, and keeps its frames until they are `downloaded`


def input_arguments(source: Input) -> list[str]:
    """Return all arguments before the outputs. Frames keep the container's timestamps."""
    seek = (
        [] if source.seek_seconds is None else ["-seek_timestamp", "1", "-ss", f"{source.seek_seconds:.6f}"]
    )
    return [
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", f"repeat+level+{source.loglevel}", "-xerror"),
        *("-filter_threads", "1", "-filter_complex_threads", "1", "-copyts"),
        *("-max_pixels", str(MAX_PIXELS), "-protocol_whitelist", "file", "-format_whitelist", FORMATS),
        *(
            []
            if source.device is None
            else ["-hwaccel", source.device, "-hwaccel_output_format", source.device]
        ),
        # ffmpeg decodes frames before the wanted ones anyway; a filter of the program drops them after
        # showinfo has printed their timestamps.
        *("-threads", str(source.threads), "-noaccurate_seek", *seek),
        *("-i", f"file:{os.path.abspath(source.path)}"),  # noqa: PTH100 - may not be UTF-8
    ]


def made_input_arguments(graph: str) -> list[str]:
    """Return all arguments before the outputs, for frames that a graph of filters makes; no file is read."""
    return [
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "repeat+level+info"),
        *("-filter_threads", "1", "-filter_complex_threads", "1", "-f", "lavfi", "-i", graph),
    ]


_DOWNLOADS = {"yuv420p": "nv12", "yuv420p10le": "p010le"}
"""Pixel format of a film -> pixel format in which devices keep its frames."""


def downloaded(pixel_format: str) -> str | None:
    """Return the filters that transfer frames from a device, or None if devices do not keep this format."""
    kept = _DOWNLOADS.get(pixel_format)
    return kept and f"hwdownload,format={kept}"


def raw_output(stream: str, descriptor: int, *, pixel_format: str | None = None) -> list[str]:
    """Return an output of raw frames to a pipe; without a pixel format the frames are not converted."""
    wanted = [] if pixel_format is None else ["-pix_fmt", pixel_format]
    kind = ["-an", "-sn", "-dn", "-fps_mode", "passthrough", "-c:v", "rawvideo", *wanted]
    return ["-map", stream, *kind, "-f", "rawvideo", f"pipe:{descriptor}"]


def null_output(filters: str) -> list[str]:
    """Return an output that decodes the first video track that is not cover art, and writes nothing."""
    return [
        "-map",
        "0:V:0",
        "-an",
        "-sn",
        "-dn",
        "-fps_mode",
        "passthrough",
        "-vf",
        filters,
        "-f",
        "null",
        "-",
    ]
