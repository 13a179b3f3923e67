"""Which models a run uses, and why: files that are there, else the embedded ones. No model is loaded here."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.model import Part
from tui_gen.jobs.anime.models.catalogue import (
    CCIP_NAMES,
    DETECTOR_NAME,
    DETECTORS,
    TAGGER_NAMES,
    UNKNOWN_LICENCE,
    Kind,
    Published,
    PublishedDetector,
    embedder_of,
    tagger_of,
)
from tui_gen.jobs.anime.models.options import AUTO, ModelOptions, Provider
from tui_gen.jobs.anime.models.places import ModelFile, Places, download, model_file, places_of

EMBEDDED = "embedded"
ADAPTERS_VERSION = 1
"""Counts up with every change of what an adapter computes: it is part of each digest."""
RUNTIME_INSTALL = "pip install '.[anime-onnx]'"
GPU_INSTALL = "pip install '.[anime-gpu]' (after: pip uninstall onnxruntime)"
FACE_AND_PERSON: frozenset[Part] = frozenset({"person", "face"})


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that is used: where its files are, and what to tell of it. It can be pickled and hashed."""

    kind: Kind
    name: str
    files: tuple[tuple[str, ModelFile], ...]  # by their role: a part of the body, or a file's name
    digest: str
    licence: str
    sentence: str  # for the command `check`

    @property
    def is_embedded(self) -> bool:
        """Return True for a model without files."""
        return not self.files

    def file(self, role: str) -> ModelFile:
        """Return the file of a role. Raises KeyError if it has none."""
        return dict(self.files)[role]


@dataclass(frozen=True, slots=True)
class FoundModels:
    """The models of a run."""

    detector: FoundModel
    embedder: FoundModel
    tagger: FoundModel

    @property
    def sentences(self) -> tuple[str, ...]:
        """One line a model: which one, why, and how to get a better one."""
        return (self.detector.sentence, self.embedder.sentence, self.tagger.sentence)


def found_models(
    options: ModelOptions,
    *,
    level: str = "n",
    parts: Collection[Part] = FACE_AND_PERSON,
    environ: Mapping[str, str] = os.environ,
) -> FoundModels:
    """Look for the models; download what is allowed to be downloaded.

    `level` is the detectors' level, `parts` are the parts of the body that the run detects.
    Raises RefusedError if a named model is not there, or if a package is absent that a model needs.
    """
    _check_provider(options.provider)
    places = places_of(options.dir, download=options.download, environ=environ)
    detector = _detector(options.detector, places, level, parts)
    return FoundModels(
        detector,
        _named("embedder", options.embedder, places),
        _named("tagger", options.tagger, places, detector.digest),
    )


def found_frame_embedder(
    model: str, options: ModelOptions, environ: Mapping[str, str] = os.environ
) -> FoundModel:
    """Look for the model of near duplicates: the path of an ONNX file, or <owner>/<name>/<file>.

    Raises RefusedError if it is not there.
    """
    places = places_of(options.dir, download=options.download, environ=environ)
    owner, _, rest = model.partition("/")
    name, _, file = rest.partition("/")
    path: Path | None = Path(model)
    if not Path(model).is_file():
        path = places.find(f"{owner}/{name}", file) if file else None
        if path is None and file and places.may_download:
            (path,) = download(f"{owner}/{name}", [file])
    if path is None:
        message = f"detect_duplicate_model: {model}: no such file, and not below models.dir: {places.folder}"
        raise RefusedError(message)
    _need_runtime(f"detect_duplicate_model {model}")
    files = (("model", model_file(path)),)
    sentence = f"frame embedder: {model} ({path})"
    return FoundModel("frame embedder", model, files, _digest(model, files), UNKNOWN_LICENCE, sentence)


def _check_provider(provider: Provider) -> None:
    if provider != "cuda":
        return
    try:
        metadata.distribution("onnxruntime-gpu")
    except metadata.PackageNotFoundError as error:
        message = f"models.provider is cuda, but onnxruntime-gpu is not installed: {GPU_INSTALL}"
        raise RefusedError(message) from error


def _has_runtime() -> bool:
    return importlib.util.find_spec("onnxruntime") is not None


def _need_runtime(what: str) -> None:
    if not _has_runtime():
        message = f"{what} needs onnxruntime: {RUNTIME_INSTALL}"
        raise RefusedError(message)


