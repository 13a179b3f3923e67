"""Hashes what this machine makes of fixed pictures, to notice builds that make other images, crops or tags.

    colours of ffmpeg, encoders and filters of OpenCV, and the embedded models

Loading an ONNX model takes longer than a proof may: the digests of its files are compared when
the job is opened, and the version of onnxruntime here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.jobs.anime.frames.extraction import RENDERING, encoded_image
from tui_gen.jobs.anime.frames.pictures import sharpness, thumbnail
from tui_gen.jobs.anime.model import Subject
from tui_gen.jobs.anime.models.loading import loaded
from tui_gen.jobs.anime.select.resizing import resized
from tui_gen.jobs.anime.work.orders import Context
from tui_gen.jobs.anime.work.select import encoded
from tui_gen.media.ffmpeg import Ffmpeg, colour_fingerprint

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

BLOCK = 40
"""Pixels of the side of an area of one colour: models find contours, and filters find edges."""
ROWS, COLUMNS = 6, 8
FACE = (120, 80, 200, 160)


def proof_of(context: Context, ffmpeg: Ffmpeg) -> str:
    """Return the hash. Raises FfmpegUnfitError, RefusedError."""
    digest = hashlib.sha256(colour_fingerprint(ffmpeg, RENDERING).encode())
    for part in (*_images(context), *_models(context)):
        digest.update(part)
    return digest.hexdigest()


def _picture() -> RGB:
    """Return areas of colours with some noise, by no generator of numpy's."""
    data = hashlib.shake_256(b"proof").digest(ROWS * COLUMNS * 3 * (1 + BLOCK * BLOCK))
    colours = np.frombuffer(data[: ROWS * COLUMNS * 3], np.uint8).reshape(ROWS, COLUMNS, 3)
    areas = colours.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
    noise = np.frombuffer(data[ROWS * COLUMNS * 3 :], np.uint8).reshape(areas.shape)
    return areas // 8 * 7 + noise // 8


def _images(context: Context) -> Iterator[bytes]:
    settings, picture = context.settings, _picture()
    yield encoded_image(picture, settings.raw_format)
    yield encoded(resized(picture, (171, 128)), settings.select.image_save_ext)
    yield thumbnail(picture).tobytes()
    yield repr(sharpness(picture)).encode()


def _models(context: Context) -> Iterator[bytes]:
    found, picture = context.models.found, _picture()
    models = loaded(found, context.settings.models.provider, warn=lambda _: None)
    if not all(model.is_embedded for model in context.models.models):
        yield metadata.version("onnxruntime").encode()
    if found.detector.is_embedded:
        yield repr((models.detector.faces(picture), models.detector.persons(picture))).encode()
        if found.tagger.is_embedded:
            yield repr(models.tagger.tags([picture])).encode()
    if found.embedder.is_embedded:
        yield models.embedder.embed([Subject(picture, (FACE,))]).tobytes()
