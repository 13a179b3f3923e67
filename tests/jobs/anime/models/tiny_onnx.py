"""Tiny ONNX models with the names, sizes and outputs of the published ones.

Their outputs are made of single values of their input, so that a wrong channel, side, scale, direction or way
of resizing gives another output:

    samples(image) = image[:, ::step, ::step]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

RGB = NDArray[np.uint8]
Floats = NDArray[np.float32]
OPSET = 17


def samples(planes: NDArray[Any], step: int) -> NDArray[Any]:
    """Return what the models see of an image [3, height, width]: values channel by channel, row by row."""
    return planes[:, ::step, ::step].reshape(-1)


def constant(name: str, values: NDArray[Any]) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(values), name)


def written(  # noqa: PLR0917 - the parts of a model
    path: Path,
    inputs: Sequence[tuple[str, Sequence[int | str]]],
    outputs: Sequence[tuple[str, Sequence[int | str]]],
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a model and return its path."""
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        [constant(name, values) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def sample_nodes(source: str, step: int) -> tuple[list[onnx.NodeProto], dict[str, NDArray[Any]]]:
    """Return the nodes that compute `samples` [n, values] of an input [n, 3, height, width]."""
    nodes = [
        helper.make_node("Slice", [source, "starts", "ends", "axes", "steps"], ["sampled"]),
        helper.make_node("Flatten", ["sampled"], ["samples"], axis=1),
    ]
    constants: dict[str, NDArray[Any]] = {
        "starts": np.array([0, 0]),
        "ends": np.array([9999, 9999]),
        "axes": np.array([2, 3]),
        "steps": np.array([step, step]),
    }
    return nodes, constants


def weights(inputs: int, outputs: int) -> Floats:
    """Return the weights of a model's output, shape [inputs, outputs]."""
    return np.random.default_rng(1).normal(0, 1 / inputs**0.5, (inputs, outputs)).astype(np.float32)


IN_ROWS: tuple[slice, ...] = (slice(4, None),)
IN_COLUMNS: tuple[slice, ...] = (slice(None), slice(4, None))
IN_COLUMN_5: tuple[slice, ...] = (slice(None), slice(4, 5))


def yolo(
    path: Path,
    output: NDArray[Any],
    *,
    scores: tuple[slice, ...] = IN_ROWS,
    size: tuple[int, int] = (640, 640),
    names: str = "{0: 'one'}",
    declares_output: bool = True,
) -> Path:
    """Write a detector that gives `output`, its scores multiplied by the red of the picture's corner."""
    height, width = size
    nodes, constants = sample_nodes("images", 9999)
    nodes += [
        helper.make_node("MatMul", ["samples", "only_red"], ["red"]),
        helper.make_node("Mul", ["scored", "red"], ["changing"]),
        helper.make_node("Add", ["changing", "still"], ["output0"]),
    ]
    metadata = {"imgsz": f"[{height}, {width}]", "names": names}
    scored = np.zeros_like(output, np.float32)
    still = np.asarray(output, np.float32).copy()
    scored[scores], still[scores] = output[scores], 0
    return written(
        path,
        [("images", (1, 3, height, width))],
        [("output0", (1, *output.shape) if declares_output else ("n", "rows", "columns"))],
        nodes,
        {
            **constants,
            "only_red": np.array([[1], [0], [0]], np.float32),
            "scored": scored[None],
            "still": still[None],
        },
        metadata,
    )


CELL = 40
"""Distance of the boxes of `yolo_of_samples`."""


def yolo_of_samples(path: Path) -> Path:
    """Write a detector with 16 x 16 boxes of 20 x 20 pixels, whose scores are the blue in their corners."""
    nodes, constants = sample_nodes("blue", CELL)
    corners = np.arange(0, 640, CELL, dtype=np.float32)
    x, y = (each.ravel() + 10 for each in np.meshgrid(corners, corners))
    nodes = [
        helper.make_node("Slice", ["images", "third", "fourth", "channels"], ["blue"]),
        *nodes,
        helper.make_node("Unsqueeze", ["samples", "channels"], ["scores"]),
        helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1),
    ]
    return written(
        path,
        [("images", (1, 3, 640, 640))],
        [("output0", (1, 5, len(x)))],
        nodes,
        {
            **constants,
            "boxes": np.stack((x, y, np.full_like(x, 20), np.full_like(x, 20)))[None].astype(np.float32),
            "third": np.array([2]),
            "fourth": np.array([3]),
            "channels": np.array([1]),
        },
        {"imgsz": "[640, 640]", "names": "{0: 'one'}"},
    )


