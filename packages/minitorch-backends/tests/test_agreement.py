"""Every operation of the tables in `minitorch_tensor.testing`, computed by `fast`."""

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import (
    KERNELS,
    LAYOUTS,
    OPERATIONS,
    Draw,
    arrange,
    assert_close,
    gradcheck,
)

fast = mt.get_backend("fast")

#: Sums of products in float32 differ by the order of additions.
TOLERANCES = {mt.float32: {"rtol": 1e-4, "atol": 1e-4}}


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_fast_gives_numpys_result_in_every_dtype_and_layout(operation):
    for dtype in operation.dtypes:
        for sample in operation.samples(Draw(dtype)):
            args, kwargs = sample.map(lambda x: x)
            with np.errstate(all="ignore"):
                expected = operation.reference(*args, **kwargs)
            for layout in LAYOUTS:
                args, kwargs = sample.map(lambda x, layout=layout: arrange(x, layout, fast))
                with mt.use_backend(fast):
                    got = operation.function(*args, **kwargs)
                got = tuple(got) if isinstance(got, tuple) else got
                tolerances = TOLERANCES.get(dtype, {})
                message = f"{operation} of {dtype}, {layout}"
                assert_close(got, expected, equal_nan=True, msg=message, **tolerances)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_fast_computes_what_the_loops_say(kernel):
    layouts = ("contiguous", "offset") if kernel.writes else LAYOUTS
    for dtype in kernel.dtypes:
        for sample in kernel.samples(Draw(dtype)):
            args, kwargs = sample.map(np.copy)
            with np.errstate(all="ignore"):
                expected = kernel.reference(*args, **kwargs)
            for layout in layouts:
                args, kwargs = sample.map(
                    lambda x, layout=layout: arrange(np.copy(x), layout, fast)._data
                )
                results = kernel.call(fast, *args, **kwargs)
                if not isinstance(results, (tuple, list)):
                    results, expected_results = [results], [expected]
                else:
                    expected_results = expected
                for got, wanted in zip(results, expected_results, strict=True):
                    tensor = mt.Tensor(got, fast)
                    message = f"{kernel} of {dtype}, {layout}"
                    tolerances = TOLERANCES.get(dtype, {})
                    assert_close(tensor, wanted, equal_nan=True, msg=message, **tolerances)


def test_gradients_through_fast_agree_with_differences():
    with mt.use_backend(fast):
        x = mt.randn(3, 4, dtype=mt.float64, requires_grad=True)
        w = mt.randn(4, 5, dtype=mt.float64, requires_grad=True)
        gradcheck(lambda x, w: (x @ w).tanh().log_softmax(1).sum(0), (x, w))
