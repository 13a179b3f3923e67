"""From the configuration's `digits` to a pool."""

from __future__ import annotations

from pathlib import Path

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.digits.pool import DigitPool, DigitsError

DRAWN = "drawn"


def load_pool(digits: str | dict[str, str], *, config_folder: Path, seed: int) -> DigitPool:
    """Return the pool that `digits` names; relative paths start in `config_folder`."""
    if digits == DRAWN:
        return DrawnDigits(seed)
    message = f"digits {digits!r} in {config_folder} cannot be read"
    raise DigitsError(message)
