"""Which models are used, and what is told of them: files of a folder, of the hub's cache, or none."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.jobs.anime.models import tiny_onnx as tiny
from tests.jobs.anime.models.test_onnx_detector import BOXES, rows
from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.crop.cropping import detected_parts
from tui_gen.jobs.anime.crop.options import CropOptions
from tui_gen.jobs.anime.model import Part, Subject
from tui_gen.jobs.anime.models.finding import found_frame_embedder, found_models
from tui_gen.jobs.anime.models.loading import loaded, loaded_frame_embedder
from tui_gen.jobs.anime.models.options import ModelOptions
from tui_gen.jobs.anime.models.places import hub_cache_of, model_file

CCIP = "ccip-caformer-24-randaug-pruned"
WD = "SmilingWolf/wd-swinv2-tagger-v3"
PERSON = "deepghs/anime_person_detection/person_detect_v1.1_n"
FACE = "deepghs/anime_face_detection/face_detect_v1.4_n"
FACE_S = "deepghs/anime_face_detection/face_detect_v1.4_s"
HEAD = "deepghs/anime_head_detection/head_detect_v2.0_s"
HALFBODY = "deepghs/anime_halfbody_detection/halfbody_detect_v1.0_s"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment whose hub's cache is an empty folder."""
    return {"HF_HUB_CACHE": str(tmp_path / "hub")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with all models."""
    path = tmp_path / "models"
    for name in (PERSON, FACE, HEAD, HALFBODY):
        tiny.yolo(path / name / "model.onnx", rows(*BOXES))
    tiny.ccip(path / "deepghs/ccip_onnx" / CCIP)
    tiny.tagger(path / WD)
    return path


def warned(text: str) -> None:
    raise AssertionError(text)


def test_without_files_the_embedded_models_are_used_and_it_is_told_why(environ: dict[str, str]) -> None:
    found = found_models(ModelOptions(), environ=environ)
    assert all(each.is_embedded for each in (found.detector, found.embedder, found.tagger))
    detector, embedder, tagger = found.sentences
    assert detector.startswith(
        "detector: embedded face detector (animeface 2.0.3); deepghs is not here: put "
    )
    assert f"{PERSON}/model.onnx" in detector
    assert f"{FACE}/model.onnx" in detector
    assert embedder.startswith(f"embedder: embedded colour histograms; {CCIP} is not here: put ")
    assert f"deepghs/ccip_onnx/{CCIP}/model_feat.onnx" in embedder
    assert tagger.startswith("tagger: embedded measured tags; wd-swinv2-tagger-v3 is not here")
    assert all("below models.dir (models.download is false)" in sentence for sentence in found.sentences)


def test_embedded_models_that_are_asked_for_need_no_reason(folder: Path, environ: dict[str, str]) -> None:
    options = ModelOptions(str(folder), "embedded", "embedded", "embedded")
    assert found_models(options, environ=environ).sentences == (
        "detector: embedded face detector (animeface 2.0.3)",
        "embedder: embedded colour histograms",
        "tagger: embedded measured tags",
    )


def test_models_of_the_folder_are_used(folder: Path, environ: dict[str, str]) -> None:
    found = found_models(ModelOptions(str(folder)), environ=environ)
    assert [each.name for each in (found.detector, found.embedder, found.tagger)] == [
        "deepghs",
        CCIP,
        "wd-swinv2-tagger-v3",
    ]
    assert found.detector.file("person").path == str(folder / PERSON / "model.onnx")
    assert "licence: OpenRAIL" in found.embedder.sentence
    assert "licence: Apache-2.0" in found.tagger.sentence


def test_found_models_are_those_that_are_loaded(folder: Path, environ: dict[str, str]) -> None:
    for options in (ModelOptions(str(folder)), ModelOptions()):
        found = found_models(options, environ=environ)
        models = loaded(found, "cpu", warn=warned)
        for mine, theirs in (
            (models.detector, found.detector),
            (models.embedder, found.embedder),
            (models.tagger, found.tagger),
        ):
            assert (mine.name, mine.digest) == (theirs.name, theirs.digest)
        assert loaded(found, "cpu", warn=warned) is models


def test_loaded_models_work_together(folder: Path, environ: dict[str, str]) -> None:
    models = loaded(found_models(ModelOptions(str(folder)), environ=environ), "cpu", warn=warned)
    white = np.full((360, 1280, 3), 255, np.uint8)
    assert len(models.detector.persons(white)) == 3
    assert models.embedder.embed([Subject(white)]).shape == (1, 768)
    assert len(models.tagger.tags([white])) == 1


def test_found_models_can_be_sent_to_another_process(folder: Path, environ: dict[str, str]) -> None:
    found = found_models(ModelOptions(str(folder)), environ=environ)
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - made a line before


def in_the_hub(cache: Path, repo: str, *, commit: str = "0123abc") -> Path:
    """Return the folder of a repository's files in the hub's cache."""
    cached = cache / f"models--{repo.replace('/', '--')}"
    (cached / "refs").mkdir(parents=True, exist_ok=True)
    (cached / "refs" / "main").write_text(commit)
    snapshot = cached / "snapshots" / commit
    snapshot.mkdir(parents=True, exist_ok=True)
    return snapshot


def test_models_of_the_hub_s_cache_are_used(tmp_path: Path, environ: dict[str, str]) -> None:
    tiny.tagger(in_the_hub(tmp_path / "hub", WD))
    found = found_models(ModelOptions(), environ=environ)
    assert found.tagger.name == "wd-swinv2-tagger-v3"
    assert found.embedder.is_embedded


def test_the_folder_comes_before_the_hub_s_cache(
    tmp_path: Path, folder: Path, environ: dict[str, str]
) -> None:
    tiny.tagger(in_the_hub(tmp_path / "hub", WD))
    found = found_models(ModelOptions(str(folder)), environ=environ)
    assert found.tagger.file("model.onnx").path == str(folder / WD / "model.onnx")


def test_a_model_counts_only_with_all_its_files(tmp_path: Path, environ: dict[str, str]) -> None:
    snapshot = tiny.tagger(in_the_hub(tmp_path / "hub", WD))
    (snapshot / "selected_tags.csv").unlink()
    assert found_models(ModelOptions(), environ=environ).tagger.is_embedded


@pytest.mark.parametrize(
    ("environ", "cache"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c", "HOME": "/d"}, "/c/huggingface/hub"),
        ({"HOME": "/d"}, "/d/.cache/huggingface/hub"),
    ],
)
def test_the_hub_s_cache_is_where_its_variables_say(environ: dict[str, str], cache: str) -> None:
    assert hub_cache_of(environ) == Path(cache)


def test_the_level_decides_which_detectors_are_used(folder: Path, environ: dict[str, str]) -> None:
    tiny.yolo(folder / FACE_S / "model.onnx", rows(*BOXES))
    found = found_models(ModelOptions(str(folder)), level="s", environ=environ)
    assert found.detector.file("face").path == str(folder / FACE_S / "model.onnx")
    assert found.detector.file("person").path == str(folder / PERSON / "model.onnx")  # the nearest there is


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (CropOptions(), {"person", "face"}),
        (CropOptions(crop_with_head=True), {"person", "face", "head"}),
        (CropOptions(use_3stage_crop=4), {"person", "face", "head", "halfbody"}),
    ],
)
def test_only_the_parts_that_cropping_detects_need_models(
    options: CropOptions, parts: set[Part], folder: Path, environ: dict[str, str]
) -> None:
    assert detected_parts(options) == parts
    found = found_models(ModelOptions(str(folder)), parts=detected_parts(options), environ=environ)
    assert {role for role, _ in found.detector.files} == parts


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            ModelOptions(detector="yolo"),
            '"yolo" is not known: use auto, embedded or deepghs',
        ),
        (ModelOptions(detector="deepghs"), f"models.detector: deepghs is not here: put {PERSON}/model.onnx"),
        (
            ModelOptions(embedder="ccip-other"),
            "models.embedder: ccip-other is not here: put deepghs/ccip_onnx/ccip-other/model_feat.onnx",
        ),
        (ModelOptions(tagger="me/mine"), "models.tagger: me/mine is not here: put me/mine/model.onnx"),
        (ModelOptions(dir="/no/such"), "models.dir: /no/such is no folder"),
        (ModelOptions(provider="cuda"), r"models.provider is cuda, .*pip install '.\[anime-gpu\]'"),
    ],
)
def test_what_is_named_and_not_there_is_refused(
    options: ModelOptions, reason: str, environ: dict[str, str]
) -> None:
    with pytest.raises(RefusedError, match=reason):
        found_models(options, environ=environ)


def test_files_without_onnxruntime_are_not_used_and_refused_if_named(
    folder: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    found = found_models(ModelOptions(str(folder)), environ=environ)
    assert found.embedder.is_embedded
    hint = "onnxruntime is not installed: pip install '.[anime-onnx]'"
    assert all(hint in sentence for sentence in found.sentences)
    with pytest.raises(RefusedError, match=r"models\.embedder: .* onnxruntime is not installed"):
        found_models(ModelOptions(str(folder), embedder=CCIP), environ=environ)


HUB = """
from pathlib import Path
def hf_hub_download(repo_id, filename):
    path = Path({source!r}) / repo_id / filename
    if not path.exists():
        raise OSError(f"404 {{repo_id}}/{{filename}}")
    return str(path)
"""


def hub(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package huggingface_hub that gives the files of a folder."""
    package = tmp_path / "installed"
    package.mkdir()
    (package / "huggingface_hub.py").write_text(HUB.format(source=str(source)))
    monkeypatch.syspath_prepend(package)
    monkeypatch.delitem(sys.modules, "huggingface_hub", raising=False)


def test_models_that_are_nowhere_are_downloaded_if_that_is_allowed(
    tmp_path: Path, folder: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub(tmp_path, folder, monkeypatch)
    found = found_models(ModelOptions(download=True), environ=environ)
    assert found.detector.file("face").path == str(folder / FACE / "model.onnx")
    assert found.embedder.file("metrics.json").path.startswith(str(folder))
    assert found.tagger.name == "wd-swinv2-tagger-v3"
    assert found_models(ModelOptions(), environ=environ).tagger.is_embedded


def test_nothing_is_downloaded_while_the_hub_is_offline(
    tmp_path: Path, folder: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub(tmp_path, folder, monkeypatch)
    found = found_models(ModelOptions(download=True), environ=environ | {"HF_HUB_OFFLINE": "1"})
    assert all("HF_HUB_OFFLINE is set" in sentence for sentence in found.sentences)


def test_a_download_without_its_package_is_told(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    found = found_models(ModelOptions(download=True), environ=environ)
    assert all("pip install huggingface_hub" in sentence for sentence in found.sentences)


def test_a_failed_download_names_the_repository_and_the_way_out(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub(tmp_path, tmp_path / "empty", monkeypatch)
    with pytest.raises(
        RefusedError, match=r"_person_detection: cannot be downloaded: OSError: 404 .*models\.dir"
    ):
        found_models(ModelOptions(download=True), environ=environ)


def test_a_digest_tells_a_changed_byte_in_a_sample_and_another_size(tmp_path: Path) -> None:
    path = tmp_path / "model"
    content = bytearray(3_000_000)
    path.write_bytes(content)
    before = model_file(path).digest
    assert model_file(path).digest == before
    content[-1] = 1
    path.write_bytes(content)
    changed = model_file(path).digest
    path.write_bytes(content + b"\0")
    assert len({before, changed, model_file(path).digest}) == 3


def test_a_changed_model_has_another_digest(folder: Path, environ: dict[str, str]) -> None:
    options = ModelOptions(str(folder))
    before = found_models(options, environ=environ)
    tiny.ccip(folder / "deepghs/ccip_onnx" / CCIP, threshold=0.21)
    after = found_models(options, environ=environ)
    assert after.embedder.digest != before.embedder.digest
    assert (after.detector, after.tagger) == (before.detector, before.tagger)


def test_looking_for_models_loads_no_runtime() -> None:
    code = (
        "import sys\n"
        "from tui_gen.jobs.anime.models.options import ModelOptions\n"
        "from tui_gen.jobs.anime.models.finding import found_models\n"
        "assert not {'numpy', 'cv2'} & set(sys.modules)\n"
        "found_models(ModelOptions(), environ={'HF_HUB_CACHE': '/none'})\n"
        "assert not {'cv2', 'onnxruntime', 'PIL', 'animeface'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_frame_embedder_is_a_file_or_a_file_of_a_repository(folder: Path, environ: dict[str, str]) -> None:
    path = tiny.frames(folder / "timm/small" / "model.onnx")
    named = found_frame_embedder("timm/small/model.onnx", ModelOptions(str(folder)), environ)
    direct = found_frame_embedder(str(path), ModelOptions(), environ)
    assert named.file("model") == direct.file("model")
    embedder = loaded_frame_embedder(direct, "cpu", warn=warned)
    assert embedder.embed([np.zeros((90, 160, 3), np.uint8)]).shape == (1, 5)
    with pytest.raises(RefusedError, match=r"detect_duplicate_model: timm/other/model\.onnx: no such file"):
        found_frame_embedder("timm/other/model.onnx", ModelOptions(str(folder)), environ)
