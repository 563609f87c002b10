"""Copies."""

from __future__ import annotations

from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing.operations.row import Operation, operation, unary

ROWS: tuple[Operation, ...] = (operation("clone", lambda x: x, unary(), ALL),)
