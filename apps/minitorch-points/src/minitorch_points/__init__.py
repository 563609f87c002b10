"""Points in the plane, told apart by a network of Scalars or of Tensors, and drawn."""

from importlib.metadata import version

__version__ = version("minitorch-points")
