"""The data classes as named arrays and JSON, and back, without pickle.

One generic walk: arrays become entries of an archive, everything else JSON; a nested data class
(``Trajectory.initial``) is walked in turn. Decoding runs the data class's own checks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Events, Features, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError

CLASSES: dict[str, type[Any]] = {
    cls.__name__: cls for cls in (Configuration, Events, Features, Labels, Loading, Trajectory)
}
Arrays = dict[str, NDArray[Any]]


def encode(value: Any) -> tuple[Any, Arrays]:
    """A JSON tree and the arrays it refers to.

    Raises:
        VitreousError: something that is neither a data class, an array of numbers, flags or text,
        nor plain.
    """
    arrays: Arrays = {}
    return _encode(value, arrays, "value"), arrays


def _encode(value: Any, arrays: Arrays, path: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufcSU":
            raise VitreousError(
                f"{path} is an array of {value.dtype}; only numbers, flags and text can be stored"
            )
        name = f"array{len(arrays)}"
        arrays[name] = np.ascontiguousarray(value).reshape(value.shape)
        return {"array": name}
    if isinstance(value, Mapping):
        return {
            "map": [
                [_encode(k, arrays, path), _encode(v, arrays, f"{path}.{k}")]
                for k, v in value.items()
            ]
        }
    if isinstance(value, list | tuple):
        return {
            type(value).__name__: [
                _encode(item, arrays, f"{path}[{i}]") for i, item in enumerate(value)
            ]
        }
    if is_dataclass(value) and CLASSES.get(type(value).__name__) is type(value):
        content = {
            f.name: _encode(getattr(value, f.name), arrays, f"{path}.{f.name}")
            for f in fields(value)
        }
        return {"data": type(value).__name__, "fields": content}
    raise VitreousError(
        f"{path} is a {type(value).__name__}, which cannot be stored; give numbers, text, arrays, "
        "or data classes of vitreous.core.data"
    )


def decode(tree: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """What ``encode`` took, equal bit for bit.

    Raises:
        VitreousError: a tree that ``encode`` did not write.
    """
    if not isinstance(tree, dict):
        return tree
    if "array" in tree:
        return arrays[tree["array"]]
    if "map" in tree:
        return {decode(k, arrays): decode(v, arrays) for k, v in tree["map"]}
    if "list" in tree:
        return [decode(item, arrays) for item in tree["list"]]
    if "tuple" in tree:
        return tuple(decode(item, arrays) for item in tree["tuple"])
    if tree.get("data") in CLASSES:
        return CLASSES[tree["data"]](
            **{name: decode(v, arrays) for name, v in tree["fields"].items()}
        )
    raise VitreousError(
        f"stored data of an unknown form: {sorted(tree)}; it was written by another version"
    )
