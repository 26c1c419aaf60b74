"""The kinds of component: one abstract class each, one or two methods, declarations as class attributes.

A component is a frozen keyword-only dataclass: the constructor stores, the method works. Its fields are its parameters, its
configuration and its cache key; a field with ``metadata={"affects_result": False}`` (workers, verbosity) stays out of the key.
``version`` is raised whenever the same fields would give another result.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Features, Labels, Trajectory
from vitreous.core.loading import Loading
from vitreous.core.tracking import Beginning, Outcome

Array = NDArray[Any]
Log = Callable[[str, float, int], None]  #: log(metric, value, step)
Example = tuple[Features, Labels]


class LinearResponse(Protocol):
    """The Hessian of an energy surface at one state; arrays (N, D).

    ``short_ranged``: whether it is sparse enough to be factorised as it is.
    """

    short_ranged: bool

    def multiply(self, v: Array) -> Array:
        """H v."""
        ...

    def affine_force(self, gradient: Array) -> Array:
        """The rate at which forces build up when everything moves as ``dx = gradient @ x``, cell included."""
        ...

    def network(self, bond_range: float) -> Any:
        """The stiffness of pairs closer than ``bond_range`` alone, positive semidefinite; scipy sparse (N*D, N*D)."""
        ...

    def hessian(self) -> Any:
        """The whole, scipy sparse (N*D, N*D)."""
        ...


class EnergySurface(Protocol):
    """The potential energy of given atoms as a function of positions (N, D) and cell (D, D), in the glass's units.

    ``bond_range`` (length): pairs closer than this carry most of the stiffness. ``force_range`` (length): an atom's force depends on atoms
    no further away. ``energy_forces_virial`` may reuse its force buffer. A surface whose forces alone cost less may
    have ``forces(positions, cell) -> (N, D)`` besides, which descents then use; one that refuses thin cells may say by ``cutoff`` (length)
    how thin a cell may become, and a deformation that would go beyond is then refused before it starts.
    """

    bond_range: float
    force_range: float

    def energy_forces(self, positions: Array, cell: Array) -> tuple[float, Array]:
        """Energy and forces (N, D)."""
        ...

    def energy_forces_virial(self, positions: Array, cell: Array) -> tuple[float, Array, Array]:
        """Energy, forces (N, D) and dE/dstrain (D, D): the stress times the volume, positive in tension."""
        ...

    def atom_energies(self, positions: Array, cell: Array) -> Array:
        """Energies (N,) that add up to the whole."""
        ...

    def stress(self, positions: Array, cell: Array) -> Array:
        """Cauchy stress (D, D), energy per area or volume, positive in tension."""
        ...

    def linearise(self, positions: Array, cell: Array) -> LinearResponse:
        """The linear response at this state."""
        ...

    def hessian(self, positions: Array, cell: Array) -> Any:
        """Second derivatives of the energy with respect to positions at fixed cell, scipy sparse (N*D, N*D)."""
        ...


class Method(ABC):
    """What every kind shares: one method of one paper, registered under a kind and a name."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1

    @classmethod
    def example(cls) -> Self:
        """A small and fast instance for the conformance kit; override it where the defaults are large or a field has none."""
        return cls()

    @classmethod
    def example_glass(cls) -> Configuration | None:
        """A small glass it works on, for the kit; None: the kit's own, planar silica or, in three dimensions, a binary mixture."""
        return None


class Potential(Method):
    """An interatomic model. Declares the species it knows (by name), the dimensions it works in, and its units."""

    kind = "potential"
    species: ClassVar[tuple[str, ...]]
    dimensions: ClassVar[frozenset[int]]
    units: ClassVar[str]

    @property
    def elements(self) -> tuple[str, ...]:
        """The species of this very model, in the order that LAMMPS types 1, 2, ... stand for; fewer than ``species`` where a file says."""
        return self.species

    @abstractmethod
    def surface(self, configuration: Configuration) -> EnergySurface:
        """The energy surface of these atoms. Raises VitreousError for wrong species, units or dimension, or a cell too small."""

    def lammps_commands(self, configuration: Configuration) -> tuple[str, ...]:
        """``pair_style`` and ``pair_coeff`` lines of the same model where LAMMPS has it (types in the order of ``configuration.names``)."""
        return ()

    def fingerprint(self) -> str:
        """What it depends on beyond its fields (a digest of the file it is read from); part of every key it enters."""
        return ""


class Generator(Method):
    """Makes glasses, or reads them. ``available`` is how many there are (None: as many as asked for)."""

    kind = "generator"
    dimensions: ClassVar[frozenset[int]]
    has_bonds: ClassVar[bool]  #: whether its glasses carry a bond list

    @property
    def available(self) -> int | None:
        return None

    @property
    def bond_limit(self) -> float:
        """Atoms of its glasses, of kinds that bond, are bonded where they are closer than this, length; infinite: that is not known, and
        glasses whose bonds break or form while they are relaxed are then not found."""
        return np.inf

    @abstractmethod
    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        """Glass number ``index``; the same rng state gives the same glass, bit for bit."""

    def fingerprint(self, index: int) -> str:
        """What glass number ``index`` depends on beyond the fields (a digest of the file it is read from); part of its cache key."""
        return ""


