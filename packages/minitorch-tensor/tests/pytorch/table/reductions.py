"""Folds over dimensions, statistics, norms, softmax."""

from __future__ import annotations

from collections.abc import Iterator

from .row import ALL, CANCELS, INF, INTEGERS, NAN, NUMBERS, Case, DType, case, v, x

WITH_NAN = v([[1.0, NAN, 3.0], [NAN, NAN, 0.5]])


def rows() -> Iterator[Case]:
    """The rows."""
    yield case("max", x(2, 3), x(3))
    yield case("min", x(2, 3), x(3))
    yield case("var", x(2, 3), False)
    for name in ("sum", "mean", "amax", "amin", "var", "std", "logsumexp"):
        if name != "logsumexp":
            yield case(name, x(2, 3))
        yield case(name, x(2, 3, 2, layout="permuted"), 1, absolute=CANCELS)
        yield case(name, x(2, 3, 2, layout="stepped"), -1, keepdim=True, absolute=CANCELS)
        yield case(name, x(2, 3, 2), (0, 2))
        yield case(name, x(3, 2, layout="expanded"), (0, 1), keepdim=True)
    # Rounding must not grow with what is added up.
    for name in ("sum", "mean", "var", "std", "norm"):
        yield case(name, x(60, 50, low=0.1, layout="permuted", grad=False))
    yield case("logsumexp", x(60, 50, grad=False), (0, 1))
    for name in ("sum", "prod"):
        yield case(name, x(2, 3, layout="reversed"), dtypes=("bool", *INTEGERS))
        yield case(name, x(2, 3), 1, dtypes=("bool", "uint8", "int32"))
        yield case(name, x(2, 3), dtype=DType("float64"), dtypes=("int32", "float32"))
        yield case(name, x(2, 0), 1)
        yield case(name, x(0))
        yield case(name, x())
    yield case("sum", v([INF, -INF, 1.0]))
    yield case("sum", x(2, 3), ())
    yield case("mean", x(2, 3), 1, dtype=DType("float64"), dtypes=("int64", "float32"))
    yield case("mean", x(0))
    yield case("mean", x())
    yield case("prod", x(2, 3, layout="permuted"), 1)
    yield case("prod", x(2, 3), 0, keepdim=True)
    yield case("prod", x(2, 2))
    yield case("prod", v([[2.0, 0.0, 3.0], [0.0, 4.0, 0.0], [1.0, 2.0, 3.0]]))
    yield case("prod", v([[2.0, 0.0, 3.0], [0.0, 4.0, 0.0], [1.0, 2.0, 3.0]]), 1)
    for name in ("amax", "amin"):
        yield case(name, v([[3.0, 1.0, 3.0], [1.0, 1.0, 2.0]]), 1)
        yield case(name, v([[3.0, 1.0, 3.0], [1.0, 1.0, 3.0]]))
        yield case(name, v([1.0, NAN, 2.0]))
        yield case(name, v([INF, -INF]), 0)
        yield case(name, x(2, 3), (0, 1), dtypes=("bool", *INTEGERS))
    for name in ("max", "min"):
        yield case(name, x(2, 3, layout="permuted"))
        yield case(name, v([[3.0, 1.0, 3.0], [1.0, 1.0, 3.0]]))
        yield case(name, x(2, 3, 2), 1)
        yield case(name, x(2, 3, 2, layout="reversed"), -1, keepdim=True)
        yield case(name, v([[3.0, 1.0, 3.0], [1.0, 1.0, 2.0]]), 1)
        yield case(name, v([[1.0, NAN], [2.0, 0.5]]), 1)
        yield case(name, x(), 0)
        yield case(name, v([[5, 1], [2, 9]]), 0, dtypes=("bool", *INTEGERS))
        yield case(f"arg{name}", x(2, 3, layout="permuted"))
        yield case(f"arg{name}", x(2, 3, 2), 1, keepdim=True)
        yield case(f"arg{name}", v([[3, 1, 3], [1, 1, 2]]), 1, dtypes=NUMBERS)
        yield case(f"arg{name}", v([1.0, NAN, 2.0, NAN]))
        yield case(f"arg{name}", x())
    for name in ("all", "any"):
        yield case(name, x(2, 3), dtypes=tuple(d for d in ALL if d != "uint8"))
        legacy = "PyTorch keeps uint8, its bool of old; the array API standard has bool"
        yield case(name, x(2, 3), dtypes=("uint8",), differs={"dtype": legacy})
        yield case(name, v([[0, 1, 2], [1, 1, 1]]), 1, dtypes=("bool", "int64", "float32"))
        yield case(name, x(2, 3, 2, low=0, high=1), (0, 2), keepdim=True, dtypes=("bool", "int32"))
        yield case(name, x(0, 2), 0, dtypes=("bool", "float32"))
        yield case(name, v([NAN, 0.0]))
    yield case("count_nonzero", v([[0, 1, 2], [0, 0, 3]]), dtypes=ALL)
    yield case("count_nonzero", v([[0, 1, 2], [0, 0, 3]]), 1, dtypes=("bool", "float32"))
    yield case("count_nonzero", x(2, 3, 2), (0, 2), dtypes=("int64",))
    for name in ("var", "std"):
        yield case(name, x(2, 4), 1, correction=0)
        yield case(name, x(2, 4), 1, correction=2, keepdim=True)
        yield case(name, x(2, 4), unbiased=False)
        yield case(name, v([2.0, 2.0, 2.0]), correction=0)
        yield case(name, x(3, 1), 1, correction=0)
    for p in (2, 1, 3, 2.5, 0.5, INF, -INF, 0, "fro"):
        yield case("norm", x(2, 3, layout="permuted"), p, 1)
    yield case("norm", x(2, 3))
    yield case("norm", x(2, 3, 2), 2, (0, 2), keepdim=True)
    yield case("norm", v([0.0, 0.0, 0.0]))
    yield case("norm", v([0.0, -3.0, 3.0]), 1)
    yield case("norm", v([0.0, -3.0, 3.0]), INF)
    yield case("norm", v([0.0, 2.0]), 3)
    yield case("norm", x(0))
    yield case("logsumexp", v([[1000.0, 1000.0], [INF, 1.0], [-1000.0, -1001.0]]), 1)
    yield case(
        "logsumexp",
        v([[-INF, -INF], [0.0, 1.0]]),
        1,
        differs={"gradients": "PyTorch has NaN for a row of -inf, ours 0, to spoil no weights"},
    )
    yield case("logsumexp", x(2, 0), 1)
    yield case("logsumexp", x(), 0)
    for name in ("softmax", "log_softmax"):
        yield case(name, x(2, 3, layout="permuted"), 1, absolute=CANCELS)
        yield case(name, x(2, 3, 2, layout="stepped"), 1, absolute=CANCELS)
        yield case(name, x(2, 3), 0, absolute=CANCELS)
        yield case(name, x(), 0)
        yield case(name, x(2, 0), 1)
        yield case(name, v([[1000.0, 1000.0], [1000.0, -1000.0], [-INF, 0.0]]), 1)
    for name in ("nansum", "nanmean"):
        yield case(name, WITH_NAN)
        yield case(name, WITH_NAN, 1, keepdim=True)
        yield case(name, x(2, 3, 2), (0, 2))
    yield case("nansum", x(2, 3), dtypes=INTEGERS)
    yield case("median", x(3, 3))
    yield case("median", x(2, 4))
    yield case("median", v([1.0, NAN, 0.0]))
    yield case("median", v([2.0, 1.0, 2.0, 2.0, 3.0]))
    yield case("median", x(2, 4, 3, layout="permuted"), 1)
    yield case("median", x(2, 5), dim=-1, keepdim=True)
    yield case("median", x(5), dtypes=INTEGERS)
    yield case("median", x())
    yield case("aminmax", x(2, 3))
    yield case("aminmax", x(2, 3, layout="permuted"), dim=1, keepdim=True)
    yield case("aminmax", x(3), dtypes=INTEGERS)
    for name in ("var_mean", "std_mean"):
        yield case(name, x(2, 3))
        yield case(name, x(2, 3, 2), (0, 2), correction=0, keepdim=True)
        yield case(name, x(2, 3), 1, unbiased=False)
    for name in ("var", "std"):
        yield case(name, x(2, 3), 1, False, True)
    yield case("norm", x(2, 3), dtype=DType("float64"), dtypes=("float32",))
    yield case("mean", x(2, 3), dtype=DType("float64"), dtypes=("float32", "int32"))
    for name in ("softmax", "log_softmax"):
        yield case(name, x(2, 3), 1, dtype=DType("float64"), dtypes=("float32", "int64"))
    for name in ("max", "min"):
        yield case(name, x(2, 3), other=x(3))
