"""Every function of tensors with sample inputs, and the same function of numpy arrays.

One table serves every test that runs over all functions: that each agrees with numpy on every
backend, dtype and layout, that its gradients agree with differences, and, where PyTorch is at
hand, that it agrees with PyTorch's function of the same name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_tensor.dtypes import ALL, DType, bool_, int64, uint8
from minitorch_tensor.testing.samples import FLOATS, INTEGERS, NUMBERS, Draw, Sample, sample

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Operation:
    """A function, and how to try it.

    Attributes:
        name: unique in the table; PyTorch's, and after a dot which form of it.
        function: of tensors.
        reference: the same of numpy arrays, computed some other way.
        samples: calls to try, from a source of random arrays.
        dtypes: those that it takes.
        differentiable: whether gradients reach its floating-point arguments.
        torch: where PyTorch has it if not as `torch.<name>`; None where it has no equal.
    """

    name: str
    function: Callable[..., Any]
    reference: Callable[..., Any]
    samples: Callable[[Draw], list[Sample]]
    dtypes: tuple[DType, ...] = FLOATS
    differentiable: bool = True
    torch: str | None = ""

    def __str__(self) -> str:
        return self.name


OPERATIONS: list[Operation] = []


def _add(
    name: str,
    reference: Callable[..., Any],
    samples: Callable[[Draw], list[Sample]],
    dtypes: tuple[DType, ...] = FLOATS,
    *,
    function: Callable[..., Any] | None = None,
    differentiable: bool = True,
    torch: str | None = "",
) -> None:
    if function is None:
        function = getattr(mt, name.split(".")[0])
    OPERATIONS.append(Operation(name, function, reference, samples, dtypes, differentiable, torch))


# -- elementwise ------------------------------------------------------------------------------


def _unary(low: float = -3.0, high: float = 3.0) -> Callable[[Draw], list[Sample]]:
    return lambda draw: [
        sample(draw(3, 4, low=low, high=high)),
        sample(draw(low=low, high=high)),
        sample(draw(2, 0, 3)),
    ]


def _fraction(fn: Callable[..., Array]) -> Callable[..., Array]:
    """fn of arrays that are converted to float32 first, unless they are floating point."""

    def convert(x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.dtype.kind != "f":
            return x.astype(np.float32)
        return x

    return lambda *args, **kwargs: fn(*[convert(x) for x in args], **kwargs)


def _same_dtype(fn: Callable[..., Any]) -> Callable[..., Array]:
    """fn with its result in the dtype of its argument."""
    return lambda x: np.asarray(fn(x)).astype(x.dtype)


_erf = np.vectorize(math.erf, otypes=[np.float64])
_erfc = np.vectorize(math.erfc, otypes=[np.float64])

_FRACTIONAL: list[tuple[str, Callable[..., Array], float, float]] = [
    ("exp", np.exp, -3.0, 3.0),
    ("exp2", np.exp2, -3.0, 3.0),
    ("expm1", np.expm1, -3.0, 3.0),
    ("log", np.log, 0.2, 3.0),
    ("log1p", np.log1p, -0.8, 3.0),
    ("log2", np.log2, 0.2, 3.0),
    ("log10", np.log10, 0.2, 3.0),
    ("sqrt", np.sqrt, 0.2, 3.0),
    ("rsqrt", lambda x: 1 / np.sqrt(x), 0.2, 3.0),
    ("reciprocal", lambda x: 1 / x, 0.2, 3.0),
    ("sin", np.sin, -3.0, 3.0),
    ("cos", np.cos, -3.0, 3.0),
    ("tan", np.tan, -1.2, 1.2),
    ("asin", np.arcsin, -0.9, 0.9),
    ("acos", np.arccos, -0.9, 0.9),
    ("atan", np.arctan, -3.0, 3.0),
    ("sinh", np.sinh, -3.0, 3.0),
    ("cosh", np.cosh, -3.0, 3.0),
    ("tanh", np.tanh, -3.0, 3.0),
    ("sigmoid", lambda x: 1 / (1 + np.exp(-x)), -3.0, 3.0),
    ("asinh", np.arcsinh, -3.0, 3.0),
    ("acosh", np.arccosh, 1.2, 3.0),
    ("atanh", np.arctanh, -0.9, 0.9),
    ("sinc", np.sinc, -3.0, 3.0),
    ("erf", lambda x: _erf(x).astype(x.dtype) if x.size else x, -3.0, 3.0),
    ("erfc", lambda x: _erfc(x).astype(x.dtype) if x.size else x, -3.0, 3.0),
]
for _name, _reference, _low, _high in _FRACTIONAL:
    _add(_name, _fraction(_reference), _unary(_low, _high), ALL)

_add("logit", lambda x: np.log(x) - np.log1p(-x), _unary(0.1, 0.9))
_add("abs", np.abs, _unary(), NUMBERS)
_add("neg", np.negative, _unary(), NUMBERS)
_add("sign", np.sign, _unary(), NUMBERS)
_add("square", np.square, _unary(), NUMBERS)
_add("relu", lambda x: np.where(x > 0, x, 0).astype(x.dtype), _unary(), NUMBERS)
_add("clone", lambda x: x, _unary(), ALL)
for _name, _reference in [("floor", np.floor), ("ceil", np.ceil), ("trunc", np.trunc)]:
    _add(_name, _same_dtype(_reference), _unary(), NUMBERS)
_add("round", np.round, _unary(), NUMBERS)
_add(
    "round.decimals",
    lambda x, decimals: np.round(x, decimals),
    lambda draw: [
        sample(draw(3, 4), decimals=1),
        sample(draw(3, 4, low=-300, high=300), decimals=-1),
    ],
)
_add("frac", lambda x: x - np.trunc(x), _unary())
for _name, _reference in [("isnan", np.isnan), ("isinf", np.isinf), ("isfinite", np.isfinite)]:
    _add(_name, _reference, _unary(), ALL, differentiable=False)
for _name, _reference in [("isposinf", np.isposinf), ("isneginf", np.isneginf)]:
    _add(_name, _reference, _unary(), ALL, differentiable=False)
_add(
    "isin",
    np.isin,
    lambda draw: [
        sample(x := draw(3, 4), x[:2, 1:3].copy()),
        sample(draw(3, 4), draw(2), invert=True),
        sample(x := draw(4), x[0].item()),
    ],
    NUMBERS,
    differentiable=False,
)
_add("logical_not", np.logical_not, _unary(), ALL, differentiable=False)
_add("bitwise_not", np.invert, _unary(), (bool_, *INTEGERS), differentiable=False)
_add("nan_to_num", np.nan_to_num, _unary(), NUMBERS)


def _pairs(low: float = -3.0, high: float = 3.0) -> Callable[[Draw], list[Sample]]:
    def samples(draw: Draw) -> list[Sample]:
        def x(*shape: int) -> Array:
            return draw(*shape, low=low, high=high)

        number = 2 if draw.dtype.kind == "int" else draw.dtype is bool_ or 1.75
        return [
            sample(x(3, 4), x(3, 4)),
            sample(x(3, 1), x(2, 1, 4)),
            sample(x(2, 3), x()),
            sample(x(2, 3), number),
            sample(x(0, 3), x(1)),
        ]

    return samples


_add("add", np.add, _pairs(), ALL)
_add(
    "add.alpha",
    lambda x, y, alpha: x + alpha * y,
    lambda draw: [sample(draw(3, 4), draw(4), alpha=3)],
    NUMBERS,
)
_add("sub", np.subtract, _pairs(), NUMBERS)
_add("mul", np.multiply, _pairs(), ALL)
_add("div", _fraction(np.divide), _pairs(0.3, 3.0), ALL)


def _rounded_quotient(x: Array, y: Array, *, rounding_mode: str) -> Array:
    rounded = np.floor(x / y) if rounding_mode == "floor" else np.trunc(x / y)
    return rounded.astype(x.dtype)


_add(
    "div.rounded",
    _rounded_quotient,
    lambda draw: [
        sample(draw(3, 4, low=-9, high=9), draw(4, low=1, high=4), rounding_mode=mode)
        for mode in ("floor", "trunc")
    ],
    NUMBERS,
)
_add("floor_divide", np.floor_divide, _pairs(1.0, 5.0), NUMBERS)
_add(
    "remainder",
    np.remainder,
    lambda draw: [
        sample(draw(3, 4, low=-9, high=9), draw(4, low=1, high=4)),
        sample(
            draw(3, 4, low=-9, high=9), draw(1, low=-4, high=-1) if draw.dtype is not uint8 else 3
        ),
        sample(draw(2, 3), 2),
    ],
    NUMBERS,
)
_add(
    "fmod",
    np.fmod,
    lambda draw: [
        sample(draw(3, 4, low=-9, high=9), draw(4, low=1, high=4)),
        sample(draw(2, 3), 2),
    ],
    NUMBERS,
)
_add("pow", np.power, _pairs(0.3, 3.0), NUMBERS)
_add("atan2", _fraction(np.arctan2), _pairs(0.3, 3.0), ALL)
_add("hypot", _fraction(np.hypot), _pairs(0.3, 3.0))
_add("logaddexp", _fraction(np.logaddexp), _pairs())
_add("xlogy", lambda x, y: x * np.log(np.asarray(y, x.dtype)), _pairs(0.3, 3.0))
_add("fmax", np.fmax, _pairs(), ALL)
_add("fmin", np.fmin, _pairs(), ALL)
_add(
    "lerp",
    lambda x, end, weight: x + weight * (end - x),
    lambda draw: [
        sample(draw(3, 4), draw(4), 0.3),
        sample(draw(3, 4), draw(3, 1), 1.8),
        sample(draw(3, 4), draw(4), draw(4, low=-1, high=2)),
    ],
)
_add(
    "addcmul",
    lambda x, y, z, value=1: x + value * y * z,
    lambda draw: [
        sample(draw(3, 4), draw(3, 1), draw(4)),
        sample(draw(2, 3), draw(2, 3), draw(3), value=2),
    ],
    NUMBERS,
)
_add(
    "addcdiv",
    lambda x, y, z, value=1: x + value * y / z,
    lambda draw: [sample(draw(3, 4), draw(3, 1), draw(4, low=0.3), value=2)],
)
_add(
    "pow.number",
    lambda x, n: np.power(x, n).astype(x.dtype),
    lambda draw: [sample(draw(3, 4), n) for n in (0, 1, 2, 3)],
    NUMBERS,
)
_add(
    "pow.fraction",
    np.power,
    lambda draw: [sample(draw(3, 4, low=0.2), n) for n in (0.5, -1.5, 2.5, -1)],
)
_add("maximum", np.maximum, _pairs(), ALL)
_add("minimum", np.minimum, _pairs(), ALL)
for _name, _reference in [
    ("lt", np.less),
    ("le", np.less_equal),
    ("gt", np.greater),
    ("ge", np.greater_equal),
    ("eq", np.equal),
    ("ne", np.not_equal),
    ("logical_and", np.logical_and),
    ("logical_or", np.logical_or),
    ("logical_xor", np.logical_xor),
]:
    _add(_name, _reference, _pairs(), ALL, differentiable=False)
for _name, _reference in [
    ("bitwise_and", np.bitwise_and),
    ("bitwise_or", np.bitwise_or),
    ("bitwise_xor", np.bitwise_xor),
]:
    _add(_name, _reference, _pairs(), (bool_, *INTEGERS), differentiable=False)
_add(
    "is_close",
    lambda x, y: np.abs(x - y) < 0.01,
    lambda draw: [sample(x := draw(3, 4), x + draw(3, 4, low=-0.02, high=0.02))],
    differentiable=False,
    torch=None,
)
_add(
    "isclose",
    np.isclose,
    lambda draw: [
        sample(x := draw(3, 4), x * (1 + draw(3, 4, low=-2e-5, high=2e-5))),
        sample(draw(3, 4), draw(4), rtol=0.1, atol=0.5),
    ],
    differentiable=False,
)
_add(
    "clamp",
    lambda x, min=None, max=None: np.clip(x, min, max),
    lambda draw: [
        sample(draw(3, 4), min=1),
        sample(draw(3, 4), max=2),
        sample(draw(3, 4), 0, 2),
        sample(draw(3, 4), draw(3, 1), draw(4)),
        sample(draw(3, 4), max=draw(2, 1, 1)),
    ],
    NUMBERS,
)
_add("clamp_min", np.maximum, lambda draw: [sample(draw(3, 4), 1), sample(draw(3, 4), draw(4))])
_add("clamp_max", np.minimum, lambda draw: [sample(draw(3, 4), 1), sample(draw(3, 4), draw(4))])
_add(
    "where",
    np.where,
    lambda draw: [
        sample(draw.mask(3, 4), draw(3, 4), draw(3, 4)),
        sample(draw.mask(4), draw(3, 1), draw(2, 1, 1)),
        sample(draw.mask(0, 2), draw(2), draw(1)),
    ],
    ALL,
)
_add(
    "masked_fill",
    lambda x, mask, value: np.where(mask, np.asarray(value, x.dtype), x),
    lambda draw: [
        sample(draw(3, 4), draw.mask(3, 4), True if draw.dtype is bool_ else 2),
        sample(draw(3, 4), draw.mask(4), draw()),
    ],
    ALL,
)

# -- reductions -------------------------------------------------------------------------------


def _dims(x: Array, dim: Any) -> Any:
    """dim as numpy wants it."""
    return tuple(dim) if isinstance(dim, (tuple, list)) else dim


def _folds(
    low: float = -3.0, high: float = 3.0, empty: bool = True
) -> Callable[[Draw], list[Sample]]:
    def samples(draw: Draw) -> list[Sample]:
        def x(*shape: int) -> Array:
            return draw(*shape, low=low, high=high)

        found = [
            sample(x(3, 4)),
            sample(x(2, 3, 4), 1),
            sample(x(2, 3, 4), -1, True),
            sample(x(2, 3, 4), (0, 2)),
            sample(x(2, 3, 4), (-1, 0), True),
            sample(x()),
            sample(x(0, 3), 1),
        ]
        return [*found, sample(x(2, 0, 3), 1), sample(x(0))] if empty else found

    return samples


def _fold(fn: Callable[..., Array], dtype: Any = None) -> Callable[..., Array]:
    def reference(x: Array, dim: Any = None, keepdim: bool = False) -> Array:
        options = {"axis": _dims(x, dim), "keepdims": keepdim}
        if dtype is None:
            return np.asarray(fn(x, **options))
        wide = x.dtype if x.dtype.kind == "f" else dtype
        return np.asarray(fn(x, dtype=wide, **options))

    return reference


def _one_dim(samples: Callable[[Draw], list[Sample]]) -> Callable[[Draw], list[Sample]]:
    """Those with at most one dim, for functions whose PyTorch form takes no more."""
    return lambda draw: [s for s in samples(draw) if not any(isinstance(a, tuple) for a in s.args)]


_add("sum", _fold(np.sum, np.int64), _folds(), ALL)
_add("prod", _fold(np.prod, np.int64), _one_dim(_folds()), ALL)
_add(
    "prod.dims",
    _fold(np.prod, np.int64),
    lambda draw: [sample(draw(2, 3, 4), (0, 2)), sample(draw(2, 3, 4), (0, 2), True)],
    NUMBERS,
    torch=None,
)


def _with_zeros(draw: Draw) -> list[Sample]:
    x = draw(3, 4)
    x[0, 1] = x[2, 2] = x[2, 3] = 0
    return [sample(x), sample(x, 1), sample(x, 0, True)]


_add("prod.zeros", _fold(np.prod), _with_zeros)
_add("mean", _fold(np.mean), lambda draw: _folds(empty=False)(draw))
_add("amax", _fold(np.max), _folds(empty=False), ALL)
_add("amin", _fold(np.min), _folds(empty=False), ALL)
for _name in ("max", "min"):
    _add(_name, _fold(getattr(np, _name)), lambda draw: [sample(draw(3, 4)), sample(draw())], ALL)
    _add(
        f"{_name}.dim",
        lambda x, dim, keepdim=False, name=_name: (
            getattr(np, name)(x, axis=dim, keepdims=keepdim),
            np.asarray(getattr(np, f"arg{name}")(x, axis=dim, keepdims=keepdim)),
        ),
        lambda draw: [
            sample(draw(2, 3, 4), 1),
            sample(draw(2, 3, 4), -1, True),
            sample(draw(0, 3), 1),
        ],
        FLOATS,  # of integers PyTorch may name another of several equals
    )
    _add(
        f"{_name}.other",
        getattr(np, f"{_name}imum"),
        lambda draw: [sample(draw(3, 4), draw(4))],
        NUMBERS,
    )
    _add(
        f"arg{_name}",
        lambda x, dim=None, keepdim=False, name=_name: np.asarray(
            getattr(np, f"arg{name}")(x, axis=dim, keepdims=keepdim)
        ),
        lambda draw: [
            sample(draw(3, 4)),
            sample(draw(2, 3, 4), 1),
            sample(draw(2, 3, 4), -1, True),
            sample(draw(0, 3), 1),
            sample(draw()),
        ],
        differentiable=False,
    )
for _name in ("all", "any"):
    _add(
        _name,
        lambda x, dim=None, keepdim=False, name=_name: np.asarray(
            getattr(np, name)(x, axis=dim, keepdims=keepdim)
        ),
        _folds(),
        ALL,
        differentiable=False,
    )
_add(
    "count_nonzero",
    lambda x, dim=None: np.asarray(np.count_nonzero(x, axis=dim)),
    lambda draw: [sample(draw(3, 4)), sample(draw(2, 3, 4), 1), sample(draw(2, 3, 4), (0, 2))],
    ALL,
    differentiable=False,
)


def _spread(name: str) -> Callable[..., Array]:
    def reference(
        x: Array, dim: Any = None, *, correction: float = 1, keepdim: bool = False
    ) -> Array:
        fn = getattr(np, name)
        return np.asarray(fn(x, axis=_dims(x, dim), ddof=correction, keepdims=keepdim))

    return reference


for _name in ("var", "std"):
    _add(
        _name,
        _spread(_name),
        lambda draw: [
            sample(draw(3, 4)),
            sample(draw(2, 3, 4), 1),
            sample(draw(2, 3, 4), (0, 2), correction=0, keepdim=True),
            sample(draw(2, 3, 4), -1, correction=0),
        ],
    )


def _norm(x: Array, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Array:
    absolute = np.abs(x).astype(np.float64)
    axis = _dims(x, dim)
    if p == math.inf:
        result = np.max(absolute, axis=axis, keepdims=keepdim)
    elif p == -math.inf:
        result = np.min(absolute, axis=axis, keepdims=keepdim)
    elif p == 0:
        result = np.sum(absolute != 0, axis=axis, keepdims=keepdim)
    else:
        power = 2 if p == "fro" else p
        result = np.sum(absolute**power, axis=axis, keepdims=keepdim) ** (1 / power)
    return np.asarray(result).astype(x.dtype)


_add(
    "norm",
    _norm,
    lambda draw: [
        sample(draw(3, 4)),
        sample(draw(2, 3, 4), 2, 1),
        sample(draw(2, 3, 4), "fro", (0, 2), True),
        sample(draw(3, 4), 1, 0),
        sample(draw(3, 4), 3, 1, True),
        sample(draw(3, 4), 2.5),
        sample(draw(3, 4), math.inf, 1),
        sample(draw(3, 4), -math.inf, 0),
        sample(draw(0)),
    ],
)


def _logsumexp(x: Array, dim: Any, keepdim: bool = False) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.sum(np.exp(x), axis=_dims(x, dim), keepdims=keepdim)))


def _softmax(x: Array, dim: int) -> Array:
    e = np.exp(x)
    return np.asarray(e / e.sum(axis=dim, keepdims=True)) if x.ndim else np.ones_like(x)


_add(
    "logsumexp",
    _logsumexp,
    lambda draw: [
        sample(draw(3, 4), 1),
        sample(draw(2, 3, 4), (0, 2), True),
        sample(draw(2, 0), 1),
        sample(draw(), 0),
    ],
)
for _name, _reference in [
    ("softmax", _softmax),
    ("log_softmax", lambda x, dim: np.log(_softmax(x, dim))),
]:
    _add(
        _name,
        _reference,
        lambda draw: [
            sample(draw(3, 4), 1),
            sample(draw(2, 3, 4), 1),
            sample(draw(2, 3, 4), 0),
            sample(draw(2, 0), 0),
            sample(draw(), 0),
        ],
    )

# -- other statistics -------------------------------------------------------------------------


def _with_nan(draw: Draw) -> list[Sample]:
    x = draw(3, 4)
    if x.dtype.kind == "f":
        x[0, 1] = x[2, 2] = x[2, 3] = np.nan
    return [sample(x), sample(x, 1), sample(x, 0, True)]


_add("nansum", _fold(np.nansum, np.int64), _with_nan, NUMBERS)
_add("nanmean", _fold(np.nanmean), _with_nan)


def _lower_median(x: Array, dim: Any = None, keepdim: bool = False) -> Any:
    flat = x.reshape(-1) if dim is None else x
    along = 0 if dim is None else dim
    place = (flat.shape[along] - 1) // 2 if flat.ndim else 0
    if dim is None:
        return np.asarray(np.sort(flat)[place])
    order = np.argsort(flat, axis=along, kind="stable")
    indices = order.take([place] if keepdim else place, axis=along)
    values = np.sort(flat, axis=along).take([place] if keepdim else place, axis=along)
    return values, indices


_add("median", _lower_median, lambda draw: [sample(draw(3, 4)), sample(draw(5)), sample(draw())])
_add(
    "median.dim",
    _lower_median,
    lambda draw: [sample(draw(2, 3, 4), 1), sample(draw(2, 3, 4), -1, True)],
)
_add(
    "aminmax",
    lambda x, dim=None, keepdim=False: (
        np.asarray(np.min(x, axis=dim, keepdims=keepdim)),
        np.asarray(np.max(x, axis=dim, keepdims=keepdim)),
    ),
    lambda draw: [sample(draw(3, 4)), sample(draw(2, 3, 4), dim=1, keepdim=True)],
    NUMBERS,
)


def _spread_and_mean(spread: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Array, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
        options = {"axis": _dims(x, dim), "keepdims": keepdim}
        return (
            np.asarray(spread(x, ddof=correction, **options)),
            np.asarray(np.mean(x, **options)),
        )

    return reference


for _name, _reference in [("var_mean", np.var), ("std_mean", np.std)]:
    _add(
        _name,
        _spread_and_mean(_reference),
        lambda draw: [
            sample(draw(3, 4)),
            sample(draw(2, 3, 4), (0, 2), correction=0, keepdim=True),
        ],
    )

# -- order ------------------------------------------------------------------------------------

_add(
    "cumsum",
    lambda x, dim: (
        np.cumsum(x, axis=dim, dtype=x.dtype if x.dtype.kind == "f" else np.int64)
        if x.ndim
        else x.astype(x.dtype if x.dtype.kind == "f" else np.int64)
    ),
    lambda draw: [
        sample(draw(3, 4), 0),
        sample(draw(2, 3, 4), -1),
        sample(draw(0, 2), 0),
        sample(draw(), 0),
    ],
    ALL,
)


def _sorted(x: Array, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
    if not x.ndim:
        return x, np.array(0)
    key = -x.astype(np.float64) if descending else x
    indices = np.argsort(key, axis=dim, kind="stable")
    return np.take_along_axis(x, indices, dim), indices


_orders: Callable[[Draw], list[Sample]] = lambda draw: [  # noqa: E731
    sample(draw(3, 4), stable=True),
    sample(draw(2, 3, 4), dim=1, descending=True, stable=True),
    sample(draw(0, 2), dim=0, stable=True),
    sample(draw(), stable=True),
]
_add("sort", _sorted, _orders, ALL)
_add("argsort", lambda *a, **k: _sorted(*a, **k)[1], _orders, ALL, differentiable=False)


_ufunc: Any
for _name, _ufunc in [("cumprod", np.multiply), ("logcumsumexp", np.logaddexp)]:
    _add(
        _name,
        lambda x, dim, fn=_ufunc: fn.accumulate(
            x, axis=dim, dtype=x.dtype if x.dtype.kind == "f" else np.int64
        ),
        lambda draw: [
            sample(draw(3, 4), 0),
            sample(draw(2, 5, 2), 1),
            sample(draw(2, 3, 7), -1),
            sample(draw(0, 2), 0),
        ],
        ALL if _name == "cumprod" else FLOATS,
    )


def _so_far(fn: np.ufunc) -> Callable[..., Any]:
    def reference(x: Array, dim: int) -> Any:
        indices = np.empty(x.shape, np.int64)
        for place in np.ndindex(*x.shape):
            seen: Any = (*place[:dim], slice(place[dim] + 1), *place[dim + 1 :])
            row = x[seen]
            indices[place] = np.flatnonzero(row == fn.reduce(row))[-1]
        return np.take_along_axis(x, indices, dim), indices

    return reference


for _name, _ufunc in [("cummax", np.maximum), ("cummin", np.minimum)]:
    _add(
        _name,
        _so_far(_ufunc),
        lambda draw: [sample(draw(6, 2), 0), sample(draw(2, 3, 4), 1), sample(draw(0, 2), 0)],
        NUMBERS,
    )


def _diff(x: Array, n: int = 1, dim: int = -1, **joined: Array) -> Array:
    return np.diff(x, n, dim, **joined)


_add(
    "diff",
    _diff,
    lambda draw: [
        sample(draw(3, 4)),
        sample(draw(5, 2), 2, 0),
        sample(draw(2, 3), 4),
        sample(draw(2, 3), prepend=draw(2, 1), append=draw(2, 2)),
    ],
    ALL,
)
_add(
    "kthvalue",
    lambda x, k, dim=-1: (
        np.sort(x, axis=dim).take(k - 1, axis=dim),
        np.argsort(x, axis=dim, kind="stable").take(k - 1, axis=dim),
    ),
    lambda draw: [sample(draw(3, 4), 2), sample(draw(2, 3, 4), 3, 1)],
)


def _quantile(
    x: Array,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    interpolation: str = "linear",
) -> Array:
    result = np.quantile(x, np.asarray(q, float), axis=dim, keepdims=keepdim, method=interpolation)  # type: ignore[call-overload]
    return np.asarray(result, x.dtype)


_add(
    "quantile",
    _quantile,
    lambda draw: [
        sample(draw(3, 4), 0.3),
        sample(draw(3, 4), 1.0, 1),
        sample(draw(2, 5, 2), 0.25, 1, True),
        *[
            sample(draw(6), 0.7, interpolation=how)
            for how in ("lower", "higher", "midpoint", "nearest")
        ],
    ],
)


def _unique(x: Array, dim: int | None = None, **wanted: bool) -> Any:
    found = np.unique(x, axis=dim, **wanted)  # type: ignore[call-overload]
    if not wanted:
        return found
    values, places, counts = found
    return values, places.reshape(x.shape if dim is None else -1), counts


_add(
    "unique",
    _unique,
    lambda draw: [
        sample(draw(4, 5)),
        sample(draw(4, 5), return_inverse=True, return_counts=True),
        sample(draw(2, 1)[[0, 1, 0]], dim=0),
    ],
    ALL,
    differentiable=False,
)


def _searchsorted(sequence: Array, values: Array, right: bool = False) -> Array:
    side: Any = "right" if right else "left"
    if sequence.ndim == 1:
        return np.asarray(np.searchsorted(sequence, values, side))
    return np.stack([np.searchsorted(s, v, side) for s, v in zip(sequence, values)])


_add(
    "searchsorted",
    _searchsorted,
    lambda draw: [
        sample(x := np.sort(draw(6)), np.concatenate([x[:3], draw(3)]).reshape(2, 3)),
        sample(x := np.sort(draw(6)), x[::2].copy(), right=True),
        sample(np.sort(draw(2, 4)), draw(2, 3)),
    ],
    NUMBERS,
    differentiable=False,
)
_add(
    "bucketize",
    lambda x, boundaries, right=False: _searchsorted(boundaries, x, right),
    lambda draw: [
        sample(x := draw(2, 3), np.sort(x.ravel())[1::2].copy()),
        sample(x := draw(2, 3), np.sort(x.ravel())[1::2].copy(), right=True),
    ],
    NUMBERS,
    differentiable=False,
)


def _topk(x: Array, k: int, dim: int = -1, largest: bool = True) -> Any:
    values, indices = _sorted(x, dim, largest)
    front = np.arange(k)
    return values.take(front, axis=dim), indices.take(front, axis=dim)


_add(
    "topk",
    _topk,
    lambda draw: [
        sample(draw(3, 4), 2),
        sample(draw(2, 3, 4), 3, dim=1, largest=False),
        sample(draw(4), 0),
    ],
)

# -- shape ------------------------------------------------------------------------------------

_add(
    "reshape",
    np.reshape,
    lambda draw: [
        sample(draw(3, 4), (2, 6)),
        sample(draw(2, 3, 4), (-1, 4)),
        sample(draw(2, 0), (0, 5)),
        sample(draw(1), ()),
    ],
    ALL,
)
_add(
    "flatten",
    lambda x, start=0, end=-1: x.reshape(
        *x.shape[:start], -1 if x.size else 0, *x.shape[end % max(x.ndim, 1) + 1 :]
    ),
    lambda draw: [
        sample(draw(3, 4)),
        sample(draw(2, 3, 4), 1),
        sample(draw(2, 3, 4), 0, 1),
        sample(draw()),
    ],
    ALL,
)
_add(
    "unflatten",
    lambda x, dim, sizes: x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :]),
    lambda draw: [sample(draw(2, 6), 1, (2, 3)), sample(draw(4, 2), 0, (2, -1))],
    ALL,
)
_add("ravel", np.ravel, lambda draw: [sample(draw(2, 3)), sample(draw())], ALL)
_add(
    "unfold",
    lambda x, dim, size, step: np.moveaxis(
        np.stack(
            [x.take(range(i, i + size), axis=dim) for i in range(0, x.shape[dim] - size + 1, step)],
            dim,
        ),
        dim + 1,
        -1,
    ),
    lambda draw: [
        sample(draw(7), 0, 3, 2),
        sample(draw(2, 5, 3), 1, 3, 1),
        sample(draw(4, 2), 0, 2, 3),
    ],
    ALL,
    function=lambda x, dim, size, step: x.unfold(dim, size, step),
    torch="Tensor.unfold",
)
for _name, _reference in [
    ("atleast_1d", np.atleast_1d),
    ("atleast_2d", np.atleast_2d),
    ("atleast_3d", np.atleast_3d),
]:
    _add(
        _name,
        _reference,
        lambda draw: [sample(draw()), sample(draw(3)), sample(draw(2, 3)), sample(draw(2, 1, 3))],
        ALL,
    )
_add(
    "permute",
    np.transpose,
    lambda draw: [
        sample(draw(2, 3, 4), (2, 0, 1)),
        sample(draw(2, 3), (-1, 0)),
        sample(draw(), ()),
    ],
    ALL,
)
_add(
    "transpose",
    np.swapaxes,
    lambda draw: [sample(draw(2, 3, 4), 0, 2), sample(draw(2, 3, 4), -1, 1)],
    ALL,
)
_add("t", np.transpose, lambda draw: [sample(draw(2, 3)), sample(draw(3)), sample(draw())], ALL)
_add(
    "movedim",
    np.moveaxis,
    lambda draw: [
        sample(draw(2, 3, 4), 0, 2),
        sample(draw(2, 3, 4), (0, 1), (-1, 0)),
    ],
    ALL,
)
_add(
    "squeeze",
    lambda x, dim=None: (
        x.squeeze()
        if dim is None
        else x.squeeze(
            tuple(d for d in (dim if isinstance(dim, tuple) else (dim,)) if x.shape[d] == 1)
        )
    ),
    lambda draw: [
        sample(draw(1, 3, 1)),
        sample(draw(1, 3, 1), 0),
        sample(draw(2, 3), 0),
        sample(draw(1, 3, 1), (0, 1)),
    ],
    ALL,
)
_add(
    "unsqueeze",
    np.expand_dims,
    lambda draw: [sample(draw(2, 3), 1), sample(draw(2, 3), -1), sample(draw(), 0)],
    ALL,
)
_add(
    "broadcast_to",
    np.broadcast_to,
    lambda draw: [sample(draw(3, 1), (2, 3, 4)), sample(draw(), (2, 3)), sample(draw(1), (0,))],
    ALL,
)
_add(
    "expand",
    lambda x, shape: np.broadcast_to(
        x, [m if n == -1 else n for n, m in zip(shape, (0,) * (len(shape) - x.ndim) + x.shape)]
    ),
    lambda draw: [sample(draw(3, 1), (2, -1, 4)), sample(draw(1, 3), (2, 3))],
    ALL,
    function=lambda x, shape: x.expand(shape),
    torch="Tensor.expand",
)
_add(
    "meshgrid",
    lambda *xs, indexing: tuple(np.meshgrid(*xs, indexing=indexing)),
    lambda draw: [
        sample(draw(2), draw(3), indexing="ij"),
        sample(draw(2), draw(3), draw(2), indexing="xy"),
    ],
    ALL,
)
_add(
    "diagonal",
    np.diagonal,
    lambda draw: [
        sample(draw(3, 4)),
        sample(draw(3, 4), 1),
        sample(draw(3, 4), -2),
        sample(draw(3, 4), 9),
        sample(draw(2, 3, 4), -1, 2, 0),
    ],
    ALL,
)
_add(
    "diag",
    np.diag,
    lambda draw: [sample(draw(3)), sample(draw(3), -1), sample(draw(3, 4), 1)],
    ALL,
)
_add(
    "diag_embed",
    lambda x, offset=0: np.stack([np.diag(row, offset) for row in x]),
    lambda draw: [sample(draw(2, 3)), sample(draw(2, 3), -1)],
    ALL,
)
_add("diagflat", np.diagflat, lambda draw: [sample(draw(2, 2)), sample(draw(3), 2)], ALL)
_add("trace", np.trace, lambda draw: [sample(draw(3, 4)), sample(draw(2, 0))])
_add(
    "split",
    lambda x, n, dim=0: tuple(
        np.split(
            x, np.cumsum(n[:-1]) if isinstance(n, tuple) else range(n, x.shape[dim], n), axis=dim
        )
    ),
    lambda draw: [sample(draw(5, 2), 2), sample(draw(2, 5), (1, 4), 1)],
    ALL,
)
_add(
    "chunk",
    lambda x, n, dim=0: tuple(
        np.split(x, range(-(-x.shape[dim] // n), x.shape[dim], -(-x.shape[dim] // n)), axis=dim)
    ),
    lambda draw: [sample(draw(5, 2), 2), sample(draw(2, 5), 4, 1)],
    ALL,
)
_add(
    "tensor_split",
    lambda x, n, dim=0: tuple(np.array_split(x, n, axis=dim)),
    lambda draw: [
        sample(draw(7, 2), 3),
        sample(draw(2, 2), 3),
        sample(draw(2, 7), (1, 4, 9), 1),
    ],
    ALL,
)
_add(
    "unbind",
    lambda x, dim=0: tuple(np.moveaxis(x, dim, 0)),
    lambda draw: [sample(draw(3, 2)), sample(draw(2, 3, 2), 1)],
    ALL,
)
_add(
    "narrow",
    lambda x, dim, start, length: x.take(range(start, start + length), axis=dim),
    lambda draw: [sample(draw(5, 2), 0, 1, 3), sample(draw(2, 5), -1, 5, 0)],
    ALL,
)
_add(
    "select",
    lambda x, dim, index: x.take(index, axis=dim),
    lambda draw: [sample(draw(3, 4), 1, 2), sample(draw(3, 4), 0, -1)],
    ALL,
)

# -- joining and arranging --------------------------------------------------------------------

_add(
    "cat",
    np.concatenate,
    lambda draw: [
        sample([draw(2, 3), draw(4, 3)]),
        sample([draw(2, 1), draw(2, 3), draw(2, 0)], 1),
        sample([draw(2, 3, 1), draw(2, 3, 2)], -1),
    ],
    ALL,
)
_add(
    "stack",
    np.stack,
    lambda draw: [
        sample([draw(2, 3), draw(2, 3)]),
        sample([draw(3), draw(3), draw(3)], -1),
        sample([draw(), draw()]),
        sample([draw(0), draw(0)], 1),
    ],
    ALL,
)
for _name in ("hstack", "vstack", "dstack", "column_stack"):
    _add(
        _name,
        getattr(np, _name),
        lambda draw: [
            sample([draw(3), draw(3)]),
            sample([draw(2, 3), draw(2, 3)]),
            sample([draw(2, 3, 1), draw(2, 3, 1)]),
        ],
        ALL,
    )


def _block_diag(*blocks: Array) -> Array:
    blocks = tuple([np.atleast_2d(b) for b in blocks])
    out = np.zeros(np.sum([b.shape for b in blocks], 0), blocks[0].dtype)
    i = j = 0
    for b in blocks:
        out[i : i + b.shape[0], j : j + b.shape[1]] = b
        i, j = i + b.shape[0], j + b.shape[1]
    return out


_add(
    "block_diag",
    _block_diag,
    lambda draw: [sample(draw(2, 3), draw(3), draw(1, 1)), sample(draw())],
    ALL,
)
_add("fliplr", np.fliplr, lambda draw: [sample(draw(2, 3))], ALL)
_add("flipud", np.flipud, lambda draw: [sample(draw(2, 3)), sample(draw(3))], ALL)
_add(
    "rot90",
    np.rot90,
    lambda draw: [
        *[sample(draw(2, 3), k) for k in (-1, 0, 1, 2)],
        sample(draw(2, 3, 4), 1, (2, 0)),
    ],
    ALL,
)
_add(
    "flip",
    np.flip,
    lambda draw: [
        sample(draw(3, 4), (0,)),
        sample(draw(2, 3, 4), (0, -1)),
        sample(draw(0, 2), (0,)),
    ],
    ALL,
)
_add(
    "roll",
    np.roll,
    lambda draw: [
        sample(draw(3, 4), 2),
        sample(draw(3, 4), -1, 1),
        sample(draw(3, 4), (1, 9), (0, 1)),
        sample(draw(0), 1, 0),
    ],
    ALL,
)
_add(
    "repeat",
    np.tile,
    lambda draw: [
        sample(draw(2, 3), (2, 2)),
        sample(draw(2, 3), (2, 1, 3)),
        sample(draw(2), (0,)),
        sample(draw(), (2,)),
    ],
    ALL,
    function=lambda x, sizes: x.repeat(sizes),
    torch="Tensor.repeat",
)
_add("tile", np.tile, lambda draw: [sample(draw(2, 3), (2,)), sample(draw(2), (2, 3))], ALL)
_add(
    "repeat_interleave",
    np.repeat,
    lambda draw: [
        sample(draw(2, 3), 2),
        sample(draw(2, 3), 2, 1),
        sample(draw(2, 3), np.array([0, 2, 1]), 1),
    ],
    ALL,
)


def _pad(x: Array, pad: tuple[int, ...], value: float = 0) -> Array:
    pairs = [pad[i : i + 2] for i in range(0, len(pad), 2)][::-1]
    sides = [(0, 0)] * (x.ndim - len(pairs)) + [(b, a) for b, a in pairs]
    x = x[tuple([slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, sides)])]
    return np.pad(x, [(max(b, 0), max(a, 0)) for b, a in sides], constant_values=value)


_add(
    "pad",
    _pad,
    lambda draw: [
        sample(draw(2, 3), (1, 2)),
        sample(draw(2, 3), (1, 0, 0, 2), value=1),
        sample(draw(2, 3), (-1, 2, 1, -1)),
        sample(draw(0, 3), (0, 1)),
    ],
    ALL,
    torch="nn.functional.pad",
)
_PAD_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _framed(mode: str) -> Callable[[Draw], list[Sample]]:
    return lambda draw: [
        sample(draw(2, 3, 4), (2, 1), mode=mode),
        sample(draw(2, 1, 3), (0, 2), mode=mode),
    ]


for _mode in _PAD_MODES:
    _add(
        f"pad.{_mode}",
        lambda x, pad, mode: np.pad(x, [(0, 0)] * (x.ndim - 1) + [pad], _PAD_MODES[mode]),
        _framed(_mode),
        torch="nn.functional.pad",
    )
for _name in ("tril", "triu"):
    _add(
        _name,
        getattr(np, _name),
        lambda draw: [sample(draw(3, 4)), sample(draw(2, 4, 3), 1), sample(draw(3, 3), -1)],
        ALL,
    )
_add(
    "one_hot",
    lambda x, n=-1: np.eye(n if n >= 0 else x.max() + 1, dtype=np.int64)[x],
    lambda draw: [
        sample(draw.index(3, size=5), 5),
        sample(draw.index(2, 3, size=4)),
        sample(draw.index(0, size=1), 3),
    ],
    (int64,),
    differentiable=False,
    torch="nn.functional.one_hot",
)

# -- indexing ---------------------------------------------------------------------------------


def _getitem(x: Any, *key: Any) -> Any:
    return x[key]


_add(
    "getitem.view",
    _getitem,
    lambda draw: [
        sample(draw(3, 4), 1),
        sample(draw(3, 4), slice(None), -1),
        sample(draw(3, 4), slice(1, None), slice(None, None, 2)),
        sample(draw(2, 3, 4), ..., 0),
        sample(draw(2, 3, 4), 0, None, ..., slice(-3, -1)),
        sample(draw(3), slice(2, 1)),
        sample(draw(), ...),
        sample(draw(), None),
    ],
    ALL,
    function=_getitem,
    torch="Tensor.__getitem__",
)
_add(
    "getitem.backwards",
    _getitem,
    lambda draw: [
        sample(draw(5), slice(None, None, -1)),
        sample(draw(3, 4), slice(None, None, -2), slice(3, 0, -1)),
    ],
    ALL,
    function=_getitem,
    torch=None,
)
_add(
    "getitem.arrays",
    _getitem,
    lambda draw: [
        sample(draw(3, 4), np.array([0, 2, 2])),
        sample(draw(3, 4), np.array([[0, 1], [2, 0]]), np.array([1, -1])),
        sample(draw(3, 4), slice(None), np.array([3, 0])),
        sample(draw(2, 3, 4), np.array([1, 0]), slice(1, None), np.array([2, 3])),
        sample(draw(2, 3, 4), 0, ..., np.array([2, 3])),
        sample(draw(3, 4), np.array([True, False, True])),
        sample(x := draw(3, 4), x > 0),
        sample(draw(3, 4), np.array([], np.int64)),
        sample(draw(3, 4), None, np.array([1])),
    ],
    ALL,
    function=_getitem,
    torch="Tensor.__getitem__",
)
_add(
    "gather",
    lambda x, dim, index: np.take_along_axis(
        x[
            tuple(
                [slice(n) if d != dim % x.ndim else slice(None) for d, n in enumerate(index.shape)]
            )
        ],
        index,
        dim,
    ),
    lambda draw: [
        sample(draw(3, 4), 0, draw.index(2, 4, size=3)),
        sample(draw(3, 4), 1, draw.index(2, 6, size=4)),
        sample(draw(2, 3, 4), -2, draw.index(1, 5, 2, size=3)),
        sample(draw(2, 3), 1, draw.index(2, 0, size=3)),
    ],
    ALL,
)
_add(
    "take_along_dim",
    np.take_along_axis,
    lambda draw: [
        sample(draw(3, 4), draw.index(3, 2, size=4), 1),
        sample(draw(1, 4), draw.index(3, 2, size=4), 1),
        sample(draw(3, 4), draw.index(1, 4, size=3), 0),
        sample(draw(3, 4), draw.index(5, size=12), None),
    ],
    ALL,
)


def _scatter(fn: Callable[[Array, Any, Array], None]) -> Callable[..., Array]:
    def reference(x: Array, dim: int, index: Array, src: Any) -> Array:
        result = x.copy()
        for place in np.ndindex(*index.shape):
            target = list(place)
            target[dim] = index[place]
            fn(result, tuple(target), src[place] if isinstance(src, np.ndarray) else src)
        return result

    return reference


def _put(result: Array, place: Any, value: Any) -> None:
    result[place] = value


def _increase(result: Array, place: Any, value: Any) -> None:
    result[place] += value


_add(
    "scatter_add",
    _scatter(_increase),
    lambda draw: [
        sample(draw(3, 4), 0, draw.index(2, 4, size=3), draw(2, 4)),
        sample(draw(3, 4), 1, draw.index(2, 6, size=4), draw(3, 7)),
        sample(draw(2, 3), 1, draw.index(2, 0, size=3), draw(2, 0)),
    ],
    NUMBERS,
)
_add(
    "scatter",
    _scatter(_put),
    lambda draw: [
        sample(draw(5, 3), 0, np.array([[0, 4, 2], [3, 1, 0]]), draw(2, 3)),
        sample(draw(3, 5), 1, np.array([[4, 0], [1, 2]]), draw(3, 3)),
        sample(draw(3, 5), 1, np.array([[4, 0], [1, 2]]), 1),
    ],
    ALL,
)
_add(
    "index_select",
    lambda x, dim, index: x.take(index, axis=dim),
    lambda draw: [
        sample(draw(3, 4), 0, draw.index(5, size=3)),
        sample(draw(2, 3, 4), -1, draw.index(2, size=4)),
        sample(draw(3, 4), 1, draw.index(0, size=4)),
    ],
    ALL,
)
_add(
    "take",
    np.take,
    lambda draw: [
        sample(draw(3, 4), draw.index(2, 3, size=12)),
        sample(draw(3), draw.index(size=3)),
    ],
    ALL,
)


def _index_add(x: Array, dim: int, index: Array, source: Array, alpha: float = 1) -> Array:
    result = x.copy()
    for place, i in enumerate(index):
        rows = np.moveaxis(result, dim, 0)
        rows[i] += (alpha * np.moveaxis(source, dim, 0)[place]).astype(x.dtype)
    return result


def _index_copy(x: Array, dim: int, index: Array, source: Any) -> Array:
    result = x.copy()
    np.moveaxis(result, dim, 0)[index] = (
        np.moveaxis(source, dim, 0) if isinstance(source, np.ndarray) else source
    )
    return result


_add(
    "index_add",
    _index_add,
    lambda draw: [
        sample(draw(3, 4), 0, draw.index(5, size=3), draw(5, 4)),
        sample(draw(2, 3, 4), 1, draw.index(2, size=3), draw(2, 2, 4), alpha=2),
    ],
    NUMBERS,
)
_add(
    "index_copy",
    _index_copy,
    lambda draw: [
        sample(draw(4, 3), 0, np.array([2, 0]), draw(2, 3)),
        sample(draw(2, 4), -1, np.array([3, 1, 0]), draw(2, 3)),
    ],
    ALL,
)
_add(
    "index_fill",
    _index_copy,
    lambda draw: [
        sample(draw(4, 3), 0, np.array([2, 0, 2]), 1),
        sample(draw(2, 4), -1, np.array([3]), 1),
    ],
    ALL,
)


def _masked_scatter(x: Array, mask: Array, source: Array) -> Array:
    result = x.copy()
    full = np.broadcast_to(mask, x.shape)
    result[full] = source.reshape(-1)[: full.sum()]
    return result


_add(
    "masked_scatter",
    _masked_scatter,
    lambda draw: [
        sample(draw(3, 4), draw.mask(3, 4), draw(12)),
        sample(draw(3, 4), draw.mask(3, 1), draw(4, 4)),
    ],
    ALL,
)
_add(
    "bincount",
    lambda x, minlength=0: np.bincount(x, minlength=minlength),
    lambda draw: [sample(draw.index(6, size=5)), sample(draw.index(0, size=5), minlength=3)],
    (int64,),
    differentiable=False,
)
_add(
    "bincount.weights",
    lambda x, weights, minlength=0: np.bincount(x, weights, minlength).astype(weights.dtype),
    lambda draw: [sample(draw.index(6, size=5), draw(6), 2)],
)
_add(
    "masked_select",
    lambda x, mask: np.broadcast_to(x, np.broadcast_shapes(x.shape, mask.shape))[
        np.broadcast_to(mask, np.broadcast_shapes(x.shape, mask.shape))
    ],
    lambda draw: [sample(draw(3, 4), draw.mask(3, 4)), sample(draw(3, 1), draw.mask(4))],
    ALL,
)
_add(
    "nonzero",
    np.argwhere,
    lambda draw: [sample(draw(3, 4)), sample(draw())],
    ALL,
    differentiable=False,
)

_add("argwhere", np.argwhere, lambda draw: [sample(draw(3, 4))], ALL, differentiable=False)

# -- matrix products --------------------------------------------------------------------------

_add(
    "matmul",
    np.matmul,
    lambda draw: [
        sample(draw(3), draw(3)),
        sample(draw(2, 3), draw(3)),
        sample(draw(3), draw(3, 4)),
        sample(draw(2, 3), draw(3, 4)),
        sample(draw(5, 2, 3), draw(5, 3, 4)),
        sample(draw(2, 1, 2, 3), draw(3, 3, 2)),
        sample(draw(5, 2, 3), draw(3)),
        sample(draw(3), draw(2, 3, 4)),
        sample(draw(2, 0), draw(0, 3)),
        sample(draw(0, 2), draw(2, 3)),
    ],
    NUMBERS,
)
_add("mm", np.matmul, lambda draw: [sample(draw(2, 3), draw(3, 4))], NUMBERS)
_add(
    "bmm",
    np.matmul,
    lambda draw: [sample(draw(2, 2, 3), draw(2, 3, 4)), sample(draw(0, 2, 3), draw(0, 3, 4))],
    NUMBERS,
)
_add("dot", np.dot, lambda draw: [sample(draw(3), draw(3)), sample(draw(0), draw(0))], NUMBERS)
_add("outer", np.outer, lambda draw: [sample(draw(3), draw(4))], ALL)


def _einsum(equation: str, *operands: Array) -> Array:
    return np.asarray(np.einsum(equation, *operands, optimize=False))


_add(
    "einsum",
    _einsum,
    lambda draw: [
        sample("ij->ji", draw(2, 3)),
        sample("ij", draw(2, 3)),
        sample("ba", draw(2, 3)),
        sample("ij->", draw(2, 3)),
        sample("ii->i", draw(3, 3)),
        sample("ii", draw(3, 3)),
        sample("i,j->ij", draw(2), draw(3)),
        sample("i,i", draw(3), draw(3)),
        sample("ij,jk", draw(2, 3), draw(3, 4)),
        sample("bij,bjk->bik", draw(2, 2, 3), draw(2, 3, 2)),
        sample("bij , bjk -> ikb", draw(2, 2, 3), draw(2, 3, 2)),
        sample("ij,jk,kl->il", draw(2, 3), draw(3, 2), draw(2, 4)),
        sample("ijk,k->ij", draw(2, 3, 4), draw(4)),
        sample("ij,kl->", draw(2, 3), draw(2, 2)),
        sample("...ij,...jk->...ik", draw(2, 2, 3), draw(3, 4)),
        sample("...i->...", draw(2, 3, 4)),
        sample("i...,i...->...", draw(3, 2), draw(3, 2)),
        sample("iij->j", draw(2, 2, 3)),
        sample("ij,ij->ij", draw(2, 3), draw(2, 3)),
        sample("bhqd,bhkd->bhqk", draw(1, 2, 3, 2), draw(1, 2, 2, 2)),
    ],
    NUMBERS,
)

_add("mv", np.matmul, lambda draw: [sample(draw(2, 3), draw(3))], NUMBERS)
_add(
    "inner",
    np.inner,
    lambda draw: [
        sample(draw(3), draw(3)),
        sample(draw(2, 3), draw(2, 4, 3)),
        sample(draw(2, 3), draw()),
    ],
    NUMBERS,
)
_add(
    "tensordot",
    lambda a, b, dims=2: np.tensordot(a, b, dims),
    lambda draw: [
        sample(draw(2, 3, 4), draw(3, 4, 2)),
        sample(draw(2, 3), draw(4), 0),
        sample(draw(2, 3, 4), draw(4, 5, 2), ((0, 2), (2, 0))),
    ],
    NUMBERS,
)


def _added_products(*shapes: tuple[int, ...]) -> Callable[[Draw], list[Sample]]:
    return lambda draw: [
        sample(*[draw(*shape) for shape in shapes]),
        sample(*[draw(*shape) for shape in shapes], beta=2, alpha=3),
    ]


for _name, _products in [
    ("addmm", _added_products((4,), (2, 3), (3, 4))),
    ("addmv", _added_products((2,), (2, 3), (3,))),
    ("baddbmm", _added_products((2, 1), (5, 2, 3), (5, 3, 4))),
]:
    _add(
        _name,
        lambda x, a, b, beta=1, alpha=1: beta * x + alpha * (a @ b),
        _products,
        NUMBERS,
    )
_add(
    "kron",
    np.kron,
    lambda draw: [sample(draw(2, 3), draw(3, 2)), sample(draw(2), draw(2, 2))],
    NUMBERS,
)
_add(
    "matrix_power",
    lambda x, n: np.linalg.matrix_power(x, n),
    lambda draw: [sample(draw(2, 3, 3), n) for n in (1, 2, 3, 5)],
)
_add(
    "cdist",
    lambda x, y, p=2.0: np.linalg.norm(x[..., :, None, :] - y[..., None, :, :], p, -1),
    lambda draw: [
        sample(draw(3, 2), draw(4, 2)),
        sample(draw(2, 3, 4), draw(2, 2, 4), 1.0),
        sample(draw(3, 2), draw(4, 2), 3.0),
    ],
)
