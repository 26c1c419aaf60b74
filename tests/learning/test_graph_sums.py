"""Sums and softmax over the rows of graphs have the bits of PyTorch Geometric's, and predictions
import neither it nor a compiler.
"""

import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
aggr = pytest.importorskip("torch_geometric.nn.aggr")
from torch_geometric.utils import softmax  # noqa: E402

from vitreous.learning.graphs import sums, weights  # noqa: E402


def test_sums_and_weights_are_those_of_pytorch_geometric_with_their_gradients():
    torch.manual_seed(0)
    owner = torch.randint(0, 30, (2000,))  # 30 and 31 own nothing
    for theirs, ours in (
        (lambda v: aggr.SumAggregation()(v, owner.sort().values, dim_size=32),
         lambda v: sums(v, owner.sort().values, 32)),
        (lambda v: softmax(v, owner, num_nodes=32), lambda v: weights(v, owner, 32)),
    ):  # fmt: skip
        values = torch.randn(2000, 8, requires_grad=True)
        assert torch.equal(theirs(values), ours(values))
        slopes = [
            torch.autograd.grad((of(values) * torch.arange(8.0)).sum(), values)[0]
            for of in (theirs, ours)
        ]
        assert torch.equal(*slopes)
    assert torch.equal(sums(torch.ones(3), torch.tensor([1, 1, 0]), 3), torch.tensor([1.0, 2.0, 0]))


def test_a_model_that_ships_is_loaded_without_a_compiler_and_a_library_of_graphs():
    code = (
        "import sys; from vitreous.bundles import find_bundle; find_bundle('listi'); "
        "sys.exit(', '.join({'torch_geometric', 'torch._inductor', 'pandas', 'matplotlib'} & "
        "set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
