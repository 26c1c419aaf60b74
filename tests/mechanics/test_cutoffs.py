"""Forces are continuous where neighbours cross a cutoff, or their jump is found."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from vitreous.direct import read_glass
from vitreous.mechanics.cutoffs import force_jump
from vitreous.plugins.potentials.eam import EXAMPLE, Eam
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D, lennard_jones
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import (
    LennardJones,
    binary_mixture,
    shaken_honeycomb,
    silica_crystal,
)


@dataclass(frozen=True, kw_only=True)
class Truncated(LennardJones2D):
    """Lennard-Jones, cut off at 2.5 without a shift."""

    def pair_function(self, a, b):
        return lambda r: lennard_jones(r, 1.0, 1.0)


@pytest.fixture(scope="module")
def lennard_jones_glass():
    path = Path(__file__).parents[1] / "lennard_jones_glass.extxyz"
    return read_glass(path, LennardJones2D())


def jump_of(potential, glass):
    surface = potential.surface(glass)
    return force_jump(
        lambda x, cell: surface.energy_forces(x, cell)[1], glass.positions, glass.cell
    )


@pytest.mark.filterwarnings("ignore:the forces of this pair model jump")
def test_the_jump_of_a_truncated_model_is_its_slope_at_the_cutoff(lennard_jones_glass):
    glass = lennard_jones_glass
    jump, expansion = jump_of(Truncated(), glass)
    slope = lennard_jones(np.array([2.5]), 1.0, 1.0)[1][0]
    # the largest component of a vector as long as the slope
    assert slope / np.sqrt(2) < jump < slope * (1 + 1e-6)
    i, j = np.triu_indices(len(glass), 1)
    apart = glass.positions[j] - glass.positions[i]
    reduced = apart @ np.linalg.inv(glass.cell)
    r = np.linalg.norm((reduced - np.rint(reduced)) @ glass.cell, axis=1)
    assert np.abs(r * expansion - 2.5).min() < 1e-9


SHAKEN = shaken_honeycomb(6, 4)
MODELS = {
    "yukawa_silica": (YukawaSilica(), SHAKEN),
    "a short cutoff": (YukawaSilica(cutoff=5.0, screening_length=20.0), SHAKEN),
    "little screening": (YukawaSilica(cutoff=8.0, screening_length=1e3), SHAKEN),
    "watanabe": (Watanabe(), silica_crystal()),
    "other scales": (Watanabe(epsilon=1.0, sigma=2.2), silica_crystal()),
    "force-shifted": (LennardJones(cutoff=1.5), binary_mixture()),
    "eam": (Eam(path=str(EXAMPLE)), Eam.example_glass()),
}


@pytest.mark.parametrize("name", MODELS)
def test_no_parameters_make_the_forces_of_a_built_in_model_jump(name):
    potential, glass = MODELS[name]
    largest = np.abs(potential.surface(glass).energy_forces(glass.positions, glass.cell)[1]).max()
    assert jump_of(potential, glass)[0] < 1e-7 * largest


def test_neither_does_lennard_jones(lennard_jones_glass):
    assert jump_of(LennardJones2D(), lennard_jones_glass)[0] < 1e-7
