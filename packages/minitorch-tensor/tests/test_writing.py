"""Writes that are recorded: into tensors with history, into views, and into bases of views."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close, gradcheck, gradgradcheck


def leaf(*shape: int, seed: int = 0) -> mt.Tensor:
    values = np.random.default_rng(seed).random(shape) + 0.5
    return mt.tensor(values, dtype=mt.float64, requires_grad=True)


# -- the law: a program with writes is the same program without -----------------------------------


class Model:
    """Memory as a vector that is never written into: a write makes another one of it.

    A tensor is an array of positions in it, a view an array of some of those. What is read is
    gathered from the vector, and what is written is put into a new vector by `index_copy`.
    """

    def __init__(self, x: mt.Tensor) -> None:
        self.memory = x.reshape(-1)
        self.whole = np.arange(x.numel()).reshape(x.shape)

    def read(self, places: np.ndarray) -> mt.Tensor:
        index = mt.tensor(places.reshape(-1))
        return self.memory.index_select(0, index).reshape(places.shape)

    def write(self, places: np.ndarray, values: mt.Tensor) -> None:
        index = mt.tensor(places.reshape(-1))
        values = values.expand(places.shape).reshape(-1)
        self.memory = self.memory.index_copy(0, index, values)


#: Views of a tensor and of an array alike.
VIEWS = [
    lambda x: x[1:],
    lambda x: x[::2],
    lambda x: x[..., 0],
    lambda x: x[-1],
    lambda x: x[None],
    lambda x: x.swapaxes(0, -1),
    lambda x: x.reshape(-1) if is_contiguous(x) else x[..., :1],
    lambda x: x.diagonal() if x.ndim > 1 else x[:1],
    lambda x: x[:, 1:] if x.ndim > 1 else x[:2],
]

#: (x, z) -> what replaces x, by a method in place and by a function.
WRITES = [
    (lambda x, z: x.mul_(z), lambda x, z: x * z),
    (lambda x, z: x.add_(z, alpha=2), lambda x, z: x + 2 * z),
    (lambda x, z: x.copy_(z), lambda x, z: z.expand(x.shape)),
    (lambda x, z: x.sin_(), lambda x, z: x.sin()),
    (lambda x, z: x.square_(), lambda x, z: x.square()),
    (lambda x, z: x.div_(z), lambda x, z: x / z),
    (lambda x, z: x.fill_(z), lambda x, z: z.expand(x.shape)),
    (lambda x, z: x.masked_fill_(x > 0.7, 0.5), lambda x, z: mt.where(x > 0.7, 0.5, x)),
    (lambda x, z: x.__setitem__(..., z * z), lambda x, z: (z * z).expand(x.shape)),
    (lambda x, z: x.__setitem__([0], z), lambda x, z: mt.cat([z.expand(x[:1].shape), x[1:]])),
    (lambda x, z: x.clamp_(0.6, 0.9), lambda x, z: x.clamp(0.6, 0.9)),
]


def is_contiguous(x: mt.Tensor | np.ndarray) -> bool:
    return x.flags.c_contiguous if isinstance(x, np.ndarray) else x.is_contiguous()


class Written:
    """A random program of views and writes, as it is written and as its model."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.steps = [
            [int(n * random.random()) for n in (100, len(VIEWS), 100, len(WRITES))]
            for _ in range(6)
        ]

    @staticmethod
    def one_of(variables, number):
        """A variable that has elements and a dimension."""
        usable = [v for v in variables if v.ndim and 0 not in v.shape]
        return usable[number % len(usable)]

    def __call__(self, x: mt.Tensor, z: mt.Tensor) -> mt.Tensor:
        """In place."""
        variables = [x * 1.0]
        for source, view, target, change in self.steps:
            variables.append(VIEWS[view](self.one_of(variables, source)))
            WRITES[change][0](self.one_of(variables, target), z)
        return mt.cat([(v * v).reshape(-1) for v in variables])

    def model(self, x: mt.Tensor, z: mt.Tensor) -> mt.Tensor:
        """The same, without a write."""
        model = Model(x * 1.0)
        variables = [model.whole]
        for source, view, target, change in self.steps:
            variables.append(VIEWS[view](self.one_of(variables, source)))
            goal = self.one_of(variables, target)
            model.write(goal, WRITES[change][1](model.read(goal), z))
        return mt.cat([(model.read(v) ** 2).reshape(-1) for v in variables])


