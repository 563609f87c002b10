"""The compile gate: every kernel, in every dtype and variant, as machine code; no GPU is needed.

What is looked for in it is what makes a kernel slow, or wrong, without anybody noticing.
"""

import importlib
import inspect
import re
from functools import cache
from pathlib import Path

import pytest

from minitorch_autodiff import operators
from minitorch_backends import kept
from minitorch_backends.cuda import compile as compiling
from minitorch_backends.cuda import elementwise
from minitorch_backends.cuda.compile import Kernel, leaves, pointer
from minitorch_tensor.dtypes import bool_, float32, float64, int32, int64, uint8

#: The modules that make kernels.
MODULES = [
    path.stem
    for path in sorted(Path(elementwise.__file__).parent.glob("*.py"))
    if "return Kernel(" in path.read_text(encoding="utf-8") and path.stem != "compile"
]

#: A100 and H100.
ARCHITECTURES = ((8, 0), (9, 0))

#: What is as it should be in some operators. Angles beyond 105615 are reduced by NVIDIA's library,
#: from local memory and with a double at the end. Integers are divided in 64 bits, since in numba
#: the quotient of two int32 is an int64.
MEANT = {
    **dict.fromkeys(("sin", "cos", "tan"), ("local array", "double")),
    **dict.fromkeys(("int_floor_divide", "int_remainder"), ("division of 64 bits",)),
}

#: Bytes of an argument, as PTX writes its type.
SIZES = {".u64": 8, ".f64": 8, ".u32": 4, ".f32": 4, ".u8": 1, ".b8": 1}


def examples_of(module):
    yield from importlib.import_module(f"minitorch_backends.cuda.{module}").examples()


@cache
def compiled_for(kernel, cc):
    return kernel.compile(cc)


def name_of(kernel):
    arguments = ", ".join(str(getattr(a, "dtype", a)) for a in leaves(kernel.arguments))
    return f"{kernel.function.__qualname__.split('.')[0]}({arguments})"


def problems_of(kernel, compiled):
    """What is wrong with compiled code, in words."""
    ptx, log = compiled.ptx, compiled.log
    dtypes = {str(getattr(argument, "dtype", argument)) for argument in leaves(kernel.arguments)}
    spilled = sum(map(int, re.findall(r"(\d+) bytes spill", log)))
    if spilled:
        yield f"{spilled} bytes of registers spilled"
    if ".local" in ptx:
        yield "a local array was not kept in registers"
    if "float64" not in dtypes and "float32" in dtypes and ".f64" in ptx:
        yield "double arithmetic"
    if "int64" not in dtypes and re.search(r"\b(div|rem)\.[us]64", ptx):
        yield "division of 64 bits"
    if kernel.wide and not re.search(r"ld\.global(\.nc)?\.v(4\.\w?32|2\.\w?64)", ptx):
        yield "no load of 16 bytes"


