"""The kinds of component: one abstract class each, one or two methods, declarations as class
attributes.

A component is a frozen keyword-only dataclass: the constructor stores, the method works. Its fields
are its parameters, its configuration and its cache key; a field with ``metadata={"affects_result":
False}`` (workers, verbosity) stays out of the key. ``version`` is raised whenever the same fields
would give another result.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Features, Labels, Trajectory
from vitreous.core.evaluated import Evaluated
from vitreous.core.loading import Loading
from vitreous.core.surface import EnergySurface
from vitreous.core.tracking import Beginning, Outcome

if TYPE_CHECKING:
    from vitreous.core.run import Run

Array = NDArray[Any]
Log = Callable[[str, float, int], None]  #: log(metric, value, step)
Example = tuple[Features, Labels]


class Method(ABC):
    """What every kind shares: one method of one paper, registered under a kind and a name."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1

    @classmethod
    def example(cls) -> Self:
        """A small and fast instance for the conformance kit; override it where the defaults are
        large or a field has none.
        """
        return cls()

    @classmethod
    def example_glass(cls) -> Configuration | None:
        """A small glass it works on, for the kit; None: the kit's own, planar silica or, in three
        dimensions, a binary mixture.
        """
        return None


class Potential(Method):
    """An interatomic model. Declares the species it knows (by name), the dimensions it works in,
    and its units.
    """

    kind = "potential"
    species: ClassVar[tuple[str, ...]]
    dimensions: ClassVar[frozenset[int]]
    units: ClassVar[str]

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
    for).
    """

    kind = "generator"
    dimensions: ClassVar[frozenset[int]]
    has_bonds: ClassVar[bool]  #: whether its glasses carry a bond list

    @property
    def available(self) -> int | None:
        return None

    @property
    def bond_limit(self) -> float:
        """Atoms of its glasses, of kinds that bond, are bonded where they are closer than this,
        length; infinite: that is not known, and glasses whose bonds break or form while they are
        relaxed are then not found.
        """
        return np.inf

    @abstractmethod
    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        """Glass number ``index``; the same rng state gives the same glass, bit for bit."""

    def fingerprint(self, index: int) -> str:
        """What glass number ``index`` depends on beyond the fields (a digest of the file it is read
        from); part of its cache key.
        """
        return ""


class Simulator(Method):
    """Relaxes a glass and deforms it athermally and quasistatically."""

    kind = "simulator"
    dimensions: ClassVar[frozenset[int]]

    @abstractmethod
    def relax(self, configuration: Configuration, potential: Potential) -> Configuration:
        """The glass at rest in its cell. Raises NotConverged."""

    @property
    def reach(self) -> float:
        """The largest strain that it goes to; infinite if that is not known beforehand."""
        return np.inf

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

    @abstractmethod
    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """Labels of one glass; ``trajectory`` is given exactly when ``needs_trajectory``."""


class Descriptor(Method):
    """Turns structure, seen in the loading's frame, into model input at given places.

    ``rotation`` declares what a common rotation of glass, sites and loading does: "invariant"
    (nothing) for all of ours, since the loading frame turns along; "equivariant" or "none"
    otherwise. ``weak_is`` of a descriptor that serves as ``indicators`` maps a column to "low" or
    "high", the side that marks weak places; columns it does not name are not scored.
    """

    kind = "descriptor"
    form: ClassVar[str]
    levels: ClassVar[frozenset[str]]
    dimensions: ClassVar[frozenset[int]]
    needs_bonds: ClassVar[bool]
    rotation: ClassVar[str]
    weak_is: ClassVar[Mapping[str, str]] = MappingProxyType({})
    needs_potential: ClassVar[bool] = (
        # : whether ``describe`` takes the glass's potential besides, by the name ``potential``
        False
    )

    @property
    def bound_to_axes(self) -> str:
        """Why what is learnt along one direction of loading says nothing along another; empty where
        features turn with the loading.
        """
        return ""

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        """Raise VitreousError for a glass that can never be described; called before it is relaxed
        or labelled.
        """

    @abstractmethod
    def describe(
        self, configuration: Configuration, loading: Loading, sites: Array, level: str
    ) -> Features:
        """Features (one entry per row of ``sites`` (M, D)) of the undeformed glass; ``level`` is
        one of ``levels``.
        """

    def describe_with(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        sites: Array,
        level: str,
    ) -> Features:
        """``describe``, which is given the potential where it needs it."""
        more = {"potential": potential} if self.needs_potential else {}
        return self.describe(configuration, loading, sites, level, **more)


class Model(Method):
    """Learns labels from features. ``fit`` returns a fitted model and leaves the component
    unchanged.
    """

    kind = "model"
    forms: ClassVar[frozenset[str]]
    levels: ClassVar[frozenset[str]]
    tasks: ClassVar[frozenset[str]] = frozenset({"value"})
    several: ClassVar[bool] = False  #: whether it learns labels of several components
    knows_uncertainty: ClassVar[bool] = False  #: whether ``Fitted.uncertainty`` answers

    def refuse(self) -> None:
        """Raise VitreousError where this machine cannot train it; called before anything is
        computed.
        """

    @abstractmethod
    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> Fitted:
        """Learn from ``train``; ``validation`` serves early stopping and model choice, nothing else
        is ever seen.
        """

    @abstractmethod
    def load(self, folder: Path) -> Fitted:
        """What ``Fitted.save`` wrote, without pickle. Raises VitreousError for a damaged or foreign
        folder.
        """


class Fitted(ABC):
    """A trained model."""

    @abstractmethod
    def predict(self, features: Features) -> Array:
        """Predictions in the labels' unit and of their shape, (M,) or (M, T), independent of how
        the sites are batched.
        """

    def uncertainty(self, features: Features) -> Array | None:
        """Standard deviations of the predictions, in the labels' unit and shape; None from a model
        that does not know.
        """
        return None

    def stored(self) -> None:  # noqa: B027, most models keep nothing
        """Called once the model is safely stored: what its training kept, to go on after a stop,
        may be deleted.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Arrays as safetensors or npz, the rest as JSON."""


NEEDS = ("prediction", "indicators", "map", "events", "uncertainty", "bonds")


class Evaluation(Method):
    """Turns a run into numbers, tables and figures: glass by glass, then averaged, with pooled
    values beside the means.

    ``levels`` and ``tasks``: of the labels that it can score. ``needs``: what a run must have
    besides, of NEEDS; "map" is a prediction or indicators, whichever there is, and "bonds" are
    those of the glasses. What does not fit is refused before anything is computed.

    Scores are taken on ``run.role("test")`` alone. Samples may be read from disk when asked for: go
    through them one by one, and keep no trajectory or feature of one when the next comes.
    """

    kind = "evaluation"
    levels: ClassVar[frozenset[str]]
    tasks: ClassVar[frozenset[str]] = frozenset({"value"})
    several: ClassVar[bool] = False  #: whether it scores labels of several components
    needs: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def evaluate(self, run: Run) -> Evaluated:
        """What the run shows. A glass for which a number is not defined has None there, and is left
        out of its mean.
        """


class Executor(Method):
    """Carries out independent tasks; where and how many at a time are its fields, none of which
    decides a result.
    """

    kind = "executor"
    own_processes: ClassVar[
        bool
        # : whether tasks run in other processes, so that a crash costs no more than the task that
        # caused it
    ]

    @abstractmethod
    def open(self) -> futures.Executor:
        """A pool of workers. A future holds what its task returned, or the exception that ended it:
        ``Lost`` where its process died or it ran out of time. ``shutdown(cancel_futures=True)``
        ends tasks under way. Raises VitreousError where no workers are to be had.
        """


class Tracker(Method):
    """Records runs where they can be looked at and compared."""

    kind = "tracker"

    @abstractmethod
    def start(self, beginning: Beginning) -> Tracked:
        """Open the record of a run, or of a sweep, whose jobs are told its ``id``; called before
        anything is computed. Raises VitreousError where nothing can be recorded.
        """


class Tracked(ABC):
    """The record of one run. ``id`` is what the jobs of a sweep know their parent by."""

    id: str

    @abstractmethod
    def finish(self, outcome: Outcome) -> None:
        """Record what came out; raises VitreousError where that cannot be done: the results are
        kept.
        """

    @abstractmethod
    def fail(self, reason: str) -> None:
        """Record why the run ended early; never raises, since another error is under way."""
