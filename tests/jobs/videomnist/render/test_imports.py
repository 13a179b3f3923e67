"""A process that renders loads numpy and little else: there is one for each worker."""

import subprocess
import sys

HEAVY = ("cv2", "h5py", "av", "scipy", "textual", "rich", "asyncio", "pydantic")


def test_rendering_loads_no_heavy_module() -> None:
    program = (
        "import sys, tui_gen.jobs.videomnist.render.renderer, tui_gen.jobs.videomnist.digits.find as find\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], 'numpy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[] True\n", found.stderr
