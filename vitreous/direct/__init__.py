"""One thing done to one glass: the Python side of ``vitreous energy``, ``relax``, ``deform``,
``probe``, ``rose``, ``d2min``, ``rings`` (with ``micrograph`` for images) and ``predict``.

from vitreous.direct import deform, potential, read_glass, relax

model = potential("yukawa_silica")
glass = relax(read_glass("glass.extxyz", model), model, cell="xy").configuration
run = deform(glass, model, loading="pure_shear", strain_max=0.1, strain_step=1e-4)
run.strain, run.scalar_stress, run.lowest_eigenvalue, run.events

Wherever a function takes a glass, it takes a Configuration, ASE Atoms, or the path of a file.
"""

from typing import TYPE_CHECKING, Any

from vitreous.bundles import Prediction, find_bundle
from vitreous.bundles.columns import atom_columns, site_columns
from vitreous.direct.compare import D2minReport, d2min, successive_d2min
from vitreous.direct.deformation import deform
from vitreous.direct.density import density_map
from vitreous.direct.glasses import potential, read_glass, read_glasses, simulator
from vitreous.direct.model import Model, predict
from vitreous.direct.probing import probe
from vitreous.direct.rest import EnergyReport, RelaxReport, energy, relax
from vitreous.direct.ringing import RingReport, rings
from vitreous.direct.rose import Rose, rose

if TYPE_CHECKING:
    from vitreous.direct.imaging import MicrographReport, micrograph

__all__ = [
    "D2minReport",
    "EnergyReport",
    "MicrographReport",
    "Model",
    "Prediction",
    "RelaxReport",
    "RingReport",
    "Rose",
    "atom_columns",
    "d2min",
    "deform",
    "density_map",
    "energy",
    "find_bundle",
    "micrograph",
    "potential",
    "predict",
    "probe",
    "read_glass",
    "read_glasses",
    "relax",
    "rings",
    "rose",
    "simulator",
    "site_columns",
    "successive_d2min",
]

_OF_IMAGES = ("MicrographReport", "micrograph")  # imported when asked for: few commands need them


def __getattr__(name: str) -> Any:
    if name not in _OF_IMAGES:
        raise AttributeError(f"module 'vitreous.direct' has no attribute '{name}'")
    from vitreous.direct import imaging

    return getattr(imaging, name)
