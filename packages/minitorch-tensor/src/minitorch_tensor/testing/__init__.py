"""Tools for tests of tensors, for authors of backends and of functions.

- `conformance.BackendConformance` is a test class to derive from: hundreds of checks of a backend
  that is named in it. It needs pytest and hypothesis (`minitorch-tensor[conformance]`), so it is
  not imported from here.
- `assert_close` compares tensors, arrays and numbers, and says where they differ.
- `gradcheck` and `gradgradcheck` compare derivatives with finite differences.
- `OPERATIONS` is a table of every function with sample inputs and what numpy makes of them, and
  `KERNELS` one of the operations that only backends have. `check_operation`, `check_gradient` and
  `check_kernel` check a row of these on a backend, with the same elements arranged in memory in
  every way (`arrange`) that it must cope with.
"""

from minitorch_tensor.testing.checks import check_gradient, check_kernel, check_operation
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.gradients import gradcheck, gradgradcheck
from minitorch_tensor.testing.kernels import KERNELS, Kernel
from minitorch_tensor.testing.layouts import LAYOUTS, arrange
from minitorch_tensor.testing.operations import OPERATIONS, Operation
from minitorch_tensor.testing.samples import Draw, Sample

__all__ = [
    "KERNELS",
    "LAYOUTS",
    "OPERATIONS",
    "Draw",
    "Kernel",
    "Operation",
    "Sample",
    "arrange",
    "assert_close",
    "check_gradient",
    "check_kernel",
    "check_operation",
    "gradcheck",
    "gradgradcheck",
]
