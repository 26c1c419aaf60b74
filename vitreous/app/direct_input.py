"""What the commands on one glass are given, checked before the work begins, and what all say of
the glass.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.app.progress import measured
from vitreous.app.suggesting import unnamed
from vitreous.core.data import UNITS, Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.core.watching import watched
from vitreous.direct import potential, read_glass
from vitreous.direct.rest import EnergyReport, RelaxReport, bring_to_rest
from vitreous.io.tables import VOIGT_NAMES, in_voigt_order, write_table
from vitreous.io.write import FORMATS, WITH_COLUMNS, write_configuration
from vitreous.mechanics.relax import AT_REST

Answers = dict[str, Any]  #: what a command prints: by name, plain values


def about(glass: Configuration) -> dict[str, Any]:
    """What every command says of its glass, units included."""
    length, unit = UNITS[glass.units]
    return {
        "atoms": len(glass),
        "dimension": glass.dimension,
        "units": f"{length}, {unit}",
        **named(glass),
    }


def named(glass: Configuration) -> dict[str, Any]:
    """How many atoms there are of each species, what the types of the file mean, and
    what named them.
    """
    counts = np.bincount(glass.species, minlength=len(glass.names)).tolist()
    return {
        "species": {name: n for name, n in zip(glass.names, counts, strict=True) if n},
        **{key: glass.info[key] for key in ("types", "species_from") if key in glass.info},
    }


def relaxing(report: RelaxReport) -> dict[str, Any]:
    """What --relax changed, as every command that takes it says it."""
    before, after = report.before, report.after
    return {
        "relaxed": {
            "largest_force": {"before": before.largest_force, "after": after.largest_force},
            "energy": {"before": before.energy, "after": after.energy},
            **({"frozen_atoms": report.frozen} if report.frozen else {}),
        }
    }


def outputs(
    options: argparse.Namespace, given: Sequence[str], suffixes: Sequence[str]
) -> list[Path]:
    """The files to write. Raises VitreousError as ``refuse_unwritable`` does, for a file twice, and
    for one that is there unless ``--force`` was given.
    """
    paths = [refuse_unwritable(Path(out), suffixes, source=options.file) for out in given]
    if twice := [path for k, path in enumerate(paths) if path in paths[:k]]:
        raise VitreousError(f"{twice[0]} is named twice; name each file once")
    for path in paths:
        if path.is_file() and not options.force:
            raise VitreousError(
                f"{path} is there already; name another file, or add --force to overwrite it"
            )
    return paths


def output(options: argparse.Namespace, given: str | None, suffixes: Sequence[str]) -> Path | None:
    """The only file to write, if any; as ``outputs``."""
    return None if given is None else outputs(options, [given], suffixes)[0]


OF_ATOMS = (".csv", ".png", *WITH_COLUMNS)  #: endings of files with a number of every atom


def write_atoms(
    out: Path,
    glass: Configuration,
    columns: Mapping[str, NDArray[Any]],
    pictured: Mapping[str, tuple[NDArray[Any], str]] | None = None,
) -> Path:
    """Columns of every atom with its id, species and place in the file that it came from; of a
    picture (.png) those of ``pictured``, each with its unit.
    """
    if out.suffix == ".png" and pictured is not None:
        from vitreous.report.single import draw_atoms

        return draw_atoms(glass, pictured, out)
    if not out.name.endswith(".csv"):
        return write_configuration(out, glass, columns)
    places = dict(zip("xyz", glass.in_file(glass.positions).T, strict=False))
    names = np.array(glass.names)[glass.species]
    return write_table(out, {"id": glass.ids, "species": names, **places, **columns})


def fields(given: Sequence[str], option: str, function: Callable[..., Any]) -> dict[str, Any]:
    """``["cutoff=9", "minimiser=fire"]`` as values: JSON where it is JSON, text otherwise; for
    ``function``'s further arguments.

    Raises:
        VitreousError: something that is not FIELD=VALUE, or a field that the command has an option
        of its own for.
    """
    values: dict[str, Any] = {}
    own = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind != parameter.VAR_KEYWORD
    ]
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise VitreousError(f"cannot read '{option} {text}': write {option} FIELD=VALUE")
        if name.strip() in own:
            raise VitreousError(
                f"'{option} {text}' is not a field to set here; use the command's own arguments, "
                "see --help"
            )
        try:
            values[name.strip()] = json.loads(value)
        except ValueError:
            values[name.strip()] = value
    return values


def refuse_unwritable(
    path: Path, suffixes: Sequence[str] = (), *, source: str | None = None
) -> Path:
    """``path``, if a file may be written there, and is not the ``source`` that was read: found out
    before the work, not after it.
    """
    zipped = [f"{suffix}.gz" for suffix in suffixes if suffix in FORMATS]
    if suffixes and not path.name.endswith((*suffixes, *zipped)):
        raise VitreousError(
            f"{path} cannot be written: its name should end in {', '.join(suffixes)}"
        )
    folder = path.parent
    if path.is_dir():
        raise VitreousError(f"{path} cannot be written: it is a folder; name a file")
    if not folder.is_dir():
        raise VitreousError(f"{path} cannot be written: there is no folder {folder}; make it first")
    _try_writing(folder)
    if path.exists() and not os.access(path, os.W_OK):
        raise VitreousError(f"{path} cannot be written: permission denied")
    if source is not None and path.exists() and Path(source).exists() and path.samefile(source):
        raise VitreousError(
            f"{path} cannot be written: it is the glass that is read; name another file"
        )
    return path


def _try_writing(folder: Path) -> None:
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise VitreousError(
            f"nothing can be written in {folder}: {error.strerror or error}; choose another --out"
        ) from None


def made_folder(path: Path) -> Path:
    """The folder ``path``, made if need be; raises VitreousError if that cannot be, or nothing can
    be written there.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VitreousError(
            f"{path} cannot be made: {error.strerror or error}; choose another --out"
        ) from None
    _try_writing(path)
    return path


