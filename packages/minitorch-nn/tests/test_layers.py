"""Linear, dropout, embedding and normalization."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close

# -- linear ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", [(), (3,), (2, 3), (0,)], ids=str)
def test_linear_is_x_times_weight_transposed_plus_bias(lead: Any, backend: str) -> None:
    layer = nn.Linear(4, 2).to("float64")
    x = mt.randn(*lead, 4, dtype="float64")
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    assert_close(layer(x), expected)


def test_linear_differentiates_twice(check_derivatives: Any) -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal(shape) for shape in ((2, 3), (2, 3), (2,))]
    check_derivatives(F.linear, *inputs)


def test_linear_names_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"input \(2, 3\) does not fit weight \(5, 4\).* Flatten"):
        nn.Linear(4, 5)(mt.zeros(2, 3))
    with pytest.raises(ValueError, match=r"linear: wanted a bias of shape \(5,\).*got \(1,\)"):
        F.linear(mt.zeros(2, 4), mt.zeros(5, 4), mt.zeros(1))


def test_linear_without_features_or_bias() -> None:
    empty = nn.Linear(0, 3)
    assert_close(empty(mt.zeros(2, 0)), empty.bias.expand(2, 3))
    plain, x = nn.Linear(3, 2, bias=False), mt.randn(4, 3)
    assert_close(plain(x), x @ plain.weight.t())
    assert nn.Linear(3, 2, bias=False).bias is None
    assert [n for n, _ in nn.Linear(3, 2, bias=False).named_parameters()] == ["weight"]


# -- dropout ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_zeroes_a_share_p_and_keeps_the_mean(p: float) -> None:
    n = 20_000
    out = nn.Dropout(p)(mt.ones(n)).numpy()
    dropped = int((out == 0).sum())
    deviation = (n * p * (1 - p)) ** 0.5
    assert abs(dropped - n * p) < 5 * deviation
    np.testing.assert_allclose(out[out != 0], 1 / (1 - p), rtol=1e-6)


def test_dropout_passes_gradients_where_it_kept(check_derivatives: Any) -> None:
    x = mt.ones(50, requires_grad=True)
    out = F.dropout(x, 0.3)
    out.sum().backward()
    assert_close(x.grad, out.detach())  # at ones, output and slope are the same mask

    def again(x: mt.Tensor) -> mt.Tensor:
        return F.dropout(x * x, 0.5, generator=mt.Generator(3))

    check_derivatives(again, [1.0, 2.0, 3.0, 4.0])


def test_dropout_does_nothing_in_evaluation_or_for_nothing() -> None:
    x = mt.randn(5)
    assert nn.Dropout(0.9).eval()(x) is x
    assert F.dropout(x, 0.0) is x
    assert not F.dropout(x, 1.0).numpy().any()


def test_a_seed_drops_the_same_elements_on_every_backend_and_dtype() -> None:
    masks = []
    for backend in ("simple", "numpy"):
        for dtype in ("float32", "float64"):
            mt.manual_seed(7)
            x = mt.ones(200, dtype=dtype, device=backend)
            masks.append(F.dropout(x, 0.4).numpy() != 0)
    assert all((mask == masks[0]).all() for mask in masks)
    mt.manual_seed(8)
    assert ((F.dropout(mt.ones(200), 0.4).numpy() != 0) != masks[0]).any()


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_dropout_wants_a_probability(p: float) -> None:
    with pytest.raises(ValueError, match=r"Dropout: p must be a probability in \[0, 1\], got"):
        nn.Dropout(p)
    with pytest.raises(ValueError, match=r"dropout: p must be"):
        F.dropout(mt.ones(1), p)


# -- embedding -------------------------------------------------------------------------------------


@given(numbers=st.lists(st.integers(0, 4), max_size=6))
def test_an_embedding_looks_up_rows_and_adds_up_their_gradients(numbers: list[int]) -> None:
    layer = nn.Embedding(5, 3)
    index = mt.tensor(np.array(numbers, np.int64))
    out = layer(index)
    table = layer.weight.detach().numpy()
    assert_close(out, table[numbers].reshape(-1, 3))
    out.sum().backward()
    counts = np.bincount(numbers, minlength=5).astype(np.float32)
    assert_close(layer.weight.grad, np.repeat(counts[:, None], 3, 1))


def test_the_padding_row_starts_at_zero_and_is_not_learned() -> None:
    layer = nn.Embedding(5, 3, padding_idx=-2)
    assert layer.padding_idx == 3
    assert not layer.weight.detach().numpy()[3].any()
    layer(mt.tensor([[3, 1], [3, 3]])).sum().backward()
    assert layer.weight.grad.numpy().any(1).tolist() == [False, True, False, False, False]


def test_embedding_differentiates_twice(check_derivatives: Any) -> None:
    numbers = mt.tensor([0, 2, 2])
    table = np.random.default_rng(0).standard_normal((3, 2))
    check_derivatives(lambda w: F.embedding(numbers, w * w), table)
    check_derivatives(lambda w: F.embedding(numbers, w * w, padding_idx=1), table)


def test_embedding_mistakes_are_named() -> None:
    layer = nn.Embedding(5, 3)
    with pytest.raises(IndexError, match=r"embedding: indices lie in \[5, 5\], but .* \[0, 4\]"):
        layer(mt.tensor([5]))
    with pytest.raises(TypeError, match="embedding: indices must be integers, got float32"):
        layer(mt.tensor([1.0]))
    with pytest.raises(ValueError, match="padding_idx 5 is not a row of a table of 5 rows"):
        nn.Embedding(5, 3, padding_idx=5)
    with pytest.raises(ValueError, match=r"wanted a weight of shape \(V, D\), got \(5,\)"):
        F.embedding(mt.tensor([0]), mt.zeros(5))


# -- normalization ---------------------------------------------------------------------------------


@given(shape=st.sampled_from([(4, 3), (2, 3, 5), (2, 3, 2, 4)]), seed=st.integers(0, 99))
def test_a_normalized_batch_has_mean_0_and_variance_1_in_every_channel(
    shape: tuple[int, ...], seed: int
) -> None:
    x = np.random.default_rng(seed).normal(3.0, 5.0, shape)
    out = F.batch_norm(mt.tensor(x), None, None, training=True, eps=0.0).numpy()
    axes = (0, *range(2, len(shape)))
    np.testing.assert_allclose(out.mean(axes), 0, atol=1e-9)
    np.testing.assert_allclose(out.var(axes), 1, atol=1e-9)


def test_running_values_become_those_of_the_data() -> None:
    layer = nn.BatchNorm1d(2, momentum=None)
    data = np.random.default_rng(0).normal([1.0, -2.0], [0.5, 3.0], (40, 2))
    for batch in np.split(data, 4):
        layer(mt.tensor(batch, dtype="float32"))
    assert layer.num_batches_tracked.item() == 4
    means = np.mean([b.mean(0) for b in np.split(data, 4)], 0)
    variances = np.mean([b.var(0, ddof=1) for b in np.split(data, 4)], 0)
    np.testing.assert_allclose(layer.running_mean.numpy(), means, rtol=1e-5)
    np.testing.assert_allclose(layer.running_var.numpy(), variances, rtol=1e-5)
    before = layer.running_mean.numpy().copy()
    layer.eval()(mt.ones(3, 2))
    np.testing.assert_array_equal(layer.running_mean.numpy(), before)


def test_normalization_differentiates_twice(check_derivatives: Any) -> None:
    rng = np.random.default_rng(0)
    x, weight, bias = rng.standard_normal((3, 2)), rng.standard_normal(2), rng.standard_normal(2)
    running = mt.zeros(2, dtype="float64"), mt.ones(2, dtype="float64")
    check_derivatives(
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), x, weight, bias
    )
    check_derivatives(lambda x, w, b: F.batch_norm(x, *running, w, b), x, weight, bias)
    check_derivatives(lambda x, w, b: F.layer_norm(x, 2, w, b, eps=0.1), x, weight, bias)


def test_reset_parameters_starts_over() -> None:
    layer = nn.BatchNorm2d(2)
    start = {name: value.numpy().copy() for name, value in layer.state_dict().items()}
    layer(mt.randn(3, 2, 2, 2))
    with mt.no_grad():
        layer.weight.fill_(3.0)
    layer.reset_parameters()
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), start[name])
    norm = nn.LayerNorm(3)
    with mt.no_grad():
        norm.weight.fill_(3.0)
        norm.bias.fill_(3.0)
    norm.reset_parameters()
    assert norm.weight.tolist() == [1.0] * 3
    assert norm.bias.tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nn.BatchNorm2d(3)(mt.zeros(1, 2, 2, 2)),
            r"BatchNorm2d: wanted an input of shape \(N, C, H, W\) with C = 3, got \(1, 2, 2, 2\)",
        ),
        (lambda: nn.BatchNorm1d(3)(mt.zeros(3)), r"BatchNorm1d: wanted an input of shape \(N, C\)"),
        (lambda: nn.BatchNorm1d(3)(mt.zeros(1, 3)), "more than one value a channel in training"),
        (lambda: F.batch_norm(mt.zeros(2, 3), None, None), "needs running_mean and running_var"),
        (
            lambda: F.batch_norm(mt.zeros(2, 3), None, None, mt.ones(2), training=True),
            r"weight must have shape \(3,\), got \(2,\)",
        ),
        (lambda: F.batch_norm(mt.zeros(3), None, None), r"batch_norm: wanted an input of shape"),
        (
            lambda: nn.LayerNorm((2, 3))(mt.zeros(3, 2)),
            r"last sizes of input \(3, 2\) must be normalized_shape \(2, 3\)",
        ),
        (
            lambda: F.layer_norm(mt.zeros(3, 2), 2, mt.ones(3)),
            r"layer_norm: weight must have shape \(2,\), got \(3,\)",
        ),
    ],
)
def test_normalization_mistakes_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_refused_batch_leaves_the_running_values_alone() -> None:
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ValueError, match="more than one value"):
        layer(mt.ones(1, 3))
    assert layer.num_batches_tracked.item() == 0
    assert layer.running_mean.tolist() == [0.0] * 3


# -- dropping channels, and to the least value -----------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Dropout1d(0.5), (20, 30, 4)),
        (nn.Dropout1d(0.5), (30, 4)),
        (nn.Dropout2d(0.5), (20, 30, 2, 3)),
        (nn.Dropout3d(0.5), (20, 30, 2, 1, 3)),
        (nn.Dropout3d(0.5), (30, 2, 1, 3)),
    ],
    ids=str,
)
def test_channels_are_dropped_as_a_whole(layer: nn.Module, shape: tuple[int, ...]) -> None:
    out = layer(mt.ones(*shape)).numpy()
    size = 4 if isinstance(layer, nn.Dropout1d) else 6
    channels = out.reshape(-1, size)
    assert set(np.unique(channels)) == {0.0, 2.0}
    assert (channels == channels[:, :1]).all()
    assert layer.eval()(mt.ones(*shape)).numpy().all()


def test_three_dimensions_are_channels_along_a_line_to_dropout2d_which_warns() -> None:
    with pytest.warns(UserWarning, match=r"dropout2d: wanted an input \(N, C, H, W\)"):
        out = F.dropout2d(mt.ones(20, 30, 4), 0.5).numpy()
    assert (out == out[:, :, :1]).all()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_alpha_dropout_keeps_mean_and_variance(p: float) -> None:
    out = nn.AlphaDropout(p)(mt.randn(200_000)).numpy()
    assert abs(out.mean()) < 0.02
    assert abs(out.var() - 1.0) < 0.03


@pytest.mark.parametrize("function", [F.dropout1d, F.dropout3d])
def test_dropped_channels_need_their_dimensions(function: Any) -> None:
    with pytest.raises(ValueError, match="wanted an input"):
        function(mt.ones(3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: F.group_norm(x, 2), r"C divisible by num_groups 2, got \(2, 3, 4\)"),
        (lambda x: F.group_norm(x, 3, mt.ones(2)), r"weight must have shape \(3,\), got \(2,\)"),
        (lambda x: nn.GroupNorm(2, 3), "num_channels 3 must be divisible by num_groups 2"),
        (lambda x: nn.GroupNorm(2, 4)(x), r"with C = 4, got \(2, 3, 4\)"),
        (lambda x: F.instance_norm(x[0]), r"wanted an input of shape \(N, C, \*\)"),
        (lambda x: F.instance_norm(x[:, :, :1]), "wanted more than one value a channel"),
        (lambda x: nn.InstanceNorm1d(4)(x), r"\(N, C, L\) or \(C, L\) with C = 4, got \(2, 3, 4\)"),
        (lambda x: nn.InstanceNorm2d(3)(x[0]), r"InstanceNorm2d: wanted an input of shape"),
        (lambda x: F.rms_norm(x, 3), r"must be normalized_shape \(3,\)"),
        (lambda x: F.rms_norm(x, 4, mt.ones(3)), r"weight must have shape \(4,\), got \(3,\)"),
    ],
)
def test_normalizations_name_what_does_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(mt.zeros(2, 3, 4))


def test_groups_of_one_channel_are_instances_and_one_group_is_the_whole_example() -> None:
    x = mt.randn(2, 3, 4, 5)
    assert_close(F.group_norm(x, 3), F.instance_norm(x), rtol=1e-5, atol=1e-5)
    assert_close(F.group_norm(x, 1), F.layer_norm(x, (3, 4, 5)), rtol=1e-5, atol=1e-5)
