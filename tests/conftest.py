"""What every test may use: the embedded ffmpeg and the folder of real media."""

import os
import signal
from pathlib import Path

import imageio_ffmpeg
import pytest
from hypothesis import HealthCheck, settings

# A loaded machine must not fail a property that holds.
settings.register_profile("tui-gen", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tui-gen")


# nohup, a shell's "&" and service managers leave signals ignored or blocked, and every program a test
# starts would inherit that. What is tested is a program that a person starts in a terminal.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, ())


@pytest.fixture(scope="session")
def embedded_ffmpeg() -> str:
    """Path of the ffmpeg that imageio-ffmpeg carries."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


@pytest.fixture(scope="session")
def media() -> Path:
    """Return the folder of real videos, or skip."""
    folder = os.environ.get("TUI_GEN_TEST_MEDIA")
    if not folder:
        pytest.skip("TUI_GEN_TEST_MEDIA does not name a folder of real videos")
    return Path(folder)
