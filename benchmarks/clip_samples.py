"""The films of the clip benchmark: made once by the embedded ffmpeg, kept, and never changed.

One closed group of pictures is encoded, and a sample has its packets again and again: what it costs to
decode does not depend on that, and minutes of encoding are saved.

Invariant: a sample's name holds a hash of all that decides its content, so an old one is never taken
for a new one.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
from av.video.stream import VideoStream

FRAMES = 7
MIDDLE = 3
FRAMES_PER_SECOND = 24
APART_FRAMES = FRAMES + 1
GOLDEN = 0.6180339887498949
WIDTH, HEIGHT = 1920, 1080
"""The picture that patches are cut from: of the UHD samples it is half as wide and half as high as stored."""


@dataclass(frozen=True)
class Kind:
    """What kind of film a sample is."""

    words: str
    keyframe_distance: int
    is_hdr: bool


KINDS = {
    "24": Kind("UHD HDR10, keyframe every 24", 24, is_hdr=True),
    "240": Kind("UHD HDR10, keyframe every 240", 240, is_hdr=True),
    "sdr": Kind("1080p SDR, keyframe every 240", 240, is_hdr=False),
}


@dataclass(frozen=True)
class Sample:
    """One film of the benchmark."""

    kind: Kind
    path: Path
    seconds: int
    group: Path  # the film whose packets are repeated

    @property
    def probed_seconds(self) -> float:
        """The length that the program finds: Matroska rounds timestamps and lengths to milliseconds."""
        last = (self.seconds * FRAMES_PER_SECOND - 1) / FRAMES_PER_SECOND
        return round(last, 3) + int(1000 / FRAMES_PER_SECOND) / 1000

    def clip_times(self, clips: int) -> list[float]:
        """Return the middles of the clips in the order of k: where the program's own clips lie.

        Raises ValueError if the film is too short for so many clips that share no frame.
        """
        rim = (MIDDLE + 0.5) / FRAMES_PER_SECOND
        times: list[float] = []
        k = 0
        while len(times) < clips:
            time = (k + 0.5) * GOLDEN % 1 * self.probed_seconds
            is_inside = rim <= time <= self.probed_seconds - rim
            if is_inside and all(abs(time - other) * FRAMES_PER_SECOND >= APART_FRAMES for other in times):
                times.append(time)
            k += 1
            if k > 8 * clips and len(times) < clips:
                message = f"{self.seconds} s have no room for {clips} clips: only {len(times)} share no frame"
                raise ValueError(message)
        return times

    def first_frames(self, clips: int) -> list[int]:
        """Return the number of the first frame of each clip, in the order of `clip_times`."""
        return [nearest_frame(time) - MIDDLE for time in self.clip_times(clips)]


def nearest_frame(seconds: float) -> int:
    """Return the number of the frame whose timestamp is nearest; Matroska rounds it to milliseconds."""
    before = int(seconds * FRAMES_PER_SECOND)
    return min(before, before + 1, key=lambda n: abs(round(n / FRAMES_PER_SECOND, 3) - seconds))


def start_seconds(first_frame: int) -> float:
    """Return the time to seek to for a frame: half a frame early, so that rounding does not lose it."""
    return max(0.0, (first_frame - 0.5) / FRAMES_PER_SECOND)


def ffmpeg() -> str:
    """Return the program that makes the samples and that the other approaches run."""
    return os.environ.get("TUI_GEN_FFMPEG") or imageio_ffmpeg.get_ffmpeg_exe()


def make_group(cache: Path, kind: Kind) -> Path:
    """Return a film of one group of pictures, encoded if it is not there yet."""
    seconds = kind.keyframe_distance // FRAMES_PER_SECOND
    arguments = _uhd_arguments(seconds, kind.keyframe_distance) if kind.is_hdr else _sdr_arguments(seconds)
    recipe = hashlib.sha256("\n".join(arguments).encode()).hexdigest()[:8]
    stem = "uhd_hdr10" if kind.is_hdr else "sdr_1080p"
    path = cache / f"{stem}_{seconds}s_key{kind.keyframe_distance}_{recipe}.mkv"
    if not path.exists():
        _make(path, arguments)
    return path


def make_sample(cache: Path, kind: Kind, seconds: int) -> Sample:
    """Return a sample of at least that length: the packets of one group of pictures, again and again."""
    group = make_group(cache, kind)
    group_seconds = kind.keyframe_distance // FRAMES_PER_SECOND
    times = -(-seconds // group_seconds)
    path = group.with_name(f"times{times}_{group.name}")
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        repeat_packets(group, unfinished, times)
        unfinished.rename(path)
    return Sample(kind, path, times * group_seconds, group)


def repeat_packets(source: Path, target: Path, times: int) -> None:
    """Write a film with the packets of another one several times. `source` is one closed group of pictures.

    ffmpeg's -stream_loop adds the duration that the container states, in milliseconds: that drifts.
    """
    with av.open(str(source)) as film, av.open(str(target), "w", format="matroska") as repeated:
        stream = repeated.add_stream_from_template(film.streams.video[0])
        packets = [packet for packet in film.demux(video=0) if packet.size]
        first = min(_frame(packet) for packet in packets)
        late = max(n - _frame(packet) + first for n, packet in enumerate(packets))
        for number in range(times * len(packets)):
            packet = packets[number % len(packets)]
            again = av.Packet(bytes(packet))
            again.stream, again.time_base, again.duration = stream, Fraction(1, FRAMES_PER_SECOND), 1
            again.pts = number // len(packets) * len(packets) + _frame(packet) - first
            again.dts = number - late
            again.is_keyframe = packet.is_keyframe
            repeated.mux(again)


def _frame(packet: av.Packet[VideoStream]) -> int:
    """Return the number of the frame that a packet holds."""
    if packet.pts is None:
        message = "a packet of the sample has no timestamp"
        raise ValueError(message)
    return round(packet.pts * packet.time_base * FRAMES_PER_SECOND)


def _make(path: Path, arguments: Sequence[str]) -> None:
    print(f"making {path} ...", file=sys.stderr, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    command = [ffmpeg(), "-nostdin", "-hide_banner", "-loglevel", "warning", "-y", *arguments]
    subprocess.run([*command, f"file:{unfinished}"], check=True, stdin=subprocess.DEVNULL)
    unfinished.rename(path)


def _uhd_arguments(seconds: int, keyframe_distance: int) -> list[str]:
    """Arguments of ffmpeg that make a sample: a slow zoom, moving shapes and film-like grain."""
    x265 = {
        "keyint": keyframe_distance,
        "min-keyint": keyframe_distance,
        "scenecut": 0,
        "open-gop": 0,
        "bframes": 4,
        "b-pyramid": 1,
        "b-adapt": 0,
        "ref": 3,
        "vbv-maxrate": 60000,
        "vbv-bufsize": 110000,
        "hdr10": 1,
        "repeat-headers": 1,
        "chromaloc": 2,
        "max-cll": "1000,400",
        "master-display": "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
        "log-level": "error",
    }
    colour = "color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    # PQ codes of an ordinary scene: most of the picture below 100 nits, little above.
    levels = "lutyuv=y=28+val*0.42:u=128+(val-128)*0.3:v=128+(val-128)*0.3"
    picture = (
        "mandelbrot=s=960x540:r=24:start_scale=0.4:end_scale=0.002:end_pts=900,format=yuv420p[zoom];"
        "life=s=240x135:r=24:seed=1:ratio=0.3:mold=20:life_color=#e0c090:death_color=#402050:mold_color=#305060,"
        "scale=960:540:flags=bicubic,format=yuv420p[grown];"
        "[zoom][grown]blend=all_mode=average,scale=3840:2160:flags=bilinear[scene];"
        "testsrc2=s=640x360:r=24,format=yuv420p,scale=1280:720:flags=bilinear[shapes];"
        f"[scene][shapes]overlay=x=640+480*sin(t):y=400+300*cos(t/2),{levels},noise=alls=7:allf=t,"
        f"format=yuv420p10le,setparams={colour}:chroma_location=topleft[v]"
    )
    return [
        *("-filter_complex", picture, "-map", "[v]", "-t", str(seconds)),
        *("-c:v", "libx265", "-preset", "ultrafast", "-b:v", "55M"),
        *("-x265-params", ":".join(f"{key}={value}" for key, value in x265.items())),
        *("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"),
        *("-color_range", "tv", "-chroma_sample_location", "topleft", "-f", "matroska"),
    ]


def _sdr_arguments(seconds: int) -> list[str]:
    """Arguments of ffmpeg that make the SDR sample: the same scene at a quarter of the size, in H.264."""
    picture = (
        "mandelbrot=s=960x540:r=24:start_scale=0.4:end_scale=0.002:end_pts=900,format=yuv420p[zoom];"
        "life=s=240x135:r=24:seed=1:ratio=0.3:mold=20:life_color=#e0c090:death_color=#402050:mold_color=#305060,"
        "scale=960:540:flags=bicubic,format=yuv420p[grown];"
        "[zoom][grown]blend=all_mode=average,scale=1920:1080:flags=bilinear[scene];"
        "testsrc2=s=640x360:r=24,format=yuv420p[shapes];"
        "[scene][shapes]overlay=x=320+240*sin(t):y=200+150*cos(t/2),noise=alls=7:allf=t,"
        "format=yuv420p,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv[v]"
    )
    return [
        *("-filter_complex", picture, "-map", "[v]", "-t", str(seconds)),
        *("-c:v", "libx264", "-preset", "veryfast", "-b:v", "12M", "-maxrate", "15M", "-bufsize", "30M"),
        *("-g", "240", "-keyint_min", "240", "-sc_threshold", "0", "-bf", "3", "-refs", "3"),
        *("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"),
        *("-color_range", "tv", "-f", "matroska"),
    ]
