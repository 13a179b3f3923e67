"""A database can be read and replaced by whoever the umask allows to."""

import os
from pathlib import Path

import lmdb

from tui_gen.jobs.superres.dataset.export.databases import _Database
from tui_gen.media.geometry import Size


def test_a_database_has_the_mode_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        with _Database(lmdb, tmp_path / "gt.lmdb", 1 << 20) as database:
            database.put("00001", b"png", Size(2, 2))
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "gt.lmdb").iterdir()}
    assert modes == {"data.mdb": 0o664, "meta_info.txt": 0o664}
