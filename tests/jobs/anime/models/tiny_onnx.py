"""Tiny ONNX models with the names, sizes and outputs of the published ones.

Each one looks at its input through the same two steps, so that a wrong channel, side, scale or direction
gives another output:

    look(image)[channel] = sum over x and y of image * x * y, x and y rising from 0 to 1, divided by pixels
    output               = look * weights (+ what the kind of model does with it)
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


def ramp(length: int) -> Floats:
    return np.linspace(0, 1, length, dtype=np.float32)


def look(planes: NDArray[Any]) -> NDArray[np.float64]:
    """Return what the models see of an image [3, height, width]: one number a channel."""
    _, height, width = planes.shape
    seen = planes.astype(np.float64) * ramp(height)[:, None] * ramp(width)
    return np.asarray(seen.mean(axis=(1, 2)))


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


def look_nodes(source: str, height: int, width: int) -> tuple[list[onnx.NodeProto], dict[str, NDArray[Any]]]:
    """Return the nodes that compute `look` [n, 3] of an input [n, 3, height, width]."""
    nodes = [
        helper.make_node("Mul", [source, "rows"], ["by_row"]),
        helper.make_node("Mul", ["by_row", "columns"], ["by_both"]),
        helper.make_node("ReduceMean", ["by_both"], ["look"], axes=[2, 3], keepdims=0),
    ]
    return nodes, {"rows": ramp(height).reshape(1, 1, -1, 1), "columns": ramp(width).reshape(1, 1, 1, -1)}


def weights(count: int, seed: int = 1) -> Floats:
    """Return the weights [3, count] of a model's output."""
    return np.random.default_rng(seed).normal(0, 3, (3, count)).astype(np.float32)


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
) -> Path:
    """Write a detector that gives `output`, its scores multiplied by the image's red `look` times 4."""
    height, width = size
    nodes, constants = look_nodes("images", height, width)
    nodes += [
        helper.make_node("MatMul", ["look", "only_red"], ["red"]),
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
        [("output0", (1, *output.shape))],
        nodes,
        {
            **constants,
            "only_red": np.array([[4], [0], [0]], np.float32),
            "scored": scored[None],
            "still": still[None],
        },
        metadata,
    )


def ccip(folder: Path, *, threshold: float = 0.2) -> Path:
    """Write a CCIP model: features are `look` times weights, differences 1 - cosine."""
    nodes, constants = look_nodes("input", 384, 384)
    nodes.append(helper.make_node("MatMul", ["look", "weights"], ["output"]))
    written(
        folder / "model_feat.onnx",
        [("input", ("batch", 3, 384, 384))],
        [("output", ("batch", 768))],
        nodes,
        {**constants, "weights": weights(768)},
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
    """Write a tagger: sigmoids of `look` / 255 times weights, and its list of tags."""
    nodes, constants = look_nodes("planes", 448, 448)
    count = len(tags) if outputs is None else outputs
    nodes = [
        helper.make_node("Transpose", ["input"], ["planes"], perm=[0, 3, 1, 2]),
        *nodes,
        helper.make_node("MatMul", ["look", "weights"], ["raw"]),
        helper.make_node("Sigmoid", ["raw"], ["output"]),
    ]
    written(
        folder / "model.onnx",
        [("input", ("batch_size", 448, 448, 3))],
        [("output", ("batch_size", count))],
        nodes,
        {**constants, "weights": weights(count) / 60},
    )
    lines = [f"{at},{name},{category},{1000 - at}" for at, (name, category) in enumerate(tags)]
    (folder / "selected_tags.csv").write_text("\n".join(["tag_id,name,category,count", *lines]) + "\n")
    return folder


def frames(path: Path, *, as_map: bool = False) -> Path:
    """Write a model of images: vectors [n, 5], or maps [n, 3, 112, 112] of the input's blocks of 4 pixels."""
    nodes, constants = look_nodes("pixel_values", 224, 224)
    if as_map:
        pool = helper.make_node("AveragePool", ["by_both"], ["map"], kernel_shape=[2, 2], strides=[2, 2])
        nodes = [*nodes[:2], pool]
    else:
        nodes.append(helper.make_node("MatMul", ["look", "weights"], ["vector"]))
    return written(
        path,
        [("pixel_values", ("n", 3, 224, 224))],
        [("map", ("n", 3, 112, 112))] if as_map else [("vector", ("n", 5))],
        nodes,
        constants if as_map else {**constants, "weights": weights(5)},
    )


def restated_resize(rgb: RGB, size: tuple[int, int], kernel: str) -> RGB:
    """Resize as the publishers' library does: separable, widened when it shrinks, rounded after each pass."""
    across = np.clip(np.round(_passes(rgb.shape[1], size[0], kernel) @ rgb.astype(np.float64)), 0, 255)
    down = np.einsum("oy,yxc->oxc", _passes(rgb.shape[0], size[1], kernel), across)
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
