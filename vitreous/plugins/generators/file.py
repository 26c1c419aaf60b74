"""Glasses read from files."""

from __future__ import annotations

import glob
import hashlib
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from vitreous.core.data import UNITS, Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Generator, Potential
from vitreous.core.registry import discover
from vitreous.io.atoms import CLOSEST
from vitreous.io.bonds import silica_bonds
from vitreous.io.lammps_data import STYLES
from vitreous.io.read import ENDINGS, read_configuration, reading_changed
from vitreous.io.text import content_of

SILICA = ("Si", "O")
EXAMPLE = Path(__file__).with_name("honeycomb.extxyz")  #: a small glass, included in the package


@dataclass(frozen=True, kw_only=True)
class File(Generator):
    """Read LAMMPS dump and data files, extended XYZ and other formats of ASE, gzipped or not: one
    glass per file.

    ``path`` is a file, a pattern (``*``, ``?``, ``[...]``, ``{a,b}``), or a list of these; the
    matches of each are sorted, numbers by value. The file's content enters the keys of results.
    ``find_bonds`` bonds silicon to all oxygen within ``bond_cutoff`` (length unit of the file) and
    warns of atoms with an unusual number of bonds. Masses, labels and names in the file determine
    its species; a file that contradicts ``species`` is refused, unless they are ``assumed``.

    What is None follows from the potential of the run (``suited``): its units, its species where
    the file tells none, bonds if these are Si and O, the least distance that its units allow.
    Without a potential it is that of planar silica.

    Raises:
        VitreousError: for parameters out of range, and for files that are missing, damaged, or not
        such a glass.
    """

    path: str | tuple[str, ...]
    species: tuple[str, ...] | None = None
    # no key: what a file that contradicts species gives depends on it, and that was an error before
    assumed: bool = field(default=False, metadata={"affects_result": False})
    units: str | None = None
    dimension: int | None = None
    frame: int = -1
    find_bonds: bool | None = None
    bond_cutoff: float = 2.2
    minimum_distance: float | None = None
    # how a file is read is part of its fingerprint, where this changes it
    atom_style: str | None = field(default=None, metadata={"affects_result": False})

    dimensions: ClassVar[frozenset[int]] = frozenset({2, 3})
    has_bonds: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ENDINGS

    def __post_init__(self) -> None:
        paths = [self.path] if isinstance(self.path, str | Path) else self.path
        if (
            not isinstance(paths, Sequence)
            or not paths
            or not all(isinstance(p, str | Path) and str(p) for p in paths)
        ):
            raise VitreousError(
                f"generator file got path={self.path!r}; expected a path, a pattern, or a list of "
                "these"
            )
        names = self.species if self.species is not None else ()
        if isinstance(names, str) or not all(isinstance(name, str) for name in names):
            raise VitreousError(
                f"generator file got species={self.species!r}; expected a list of names such as "
                "[Si,O]"
            )
        if self.units is not None and self.units not in UNITS:
            raise VitreousError(
                f"generator file got units='{self.units}'; expected one of {', '.join(UNITS)}"
            )
        if self.dimension not in (None, 2, 3):
            raise VitreousError(
                f"generator file got dimension={self.dimension!r}; expected 2, 3 or null"
            )
        if self.atom_style is not None and self.atom_style not in STYLES:
            raise VitreousError(
                f"generator file got atom_style={self.atom_style!r}; expected null or one of "
                f"{', '.join(STYLES)}"
            )
        for name in ("bond_cutoff", "minimum_distance"):
            value = getattr(self, name)
            if value is None and name == "minimum_distance":
                continue
            if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0.0:
                raise VitreousError(f"generator file got {name}={value!r}; expected a length")
        if not isinstance(self.frame, int) or not isinstance(self.find_bonds, bool | None):
            raise VitreousError(
                f"generator file got frame={self.frame!r}, find_bonds={self.find_bonds!r}; "
                "expected an integer, and true, false or null"
            )

    @property
    def available(self) -> int | None:
        return len(self.files())

    @property
    def bond_limit(self) -> float:
        return self.bond_cutoff

    @property
    def bonded(self) -> bool:
        return bool(self._filled(SILICA, "silica2d").find_bonds)

    @property
    def glass_units(self) -> str:
        return self.units or ""

    def suited(self, potential: Potential) -> File:
        names = () if self.species is not None else potential.elements
        return self._filled(names, potential.units)

    def _filled(self, names: Sequence[str], units: str) -> File:
        """Nothing left open: ``names`` are assumed where no species are given."""
        species = tuple(names) if self.species is None else self.species
        units = self.units or units
        return replace(
            self,
            species=species,
            assumed=self.assumed or self.species is None,
            units=units,
            find_bonds=set(species) == set(SILICA) if self.find_bonds is None else self.find_bonds,
            minimum_distance=CLOSEST.get(units, 0.5)
            if self.minimum_distance is None
            else self.minimum_distance,
        )

    def files(self) -> list[Path]:
        """The files that match ``path``, in order. Raises VitreousError if a pattern matches
        none.
        """
        return matching_files(self.path, f"generator file reads {', '.join(ENDINGS)}")

    def fingerprint(self, index: int) -> str:
        """sha256 of the file's content, and of how it is read where that once was otherwise: by the
        numbers of types alone, and without an atom style.
        """
        file = self._file(index)
        digest = hashlib.sha256(content_of(file))
        species = self._filled(SILICA, "silica2d").species
        digest.update(b"".join(reading_changed(file, species or ())))
        if self.atom_style is not None:
            digest.update(self.atom_style.encode())
        return digest.hexdigest()

    @classmethod
    def example(cls) -> Self:
        return cls(path=str(EXAMPLE))

    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        """Read glass number ``index``; ``rng`` is not used. Raises VitreousError for a bad file."""
        file, of = self._file(index), self._filled(SILICA, "silica2d")
        _refuse_foreign(file)
        with warnings.catch_warnings():
            if index:  # one note on what is assumed is enough
                warnings.filterwarnings("ignore", message=".* does not say what its types are")
            configuration = read_configuration(
                file,
                species=None if of.assumed else of.species,
                assumed=of.species,
                units=str(of.units),
                dimension=self.dimension,
                frame=self.frame,
                minimum_distance=float(of.minimum_distance or 0.0),
                atom_style=self.atom_style,
            )
        configuration = _in_order(configuration, of.species or ())
        return (
            configuration.with_(bonds=silica_bonds(configuration, self.bond_cutoff))
            if of.find_bonds
            else configuration
        )

    def _file(self, index: int) -> Path:
        files = self.files()
        if not 0 <= index < len(files):
            raise VitreousError(
                f"glass {index} was requested, but path={self.path!r} matches {len(files)}; "
                f"expected 0 to {len(files) - 1}"
            )
        return files[index]


