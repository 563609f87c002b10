"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

import minitorch_tensor as mt
from minitorch_tensor import Tensor, no_grad


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one after the other, (sum of their numbers).

    Raises: ValueError for no parameters.
    """
    given = list(parameters)
    if not given:
        raise ValueError("parameters_to_vector: got no parameters. Pass model.parameters().")
    return mt.cat([p.reshape(-1) for p in given])


@no_grad()
def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Set the elements of all parameters to those of a vector, in order.

    Raises: ValueError unless the vector has as many elements as all parameters.
    """
    given = list(parameters)
    count = sum(p.numel() for p in given)
    if vec.shape != (count,):
        raise ValueError(
            f"vector_to_parameters: wanted a vector of {count} elements, those of all parameters, "
            f"got {vec.shape}."
        )
    start = 0
    for p in given:
        p.copy_(vec[start : start + p.numel()].reshape(p.shape))
        start += p.numel()


__all__ = ["parameters_to_vector", "vector_to_parameters"]
