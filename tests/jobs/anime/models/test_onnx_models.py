"""The adapters of published models: tiny models, whose values are compared with a restatement in numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.anime.models import tiny_onnx as tiny
from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.model import Subject
from tui_gen.jobs.anime.models.catalogue import Kind
from tui_gen.jobs.anime.models.finding import FoundModel
from tui_gen.jobs.anime.models.onnx.ccip import CcipEmbedder
from tui_gen.jobs.anime.models.onnx.frames import OnnxFrameEmbedder
from tui_gen.jobs.anime.models.onnx.pictures import resized
from tui_gen.jobs.anime.models.onnx.session import Sessions
from tui_gen.jobs.anime.models.onnx.tagger import WdTagger
from tui_gen.jobs.anime.models.places import model_file

RGB = NDArray[np.uint8]
CHANCE = np.random.default_rng(3)


def picture(width: int, height: int) -> RGB:
    """Return a picture with edges in every direction and three different channels."""
    coarse = CHANCE.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)).astype(np.uint8)
    return np.ascontiguousarray(coarse.repeat(8, axis=0).repeat(8, axis=1)[:height, :width])


def sessions() -> Sessions:
    def told(text: str) -> None:
        raise AssertionError(text)

    return Sessions("cpu", 1, told)


def found(kind: Kind, folder: Path, *names: str) -> FoundModel:
    files = tuple((name, model_file(folder / name)) for name in names)
    return FoundModel(kind, "tiny", files, "digest of tiny", "none", "")


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(64, 64), (300, 200), (31, 250)])
def test_pictures_are_resized_as_by_the_publishers(kernel: str, size: tuple[int, int]) -> None:
    rgb = picture(190, 123)
    got = resized(rgb, size, "bilinear" if kernel == "bilinear" else "bicubic").astype(int)
    assert got.shape == (size[1], size[0], 3)
    assert np.abs(got - tiny.restated_resize(rgb, size, kernel)).max() <= 1


# ------------------------------------------------------------------ CCIP


@pytest.fixture(scope="module")
def ccip(tmp_path_factory: pytest.TempPathFactory) -> CcipEmbedder:
    folder = tiny.ccip(tmp_path_factory.mktemp("ccip"))
    model = found("embedder", folder, "model_feat.onnx", "model_metrics.onnx", "metrics.json")
    return CcipEmbedder(model, sessions())


def test_ccip_gives_the_features_of_the_specification(ccip: CcipEmbedder) -> None:
    rgb = picture(300, 500)
    squashed = tiny.restated_resize(rgb, (384, 384), "bilinear") / 255
    mean = np.array([0.48145466, 0.4578275, 0.40821073])
    deviation = np.array([0.26862954, 0.26130258, 0.27577711])
    planes = ((squashed - mean) / deviation).transpose(2, 0, 1)
    (vector,) = ccip.embed([Subject(rgb)])
    assert vector == pytest.approx(tiny.samples(planes, 24), abs=0.02)  # one of 255 is .015


def test_ccip_vectors_do_not_depend_on_their_company(ccip: CcipEmbedder) -> None:
    subjects = [Subject(picture(90, 80)), Subject(picture(384, 384)), Subject(picture(60, 200))]
    together = ccip.embed(subjects)
    assert together.shape == (3, 768)
    assert np.array_equal(together[1], ccip.embed(subjects[1:2])[0])
    assert ccip.embed([]).shape == (0, 768)


def test_ccip_differences_come_from_its_second_file(ccip: CcipEmbedder) -> None:
    vectors = ccip.embed([Subject(picture(90, 80)), Subject(picture(384, 384)), Subject(picture(60, 200))])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = 1 - unit @ unit.T
    got = ccip.differences(vectors)
    assert got == pytest.approx(wanted, abs=1e-5)
    assert np.array_equal(got, got.T)
    assert np.all(np.diag(got) == 0)
    assert ccip.differences(vectors[:0]).shape == (0, 0)


def test_ccip_s_threshold_name_and_digest_are_those_of_its_files(ccip: CcipEmbedder) -> None:
    assert (ccip.threshold, ccip.name, ccip.digest) == (0.2, "tiny", "digest of tiny")


def test_metrics_without_a_threshold_are_refused(tmp_path: Path) -> None:
    folder = tiny.ccip(tmp_path)
    (folder / "metrics.json").write_text("{}")
    with pytest.raises(RefusedError, match=r'metrics\.json: holds no number "threshold"'):
        CcipEmbedder(
            found("embedder", folder, "model_feat.onnx", "model_metrics.onnx", "metrics.json"), sessions()
        )


# ------------------------------------------------------------------ taggers


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> WdTagger:
    folder = tiny.tagger(tmp_path_factory.mktemp("tagger"))
    return WdTagger(found("tagger", folder, "model.onnx", "selected_tags.csv"), sessions())


@pytest.mark.parametrize("is_wide", [False, True])
def test_a_tagger_gives_the_probabilities_of_the_specification(tagger: WdTagger, *, is_wide: bool) -> None:
    rgb = picture(500, 301) if is_wide else picture(301, 500)
    square = np.full((500, 500, 3), 255, np.uint8)
    square[(slice(99, 400), slice(None)) if is_wide else (slice(None), slice(99, 400))] = rgb
    bgr = tiny.restated_resize(square, (448, 448), "bicubic")[:, :, ::-1].astype(np.float64)
    seen = tiny.samples(bgr.transpose(2, 0, 1), 64)
    wanted = 1 / (1 + np.exp(-seen @ (tiny.weights(147, 10) / 64)))
    (got,) = tagger.tags([rgb])
    named = {**got.rating, **got.general, **got.character}
    assert [named[name] for name, _ in tiny.TAGS] == pytest.approx(wanted, abs=2e-3)
    assert np.ptp(wanted) > 0.1


def test_tags_are_sorted_into_their_categories_the_best_first(tagger: WdTagger) -> None:
    (got,) = tagger.tags([picture(448, 448)])
    assert set(got.rating) == {"general", "sensitive", "questionable", "explicit"}
    assert set(got.general) == {"1girl", "solo", "long_hair", "smile"}
    assert set(got.character) == {"frieren", "fern_(frieren)"}
    for scores in (got.rating, got.general, got.character):
        assert list(scores.values()) == sorted(scores.values(), reverse=True)


def test_a_list_of_tags_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    folder = tiny.tagger(tmp_path, outputs=12)
    with pytest.raises(RefusedError, match=r"tagger with the 10 tags .* output \[\?, 12\]"):
        WdTagger(found("tagger", folder, "model.onnx", "selected_tags.csv"), sessions())


def test_a_file_that_is_no_list_of_tags_is_refused(tmp_path: Path) -> None:
    folder = tiny.tagger(tmp_path)
    (folder / "selected_tags.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RefusedError, match=r"selected_tags\.csv: is no list of tags"):
        WdTagger(found("tagger", folder, "model.onnx", "selected_tags.csv"), sessions())


# ------------------------------------------------------------------ frame embedders


def normal(rgb: RGB) -> NDArray[np.float64]:
    """Return the planes [3, 224, 224] that a model gets."""
    squashed = tiny.restated_resize(rgb, (224, 224), "bilinear") / 255
    planes = (squashed - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    return np.asarray(planes.transpose(2, 0, 1))


def test_a_frame_embedder_gives_unit_vectors_of_the_specification(tmp_path: Path) -> None:
    path = tiny.frames(tmp_path / "model")
    embedder = OnnxFrameEmbedder(found("frame embedder", tmp_path, path.name), sessions())
    rgb = picture(320, 180)
    wanted = tiny.samples(normal(rgb), 32) @ tiny.weights(147, 5)
    (vector, _) = embedder.embed([rgb, picture(64, 64)])
    assert vector == pytest.approx(wanted / np.linalg.norm(wanted), abs=5e-3)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_frame_embedder_s_map_is_averaged(tmp_path: Path) -> None:
    path = tiny.frames(tmp_path / "model", as_map=True)
    embedder = OnnxFrameEmbedder(found("frame embedder", tmp_path, path.name), sessions())
    rgb = picture(320, 180)
    wanted = normal(rgb)[:, ::32, ::32].mean(axis=(1, 2))
    assert embedder.embed([rgb])[0] == pytest.approx(wanted / np.linalg.norm(wanted), abs=5e-3)


# ------------------------------------------------------------------ wrong files


def test_a_model_with_other_inputs_is_refused_with_both_shapes(tmp_path: Path) -> None:
    folder = tiny.ccip(tmp_path)
    frames = tiny.frames(tmp_path / "frames.onnx")
    frames.replace(folder / "model_feat.onnx")
    with pytest.raises(
        RefusedError,
        match=r"not a CCIP model of features: wanted are input \[\?, 3, 384, 384\] to output \[\?, 768\];"
        r" the file has pixel_values \[\?, 3, 224, 224\] to vector \[\?, 5\]",
    ):
        CcipEmbedder(
            found("embedder", folder, "model_feat.onnx", "model_metrics.onnx", "metrics.json"), sessions()
        )


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"not a model")
    with pytest.raises(RefusedError, match="onnxruntime cannot load it"):
        OnnxFrameEmbedder(found("frame embedder", tmp_path, "model"), sessions())


def test_a_detector_of_images_is_no_frame_embedder(tmp_path: Path) -> None:
    tiny.ccip(tmp_path)
    with pytest.raises(RefusedError, match="this is not a model of images"):
        OnnxFrameEmbedder(
            FoundModel(
                "frame embedder", "x", (("model", model_file(tmp_path / "model_metrics.onnx")),), "", "", ""
            ),
            sessions(),
        )


@pytest.mark.parametrize("provider", ["cuda", "auto"])
def test_without_cuda_models_run_on_the_cpu_with_at_most_one_warning(provider: str, tmp_path: Path) -> None:
    path = tiny.frames(tmp_path / "model")
    told: list[str] = []
    many = Sessions("cuda" if provider == "cuda" else "auto", 1, told.append)
    rgb = picture(64, 64)
    vectors = [OnnxFrameEmbedder(found("frame embedder", tmp_path, path.name), many) for _ in range(2)]
    assert np.array_equal(vectors[0].embed([rgb]), vectors[1].embed([rgb]))
    assert len(told) == (provider == "cuda")
    many.fall_back("told already")
    assert len(told) == 1
    assert all("models run on the CPU, because CUDA cannot be used" in each for each in told)
