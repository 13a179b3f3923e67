"""Write the source films of the golden tests into `films/`.

The tests do not run this script. The films are test data: a film that is made again has other bytes, and
the golden record must then be made again with the program version that it describes.

    python -m tests.golden.make_films
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

FILMS = Path(__file__).parent / "films"

X264 = ("-c:v", "libx264", "-preset", "veryslow", "-pix_fmt", "yuv420p", "-g", "12", "-bf", "2")
X265 = ("-c:v", "libx265", "-preset", "slow", "-pix_fmt", "yuv420p10le")
X265_PARAMETERS = "log-level=error:info=0:keyint=12:repeat-headers=1"
MASTERING = (
    "hdr10=1:chromaloc=2:max-cll=1200,400:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)"
)
REPRODUCIBLE = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-an")


@dataclass(frozen=True, slots=True)
class Film:
    """A film to draw and to encode."""

    name: str
    graph: str
    encoder: tuple[str, ...]


def _tags(primaries: str, transfer: str, matrix: str, location: str = "left") -> tuple[str, ...]:
    """Return the options that tag a stream completely."""
    return (
        *("-color_primaries", primaries, "-color_trc", transfer, "-colorspace", matrix),
        *("-color_range", "tv", "-chroma_sample_location", location),
    )


def _tagged(primaries: str, transfer: str, matrix: str, location: str = "left") -> str:
    """Return the filter that tags frames completely."""
    return (
        f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}"
        f":range=tv:chroma_location={location}"
    )


def _hdr(transfer: str, location: str) -> str:
    """Return the filters that turn SDR drawings into HDR pictures with bright lights."""
    return (
        "zscale=f=lanczos:tin=bt709:pin=bt709:min=gbr:rin=full"
        f":t={transfer}:p=bt2020:m=bt2020nc:r=limited:c={location}:npl=400,format=yuv420p10le,"
        + _tagged("bt2020", transfer, "bt2020nc", location)
    )


UNTAGGED = (
    "setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown:range=unknown"
    ":chroma_location=unspecified"
)

ALL = (
    Film(
        "sdr_tagged.mp4",
        "testsrc2=s=384x216:r=24,hue=h=20*t,noise=alls=6:allf=t:all_seed=3,format=yuv420p,"
        + _tagged("bt709", "bt709", "bt709"),
        (*X264, "-crf", "30", *_tags("bt709", "bt709", "bt709"), "-frames:v", "48"),
    ),
    Film(
        "sdr_untagged_sd.mkv",
        "mandelbrot=s=640x480:r=25:start_scale=0.02:end_scale=0.004:end_pts=400"
        ":start_x=-0.745:start_y=0.113:maxiter=150,format=yuv420p," + UNTAGGED,
        (*X264, "-crf", "36", "-frames:v", "48"),
    ),
    Film(
        "sdr_untagged_hd.mkv",
        "gradients=s=1280x720:r=24:n=5:seed=11:speed=0.02:type=spiral,hue=h=10*t,format=yuv420p," + UNTAGGED,
        (*X264, "-crf", "28", "-frames:v", "48"),
    ),
    Film(
        "hdr10.mkv",
        "mandelbrot=s=512x288:r=24:start_scale=0.05:end_scale=0.02:end_pts=400"
        ":start_x=-0.745:start_y=0.113:maxiter=60,scale=2048:1152:flags=bicubic,format=gbrp,"
        + _hdr("smpte2084", "topleft"),
        (
            *(*X265, "-crf", "34", "-x265-params", f"{X265_PARAMETERS}:{MASTERING}"),
            *(*_tags("bt2020", "smpte2084", "bt2020nc", "topleft"), "-frames:v", "36"),
        ),
    ),
    Film(
        "hlg.mkv",
        "gradients=s=960x540:r=25:n=6:seed=5:speed=0.03:type=radial,hue=h=-15*t,format=gbrp,"
        + _hdr("arib-std-b67", "left"),
        (
            *(*X265, "-crf", "26", "-x265-params", X265_PARAMETERS),
            *(*_tags("bt2020", "arib-std-b67", "bt2020nc"), "-frames:v", "36"),
        ),
    ),
)


def main() -> None:
    """Write all films."""
    FILMS.mkdir(exist_ok=True)
    for film in ALL:
        path = FILMS / film.name
        begin = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y"]
        picture = ["-filter_complex", f"{film.graph}[picture]", "-map", "[picture]", *film.encoder]
        subprocess.run([*begin, *picture, *REPRODUCIBLE, str(path)], check=True)
        sys.stdout.write(f"{path.name}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
