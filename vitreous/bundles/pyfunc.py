"""What MLflow's pyfunc flavor asks for: ``MLmodel`` of a bundle names this module."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitreous.bundles.bundle import Bundle
from vitreous.bundles.columns import site_columns
from vitreous.bundles.folder import ABOUT
from vitreous.bundles.prediction import predict
from vitreous.bundles.read import read_bundle, read_model, refuse_unsigned
from vitreous.core.data import Configuration, Features
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Fitted
from vitreous.io.glasses import as_glass

if TYPE_CHECKING:
    from pandas import DataFrame

_FILES = "file"  #: column of a table of glasses


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """What MLflow's pyfunc wraps; ``bundle`` is None of a model that predicts no map."""

    fitted: Fitted
    bundle: Bundle | None = None

    def predict(self, model_input: Any) -> Any:
        """The maps of glasses as one table, at sites as dense as in training, loaded as in
        training.

        Args:
            model_input: the path of a file, ASE Atoms, a Configuration, several of these, or a
                table with a column ``file``; Features are passed to the fitted model as they are.

        Returns:
            pandas.DataFrame: a row per site. ``glass`` counts the glasses from 0, the other
            columns are those of the table that ``vitreous predict --out map.csv`` writes. For
            Features: predictions (M,).

        Raises:
            VitreousError: in one sentence, for what is no glass, or none that the model knows.
        """
        if isinstance(model_input, Features):
            return self.fitted.predict(model_input)
        if self.bundle is None:
            raise VitreousError(
                "this model predicts no map of a glass, so it takes vitreous.core.data.Features "
                f"alone; a {type(model_input).__name__} was given"
            )
        return _maps(self.bundle, _several(model_input))


def _several(given: Any) -> list[Any]:
    """The glasses one by one."""
    from ase import Atoms
    from pandas import DataFrame

    if isinstance(given, DataFrame):
        if _FILES not in given.columns:
            raise VitreousError(
                f"the table has the columns {', '.join(map(str, given.columns))}; expected a "
                f"column {_FILES} of paths"
            )
        return given[_FILES].tolist()
    if isinstance(given, Atoms | Configuration | str | Path) or not isinstance(given, Iterable):
        return [given]
    return [str(one) if isinstance(one, str) else one for one in given]


def _maps(bundle: Bundle, glasses: list[Any]) -> DataFrame:
    from pandas import DataFrame, concat

    if not glasses:
        raise VitreousError("no glass was given; expected a file or ASE Atoms, or several")
    tables = []
    for number, given in enumerate(glasses):
        found = predict(as_glass(given, bundle.potential), bundle)
        tables.append(DataFrame({"glass": number, **site_columns(found)}))
    return concat(tables, ignore_index=True)


def _load_pyfunc(path: str) -> Predictor:
    """The entry that MLflow's pyfunc flavor asks for: a bundle, or a model with checksums. Raises
    VitreousError for a folder without.
    """
    folder = Path(path)
    if not (folder / ABOUT).is_file():
        refuse_unsigned(folder)
        return Predictor(fitted=read_model(folder)[1])
    bundle = read_bundle(folder)
    return Predictor(fitted=bundle.fitted, bundle=bundle)
