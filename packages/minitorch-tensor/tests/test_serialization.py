"""Saving and loading: what was saved comes back, and files run no code."""

from __future__ import annotations

import io
import math
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import minitorch_tensor as mt
from minitorch_tensor.serialization import FileError, NotPlain

FILES = Path(__file__).parent / "files"


def same(one, other):
    """True if two values have the same types, structure, dtypes and bits."""
    if isinstance(one, mt.Tensor):
        return (
            isinstance(other, mt.Tensor)
            and (one.shape, one.dtype, one.requires_grad)
            == (other.shape, other.dtype, other.requires_grad)
            and one.detach().numpy().tobytes() == other.detach().numpy().tobytes()
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    return one == other or (one != one and other != other)


def through(obj):
    file = io.BytesIO()
    mt.save(obj, file)
    file.seek(0)
    return mt.load(file)


plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(max_size=9)
    | st.sampled_from([mt.float32, mt.int64, mt.bool_, mt.device("cuda", 0)])
)
tensors = st.builds(
    lambda numbers, dtype: mt.tensor(numbers, dtype=dtype),
    st.lists(st.integers(0, 255), max_size=4),
    st.sampled_from(["float32", "float64", "int32", "int64", "uint8", "bool"]),
)
keys = st.text("ab.", max_size=3) | st.integers(-2, 2) | st.tuples(st.integers(0, 1))
nested = st.recursive(
    plain | tensors,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
        | st.dictionaries(keys, inner, max_size=3).map(OrderedDict)
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(nested)
def test_what_was_saved_comes_back(obj):
    assert same(through(obj), obj)


def test_numbers_keep_every_bit():
    for value in (math.inf, -math.inf, math.nan, -0.0, 5e-324, 2**100, -(2**63)):
        assert same(through(value), value)
    for value in (np.float32(0.1), np.int64(3), np.bool_(True), np.arange(3), {1, "a"}):
        assert same(through(value), value)


def test_two_names_of_one_tensor_are_one_tensor_again():
    x = mt.ones(3)
    loaded = through({"a": x, "b": [x], "c": x.clone(), "view": x[:2]})
    assert loaded["a"] is loaded["b"][0]
    assert loaded["c"] is not loaded["a"]
    loaded["a"].zero_()
    assert loaded["view"].tolist() == [1.0, 1.0]


def test_gradients_are_asked_for_again_but_history_is_not_saved():
    leaf = mt.ones(2, requires_grad=True)
    loaded = through([leaf, leaf.detach(), leaf * 2])
    assert [x.requires_grad for x in loaded] == [True, False, True]
    assert all(x.is_leaf for x in loaded)


def test_a_state_dict_is_read_by_other_libraries_and_theirs_by_us(tmp_path):
    state = {"layer.weight": mt.randn(2, 3), "layer.bias": mt.zeros(2), "tied": mt.ones(1)}
    state["again"] = state["tied"]
    mt.save(state, tmp_path / "m.safetensors")
    theirs = load_file(tmp_path / "m.safetensors")
    assert theirs.keys() == state.keys()
    for name, value in state.items():
        np.testing.assert_array_equal(theirs[name], value.numpy())
    save_file({"x": np.arange(3)}, tmp_path / "theirs.safetensors")
    assert mt.load(tmp_path / "theirs.safetensors")["x"].tolist() == [0, 1, 2]


def test_tensors_of_any_device_and_layout_are_saved_and_land_where_one_wants():
    x = mt.arange(6, device="simple").reshape(2, 3)
    content = io.BytesIO()
    mt.save({"x": x.t(), "y": x[::-1]}, content)
    for location, backend in [
        (None, "numpy"),
        ("simple", "simple"),
        (mt.device("simple"), "simple"),
        ({"cpu": "simple"}, "simple"),
        ({"cuda:0": "cpu"}, "numpy"),
        (lambda storage, location: storage, "numpy"),
    ]:
        content.seek(0)
        with mt.use_backend("numpy"):
            loaded = mt.load(content, map_location=location, weights_only=True, mmap=False)
        assert {value.backend.name for value in loaded.values()} == {backend}
        assert loaded["x"].tolist() == [[0, 3], [1, 4], [2, 5]]
        assert loaded["y"].tolist() == [[3, 4, 5], [0, 1, 2]]


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new" / "m.pt"
    mt.save({"x": mt.ones(2)}, target)
    before = target.read_bytes()
    with pytest.raises(NotPlain):
        mt.save({"x": mt.zeros(2), "bad": object()}, target)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["m.pt"]
    with pytest.raises(IsADirectoryError):
        mt.save({}, tmp_path)
    with pytest.raises(FileNotFoundError):
        mt.load(tmp_path / "absent.pt")


class Model:
    def state_dict(self):
        return {}


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ({"a": [1, Model()]}, r"\['a'\]\[1\] is of type Model.*Save its state_dict\(\)"),
        (print, "the object is of type builtin_function_or_method, which is not plain data"),
        (1 + 2j, "is of type complex"),
        ({"a": np.ones(2, np.complex64)}, "an array of complex64"),
        ({"a": np.array(["x"])}, "an array of <U1"),
        ("\ud800", "the object is a text with a lone surrogate"),
    ],
)
def test_what_is_not_plain_is_refused_by_its_place(obj, message):
    with pytest.raises(NotPlain, match=f"save: .*{message}"):
        mt.save(obj, io.BytesIO())


