"""Hazards that a third party's model gives are checked before anything rests on them."""

import numpy as np
import pytest

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.core.learning import hazards_of
from vitreous.core.vocabulary import HAZARD_STRAINS

SITES = Features(form="vector", level="atom", names=("a",), values=np.zeros((3, 1)))
RISING = np.tile(HAZARD_STRAINS, (3, 1))


class Given:
    def __init__(self, hazards):
        self.given = hazards

    def hazards(self, features, strains):
        return self.given


def test_hazards_that_rise_are_taken_as_they_are():
    np.testing.assert_array_equal(hazards_of(Given(RISING), SITES), RISING)


@pytest.mark.parametrize(
    "hazards", [None, RISING[:2], -RISING, RISING[:, ::-1], RISING * [[1.0], [1.0], [np.inf]]]
)
def test_other_hazards_are_refused(hazards):
    with pytest.raises(VitreousError, match="positive, and rising with the strain"):
        hazards_of(Given(hazards), SITES)
