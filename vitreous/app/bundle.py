"""A trained model as a folder: ``component.json`` says which component made it, ``fitted/`` holds what that component saved. No pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vitreous import __version__
from vitreous.core.build import construct
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Fitted, Model
from vitreous.core.registry import Registry, discover, load_class
from vitreous.core.store import identity

COMPONENT, FITTED = "component.json", "fitted"


def write(folder: Path, model: Model, fitted: Fitted, provider: str) -> None:
    """Save a fitted model, in a form that MLflow's pyfunc also loads, without pickle."""
    (folder / FITTED).mkdir(parents=True, exist_ok=True)
    fitted.save(folder / FITTED)
    about = {**identity(model), "provider": provider, "vitreous": __version__}
    (folder / COMPONENT).write_text(json.dumps(about, indent=1))
    flavor = {"loader_module": __name__, "data": ".", "env": {}}
    described = {"flavors": {"python_function": flavor}, "utc_time_created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")}
    (folder / "MLmodel").write_text(json.dumps(described, indent=1))  # JSON is YAML


def read(folder: Path, registry: Registry | None = None) -> tuple[Model, Fitted]:
    """The component and the fitted model of a folder that ``write`` wrote; only registered components are ever imported.

    Raises:
        VitreousError: not such a folder, or its component is not installed.
    """
    try:
        about = json.loads((folder / COMPONENT).read_text())
        target, fields = str(about["target"]), dict(about["fields"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VitreousError(f"{folder} holds no trained model ({type(error).__name__}: {error}); give the model folder of a run") from error
    cls = load_class((registry or discover()).by_target("model", target))
    model = construct(cls, "model", fields)
    return model, model.load(folder / FITTED)


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """What MLflow's pyfunc wraps."""

    fitted: Fitted

    def predict(self, model_input: Any, params: Any = None) -> Any:
        """Predictions (M,) for Features."""
        return self.fitted.predict(model_input)


def _load_pyfunc(path: str) -> Predictor:
    """The entry that MLflow's pyfunc flavor asks for."""
    return Predictor(fitted=read(Path(path))[1])
