"""What the page names, checked before anything is computed: models, potentials, deformations."""

from __future__ import annotations

from typing import Any

from vitreous.app.view.desk import Desk
from vitreous.app.view.opened import RUN
from vitreous.core.errors import VitreousError

_KNOWN: dict[str, type | tuple[type, ...]] = {
    "potential": str,
    "mode": str,
    "sign": int,
    "angle": (int, float),
    "strain_max": (int, float),
    "strain_step": (int, float),
    "stop_after_events": (int, type(None)),
    "relax": bool,
}
Answer = dict[str, Any]


def bundles(desk: Desk) -> list[Answer]:
    """Those that ship, and those of the runs in the folder: what is given to ``/api/predict``, and
    the units and species of the glasses that each is asked about.
    """
    from vitreous.bundles.read import SHIPPED
    from vitreous.core.archive import read_json

    found = []
    for path in sorted(SHIPPED.iterdir()):
        if (path / "bundle.json").is_file():
            found.append({"name": path.name, **_glasses(read_json(path / "bundle.json"))})
    for each in desk.files():
        model = desk.folder / each["name"] / "model"
        if each["kind"] == "run" and (model / "bundle.json").is_file():
            found.append({"name": f"{each['name']}/model", "names": [], "dimension": 0})
    return found


def _glasses(about: Any) -> Answer:
    glasses = about["glasses"]
    return {"names": list(glasses["names"]), "dimension": glasses["dimension"]}


def bundle_named(desk: Desk, name: str) -> str:
    """The name of a bundle that ships, or the folder of one in the desk's folder.

    Raises:
        VitreousError: for any other name.
    """
    from vitreous.bundles.read import SHIPPED

    if name in {path.name for path in SHIPPED.iterdir() if path.is_dir()}:
        return name
    path = desk.path_of(name)
    if not (path / "bundle.json").is_file():
        raise VitreousError(f"'{name[:80]}' is no model; expected the model folder of a {RUN}")
    return str(path)


def potentials() -> list[Answer]:
    """Those that need nothing but their name, with the species they know."""
    from vitreous.core.registry import discover
    from vitreous.direct import potential

    found = []
    for name in discover().names("potential"):
        try:
            model = potential(name)
        except VitreousError:  # needs more than its name: a table, parameters
            continue
        found.append({"name": name, "names": list(model.elements)})
    return found


def deformation_named(how: Answer) -> Answer:
    """The arguments of a deformation. Raises VitreousError for one missing or of a wrong type."""
    for name, kind in _KNOWN.items():
        value = how.get(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise VitreousError(f"{name} of the deformation is {value!r}; fill in its box")
    return {name: how[name] for name in _KNOWN}
