"""The dense factorisation that probes solve with."""

import numpy as np
import pytest

from vitreous.mechanics.probing.cholesky import back_substitute, factorise


@pytest.mark.parametrize("n", [1, 2, 7, 40, 161])
def test_dense_cholesky_solves(n):
    rng = np.random.default_rng(n)
    a = rng.normal(size=(n, n))
    a = a @ a.T + n * np.eye(n)
    b = rng.normal(size=n)
    factor, x = a.copy(), b.copy()
    assert factorise(factor)
    back_substitute(factor, x)
    np.testing.assert_allclose(a @ x, b, atol=1e-9)


def test_dense_cholesky_refuses_indefinite_matrices():
    assert not factorise(np.diag([1.0, 2.0, -1e-9, 3.0]))