def derivatives(function, x, z):
    """The values, first and second derivatives of a weighted sum of a function's results."""
    results = function(x, z)
    weights = mt.tensor(np.cos(np.arange(results.numel())))
    first = mt.grad((results * weights).sum(), (x, z), create_graph=True, allow_unused=True)
    found = [results, *first]
    total = sum((g * g).sum() for g in first if g is not None and g.requires_grad)
    if isinstance(total, mt.Tensor):
        found += mt.grad(total, (x, z), allow_unused=True)
    return [None if t is None else t.detach().numpy() for t in found]


@pytest.mark.parametrize("seed", range(40))
def test_a_program_with_writes_is_the_same_program_without(seed, backend):
    x, z, program = leaf(3, 4, seed=seed), leaf(seed=seed + 1), Written(seed)
    zeros = [np.zeros(t.shape) for t in (x, z)]
    written, model = (derivatives(f, x, z) for f in (program, program.model))
    for i, (a, b) in enumerate(zip(written, model)):
        zero = zeros[(i - 1) % 2] if i else None  # a gradient that does not arrive is 0
        assert_close(zero if a is None else a, zero if b is None else b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", [3, 11, 20])
def test_the_derivatives_of_a_program_with_writes_are_those_of_its_values(seed):
    x, z, program = leaf(2, 3, seed=seed), leaf(seed=seed + 1), Written(seed)
    assert gradcheck(program, (x, z))
    assert gradgradcheck(program, (x, z))


# -- what is written into --------------------------------------------------------------------------


def test_a_plain_tensor_requires_a_gradient_once_it_is_written_with_history(backend):
    w = leaf(3)
    rows = mt.zeros(2, 3, dtype=mt.float64)
    view = rows[1]
    rows[0] = w * w
    assert rows.requires_grad and not rows.is_leaf
    assert view.requires_grad and not view.is_leaf  # though it was made before
    view += w
    (rows * mt.tensor([[1.0], [10.0]])).sum().backward()
    assert_close(w.grad, 2 * w.detach() + 10)


def test_assignments_in_a_loop_are_those_of_a_stack(backend):
    w = leaf(4)
    state, outputs = w * 1.0, mt.zeros(3, 4, dtype=mt.float64)
    for t in range(3):
        state = (state * w).tanh()
        outputs[t] = state
    (written,) = mt.grad((outputs**2).sum(), w)
    state, stacked = w * 1.0, []
    for _ in range(3):
        state = (state * w).tanh()
        stacked.append(state)
    assert_close(written, mt.grad((mt.stack(stacked) ** 2).sum(), w)[0])


def test_a_use_before_the_write_keeps_the_old_derivative():
    w = leaf(2)
    x = w * 1.0
    before = x + 1.0
    x.zero_()
    after = x + 1.0
    assert_close(mt.grad(before.sum(), w, retain_graph=True)[0], np.ones(2))
    assert_close(mt.grad(after.sum(), w)[0], np.zeros(2))


def test_values_of_another_dtype_backend_or_shape_are_converted_with_their_history():
    w = mt.tensor([1.0, 2.0], dtype=mt.float32, device="simple", requires_grad=True)
    x = mt.zeros(3, 2, dtype=mt.float64, device="numpy")
    x[1:] = w
    x.sum().backward()
    assert (w.grad.dtype, w.grad.device, w.grad.tolist()) == (mt.float32, w.device, [2.0, 2.0])


def test_a_view_of_elements_that_share_a_place_adds_their_gradients_up_after_a_write(backend):
    w = leaf(4)
    x = w * 1.0
    windows, wide = x.unfold(0, 2, 1), x.expand(3, 4)
    x.mul_(3.0)
    assert_close(mt.grad(windows.sum(), w, retain_graph=True)[0], np.array([3.0, 6.0, 6.0, 3.0]))
    assert_close(mt.grad(wide.sum(), w)[0], np.full(4, 9.0))


def test_a_base_of_any_layout_is_written_through_its_views(backend):
    whole = np.arange(24.0).reshape(4, 6)
    w = leaf()
    base = mt.tensor(whole)[::2, 4:0:-1].t().detach()  # no view, but not contiguous
    view = base[1:3]
    base[0] = w
    view *= w
    expected = whole[::2, 4:0:-1].T.copy()
    expected[1:3] *= w.item()
    expected[0] = w.item()
    assert_close(base, expected)
    assert_close(
        mt.grad(base.sum(), w, retain_graph=True)[0], np.array(2 + whole[::2, 4:0:-1].T[1:3].sum())
    )
    assert_close(mt.grad(view.sum(), w)[0], np.array(whole[::2, 4:0:-1].T[1:3].sum()))


def test_nan_in_what_was_replaced_does_not_reach_the_gradient():
    w = leaf(3)
    x = w.log() * mt.tensor([np.nan, 1.0, 1.0], dtype=mt.float64)
    x[0] = 0.0
    x.sum().backward()
    assert_close(w.grad[1:], 1 / w.detach()[1:])


# -- what calls saved ------------------------------------------------------------------------------


def test_the_old_elements_survive_where_the_derivative_of_the_write_needs_them():
    w = leaf(3)
    for change in ("sin_", "square_", "log_", "reciprocal_", "tanh_", "exp_", "sqrt_", "abs_"):
        x = w * 1.0
        getattr(x, change)()
        expected = getattr(w, change[:-1])()
        assert_close(mt.grad(x.sum(), w)[0], mt.grad(expected.sum(), w)[0])


def test_a_result_that_was_saved_is_the_tensor_itself_and_its_next_change_is_noticed():
    w = leaf(3)
    x = w * 1.0
    x.exp_()
    x[0] += 1.0
    with pytest.raises(RuntimeError, match=r"Exp: a value that it saved .* changed in place"):
        x.sum().backward()


def test_a_value_that_was_saved_and_written_is_noticed_whether_or_not_by_a_view():
    w = leaf(2, 2)
    for change in (lambda x: x.add_(1), lambda x: x[0].add_(1), lambda x: x.detach().add_(1)):
        x = w * 1.0
        y = x * x
        change(x)
        with pytest.raises(RuntimeError, match="Mul: a value that it saved"):
            y.sum().backward()
    x = w * 1.0
    with pytest.raises(RuntimeError, match="Mul: a value that it saved"):
        x.mul_(x).sum().backward()


@pytest.mark.parametrize(
    "use", [lambda x, c: x * c, lambda x, c: x / c, lambda x, c: x @ c, lambda x, c: x * 3.0]
)
def test_what_no_wanted_gradient_reads_may_change(use):
    w, c = leaf(2, 2), mt.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=mt.float64)
    x = w * 1.0
    y = use(x, c)
    x.zero_()
    assert_close(mt.grad(y.sum(), w)[0], mt.grad(use(w, c).sum(), w)[0])
    y = use(x, c)
    if any(saved is c for saved in y.grad_fn._saved):
        c.zero_()
        with pytest.raises(RuntimeError, match="changed in place"):
            y.sum().backward()


