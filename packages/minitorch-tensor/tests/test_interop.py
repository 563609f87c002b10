"""Leaving and coming back: numpy, DLPack, pickle, deepcopy."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file, save, save_file

import minitorch_tensor as mt
from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing import LAYOUTS, arrange, assert_close

# -- numpy ----------------------------------------------------------------------------------------


def test_numpy_sees_the_same_memory(iota, backend):
    x = iota(2, 3).t()
    array = x.numpy()
    array[0, 1] = 9
    assert x[0, 1].item() == 9
    assert array.strides == (4, 12)


def test_numpy_converts_on_request(iota):
    x = iota(3)
    assert np.asarray(x).dtype == np.float32
    assert np.asarray(x, np.int64).tolist() == [0, 1, 2]
    assert np.shares_memory(np.asarray(x), x.numpy())
    assert not np.shares_memory(np.array(x, copy=True), x.numpy())
    with pytest.raises(ValueError, match="converting float32 to"):
        np.asarray(x, np.int64, copy=False) if np.__version__ >= "2.1" else x.__array__(
            np.int64, copy=False
        )
    assert np.exp(x).tolist() == np.exp(x.numpy()).tolist()


def test_a_tensor_that_requires_a_gradient_does_not_leave_unasked():
    x = mt.ones(2, requires_grad=True)
    for leave in (x.numpy, x.__dlpack__, lambda: np.asarray(x)):
        with pytest.raises(RuntimeError, match=r"requires a gradient.*detach\(\)"):
            leave()
    assert x.detach().numpy().tolist() == x.numpy(force=True).tolist() == [1.0, 1.0]
    assert x.tolist() == [1.0, 1.0]


def test_numpy_numbers_are_numbers_and_arrays_are_not():
    x = mt.ones(2)
    for result in (x * np.float64(2), np.float32(2) * x, np.int64(2) * x, 4 / (x + np.bool_(True))):
        assert isinstance(result, mt.Tensor)
        assert_close(result, np.array([2, 2], np.float32))
    for wrong in (
        lambda: x * np.ones(2),
        lambda: np.ones(2) * x,
        lambda: np.ones(2) == x,
        lambda: x * [1, 2],
        lambda: x + "a",
        lambda: None + x,
    ):
        with pytest.raises(
            TypeError, match=r"a tensor combines with a tensor or a number.*tensor\("
        ):
            wrong()


def test_anything_else_is_just_not_equal():
    x = mt.ones(2)
    assert (x == None, x != None, x == "a") == (False, True, False)  # noqa: E711


# -- safetensors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_safetensors_writes_tensors_as_it_does_arrays(tmp_path, iota, dtype):
    tensors = {"a": iota(2, 3, dtype=dtype), "b": iota(5, dtype=dtype)[2:], "c": mt.zeros(())}
    arrays = {name: x.numpy() for name, x in tensors.items()}
    assert save(tensors) == save(arrays)
    save_file(tensors, tmp_path / "x.safetensors")
    loaded = load_file(tmp_path / "x.safetensors")
    for name, x in tensors.items():
        assert_close(mt.tensor(loaded[name]), x.numpy())


def test_memory_is_given_to_libraries_only_where_it_is_in_order(iota):
    x = iota(2, 3)
    assert x.ctypes.data == x.numpy().ctypes.data
    assert x[1:].ctypes.data == x.ctypes.data + 12
    with pytest.raises(RuntimeError, match=r"ctypes: a tensor of strides \(1, 3\) on 'cpu' is not"):
        _ = x.T.ctypes
    assert x.T.tobytes() == x.numpy().T.tobytes()
    for leave in (
        mt.ones(2, requires_grad=True).tobytes,
        lambda: mt.ones(2, requires_grad=True).ctypes,
    ):
        with pytest.raises(RuntimeError, match="requires a gradient"):
            leave()


# -- DLPack ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_dlpack_shares_memory_both_ways(dtype, backend):
    x = mt.ones(2, 3, dtype=dtype)
    array = np.from_dlpack(x)
    assert np.shares_memory(array, x.numpy())
    assert x.__dlpack_device__() == (1, 0)
    back = mt.from_dlpack(x)
    assert back.dtype is dtype
    assert_close(back, x)


def test_an_array_is_taken_over_as_it_is_or_copied_if_it_cannot_be_written():
    source = np.arange(6.0).reshape(2, 3)
    taken = mt.from_dlpack(source)
    assert_close(taken, source)
    assert np.shares_memory(taken.numpy(), source) == np.from_dlpack(source).flags.writeable
    taken.zero_()


def test_dlpack_carries_every_layout():
    values = np.arange(12.0).reshape(3, 4)
    for layout in LAYOUTS:
        x = arrange(values, layout, mt.get_backend())
        assert_close(np.from_dlpack(x), values)
        assert_close(mt.from_dlpack(x), values)
    with pytest.raises(TypeError, match="from_dlpack: list has no __dlpack__"):
        mt.from_dlpack([1])


# -- pickle and deepcopy --------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pickle_keeps_elements_dtype_backend_and_requires_grad(layout):
    values = np.arange(12.0).reshape(3, 4)
    for name in ("simple", "numpy"):
        x = arrange(values, layout, mt.get_backend(name)).detach().requires_grad_()
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            y = pickle.loads(pickle.dumps(x, protocol))
            assert_close(y, values)
            assert (y.backend.name, y.requires_grad, y.is_leaf) == (name, True, True)


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_dtypes_pickle_as_themselves(dtype):
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert copy.deepcopy(dtype) is dtype
    assert pickle.loads(pickle.dumps(mt.ones(2, dtype=dtype))).dtype is dtype


def test_pickle_leaves_history_behind():
    y = mt.ones(2, requires_grad=True) * 2
    again = pickle.loads(pickle.dumps(y))
    assert_close(again, [2.0, 2.0])
    assert (again.is_leaf, again.grad_fn) == (True, None)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
def test_copies_of_a_tensor_and_its_views_share_memory_as_the_originals_do(copied, iota, backend):
    x = iota(2, 3)
    originals = {"x": x, "row": x[1], "turned": x.t(), "alias": x.detach(), "other": x.clone()}
    copies = copied(originals)
    for name, y in copies.items():
        assert_close(y, originals[name].numpy(), msg=name)
        assert y.stride() == originals[name].stride()
    copies["row"].fill_(7)
    assert_close(copies["x"], [[0.0, 1.0, 2.0], [7.0, 7.0, 7.0]])
    assert_close(copies["turned"], [[0.0, 7.0], [1.0, 7.0], [2.0, 7.0]])
    assert_close(copies["alias"], copies["x"].numpy())
    for unchanged in (copies["other"], x):
        assert_close(unchanged, [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])


def test_memory_that_tensors_share_is_pickled_once(iota):
    big = iota(100_000)
    once = len(pickle.dumps(big))
    assert len(pickle.dumps([big, big[:10], big.reshape(100, 1000)])) < once + 1000
    assert len(pickle.dumps(big[:10])) > 400_000  # all of it, as in PyTorch
    assert len(pickle.dumps(big[:10].clone())) < 1000


def test_a_shallow_copy_shares_memory_and_what_was_added(iota, backend):
    for x in (iota(2, 3), iota(3, 2).t(), mt.ones(2, requires_grad=True)):
        x.label = "x"
        y = copy.copy(x)
        assert y is not x and (y.label, y.requires_grad) == ("x", x.requires_grad)
        assert y.stride() == x.stride()
        with mt.no_grad():
            y.fill_(7.0)
        assert_close(x, np.full(x.shape, 7.0, np.float32))


def test_deepcopy_has_memory_and_gradient_of_its_own(backend):
    x = mt.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    y = copy.deepcopy(x)
    with mt.no_grad():
        y.zero_()
        y.grad.zero_()
    assert_close(x, [1.0, 1.0])
    assert_close(x.grad, [3.0, 3.0])
    assert (y.requires_grad, y.backend) == (True, backend)


def test_deepcopy_of_one_tensor_in_two_places_stays_one():
    x = mt.ones(2)
    first, second = copy.deepcopy([x, x])
    assert first is second


def test_deepcopy_of_a_computed_tensor_is_refused():
    y = mt.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"deepcopy: this tensor was computed.*detach\(\)"):
        copy.deepcopy(y)
    assert_close(copy.deepcopy(y.detach()), [2.0, 2.0])


class Named(mt.Tensor):
    """A subclass with an `__init__` and attributes of its own."""

    def __init__(self, data: mt.Tensor, name: str) -> None:
        super().__init__(data._data, data.backend)
        self.name = name


def test_a_subclass_keeps_its_class_and_attributes():
    x = Named(mt.ones(2), "weight").requires_grad_()
    for y in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert (type(y), y.name, y.requires_grad) == (Named, "weight", True)
        assert_close(y, [1.0, 1.0])
    assert type(x * 2) is mt.Tensor
