"""`fast`: compiled loops on every core.

Each file holds one family of kernels, and `backend.FastBackend` says which of the interface's
operations they serve.

Kernels take C-contiguous numpy arrays only, so that each is compiled once for a dtype; the
backend makes an argument contiguous where it is not.
"""

from minitorch_backends.fast.backend import FastBackend
from minitorch_backends.fast.threads import get_num_threads, set_num_threads

__all__ = ["FastBackend", "get_num_threads", "set_num_threads"]
