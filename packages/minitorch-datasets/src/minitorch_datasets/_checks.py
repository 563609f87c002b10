"""Checks of arguments that several data sets share."""

from __future__ import annotations

from minitorch_datasets.errors import DatasetError


def check_not_negative(operation: str, **numbers: int) -> None:
    """Raise DatasetError, naming the operation and the argument, if a number is below 0."""
    for name, number in numbers.items():
        if number < 0:
            raise DatasetError(
                f"{operation}: {name} is {number}, wanted 0 or more", f"Choose another {name}"
            )
