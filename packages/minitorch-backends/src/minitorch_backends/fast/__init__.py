"""`fast`: compiled loops on every core.

Each file holds one family of kernels, and `backend.FastBackend` says which of the interface's
operations they serve.

Kernels take only C-contiguous numpy arrays, so that each is compiled once per dtype; the
backend copies arguments that are not contiguous.
"""

from minitorch_backends.fast.backend import FastBackend
from minitorch_backends.fast.threads import get_num_threads, set_num_threads

__all__ = ["FastBackend", "get_num_threads", "set_num_threads"]
