"""The toy components, and the pipeline that they make; each file changes of it what it is about."""

import pytest

from vitreous.core.data import Loading
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
