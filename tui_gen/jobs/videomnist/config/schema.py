"""The configuration file as it is written: every key, its type and its default.

The description of a field says what to write, and the docstring below the field what it means.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tui_gen.config.keys import KeysModel, PathText

Motion = Literal["bounce", "circular", "linear", "spiral", "reflect", "stochastic", "vertical", "horizontal"]
SampleFormat = Literal["gif", "mp4"]
MOST_DIGITS = 5
"""Of one video: the masks have a bit for each, and more digits hide one another."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


class DigitFolders(KeysModel):
    """Images of training and of test from two places."""

    train: PathText = Field(description='a folder or file with the training images, like "mnist/train"')
    """The images of the training videos."""
    test: PathText = Field(description='a folder or file with the test images, like "mnist/test"')
    """The images of the test videos."""


HookCommand = Annotated[list[str], Field(min_length=1)]
Slots = Annotated[int, Field(ge=1, le=MOST_DIGITS)]


class ConfigFile(KeysModel):
    """A whole generator_config.json of this job."""

    job: Literal["videomnist"] = Field(description='"videomnist"')
    """What is to be made."""
    output_dir: PathText = Field(description='the folder to fill, like "dataset"; there is no default')
    """Everything is written below this folder."""
    output_file: Annotated[str, Field(pattern=r"^[^./\\\x00][^/\\\x00]{0,199}\.(h5|hdf5)$")] = Field(
        default="videomnist.h5", description='the name of a file in output_dir, like "videomnist.h5"'
    )
    """The HDF5 file with all videos."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(default=42, description="a whole number, 0 or more")
    """Decides every random choice: the same seed and settings give the same bytes."""
    digits: PathText | DigitFolders = Field(
        default="auto", description='"auto", "drawn", a path, or {"train": a path, "test": a path}'
    )
    """Where the images of digits come from; "auto" looks in the usual places for MNIST."""
    image_size: Annotated[int, Field(ge=16, le=1024)] = Field(
        default=64, description="pixels, a whole number from 16 to 1024"
    )
    """Side of a frame in pixels."""
    digit_size: Annotated[int, Field(ge=7, le=512)] = Field(
        default=28, description="pixels, a whole number from 7 to 512"
    )
    """Side of a digit's tile of 28x28 pixels in the frame, in pixels of the frame."""
    sequence_length: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=16, description="frames, a whole number from 1 to 1000"
    )
    """Frames of a video that a model is trained on."""
    spare_frames: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=1, description="frames, a whole number from 0 to 1000"
    )
    """Further frames of each video; VideoGPT's loader needs at least one."""
    videos_per_digit: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        default=1000, description="a whole number from 1 to 10000000"
    )
    """Training videos of each of the ten digits."""
    test_videos_per_digit: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        default=None, description="a whole number from 1 to 10000000, or null for a fifth of videos_per_digit"
    )
    """Test videos of each digit; loaders fail without any."""
    motion_types: Annotated[list[Motion], Field(min_length=1)] = Field(
        default=["bounce", "circular", "linear"],
        description='a list of motions: "bounce", "circular", "linear", "spiral", "reflect", "stochastic", '
        '"vertical", "horizontal"',
    )
    """The motions of the videos, each as often as the others."""
    margin: Annotated[float, Field(ge=0, le=512)] = Field(default=5.0, description="pixels, 0 or more")
    """So much of the frame's border stays without ink."""
    rotation: Annotated[float, Field(ge=0, le=180)] = Field(
        default=10.0, description="degrees, a number from 0 to 180"
    )
    """The greatest angle to either side."""
    scaling: Annotated[float, Field(ge=0, le=0.9)] = Field(default=0.1, description="a number from 0 to 0.9")
    """The greatest change of a digit's size to either side, as a share."""
    jitter: Annotated[float, Field(ge=0, le=64)] = Field(
        default=1.0, description="pixels, a number from 0 to 64"
    )
    """How far linear motion is shaken, in pixels of a frame with a side of 64."""
    digits_per_video: Annotated[
        list[Slots], BeforeValidator(_as_list), Field(min_length=1, max_length=MOST_DIGITS)
    ] = Field(default=[1], description="a whole number from 1 to 5, or a list of such numbers")
    """How many digits a video has; of a list each number as often as the others."""
    compose: Literal["max", "over", "add"] = Field(default="max", description='"max", "over" or "add"')
    """How digits that overlap are put together: the brighter, the nearer, or the sum."""
    overlap: Literal["allow", "avoid"] = Field(default="allow", description='"allow" or "avoid"')
    """Whether the digits of a video may overlap."""
    channels: Literal[0, 1, 3] = Field(default=3, description="3, 1 or 0")
    """Channels of a frame in the file: three equal ones, one, or none at all."""
    compression: Literal["gzip", "none"] = Field(default="gzip", description='"gzip" or "none"')
    """How the frames are stored in the file."""
    truth: bool = Field(default=True, description="true or false")
    """Whether the file tells where each digit is in each frame."""
    captions: bool = Field(default=True, description="true or false")
    """Whether the file has a sentence about each video."""
    masks: bool = Field(default=False, description="true or false")
    """Whether the file tells of each pixel which digits it belongs to."""
    create_samples: bool = Field(default=True, description="true or false")
    """Whether a run also writes samples to look at."""
    sample_formats: Annotated[list[SampleFormat], Field(min_length=1)] = Field(
        default=["gif", "mp4"], description='one or both of "gif" and "mp4", in a list'
    )
    """The formats of the sample videos."""
    num_samples: Annotated[int, Field(ge=0, le=10_000)] = Field(
        default=20, description="a whole number from 0 to 10000"
    )
    """How many sample videos there are in each format."""
    fps: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=10.0, description="frames a second, a number above 0"
    )
    """Frame rate of the samples, and an attribute of the file."""
    gif_duration: Annotated[float, Field(gt=0, le=60_000)] | None = Field(
        default=None, description="milliseconds a frame, a number above 0, or null for that of fps"
    )
    """How long a GIF shows each frame."""
    zoom: Annotated[int, Field(ge=1, le=32)] = Field(default=1, description="a whole number from 1 to 32")
    """How many times larger than the frames the samples are."""
    create_montage: bool = Field(default=True, description="true or false")
    """Whether a picture with a video of each digit is among the samples."""
    create_comparison: bool = Field(default=True, description="true or false")
    """Whether GIFs that show the motions side by side are among the samples."""
    num_per_class: Annotated[int, Field(ge=1, le=100)] = Field(
        default=3, description="a whole number from 1 to 100"
    )
    """How many videos a comparison shows."""
    max_workers: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        default=None, description="a whole number from 1 to 1024, or null for one a processor"
    )
    """How many processes render when a run begins; it can be changed while running."""
    min_free_gb: Annotated[float, Field(ge=0)] = Field(default=1.0, description="a number, 0 or more")
    """The work waits while less than this is free on the output's disk."""
    nice: Annotated[int, Field(ge=0, le=19)] = Field(default=19, description="a whole number from 0 to 19")
    """How far the rendering stands back behind other programs; 19 is the furthest."""
    keep_shards: bool = Field(default=False, description="true or false")
    """Whether the rendered videos are also kept outside the HDF5 file when the file holds them."""
    status_file: PathText | None = Field(
        default=None, description="a file, or null for .generator_status.json in the output folder"
    )
    """Where the snapshot for monitors is written."""
    hooks: dict[Literal["on_finish", "on_problem", "on_disk_low", "on_pause"], HookCommand] = Field(
        default={},
        description='events and their commands as lists, like {"on_finish": ["/usr/local/bin/notify"]}',
    )
    """Commands of yours that are run on events, with the event as a line of JSON on their standard input."""
    keymap: dict[str, str] = Field(default={}, description='bindings and their keys, like {"pause": "space"}')
    """Other keys for the screen, by the ids that its help names."""
    notices: Literal["none", "bell", "message"] = Field(
        default="none", description='"none", "bell" or "message"'
    )
    """How the screen calls you when the run ends or has a problem: not, by a bell, or by OSC 9."""