def test_a_write_makes_no_reference_cycle():
    w = leaf(3)
    gc.disable()
    try:
        x = w * 1.0
        x.mul_(w)
        squared = w * 1.0
        squared.mul_(squared)
        x[0] = x[1] + w[1]
        view = x[1:]
        view.sin_()
        gone = [weakref.ref(thing) for thing in (x, view, x.grad_fn, squared)]
        del x, view, squared
        assert [g() for g in gone] == [None] * 4
    finally:
        gc.enable()


def test_a_tensor_forgets_views_that_are_gone():
    x = mt.zeros(4)
    kept = [x[1:] for _ in range(3)]
    for _ in range(1000):
        x.view(2, 2)
    assert len(x.tensor_data.views) <= 64
    x[0] = leaf()
    assert all(view.requires_grad for view in kept)
    assert len(x.tensor_data.views) == 3


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        lambda x: x.split(1),
        lambda x: x.chunk(2),
        lambda x: x.unbind(),
        lambda x: list(x),
        lambda x: [x.unbind()[0].unsqueeze(0)],
    ],
)
def test_one_of_several_views_is_not_written_into(parts):
    for x in (leaf(2, 2) * 1.0, mt.zeros(2, 2, dtype=mt.float64)):
        with pytest.raises(RuntimeError, match="add_: this view is one of several"):
            parts(x)[0].add_(leaf())
    (part, *_) = parts(x)
    x[0] = leaf(2)
    assert part.requires_grad
    with pytest.raises(RuntimeError, match=r"This view is one of several.* its base or another"):
        part * 2
    with mt.no_grad():
        part.add_(1)  # not recorded
    one, _ = (leaf(2, 2) * 1.0).tensor_split(2)  # made of slices, in PyTorch too
    one.add_(1)


