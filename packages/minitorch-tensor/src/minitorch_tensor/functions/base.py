"""Shared by all differentiable functions: promoting operands and wrapping raw kernels.

Functions never name the class Tensor: a result is made from an operand (`x._new(data)`), so that
`tensor.py` can import them and set them as methods.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minitorch_autodiff import Context, Function, Variable, scalar
from minitorch_autodiff.derivatives import DERIVATIVES, Operator
from minitorch_autodiff.function import record_binary
from minitorch_autodiff.grad_mode import grad_enabled, watchers
from minitorch_tensor.dtypes import DType, bool_, check_fits, float32, promote, scalar_dtype
from minitorch_tensor.functions.guarding import NotATensor
from minitorch_tensor.layout import Shape, broadcast_shapes

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Number, Tensor, TensorLike

#: The types of plain numbers.
NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)


def name_of(function: type[Function] | str) -> str:
    """A function's name as users write it: floor_divide for FloorDivide."""
    return function if isinstance(function, str) else _in_words(function.__name__)


@lru_cache
def _in_words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def map_(fn: Callable[[float], float], x: Tensor, dtype: DType | None = None) -> Tensor:
    """fn of every element, unrecorded."""
    data = x._data
    return x._new(x.backend.map(fn, data, dtype or data.dtype))


def zip_(
    fn: Callable[[float, float], float], x: Tensor, y: Tensor, dtype: DType | None = None
) -> Tensor:
    """fn of every pair of elements, unrecorded; the operands have been through `alike`."""
    data = x._data
    return x._new(x.backend.zip(fn, data, y._data, dtype or data.dtype))


def binary(function: type[Function], x: TensorLike, y: TensorLike) -> Tensor:
    """Apply a function to two operands on one backend, promoted to one dtype, with broadcasting.

    Raises: TypeError for an operand that is neither tensor nor number, RuntimeError for tensors on
        different backends, ValueError for shapes that do not broadcast.
    """
    try:
        a, b = x._data, y._data  # type: ignore[union-attr]
    except AttributeError:
        if not hasattr(x, "_data"):
            x = number(function, x, beside=y)  # type: ignore[arg-type]
        else:
            y = number(function, y, beside=x)  # type: ignore[arg-type]
        a, b = x._data, y._data  # type: ignore[union-attr]
    if a.dtype is not b.dtype:
        x, y = promoted(x, y)  # type: ignore[arg-type]
    if x.backend is not y.backend:  # type: ignore[union-attr]
        check_backends(name_of(function), x, y)  # type: ignore[arg-type]
    if a.shape != b.shape:
        broadcast_shapes(a.shape, b.shape, name_of(function))
    result: Tensor = function.apply(x, y)
    return result


def number(function: type[Function] | str, value: Any, beside: Tensor) -> Tensor:
    """A plain number as a zero-dimensional tensor like `beside`, whose dtype it does not widen.

    Raises: TypeError for anything else; OverflowError for an integer that the dtype does not hold.
    """
    if not isinstance(value, NUMBERS) or not hasattr(beside, "_data"):
        raise _not_an_operand(function, value, beside)
    plain: Any = value
    dtype = scalar_dtype(plain, beside._data.dtype)
    if dtype.kind == "int":
        check_fits(name_of(function), value, dtype)
    return beside._new(beside.backend.constant(plain, dtype))


def constant(operation: str, value: Number, beside: Tensor) -> Tensor:
    """A plain number as a zero-dimensional tensor of the dtype of `beside`.

    Raises: TypeError for anything else; OverflowError for a number that the dtype cannot hold.
    """
    if not isinstance(value, NUMBERS):
        raise TypeError(f"{operation}: wanted a tensor or a number, got {type(value).__name__}.")
    plain: Any = value
    check_fits(operation, plain, beside.dtype)
    return beside._new(beside.backend.constant(plain, beside.dtype))


