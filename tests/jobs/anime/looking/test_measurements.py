"""What `stats` tells of a finished dataset, by the metadata beside its images."""

from __future__ import annotations

import json
from collections import Counter

from tests.acceptance.program import run_inside
from tests.jobs.anime.series import Series, images, metadata
from tui_gen.contract.stats import Measurements
from tui_gen.jobs.anime import read_config


def measured(series: Series) -> Measurements:
    statistician = read_config(series.config).capabilities.statistician
    assert statistician is not None
    return statistician.measurements({"EP1": "Small Series - 01.mkv"})


def test_every_image_of_the_training_set_and_every_crop_is_measured(made: Series) -> None:
    found = measured(made).measured
    training, crops = images(made.training), images(made.cropped)
    assert found.patches == len(training) + len(crops)
    faces = found.values["faces"]
    assert {category for category, _ in faces} == {"images", "cropped"}
    by_source = Counter(metadata(image).episode for image in training)
    assert {source: len(faces["images", source]) for source in by_source} == by_source
    widths = sorted(
        value for place, part in found.values["width"].items() if place[0] == "images" for value in part
    )
    assert widths == sorted(metadata(image).image_size[0] for image in training)


def test_what_an_image_cannot_have_is_not_measured_as_zero(made: Series) -> None:
    found = measured(made).measured
    whole = [image for image in images(made.training) if metadata(image).crop is None]
    faceless = [image for image in images(made.training) if not metadata(image).n_faces]
    assert whole
    assert faceless
    scores = [value for part in found.values["crop_score"].values() for value in part]
    heights = [value for part in found.values["face_height"].values() for value in part]
    assert len(scores) == found.patches - len(whole)
    assert min(heights) > 0


def test_tags_and_characters_are_counted_the_most_frequent_first(made: Series) -> None:
    tags, characters = measured(made).counts
    wanted = Counter(tag for image in images(made.training) for tag in metadata(image).processed_tags)
    assert dict(tags.counts) == wanted
    assert list(tags.counts.values()) == sorted(wanted.values(), reverse=True)
    assert characters.of == len(images(made.training))
    assert set(characters.counts) == {
        name for image in images(made.training) for name in metadata(image).characters
    }


def test_an_image_without_metadata_is_left_out(series: Series) -> None:
    whole = measured(series).measured.patches
    image = images(series.training)[0]
    image.with_name(f".{image.stem}_meta.json").write_text("{")
    (series.training / "new.png").write_bytes(image.read_bytes())
    assert measured(series).measured.patches == whole - 1


def test_the_command_shows_histograms_and_counts(made: Series) -> None:
    text = run_inside("stats", made.config).out
    number = len(images(made.training)) + len(images(made.cropped))
    assert text.startswith(f"{number} images measured\n")
    assert f"tags: in the captions of the training set, of {len(images(made.training))} images" in text
    answer = json.loads(run_inside("stats", made.config, "--json").out)
    assert list(answer["counts"]) == ["tags", "characters"]
    assert answer["counts"]["tags"]["counts"] == dict(measured(made).counts[0].counts)
    one = json.loads(run_inside("stats", made.config, "--json", "--score", "faces").out)
    assert "counts" not in one
    assert list(one["scores"]) == ["faces"]
