"""Checks that ffmpeg has the encoders of the variants, and fingerprints what encoders make of a small probe.

The bytes of a degraded LR depend on the builds of the encoders. The recipe has this fingerprint, so that a
folder is not continued with other encoders unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from tui_gen.jobs.superres.degradation.variants import Codec, Jpeg, Variant
from tui_gen.media.ffmpeg import Ffmpeg, FfmpegUnfitError, encoders_of, output_of
from tui_gen.media.geometry import Size

PROBE_SIZE = Size(64, 48)
PROBE_FRAMES = 3
JPEG_QUALITY = 60


def variants_fingerprint(ffmpeg: Ffmpeg, variants: Sequence[Variant]) -> str | None:
    """Return a hash of the probe through all encoders of the variants; None if they need no encoder.

    Raises FfmpegUnfitError, with the variant and the codec, if ffmpeg lacks an encoder or one does not work.
    """
    codecs = sorted({codec for variant in variants for codec in variant.codecs})
    has_jpeg = any(isinstance(step, Jpeg) for variant in variants for step in variant.all_steps)
    if not codecs and not has_jpeg:
        return None
    if codecs:
        _check(ffmpeg, variants)
    digest = hashlib.sha256()
    for part in _parts(ffmpeg, codecs, has_jpeg=has_jpeg):
        digest.update(part)
    return digest.hexdigest()[:16]


def _check(ffmpeg: Ffmpeg, variants: Sequence[Variant]) -> None:
    has = encoders_of(ffmpeg)
    for variant in variants:
        for codec in variant.codecs:
            if codec not in has:
                message = (
                    f'lr_variants "{variant.name}" needs the encoder {codec}, and {ffmpeg.path} (version '
                    f"{ffmpeg.version}) has none: take the codec out of the variant, or use another "
                    "ffmpeg; the embedded one has all codecs"
                )
                raise FfmpegUnfitError(message)


def _parts(ffmpeg: Ffmpeg, codecs: Sequence[Codec], *, has_jpeg: bool) -> Iterator[bytes]:
    # Loaded here: numpy and OpenCV take longer than all of the start, and few configurations have variants.
    import numpy as np

    from tui_gen.jobs.superres.degradation.chain import through_jpeg
    from tui_gen.jobs.superres.degradation.choices import ChosenVideo
    from tui_gen.jobs.superres.degradation.video import decoder_arguments, encoder_arguments
    from tui_gen.jobs.superres.degradation.yuv import to_planes

    rows, columns = np.mgrid[: PROBE_SIZE.height, : PROBE_SIZE.width]
    frames = np.stack(
        [
            np.stack([rows * 5 + number, columns * 4, (rows * columns) % 251 + number], axis=-1) % 256
            for number in range(PROBE_FRAMES)
        ]
    ).astype(np.uint8)
    for codec in codecs:
        chosen = ChosenVideo(codec, "bitrate", 300)
        stream = output_of(
            ffmpeg, encoder_arguments(chosen, PROBE_SIZE, source=0, target=1), given=to_planes(frames)
        )
        yield stream
        yield output_of(ffmpeg, decoder_arguments(source=0, target=1), given=stream)
    if has_jpeg:
        yield through_jpeg(frames[0], JPEG_QUALITY).tobytes()
