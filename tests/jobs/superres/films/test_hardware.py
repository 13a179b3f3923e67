"""A device decodes a film where it does so exactly; the processor does wherever it does not."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from tests.jobs.superres.sample_films import (
    NUMBERED,
    SETTINGS,
    clips_of,
    make_numbered,
    probed,
    read_all,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Learned
from tui_gen.jobs.superres import media
from tui_gen.jobs.superres.extraction.perform import Tools, perform_survey
from tui_gen.jobs.superres.media import ClipFrames, Ffmpeg, hardware
from tui_gen.jobs.superres.units import Survey
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.presence import Presence
from tui_gen.processes.children import ChildError

HEVC_10 = (
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p10le",
    "-x265-params",
    "log-level=error",
)
AVC = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "12")
WINDOWS = (0.5, 1.2)

# An ffmpeg whose device `has` is the processor in disguise: decoding is real, "downloading" keeps the detour
# over the format that devices have.
WITH_DEVICE = """#!{python} -I
import os, sys
arguments, has, spoilt, broken = sys.argv[1:], {has!r}, {spoilt!r}, {broken!r}
if "-hwaccel" in arguments:
    place = arguments.index("-hwaccel")
    device = arguments[place + 1]
    if device != has or (broken and "framemd5" not in arguments):
        sys.exit(f"[error] Device creation failed: no {{device}} here")
    del arguments[place : place + 4]
    arguments = [part.replace("hwdownload,", spoilt) for part in arguments]
os.execv({real!r}, ["ffmpeg", *arguments])
"""

Device = Literal["auto", "none", "cuda", "vaapi", "qsv"]


def with_device(
    folder: Path, real: str, *, has: str = "vaapi", spoilt: str = "", broken: bool = False
) -> Ffmpeg:
    program = folder / "ffmpeg"
    program.write_text(
        WITH_DEVICE.format(
            python=shlex.quote(sys.executable), has=has, spoilt=spoilt, broken=broken, real=real
        )
    )
    program.chmod(0o755)
    return Ffmpeg(str(program), "9")


def unit_of(film: Path, facts: ProbeFacts, asked: Device) -> Survey:
    settings = replace(SETTINGS, hwaccel=asked)
    return Survey("v", str(film), "Film v", settings, facts, None, (), tries_hardware=True)


async def read(ffmpeg: Ffmpeg, film: Path, facts: ProbeFacts, device: str | None) -> list[ClipFrames]:
    tasks = [task(index, [time], NUMBERED) for index, time in enumerate(WINDOWS)]
    return clips_of(await read_all(ffmpeg, replace(stretch_of(film, facts, tasks), device=device)))


@pytest.mark.parametrize("coding", [AVC, HEVC_10], ids=["8 bits", "10 bits"])
async def test_a_device_that_gives_the_very_pixels_is_used_and_changes_no_byte(
    coding: tuple[str, ...], embedded_ffmpeg: str, tmp_path: Path
) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 48, *coding)
    real, fake = Ffmpeg(embedded_ffmpeg, "9"), with_device(tmp_path, embedded_ffmpeg)
    facts = await probed(real, film)
    found = await hardware(unit_of(film, facts, "auto"), ffmpeg=fake)
    assert (found.asked, found.device) == ("auto", "vaapi")
    by_processor, by_device = await read(real, film, facts, None), await read(fake, film, facts, "vaapi")
    assert [(clip.reader, clip.device) for clip in by_processor] == [("stretch", None)] * 2
    assert [(clip.reader, clip.device) for clip in by_device] == [("clip", "vaapi")] * 2
    for one, other in zip(by_processor, by_device, strict=True):
        assert (one.frames[NUMBERED] == other.frames[NUMBERED]).all()
        assert (one.measures, one.container_pts_seconds) == (other.measures, other.container_pts_seconds)


async def test_a_device_with_other_pixels_is_not_used(embedded_ffmpeg: str, tmp_path: Path) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 48, *AVC)
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film)
    fake = with_device(tmp_path, embedded_ffmpeg, spoilt="lutyuv=y=val+1,")
    found = await hardware(unit_of(film, facts, "vaapi"), ffmpeg=fake)
    assert (found.device, found.reason) == (None, "vaapi: other pixels than the processor decodes")


async def test_without_a_device_the_processor_decodes_and_the_survey_says_so(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 48, *AVC)
    ffmpeg = with_device(tmp_path, embedded_ffmpeg, has="none of them")
    facts = await probed(ffmpeg, film)
    tools = Tools(ffmpeg, lambda: 1, Presence({}))
    (report,) = [report async for report in perform_survey(unit_of(film, facts, "auto"), tools)]
    assert isinstance(report, Learned)
    tried = report.facts["hwaccel"]
    assert (tried["asked"], tried["device"]) == ("auto", None)
    assert tried["reason"] == "; ".join(
        f"{device}: Device creation failed: no {device} here" for device in ("cuda", "vaapi", "qsv")
    )
    (warning,) = report.warnings
    assert warning == f"the processor decodes it, no device: {tried['reason']}"


async def test_the_embedded_ffmpeg_on_a_machine_without_the_device_names_a_reason(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    if any(Path(node).exists() for node in ("/dev/dri", "/dev/nvidia0")):
        pytest.skip("this machine has a device")
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 48, *AVC)
    found = await hardware(unit_of(film, await probed(ffmpeg, film), "auto"), ffmpeg=ffmpeg)
    assert found.device is None
    assert [part.partition(":")[0] for part in found.reason.split("; ")] == ["cuda", "vaapi", "qsv"]


async def test_a_format_that_devices_do_not_keep_is_left_to_the_processor(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 24, *AVC, "-pix_fmt", "yuv444p")
    found = await hardware(unit_of(film, await probed(ffmpeg, film), "cuda"), ffmpeg=ffmpeg)
    assert (found.device, found.reason) == (None, "devices give no frames of the format yuv444p")


async def test_a_device_that_fails_later_costs_no_clip(embedded_ffmpeg: str, tmp_path: Path) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 48, *AVC)
    real, fake = Ffmpeg(embedded_ffmpeg, "9"), with_device(tmp_path, embedded_ffmpeg, broken=True)
    facts = await probed(real, film)
    assert (await hardware(unit_of(film, facts, "vaapi"), ffmpeg=fake)).device == "vaapi"
    by_processor, fallen_back = await read(real, film, facts, None), await read(fake, film, facts, "vaapi")
    assert [(clip.device, clip.attempts) for clip in fallen_back] == [(None, 1)] * 2
    for one, other in zip(by_processor, fallen_back, strict=True):
        assert (one.frames[NUMBERED] == other.frames[NUMBERED]).all()


async def test_a_killed_look_at_the_film_itself_is_tried_again(embedded_ffmpeg: str, tmp_path: Path) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 24, *AVC)
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film)
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    program.chmod(0o755)
    with pytest.raises(ChildError):
        await media.hardware(unit_of(film, facts, "cuda"), ffmpeg=Ffmpeg(str(program), "9"))
