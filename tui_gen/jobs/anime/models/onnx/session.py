"""ONNX models in onnxruntime: on the GPU if that works, else on the CPU with one warning.

A model gets one image at a time: its results do not depend on which images are processed together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tui_gen.base.errors import RefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tui_gen.jobs.anime.model import Floats

Shape = tuple[int | None, ...]
"""The lengths of the axes; None is any length."""
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
ERRORS_ONLY = 3


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or an output of a model."""

    name: str
    shape: Shape

    def __str__(self) -> str:
        """Return the name and the shape: "images [?, 3, 640, 640]"."""
        return f"{self.name} [{', '.join('?' if each is None else str(each) for each in self.shape)}]"

    def agrees(self, wanted: Tensor) -> bool:
        """Return True if the name is that one and no axis has another length."""
        if self.name != wanted.name or len(self.shape) != len(wanted.shape):
            return False
        axes = zip(self.shape, wanted.shape, strict=True)
        return all(mine is None or theirs is None or mine == theirs for mine, theirs in axes)


class Session:
    """A loaded model."""

    def __init__(self, path: str, sessions: Sessions) -> None:
        """Load a model. Raises RefusedError if the file is no model that onnxruntime can load."""
        self.path = path
        self._sessions = sessions
        self._inference = self._opened(sessions.provider)
        self.inputs = [_tensor(each) for each in self._inference.get_inputs()]
        self.outputs = [_tensor(each) for each in self._inference.get_outputs()]
        self.metadata: Mapping[str, str] = dict(self._inference.get_modelmeta().custom_metadata_map)

    def _opened(self, provider: str) -> Any:  # noqa: ANN401 - onnxruntime ships no types
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = self._sessions.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        wants_cuda = provider == "cuda" or (provider == "auto" and CUDA in ort.get_available_providers())
        try:
            if wants_cuda:
                opened = self._on_cuda(options)
                if opened is not None:
                    return opened
            return ort.InferenceSession(self.path, options, providers=[CPU])
        except Exception as error:  # onnxruntime's errors have no common class
            message = f"{self.path}: onnxruntime cannot load it: {_first_line(error)}"
            raise RefusedError(message) from error

    def _on_cuda(self, options: Any) -> Any:  # noqa: ANN401 - onnxruntime ships no types
        """Return a session on the GPU, or None after a warning."""
        import onnxruntime as ort

        if CUDA not in ort.get_available_providers():
            self._sessions.fall_back("the installed onnxruntime is the one for the CPU alone")
            return None
        try:
            opened = ort.InferenceSession(self.path, options, providers=[CUDA, CPU])
        except Exception as error:  # noqa: BLE001 - whatever CUDA says, the CPU can do it
            self._sessions.fall_back(_first_line(error))
            return None
        if CUDA in opened.get_providers():
            return opened
        self._sessions.fall_back("onnxruntime could not load its CUDA libraries")
        return None

    def expect(self, kind: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """Raise RefusedError unless the model has these inputs, and has these outputs among others."""
        is_right = (
            len(self.inputs) == len(inputs)
            and all(mine.agrees(wanted) for mine, wanted in zip(self.inputs, inputs, strict=True))
            and all(any(mine.agrees(wanted) for mine in self.outputs) for wanted in outputs)
        )
        if not is_right:
            wanted = f"{_named(inputs)} to {_named(outputs)}"
            found = f"{_named(self.inputs)} to {_named(self.outputs)}"
            message = f"{self.path}: this is not a {kind}: wanted are {wanted}; the file has {found}"
            raise RefusedError(message)

    def run(self, output: str, values: Mapping[str, NDArray[Any]]) -> Floats:
        """Return an output for the inputs, as float32. A failure on the GPU is repeated on the CPU."""
        try:
            (found,) = self._inference.run([output], dict(values))
        except Exception as error:
            if CUDA not in self._inference.get_providers():
                raise
            self._sessions.fall_back(_first_line(error))
            self._inference = self._opened("cpu")
            (found,) = self._inference.run([output], dict(values))
        return np.asarray(found, np.float32)


class Sessions:
    """How models are loaded, and whether it was told that the GPU cannot be used."""

    def __init__(
        self, provider: Literal["auto", "cpu", "cuda"], threads: int, warn: Callable[[str], None]
    ) -> None:
        """Load on a provider, with that many threads for one image."""
        self.provider = provider
        self.threads = threads
        self._warn = warn

    def open(self, path: str) -> Session:
        """Load a model. Raises RefusedError if the file is no model that onnxruntime can load."""
        return Session(path, self)

    def fall_back(self, reason: str) -> None:
        """Use the CPU from now on; tell it once."""
        if self.provider != "cpu":
            self._warn(f"models run on the CPU, because CUDA cannot be used: {reason}")
        self.provider = "cpu"


def _tensor(found: Any) -> Tensor:  # noqa: ANN401 - onnxruntime ships no types
    return Tensor(found.name, tuple(each if isinstance(each, int) else None for each in found.shape))


def _named(tensors: Sequence[Tensor]) -> str:
    return ", ".join(map(str, tensors))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
