"""Every operation of the tables in `minitorch_tensor.testing`, computed by `fast`."""

import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import (
    KERNELS,
    OPERATIONS,
    check_kernel,
    check_operation,
    gradcheck,
)

fast = mt.get_backend("fast")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_fast_gives_numpys_result_in_every_dtype_and_layout(operation):
    check_operation(operation, fast)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_fast_computes_what_the_loops_say(kernel):
    check_kernel(kernel, fast)


def test_gradients_through_fast_agree_with_differences():
    with mt.use_backend(fast):
        x = mt.randn(3, 4, dtype=mt.float64, requires_grad=True)
        w = mt.randn(4, 5, dtype=mt.float64, requires_grad=True)
        gradcheck(lambda x, w: (x @ w).tanh().log_softmax(1).sum(0), (x, w))
