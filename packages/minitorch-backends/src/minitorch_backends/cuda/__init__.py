"""`cuda`: kernels on an NVIDIA GPU.

Each file holds one family of kernels and has the name of its twin in `fast`; `backend.CudaBackend`
says which of the interface's operations they serve. `compile` explains how kernels are written and
tested, `device` how memory is allocated and which calls wait.
"""

from minitorch_backends.cuda.backend import CudaBackend

__all__ = ["CudaBackend"]
