"""Lemaitre's law against values solved independently (a wider range of sizes, hence the tolerance)
and its own two conditions.
"""

import numpy as np
import pytest

from vitreous.analysis.ring_law import maximum_entropy_shares
from vitreous.core.errors import VitreousError


@pytest.mark.parametrize("variance", [0.05, 0.2, 0.3, 0.5, 0.75, 1.0, 1.7])
def test_mean_and_variance_are_exact_on_the_allowed_sizes(variance):
    p, n = maximum_entropy_shares(variance), np.arange(11)
    assert p.sum() == pytest.approx(1.0, abs=1e-13)
    assert p @ n == pytest.approx(6.0, abs=1e-11)
    assert p @ (n - 6) ** 2 == pytest.approx(variance, rel=1e-9)
    assert not p[:4].any()


@pytest.mark.parametrize("variance", [0.3, 0.5])
def test_the_law_is_of_maximum_entropy_form(variance):
    p = maximum_entropy_shares(variance)[4:]
    n = np.arange(4, 11)
    form = np.column_stack([np.ones(7), n, 1.0 / n])
    assert np.abs(np.log(p) - form @ np.linalg.lstsq(form, np.log(p))[0]).max() < 1e-8


def test_known_shares():
    assert np.allclose(
        maximum_entropy_shares(0.3)[4:9], [0.00011, 0.14597, 0.71141, 0.13886, 0.00363], atol=1e-5
    )
    assert np.allclose(
        maximum_entropy_shares(0.5)[4:10],
        [0.00250, 0.22244, 0.56693, 0.18958, 0.01782, 0.00072],
        atol=2e-5,
    )
    truncated = [
        0.03692,
        0.28727,
        0.39872,
        0.20665,
        0.05786,
        0.01075,
        0.00150,
    ]  # 0.006 low in variance, hence the tolerance
    assert np.allclose(maximum_entropy_shares(1.0)[4:], truncated, atol=1.2e-3)


def test_an_impossible_variance_is_refused():
    with pytest.raises(VitreousError, match="variance 9 is out of reach"):
        maximum_entropy_shares(9.0)
    with pytest.raises(VitreousError, match="do not surround 6"):
        maximum_entropy_shares(0.5, minimum=7, maximum=9)