def test_pytorchs_options_are_accepted():
    content = io.BytesIO()
    mt.save(1, content, pickle_module=pickle, pickle_protocol=2)
    content.seek(0)
    assert mt.load(content, pickle_module=pickle) == 1


# -- PyTorch's files ------------------------------------------------------------------------------


def test_a_file_of_pytorchs_is_read():
    loaded = mt.load(FILES / "values.pt")
    base = np.arange(12, dtype=np.float32).reshape(3, 4)
    expected = {
        "float32": base,
        "transposed": base.T,
        "row": base[1],
        "expanded": np.ones((2, 3), np.float32),
        "empty": np.zeros((0, 3), np.float32),
        "number": np.float64(2.5),
        "float16": np.array([1.5, -2.0], np.float32),
        "bfloat16": np.array([1.5, -2.0], np.float32),
        "int64": np.array([2**40, -1]),
        "int32": np.array([7], np.int32),
        "int16": np.array([-300], np.int32),
        "int8": np.array([-3], np.int32),
        "uint8": np.array([200], np.uint8),
        "bool": np.array([True, False]),
        "parameter": np.array([0.5], np.float32),
    }
    for name, array in expected.items():
        value = loaded.pop(name)
        assert value.requires_grad == (name == "parameter")
        array = np.asarray(array)
        assert value.dtype.numpy == array.dtype
        np.testing.assert_array_equal(value.detach().numpy(), array)
    assert same(
        loaded,
        {
            "plain": [1, 2.5, "text", None, True, (3, {"deep": -1})],
            "ordered": OrderedDict(a=1),
            "size": (3, 4),
            "dtype": mt.float32,
            "device": mt.device("cpu"),
            "numpy": np.float64(0.25),
            5: "an integer key",
        },
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("whole.pt", r"it names torch\.nn\.modules\.container\.Sequential, which is not data"),
        ("complex.pt", "elements of type ComplexFloat, which MiniTorch has not"),
        ("legacy.pt", r"the format from before PyTorch 1\.6"),
    ],
)
def test_a_file_with_more_than_data_is_refused_by_name(name, message):
    with pytest.raises(FileError, match=f"load: .*{name}: .*{message}"):
        mt.load(FILES / name)


def archive(data: bytes, **members: bytes) -> io.BytesIO:
    """A file like PyTorch's with that pickle in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a/data.pkl", data)
        for name, content in members.items():
            made.writestr(f"a/data/{name}", content)
    file.seek(0)
    return file


class Calls:
    """Its pickle calls a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "evil",
    [
        Calls(os.system, "touch /tmp/minitorch-was-here"),
        Calls(eval, "1"),
        Calls(getattr, "text", "upper"),
        Calls(__import__, "os"),
        Calls(io.open, "/etc/passwd"),
        Calls(np.fromfile, "/etc/passwd"),
    ],
    ids=lambda evil: evil.call[0].__name__,
)
def test_no_name_leads_to_code(evil):
    with pytest.raises(FileError, match="which is not data, so it may hold a program"):
        mt.load(archive(pickle.dumps({"a": evil}, 2)))


