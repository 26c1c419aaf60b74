"""The strain of the first broken bond."""

import numpy as np
import pytest
from first_events import LOADING, POTENTIAL, deformation

from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.fracture_strain import FractureStrain


def label(path, **fields):
    return FractureStrain(**fields).label(path.initial, POTENTIAL, LOADING, path)


@pytest.mark.parametrize(("kind", "strain"), [("bond_break", 0.03), ("flip", 0.01), ("any", 0.01)])
def test_it_is_that_of_the_first_event_of_the_kind(kind, strain):
    path = deformation(["flip", "flip", "bond_break", "bond_break"])
    found = label(path, kind=kind)
    assert found.values.tolist() == [strain] and found.level == "sample"


def test_it_is_unknown_where_no_bond_broke():
    found = label(deformation(["flip"]))
    assert not found.mask.any() and np.isnan(found.values).all()
    assert not label(deformation([])).mask.any()


def test_an_unknown_kind_is_refused():
    with pytest.raises(
        VitreousError, match=r"labeler\.kind is 'crack'; expected one of bond_break"
    ):
        FractureStrain(kind="crack")