def _detector(wanted: str, places: Places, level: str, parts: Collection[Part]) -> FoundModel:
    if wanted == EMBEDDED:
        return _embedded("detector", "")
    if wanted not in (AUTO, DETECTOR_NAME):
        message = f'models.detector: "{wanted}" is not known: use auto, embedded or {DETECTOR_NAME}'
        raise RefusedError(message)
    needed = [each for each in DETECTORS if each.part in parts]
    found = {each: _detector_file(each, level, places) for each in needed}
    absent = [each for each, path in found.items() if path is None]
    if absent and places.may_download:
        for each in absent:
            (found[each],) = download(each.repo, [f"{each.published(level)}/model.onnx"])
        absent = []
    where = "; ".join(_put([f"{each.repo}/{each.published(level)}/model.onnx"]) for each in absent)
    if reason := _why_not("detector", DETECTOR_NAME, where, places, is_named=wanted != AUTO):
        return _embedded("detector", reason)
    models = [(each.part, path) for each, path in found.items() if path is not None]
    types = [(f"type of {part}", path.with_name("model_type.json")) for part, path in models]
    files = [*models, *(each for each in types if each[1].is_file())]
    settings = [(each.part, each.confidence, each.iou) for each in needed]
    return _with_files("detector", DETECTOR_NAME, files, UNKNOWN_LICENCE, str(settings))


def _detector_file(part: PublishedDetector, level: str, places: Places) -> Path | None:
    paths = (places.find(part.repo, f"{folder}/model.onnx") for folder in part.folders(level))
    return next((path for path in paths if path is not None), None)


def _named(kind: Kind, wanted: str, places: Places, detector_digest: str = "") -> FoundModel:
    """Find the embedder or the tagger."""
    if wanted == EMBEDDED:
        return _embedded(kind, "", detector_digest)
    names = _names(kind) if wanted == AUTO else (wanted,)
    models = [embedder_of(name) if kind == "embedder" else tagger_of(name) for name in names]
    there = ((each, _files_of(each, places)) for each in models)
    model, paths = next(((each, paths) for each, paths in there if paths), (models[0], ()))
    if not paths and places.may_download:
        paths = download(model.repo, model.files)
    where = "" if paths else _put([f"{model.repo}/{file}" for file in model.files])
    if reason := _why_not(kind, model.name, where, places, is_named=wanted != AUTO):
        return _embedded(kind, reason, detector_digest)
    files = [(Path(file).name, path) for file, path in zip(model.files, paths, strict=True)]
    return _with_files(kind, model.name, files, model.licence, "")


def _names(kind: Kind) -> tuple[str, ...]:
    return CCIP_NAMES if kind == "embedder" else TAGGER_NAMES


def _files_of(model: Published, places: Places) -> tuple[Path, ...]:
    """Return the paths of a model's files; () if one is absent."""
    paths = [places.find(model.repo, file) for file in model.files]
    there = tuple(path for path in paths if path is not None)
    return there if len(there) == len(paths) else ()


def _put(files: Sequence[str]) -> str:
    return f"put {' and '.join(files)} below models.dir"


def _why_not(kind: Kind, name: str, where: str, places: Places, *, is_named: bool) -> str:
    """Return why the embedded model is used; "" if the model's files can be used.

    Raises RefusedError if a model is named that cannot be used.
    """
    if where:
        reason = f"{name} is not here: {where} ({places.why_no_download})"
    elif not _has_runtime():
        reason = f"{name} is here, but onnxruntime is not installed: {RUNTIME_INSTALL}"
    else:
        return ""
    if is_named:
        message = f"models.{kind}: {reason}"
        raise RefusedError(message)
    return reason


def _with_files(
    kind: Kind, name: str, paths: Sequence[tuple[str, Path]], licence: str, settings: str
) -> FoundModel:
    files = tuple((role, model_file(path)) for role, path in paths)
    sentence = f"{kind}: {name} (licence: {licence}), {', '.join(str(path) for _, path in paths)}"
    return FoundModel(kind, name, files, _digest(f"{name} {settings}", files), licence, sentence)


def _digest(settings: str, files: Sequence[tuple[str, ModelFile]]) -> str:
    content = (ADAPTERS_VERSION, settings, [(role, file.digest) for role, file in files])
    return hashlib.sha256(repr(content).encode()).hexdigest()


def _embedded(kind: Kind, reason: str, detector_digest: str = "") -> FoundModel:
    """Return the embedded model of a kind. Raises RefusedError if its package is absent."""
    name, digest, licence = _embedded_facts(kind, detector_digest)
    sentence = f"{kind}: {name}" + (f"; {reason}" if reason else "")
    return FoundModel(kind, name, (), digest, licence, sentence)


def _embedded_facts(kind: Kind, detector_digest: str) -> tuple[str, str, str]:
    from tui_gen.jobs.anime.models.embedded import detector, embedder, face_library, tagger

    if kind == "detector":
        library = face_library.library_path()
        return (detector.NAME, detector.digest_of(face_library.file_digest(library)), "Apache-2.0")
    if kind == "embedder":
        return (embedder.NAME, embedder.digest(), "of this program")
    return (tagger.NAME, tagger.digest_of(detector_digest), "of this program")
