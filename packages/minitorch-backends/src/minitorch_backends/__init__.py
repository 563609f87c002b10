"""Backends that compile: `fast` (numba, every core).

They are registered through the entry-point group `minitorch.backends`, exactly as anyone else's
would be. Importing this package imports no compiler: each backend is a module of its own.
"""

from importlib.metadata import version

__version__ = version("minitorch-backends")
