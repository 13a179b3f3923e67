"""What the golden tests share: whether this processor converts colours as the recording one did."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.program import run
from tests.golden.resuming import CONFIG, lay_out

FINGERPRINT = "colour fingerprint"


@pytest.fixture(scope="session")
def converts_as_recorded(tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Return whether colours are converted to the same bits as in the golden run folder.

    ffmpeg converts HDR and untagged SD colours in floating point, and its code for one processor rounds
    otherwise than its code for another. The program notices: the run folder's recipe has another fingerprint.
    """
    place: Path = tmp_path_factory.mktemp("fingerprint")
    lay_out(place)
    done = run("run", place / CONFIG, "--limit", "1")
    assert done.code in {0, 2, 3}, str(done)
    return FINGERPRINT not in done.err
