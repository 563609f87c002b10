"""Functions of several values, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.copying import CopyingOperations
from minitorch_tensor.derived.creation import CreationOperations
from minitorch_tensor.dtypes import DType, bool_
from minitorch_tensor.layout import broadcast_shapes
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_tensor.expressions import Expression


class ElementwiseOperations(CreationOperations, CopyingOperations):
    """Operations whose result at an index depends on the operands at that index."""

    def where(self, condition: TensorData, x: TensorData, y: TensorData) -> TensorData:
        """x where `condition` (bool) holds, else y; the three broadcast."""
        kept = self.zip(ops.keep_if, condition, x, x.dtype)
        other = self.zip(ops.keep_if, self.map(ops.logical_not, condition, bool_), y, y.dtype)
        return self.zip(ops.add, kept, other, x.dtype)

    def elementwise(
        self, expression: Expression, inputs: Sequence[TensorData], dtype: DType
    ) -> TensorData:
        """out[i] = expression.function(inputs[0][i], inputs[1][i], ...), for every index i of the
        shape that all inputs broadcast to.

        It makes one pass for one or two inputs; for more, one pass for each part of the expression
        that depends on two values (`Expression.steps`). Override it to fuse any number of inputs.
        """
        shape = reduce(broadcast_shapes, [x.shape for x in inputs])
        values = list(inputs)
        for part, places in expression.steps:
            if len(places) == 2:
                left, right = values[places[0]], values[places[1]]
                values.append(self.zip(part.function, left, right, dtype))
            elif places:
                values.append(self.map(part.function, values[places[0]], dtype))
            else:
                values.append(self.full(shape, part.function(), dtype))
        result = values[-1]
        return result if result.shape == shape else self.contiguous(result.expand(shape))