def test_a_view_made_under_no_grad_is_not_written_into_where_that_is_recorded():
    for x in (leaf(2, 2) * 1.0, mt.zeros(2, 2, dtype=mt.float64)):
        with mt.no_grad():
            view = x[0]
            view.add_(1)
        with pytest.raises(RuntimeError, match=r"add_: this view was made under no_grad\(\)"):
            view.add_(leaf())
        x.mul_(leaf())
        with pytest.raises(RuntimeError, match=r"made under no_grad\(\), and its base or another"):
            view * 2


def test_what_a_function_returns_of_its_inputs_is_not_written_into():
    class Same(mt.Function):
        @staticmethod
        def forward(ctx, x, as_it_is):
            return x if as_it_is else x.reshape(-1)

        @staticmethod
        def backward(ctx, d):
            return d, None

    class Fresh(Same):
        @staticmethod
        def forward(ctx, x, as_it_is):
            return (x + 1).reshape(2)

    x = leaf(2) * 1.0
    for as_it_is in (True, False):
        with pytest.raises(RuntimeError, match="add_: this view was made inside the forward"):
            Same.apply(x, as_it_is).add_(1)
    assert Fresh.apply(x, True).add_(1).requires_grad


def test_a_refused_write_changes_nothing():
    w = leaf(2)
    x = mt.ones(2, 2, dtype=mt.float64)
    (row, _) = x.unbind()
    y = mt.zeros(2, dtype=mt.float64)
    x[1] = w
    for change in (
        lambda: row.add_(1),
        lambda: y.copy_(row),
        lambda: w.mul_(2),
        lambda: w[0].zero_(),
    ):
        before = [t.tolist() for t in (x, y, w)]
        with pytest.raises(RuntimeError):
            change()
        assert before == [t.tolist() for t in (x, y, w)]
    assert not y.requires_grad


# -- hooks, detach, copies -------------------------------------------------------------------------


@pytest.mark.parametrize("of_view", [False, True])
def test_hooks_see_the_old_elements_gradient_and_retain_grad_keeps_the_new_ones(of_view):
    w = leaf(3)
    base = w * 1.0
    x = base[:] if of_view else base
    seen = []
    x.retain_grad()
    x.register_hook(lambda g: seen.append(g.tolist()))
    x.mul_(3.0)
    (x * 2.0).sum().backward()
    assert x.grad.tolist() == [2.0] * 3
    assert seen == [[6.0] * 3]
    assert w.grad.tolist() == [6.0] * 3


def test_a_detached_tensor_shares_memory_and_not_the_history():
    w = leaf(3)
    x = w * 1.0
    copied = x.detach()
    copied.mul_(w)
    assert_close(x, w.detach() ** 2)
    assert x.grad_fn.name == "Mul" and copied.grad_fn is not x.grad_fn
    assert_close(mt.grad(x.sum(), w)[0], np.ones(3))


def test_an_outdated_view_is_copied_and_pickled_as_the_tensor_that_it_is():
    w = leaf(2, 2)
    x = w * 1.0
    for make in (copy.copy, lambda v: pickle.loads(pickle.dumps(v))):
        view = x[0]
        x.add_(1)
        made = make(view)
        assert (type(made), made.requires_grad, made.is_leaf) == (mt.Tensor, True, True)
        assert made.tolist() == x[0].tolist()
        assert (type(x.view(-1)), (view * 1).requires_grad, type(view)) == (
            mt.Tensor,
            True,
            mt.Tensor,
        )
    view = x[0]
    x.add_(1)
    with pytest.raises(RuntimeError, match="deepcopy: this tensor was computed"):
        copy.deepcopy(view)


def test_requires_grad_can_be_set_on_an_outdated_view():
    x = mt.zeros(2, 2, dtype=mt.float64)
    view = x[0]
    x.mul_(leaf())
    with pytest.raises(RuntimeError, match="an inner value"):
        view.requires_grad_(False)
    assert view.requires_grad_() is view
    assert view.grad_fn.name == "View"
