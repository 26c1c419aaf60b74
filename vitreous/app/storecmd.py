"""``vitreous store``: list, explain, verify, export and clean artifacts."""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from vitreous.core.data import Configuration, Events, Features, Labels, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.store import Damaged, Entry, Store


def main(options: argparse.Namespace) -> int:
    store = Store(options.store)
    if not store.folder.is_dir():
        raise VitreousError(
            f"there is no store at {store.folder}; name one with: vitreous store --store FOLDER "
            f"{options.action}"
        )
    actions: dict[str, Callable[[Store, argparse.Namespace], int]] = {
        "ls": _ls,
        "why": _why,
        "verify": _verify,
        "export": _export,
        "gc": _gc,
    }
    return actions[options.action](store, options)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _ls(store: Store, options: argparse.Namespace) -> int:
    total = 0
    for entry in store.entries():
        total += entry.size
        try:
            manifest = store.manifest(entry)
            sample = manifest.get("sample")
            about = (
                f"{'' if sample is None else f'sample {sample}':10}  "
                f"{manifest.get('seconds', 0.0):9.3f} s  {manifest.get('created', '')}"
            )
        except Damaged as error:
            about = f"damaged: {error}"
        _say(f"{entry.stage:10}  {entry.key[:12]}  {entry.size / 1e6:9.3f} MB  {about}")
    _say(f"{total / 1e6:.3f} MB in {store.folder}")
    return 0


def _why(store: Store, options: argparse.Namespace) -> int:
    _explain(store, store.find(options.key), 0)
    return 0


def _explain(store: Store, entry: Entry, depth: int) -> None:
    """The recipe of an artifact, and below it those of its parents."""
    pad = "  " * depth
    try:
        manifest = store.manifest(entry)
    except Damaged as error:
        _say(f"{pad}{entry.stage} {entry.key[:12]}: damaged ({error})")
        return
    recipe = manifest["recipe"]
    component = recipe["component"]
    _say(
        f"{pad}{entry.stage} {entry.key[:12]}  {component['target']} version "
        f"{component['version']}  ({manifest.get('provider', '')})"
    )
    for name, value in {
        **component["fields"],
        **{k: v for k, v in recipe.items() if k not in ("component", "parents")},
    }.items():
        _say(f"{pad}    {name} = {value}")
    _say(
        f"{pad}    computed in {manifest['seconds']:.3f} s on {manifest['host']} at "
        f"{manifest['created']}, "
        f"python {manifest['python']}, numpy {manifest['numpy']}"
    )
    for key in _keys(recipe.get("parents", [])):
        try:
            _explain(store, store.find(key), depth + 1)
        except VitreousError:
            _say(f"{pad}  {key[:12]}  (no longer in the store)")


def _keys(parents: Any) -> list[str]:
    if isinstance(parents, dict):
        return [key for group in parents.values() for key in _keys(group)]
    return [key for item in parents for key in ([item] if isinstance(item, str) else _keys(item))]


def _verify(store: Store, options: argparse.Namespace) -> int:
    """Status 1 if anything is damaged; nothing is changed."""
    good = bad = 0
    for entry in store.entries():
        wrong = store.verify(entry)
        good, bad = good + (not wrong), bad + bool(wrong)
        if wrong:
            _say(f"damaged: {entry.path} ({wrong})")
    _say(
        f"{good} artifacts are whole, {bad} damaged"
        + ("; the next run computes these anew" if bad else "")
    )
    return 1 if bad else 0


def _gc(store: Store, options: argparse.Namespace) -> int:
    leftovers = store.leftovers((".tmp", ".damaged"))
    size = 0
    for path in leftovers:
        size += path.stat().st_size
        path.unlink(missing_ok=True)
    _say(
        f"removed {len(leftovers)} leftovers of killed runs and damaged files, {size / 1e6:.3f} MB"
    )
    return 0


def _export(store: Store, options: argparse.Namespace) -> int:
    entry = store.find(options.key)
    found = store.get(entry.stage, entry.key)
    if found is None:
        raise VitreousError(
            f"{entry.path} was damaged and has been moved aside; run the command that made it again"
        )
    out = Path(
        options.out or f"{entry.key[:12]}.{'data' if options.to == 'lammps' else options.to}"
    )
    _csv(found[0], out) if options.to == "csv" else _structure(found[0], out, options.to)
    _say(str(out))
    return 0


def _structure(value: Any, out: Path, form: str) -> None:
    """A glass, or the saved frames of its deformation one after the other (LAMMPS: a dump, also of
    a glass with a free boundary).
    """
    from vitreous.io.write import write_configuration

    if isinstance(value, Configuration):
        lammps = ".data" if all(value.periodic) else ".dump"
        frames, suffix = [value], lammps if form == "lammps" else ".extxyz"
    elif isinstance(value, Trajectory):
        frames = [
            value.initial.with_(positions=x, cell=cell)
            for x, cell in zip(value.frames, value.cells, strict=True)
        ]
        suffix = ".dump" if form == "lammps" else ".extxyz"
    else:
        raise VitreousError(f"a {type(value).__name__} is no structure; export it with --to csv")
    with tempfile.TemporaryDirectory() as name, _writing(out) as stream:
        for frame in frames:
            stream.write(write_configuration(Path(name) / f"frame{suffix}", frame).read_text())


@contextmanager
def _writing(out: Path) -> Iterator[TextIO]:
    try:
        with open(out, "w", newline="") as stream:
            yield stream
    except OSError as error:
        raise VitreousError(f"{out} cannot be written: {error.strerror or error}") from error


def _csv(value: Any, out: Path) -> None:
    """One row per atom, site, strain or event."""
    columns = _columns(value)
    with _writing(out) as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))


def _columns(value: Any) -> dict[str, np.ndarray]:
    def split(name: str, array: np.ndarray) -> dict[str, np.ndarray]:
        return {f"{name}_{axis}": column for axis, column in zip("xyz", array.T, strict=False)}

    if isinstance(value, Configuration):
        return {
            "id": value.ids,
            "species": np.array(value.names)[value.species],
            **split("position", value.positions),
        }
    if isinstance(value, Trajectory):
        return {
            "strain": value.strain,
            "energy": value.energy,
            "stress": value.scalar_stress,
            "residual": value.residual,
        }
    if isinstance(value, Labels):
        return {
            **split("position", value.positions),
            value.name: value.values,
            **dict(value.columns),
        }
    if isinstance(value, Features) and value.form == "vector":
        return dict(zip(value.names, value.values.T, strict=True))
    if isinstance(value, Events):
        return {
            "strain": value.strain,
            "energy_drop": value.energy_drop,
            "stress_drop": value.stress_drop,
            "atom": value.atom,
        }
    what = (
        f"{value.form} features"
        if isinstance(value, Features)
        else "a fitted model"
        if isinstance(value, dict)
        else type(value).__name__
    )
    raise VitreousError(
        f"{what} cannot be written as a table; export glasses, trajectories, labels or vector "
        "features"
    )
