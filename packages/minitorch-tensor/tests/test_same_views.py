"""A view that changes nothing is a tensor of its own all the same."""

import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close

SAME = {
    "view": lambda w: w.view(2),
    "view_as": lambda w: w.view_as(w),
    "reshape": lambda w: w.reshape(2),
    "reshape_as": lambda w: w.reshape_as(w),
    "expand": lambda w: w.expand(2),
    "expand_as": lambda w: w.expand_as(w),
    "broadcast_to": lambda w: w.broadcast_to((2,)),
    "broadcast_tensors": lambda w: mt.broadcast_tensors(w, w)[0],
    "squeeze": lambda w: w.squeeze(),
    "squeeze(0)": lambda w: w.squeeze(0),
    "flatten": lambda w: w.flatten(),
    "ravel": lambda w: w.ravel(),
    "unflatten": lambda w: w.unflatten(0, (2,)),
    "t": lambda w: w.t(),
    "T": lambda w: w.T,
    "permute": lambda w: w.permute(0),
    "transpose": lambda w: w.transpose(0, 0),
    "movedim": lambda w: w.movedim(0, 0),
    "narrow": lambda w: w.narrow(0, 0, 2),
    "slice": lambda w: w[:],
    "ellipsis": lambda w: w[...],
    "split": lambda w: w.split(2)[0],
    "chunk": lambda w: w.chunk(1)[0],
    "unfold": lambda w: w.unfold(0, 2, 1)[0],
    "atleast_1d": lambda w: mt.atleast_1d(w),
    "sum_to_size": lambda w: w.sum_to_size(2),
    "detach": lambda w: w.detach(),
    "data": lambda w: w.data,
}
#: PyTorch returns the tensor itself.
ITSELF = {"atleast_1d"}


@pytest.mark.parametrize("name", SAME)
def test_under_no_grad_a_view_is_a_constant(name, backend):
    """So the gradient of c * w is c, not 2 w."""
    w = mt.tensor([2.0, 3.0], requires_grad=True)
    with mt.no_grad():
        c = SAME[name](w)
    if name in ITSELF:
        assert c is w
        return
    assert not c.requires_grad
    (c * w).sum().backward()
    assert_close(w.grad, [2.0, 3.0])


@pytest.mark.parametrize("name", SAME.keys() - ITSELF - {"detach", "data"})
def test_a_view_is_another_tensor_over_the_same_memory(name, backend):
    w = mt.tensor([2.0, 3.0])
    c = SAME[name](w)
    c.requires_grad_()
    assert not w.requires_grad
    w.fill_(5.0)
    assert_close(c, [5.0, 5.0])
    x = mt.tensor([2.0, 3.0], requires_grad=True)
    y = SAME[name](x)
    assert not y.is_leaf
    (y * y).sum().backward()
    assert_close(x.grad, [4.0, 6.0])
