"""The functions of the job that start decoders and ffmpeg. The rest of the job starts none itself.

    find_ffmpeg, colour_fingerprint     which binary, and what colours it makes     (ffmpeg.py)
    probe                               one film's headers                         (probe.py)
    keyframe_index                      the key frames in the container's index    (keyframe_index.py)
    survey                              bars, interlacing, a decoding test         (survey.py)
    hardware                            the device that decodes a film exactly     (hardware.py)
    read_clips                          the frames of a stretch                    (reader.py, clips.py)

Every decoder runs in a child process that can be killed (children.py), never in this process.
"""

from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, Reading
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast as read_clips
from tui_gen.jobs.superres.films.hardware import hardware
from tui_gen.jobs.superres.films.survey import survey
from tui_gen.media.facts_json import probe_from_json, probe_to_json, survey_from_json, survey_to_json
from tui_gen.media.ffmpeg import Ffmpeg, FfmpegUnfitError, colour_fingerprint, find_ffmpeg
from tui_gen.media.probing.keyframe_index import keyframe_index
from tui_gen.media.probing.probe import SourceMissingError, probe
from tui_gen.processes.children import ChildError, StallLimits

__all__ = [
    "ChildError",
    "ClipFrames",
    "Ffmpeg",
    "FfmpegUnfitError",
    "Reading",
    "SourceMissingError",
    "StallLimits",
    "colour_fingerprint",
    "find_ffmpeg",
    "hardware",
    "keyframe_index",
    "probe",
    "probe_from_json",
    "probe_to_json",
    "read_clips",
    "survey",
    "survey_from_json",
    "survey_to_json",
]
