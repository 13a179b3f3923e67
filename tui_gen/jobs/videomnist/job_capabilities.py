"""What the job offers before a configuration exists: the demo, and how the tools are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tui_gen.contract.export import LayoutLine
from tui_gen.contract.inspect import Condition

ABOUT = """\
tui-gen makes videos of moving digits for video models such as VideoGPT: \
handwritten digits bounce, circle and drift through small grey frames, \
and one HDF5 file holds all videos with what is known of each frame."""


class DigitDemo:
    """Makes a configuration whose digits are drawn, so that nothing has to be fetched."""

    def make_demo(self, folder: Path, *, say: Callable[[str], None]) -> Path:
        """Make it; return the path of the configuration. Raises RefusedError."""
        from tui_gen.jobs.videomnist.demo import make_demo

        return make_demo(folder, say=say)


def examined_tools() -> tuple[Condition, ...]:
    """Return whether the package for HDF5 is there."""
    from tui_gen.jobs.videomnist.looking.inspection import h5py_condition

    return (h5py_condition(),)


def known_layouts() -> tuple[LayoutLine, ...]:
    """Return the layouts of `export`, a line each."""
    from tui_gen.jobs.videomnist.dataset.export.layouts import LAYOUTS

    return tuple(LayoutLine(layout.name, layout.text) for layout in LAYOUTS.values())
