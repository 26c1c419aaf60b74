"""Units as people read them: those of the glass, not of the labeler."""

import pytest

from vitreous.core.vocabulary import in_units


@pytest.mark.parametrize(
    ("unit", "units", "shown"),
    [
        ("energy/volume", "metal", "eV/angstrom^3"),
        ("energy/area", "lj", "epsilon/sigma^2"),
        ("energy/length^2", "silica2d", "reduced energy/angstrom^2"),
        ("length", "metal", "angstrom"),
        ("strain", "metal", "strain"),
        ("1", "lj", "1"),
        ("", "lj", ""),
    ],
)
def test_words_of_a_unit_become_those_of_the_glass(unit, units, shown):
    assert in_units(unit, units) == shown
