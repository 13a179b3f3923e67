"""The face detector of the wheel animeface, called through its shared library `libnvxs`.

The library is called directly because the wheel's own wrapper finds nothing with Pillow 12 and later, and
holds the interpreter's lock while it works. It is native code that was written for trusted pictures: call it
in a child process, so that a crash ends that child alone. It needs 512 kB of stack.

    rgb -> bgr -> gray -> smooth -> edges        arrays of float32
                   |                  |
                integral           integral  ->  nv_face_detect  ->  boxes of faces, eyes and mouth
"""

from __future__ import annotations

import ctypes
import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.model import Box

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB, Floats

PACKAGE = "animeface"
VERSION = "2.0.3"
"""The one version whose structures are declared here."""
STEP = 6.0
"""Distance of two windows, in 32nds of the window's width."""
SCALE_FACTOR = 1.2
"""Each pass has windows this many times as wide as the pass before."""
SMALLEST_WINDOW = 42.592
"""Width of the smallest window in pixels: narrower faces are not found."""
MAX_CANDIDATES = 8192
"""Windows with a face that the library keeps: its limit of faces counts these windows, not faces."""
EDGE_LEVEL = 4.0
INSTALL = "install it with: pip install '.[anime]' (Python 3.11 to 3.13)"


class _Matrix(ctypes.Structure):
    """nv_matrix_t: `m` vectors of `n` values; a picture has rows * cols = m."""

    _fields_ = (
        ("list", ctypes.c_int),
        ("list_step", ctypes.c_uint),
        ("n", ctypes.c_int),
        ("m", ctypes.c_int),
        ("rows", ctypes.c_int),
        ("cols", ctypes.c_int),
        ("step", ctypes.c_int),
        ("alias", ctypes.c_int),
        ("v", ctypes.c_void_p),
    )


class _Rect(ctypes.Structure):
    """nv_rect_t."""

    _fields_ = (
        ("x", ctypes.c_int),
        ("y", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
    )


class _FacePosition(ctypes.Structure):
    """nv_face_position_t. Left and right are the character's own."""

    _fields_ = (
        ("likelihood", ctypes.c_float),
        ("face", _Rect),
        ("left_eye", _Rect),
        ("right_eye", _Rect),
        ("nose", _Rect),
        ("mouth", _Rect),
        ("chin", _Rect),
    )


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face with its parts, in pixels of the picture that was searched; parts may lie outside it."""

    box: Box
    eyes: tuple[Box, Box]  # the one at the picture's left first
    mouth: Box
    score: float  # 0 to 1


def library_path() -> Path:
    """Return the path of the shared library; the package is not imported.

    Raises RefusedError if the package is absent, has another version, or has no such library.
    """
    try:
        found = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError as error:
        message = f"the embedded face detector needs the package {PACKAGE} {VERSION}: {INSTALL}"
        raise RefusedError(message) from error
    if found.version != VERSION:
        message = f"the package {PACKAGE} is version {found.version}, not {VERSION}: {INSTALL}"
        raise RefusedError(message)
    for each in found.files or ():
        if each.name.startswith("libnvxs"):
            return Path(str(each.locate()))
    message = f"the package {PACKAGE} {VERSION} of this platform holds no library libnvxs"
    raise RefusedError(message)


def file_digest(path: Path) -> str:
    """Return the sha256 of the library's file. Raises RefusedError if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}: {INSTALL}"
        raise RefusedError(message) from error


class FaceLibrary:
    """The loaded library. One call of `faces` at a time."""

    def __init__(self, path: Path) -> None:
        """Load the library. Raises RefusedError if the file is not the library that is expected."""
        self.path = path
        try:
            self.digest = file_digest(path)
            self._library = ctypes.CDLL(str(path))
            self._declare()
            dir_, first, *voting, parts = (
                ctypes.addressof(ctypes.c_char.in_dll(self._library, f"nv_face_mlp_{name}"))
                for name in ("dir", "face_00", "face_01", "face_02", "parts")
            )
        except (OSError, AttributeError, ValueError) as error:
            message = f"{path}: cannot be used as the library of {PACKAGE} {VERSION}: {error}"
            raise RefusedError(message) from error
        self._found = (_FacePosition * MAX_CANDIDATES)()
        self._networks = (dir_, first, (ctypes.c_void_p * 3)(*voting, None), parts)

    def _declare(self) -> None:
        matrix, number = ctypes.POINTER(_Matrix), ctypes.c_int
        lib = self._library
        for name, arguments in {
            "nv_gray": (matrix, matrix),
            "nv_gaussian5x5": (matrix, number, matrix, number),
            "nv_laplacian1": (matrix, matrix, ctypes.c_float),
            "nv_integral": (matrix, matrix, number),
        }.items():
            function = getattr(lib, name)
            function.argtypes, function.restype = arguments, None
        network = ctypes.c_void_p
        lib.nv_face_detect.restype = number
        lib.nv_face_detect.argtypes = (
            ctypes.POINTER(_FacePosition),
            number,
            matrix,
            matrix,
            ctypes.POINTER(_Rect),
            network,
            network,
            ctypes.POINTER(network),
            number,
            network,
            ctypes.c_float,
            ctypes.c_float,
            ctypes.c_float,
        )

    def faces(self, rgb: RGB) -> list[FoundFace]:
        """Return the faces of a picture from 43 pixels to 3/4 of its shorter edge."""
        height, width = rgb.shape[:2]
        if min(height, width) <= SMALLEST_WINDOW:
            return []
        bgr = np.ascontiguousarray(rgb[:, :, ::-1], dtype=np.float32)
        gray, smooth, edges = (np.zeros((height, width, 1), np.float32) for _ in range(3))
        gray_sums, edge_sums = (np.zeros((height + 1, width + 1, 1), np.float32) for _ in range(2))
        lib = self._library
        lib.nv_gray(_matrix(gray), _matrix(bgr))
        lib.nv_gaussian5x5(_matrix(smooth), 0, _matrix(gray), 0)
        lib.nv_laplacian1(_matrix(edges), _matrix(smooth), EDGE_LEVEL)
        lib.nv_integral(_matrix(gray_sums), _matrix(gray), 0)
        lib.nv_integral(_matrix(edge_sums), _matrix(edges), 0)
        direction, first, voting, parts = self._networks
        count = lib.nv_face_detect(
            self._found,
            MAX_CANDIDATES,
            _matrix(gray_sums),
            _matrix(edge_sums),
            _Rect(0, 0, width, height),
            direction,
            first,
            voting,
            2,
            parts,
            STEP,
            SCALE_FACTOR,
            SMALLEST_WINDOW,
        )
        return [_face(each) for each in self._found[:count]]


def _matrix(values: Floats) -> _Matrix:
    """Return the library's view of an array [rows, columns, channels]. The array must outlive the view."""
    rows, columns, channels = values.shape
    count = rows * columns
    return _Matrix(1, channels * count, channels, count, rows, columns, channels, 0, values.ctypes.data)


def _box(rect: _Rect) -> Box:
    return (rect.x, rect.y, rect.x + rect.width, rect.y + rect.height)


def _face(position: _FacePosition) -> FoundFace:
    eyes = sorted((_box(position.left_eye), _box(position.right_eye)))
    score = min(1.0, max(0.0, float(position.likelihood)))
    return FoundFace(_box(position.face), (eyes[0], eyes[1]), _box(position.mouth), score)