def _in_order(glass: Configuration, names: Sequence[str]) -> Configuration:
    """The glass with its species numbered as ``names`` are, whatever the order in the file; as it
    is where it has others.
    """
    if not set(glass.names) <= set(names):
        return glass
    place = np.array([names.index(name) for name in glass.names])
    return glass.with_(species=place[glass.species], names=tuple(names))


def _refuse_foreign(file: Path) -> None:
    """Raises VitreousError for a file whose ending other generators read, and this one does not;
    endings that nobody knows are left to what the content is.
    """
    name = file.name.lower().removesuffix(".gz")
    if not name.endswith(ENDINGS) and (others := discover().readers(file)):
        raise VitreousError(
            f"{file} is read by generator={' or generator='.join(others)}; generator=file reads "
            f"{', '.join(ENDINGS)}"
        )


def matching_files(path: str | Sequence[str], reads: str) -> list[Path]:
    """The files that a path, a pattern or a list of these names, in order. Raises VitreousError,
    with what is ``reads``, if one names none.
    """
    paths = [path] if isinstance(path, str | Path) else path
    return [
        file
        for given in paths
        for pattern in expand_braces(str(given))
        for file in _matches(pattern, reads)
    ]


def expand_braces(pattern: str) -> list[str]:
    """``a{1,2}b`` gives ``a1b`` and ``a2b``, as in a shell."""
    found = re.search(r"\{([^{}]*,[^{}]*)\}", pattern)
    if not found:
        return [pattern]
    return [
        whole
        for part in found[1].split(",")
        for whole in expand_braces(pattern[: found.start()] + part + pattern[found.end() :])
    ]


def _matches(pattern: str, reads: str) -> list[Path]:
    pattern = str(Path(pattern).expanduser())
    if Path(pattern).is_file():
        return [Path(pattern)]
    files = [Path(name) for name in glob.glob(pattern, recursive=True) if Path(name).is_file()]
    if not files:
        raise VitreousError(
            f"there is no file {pattern}; check the path, which is relative to {Path.cwd()}: "
            f"{reads}"
        )
    return sorted(
        files,
        key=lambda file: [
            (0, int(w), "") if w.isdecimal() else (1, 0, w) for w in re.split(r"(\d+)", str(file))
        ],
    )
