"""The toy components, and the pipeline that they make; each file changes of it what it is about."""

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.core.pipeline import Pipeline
from vitreous.core.split import Split


@pytest.fixture
def toy(toys):
    """The module of the toy components."""
    from toyglass import components

    return components


@pytest.fixture
def toy_pipeline(toy):
    """Six glasses labelled, described and learnt from, the sixth for test."""
    return Pipeline(
        generator=toy.Lattice(),
        simulator=toy.Shear(),
        potential=toy.Springs(),
        labeler=toy.Map(),
        descriptor=toy.Places(),
        model=toy.LeastSquares(),
        loading=Loading(),
        samples=6,
        split=Split(test=(5,), validation=1),
    )


@pytest.fixture
def breakable(toy, monkeypatch):
    """Call with the numbers of the glasses whose one bond breaks when they are relaxed; returns a
    generator of such glasses.
    """
    pair = Configuration(
        positions=[[1.0, 1.0], [2.0, 1.0], [5.0, 8.0], [8.0, 8.0]],
        species=[0, 0, 0, 0],
        names=("A",),
        units="lj",
        cell=10.0 * np.eye(2),
        periodic=(True, True),
        bonds=[[0, 1]],
    )

    def generate(self, index, rng):
        return pair.with_(
            positions=pair.positions + 0.1 * rng.random((4, 2)), info={"number": index}
        )

    def prepare(broken):
        def relax(self, glass, potential):
            away = 3.0 * (glass.info["number"] in broken)
            return glass.with_(
                positions=glass.positions + np.outer([0.0, 1.0, 0.0, 0.0], [away, 0.0])
            )

        monkeypatch.setattr(toy.Shear, "relax", relax)
        return toy.Bonded()

    monkeypatch.setattr(toy.Bonded, "generate", generate)
    monkeypatch.setattr(toy.Bonded, "bond_limit", 1.5)
    return prepare
