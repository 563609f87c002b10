"""Results and gradients at the edges of the numbers, on every backend that is installed."""

import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing.edges import EDGES


@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_an_edge_is_as_worked_out_on_paper(edge, backend):
    edge.check(mt, mt.from_numpy, mt.grad)
