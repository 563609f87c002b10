"""Backends that compile: `fast` (numba, every core).

They are registered through the entry-point group `minitorch.backends`, as a third party's would be.
Importing this package does not import a compiler: each backend is a separate module.
"""

from importlib.metadata import version

__version__ = version("minitorch-backends")