def model_and_glass(options: argparse.Namespace) -> tuple[Potential, Configuration]:
    """The potential that was named, and the glass in the file, read as the potential takes it."""
    if options.potential is None:
        raise unnamed(options)
    model = potential(options.potential, **fields(options.set, "--set", potential))
    return model, read_glass(
        options.file,
        model,
        species=options.species,
        dimension=options.dimension,
        frame=options.frame,
        atom_style=options.atom_style,
    )


def described_loading(options: argparse.Namespace, glass: Configuration) -> Loading:
    """The loading that was described, in the dimension of the glass."""
    return Loading(
        mode=options.loading,
        sign=options.sign,
        angle=options.angle,
        plane=options.plane,
        dimension=glass.dimension,
        contraction=options.contraction,
    )


def at_rest(options: argparse.Namespace) -> float:
    """The largest force component of a glass that counts as relaxed."""
    return AT_REST if options.at_rest is None else options.at_rest


def brought_to_rest(
    options: argparse.Namespace, model: Potential, glass: Configuration, *, hold_rim: bool
) -> tuple[Configuration, Answers]:
    """The glass, with --relax at rest and what that changed."""
    if not options.relax:
        return glass, {}
    with measured("relaxing") as shown, watched(shown):
        report = bring_to_rest(glass, model, at_rest=at_rest(options), hold_rim=hold_rim)
    return report.configuration, relaxing(report)


def stress_by_name(report: EnergyReport) -> dict[str, float]:
    """Components of the stress by name: xx, yy, xy."""
    d = len(report.stress)
    return dict(zip(VOIGT_NAMES[d], in_voigt_order(report.stress).tolist(), strict=True))


def atom_stresses(report: EnergyReport) -> dict[str, NDArray[Any]]:
    """Stress times volume of every atom, a column for each component: stress_xx, ..."""
    components = in_voigt_order(report.atom_virials).T
    names = VOIGT_NAMES[len(report.stress)]
    return {f"stress_{name}": of for name, of in zip(names, components, strict=True)}
