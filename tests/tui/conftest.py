"""Fixtures of the screens' tests: a fixed time zone, and screens over hand-built runs."""

import os
import time
from collections.abc import Iterator

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]

SVGImageExtension.file_extension = "svg"  # syrupy has renamed what the plugin sets, and would store .raw


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    """Have local time mean UTC."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()
