"""Reads datasets of the super-resolution job into PyTorch: `from tui_gen.torch import VsrDataset`.

PyTorch is imported with `VsrDataset`, and not before: pip install '.[torch]'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_gen.torch.dataset import VsrDataset

__all__ = ["VsrDataset"]


def __getattr__(name: str) -> object:
    """Import the dataset when it is first asked for."""
    if name in __all__:
        from tui_gen.torch.dataset import VsrDataset

        return VsrDataset
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
