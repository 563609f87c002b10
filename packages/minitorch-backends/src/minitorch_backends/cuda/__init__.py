"""`cuda`: kernels on an NVIDIA GPU.

Each file holds one family of kernels and has the name of its twin in `fast`; `backend.CudaBackend`
says which of the interface's operations they serve. `compile` says how kernels are written and
tested, `device` where memory comes from and what is waited for.
"""

from minitorch_backends.cuda.backend import CudaBackend

__all__ = ["CudaBackend"]
