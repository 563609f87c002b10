"""Images in other sizes, windows as columns, and tables of vectors: their laws and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close


def test_an_image_in_its_own_size_is_itself(backend: str) -> None:
    x = mt.randn(2, 3, 4, 5)
    for mode in ("nearest", "nearest-exact", "bilinear", "area"):
        assert_close(F.interpolate(x, (4, 5), mode=mode), x)


def test_a_plane_stays_one_between_aligned_corners(backend: str) -> None:
    def plane(rows: int, columns: int) -> Any:
        y, x = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
        return mt.tensor((2 * y - 3 * x)[None, None])

    larger = F.interpolate(plane(3, 4), (7, 9), mode="bilinear", align_corners=True)
    assert_close(larger, plane(7, 9))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: F.interpolate(x, 2, 2.0), "give either size or scale_factor, got 2 and 2.0"),
        (lambda x: F.interpolate(x), "give either size or scale_factor, got None and None"),
        (lambda x: F.interpolate(x, 2, mode="linear"), "with mode 'linear'"),
        (lambda x: F.interpolate(x, 2, mode="bicubic"), "with mode 'bicubic'"),
        (lambda x: F.interpolate(x, 2, align_corners=False), "for the modes linear and bilinear"),
        (lambda x: F.interpolate(x, (2, 3, 4)), "one number above 0 or 2 for an input of"),
        (lambda x: F.interpolate(x, scale_factor=0.1), "leaves nothing of an input of"),
        (lambda x: F.interpolate(x, 2, antialias=True), "Use mode='area'"),
        (lambda x: F.fold(x[0], 5, 2), r"so wanted an input \(N, C \* 4, 16\), got"),
        (lambda x: F.unfold(x, 6), r"unfold: a kernel of \(6, 6\)"),
    ],
)
def test_sizes_that_do_not_fit_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(mt.zeros(1, 2, 4, 5))


@pytest.mark.parametrize("settings", [(2,), ((2, 3), 1, (1, 0), (2, 1)), (2, 2, 1, 2)], ids=str)
def test_fold_is_the_adjoint_of_unfold(settings: Any, backend: str) -> None:
    x = mt.randn(2, 3, 5, 6, dtype="float64")
    columns = F.unfold(x, *settings)
    d = mt.randn(*columns.shape, dtype="float64")
    assert_close((columns * d).sum(), (x * F.fold(d, (5, 6), *settings)).sum())


def test_a_convolution_is_a_product_with_the_columns(backend: str) -> None:
    x, weight = mt.randn(2, 3, 5, 6, dtype="float64"), mt.randn(4, 3, 2, 3, dtype="float64")
    product = weight.reshape(4, -1) @ F.unfold(x, (2, 3), padding=1)
    out = F.conv2d(x, weight, padding=1)
    assert_close(product.reshape(out.shape), out)


# -- tables ----------------------------------------------------------------------------------------


def test_vectors_that_are_looked_up_shrink_to_the_largest_norm(backend: str) -> None:
    layer = nn.Embedding(5, 3, max_norm=0.5)
    before = layer.weight.detach().clone()
    out = layer(mt.tensor([[0, 3], [3, 0]]))
    assert bool((out.norm(dim=-1) <= 0.5).all())
    assert_close(layer.weight.detach()[[1, 2, 4]], before[[1, 2, 4]])
    assert_close(layer.weight.detach()[[0, 3]], out[0].detach())


def test_a_pretrained_table_is_shared_and_frozen_unless_told_otherwise() -> None:
    table = mt.randn(4, 3)
    for kind in (nn.Embedding, nn.EmbeddingBag):
        layer = kind.from_pretrained(table, padding_idx=-1)
        assert not layer.weight.requires_grad
        assert layer.padding_idx == 3
        layer.weight.detach()[0] = 7.0
        assert bool((table[0] == 7.0).all())
        assert kind.from_pretrained(table, freeze=False).weight.requires_grad
        with pytest.raises(ValueError, match=r"wanted a table \(V, D\), got \(3,\)"):
            kind.from_pretrained(table[0])
    assert not nn.Embedding(4, 3, _freeze=True).weight.requires_grad


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_a_bag_is_what_its_rows_are_together(mode: str, backend: str) -> None:
    weight = mt.randn(6, 3)
    bags = [[1, 2, 2], [], [5], [0, 3]]
    offsets = mt.tensor([0, 3, 3, 4])
    out = F.embedding_bag(mt.tensor([1, 2, 2, 5, 0, 3]), weight, offsets, mode=mode)
    for row, bag in zip(out, bags):
        rows = weight.numpy()[bag]
        expected = getattr(rows, mode)(0) if bag else np.zeros(3, np.float32)
        assert_close(row, expected)


def test_samples_of_a_bag_are_weighed(backend: str) -> None:
    weight, index = mt.randn(6, 3), mt.tensor([[1, 2], [0, 1]])
    factors = mt.randn(2, 2, requires_grad=True)
    out = F.embedding_bag(index, weight, mode="sum", per_sample_weights=factors)
    assert_close(out, (weight[index] * factors.unsqueeze(-1)).sum(1))
    out.sum().backward()
    assert_close(factors.grad, weight[index].sum(-1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda i, w: F.embedding_bag(i, w, mode="min"),
            "mode must be sum, mean or max, got 'min'",
        ),
        (lambda i, w: F.embedding_bag(i[0], w), r"wanted input \(B, T\), or \(T\) with whole offs"),
        (
            lambda i, w: F.embedding_bag(i[0], w, mt.tensor([1])),
            r"offsets must rise from 0 to at most 2, got \[1\]",
        ),
        (
            lambda i, w: F.embedding_bag(i, w, per_sample_weights=mt.ones(2, 2)),
            "per_sample_weights are for mode 'sum'",
        ),
        (lambda i, w: F.embedding(i, w, scale_grad_by_freq=True), "scale_grad_by_freq is left out"),
        (lambda i, w: nn.Embedding(3, 2, _weight=w), r"wanted a weight of shape \(3, 2\), got"),
    ],
)
def test_tables_name_what_does_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(mt.tensor([[0, 1], [1, 2]]), mt.zeros(4, 3))
