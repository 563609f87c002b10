"""The array API namespace: numpy's functions of the same names, with the same arguments.

The standard has a test suite of its own, which no package index holds. To run it:

    git clone --recurse-submodules --branch 2026.02.26 https://github.com/data-apis/array-api-tests
    cd array-api-tests
    pip install -r requirements.txt
    export ARRAY_API_TESTS_MODULE=minitorch_tensor.array_api
    export ARRAY_API_TESTS_SKIP_DTYPES=complex64,complex128
    pytest array_api_tests
"""

from __future__ import annotations

import inspect
import math
from typing import Any, NamedTuple

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import array_api as xp

NUMBERS = np.random.default_rng(0)
A = NUMBERS.normal(size=(2, 3, 4))
B = NUMBERS.normal(size=(3, 4))
WITHIN_ONE = NUMBERS.uniform(-0.9, 0.9, (2, 3))
POSITIVE = NUMBERS.uniform(0.5, 2.0, (2, 3))
OTHER = NUMBERS.uniform(0.5, 2.0, 3)
INTEGERS = NUMBERS.integers(-9, 9, (2, 5))
SMALL = NUMBERS.integers(1, 5, (2, 5))
REPEATED = np.array([[3, 1, 3], [2, 1, 3]])
EDGES = np.array([-np.inf, -1.5, -0.0, 0.0, 0.5, 2.5, np.inf, np.nan])
SQUARE = NUMBERS.normal(size=(2, 3, 3)) + 3 * np.eye(3)
SYMMETRIC = SQUARE @ SQUARE.mT
TALL = NUMBERS.normal(size=(4, 2))


