"""No process below one that adopts orphans outlives it unseen."""

from __future__ import annotations

import subprocess
import sys
import textwrap

PROGRAM = """
    import subprocess, sys, time
    from tui_gen.processes.orphans import adopt_orphans, end_descendants

    adopt_orphans()
    # A child in its own session starts a grandchild that ignores signals, and ends.
    grandchild = (
        "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)];"
        "print('up', flush=True); time.sleep(1000)"
    )
    child = (
        "import subprocess, sys;"
        "p = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=-1, stderr=-3);"
        "p.stdout.readline(); print(p.pid)"
    )
    done = subprocess.run(
        [sys.executable, "-c", child, grandchild], start_new_session=True, capture_output=True, text=True
    )
    import psutil

    orphan = psutil.Process(int(done.stdout))
    assert orphan.ppid() == psutil.Process().pid, orphan.ppid()
    assert end_descendants() == 1
    assert not orphan.is_running()
    assert end_descendants() == 0
"""


def test_orphans_are_adopted_and_ended() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
