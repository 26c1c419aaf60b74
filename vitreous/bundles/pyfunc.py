"""What MLflow's pyfunc flavor asks for: ``MLmodel`` of a bundle names this module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitreous.bundles.folder import ABOUT
from vitreous.bundles.read import read_bundle, read_model, refuse_unsigned
from vitreous.core.interfaces import Fitted


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """What MLflow's pyfunc wraps."""

    fitted: Fitted

    def predict(self, model_input: Any, params: Any = None) -> Any:
        """Predictions (M,) for Features."""
        return self.fitted.predict(model_input)


def _load_pyfunc(path: str) -> Predictor:
    """The entry that MLflow's pyfunc flavor asks for: a bundle, or a model with checksums. Raises
    VitreousError for a folder without.
    """
    folder = Path(path)
    if (folder / ABOUT).is_file():
        return Predictor(fitted=read_bundle(folder).fitted)
    refuse_unsigned(folder)
    return Predictor(fitted=read_model(folder)[1])
