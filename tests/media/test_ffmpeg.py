from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.superres.sample_films import SETTINGS
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.media import Ffmpeg, colour_fingerprint
from tui_gen.media.ffmpeg import (
    FORMATS,
    FfmpegUnfitError,
    Input,
    find_ffmpeg,
    input_arguments,
)


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def stand_in(folder: Path, name: str, real: str) -> str:
    return str(program(folder, name, f'exec "{real}" "$@"'))


def test_the_configured_one_comes_first_then_the_variable_then_the_embedded_one(
    tmp_path: Path, embedded_ffmpeg: str
) -> None:
    one, two = stand_in(tmp_path, "one", embedded_ffmpeg), stand_in(tmp_path, "two", embedded_ffmpeg)
    assert find_ffmpeg(one, {"TUI_GEN_FFMPEG": two}).path == one
    assert find_ffmpeg(None, {"TUI_GEN_FFMPEG": two}).path == two
    assert find_ffmpeg(None, {"PATH": str(tmp_path)}).path == embedded_ffmpeg


def test_system_means_the_one_on_path(tmp_path: Path, embedded_ffmpeg: str) -> None:
    on_path = stand_in(tmp_path, "ffmpeg", embedded_ffmpeg)
    environ = {"PATH": str(tmp_path), "TUI_GEN_FFMPEG": "/nowhere"}
    assert find_ffmpeg("system", environ).path == on_path
    with pytest.raises(FfmpegUnfitError, match=r"no ffmpeg on PATH.*pip install imageio-ffmpeg"):
        find_ffmpeg("system", {"PATH": str(tmp_path / "empty")})


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("echo hello", "is not an ffmpeg"),
        ("exit 3", "does not run"),
        (
            'case "$*" in *version*) echo "ffmpeg version 7.1 x";; *) echo " .. scale V->V x";; esac',
            "no filter zscale, tonemap",
        ),
    ],
)
def test_an_unfit_one_is_named_with_what_is_missing_and_the_remedy(
    tmp_path: Path, text: str, missing: str
) -> None:
    path = program(tmp_path, "bad", text)
    with pytest.raises(FfmpegUnfitError) as caught:
        find_ffmpeg(str(path), {})
    assert str(path) in str(caught.value)
    assert missing in str(caught.value)
    assert "pip install imageio-ffmpeg" in str(caught.value)


def test_the_fingerprint_tells_chains_apart_and_is_the_same_every_time(embedded_ffmpeg: str) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    assert SETTINGS.chroma == "420"
    first = colour_fingerprint(ffmpeg, rendering(SETTINGS))
    assert first == colour_fingerprint(ffmpeg, rendering(SETTINGS))
    full, fast = replace(SETTINGS, chroma="444"), replace(SETTINGS, hdr="fast")
    assert (
        len({first, colour_fingerprint(ffmpeg, rendering(full)), colour_fingerprint(ffmpeg, rendering(fast))})
        == 3
    )


def test_a_name_that_looks_like_an_option_or_a_protocol_stays_a_file() -> None:
    arguments = input_arguments(Input("/films/-y concat:a.mkv"))
    assert arguments[-2:] == ["-i", "file:/films/-y concat:a.mkv"]
    assert arguments[arguments.index("-protocol_whitelist") + 1] == "file"
    assert not {"hls", "concat"} & set(FORMATS.split(","))