class Call(NamedTuple):
    """Arguments of a call; an array, alone or in a list, stands for a tensor."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.name}{tuple(self.kwargs)}"


def call(name: str, *args: Any, **kwargs: Any) -> Call:
    return Call(name, args, kwargs)


UNARY = {
    "abs negative positive sign square floor ceil trunc round isnan isinf isfinite signbit": EDGES,
    "logical_not conj real imag": EDGES,
    "exp expm1 sin cos tan sinh cosh tanh asinh atan": WITHIN_ONE,
    "asin acos atanh": WITHIN_ONE,
    "log log1p log2 log10 sqrt reciprocal": POSITIVE,
    "acosh": POSITIVE + 1,
    "bitwise_invert": INTEGERS,
}
BINARY = {
    "add subtract multiply divide atan2 hypot logaddexp pow maximum minimum copysign": (
        POSITIVE,
        OTHER,
    ),
    "nextafter equal not_equal less less_equal greater greater_equal": (POSITIVE, OTHER),
    "floor_divide remainder": (A, POSITIVE[0, 0]),
    "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift": (INTEGERS, SMALL),
    "logical_and logical_or logical_xor": (INTEGERS > 0, SMALL > 2),
}
CALLS = [
    *[call(name, x) for names, x in UNARY.items() for name in names.split()],
    *[call(name, *pair) for names, pair in BINARY.items() for name in names.split()],
    call("add", 2.0, POSITIVE),
    call("pow", 2, SMALL),
    call("nextafter", 1.0, POSITIVE),
    call("bitwise_left_shift", 1, SMALL),
    call("clip", A, -0.5, 0.5),
    call("clip", A, max=B),
    call("clip", A),
    # creation
    call("arange", 5),
    call("arange", 2, 9, 3),
    call("arange", 9, 2),
    call("arange", 9, 2, -2),
    call("eye", 3, 4, k=1),
    call("linspace", 0.0, 1.0, 5),
    call("linspace", 0.0, 1.0, num=5, endpoint=False),
    call("linspace", 0.0, 1.0, 0),
    call("meshgrid", B[0], B[1]),
    call("meshgrid", B[0], B[1], indexing="ij"),
    call("zeros", (2, 3)),
    call("ones", 3),
    call("full", (2, 3), 7),
    call("full", 3, True),
    call("zeros_like", INTEGERS),
    call("ones_like", A),
    call("full_like", INTEGERS, 3),
    call("tril", B, k=1),
    call("triu", B, k=-1),
    call("asarray", [[1, 2], [3, 4]]),
    call("asarray", 2.5),
    # manipulation
    call("broadcast_arrays", A, B),
    call("broadcast_to", B, (2, 3, 4)),
    call("concat", [A, A], axis=1),
    call("concat", [A, B], axis=None),
    call("expand_dims", A, axis=-1),
    call("flip", A),
    call("flip", A, axis=(0, -1)),
    call("moveaxis", A, 0, -1),
    call("moveaxis", A, (0, 1), (2, 0)),
    call("permute_dims", A, axes=(2, 0, 1)),
    call("repeat", B, 2),
    call("repeat", B, np.array([1, 0, 2]), axis=0),
    call("reshape", A, (6, -1)),
    call("reshape", A, (6, -1), copy=True),
    call("roll", A, 2),
    call("roll", A, 1, axis=(0, 2)),
    call("roll", A, (1, -2), axis=(0, 2)),
    call("squeeze", A[:, :1], axis=1),
    call("squeeze", A[:1, :1], axis=(0, 1)),
    call("squeeze", A[:1], axis=()),
    call("stack", [B, B], axis=-1),
    call("tile", B, (2, 1, 3)),
    call("unstack", A, axis=1),
    call("take", A, np.array([2, 0, -1]), axis=1),
    call("take", B[0], np.array([2, 0])),
    call("take_along_axis", B, np.array([[0, -1], [2, 1], [3, 3]]), axis=1),
    call("where", B > 0, B, 0.0),
    # statistics
    *[call(name, A, axis=0) for name in ("sum", "prod", "mean", "max", "min", "std", "var")],
    *[call(name, A, axis=(0, -1), keepdims=True) for name in ("sum", "mean", "max", "min", "prod")],
    *[call(name, A, axis=()) for name in ("sum", "mean", "max", "min", "prod", "std", "var")],
    *[call(name, A, correction=1) for name in ("std", "var")],
    *[call(name, INTEGERS > 0, axis=1, keepdims=True) for name in ("all", "any")],
    *[call(name, INTEGERS, axis=()) for name in ("all", "any", "count_nonzero")],
    call("sum", INTEGERS, dtype=np.float64),
    call("count_nonzero", INTEGERS, axis=0),
    call("count_nonzero", INTEGERS, keepdims=True),
    call("cumulative_sum", A, axis=1),
    call("cumulative_sum", B[0]),
    call("cumulative_sum", INTEGERS, axis=-1, include_initial=True),
    call("cumulative_prod", A, axis=-1, include_initial=True),
    call("diff", A, axis=1),
    call("diff", INTEGERS, n=2, prepend=INTEGERS[:, :1]),
    call("sort", A, axis=1),
    call("argsort", A, axis=0),
    call("argmax", A, axis=1, keepdims=True),
    call("argmin", A, keepdims=True),
    call("nonzero", INTEGERS),
    call("searchsorted", np.sort(B[0]), B, side="right"),
    call("searchsorted", B[0], B[1], sorter=np.argsort(B[0])),
    call("unique_all", REPEATED),
    call("unique_counts", REPEATED),
    call("unique_inverse", REPEATED),
    # linear algebra
    call("matmul", A, B.T),
    call("matrix_transpose", A),
    call("tensordot", A, B, axes=2),
    call("tensordot", A, B, axes=((1, 2), (0, 1))),
    call("vecdot", A, B),
    call("vecdot", A, B, axis=-2),
    call("linalg.cholesky", SYMMETRIC),
    call("linalg.cholesky", SYMMETRIC, upper=True),
    call("linalg.cross", A[..., :3], B[:, :3]),
    call("linalg.cross", A[0].T, B.T, axis=1),
    call("linalg.det", SQUARE),
    call("linalg.diagonal", A, offset=1),
    call("linalg.eigvalsh", SYMMETRIC),
    call("linalg.inv", SQUARE),
    call("linalg.matmul", A, B.T),
    call("linalg.matrix_power", SQUARE, 3),
    call("linalg.matrix_power", SQUARE, -2),
    *[call("linalg.matrix_norm", A, ord=n) for n in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)],
    call("linalg.matrix_norm", A, ord=2, keepdims=True),
    call("linalg.matrix_rank", np.concat([SQUARE, SQUARE[:1] * [1, 1, 0]])),
    call("linalg.matrix_rank", SQUARE, rtol=0.5),
    call("linalg.matrix_transpose", A),
    call("linalg.outer", B[0], B[1]),
    call("linalg.pinv", TALL),
    call("linalg.pinv", TALL, rtol=0.9),
    call("linalg.slogdet", SQUARE),
    call("linalg.solve", SQUARE, A[:, :, :2]),
    call("linalg.solve", SQUARE, B[:, 0]),
    call("linalg.svdvals", A),
    call("linalg.tensordot", A, B),
    call("linalg.trace", A, offset=1),
    call("linalg.vecdot", A, B),
    *[call("linalg.vector_norm", A, axis=(0, 1), ord=n) for n in (0, 1, 2, 3, np.inf, -np.inf)],
    call("linalg.vector_norm", A, axis=(), keepdims=True),
]

#: Compared in another way below, or without a counterpart in numpy.
OTHERWISE = {
    *("empty", "empty_like", "from_dlpack", "astype", "can_cast", "isdtype", "result_type"),
    *("finfo", "iinfo", "bool", "uint8", "int32", "int64", "float32", "float64"),
    *("e", "inf", "nan", "pi", "newaxis", "linalg"),
    *("__array_api_version__", "__array_namespace_info__"),
    *("linalg.eigh", "linalg.qr", "linalg.svd", "unique_values"),
}


def found(namespace: Any, name: str) -> Any:
    for part in name.split("."):
        namespace = getattr(namespace, part)
    return namespace


def as_tensors(value: Any) -> Any:
    if isinstance(value, list):
        return [as_tensors(item) for item in value]
    if isinstance(value, np.ndarray):
        return mt.tensor(value)
    return mt.float64 if value is np.float64 else value


def as_arrays(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [as_arrays(item) for item in value]
    assert isinstance(value, mt.Tensor)
    return value.numpy()


def agree(got: Any, expected: Any) -> None:
    """The same nesting, shapes, values and, but for the width of default numbers, dtypes."""
    if isinstance(expected, (tuple, list)):
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            agree(one, other)
        return
    expected = np.asarray(expected)
    assert got.shape == expected.shape
    assert got.dtype.kind == expected.dtype.kind
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)
    if got.dtype.kind == "f":
        assert (np.signbit(got) == np.signbit(expected))[~np.isnan(expected)].all()


@pytest.mark.parametrize("example", CALLS, ids=str)
def test_a_function_computes_what_numpys_of_that_name_does(example: Call) -> None:
    try:
        expected = found(np, example.name)(*example.args, **example.kwargs)
    except (AttributeError, TypeError):
        if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
            raise
        pytest.skip(f"numpy {np.__version__} has no {example}")
    arguments = [as_tensors(x) for x in example.args]
    options = {name: as_tensors(x) for name, x in example.kwargs.items()}
    result = found(xp, example.name)(*arguments, **options)
    agree(as_arrays(result), expected)


def test_every_name_is_compared() -> None:
    names = {*xp.__all__, *[f"linalg.{name}" for name in xp.linalg.__all__]}
    assert names - OTHERWISE == {example.name for example in CALLS}
    assert all(hasattr(xp, name) for name in xp.__all__)


def test_arrays_are_given_by_position_and_options_by_the_standards_names() -> None:
    for name, kinds in {
        "sum": {"x": "/", "axis": "*", "dtype": "*", "keepdims": "*"},
        "add": {"x1": "/", "x2": "/"},
        "reshape": {"x": "/", "shape": "", "copy": "*"},
        "unique_all": {"x": "/"},
    }.items():
        parameters = inspect.signature(getattr(xp, name)).parameters
        words = {"POSITIONAL_ONLY": "/", "KEYWORD_ONLY": "*", "POSITIONAL_OR_KEYWORD": ""}
        assert {key: words[p.kind.name] for key, p in parameters.items()} == kinds


# -- the namespace ---------------------------------------------------------------------------------


def test_a_tensor_knows_its_namespace() -> None:
    x = mt.ones(2)
    assert x.__array_namespace__() is xp
    assert x.__array_namespace__(api_version="2022.12") is xp
    assert xp.__array_api_version__ == "2024.12"
    for version in ("2030.12", "1"):
        with pytest.raises(ValueError, match=r"__array_namespace__: .* 2024\.12, got"):
            x.__array_namespace__(api_version=version)


def test_code_for_any_namespace_has_gradients() -> None:
    def softmax(x: Any) -> Any:
        xp = x.__array_namespace__()
        powers = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
        return powers / xp.sum(powers, axis=-1, keepdims=True)

    x = mt.tensor(B, requires_grad=True)
    (ours,) = mt.grad(softmax(x)[:, 0].sum(), x)
    (own,) = mt.grad(mt.softmax(x, -1)[:, 0].sum(), x)
    np.testing.assert_allclose(ours.numpy(), own.numpy(), atol=1e-12)


def test_the_namespace_says_which_dtypes_there_are() -> None:
    info = xp.__array_namespace_info__()
    assert info.dtypes(kind="integral") == {
        "uint8": mt.uint8,
        "int32": mt.int32,
        "int64": mt.int64,
    }
    assert info.dtypes(kind=("bool", "unsigned integer")) == {"bool": mt.bool, "uint8": mt.uint8}
    assert info.dtypes(kind="complex floating") == {}
    assert len(info.dtypes()) == 6
    for dtype in info.dtypes().values():
        assert xp.empty((2, 3), dtype=dtype).dtype is dtype
    assert info.default_dtypes()["real floating"] is xp.asarray(0.5).dtype
    assert info.default_dtypes()["integral"] is xp.asarray(1).dtype
    assert info.capabilities()["boolean indexing"]


def test_the_namespace_creates_on_the_devices_that_it_names() -> None:
    info = xp.__array_namespace_info__()
    assert info.default_device() == mt.ones(1).device == mt.device("cpu")
    assert info.default_device() in info.devices()
    assert mt.device("simple") in info.devices()
    x = xp.ones(2, device="simple")
    assert (x.device, xp.zeros_like(x).device) == (mt.device("simple"), mt.device("simple"))
    assert xp.asarray(mt.ones(2), device="simple").device == x.device
    assert xp.astype(mt.ones(2), mt.int64, device="simple").device == x.device
    assert x.to_device("cpu").device == info.default_device()


def test_dtypes_are_of_kinds_and_promote() -> None:
    assert xp.isdtype(mt.int32, "integral")
    assert xp.isdtype(mt.int32, ("bool", mt.int32))
    assert not xp.isdtype(mt.uint8, "signed integer")
    with pytest.raises(ValueError, match=r"isdtype: kind must be one of bool, .*, got 'floating'"):
        xp.isdtype(mt.int32, "floating")
    assert xp.result_type(mt.int32, xp.ones(1, dtype=mt.uint8), 3) is mt.int32
    assert xp.result_type(mt.float64, 1, 2.5) is mt.float64
    assert xp.result_type(mt.int64, 2.5) is mt.float32
    with pytest.raises(ValueError, match="result_type: wanted at least one"):
        xp.result_type(1, 2)
    assert xp.can_cast(mt.int32, mt.int64)
    assert not xp.can_cast(xp.ones(1, dtype=mt.float64), mt.float32)


def test_limits_are_numpys() -> None:
    for dtype in (mt.float32, mt.float64):
        ours, theirs = xp.finfo(dtype), np.finfo(dtype.numpy)
        for name in ("bits", "eps", "max", "min", "smallest_normal", "tiny", "resolution"):
            assert getattr(mt.finfo(dtype), name) == getattr(ours, name) == getattr(theirs, name)
        assert ours.dtype is dtype is xp.finfo(xp.ones(1, dtype=dtype)).dtype
    for dtype in (mt.uint8, mt.int32, mt.int64):
        limits, known = mt.iinfo(dtype), np.iinfo(dtype.numpy)
        assert (limits.bits, limits.min, limits.max) == (known.bits, known.min, known.max)
    assert mt.finfo().dtype is mt.float32
    with pytest.raises(TypeError, match=r"finfo: int64 has no such limits.*given by iinfo"):
        mt.finfo(mt.int64)
    with pytest.raises(TypeError, match=r"iinfo: bool has no such limits\.$"):
        mt.iinfo(mt.bool)


def test_unique_values_ascend_and_each_nan_is_one_of_its_own() -> None:
    assert xp.unique_values(mt.tensor(REPEATED)).tolist() == [1, 2, 3]
    result = xp.unique_all(mt.tensor([2.0, math.nan, 1.0, math.nan]))
    assert result.indices.tolist() == [2, 0, 1, 3]
    assert result.counts.tolist() == [1, 1, 1, 1]


# -- memory ----------------------------------------------------------------------------------------


def test_asarray_shares_memory_unless_told_otherwise() -> None:
    array = np.arange(3.0)
    assert np.shares_memory(xp.asarray(array).numpy(), array)
    assert np.shares_memory(xp.asarray(array, copy=False).numpy(), array)
    assert not np.shares_memory(xp.asarray(array, copy=True).numpy(), array)
    x = mt.tensor(array)
    assert xp.asarray(x) is x is xp.asarray(x, copy=False)
    assert not np.shares_memory(xp.asarray(x, copy=True).numpy(), x.numpy())
    assert xp.asarray(memoryview(array)).tolist() == [0.0, 1.0, 2.0]
    for unshared in (
        lambda: xp.asarray([1.0], copy=False),
        lambda: xp.asarray(x, dtype=mt.int64, copy=False),
        lambda: xp.asarray(array, dtype=mt.float32, copy=False),
        lambda: xp.asarray(np.broadcast_to(array, (2, 3)), copy=False),
    ):
        with pytest.raises(ValueError, match=r"asarray: .* takes a copy, which copy=False forbids"):
            unshared()


def test_astype_and_reshape_copy_on_request() -> None:
    x = mt.ones(2, 3)
    assert xp.astype(x, mt.float32, copy=False) is x
    assert not np.shares_memory(xp.astype(x, mt.float32).numpy(), x.numpy())
    assert xp.astype(x, mt.int64).dtype is mt.int64
    assert np.shares_memory(xp.reshape(x, (6,), copy=False).numpy(), x.numpy())
    assert not np.shares_memory(xp.reshape(x, (6,), copy=True).numpy(), x.numpy())
    with pytest.raises(ValueError, match=r"view: .* cannot be seen as"):
        xp.reshape(x.T, (6,), copy=False)


def test_memory_crosses_by_dlpack() -> None:
    array = np.arange(3.0)
    shared = np.from_dlpack(array).flags.writeable  # since numpy 2.1
    assert np.shares_memory(xp.from_dlpack(array).numpy(), array) == shared
    assert not np.shares_memory(xp.from_dlpack(array, copy=True).numpy(), array)
    x = mt.tensor(array)
    assert np.shares_memory(np.from_dlpack(x), x.numpy())


# -- decompositions --------------------------------------------------------------------------------


def test_decompositions_compose_to_what_they_are_of() -> None:
    x = mt.tensor(SYMMETRIC)
    values, vectors = xp.linalg.eigh(x)
    np.testing.assert_allclose((x @ vectors).numpy(), (vectors * values.unsqueeze(-2)).numpy())
    for mode, columns in (("reduced", 2), ("complete", 4)):
        q, r = xp.linalg.qr(mt.tensor(TALL), mode=mode)
        assert q.shape == (4, columns)
        np.testing.assert_allclose((q @ r).numpy(), TALL)
        np.testing.assert_allclose((q.mT @ q).numpy(), np.eye(columns), atol=1e-12)
    u, s, vh = xp.linalg.svd(mt.tensor(TALL), full_matrices=False)
    np.testing.assert_allclose(((u * s) @ vh).numpy(), TALL)
    assert xp.linalg.svd(mt.tensor(TALL)).U.shape == (4, 4)


def test_decompositions_refuse_what_they_cannot_do() -> None:
    x = mt.tensor(SQUARE, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"det: it has no gradient.*detach\(\)"):
        xp.linalg.det(x)
    with pytest.raises(TypeError, match="inv: wanted floating point, got int64"):
        xp.linalg.inv(mt.tensor(REPEATED))
    with pytest.raises(ValueError, match="qr: mode must be 'reduced' or 'complete', got 'raw'"):
        xp.linalg.qr(mt.tensor(TALL), mode="raw")
    with pytest.raises(ValueError, match=r"matrix_norm: ord must be .*, got 3"):
        xp.linalg.matrix_norm(mt.tensor(TALL), ord=3)


# -- errors ----------------------------------------------------------------------------------------


def test_bad_arguments_are_named() -> None:
    x = mt.tensor(A)
    for wrong, error, message in (
        (lambda: xp.squeeze(x, 1), ValueError, r"squeeze: axis 1 of shape .* has size 3, not 1"),
        (lambda: xp.take(x, mt.tensor([0])), ValueError, "take: name an axis"),
        (lambda: xp.cumulative_sum(x), ValueError, "cumulative_sum: name an axis"),
        (lambda: xp.nonzero(mt.tensor(1)), ValueError, "nonzero: wanted an axis"),
        (lambda: xp.matrix_transpose(x[0, 0]), ValueError, "matrix_transpose: wanted matrices"),
        (lambda: xp.vecdot(x, x[..., :1]), ValueError, "vecdot: sizes along axis -1 must be equal"),
        (lambda: xp.linalg.cross(x, x), ValueError, "cross: axis -1 must have size 3"),
        (lambda: xp.positive(A), TypeError, "positive: wanted tensors, got ndarray"),
        (lambda: xp.bitwise_left_shift(x, 1), TypeError, "bitwise_left_shift: wanted integers"),
        (lambda: mt.tensor([1]) >> -1, ValueError, "bitwise_right_shift: got a negative number"),
        (lambda: mt.nextafter(mt.tensor([1]), 2), TypeError, "nextafter: wanted floating point"),
        (lambda: x.to_device("cpu", stream=1), ValueError, "to_device: backends have no streams"),
    ):
        with pytest.raises(error, match=message):
            wrong()


def test_a_number_becomes_complex() -> None:
    assert complex(mt.tensor(2.5)) == 2.5 + 0j
    with pytest.raises(ValueError, match="item: a tensor of shape"):
        complex(mt.ones(2))


def test_bits_change_in_place() -> None:
    x = mt.tensor([12, 7])
    before = x
    x <<= 2
    x >>= 1
    x |= 1
    x &= 31
    x ^= 3
    x //= 2
    x %= 7
    assert x is before
    expected = np.array([12, 7])
    for step in ("<<= 2", ">>= 1", "|= 1", "&= 31", "^= 3", "//= 2", "%= 7"):
        operator, number = step.split()
        expected = eval(f"expected {operator[:-1]} {number}")
    assert x.tolist() == expected.tolist()
    assert (1 << mt.tensor([0, 3])).tolist() == [1, 8]
    assert math.isclose(mt.copysign(mt.tensor(2.0), -0.0).item(), -2.0)
