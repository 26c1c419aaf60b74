"""The kinds that describe glasses and learn from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Attention, Configuration, Drawn, Features, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces.method import Method
from vitreous.core.interfaces.physics import Potential

Array = NDArray[Any]
Log = Callable[[str, float, int], None]  #: log(metric, value, step)
Example = tuple[Any, Labels]  #: Features, or Drawn ones; and labels


class Descriptor(Method):
    """Turns structure, seen in the loading's frame, into model input at given sites.

    ``rotation`` declares what a common rotation of glass, sites and loading does: "invariant"
    (nothing) for all of ours, since the loading frame turns along; "equivariant" or "none"
    otherwise. ``weak_is`` of a descriptor that serves as ``indicators`` maps a column to "low" or
    "high", the side that marks weak sites; columns it does not name are not scored.

    Features that would fill the memory (images, density maps) are drawn when a batch needs them:
    ``describe`` then returns what they are drawn from, of another form (``stores``), and ``view``
    gives models the features to draw, of ``form``.
    """

    kind = "descriptor"
    form: ClassVar[str]  #: of the features that a model sees
    stores: ClassVar[str] = ""  #: form of what ``describe`` returns, ``form`` itself if empty
    levels: ClassVar[frozenset[str]]
    dimensions: ClassVar[frozenset[int]]
    needs_bonds: ClassVar[bool]
    needs_potential: ClassVar[bool] = False  #: whether ``describe`` reads the potential
    rotation: ClassVar[str]
    weak_is: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @property
    @abstractmethod
    def reach(self) -> float:
        """Distance (length) from a site beyond which no atom enters its features; infinite if the
        whole glass does.
        """

    @property
    def bound_to_axes(self) -> str:
        """Why what is learnt along one direction of loading says nothing along another; empty where
        features turn with the loading.
        """
        return ""

    @property
    def bound_to_cell(self) -> str:
        """Why a glass repeated along a lattice vector is another glass to it, such as modes that
        fit the cell; empty where it is the same.
        """
        return ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image (C, H, W), where the fields decide it; empty where a glass does."""
        return ()

    @property
    def meanings(self) -> Mapping[str, str]:
        """What a large value of a column says of a site, in a few words that go on "fails here
        because of"; columns of one meaning are explained together. Empty where that is not known.
        """
        return {}

    @property
    def reads_atom_order(self) -> bool:
        """Whether features change when the atoms of the glass are numbered otherwise."""
        return False

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        """Raise VitreousError for a glass that can never be described; called before it is relaxed
        or labelled.
        """

    def needed(self, potential: Potential | None) -> Potential:
        """The potential that ``describe`` was given. Raises VitreousError for none."""
        if potential is None:
            raise VitreousError(
                f"{type(self).__name__} needs the potential of the glass; give it as the last "
                "argument"
            )
        return potential

    @abstractmethod
    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        """Features (one entry per row of ``sites`` (M, D)) of the undeformed glass; ``level`` is
        one of ``levels``. ``potential`` is given where ``needs_potential``.
        """

    def view(self, described: Features) -> Features | Drawn:
        """What a model sees of ``described``: itself, unless features are drawn on demand."""
        return described


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
    knows_attention: ClassVar[bool] = False  #: whether ``Fitted.attention`` answers
    knows_contributions: ClassVar[bool] = False  #: whether ``Fitted.contributions`` answers
    #: roles ("train", "validation") whose glasses it divides among folds: by ``glasses_of``
    cross_validates: ClassVar[frozenset[str]] = frozenset()

    @property
    def auxiliary(self) -> tuple[str, ...]:
        """Names of the ``Labels.columns`` that it learns beside the label."""
        return ()

    @classmethod
    def brief(cls) -> Self:
        """``example`` trained for a moment, for those checks of the kit that need a fit, but not a
        good one; override it where a fit takes seconds.
        """
        return cls.example()

    def refuse(self) -> None:
        """Raise VitreousError where this machine cannot train it; called before anything is
        computed.
        """

    def refuse_shape(self, shape: tuple[int, ...]) -> None:
        """Raise VitreousError where it has no layers for images of this ``shape`` (C, H, W); called
        before anything is computed.
        """

    def refuse_glasses(self, training: int) -> None:
        """Raise VitreousError where it cannot learn from so many training glasses; called before
        anything is computed.
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
    def predict(self, features: Any) -> Array:
        """Predictions for ``features`` (``Features``, or ``Drawn`` ones) in the labels' unit and of
        their shape, (M,) or (M, T), independent of how
        the sites are batched; numbers of classes for labels of task "class"; for those of task
        "survival" the strain at which the cumulative hazard of a site is 1.
        """

    def probabilities(self, features: Any) -> Array | None:
        """(M, classes) probabilities, which sum to 1; None from a model of another task than
        "class".
        """
        return None

    def hazards(self, features: Any, strains: Array) -> Array | None:
        """(M, S) cumulative hazards H of the sites at ``strains`` (S,), dimensionless: exp(-H) is
        the probability that a site still holds. None from a model of another task than "survival".
        """
        return None

    def contributions(self, features: Any) -> Array | None:
        """(M, C) what each of the C columns of features of form "vector" adds to the logarithm of a
        site's hazard, dimensionless: with a constant they add up to it. None from a model whose
        hazards are no such sums.
        """
        return None

    def attribution(self, features: Any) -> Array | None:
        """What each row of the input (an atom, a node) or each pixel contributes to the prediction:
        (T,) for graphs and sequences, (M, H, W) for images, in the labels' unit; None from a model
        that does not know.
        """
        return None

    def attention(self, features: Any, copies: int) -> tuple[Attention, ...]:
        """Where in its images the prediction is decided, coarsest map last, averaged over at most
        ``copies`` symmetric images of each site; empty from a model that does not know.
        """
        return ()

    def uncertainty(self, features: Any) -> Array | None:
        """Standard deviations of the predictions, in the labels' unit and shape; None from a model
        that does not know.
        """
        return None

    def left_out(self) -> Array | None:
        """(R,) \\|error\\| over uncertainty at the labelled sites of the training glasses, each
        predicted by a model fitted to the other glasses: what intervals are set by where there
        are no validation glasses. None from a model that does not know.
        """
        return None

    def stored(self) -> None:  # noqa: B027, most models keep nothing
        """Called once the model is safely stored: what its training kept, to resume after a stop,
        may be deleted.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Arrays as safetensors or npz, the rest as JSON."""
