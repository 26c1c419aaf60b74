"""A glass and deformations of it with events of chosen kinds, at strains 0.01, 0.02, ..."""

import numpy as np

from vitreous.core.data import Events, Loading, Trajectory
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_honeycomb

POTENTIAL, LOADING = YukawaSilica(), Loading(mode="uniaxial")
GLASS = silica_honeycomb(6, 4)


def deformation(kinds, atoms=None):
    count = len(kinds)
    atoms = np.arange(count) if atoms is None else np.array(atoms)
    events = Events(
        strain=0.01 * np.arange(1, count + 1),
        energy_drop=np.ones(count),
        stress_drop=np.ones(count),
        atom=atoms,
        position=GLASS.positions[atoms].reshape(-1, 2),
        kind=kinds,
    )
    return Trajectory(
        initial=GLASS,
        loading=LOADING,
        strain=np.array([0.0, 0.1]),
        energy=np.zeros(2),
        stress=np.zeros((2, 2, 2)),
        residual=np.zeros(2),
        frame_strain=np.array([0.0]),
        frames=GLASS.positions[None],
        events=events,
        cells=GLASS.cell[None],
    )
