"""The configuration file as it is written: every key, its type and its default.

The description of a field says what to write, and the docstring below the field what it means.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tui_gen.config.keys import KeysModel, PathText
from tui_gen.config.run_keys import FreeSpace, Niceness, WatchKeys, Workers, WorkKeys

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


Slots = Annotated[int, Field(ge=1, le=MOST_DIGITS)]


class VideoKeys(KeysModel):
    """The videos, the file that holds them, and the samples."""

    job: Literal["videomnist"] = Field(description='"videomnist"')
    """The kind of dataset to make."""
    output_dir: PathText = Field(description='the folder to fill, like "dataset"; there is no default')
    """The output folder: the program writes all files below it."""
    output_file: Annotated[str, Field(pattern=r"^[^./\\\x00][^/\\\x00]{0,199}\.(h5|hdf5)$")] = Field(
        default="videomnist.h5", description='the name of a file in output_dir, like "videomnist.h5"'
    )
    """The name of the HDF5 file with all videos."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(default=42, description="a whole number, 0 or more")
    """The seed of every random choice: the same seed and settings give the same bytes."""
    digits: PathText | DigitFolders = Field(
        default="auto", description='"auto", "drawn", a path, or {"train": a path, "test": a path}'
    )
    """The source of the images; "auto" looks for MNIST in the usual places."""
    image_size: Annotated[int, Field(ge=16, le=1024)] = Field(
        default=64, description="pixels, a whole number from 16 to 1024"
    )
    """The side of a frame in pixels."""
    digit_size: Annotated[int, Field(ge=7, le=512)] = Field(
        default=28, description="pixels, a whole number from 7 to 512"
    )
    """The side in the frame, in pixels, of the tile of 28x28 pixels that holds a digit."""
    sequence_length: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=16, description="frames, a whole number from 1 to 1000"
    )
    """The number of frames of a video that a model is trained on."""
    spare_frames: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=1, description="frames, a whole number from 0 to 1000"
    )
    """The number of additional frames of each video; VideoGPT's loader needs at least one."""
    videos_per_digit: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        default=1000, description="a whole number from 1 to 10000000"
    )
    """The number of training videos of each of the ten digits."""
    test_videos_per_digit: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        default=None, description="a whole number from 1 to 10000000, or null for a fifth of videos_per_digit"
    )
    """The number of test videos of each digit; loaders fail if there are none."""
    motion_types: Annotated[list[Motion], Field(min_length=1)] = Field(
        default=["bounce", "circular", "linear"],
        description='a list of motions: "bounce", "circular", "linear", "spiral", "reflect", "stochastic", '
        '"vertical", "horizontal"',
    )
    """The motions of the videos; all are used equally often."""
    margin: Annotated[float, Field(ge=0, le=512)] = Field(default=5.0, description="pixels, 0 or more")
    """The width of the border of a frame that stays without ink; fractions are rounded up."""
    rotation: Annotated[float, Field(ge=0, le=180)] = Field(
        default=10.0, description="degrees, a number from 0 to 180"
    )
    """The greatest angle by which a digit is turned to either side."""
    scaling: Annotated[float, Field(ge=0, le=0.9)] = Field(default=0.1, description="a number from 0 to 0.9")
    """The greatest change of a digit's size in either direction, as a share of its size."""
    jitter: Annotated[float, Field(ge=0, le=64)] = Field(
        default=1.0, description="pixels, a number from 0 to 64"
    )
    """The standard deviation of the jitter of linear motion, in pixels of a frame with a side of 64."""
    digits_per_video: Annotated[
        list[Slots], BeforeValidator(_as_list), Field(min_length=1, max_length=MOST_DIGITS)
    ] = Field(default=[1], description="a whole number from 1 to 5, or a list of such numbers")
    """The number of digits in a video; the numbers of a list are used equally often."""
    compose: Literal["max", "over", "add"] = Field(default="max", description='"max", "over" or "add"')
    """How digits that overlap are combined: the brighter pixel, the later digit on top, or the sum."""
    overlap: Literal["allow", "avoid"] = Field(default="allow", description='"allow" or "avoid"')
    """Whether the digits of a video may overlap."""
    channels: Literal[0, 1, 3] = Field(default=3, description="3, 1 or 0")
    """The channels of a frame in the file: three equal ones, one, or no axis for channels."""
    compression: Literal["gzip", "none"] = Field(default="gzip", description='"gzip" or "none"')
    """The compression of the frames in the file."""
    truth: bool = Field(default=True, description="true or false")
    """Whether the file holds the place, angle, size and box of each digit in each frame."""
    captions: bool = Field(default=True, description="true or false")
    """Whether the file holds a sentence about each video."""
    masks: bool = Field(default=False, description="true or false")
    """Whether the file holds the digits that each pixel belongs to."""
    create_samples: bool = Field(default=True, description="true or false")
    """Whether a run also writes samples to look at."""
    sample_formats: Annotated[list[SampleFormat], Field(min_length=1)] = Field(
        default=["gif", "mp4"], description='one or both of "gif" and "mp4", in a list'
    )
    """The formats of the sample videos."""
    num_samples: Annotated[int, Field(ge=0, le=10_000)] = Field(
        default=20, description="a whole number from 0 to 10000"
    )
    """The number of sample videos in each format."""
    fps: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=10.0, description="frames a second, a number above 0"
    )
    """The frame rate of the samples, and an attribute of the file."""
    gif_duration: Annotated[float, Field(gt=0, le=60_000)] | None = Field(
        default=None, description="milliseconds a frame, a number above 0, or null for that of fps"
    )
    """The time for which a GIF shows each frame."""
    zoom: Annotated[int, Field(ge=1, le=32)] = Field(default=1, description="a whole number from 1 to 32")
    """The factor by which the samples are larger than the frames."""
    create_montage: bool = Field(default=True, description="true or false")
    """Whether the samples include a picture with a video of each digit."""
    create_comparison: bool = Field(default=True, description="true or false")
    """Whether the samples include GIFs that show the motions of a digit side by side."""
    num_per_class: Annotated[int, Field(ge=1, le=100)] = Field(
        default=3, description="a whole number from 1 to 100"
    )
    """The number of videos in a comparison."""


class ShardKeys(KeysModel):
    """The key of the shards; it is between the keys of the work and those of watching it."""

    keep_shards: bool = Field(default=False, description="true or false")
    """Whether the shards of rendered videos are kept after the HDF5 file holds the videos."""


class ConfigFile(WatchKeys, ShardKeys, WorkKeys, VideoKeys):
    """A whole generator_config.json of this job."""

    # The keys of the file are in the order of the bases, the last base first.
    max_workers: Workers | None = Field(
        default=None, description="a whole number from 1 to 1024, or null for one a processor"
    )
    """The number of rendering processes when a run begins; you can change it during the run."""
    min_free_gb: FreeSpace = 1.0
    nice: Niceness = 19
    """The niceness of the rendering processes; 19 is the lowest priority."""