@pytest.mark.parametrize("module", MODULES)
def test_kernels_compile_to_what_was_meant(compiler, module):
    wrong = []
    for kernel in examples_of(module):
        for cc in ARCHITECTURES:
            found = list(problems_of(kernel, compiled_for(kernel, cc)))
            wrong += [f"{name_of(kernel)} for {cc}: {problem}" for problem in found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", MODULES)
def test_arguments_are_launched_as_they_are_compiled(compiler, module):
    """In number and size: the driver is given addresses of values, and no types."""
    for kernel in examples_of(module):
        ptx = compiled_for(kernel, ARCHITECTURES[0]).ptx
        found = [SIZES[t] for t in re.findall(r"\.param (\.\w+) \w+_param_\d+", ptx)]
        packed = [
            8 if isinstance(argument, pointer) else argument.bitwidth // 8
            for argument in leaves(kernel.arguments)
        ]
        assert found == packed, name_of(kernel)


def test_kernels_on_disk_are_told_apart(compiler):
    """The names of files, which stand for all that a kernel's code follows from."""
    kernels = {}
    for module in MODULES:
        for kernel in examples_of(module):
            name = kernel._file_name((9, 0))
            assert name is not None, name_of(kernel)
            assert kernels.setdefault(name, kernel) is kernel, name_of(kernel)
    kernel = next(iter(kernels.values()))
    assert kernel._file_name((8, 0)) != kernel._file_name((9, 0))


SCALARS = {
    name: function
    for name, function in vars(operators).items()
    if inspect.isfunction(function)
    and function.__module__ == operators.__name__
    and not name.startswith("_")
    and name not in {"map", "zipWith", "reduce", "negList", "addLists", "sum", "prod"}
}


def mapped(fn, dtype, out):
    inputs = len(inspect.signature(fn).parameters)
    return elementwise.flat(fn, (out, *[dtype] * inputs), (True,) * inputs, 1, False)


@pytest.mark.parametrize("dtype", [float32, float64, int32], ids=str)
@pytest.mark.parametrize("name", SCALARS)
def test_operators_compile(compiler, name, dtype):
    whole = name.startswith(("int_", "bitwise_"))
    if whole and dtype.kind == "float":
        pytest.skip("of integers only")
    kernel = mapped(SCALARS[name], dtype, dtype)
    problems = list(problems_of(kernel, kernel.compile((9, 0))))
    meant = MEANT.get(name, ())
    assert not [problem for problem in problems if not any(part in problem for part in meant)]


def test_a_function_of_a_user_computes_in_the_precision_of_its_argument(compiler):
    half = 0.5

    def shifted(x):
        return half * operators.exp(x - 1) + 0.25

    kernel = mapped(shifted, float32, float32)
    assert not list(problems_of(kernel, kernel.compile((9, 0))))


def test_the_gate_finds_what_it_looks_for(compiler):
    """Kernels that are wrong in each of the ways."""
    u32, i64, T = compiling.u32, compiling.i64, compiling.number(float32)
    cuda = compiling.cuda

    def doubles(out, n):
        out[cuda.grid(1)] = out[n] * 0.1

    def divides(out, n):
        out[cuda.grid(1)] = i64(n) * i64(n) // cuda.grid(1)

    def indexes(out, n):
        values = cuda.local.array(64, T)
        for i in range(64):
            values[i] = out[i]
        out[0] = values[n]

    def spills(out, n):
        values = cuda.local.array(64, T)
        for i in range(64):
            values[i] = out[i * n]
        cuda.syncthreads()
        for i in range(64):
            out[64 - i] = values[i]

    def found(function, dtype, threads=32, **how):
        kernel = Kernel(function, (pointer(dtype), u32), threads, **how)
        return " ".join(problems_of(kernel, kernel.compile((8, 0))))

    assert "double" in found(doubles, float32)
    assert "division of 64 bits" in found(divides, int32)
    assert "local array" in found(indexes, float32)
    assert "no load of 16 bytes" in found(indexes, float32, wide=True)
    assert "spilled" in found(spills, float32, threads=1024, resident=2)


def test_bool_arrays_are_bytes(compiler):
    """numba's own pointers read them as bits."""
    ptx = mapped(operators.logical_not, bool_, bool_).compile((8, 0)).ptx
    assert "ld.global.u8" in ptx
    assert "st.global.u8" in ptx


def test_an_int64_is_not_computed_with_as_a_float(compiler):
    """Whose 53 bits would lose the low ones."""
    for fn in (operators.relu, operators.sign, operators.floor, operators.add, operators.max):
        assert ".f64" not in mapped(fn, int64, int64).compile((8, 0)).ptx, fn.__name__


def test_compiling_that_takes_long_is_said_once(compiler, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(kept.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(kept.ProgressNote, "PATIENCE", 0.0)
    monkeypatch.setattr(compiling, "_note", kept.ProgressNote("cuda"))
    kept._folders.cache_clear()
    try:
        for fn in (operators.sin, operators.cos, operators.tan):
            mapped(fn, float64, float64)._cubin((8, 0))
        said = capsys.readouterr().err
        assert said.count("minitorch: compiling kernels") == 1
        assert str(tmp_path) in said
    finally:
        kept._folders.cache_clear()


def test_a_negative_float_becomes_a_byte_by_way_of_an_integer(compiler):
    """The conversion to a byte itself would make it 0; as an integer it wraps, as in numpy."""
    ptx = mapped(operators.id, float32, uint8).compile((8, 0)).ptx
    assert "cvt.rzi.s64.f32" in ptx
    assert not re.search(r"cvt\.rzi\.u\d+\.f32", ptx)


def test_kernels_are_compiled_once_on_a_machine(compiler, tmp_path, monkeypatch):
    """And read back from the disk, machine code and all."""
    monkeypatch.setattr(kept.config, "CACHE_DIR", str(tmp_path))
    kept._folders.cache_clear()
    try:
        kernel = mapped(operators.exp, float32, float32)
        first = kernel._cubin((8, 0))
        assert [path.suffix for path in tmp_path.rglob("kernel.*")] == [".cubin"]
        monkeypatch.setattr(Kernel, "compile", None)  # which is not asked again
        assert kernel._cubin((8, 0)) == first
    finally:
        kept._folders.cache_clear()


def test_a_function_that_cannot_be_described_is_compiled_each_time(compiler):
    hidden = object()

    def strange(x):
        return x if hidden is None else operators.exp(x)

    def plain(x):
        return operators.exp(x)

    assert mapped(plain, float32, float32)._file_name((8, 0)) is not None
    assert mapped(strange, float32, float32)._file_name((8, 0)) is None
