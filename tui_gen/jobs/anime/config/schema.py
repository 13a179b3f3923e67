"""The configuration file as it is written: every key, its type and its default.

The description of a field says what to write, and the docstring below the field what it means. The names and
defaults are those of the programs that made such datasets before, so that their settings can be copied.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tui_gen.config.keys import KeysModel, PathText, Text
from tui_gen.config.run_keys import OpenSources, RunKeys
from tui_gen.jobs.anime.config.stage_names import STAGE_WORDS

Prob = Annotated[float, Field(ge=0, le=1)]
Probability = Annotated[Prob, Field(description="a number from 0 to 1")]
Count = Annotated[int, Field(ge=0, description="a whole number, 0 or more")]
StageWord = Annotated[str | int, Field(description=f"a stage: {', '.join(map(str, STAGE_WORDS))}")]
Component = Literal[
    "npeople",
    "character",
    "copyright",
    "general",
    "image_type",
    "artist",
    "rating",
    "crop_info",
    "tags",
    "facepos",
]
Folder = Literal[
    "n_characters", "n_faces", "n_people", "character", "fh_ratio", "image_type", "character_string"
]
FolderName = Annotated[str, Field(pattern=r"^[^./\\\x00][^/\\\x00]{0,99}$")]


class SourceEntry(KeysModel):
    """An episode or a folder of images, with what its name does not tell."""

    path: PathText = Field(description='a video, or a folder of videos or images, like "/anime/frieren"')
    """The path of the source."""
    episode: Annotated[int, Field(ge=0, le=99_999)] | None = Field(
        default=None, description="a whole number, 0 or more, or null for the number in the name"
    )
    """The number of the episode."""
    prefix: Annotated[str, Field(pattern=r"^[^./\\\x00][^/\\\x00]{0,79}$")] | None = Field(
        default=None, description="a text without slashes, or null for image_prefix"
    )
    """The beginning of the names of its images."""


class ModelKeys(KeysModel):
    """Which models are used."""

    dir: PathText | None = Field(default=None, description="a folder with models, or null")
    """A folder that holds models as `<repository>/<file>`."""
    detector: Text = Field(default="auto", description='"auto", "embedded" or the name of a model')
    """The detector of persons, heads and faces."""
    embedder: Text = Field(default="auto", description='"auto", "embedded" or the name of a model')
    """The model that tells characters apart."""
    tagger: Text = Field(default="auto", description='"auto", "embedded" or the name of a model')
    """The model that describes images."""
    download: bool = Field(default=False, description="true or false")
    """Whether models may be downloaded."""
    provider: Literal["auto", "cpu", "cuda"] = Field(default="auto", description='"auto", "cpu" or "cuda"')
    """Where the models run."""


class OwnKeys(KeysModel):
    """The keys that no other job has: sources, stages and models."""

    job: Literal["anime"] = Field(description='"anime"')
    """The kind of dataset to make."""
    output_dir: PathText = Field(description='the folder to fill, like "dataset"; there is no default')
    """The output folder: the program writes all files below it."""
    sources: Annotated[list[PathText | SourceEntry], Field(min_length=1)] = Field(
        description='a list of videos and of folders of videos or images, like ["/anime/frieren"]'
    )
    """The episodes in the order of the series, and folders of images."""
    start_stage: StageWord = Field(default=1, description=f"a stage: {', '.join(map(str, STAGE_WORDS))}")
    """The first stage of a run; what earlier stages made stays as it is."""
    end_stage: StageWord = Field(default=7, description=f"a stage: {', '.join(map(str, STAGE_WORDS))}")
    """The last stage of a run."""
    stop_after: StageWord | None = Field(default=None, description="a stage, or null to go on to end_stage")
    """The stage after which a run ends, so that you can look through its folder."""
    image_type: FolderName = Field(default="screenshots", description="a folder's name")
    """What the images are, like `screenshots` or `booru`: a folder, and a word of the captions."""
    extra_path_component: Annotated[str, Field(pattern=r"^([^./\\\x00][^/\\\x00]{0,99})?$")] = Field(
        default="", description="a folder's name, or an empty text"
    )
    """A folder between the stage folders and the image type."""
    pipeline_type: Literal["screenshots", "booru"] = Field(
        default="screenshots", description='"screenshots" or "booru"'
    )
    """`booru`: the metadata of the images name their characters."""
    remove_intermediate: bool = Field(default=False, description="true or false")
    """Whether the images of raw, cropped and classified are removed after the last stage."""
    save_aux: list[Literal["characters", "tags", "processed_tags", "caption"]] = Field(
        default=[], description='a list of "characters", "tags", "processed_tags", "caption"'
    )
    """Metadata that are also written as `<stem>.<name>` beside the images of the training set."""
    load_aux: list[Literal["characters", "tags", "caption"]] = Field(
        default=[], description='a list of "characters", "tags", "caption"'
    )
    """Metadata that are read from `<stem>.<name>` beside the images of a folder."""
    load_grabber_ext: Annotated[str, Field(pattern=r"^\.\w+$")] | None = Field(
        default=None, description='an extension, like ".txt", or null'
    )
    """The extension of the files of tags that an image downloader wrote beside the images."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(default=0, description="a whole number, 0 or more")
    """The seed of every random choice: the same seed and settings give the same bytes."""

    # extract
    image_prefix: Annotated[str, Field(pattern=r"^([^./\\\x00][^/\\\x00]{0,79})?$")] = Field(
        default="", description="a text without slashes"
    )
    """The beginning of the names of all images."""
    ep_init: Count | None = Field(default=None, description="a whole number, or null for those in the names")
    """The number of the first episode; the others follow in the order of the sources."""
    extract_key: bool = Field(default=False, description="true or false")
    """Whether only key frames are looked at."""
    hi: Count = Field(default=12_800, description="a whole number, 0 or more")
    """mpdecimate: a block that differs by more keeps the frame."""
    lo: Count = Field(default=3_200, description="a whole number, 0 or more")
    """mpdecimate: blocks that differ by more are counted."""
    frac: Prob = Field(default=0.33, description="a number from 0 to 1")
    """mpdecimate: the share of counted blocks that keeps a frame, by its own count of blocks."""
    remove_similar: bool = Field(default=True, description="true or false")
    """Whether near duplicates are left out."""
    duplicate_method: Literal["thumb", "embedding"] = Field(
        default="thumb", description='"thumb" or "embedding"'
    )
    """How near duplicates are found: by small pictures, or by an ONNX model."""
    within: Annotated[float, Field(ge=0, le=200)] = Field(default=28.0, description="a number from 0 to 200")
    """`thumb`: the largest difference of near duplicates in the Lab space."""
    detect_duplicate_model: PathText | None = Field(default=None, description="an ONNX file, or null")
    """`embedding`: the model."""
    similar_thresh: Prob = Field(default=0.985, description="a number from 0 to 1")
    """`embedding`: the smallest cosine of near duplicates."""
    detect_duplicate_batch_size: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=16, description="a whole number from 1 to 1024"
    )
    """`embedding`: the number of frames that the model is given at once."""
    raw_format: Literal["png", "webp", "jpg"] = Field(default="png", description='"png", "webp" or "jpg"')
    """The format of extracted frames."""

    # crop
    detect_level: Literal["n", "s", "m", "x"] = Field(default="n", description='"n", "s", "m" or "x"')
    """The size of the detector of persons."""
    min_crop_size: Count = Field(default=320, description="pixels, a whole number, 0 or more")
    """The shorter edge of the smallest crop."""
    crop_with_head: bool = Field(default=False, description="true or false")
    """Whether only persons with a head are cropped."""
    crop_with_face: bool = Field(default=False, description="true or false")
    """Whether only persons with a face are cropped."""
    use_3stage_crop: Literal[2, 4] | None = Field(default=None, description="null, 2 or 4")
    """The stage in which halfbodies and heads are cropped, too."""
    ratio_thres: Annotated[float, Field(ge=1, le=100)] = Field(default=2.0, description="a number, 1 or more")
    """Faces with a larger ratio of their sides do not count."""

    # classify
    character_ref_dir: PathText | None = Field(default=None, description="a folder, or null")
    """Images of known characters, in folders or named `<character>_<number>`."""
    n_add_to_ref_per_character: Count = Field(default=0, description="a whole number, 0 or more")
    """The number of crops of each character that are added to the references."""
    ignore_character_metadata: bool = Field(default=False, description="true or false")
    """Whether the characters in the metadata are not used."""
    extract_from_noise: bool = Field(default=True, description="true or false")
    """Whether crops outside all clusters are compared with clusters and references."""
    filter_characters: bool = Field(default=True, description="true or false")
    """Whether crops that fit their own character badly become noise."""
    keep_unnamed_clusters: bool = Field(default=False, description="true or false")
    """Whether clusters without a name are kept where others have one."""
    accept_multiple_candidates: bool = Field(default=False, description="true or false")
    """`booru`: whether an image with several characters may give one of them."""
    cluster_merge_threshold: Prob = Field(default=0.85, description="a number from 0 to 1")
    """The share of alike pairs from which on two clusters are one."""
    cluster_min_samples: Annotated[int, Field(ge=2, le=10_000)] = Field(
        default=5, description="a whole number, 2 or more"
    )
    """The smallest number of crops of a cluster."""
    same_threshold_rel: Prob = Field(default=0.6, description="a number from 0 to 1")
    """The share of a character's crops that a crop must be like."""
    same_threshold_abs: Count = Field(default=20, description="a whole number, 0 or more")
    """The number of a character's crops that is enough instead."""

    # select
    cropped_in_dataset: bool = Field(default=True, description="true or false")
    """Whether crops are part of the training set."""
    original_in_dataset: bool = Field(default=True, description="true or false")
    """Whether whole frames are part of the training set."""
    resize: bool = Field(default=True, description="true or false")
    """Whether images are scaled down to max_size."""
    max_size: Annotated[int, Field(ge=16, le=16_384)] = Field(
        default=768, description="pixels, a whole number from 16 to 16384"
    )
    """The shorter edge of scaled images."""
    image_save_ext: Literal[".webp", ".png", ".jpg"] = Field(
        default=".webp", description='".webp", ".png" or ".jpg"'
    )
    """The format of the training set."""
    n_anime_reg: Count = Field(default=500, description="a whole number, 0 or more")
    """The number of frames without characters."""
    filter_again: bool = Field(default=False, description="true or false")
    """Whether near duplicates among the selected images are left out."""
    character_overwrite_uncropped: bool = Field(default=False, description="true or false")
    """Whether frames take the characters of their crops in place of those of their metadata."""
    character_remove_unclassified: bool = Field(default=False, description="true or false")
    """Whether characters that no crop shows are removed from the metadata of frames."""
    overwrite_emb_init_info: bool = Field(default=False, description="true or false")
    """Whether the texts for embeddings are written again where they exist."""
    min_face_number: Count | None = Field(default=None, description="a whole number, or null")
    """Images with fewer faces are left out."""
    max_face_number: Count | None = Field(default=None, description="a whole number, or null")
    """Images with more faces are left out."""

    # tag
    tagging_method: Text = Field(default="auto", description='"auto", "embedded" or the name of a tagger')
    """The tagger; `auto` is that of models."""
    tag_threshold: Prob = Field(default=0.35, description="a number from 0 to 1")
    """Tags need a higher score."""
    overwrite_tags: bool = Field(default=False, description="true or false")
    """Whether images whose metadata have tags are tagged again."""
    process_from_original_tags: bool = Field(default=False, description="true or false")
    """Whether tags are processed from those of the images' own metadata."""
    sort_mode: Literal["score", "shuffle", "original"] = Field(
        default="score", description='"score", "shuffle" or "original"'
    )
    """The order of tags."""
    max_tag_number: Count | None = Field(default=15, description="a whole number, or null for all")
    """The largest number of tags in a caption."""
    append_dropped_character_tags: bool = Field(default=False, description="true or false")
    """Whether dropped tags of a character follow its name in captions."""
    append_dropped_character_tags_wildcard: bool = Field(default=False, description="true or false")
    """Whether they follow its name in the file of wildcards."""
    blacklist_tags_file: PathText | None = Field(default=None, description="a file, or null for the own list")
    """Tags that are removed, one a line."""
    overlap_tags_file: PathText | None = Field(default=None, description="a file, or null for the own list")
    """Tags and those that they contain, as JSON."""
    character_tags_file: PathText | None = Field(default=None, description="a file, or null for the own list")
    """Tags of characters and their difficulties, as JSON."""
    prune_mode: Literal["character_core", "character", "minimal", "none"] = Field(
        default="character_core", description='"character_core", "character", "minimal" or "none"'
    )
    """Which tags of a character are dropped."""
    drop_difficulty: Annotated[int, Field(ge=0, le=9)] = Field(default=2, description="a number from 0 to 9")
    """Tags with a lower difficulty are dropped."""
    core_frequency_thresh: Prob = Field(default=0.4, description="a number from 0 to 1")
    """The share of a character's images from which on a tag is a core tag."""
    compute_core_tag_up_levels: Count = Field(default=1, description="a whole number, 0 or more")
    """The number of folders above the image type whose images count for core tags."""
    use_existing_core_tag_file: bool = Field(default=False, description="true or false")
    """Whether core tags are read from core_tag.json where it exists."""
    drop_all_core: bool = Field(default=False, description="true or false")
    """Whether all core tags are dropped."""
    emb_min_difficulty: Annotated[int, Field(ge=0, le=9)] = Field(
        default=1, description="a number from 0 to 9"
    )
    """The lowest difficulty of core tags that begin an embedding."""
    emb_max_difficulty: Annotated[int, Field(ge=0, le=9)] = Field(
        default=2, description="a number from 0 to 9"
    )
    """The difficulty from which on core tags do not begin an embedding."""
    emb_init_all_core: bool = Field(default=False, description="true or false")
    """Whether all core tags begin an embedding."""
    drop_hair_tag: bool = Field(default=False, description="true or false")
    """Whether tags of hair are dropped."""
    drop_eye_tag: bool = Field(default=False, description="true or false")
    """Whether tags of eyes are dropped."""
    drop_outfit_tag: bool = Field(default=False, description="true or false")
    """Whether tags of clothes are dropped."""

    # caption
    caption_ordering: list[Component] = Field(
        default=[
            "npeople", "character", "copyright", "image_type", "artist", "rating", "crop_info", "tags"
        ],
        description="a list of the parts of a caption",
    )  # fmt: skip
    """The parts of a caption in their order."""
    caption_inner_sep: str = Field(default=", ", description="a text")
    """Between the tags of a part."""
    caption_outer_sep: str = Field(default=", ", description="a text")
    """Between the parts."""
    character_sep: str = Field(default=", ", description="a text")
    """Between the characters."""
    character_inner_sep: str = Field(default=" ", description="a text")
    """Between the words of one character."""
    character_outer_sep: str = Field(default=", ", description="a text")
    """After the characters."""
    keep_tokens_sep: str | None = Field(default=None, description="a text, or null")
    """The mark of sd-scripts before which tags are not shuffled."""
    keep_tokens_before: Component = Field(default="tags", description="a part of a caption")
    """The part before which the mark is put."""
    general_description: Text | None = Field(default=None, description="a text, or null")
    """A text of every caption, before the image type unless `general` is in caption_ordering."""
    use_npeople_prob: Probability = 0.0
    """How often the number of people is in a caption."""
    use_character_prob: Probability = 1.0
    """How often the characters are in a caption."""
    use_copyright_prob: Probability = 0.0
    """How often the copyright is in a caption."""
    use_image_type_prob: Probability = 1.0
    """How often the image type is in a caption."""
    use_artist_prob: Probability = 0.0
    """How often the artist is in a caption."""
    use_rating_prob: Probability = 1.0
    """How often an explicit rating is in a caption."""
    use_crop_info_prob: Probability = 1.0
    """How often it is said that an image is a crop."""
    use_tags_prob: Probability = 1.0
    """How often the tags are in a caption."""
    use_facepos_prob: Probability = 0.0
    """How often the places of faces are in a caption."""

    # arrange
    arrange_format: Annotated[str, Field(pattern=r"^[\w/]*$")] = Field(
        default="n_characters/character/fh_ratio", description="names of folders, divided by slashes"
    )
    """The folders of the training set: n_characters, n_faces, n_people, character, fh_ratio, ..."""
    max_character_number: Annotated[int, Field(ge=1, le=100)] = Field(
        default=6, description="a whole number from 1 to 100"
    )
    """Images with more characters are in one folder."""
    min_images_per_combination: Annotated[int, Field(ge=1)] = Field(
        default=10, description="a whole number, 1 or more"
    )
    """Combinations of characters with fewer images are in `character_others`."""
    face_ratio_folder_range: Annotated[int, Field(ge=1, le=100)] = Field(
        default=25, description="percent, a whole number from 1 to 100"
    )
    """The range of face heights of a folder."""
    rearrange_up_levels: Count = Field(default=0, description="a whole number, 0 or more")
    """The number of folders above the image type whose images are arranged, too."""

    # balance
    weight_csv: PathText | None = Field(default=None, description="a CSV file, or null")
    """The weights of folders: a name or a pattern, and a number."""
    min_multiply: Annotated[float, Field(gt=0)] = Field(default=1.0, description="a number above 0")
    """The smallest repeat of a folder."""
    max_multiply: Annotated[float, Field(gt=0)] = Field(default=100.0, description="a number above 0")
    """The largest repeat of a folder."""
    multiply_decimals: Annotated[int, Field(ge=0, le=6)] = Field(
        default=0, description="a number from 0 to 6"
    )
    """The decimals of repeats."""
    compute_multiply_up_levels: Count = Field(default=1, description="a whole number, 0 or more")
    """The number of folders above the image type that are balanced together."""

    models: ModelKeys = Field(default=ModelKeys(), description='an object, like {"dir": "/models"}')
    """Which models are used."""
    open_sources: OpenSources = None
    """The most episodes that are read at once, for libraries on spinning disks; null sets no limit."""


class ConfigFile(RunKeys, OwnKeys):
    """A whole generator_config.json of this job."""