def _not_an_operand(function: type[Function] | str, *operands: object) -> NotATensor:
    wrong = next(x for x in operands if not isinstance(x, NUMBERS) and not hasattr(x, "_data"))
    return NotATensor(
        name_of(function),
        f"a tensor combines with a tensor or a number, got {type(wrong).__name__}. "
        "Make it a tensor first, with tensor(...).",
    )


class Cast(Function):
    """x in another dtype. Gradient: d, converted back by the engine."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dtype: DType) -> Tensor:
        return x._new(x.backend.cast(x._data, dtype))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return d, None


def cast(x: Tensor, dtype: DType) -> Tensor:
    """x converted to a dtype; x itself if it has that dtype."""
    return x if x._data.dtype is dtype else Cast.apply(x, dtype)


def promoted(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both operands in their promoted dtype."""
    dtype = promote(x._data.dtype, y._data.dtype)
    return cast(x, dtype), cast(y, dtype)


def alike(function: type[Function] | str, *operands: TensorLike | None) -> list[Any]:
    """Promote and check any number of operands as `binary` does; None stays None.

    Raises: as `binary`.
    """
    tensors = [x for x in operands if isinstance(x, Variable)]
    check_backends(name_of(function), *tensors)
    dtype: DType = reduce(promote, [x.dtype for x in tensors])
    beside = cast(tensors[0], dtype)
    for x in operands:
        if x is not None and not isinstance(x, Variable):
            dtype = promote(dtype, number(function, x, beside).dtype)
    beside = cast(beside, dtype)
    result: list[Any] = []
    for x in operands:
        if isinstance(x, Variable):
            result.append(cast(x, dtype))
        else:
            result.append(None if x is None else number(function, x, beside))
    reduce(
        lambda a, b: broadcast_shapes(a, b, name_of(function)),
        [x.shape for x in result if x is not None],
    )
    return result


def floating(x: Tensor) -> Tensor:
    """x; integer and bool tensors are converted to the default floating-point dtype."""
    return x if x._data.dtype.kind == "float" else Cast.apply(x, float32)


def check_backends(operation: str, *tensors: Tensor) -> None:
    """Check that all operands are tensors, on one backend.

    Raises: TypeError for anything but a tensor; RuntimeError that names the backends.
    """
    for x in tensors:
        if not hasattr(x, "_data"):
            raise NotATensor(
                operation,
                f"wanted tensors, got {type(x).__name__}. Make it one first, with tensor(...).",
            )
    names = [t.backend.name for t in tensors]
    if any(t.backend is not tensors[0].backend for t in tensors):
        raise RuntimeError(
            f"{operation}: operands are on different backends: {', '.join(names)}. "
            f"Move one, for example with .to({names[0]!r})."
        )


def sum_to(x: Tensor, shape: Shape) -> Tensor:
    """The adjoint of broadcasting `shape` to x's: the sum over the broadcast dimensions.

    Raises: ValueError if `shape` does not broadcast to x's.
    """
    lead = x.ndim - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, x.shape[lead:])):
        raise ValueError(
            f"backward: a gradient of shape {x.shape} arrived at a value of shape {shape}, which "
            "does not broadcast to it. The function that sent it must return one gradient for "
            "each input, of that input's shape or the output's."
        )
    dims = tuple(range(lead)) + tuple(
        [d + lead for d, n in enumerate(shape) if n == 1 and x.shape[d + lead] != 1]
    )
    return (x.sum(dims, keepdim=True) if dims else x).reshape(shape)


def zeros_of(d: Tensor) -> Tensor:
    """A gradient of zeros like d."""
    return d._new(d.backend.full(d.shape, 0, d.dtype))


# -- the common shapes of differentiable functions ------------------------------------------------


#: The function of tensors for each operator that has a rule.
FUNCTIONS: dict[Operator, type[Ruled]] = {}


