"""The program starts without dask, and without the extra it says what to install."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

MODULES = ("dask", "distributed", "tornado")


def said_by(program: str, folder: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), folder],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_nothing_loads_dask_before_a_cluster_is_opened(tmp_path: Path) -> None:
    program = f"""
        import sys
        import tui_gen.cli.main, tui_gen.commands.run
        import tui_gen.engine.executors.dask, tui_gen.engine.executors.unit_runner
        print([name for name in {MODULES!r} if name in sys.modules])
    """
    assert said_by(program, tmp_path) == "[]\n"


def test_a_cluster_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    program = f"""
        import asyncio, sys
        from pathlib import Path
        for name in {MODULES!r}:
            sys.modules[name] = None
        from tests.engine.executors.portable_toy import ClusterToyJob
        from tui_gen.base.errors import RefusedError
        from tui_gen.config.cluster_settings import ClusterSettings
        from tui_gen.engine.executors.dask import ClusterExecutor

        async def main(folder):
            job, settings = ClusterToyJob(()), ClusterSettings("tcp://127.0.0.1:8786")
            try:
                async with ClusterExecutor(job, settings, run_folder=folder, output=folder):
                    print("opened")
            except RefusedError as error:
                print(error)

        asyncio.run(main(Path(sys.argv[1])))
    """
    assert (
        said_by(program, tmp_path)
        == "several machines need the package distributed: pip install '.[cluster]'\n"
    )
