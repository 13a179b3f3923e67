"""The form of picture files: PNG or WebP, and how they are compressed.

    settings ──> PictureForm ── encode ──> bytes of a file
    settings ──> a missing encoder, and a fingerprint of what the encoders of other packages make

The fingerprint is part of the recipe. Files in a folder stay valid whatever made them: the ledger has the
hash of each file. But the same clip made again by another version may have other bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from tui_gen.jobs.superres.config.settings import ImageFormat, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IGZIP = "igzip"
"""The value of `png_compression` that needs the package isal."""
_NO_IGZIP = '"png_compression": "igzip" needs the package isal: pip install \'.[igzip]\', or write "rle"'
_NO_WEBP = '"image_format": "webp" needs a PyAV with libwebp, and this one has none: install av from PyPI'
_PROBE_SHAPE = (96, 160, 3)


@dataclass(frozen=True, slots=True)
class PictureForm:
    """How pictures become files."""

    image_format: ImageFormat
    png_compression: str
    colour: bytes | None = None  # content of the files' cICP chunk

    @property
    def suffix(self) -> str:
        """The end of the names of the files: ".png" or ".webp"."""
        return f".{self.image_format}"

    def encode(self, image: NDArray[np.unsignedinteger[Any]]) -> bytes:
        """Return an image of shape (height, width, 3), BGR, as a file. Raises ValueError."""
        # Loaded here: numpy, OpenCV and PyAV take longer than all of the start.
        if self.image_format == "webp":
            from tui_gen.jobs.superres.extraction.webp import encode_webp

            return encode_webp(image)
        from tui_gen.jobs.superres.extraction.png import encode_png

        return encode_png(image, self.png_compression, colour=self.colour)


def picture_form(settings: Settings, image_format: ImageFormat | None = None) -> PictureForm:
    """Return the form of a run's files; with `image_format`, that of its files in another format."""
    from tui_gen.jobs.superres.extraction.png import CODE_POINTS

    colour = CODE_POINTS.get(settings.colour_output)
    return PictureForm(image_format or settings.image_format, settings.png_compression, colour)


def missing_encoder(settings: Settings) -> str | None:
    """Return what is missing to encode in the form of the settings, and what to do; None if nothing is."""
    if settings.png_compression == IGZIP and find_spec("isal") is None:
        return _NO_IGZIP
    if settings.image_format == "webp":
        from tui_gen.jobs.superres.extraction.webp import has_encoder

        return None if has_encoder() else _NO_WEBP
    return None


def pictures_fingerprint(settings: Settings) -> str | None:
    """Return a hash of a probe in the form of the settings; None if OpenCV alone encodes.

    `missing_encoder` must have found nothing.
    """
    if settings.image_format == "png" and settings.png_compression != IGZIP:
        return None
    content = PictureForm(settings.image_format, settings.png_compression).encode(_probe())
    return hashlib.sha256(content).hexdigest()[:16]


def _probe() -> NDArray[np.uint8]:
    """Return an image of slopes, repetitions and coarse noise: a compressor finds all kinds of matches."""
    import numpy as np

    rows, columns, channels = np.ogrid[tuple(slice(length) for length in _PROBE_SHAPE)]
    slopes = rows + columns // 2 + 40 * channels
    repeated = (rows * columns) % 13 * (columns // 40 % 2)
    noise = (rows * 7919 + columns * 104729 + channels * 31) % 251 % 7
    return np.ascontiguousarray((slopes + repeated + noise) % 256, dtype=np.uint8)
