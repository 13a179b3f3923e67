"""The trainers' own modules, from checkouts below the folder that `TUI_GEN_LOADERS` names.

    git clone https://github.com/XPixelGroup/BasicSR $TUI_GEN_LOADERS/BasicSR
    git -C $TUI_GEN_LOADERS/BasicSR checkout 8d56e3a0

A trainer's top package imports its models and losses, which reading needs not: it is replaced by an empty
package of the same folder. All modules below it are the trainer's.

Stand-ins, if they are not installed: `torchvision` (pictures of batches, normalisation and weights, none of
which a configuration of an export asks for), `torch.utils.tensorboard` and `requests` (logs and downloads).
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

VARIABLE = "TUI_GEN_LOADERS"
_STAND_INS = (
    "requests",
    "requests.exceptions",
    "torch.utils.tensorboard",
    "torch.utils.tensorboard.writer",
    "torchvision",
    "torchvision.models",
    "torchvision.transforms",
    "torchvision.transforms.functional",
    "torchvision.utils",
)


@dataclass(frozen=True, slots=True)
class Trainer:
    """A trainer's repository, at the commit that the tests were written for."""

    repository: str
    commit: str
    package: str
    bare: tuple[str, ...] = ()  # further packages whose `__init__` imports more than reading needs

    def module(self, name: str) -> Any:  # noqa: ANN401 - code without types
        """Return a module of the trainer, such as "data.transforms"; skip the test without a checkout."""
        root = self._root()
        for package in (self.package, *(f"{self.package}.{below}" for below in self.bare)):
            if package not in sys.modules:
                empty = ModuleType(package)
                empty.__path__ = [str(root / package.replace(".", "/"))]
                sys.modules[package] = empty
        # Only for the time of the import: other tests, and other packages, would take them for the real ones.
        with pytest.MonkeyPatch.context() as patch:
            for stand_in in _STAND_INS:
                if not _is_installed(stand_in):
                    patch.setitem(sys.modules, stand_in, MagicMock(name=stand_in))
            patch.setattr(np, "bool8", np.bool_, raising=False)  # of numpy 1, which mmagic names
            return import_module(f"{self.package}.{name}")

    def _root(self) -> Path:
        name = self.repository.rpartition("/")[2]
        folder = os.environ.get(VARIABLE)
        root = Path(folder or ".") / name
        if folder is None or not (root / self.package).is_dir():
            pytest.skip(
                f"needs {name}: set {VARIABLE}=DIR; git clone https://github.com/{self.repository} DIR/{name}"
                f" && git -C DIR/{name} checkout {self.commit}"
            )
        return root


def _is_installed(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


BASICSR = Trainer("XPixelGroup/BasicSR", "8d56e3a045f9fb3e1d8872f92ee4a4f07f886b0a", "basicsr", ("data",))
TRAINNER = Trainer(
    "the-database/traiNNer-redux", "686293190aca3e432a42b6155dbc94ea51c4bf9f", "traiNNer", ("data",)
)
NEOSR = Trainer("neosr-project/neosr", "31c7022620c682cf0961c8634d60787179145c5b", "neosr", ("data",))
MMAGIC = Trainer(
    "open-mmlab/mmagic",
    "0a560bba9b79ebe78574e1d4cbbdd0e798e63568",
    "mmagic",
    ("datasets", "datasets.transforms"),
)
