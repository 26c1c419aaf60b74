"""The optimiser of orthogonalised momentum: torch's own is the oracle, which rounds to 8 bits
within.
"""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from vitreous.learning.muon import NARROW, RATIO, Muon, orthogonal  # noqa: E402


@pytest.mark.parametrize("shape", [(3, 16, 32), (2, 40, 12), (1, 24, 24)])
def test_singular_vectors_stay_and_singular_values_come_near_one(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    result = orthogonal(matrices)
    assert torch.linalg.svdvals(result).min() > 0.6 and torch.linalg.svdvals(result).max() < 1.3
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    inner = u.mT @ result @ v.mT
    np.testing.assert_allclose(inner, torch.diag_embed(inner.diagonal(dim1=1, dim2=2)), atol=1e-4)


def stepped(kind, shapes, **settings):
    generator = torch.Generator().manual_seed(1)
    parameters = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]
    optimizer = kind(parameters, **settings)
    for _ in range(4):
        for p in parameters:
            p.grad = torch.randn(p.shape, generator=generator)
        optimizer.step()
    return parameters


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch before 2.9 has none")
def test_matrices_step_as_with_torch():
    shapes = [(32, 16), (16, 32), (32, 16), (20, 20)]
    start = stepped(torch.optim.SGD, shapes, lr=0.0)
    ours = stepped(Muon, shapes, lr=0.01, weight_decay=0.1)
    theirs = stepped(torch.optim.Muon, shapes, lr=RATIO * 0.01, weight_decay=0.1)
    for before, p, q in zip(start, ours, theirs, strict=True):
        assert (p - q).norm() < 0.02 * (q - before).norm()


def test_biases_and_narrow_matrices_step_as_with_adamw():
    shapes = [(32,), (NARROW, 32), (1, 4)]
    ours, theirs = (
        stepped(kind, shapes, lr=0.01, weight_decay=0.1) for kind in (Muon, torch.optim.AdamW)
    )
    for p, q in zip(ours, theirs, strict=True):
        assert torch.equal(p, q)


def test_a_schedule_of_the_rate_reaches_both():
    parameters = [torch.nn.Parameter(torch.ones(16, 16)), torch.nn.Parameter(torch.ones(4))]
    optimizer = Muon(parameters, lr=0.1, weight_decay=0.0)
    for p in parameters:
        p.grad = torch.ones_like(p)
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    assert all(torch.equal(p, torch.ones_like(p)) for p in parameters)
