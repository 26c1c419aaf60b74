"""What sets a site apart from the median site, by meaning and in digits that are read."""

import numpy as np
import pytest

from vitreous.analysis.causes import causes, in_digits, strongest

COLUMNS = np.log([[1.0, 2.0, 1.0], [4.0, 2.0, 1.0], [9.0, 6.0, 0.5]])


def test_columns_of_one_meaning_are_added_up():
    found = causes(COLUMNS, ("long_0", "long_1", "odd_one"), {"long_0": "long", "long_1": "long"})
    assert list(found) == ["long", "odd one"]
    assert np.exp(found["long"]) == pytest.approx([0.25, 1.0, 6.75])


def test_what_raises_the_hazard_less_than_twofold_is_not_named():
    found = causes(COLUMNS, ("a", "b", "c"), {})
    assert strongest(found, 2) == [("b", pytest.approx(3.0)), ("a", pytest.approx(2.25))]
    assert strongest(found, 2, most=1) == [("b", pytest.approx(3.0))]
    assert strongest(found, 0) == []
    three = causes(COLUMNS[:, [0, 1, 1]] * 2.0, ("a", "b", "c"), {})
    assert [name for name, _ in strongest(three, 2)] == ["b", "c"]  # two, unless more are wanted


@pytest.mark.parametrize(
    ("factor", "read"), [(2.345, "2.3"), (134.0, "130"), (13_960.0, "14,000"), (12.0, "12")]
)
def test_factors_have_two_digits(factor, read):
    assert in_digits(factor) == read


def test_columns_without_names_are_no_causes():
    with pytest.raises(ValueError, match="zip"):
        causes(COLUMNS, ("a", "b"), {})