def ccip(folder: Path, *, threshold: float = 0.2) -> Path:
    """Write a CCIP model: features are 16 x 16 samples of each channel, differences 1 - cosine."""
    nodes, constants = sample_nodes("input", 24)
    nodes.append(helper.make_node("Identity", ["samples"], ["output"]))
    written(
        folder / "model_feat.onnx",
        [("input", ("batch", 3, 384, 384))],
        [("output", ("batch", 768))],
        nodes,
        constants,
    )
    written(
        folder / "model_metrics.onnx",
        [("input", ("batch", 768))],
        [("output", ("batch", "batch"))],
        [
            helper.make_node("LpNormalization", ["input"], ["unit"], axis=1, p=2),
            helper.make_node("Transpose", ["unit"], ["turned"], perm=[1, 0]),
            helper.make_node("MatMul", ["unit", "turned"], ["cosine"]),
            helper.make_node("Sub", ["one", "cosine"], ["output"]),
        ],
        {"one": np.array(1, np.float32)},
    )
    (folder / "metrics.json").write_text(f'{{"threshold": {threshold}, "f1_score": 0.9}}')
    return folder


TAGS = (
    ("general", 9),
    ("sensitive", 9),
    ("questionable", 9),
    ("explicit", 9),
    ("1girl", 0),
    ("solo", 0),
    ("long_hair", 0),
    ("smile", 0),
    ("frieren", 4),
    ("fern_(frieren)", 4),
)


def tagger(folder: Path, tags: Sequence[tuple[str, int]] = TAGS, *, outputs: int | None = None) -> Path:
    """Write a tagger: sigmoids of 7 x 7 samples of each channel times weights / 64, and its list of tags."""
    nodes, constants = sample_nodes("planes", 64)
    count = len(tags) if outputs is None else outputs
    nodes = [
        helper.make_node("Transpose", ["input"], ["planes"], perm=[0, 3, 1, 2]),
        *nodes,
        helper.make_node("MatMul", ["samples", "weights"], ["raw"]),
        helper.make_node("Sigmoid", ["raw"], ["output"]),
    ]
    written(
        folder / "model.onnx",
        [("input", ("batch_size", 448, 448, 3))],
        [("output", ("batch_size", count))],
        nodes,
        {**constants, "weights": weights(147, count) / 64},
    )
    lines = [f"{at},{name},{category},{1000 - at}" for at, (name, category) in enumerate(tags)]
    (folder / "selected_tags.csv").write_text("\n".join(["tag_id,name,category,count", *lines]) + "\n")
    return folder


def frames(path: Path, *, as_map: bool = False) -> Path:
    """Write a model of images: vectors [n, 5] made of 7 x 7 samples, or maps [n, 3, 7, 7] of them."""
    nodes, constants = sample_nodes("pixel_values", 32)
    if as_map:
        nodes = [nodes[0], helper.make_node("Identity", ["sampled"], ["map"])]
    else:
        nodes.append(helper.make_node("MatMul", ["samples", "weights"], ["vector"]))
    return written(
        path,
        [("pixel_values", ("n", 3, 224, 224))],
        [("map", ("n", 3, 7, 7))] if as_map else [("vector", ("n", 5))],
        nodes,
        constants if as_map else {**constants, "weights": weights(147, 5)},
    )


def restated_resize(rgb: RGB, size: tuple[int, int], kernel: str, step: int = 1) -> RGB:
    """Resize as the publishers' library does: separable, widened when it shrinks, rounded after each pass.

    Only every `step`-th row and column of the result are computed.
    """
    source = np.asarray(rgb, np.float64)
    columns = _passes(rgb.shape[1], size[0], kernel)[::step]
    across = np.clip(np.round(np.tensordot(columns, source, axes=(1, 1))), 0, 255)  # [x, y, channel]
    down = np.tensordot(_passes(rgb.shape[0], size[1], kernel)[::step], across, axes=(1, 1))
    return np.asarray(np.clip(np.round(down), 0, 255), np.uint8)


def _passes(source: int, target: int, kernel: str) -> NDArray[np.float64]:
    """Return the weights [target, source] of one axis."""
    scale = source / target
    wide = max(scale, 1.0)
    reach = 1.0 if kernel == "bilinear" else 2.0
    found = np.zeros((target, source))
    for at in range(target):
        centre = (at + 0.5) * scale
        first, last = max(0, int(centre - reach * wide + 0.5)), min(source, int(centre + reach * wide + 0.5))
        steps = np.asarray((np.arange(first, last) + 0.5 - centre) / wide, np.float64)
        values = _bilinear(steps) if kernel == "bilinear" else _bicubic(steps)
        found[at, first:last] = values / values.sum()
    return found


def _bilinear(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(1 - np.abs(x), 0), np.float64)


def _bicubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' kernel with a = -0.5."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.asarray(np.where(x < 1, near, np.where(x < 2, far, 0.0)), np.float64)
