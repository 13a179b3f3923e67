"""A whole set of digits in each format."""

from pathlib import Path

import pytest

from tests.jobs.videomnist.digits.digit_files import WRITERS


@pytest.fixture(params=WRITERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the path of a whole set in one of the formats that keep the order of images."""
    return WRITERS[request.param](tmp_path / "digits")
