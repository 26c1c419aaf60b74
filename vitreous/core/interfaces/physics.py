"""The kinds that make, deform and label glasses."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from vitreous.core.data import Configuration, Labels, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces.method import Method
from vitreous.core.loading import Loading
from vitreous.core.surface import EnergySurface


class Potential(Method):
    """An interatomic model. Declares the species it knows (by name), the dimensions it works in,
    and its units.
    """

    kind = "potential"
    species: ClassVar[tuple[str, ...]]
    dimensions: ClassVar[frozenset[int]]
    units: ClassVar[str]
    #: the model's own unit of length, in that of ``units``; simulators and probes judge how far
    #: atoms move in it. First neighbours lie half to ten of it apart
    length: ClassVar[float] = 1.0

    @property
    def elements(self) -> tuple[str, ...]:
        """The species of this very model, in the order that LAMMPS types 1, 2, ... stand for; fewer
        than ``species`` where a file says.
        """
        return self.species

    @abstractmethod
    def surface(self, configuration: Configuration) -> EnergySurface:
        """The energy surface of these atoms. Raises VitreousError for wrong species, units or
        dimension, or a cell too small.
        """

    @property
    def masses(self) -> Mapping[str, float]:
        """Masses of the species, in one unit; empty where the model does not tell them."""
        return {}

    def lammps_commands(self, configuration: Configuration) -> tuple[str, ...]:
        """``pair_style`` and ``pair_coeff`` lines of the same model where LAMMPS has it (types in
        the order of ``configuration.names``).
        """
        return ()

    def fingerprint(self) -> str:
        """What it depends on beyond its fields (a digest of the file it is read from); part of
        every key it enters.
        """
        return ""


class Generator(Method):
    """Makes glasses, or reads them. ``available`` is how many there are (None: as many as asked
    for). ``reads``: the endings of the files that it reads, such as ".extxyz"; empty where it makes
    glasses.
    """

    kind = "generator"
    reads: ClassVar[tuple[str, ...]] = ()
    dimensions: ClassVar[frozenset[int]]
    has_bonds: ClassVar[bool]  #: whether its glasses carry a bond list
    made_in: ClassVar[str] = ""  #: units of its glasses by default, empty for none

    @property
    def available(self) -> int | None:
        """Number of glasses it can give; None: any number."""
        return None

    @property
    def bond_limit(self) -> float:
        """Atoms of its glasses, of kinds that bond, are bonded where they are closer than this,
        length; infinite: that is not known, and glasses whose bonds break or form while they are
        relaxed are then not found.
        """
        return np.inf

    @property
    def bonded(self) -> bool:
        """Whether the glasses made with these very fields carry a bond list."""
        return self.has_bonds

    @property
    def glass_units(self) -> str:
        """The units of the glasses made with these very fields; empty: each glass has its own."""
        return self.made_in

    def suited(self, potential: Potential) -> Self:
        """This generator for glasses under ``potential``: fields that were left open, such as units
        and species, become the potential's. Raises VitreousError where it cannot be read.
        """
        return self

    @abstractmethod
    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        """Glass number ``index``; the same rng state gives the same glass, bit for bit."""

    def fingerprint(self, index: int) -> str:
        """What glass number ``index`` depends on beyond the fields (a digest of the file it is read
        from); part of its cache key.
        """
        return ""


class Simulator(Method):
    """Relaxes a glass and deforms it athermally and quasistatically.

    ``resumes``: whether ``deform`` takes ``underway`` (``vitreous.core.underway``), so that it
    reports how far it is and resumes after an interruption.
    """

    kind = "simulator"
    dimensions: ClassVar[frozenset[int]]
    resumes: ClassVar[bool] = False

    @abstractmethod
    def relax(self, configuration: Configuration, potential: Potential) -> Configuration:
        """The glass at rest in its cell. Raises NotConverged."""

    @property
    def reach(self) -> float:
        """The largest strain that it goes to; infinite if that is not known beforehand."""
        return np.inf

    @property
    def detects_breaks(self) -> bool:
        """Whether it looks for broken bonds, and so needs a glass with bonds."""
        return False

    @property
    def own_model(self) -> bool:
        """Whether it computes with a model of its own, of which the potential gives only species
        and units.
        """
        return False

    @abstractmethod
    def deform(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        *,
        strains: Sequence[float] = (),
    ) -> Trajectory:
        """The relaxed glass taken along the loading; the states at ``strains`` are saved, each at
        its step or the first one beyond.

        Raises NotConverged.
        """


class Labeler(Method):
    """Turns a relaxed glass, and its deformation where ``needs_trajectory``, into targets at a
    declared level, for a declared task.
    """

    kind = "labeler"
    level: ClassVar[str]
    task: ClassVar[str] = "value"  #: one of vitreous.core.data.TASKS
    needs_trajectory: ClassVar[bool]
    needs_bonds: ClassVar[bool] = False  #: cannot label glasses of a generator without bonds
    dimensions: ClassVar[frozenset[int]]
    sign: ClassVar[str] = "any"  #: "positive" where no label can lie below zero
    columns: ClassVar[frozenset[str]] = (
        frozenset()
    )  #: of ``Labels.columns`` that every label comes with, which a model may learn along

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the columns of its (M, T) values; empty where they are (M,)."""
        return ()

    @property
    def strains(self) -> tuple[float, ...]:
        """Those at which it needs the deformed glass; they are saved when it is deformed."""
        return ()

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        """Raise VitreousError for a glass that can never be labelled; called before it is relaxed,
        deformed or labelled.
        """

    def deformed(self, trajectory: Trajectory | None) -> Trajectory:
        """The deformation that ``label`` was given. Raises VitreousError for none."""
        if trajectory is None:
            raise VitreousError(
                f"{type(self).__name__} needs a deformation, but none was given; deform the glass "
                "first"
            )
        return trajectory

    @abstractmethod
    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """Labels of one glass; ``trajectory`` is given exactly when ``needs_trajectory``."""
