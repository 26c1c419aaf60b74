"""A trained model asked for the map of a glass, in three lines.

from vitreous import Model

prediction = Model.load("listi").predict(atoms)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from vitreous import bundles
from vitreous.bundles import Bundle, Prediction, find_bundle
from vitreous.direct.prediction_warnings import warn
from vitreous.direct.rest import rested
from vitreous.io.glasses import as_glass

if TYPE_CHECKING:
    from vitreous.io.glasses import Given


def predict(
    glass: Given, bundle: Bundle, *, grid: int | None = None, angle: float | None = None
) -> Prediction:
    """The map of a Configuration, ASE Atoms, or the last frame of a file, as
    ``vitreous.bundles.predict`` makes it.
    """
    return bundles.predict(as_glass(glass, bundle.potential), bundle, grid=grid, angle=angle)


@dataclass(frozen=True)
class Model:
    """A trained model, ready to predict."""

    bundle: Bundle

    @classmethod
    def load(cls, name: str) -> Self:
        """The model of a bundle: one that ships, such as ``listi``, or the model folder of a run.

        Raises:
            VitreousError: no such bundle, or one that is damaged.
        """
        return cls(find_bundle(str(name)))

    def predict(
        self,
        glass: Given,
        *,
        grid: int | None = None,
        angle: float | None = None,
        relax: bool = False,
    ) -> Prediction:
        """The map of a glass.

        Args:
            glass: ASE Atoms, a Configuration, or the path of a file.
            grid: sites along each side; None: as dense as in training.
            angle: of the loading direction, degrees; None: that of the training.
            relax: bring the glass to rest in its cell first.

        What speaks against the map is warned of: a glass that is not at rest, or unlike those of
        the training.

        Raises:
            VitreousError: in one sentence, for what is no glass, or none that the model knows.
        """
        configuration = as_glass(glass, self.bundle.potential)
        if relax:
            configuration = rested(configuration, self.bundle).configuration
        found = bundles.predict(configuration, self.bundle, grid=grid, angle=angle)
        warn(found, self.bundle, relax=None if relax else "predict(..., relax=True)")
        return found
