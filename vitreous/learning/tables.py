"""What the models on feature vectors share: stacking the labelled rows of many glasses, and folders
that hold arrays and facts.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.archive import read_arrays
from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example

Array = NDArray[np.float64]


def labelled_rows(examples: Sequence[Example], what: str) -> tuple[Array, Array]:
    """Feature rows (R, C) and label values (R,) of all labelled sites of all glasses; unlabelled
    sites are left out.

    Raises:
        VitreousError: glasses described differently, features and labels of different length, or no
        labelled site.
    """
    check_examples(examples, what)
    rows = np.concatenate([np.asarray(f.values, dtype=np.float64)[y.mask] for f, y in examples])
    values = np.concatenate([y.values[y.mask] for _, y in examples])
    if not len(values):
        raise VitreousError(
            f"the {what} glasses hold no labelled site; check the labeler and its masks"
        )
    return rows, values


def check_examples(examples: Sequence[Example], what: str) -> None:
    """Raises VitreousError unless all glasses have the same columns and as many labels
    as sites.
    """
    if not examples:
        raise VitreousError(
            f"no {what} glass was given; at least one is needed: set split.{what}=1"
        )
    for features, labels in examples:
        check_columns(features, examples[0][0].names)
        if len(features) != len(labels):
            raise VitreousError(
                f"a {what} glass has features at {len(features)} sites but labels at "
                f"{len(labels)}; describe it at its label sites"
            )


def check_columns(features: Features, names: Sequence[str]) -> None:
    """Raises VitreousError unless the features have exactly these columns."""
    if tuple(features.names) != tuple(names):
        raise VitreousError(
            f"features have the {len(features.names)} columns {_short(features.names)}, but the "
            f"model knows the {len(names)} columns "
            f"{_short(names)}; describe the glass as in training"
        )


def chosen_columns(names: Sequence[str], patterns: Sequence[str], model: str) -> NDArray[np.int64]:
    """Numbers of the columns ``names`` that fit one of the ``patterns`` (fnmatch), in their order.

    Raises:
        VitreousError: a pattern that none fits; ``model`` is whose ``columns`` they are.
    """
    fits = {p: [k for k, n in enumerate(names) if fnmatch.fnmatchcase(n, p)] for p in patterns}
    if missing := [pattern for pattern, found in fits.items() if not found]:
        raise VitreousError(
            f"no feature fits {model} columns {', '.join(missing)}; the features are "
            f"{', '.join(names[:4])}{', ...' if len(names) > 4 else ''}"
        )
    return np.array(sorted({k for found in fits.values() for k in found}), dtype=np.int64)


def _short(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def standard_scaling(rows: Array) -> tuple[Array, Array]:
    """Mean and standard deviation (C,) of the columns; constant columns get 1."""
    mean, std = rows.mean(axis=0), rows.std(axis=0)
    return mean, np.where(std > 1e-12 * (np.abs(mean) + 1e-300), std, 1.0)


def write_folder(
    folder: Path, model: str, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]
) -> None:
    """Arrays as ``arrays.npz``, the rest as ``model.json``, which also says which model
    wrote them.
    """
    write_facts(folder, model, facts)
    np.savez(folder / "arrays.npz", **arrays)  # pyright: ignore[reportArgumentType]


def write_facts(folder: Path, model: str, facts: Mapping[str, Any]) -> None:
    """``model.json`` alone; the folder is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(
        json.dumps({"model": model, "format": 1, **facts}, indent=1), encoding="utf-8"
    )


def read_facts(folder: Path, model: str) -> dict[str, Any]:
    """``model.json``. Raises VitreousError when missing, damaged, or written by another model."""
    try:
        facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise VitreousError(
            f"{folder} holds no readable model.json ({type(error).__name__}); expected a saved "
            f"{model} model"
        ) from error
    if not isinstance(facts, dict) or facts.get("model") != model or facts.get("format") != 1:
        found = facts.get("model") if isinstance(facts, dict) else facts
        raise VitreousError(
            f"{folder} holds a model of kind {found!r}; expected a saved {model} model of format 1"
        )
    return facts


def read_folder(
    folder: Path, model: str, shapes: Mapping[str, tuple[int | None, ...]]
) -> tuple[dict[str, Array], dict[str, Any]]:
    """What ``write_folder`` wrote, with every array's shape (None: any length) and finiteness
    checked.

    Raises:
        VitreousError: a damaged or foreign folder.
    """
    facts = read_facts(folder, model)
    try:
        stored = read_arrays(folder / "arrays.npz")
        arrays = {name: np.array(stored[name], dtype=np.float64) for name in shapes}
    except Exception as error:  # zipfile, zlib, numpy and OS errors all mean the same here
        raise VitreousError(
            f"{folder}/arrays.npz of the {model} model cannot be read ({error}); save the model "
            "again"
        ) from error
    for name, shape in shapes.items():
        array = arrays[name]
        fits = array.ndim == len(shape) and all(
            want in (None, have) for have, want in zip(array.shape, shape, strict=True)
        )
        if not fits or not np.isfinite(array).all():
            raise VitreousError(
                f"{folder}: '{name}' of the {model} model is damaged (shape {array.shape}); save "
                "the model again"
            )
    return arrays, facts
