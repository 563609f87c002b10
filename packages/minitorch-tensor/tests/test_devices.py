"""Devices: PyTorch's words for the backends that tensors are on."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import registry
from minitorch_tensor.backends.numpy import NumpyBackend


class Remote(NumpyBackend):
    """A backend whose memory is not the host's."""

    name = "remote"
    interface_version = mt.BACKEND_INTERFACE
    on_host = False


@pytest.fixture
def remote(monkeypatch):
    backend = Remote()
    monkeypatch.setitem(registry._registry.loaded, "remote", backend)
    return backend


@pytest.mark.parametrize(
    ("given", "kind", "index", "text"),
    [
        (("cpu",), "cpu", None, "cpu"),
        (("cuda:0",), "cuda", 0, "cuda:0"),
        (("cuda", 1), "cuda", 1, "cuda:1"),
        ((mt.device("cuda", 0),), "cuda", 0, "cuda:0"),
        (("my-backend_2.x:3",), "my-backend_2.x", 3, "my-backend_2.x:3"),
    ],
)
def test_a_device_is_a_name_and_a_number(given, kind, index, text):
    place = mt.device(*given)
    assert (place.type, place.index, str(place)) == (kind, index, text)
    assert eval(repr(place), {"device": mt.device}) == place
    assert hash(place) == hash(mt.device(text))
    assert copy.deepcopy(place) == place == pickle.loads(pickle.dumps(place))
    assert place != mt.device("other") and place != text


@pytest.mark.parametrize("given", ["", ":0", "cuda:", "cuda:-1", "cuda:x", "1", "a b", "cpu\n"])
def test_a_text_that_is_no_device_is_refused(given):
    with pytest.raises(ValueError, match="device: wanted a name such as 'cpu'"):
        mt.device(given)
    with pytest.raises(ValueError, match="device: wanted a name such as 'cpu'"):
        mt.zeros(2, device=given)


def test_what_is_no_text_is_refused():
    with pytest.raises(TypeError, match="device: wanted a name such as 'cpu' or 'cuda', got 3"):
        mt.device(3)
    with pytest.raises(ValueError, match="got 'cuda:0' and the number 1"):
        mt.device("cuda:0", 1)


def test_cpu_is_the_backend_in_use_on_this_host():
    for name in ("simple", "numpy"):
        with mt.use_backend(name):
            x = mt.ones(2, device="cpu")
            assert x.backend.name == name
            assert x.device == mt.device("cpu")
            assert x.to("cpu") is x and x.cpu() is x
    with mt.use_backend("numpy"):
        other = mt.ones(2, device="simple")
        assert other.device == mt.device("simple")
        assert other.cpu().backend.name == "numpy"


def test_beside_a_backend_elsewhere_cpu_is_one_of_ours(remote):
    with mt.use_backend("numpy"):
        far = mt.ones(2, device="remote:0")
        assert far.backend is remote
        assert far.device == mt.device("remote", 0)
        assert far.cpu().backend.name == "numpy"
    with mt.use_backend("remote"):
        assert mt.ones(2).device == mt.device("remote", 0)
        near = mt.ones(2, device="cpu")
        assert near.backend.on_host
        assert near.device == mt.device("cpu")
        assert not near.is_cuda


@pytest.mark.parametrize("name", ["simple", "numpy"])
def test_a_tensor_goes_to_the_device_of_another(name, remote):
    for place in (name, "remote", "cpu"):
        there = mt.zeros(1, device=place)
        moved = mt.ones(2).to(there.device)
        assert moved.backend is there.backend
        assert (moved + there).tolist() == [1.0, 1.0]


def test_a_number_beyond_the_only_device_is_refused():
    with pytest.raises(ValueError, match="got numpy:1; the backend 'numpy' has one device"):
        mt.zeros(2, device="numpy:1")


def test_a_name_without_a_backend_is_refused_when_it_is_used():
    place = mt.device("mps")
    with pytest.raises(mt.BackendNotFound, match="no backend 'mps'"):
        mt.zeros(2).to(place)


def test_as_a_context_a_device_chooses_the_backend():
    place = mt.device("simple")
    with mt.use_backend("numpy"):
        with place as entered, place:
            assert entered is place
            assert mt.zeros(2).backend.name == "simple"
        assert mt.zeros(2).backend.name == "numpy"


def test_to_takes_device_and_dtype_together():
    x = mt.tensor([1, 2])
    for moved in (
        x.to("simple", mt.float64),
        x.to(device="simple", dtype=mt.float64),
        x.to(mt.zeros(1, device="simple", dtype=mt.float64)),
        x.to(mt.device("simple"), mt.float64, non_blocking=True),
        x.to(mt.device("simple"), "float64", True, True),
    ):
        assert (moved.backend.name, moved.dtype) == ("simple", mt.float64)
        assert moved.tolist() == [1.0, 2.0]
    assert x.to(non_blocking=True) is x
    assert x.to("numpy", copy=True) is not x


CREATORS = {
    "tensor": lambda **o: mt.tensor([1.0], **o),
    "as_tensor": lambda **o: mt.as_tensor([1.0], **o),
    "from_numpy": lambda **o: mt.from_numpy(np.ones(2), **o),
    "zeros": lambda **o: mt.zeros(2, **o),
    "ones": lambda **o: mt.ones(2, **o),
    "empty": lambda **o: mt.empty(2, **o),
    "full": lambda **o: mt.full((2,), 3.0, **o),
    "arange": lambda **o: mt.arange(3, **o),
    "linspace": lambda **o: mt.linspace(0, 1, 3, **o),
    "logspace": lambda **o: mt.logspace(0, 1, 3, **o),
    "eye": lambda **o: mt.eye(2, **o),
    "rand": lambda **o: mt.rand(2, **o),
    "randn": lambda **o: mt.randn(2, **o),
    "randint": lambda **o: mt.randint(3, (2,), **o),
    "randperm": lambda **o: mt.randperm(3, **o),
    "normal": lambda **o: mt.normal(0.0, 1.0, (2,), **o),
    "tril_indices": lambda **o: mt.tril_indices(2, 2, **o),
    "triu_indices": lambda **o: mt.triu_indices(2, 2, **o),
    **{
        f"{name}_like": lambda name=name, **o: getattr(mt, f"{name}_like")(mt.ones(2), **o)
        for name in ("zeros", "ones", "empty", "rand", "randn")
    },
    "full_like": lambda **o: mt.full_like(mt.ones(2), 3, **o),
    "randint_like": lambda **o: mt.randint_like(mt.ones(2), 3, **o),
}


@pytest.mark.parametrize("name", CREATORS)
def test_every_function_that_creates_takes_a_device(name):
    with mt.use_backend("numpy"):
        for place in ("simple", mt.device("simple"), mt.get_backend("simple")):
            assert CREATORS[name](device=place).backend.name == "simple"
        assert CREATORS[name](device="cpu").backend.name == "numpy"
        assert CREATORS[name](device=None).backend.name == "numpy"


def test_types_have_pytorchs_names():
    x = mt.tensor([0.5, 2.0])
    assert x.type() == "torch.FloatTensor"
    assert x.type("torch.LongTensor").type() == "torch.LongTensor"
    assert x.type(mt.float64).type() == "torch.DoubleTensor"
    with pytest.raises(TypeError, match=r"got 'torch\.HalfTensor'"):
        x.type("torch.HalfTensor")
