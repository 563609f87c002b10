"""einops knows tensors without being told, and costs nothing where it is not used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import einops
import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import _following

A = np.random.default_rng(0).normal(size=(2, 3, 4))

CALLS: dict[str, Callable[[Any], Any]] = {
    "merged": lambda x: einops.rearrange(x, "a b c -> b (c a)"),
    "split": lambda x: einops.rearrange(x, "a b (h w) -> h a w b", h=2),
    "stacked": lambda x: einops.rearrange([x, x], "n a b c -> a (n b) c"),
    "repeated": lambda x: einops.repeat(x, "a b c -> a (b 2) n c", n=3),
    "tiled": lambda x: einops.repeat(x, "a b c -> (2 a) b (3 c)"),
    "all": lambda x: einops.reduce(x > 0, "a b c -> b", "all"),
    "any": lambda x: einops.reduce(x > 0, "a b c -> b", "any"),
    "packed": lambda x: einops.pack([x, x[0, 0]], "*")[0],
    "unpacked": lambda x: einops.unpack(x, [(2,), (1, 2)], "a b *")[1],
    "products": lambda x: einops.einsum(x, x, "a b c, a d c -> a b d"),
    **{
        reduction: lambda x, reduction=reduction: einops.reduce(x, "a b (c 2) -> c b", reduction)
        for reduction in ("sum", "mean", "prod", "max", "min")
    },
}


@pytest.mark.parametrize("name", CALLS)
def test_einops_gives_for_tensors_what_it_gives_for_arrays(name: str) -> None:
    result = CALLS[name](mt.tensor(A))
    assert isinstance(result, mt.Tensor)
    np.testing.assert_allclose(result.numpy(), CALLS[name](A))


def test_gradients_pass_and_asnumpy_leaves_them_behind() -> None:
    x = mt.tensor(A, requires_grad=True)
    result = einops.reduce(x, "a b c -> a", "mean")
    result.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), np.full(A.shape, 1 / 12))
    np.testing.assert_allclose(einops.asnumpy(result), A.mean((1, 2)))


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("first", ["einops", "minitorch_tensor", "einops.layers"])
def test_einops_may_be_imported_before_or_after(first: str) -> None:
    code = f"""if True:
        import importlib.util, sys
        finders = list(sys.meta_path)
        import {first}
        assert importlib.util.find_spec("einops._backends").loader.get_source("einops._backends")
        import minitorch_tensor as mt
        import einops
        print(einops.rearrange(mt.ones(2, 3), "a b -> b a").shape)
        assert sys.meta_path == finders, sys.meta_path
    """
    assert run(code) == "(3, 2)\n"


def test_einops_stays_unimported_where_nobody_asks_for_it() -> None:
    assert run("import sys, minitorch_tensor; print('einops' in sys.modules)") == "False\n"


def test_an_einops_of_another_kind_is_imported_all_the_same() -> None:
    with pytest.warns(RuntimeWarning, match=r"einops will not know MiniTorch's tensors: .*nothing"):
        _following.follow("einops", "minitorch_tensor.nothing")