FLOATS = b"ctorch\nFloatStorage\n"


def described(size: bytes, strides: bytes = b"(I1\nt", offset: bytes = b"I0\n") -> bytes:
    """A pickle of one tensor over the storage "0"."""
    storage = b"(Vstorage\n" + FLOATS + b"V0\nVcpu\nI3\ntQ"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + offset + size + strides + b"I00\nNtR."
    )


def test_a_tensor_by_hand_is_read():
    content = np.array([1, 2, 3], "<f4").tobytes()
    assert mt.load(archive(described(b"(I3\nt"), **{"0": content})).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "data",
    [
        described(b"(I4\nt"),  # larger than its storage
        described(b"(I3\nt", offset=b"I1\n"),
        described(b"(I-1\nt"),
        described(b"(I2\nt", b"(I-1\nt"),
        described(b"(I9000000000000\nt", b"(I0\nt"),  # expanded beyond all memory
        described(b"(I3\nt", b"(I1\nI1\nt"),
        described(b"Vabc\n"),
        FLOATS + b".",  # a part of a tensor by itself
        b"ctorch._utils\n_rebuild_parameter\n(I3\ntR.",
        b"ctorch._utils\n_rebuild_tensor_v2\n}b.",  # attributes of our own function
        b"ctorch\nfloat32\nN}Vname\nVx\ns\x86b.",  # and of a dtype
        b"]q\x00h\x00a.",  # a list that holds itself
        b"(Vmodule\nV0\nQ.",
        b"I3\n",  # cut off
        b"",
        b"\x80\x02" + b"]" * 100_000,
        b"(" * 5000 + b"t" * 5000 + b".",
    ],
)
def test_damaged_descriptions_are_refused_and_change_nothing(data):
    content = np.array([1, 2, 3], "<f4").tobytes()
    with pytest.raises(FileError):
        mt.load(archive(data, **{"0": content}))
    assert mt.float32.name == "float32"
    assert mt.load(FILES / "trained.pt")["model"]["0.weight"].shape == (2, 3)


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", b"\xff" * 64, b"{}" * 20])
def test_what_is_no_file_of_ours_is_refused(content):
    with pytest.raises(FileError, match="load: the file: "):
        mt.load(io.BytesIO(content))


def edited(change):
    """A file of ours with another description."""
    file = io.BytesIO()
    mt.save({"a": mt.ones(2), "b": 1.5}, file)
    content = file.getvalue()
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length]
    new = change(header)
    return io.BytesIO(len(new).to_bytes(8, "little") + new + content[8 + length :])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"minitorch_format":"1"', b'"minitorch_format":"9"', "it has format 9, .* reads 1"),
        (rb"\"tensor\": \"a\"", rb"\"tensor\": \"z\"", "its description is damaged"),
        (rb"\"tensor\": \"a\"", rb"\"code\": \"a\"", "its description is damaged"),
        (rb"\"dict\"", rb"\"set\"", "its description is damaged"),
        (rb"{\"object\"", rb"[\"object\"", "its description is damaged"),
        (b'"dtype":"F32"', b'"dtype":"C64"', "neither a safetensors file|of type C64"),
    ],
)
def test_a_damaged_description_is_refused(old, new, message):
    def change(header):
        assert old in header
        return header.replace(old, new)

    with pytest.raises(FileError, match=message):
        mt.load(edited(change))


def test_half_precision_of_other_libraries_becomes_float32():
    bits = (np.array([1.5, -2.0], "<f4").view("<u4") >> 16).astype("<u2")
    header = b'{"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    content = len(header).to_bytes(8, "little") + header + bits.tobytes()
    x = mt.load(io.BytesIO(content))["x"]
    assert (x.dtype, x.tolist()) == (mt.float32, [1.5, -2.0])