class Simulator(Method):
    """Relaxes a glass and deforms it athermally and quasistatically."""

    kind = "simulator"
    dimensions: ClassVar[frozenset[int]]

    @abstractmethod
    def relax(self, configuration: Configuration, potential: Potential) -> Configuration:
        """The glass at rest in its cell. Raises NotConverged."""

    @abstractmethod
    def deform(self, configuration: Configuration, potential: Potential, loading: Loading) -> Trajectory:
        """The relaxed glass taken along the loading. Raises NotConverged."""


class Labeler(Method):
    """Turns a relaxed glass, and its deformation where ``needs_trajectory``, into targets at a declared level."""

    kind = "labeler"
    level: ClassVar[str]
    needs_trajectory: ClassVar[bool]
    dimensions: ClassVar[frozenset[int]]
    sign: ClassVar[str] = "any"  #: "positive" where no label can lie below zero
    columns: ClassVar[frozenset[str]] = frozenset()  #: of ``Labels.columns`` that every label comes with, which a model may learn along

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        """Raise VitreousError for a glass that can never be labelled; called before it is relaxed, deformed or labelled."""

    @abstractmethod
    def label(self, configuration: Configuration, potential: Potential, loading: Loading, trajectory: Trajectory | None) -> Labels:
        """Labels of one glass; ``trajectory`` is given exactly when ``needs_trajectory``."""


class Descriptor(Method):
    """Turns structure, seen in the loading's frame, into model input at given places.

    ``rotation`` declares what a common rotation of glass, sites and loading does: "invariant" (nothing) for all of ours, since the
    loading frame turns along; "equivariant" or "none" otherwise. A descriptor that serves as ``indicators`` may declare
    ``weak_is``, a mapping from column to "low" or "high", the side that marks weak places; columns it does not name are not scored.
    """

    kind = "descriptor"
    form: ClassVar[str]
    levels: ClassVar[frozenset[str]]
    dimensions: ClassVar[frozenset[int]]
    needs_bonds: ClassVar[bool]
    rotation: ClassVar[str]
    needs_potential: ClassVar[bool] = False  #: whether ``describe`` takes the glass's potential besides, by the name ``potential``

    @property
    def bound_to_axes(self) -> str:
        """Why what is learnt along one direction of loading says nothing along another; empty where features turn with the loading."""
        return ""

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        """Raise VitreousError for a glass that can never be described; called before it is relaxed or labelled."""

    @abstractmethod
    def describe(self, configuration: Configuration, loading: Loading, sites: Array, level: str) -> Features:
        """Features (one entry per row of ``sites`` (M, D)) of the undeformed glass; ``level`` is one of ``levels``."""

    def describe_with(self, configuration: Configuration, potential: Potential, loading: Loading, sites: Array, level: str) -> Features:
        """``describe``, which is given the potential where it needs it."""
        more = {"potential": potential} if self.needs_potential else {}
        return self.describe(configuration, loading, sites, level, **more)


class Model(Method):
    """Learns labels from features. ``fit`` returns a fitted model and leaves the component unchanged."""

    kind = "model"
    forms: ClassVar[frozenset[str]]
    levels: ClassVar[frozenset[str]]

    def refuse(self) -> None:
        """Raise VitreousError where this machine cannot train it; called before anything is computed."""

    @abstractmethod
    def fit(self, train: Sequence[Example], validation: Sequence[Example], rng: np.random.Generator, log: Log) -> Fitted:
        """Learn from ``train``; ``validation`` serves early stopping and model choice, nothing else is ever seen."""

    @abstractmethod
    def load(self, folder: Path) -> Fitted:
        """What ``Fitted.save`` wrote, without pickle. Raises VitreousError for a damaged or foreign folder."""


class Fitted(ABC):
    """A trained model."""

    @abstractmethod
    def predict(self, features: Features) -> Array:
        """(M,) predictions, in the labels' unit, independent of how the sites are batched."""

    def uncertainty(self, features: Features) -> Array | None:
        """(M,) standard deviations of the predictions, in the labels' unit; None from a model that does not know."""
        return None

    def stored(self) -> None:  # noqa: B027, most models keep nothing
        """Called once the model is safely stored: what its training kept, to go on after a stop, may be deleted."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Arrays as safetensors or npz, the rest as JSON."""


class Executor(Method):
    """Carries out independent tasks; where and how many at a time are its fields, none of which decides a result."""

    kind = "executor"
    own_processes: ClassVar[bool]  #: whether tasks run in other processes, so that a crash costs no more than the task that caused it

    @abstractmethod
    def open(self) -> futures.Executor:
        """A pool of workers. A future holds what its task returned, or the exception that ended it: ``Lost`` where its process died or it
        ran out of time. ``shutdown(cancel_futures=True)`` ends tasks under way. Raises VitreousError where no workers are to be had."""


class Tracker(Method):
    """Records runs where they can be looked at and compared."""

    kind = "tracker"

    @abstractmethod
    def start(self, beginning: Beginning) -> Tracked:
        """Open the record of a run, or of a sweep, whose jobs are told its ``id``; called before anything is computed. Raises
        VitreousError where nothing can be recorded."""


class Tracked(ABC):
    """The record of one run. ``id`` is what the jobs of a sweep know their parent by."""

    id: str

    @abstractmethod
    def finish(self, outcome: Outcome) -> None:
        """Record what came out; raises VitreousError where that cannot be done: the results are kept."""

    @abstractmethod
    def fail(self, reason: str) -> None:
        """Record why the run ended early; never raises, since another error is under way."""
