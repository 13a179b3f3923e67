"""Stacks of 100 frames are written, looked at and verified like short ones."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from tui_gen.contract.verify import Recorded
from tui_gen.engine.model.work import Clip
from tui_gen.jobs.superres.dataset.contact_sheet.choice import LedgerPatch
from tui_gen.jobs.superres.dataset.contact_sheet.pictures import draw
from tui_gen.jobs.superres.dataset.file_kinds import kind_named
from tui_gen.jobs.superres.dataset.picture import draw_patch
from tui_gen.jobs.superres.dataset.verify import check_patch
from tui_gen.jobs.superres.extraction.png import encode_png

FRAMES = 100
FILES = {"gt": (540, 540), "lr100": (180, 180), "gt100": (540, 540)}


@pytest.mark.soak
def test_a_stack_of_100_frames_is_a_picture_like_others(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    files, hashes = {}, {}
    for name, (width, height) in FILES.items():
        kind = kind_named(name)
        stack = chance.integers(0, 256, (height * kind.frames, width, 3), dtype=np.uint8)
        stack[height * (kind.frames // 2) :][:height] = (0, 0, 255)  # the middle tile is red
        content = encode_png(stack, "rle")
        path = tmp_path / "C" / "Patches" / kind.folder / "patch_a_idx0000.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        assert decoded is not None
        assert np.array_equal(decoded, stack)
        files[name] = str(path.relative_to(tmp_path))
        hashes[name] = hashlib.sha256(content).hexdigest()
    record = {"files": files, "sha256": hashes}
    assert check_patch(tmp_path, Recorded(Clip("a", 0), "c", 1, record)).findings == ()
    (tmp_path / files["gt100"]).write_bytes(b"")
    (finding,) = check_patch(tmp_path, Recorded(Clip("a", 0), "c", 1, record)).findings
    assert finding.wrong == "damaged: empty"
    cells = draw_patch(tmp_path, record, columns=60, rows=20)
    assert cells[0][0] == ((255, 0, 0), (255, 0, 0))
    assert any(cell == ((255, 0, 0), (255, 0, 0)) for cell in cells[10][-10:])  # the middle frame of LR
    drawn = draw(tmp_path, LedgerPatch(Clip("a", 0), "c", record, 1.0, {}))
    assert drawn.wrong == ()
    assert drawn.pair is not None
    assert (drawn.pair[-1, -1] == (0, 0, 255)).all()
