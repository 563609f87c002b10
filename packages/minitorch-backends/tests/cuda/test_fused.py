"""The fused operations of `cuda` where small samples do not reach: lines of several warps, runs of
several chunks, blocks of several rows, and every bit again. In the simulator blocks and chunks are
small, so that these inputs are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_backends.cuda import embedding, recurrent
from minitorch_backends.cuda import softmax as softmax_kernels
from minitorch_tensor import (
    BackendUnavailable,
    DType,
    Generator,
    TensorData,
    Window,
    float32,
    float64,
    get_backend,
)
from minitorch_tensor.derived import AdamStep, Convolution, Recurrence, RecurrentWeights, SGDStep

reference = get_backend("numpy")


@pytest.fixture(autouse=True, scope="module")
def _somewhere_to_run() -> None:
    try:
        get_backend("cuda")
    except BackendUnavailable as error:
        pytest.skip(str(error))


# The simulator takes some hundred microseconds for every thread.
few = settings(max_examples=15, deadline=None)


def data(shape: Any, seed: int = 0, dtype: Any = np.float64) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def on_both(operation: str, *arguments: Any, **keywords: Any) -> tuple[list[Any], list[Any]]:
    """What both backends make of arrays, tuples and lists of them, and what is no array."""

    def moved(backend: Any, x: Any) -> Any:
        if isinstance(x, list):
            return [moved(backend, part) for part in x]
        return backend.from_numpy(x) if isinstance(x, np.ndarray) else x

    def arrays(backend: Any, x: Any) -> list[Any]:
        if isinstance(x, TensorData):
            return [backend.to_numpy(x)]
        return [array for part in x for array in arrays(backend, part)]

    found = []
    for backend in (get_backend("cuda"), reference):
        given = [moved(backend, x) for x in arguments]
        found.append(arrays(backend, getattr(backend, operation)(*given, **keywords)))
    return found[0], found[1]


def same(operation: str, *arguments: Any, tolerance: float = 1e-12) -> None:
    got, expected = on_both(operation, *arguments)
    for number, (a, b) in enumerate(zip(got, expected, strict=True)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        scale = np.abs(b, where=np.isfinite(b), out=np.ones_like(b)).max(initial=1.0)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=str(number))


# -- softmax ---------------------------------------------------------------------------------------

#: Lengths of lines: for a part of a warp, a warp, several, and more than a block has threads.
LENGTHS = [1, 2, 3, *[softmax_kernels.WARP * n + 1 for n in (1, 2, 5)], softmax_kernels.THREADS * 3]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_lines_of_any_length_agree_with_the_derived_ones(name: str, dim: int, length: int) -> None:
    shape = (3, length) if dim == 1 else (length, 3)
    x = 5 * data(shape)
    same(name, x, dim)
    y = reference.to_numpy(getattr(reference, name)(reference.from_numpy(x), dim))
    same(f"{name}_backward", y, data(shape, 1), dim)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("place", [0, 2, 9])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_no_number_goes_where_the_formula_takes_it(
    name: str, dim: int, place: int, value: float
) -> None:
    x = data((4, 10), dtype=np.float32)
    x[1, place] = value
    x[2] = value  # a whole line
    x[3, :place] = value
    x = x if dim == 1 else np.ascontiguousarray(x.T)
    same(name, x, dim, tolerance=1e-6)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_keeps_its_digits_far_from_zero(name: str, dim: int) -> None:
    x = np.float32([[1000, 1000, 999], [-2000, -1999, -2000], [3e4, 3e4, 3e4]])
    cuda = get_backend("cuda")
    got = cuda.to_numpy(getattr(cuda, name)(cuda.from_numpy(x), dim))
    wide = reference.from_numpy(x.astype(np.float64))
    exact = reference.to_numpy(getattr(reference, name)(wide, dim))
    np.testing.assert_allclose(got, exact, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("length", LENGTHS)
def test_cross_entropy_of_any_number_of_classes_agrees_with_the_derived_one(length: int) -> None:
    x, d = 5 * data((5, length)), data(5, 1)
    target = np.random.default_rng(2).integers(0, length, 5)
    same("cross_entropy", x, target)
    _, y = reference.cross_entropy(reference.from_numpy(x), reference.from_numpy(target))
    same("cross_entropy_backward", reference.to_numpy(y), target, d)


# -- windows ---------------------------------------------------------------------------------------


@st.composite
def windows(draw: Any) -> tuple[tuple[int, int], Window]:
    """A size of images, and a window that fits: any stride, padding and dilation."""
    pairs = [
        draw(st.tuples(st.integers(low, high), st.integers(low, high)))
        for low, high in ((1, 3), (1, 3), (0, 2), (1, 2))
    ]
    window = Window(*pairs)
    reach = [d * (k - 1) + 1 for k, d in zip(window.kernel, window.dilation)]
    size = [draw(st.integers(max(1, r - 2 * p), r + 3)) for r, p in zip(reach, window.padding)]
    return (size[0], size[1]), window


@few
@given(windows(), st.sampled_from([(1, 2, 3), (2, 4, 2), (2, 2, 4)]))
def test_convolution_and_its_adjoints_agree_with_the_derived_ones(
    seen: tuple[tuple[int, int], Window], channels: tuple[int, int, int]
) -> None:
    (size, window), (groups, c, o) = seen, channels
    x, weight = data((2, c, *size)), data((o, c // groups, *window.kernel), 1)
    d, conv = data((2, o, *window.output_size(size)), 2), Convolution(window, groups)
    same("conv2d", x, weight, conv)
    same("conv2d_input_grad", d, weight, x.shape, conv)
    same("conv2d_weight_grad", d, x, weight.shape, conv)


#: Windows that overlap, skip, and see places that others see; none lies in the padding alone.
WINDOWS = [
    Window((2, 2), (2, 2), (0, 0), (1, 1)),
    Window((3, 2), (1, 2), (1, 1), (1, 1)),
    Window((2, 3), (1, 1), (0, 0), (2, 2)),
    Window((2, 1), (3, 2), (0, 0), (3, 1)),
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("value", [np.nan, -np.inf, np.inf])
def test_the_largest_of_a_window_may_be_no_number(window: Window, value: float) -> None:
    x = data((1, 3, 6, 7))
    x[0, 0, 1:3, 2:5] = value
    x[0, 1] = value  # all places are equals
    x[0, 2, 3, 3] = value
    same("max_pool2d", x, window)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_adjoints_of_pooling_find_every_window_that_saw_a_place(window: Window) -> None:
    x = np.round(data((2, 2, 6, 7)))  # with equals
    d = data((2, 2, *window.output_size((6, 7))), 1)
    same("avg_pool2d", x, window)
    same("avg_pool2d_backward", d, x.shape, window)
    _, where = reference.max_pool2d(reference.from_numpy(x), window)
    same("max_pool2d_backward", d, reference.to_numpy(where), x.shape, window)


# -- embedding -------------------------------------------------------------------------------------


@few
@given(st.integers(1, 100), st.sampled_from([1, 2, 17, 300]), st.randoms(use_true_random=False))
def test_positions_are_sorted_by_row_and_stay_in_order(count: int, rows: int, random: Any) -> None:
    index = np.array([random.randrange(rows) for _ in range(count)], np.int64)
    cuda = get_backend("cuda")
    order = embedding.sort_by_row(cuda, cuda.from_numpy(index), rows)
    np.testing.assert_array_equal(cuda.to_numpy(order), np.argsort(index, kind="stable"))


@pytest.mark.parametrize("sorted_already", [False, True])
@pytest.mark.parametrize("padding", [None, 0, 2])
@pytest.mark.parametrize("rows", [3, 9, 40])
@pytest.mark.parametrize("count", [1, 4, 15, 60])
def test_every_gradient_is_added_to_its_row_once(
    count: int, rows: int, padding: int | None, sorted_already: bool
) -> None:
    random = np.random.default_rng(rows)
    index = random.integers(0, rows, count)
    index = np.sort(index) if sorted_already else index
    d = random.integers(-9, 10, (count, 3)).astype(np.float32)  # whose sums are exact in any order
    same("embedding_backward", d, index, rows, padding, tolerance=0.0)


def test_a_row_that_is_everywhere_is_summed_over_all_chunks() -> None:
    count = 20 * embedding.CHUNK + 1
    d = data((count, 2), dtype=np.float32)
    index = np.full(count, 4)
    index[: embedding.CHUNK // 2] = 1
    same("embedding_backward", d, index, 6, None, tolerance=1e-5)


# -- sequences -------------------------------------------------------------------------------------


def sequence(cell: str, steps: int, batch: int, dtype: Any = np.float64) -> tuple[Any, ...]:
    """x, state, weights, and the gradients that arrive."""
    inputs, hidden = 3, 5
    rows, parts = recurrent.CELLS[cell][1] * hidden, 2 if cell == "lstm" else 1
    shapes = [(rows, inputs), (rows, hidden), (rows,), (rows,)]
    weights = [0.5 * data(shape, 10 + i, dtype) for i, shape in enumerate(shapes)]
    state, d_state = (
        [data((batch, hidden), 20 + 2 * i + k, dtype) for i in range(parts)] for k in (0, 1)
    )
    x, d_out = (data((steps, batch, size), size, dtype) for size in (inputs, hidden))
    return x, state, weights, d_out, d_state


def both_ways(backend: Any, given: Any, recurrence: Recurrence) -> list[np.ndarray[Any, Any]]:
    def moved(part: Any) -> Any:
        return [moved(x) for x in part] if isinstance(part, list) else backend.from_numpy(part)

    x, state, weights, d_out, d_state = (moved(part) for part in given)
    arguments = x, state, RecurrentWeights(*weights)
    out, last, saved = backend.recurrent_sequence(*arguments, recurrence)
    d_x, d_first, d_weights = backend.recurrent_sequence_backward(
        d_out, d_state, *arguments, out, saved, recurrence
    )
    return [backend.to_numpy(part) for part in (out, *last, d_x, *d_first, *d_weights)]


def assert_alike(given: Any, recurrence: Recurrence, tolerance: float = 1e-12) -> None:
    found = [both_ways(backend, given, recurrence) for backend in (get_backend("cuda"), reference)]
    for number, (got, wanted) in enumerate(zip(*found)):
        scale = np.abs(wanted).max(initial=1.0)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance * scale, err_msg=str(number))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", recurrent.CELLS)
def test_a_block_takes_several_rows_of_different_lengths(
    cell: str, reverse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrent, "BLOCKS", 1)
    assert recurrent.rows_of_a_block(cell, 5, 5, 8) == 4
    given = sequence(cell, 6, 5)
    assert_alike(given, Recurrence(cell, (6, 2, 1, 4, 6), reverse))
    assert_alike(given, Recurrence(cell, None, reverse))


@pytest.mark.parametrize("cell", recurrent.CELLS)
def test_what_lies_beyond_a_length_is_not_looked_at(cell: str) -> None:
    cuda = get_backend("cuda")
    x, *rest = sequence(cell, 5, 3, np.float32)
    lengths = (5, 2, 3)
    clean = both_ways(cuda, (x, *rest), Recurrence(cell, lengths))
    for row, length in enumerate(lengths):
        x[length:, row] = np.nan
    got = both_ways(cuda, (x, *rest), Recurrence(cell, lengths))
    for number, wanted in enumerate(clean):
        np.testing.assert_array_equal(got[number], wanted)
    out, d_x = got[0], got[-5 - len(rest[0])]
    for row, length in enumerate(lengths):
        assert not out[length:, row].any()
        assert not d_x[length:, row].any()


@pytest.mark.parametrize("cell", recurrent.CELLS)
def test_a_layer_too_large_for_a_block_takes_its_steps_one_by_one(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrent, "SHARED_BYTES", 100)
    monkeypatch.setattr(recurrent, "sequence", None)  # which would fail, were it called
    assert_alike(sequence(cell, 3, 2), Recurrence(cell))


def test_a_layer_of_the_largest_size_that_fits_a_block_fills_its_shared_memory() -> None:
    for cell, (_, _, parts) in recurrent.CELLS.items():
        hidden = recurrent.SHARED_BYTES // 4 // (2 + 2 * parts)
        assert recurrent.rows_of_a_block(cell, hidden, 1, 4) == 1
        assert recurrent.rows_of_a_block(cell, hidden + 1, 1, 4) == 0


# -- optimizers ------------------------------------------------------------------------------------

SGD = SGDStep(0.1, dampening=0.1, weight_decay=0.01)
ADAM = AdamStep(1, 0.1, 0.9, 0.99, 1e-8, weight_decay=0.1)


@pytest.mark.parametrize("strided", [False, True])
@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("nesterov", [False, True])
def test_several_steps_of_optimizers_agree_with_the_derived_ones(
    strided: bool, decoupled: bool, nesterov: bool
) -> None:
    found = []
    for backend in (get_backend("cuda"), reference):
        p, g, m, s = (backend.from_numpy(np.abs(data((4, 3), seed))) for seed in range(4))
        if strided:  # written through a view
            p, m = (x.permute(1, 0) for x in (p, m))
            g, s = (backend.contiguous(x.permute(1, 0)) for x in (g, s))
        for step in (1, 2):
            backend.sgd_step_(p, g, m, SGD._replace(momentum=0.9, nesterov=nesterov))
            backend.sgd_step_(p, g, None, SGD)
            backend.adam_step_(p, g, m, s, ADAM._replace(step=step, decoupled=decoupled))
        found.append([backend.to_numpy(x) for x in (p, m, s)])
    for got, wanted in zip(*found):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


# -- random numbers --------------------------------------------------------------------------------


@few
@given(
    st.integers(0, 2**64),
    st.integers(0, 3),
    st.one_of(st.integers(0, 5), st.integers(100, 400)),
    st.sampled_from([float32, float64]),
)
def test_random_numbers_are_those_that_numpy_draws(
    seed: int, before: int, count: int, dtype: DType
) -> None:
    cuda = get_backend("cuda")
    ours, numpys = Generator(seed), np.random.default_rng(seed)
    ours.draw("random", before, np.float32)  # which may leave half of 64 bits for later
    numpys.random(before, np.float32)
    got = cuda.to_numpy(cuda.uniform((count,), dtype, ours))
    np.testing.assert_array_equal(got, numpys.random(count, dtype.numpy))
    np.testing.assert_array_equal(ours.draw("random", 3, np.float32), numpys.random(3, np.float32))


# -- every bit again -------------------------------------------------------------------------------


def test_results_repeat_bit_for_bit() -> None:
    cuda = get_backend("cuda")

    def compute() -> list[bytes]:
        x = cuda.from_numpy(data((5, 70), dtype=np.float32))
        image = cuda.from_numpy(data((2, 2, 6, 6), dtype=np.float32))
        weight = cuda.from_numpy(data((3, 2, 3, 3), 1, np.float32))
        window = Window((3, 3), (1, 2), (1, 1), (1, 1))
        out = cuda.conv2d(image, weight, Convolution(window))
        values, where = cuda.max_pool2d(image, window)
        index = cuda.from_numpy(np.random.default_rng(0).integers(0, 3, 70))
        d = cuda.from_numpy(data((70, 5), 3, np.float32))
        found = [
            cuda.softmax(x, 1),
            cuda.log_softmax(x, 0),
            out,
            cuda.conv2d_input_grad(out, weight, image.shape, Convolution(window)),
            cuda.conv2d_weight_grad(out, image, weight.shape, Convolution(window)),
            cuda.max_pool2d_backward(values, where, image.shape, window),
            cuda.embedding_backward(d, index, 4, None),
        ]
        given = sequence("gru", 4, 3, np.float32)
        arrays = [cuda.to_numpy(x) for x in found]
        arrays += both_ways(cuda, given, Recurrence("gru", (4, 1, 3)))
        return [array.tobytes() for array in arrays]

    assert compute() == compute()
