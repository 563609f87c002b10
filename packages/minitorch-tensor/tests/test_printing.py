"""What a tensor prints as: PyTorch's words."""

from __future__ import annotations

import numpy as np
import pytest

import minitorch_tensor as mt

INF = float("inf")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (1.5, "tensor(1.5000)"),
        (2.0, "tensor(2.)"),
        (7, "tensor(7)"),
        (True, "tensor(True)"),
        (1e-10, "tensor(1.0000e-10)"),
        ([1.0, 2.0], "tensor([1., 2.])"),
        ([1.0, 2.5], "tensor([1.0000, 2.5000])"),
        ([1.0, -0.25], "tensor([ 1.0000, -0.2500])"),
        ([0.1, 1000.0], "tensor([1.0000e-01, 1.0000e+03])"),
        ([1.0, 1000.0], "tensor([   1., 1000.])"),
        ([1.0, 2e8], "tensor([1.0000e+00, 2.0000e+08])"),
        ([1e-5, 1.0], "tensor([1.0000e-05, 1.0000e+00])"),
        ([float("nan"), INF, -INF, 1.5], "tensor([   nan,    inf,   -inf, 1.5000])"),
        ([0.0, -0.0], "tensor([0., -0.])"),
        ([[1, -20], [300, 4]], "tensor([[  1, -20],\n        [300,   4]])"),
        ([True, False], "tensor([ True, False])"),
        ([], "tensor([])"),
        ([[], []], "tensor([], size=(2, 0))"),
        (np.array([], np.int64), "tensor([], dtype=int64)"),
        (np.array([1.5]), "tensor([1.5000], dtype=float64)"),
        (np.array([1], np.uint8), "tensor([1], dtype=uint8)"),
        (np.ones((2, 1, 2)), "tensor([[[1., 1.]],\n\n        [[1., 1.]]], dtype=float64)"),
    ],
)
def test_a_tensor_prints_as_in_pytorch(data, text):
    assert repr(mt.tensor(data)) == text


def test_a_large_tensor_prints_its_corners():
    assert repr(mt.arange(2000)) == "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"
    lines = repr(mt.arange(10_000).reshape(100, 100)).splitlines()
    assert lines[0] == "tensor([[   0,    1,    2,  ...,   97,   98,   99],"
    assert lines[3] == "        ...,"
    assert lines[-1].endswith("9999]])")
    assert len(lines) == 7


def test_a_long_row_is_broken_into_lines():
    lines = repr(mt.arange(30) * 1.0).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].startswith("        14., 15.,")


def test_history_and_backend_are_told():
    x = mt.ones(2, requires_grad=True)
    assert repr(x) == "tensor([1., 1.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 2.], grad_fn=<Mul backward>)"
    assert repr(mt.ones(2, device="simple")) == "tensor([1., 1.], device='simple')"
    with mt.use_backend("simple"):
        assert repr(mt.ones(2)) == "tensor([1., 1.])"


def test_a_single_number_formats_as_a_number():
    loss = mt.tensor(1.23456)
    assert f"{loss:.2f} {mt.tensor(7):03d} {mt.tensor(True)}" == "1.23 007 True"
    assert f"{mt.tensor(0.5)} {mt.tensor(0.5, requires_grad=True)}" == "0.5 0.5"
    assert f"{mt.ones(2)}" == str(mt.ones(2))
    with pytest.raises(TypeError, match=r"format: '.2f' is for a single number.*\(2,\)"):
        f"{mt.ones(2):.2f}"


def test_numbers_come_out_of_single_elements_only():
    x = mt.tensor([[2.5]])
    assert (x.item(), float(x), int(x), bool(x)) == (2.5, 2.5, 2, True)
    assert (mt.tensor(3).item(), mt.tensor(True).item()) == (3, True)
    assert mt.ones(2, 2).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    with pytest.raises(ValueError, match=r"item: a tensor of shape \(2,\) is not a single number"):
        mt.ones(2).item()
    with pytest.raises(ValueError, match=r"bool: the truth of .* is ambiguous; use any\(\) or all"):
        bool(mt.ones(2))
