"""The whole job on a small series: what stands there, and that hand work between runs is law."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.jobs.anime.series import Series, images, metadata, named


def groups(series: Series) -> dict[str, list[str]]:
    """Return the groups with their stems, without noise."""
    found: dict[str, list[str]] = {}
    for path in images(series.classified):
        found.setdefault(path.parent.name, []).append(path.stem)
    found.pop("-1_noise", None)
    return found


def test_every_stage_leaves_what_the_next_one_and_a_trainer_need(made: Series) -> None:
    frames, crops = named(made.raw), named(made.cropped)
    assert len(images(made.raw / "pictures")) == 12
    assert 5 <= len(images(made.raw / "EP1")) <= 9
    assert all(path.stem in crops for path in images(made.classified))
    assert len(groups(made)) >= 2
    training = named(made.training)
    assert len(training) > len(frames)
    for stem, path in training.items():
        known = metadata(path)
        assert known.id == stem
        assert known.current_path == path.relative_to(made.output).as_posix()
        assert path.with_suffix(".txt").read_text() == known.caption
        assert min(known.image_size) <= 128
        assert (path.parent / "multiply.txt").is_file()
    assert {path.name for path in (made.output / "training").iterdir()} >= {
        "core_tag.json", "emb_init.json", "wildcard.txt", "screenshots"
    }  # fmt: skip
    assert made.tree() == {**made.tree()}
    assert not list(made.output.rglob("*.part"))


def test_a_second_run_changes_nothing(series: Series) -> None:
    before, lines = series.stamps(), len(series.ledger())
    series.run()
    assert series.stamps() == before
    ended = [line["kind"] for line in series.ledger()[lines:]]
    assert "clip" not in ended


@pytest.mark.soak
def test_another_number_of_workers_gives_the_same_bytes(made: Series, tmp_path: Path) -> None:
    other = Series(tmp_path / "other")
    for name in ("series", "pictures"):
        shutil.copytree(made.folder / name, other.folder / name)
    other.write()
    other.run("--workers", "4")
    assert other.tree() == made.tree()


def test_what_hands_do_to_groups_is_kept(series: Series) -> None:
    found = groups(series)
    largest, *others = sorted(found, key=lambda name: (-len(found[name]), name))
    (series.classified / largest).rename(series.classified / "Mizuki")
    moved, deleted = found[others[0]][0], found[others[0]][1]
    place = named(series.classified)
    (series.classified / "Rei").mkdir()
    place[moved].rename(series.classified / "Rei" / place[moved].name)
    place[deleted].unlink()
    done = series.run()
    assert "classified: " in done.out
    assert "moved" in done.out
    after = groups(series)
    assert set(after["Mizuki"]) >= set(found[largest])
    assert moved in after["Rei"]
    assert deleted not in named(series.classified)
    assert deleted in named(series.cropped)
    training = named(series.training)
    assert deleted not in training
    assert any(metadata(path).characters == ("Rei",) for path in training.values())
    captions = {path.with_suffix(".txt").read_text() for path in training.values()}
    assert any(caption.startswith("Mizuki") for caption in captions)
    before = series.stamps()
    series.run()  # and again: nothing is undone
    assert series.stamps() == before


@pytest.mark.soak
def test_a_deleted_frame_takes_its_crops_along_and_comes_back_with_them(series: Series) -> None:
    whole = series.tree()
    frame = next(path for path in images(series.raw) if f"{path.stem}_person0" in named(series.classified))
    kept = frame.read_bytes()
    frame.unlink()
    series.run()
    for folder in (series.cropped, series.classified, series.training):
        assert not [stem for stem in named(folder) if stem.startswith(frame.stem)]
    frame.write_bytes(kept)
    series.run()
    assert series.tree() == whole


def test_added_copied_and_renamed_images_are_recognised(series: Series) -> None:
    crops = images(series.cropped / "pictures")
    renamed, copied = crops[0], crops[1]
    renamed.rename(renamed.with_name("best_of_all.png"))
    shutil.copy(copied, series.cropped / copied.name)
    added = series.raw / "mine.png"
    added.write_bytes(images(series.raw / "pictures")[5].read_bytes())
    (series.classified / "Rei").mkdir()
    shutil.copy(crops[3], series.classified / "Rei" / "portrait.png")
    done = series.run()
    assert "raw: 1 added by hand (mine)" in done.out
    assert "classified: 1 added by hand (portrait)" in done.out
    assert metadata(named(series.training)["portrait"]).characters == ("Rei",)
    assert f"{copied.stem} is there twice and waits" in done.out + done.err
    assert "mine" in {path.stem.partition("_person")[0] for path in images(series.cropped)}
    # The renamed crop is the same crop: nothing else was made in its place.
    assert renamed.stem not in named(series.cropped)
    assert "mine" in named(series.training)


@pytest.mark.soak
def test_images_of_the_training_set_are_kept_where_hands_put_them(series: Series) -> None:
    training = named(series.training)
    moved, deleted, edited = sorted(training)[:3]
    place = series.training / "favourites"
    place.mkdir()
    for path in training[moved].parent.glob(f"*{moved}*"):
        path.rename(place / path.name)
    training[deleted].unlink()
    training[edited].with_suffix(".txt").write_text("my own words")
    series.run()
    after = named(series.training)
    assert after[moved].parent == place
    assert (place / "multiply.txt").is_file()
    assert deleted not in after
    assert after[edited].with_suffix(".txt").read_text() == "my own words"


def test_changed_settings_redo_their_stage_and_those_after_it(series: Series) -> None:
    before = series.stamps()
    series.write(general_description="drawn", arrange_format="character")
    series.run()
    after = series.stamps()
    assert {path for path in after if "/intermediate/" in f"/{path}"} == {
        path for path in before if "/intermediate/" in f"/{path}"
    }
    for path, stamp in before.items():
        if path.startswith("intermediate/"):
            assert after[path] == stamp, path
    for image in named(series.training).values():
        assert ", drawn, " in f", {image.with_suffix('.txt').read_text()}"
        assert image.parent.parent == series.training


@pytest.mark.soak
def test_a_run_may_begin_and_end_at_any_stage(made: Series, tmp_path: Path) -> None:
    other = Series(tmp_path / "other")
    for name in ("series", "pictures"):
        shutil.copytree(made.folder / name, other.folder / name)
    other.write(end_stage="extract")
    other.run()
    assert not other.cropped.exists()
    other.write(start_stage=2, stop_after="classify")
    done = other.run()
    assert f"Look through {other.classified}" in done.out
    assert "tui-gen review" in done.out
    assert not images(other.training)
    other.write(start_stage=4)
    other.run()
    assert other.tree() == made.tree()


def test_a_folder_of_images_can_be_arranged_alone(made: Series, tmp_path: Path) -> None:
    other = Series(tmp_path / "other")
    (other.folder / "pictures").mkdir(parents=True)
    shutil.copy(images(made.raw)[0], other.folder / "pictures")
    for number, path in enumerate(images(made.training)):
        (other.training / "mine").mkdir(parents=True, exist_ok=True)
        for each in (path, path.with_name(f".{path.stem}_meta.json"), path.with_suffix(".txt")):
            name = each.name.replace(path.stem, f"image_{number:03d}")
            shutil.copy(each, (other.training / name) if number % 9 else other.training / "mine" / name)
    other.write(start_stage="arrange", sources=["pictures"])
    done = other.run()
    assert f"training: {len(images(made.training))} added by hand" in done.out
    assert len(images(other.training)) == len(images(made.training))
    assert not [path for path in images(other.training) if path.parent == other.training]
    assert {_number(path) for path in images(other.training / "mine")} == set(
        range(0, len(images(made.training)), 9)
    )
    before = other.stamps()
    done = other.run()
    assert "by hand" not in done.out
    assert other.stamps() == before


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("image_"))


@pytest.mark.parametrize("folder", ["raw", "classified", "training"])
def test_a_folder_that_was_removed_is_made_again(folder: str, series: Series) -> None:
    whole = series.tree()
    shutil.rmtree(getattr(series, folder))
    done = series.run()
    assert f"{folder}: the folder was removed; its images are made again" in done.out
    assert series.tree() == whole


def test_without_their_folder_crops_are_those_of_the_groups(series: Series) -> None:
    whole = {path: content for path, content in series.tree().items() if "/cropped/" not in path}
    shutil.rmtree(series.cropped)
    done = series.run()
    assert "by hand" not in done.out
    assert series.tree() == whole


@pytest.mark.soak
def test_an_episode_that_is_added_later_repeats_nothing(made: Series, tmp_path: Path) -> None:
    other = Series(tmp_path / "other")
    for name in ("series", "pictures"):
        shutil.copytree(made.folder / name, other.folder / name)
    other.write(sources=["pictures"])
    other.run()
    before = other.stamps()
    other.write()
    other.run()
    after = other.stamps()
    kept = [path for path in before if "/raw/" in path or "/cropped/" in path]
    assert kept
    assert {path: after[path] for path in kept} == {path: before[path] for path in kept}
    training = [path for path in before if path.startswith("training/") and path.endswith(".webp")]
    stems = {Path(path).stem: after[path] for path in after if path.endswith(".webp")}
    same = [path for path in training if stems.get(Path(path).stem) == before[path]]
    assert len(same) == len([path for path in training if Path(path).stem in stems])


def test_another_file_in_the_place_of_an_episode_is_refused(series: Series) -> None:
    episode = next((series.folder / "series").iterdir())
    episode.write_bytes(episode.read_bytes() + b"more")
    done = series.run(code=2)
    assert "EP1 is" in done.err
    assert 'give the new one another "episode" or "prefix"' in done.err


@pytest.mark.soak
def test_a_limited_run_surveys_and_a_whole_one_goes_on(made: Series, tmp_path: Path) -> None:
    other = Series(tmp_path / "other")
    for name in ("series", "pictures"):
        shutil.copytree(made.folder / name, other.folder / name)
    other.write()
    other.run("--limit", "1")
    assert not images(other.raw)
    other.run()
    assert other.tree() == made.tree()