class Ruled(Function):
    """An operator applied to every element. `minitorch_autodiff.derivatives` has its gradients.

    A subclass sets `operator`. `of_one` and `of_two` make a subclass that does only that.
    """

    operator: ClassVar[Any]
    #: What the rule computes the gradients from: "inputs", "result" or "nothing".
    saves: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if "operator" in vars(cls):
            rule = DERIVATIVES[cls.operator]
            cls.backward = staticmethod(rule.backward)  # type: ignore[assignment]
            if "saves" not in vars(cls):
                cls.saves = rule.saves
            FUNCTIONS[cls.operator] = cls


class Map(Ruled):
    """operator(x)."""

    @classmethod
    def forward(cls, ctx: Context, x: Tensor) -> Tensor:
        y = map_(cls.operator, x)
        if cls.saves != "nothing":
            ctx.save_for_backward(x if cls.saves == "inputs" else y)
        return y


class Zip(Ruled):
    """operator(x, y) of promoted operands. `zipped` calls it with less overhead."""

    #: Used for integers instead, if given.
    on_integers: ClassVar[Any] = None

    @classmethod
    def forward(cls, ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        if cls.saves != "nothing":
            ctx.save_for_backward(x, y)
        whole = cls.on_integers is not None and x._data.dtype.kind != "float"
        return zip_(cls.on_integers if whole else cls.operator, x, y)


def of_one(operator: Operator, name: str = "") -> type[Map]:
    """Make the Function of a one-argument operator, named like Scalar's unless a name is given."""
    made: type[Map] = _made(Map, operator, name)
    return made


def of_two(operator: Operator, name: str = "") -> type[Zip]:
    """Make the Function of a two-argument operator, named like Scalar's unless a name is given."""
    made: type[Zip] = _made(Zip, operator, name)
    return made


def _made(kind: Any, operator: Operator, name: str) -> Any:
    name = name or scalar.FUNCTIONS[operator].__name__
    members = {"__doc__": operator.__doc__, "operator": staticmethod(operator)}
    return type(name, (kind,), members)


def call(operator: Operator, *tensors: Tensor) -> Tensor:
    """Apply an operator to tensors, as rules of derivatives ask for."""
    result: Tensor = FUNCTIONS[operator].apply(*tensors)
    return result


def zipped(function: type[Zip]) -> Callable[[TensorLike, TensorLike], Tensor]:
    """`binary` for this function, with a fast path for operands that need no conversion.

    On small tensors this overhead takes all of the time, and most operations on small tensors are
    arithmetic. So this inlines what `binary` and `Function.apply` do in general; they handle all
    other cases.
    """
    operator, saves = function.operator, function.saves == "inputs"

    def call(x: Any, y: Any) -> Tensor:
        try:
            a, b, backend = x._data, y._data, x.backend
            shape, dtype = a.shape, a.dtype
            straight = (
                dtype is b.dtype
                and shape == b.shape
                and dtype.kind == "float"
                and backend is y.backend
                and not watchers
            )
        except AttributeError:  # a plain number
            straight = False
        if not straight:
            return binary(function, x, y)
        out: Tensor = x._plain(backend.zip(operator, a, b, dtype), backend)
        if (x.requires_grad or y.requires_grad) and grad_enabled():
            record_binary(function, x, y, out, (shape, dtype, backend), saves)
        return out

    call.__name__ = name_of(function)
    return call


class Step(Function):
    """y = operator(x), piecewise constant. Gradient: 0."""

    operator: ClassVar[Any]

    @classmethod
    def forward(cls, ctx: Context, x: Tensor) -> Tensor:
        return map_(cls.operator, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        return zeros_of(d)


def step(operator: Operator) -> type[Step]:
    """Make the `Step` of an operator, named like Scalar's."""
    made: type[Step] = _made(Step, operator, "")
    return made


class Comparison(Function):
    """A function of two operands whose result is bool: no gradient passes."""

    operator: ClassVar[Any]

    @classmethod
    def apply(cls, x: Tensor, y: Tensor) -> Tensor:
        """Compare element by element; nothing is recorded."""
        return zip_(cls.operator, x, y, bool_)
