"""Kernels: each is one Python function, compiled for the GPU or run by the simulator.

How a kernel is written
-----------------------
A factory makes it for the dtypes, scalar functions and tile sizes that its code depends on, and
caches it (`lru_cache`). For example, twice x::

    from minitorch_backends.cuda.compile import THREADS, Kernel, blocks, number, pointer, u32
    from minitorch_backends.cuda.device import cuda

    @lru_cache(maxsize=256)
    def doubled(dtype: DType) -> Kernel:
        \"""out[i] = 2 x[i], for i < n. Each thread strides over the grid.\"""
        T = number(dtype)

        def kernel(out: Any, x: Any, n: Any) -> None:
            i = u32(cuda.grid(1))
            while i < n:
                out[i] = T(2) * x[i]
                i = u32(i + cuda.gridsize(1))

        return Kernel(kernel, (pointer(dtype), pointer(dtype), u32), THREADS)

    doubled(float32)(blocks(n), out, x, n)

- *Arguments* are arrays, `pointer(dtype)`, and numbers: `u32`, `i32`, `i64`, `number(dtype)`. An
  array is only the address of a tensor's first element: it is indexed with one integer, has no
  shape, and cannot be sliced. Sizes and strides are passed as numbers. Arguments that belong
  together are one tuple: `Sizes(u32, u32)` declares it, and the caller passes a `Sizes`.
- *Numbers* are converted by calling their type: `u32(i + 1)`, `T(0.5)`. This matters: in
  compiled code the sum of two `u32` is an `i64` until it is converted, and a bare 0.5 makes the
  whole expression double, so a float32 kernel writes `T(0.5)`. `u32` arithmetic wraps; a position
  below 2**31 may be computed with it even from negative strides, if the last step is `i32(...)`.
- *Threads*: `cuda.threadIdx.x`, `cuda.blockIdx.x`, `cuda.grid(1)`, `cuda.gridsize(1)` and
  `cuda.syncthreads()` as everywhere; `cuda.shared.array(n, T)` and `cuda.local.array(n, T)` with
  sizes that are literals or the factory's variables, one call per line. Functions that the threads
  of a block compute together are in `warps.py`.
- *Scalar functions* of `operators`, or composed of them: the kernel calls `f = scalar(fn)`.
- *Vectors*: `load, store = vectors(4)` gives `load(values, x, i)` and `store(x, i, values)` for a
  local array of four elements and the four at 4 i; each is one instruction, and the address must be
  a multiple of the vector's size, which `aligned(x, 4)` checks. Shared memory works likewise, if
  allocated as `cuda.shared.array(n, T, ALIGNMENT)`.
- *Device functions* are made by `device_function(f)`; kernels hold them in their closures and call
  them.

How it is launched
------------------
`kernel(grid, *arguments)`: the grid counts thread blocks, along x or (x, y, z), and nothing happens
if one of them is 0; an array is passed as `TensorData` of the declared dtype, a number as a number.
`blocks(n)` is a grid for n elements and any kernel that strides over its grid. y and z are at most
65535. The caller guarantees that every access is in bounds: kernels do not check.

How it is compiled
------------------
At its first launch, for the device's compute capability: numba compiles to PTX, nvJitLink to a
cubin, which is cached on disk (see `kept`) under a digest of the module's source, the kernel's
closure, and the versions. Importing compiles nothing.

How it is tested
----------------
- In the simulator, launched as usual, with few threads: `sized(256, 4)` is 256 on hardware and 4
  there, and must be a constant of the module that defines the kernel.
- By the compile gate, without a GPU: each module of kernels has a function `examples()` that yields
  a kernel for every dtype and variant, and `tests/cuda/test_gate.py` compiles them with
  `kernel.compile(cc)` and checks the machine code. `Kernel(..., wide=True)` promises 16-byte loads.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import threading
import types as python_types
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from minitorch_autodiff import operators
from minitorch_backends.cuda import device
from minitorch_backends.cuda.device import MISSING, SIMULATED, Grid, cuda, get_device, sized, types
from minitorch_backends.kept import ProgressNote, keep, load, sources
from minitorch_backends.scalars import described, in_float32, used
from minitorch_tensor.dtypes import DType
from minitorch_tensor.tensor_data import TensorData

#: Threads per block by default.
THREADS = sized(256, 4)

#: Most blocks of a grid-stride loop. More than any GPU runs at once; few enough that a thread's
#: first element plus its stride, 2**26 together, stay far below where `u32` wraps.
MOST_BLOCKS = sized(1 << 16, 2)

#: Alignment of shared arrays that are read by vectors, in bytes; the simulator has none.
ALIGNMENT = None if SIMULATED else 16

#: Positions from here on need `i64`.
WIDE = 1 << 31


class pointer(NamedTuple):
    """The type of an array argument.

    Attributes:
        dtype: of the elements.
    """

    dtype: DType


def leaves(arguments: Iterable[Any]) -> Iterator[Any]:
    """Arguments, or their types, with the elements of tuples one by one."""
    for argument in arguments:
        if isinstance(argument, tuple) and not isinstance(argument, pointer):
            yield from leaves(argument)
        else:
            yield argument


class _Simulated:
    """A stand-in for numba's type of a number in simulated kernels: it converts as that does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dtype = np.dtype(name)
        self._round = device.rounding(self.dtype)

    def __call__(self, value: Any) -> Any:
        return self._round(value)

    def __repr__(self) -> str:
        return self.name


@cache
def _number(name: str) -> Any:
    """numba's type of that name, or its stand-in."""
    if MISSING:
        return None
    return _Simulated("bool" if name == "boolean" else name) if SIMULATED else getattr(types, name)


def number(dtype: DType) -> Any:
    """The type of a number: to declare an argument, to convert in a kernel, for shared arrays."""
    return _number("boolean" if dtype.kind == "bool" else dtype.name)


u32, u64, i32, i64 = (_number(name) for name in ("uint32", "uint64", "int32", "int64"))


def blocks(n: int, threads: int = THREADS) -> int:
    """A grid for n elements, one per thread, and for kernels that stride over their grid."""
    return min(-(-n // threads), MOST_BLOCKS)


# -- compiling ----------------------------------------------------------------------------------


class Compiled(NamedTuple):
    """The result of compiling a kernel.

    Attributes:
        symbol: its name in the cubin.
        ptx: the portable assembly that numba gave.
        cubin: the machine code.
        log: the assembler's report on registers, stack and spills.
    """

    symbol: str
    ptx: str
    cubin: bytes
    log: str


class Kernel:
    """A function of CUDA threads, and how it is launched.

    Args:
        function: the kernel, in Python; see the module's documentation.
        arguments: the type of each argument; for a tuple, one of types.
        threads: number of threads per block.
        wide: true if it loads 16 bytes at a time, which the compile gate checks.
        resident: blocks that a multiprocessor must hold at once, which bounds the registers.
    """

    def __init__(
        self,
        function: Callable[..., None],
        arguments: Sequence[Any],
        threads: int,
        wide: bool = False,
        resident: int = 1,
    ) -> None:
        self.function = function
        self.arguments = tuple(arguments)
        self.threads = threads
        self.wide = wide
        self.resident = resident
        self._lock = threading.Lock()
        self._loaded: Any = None
        self._convert: list[Callable[[Any], Any]] = []

    def __call__(self, grid: Grid, *arguments: Any) -> None:
        """Launch the kernel on a grid of blocks."""
        if grid == 0 or (isinstance(grid, tuple) and 0 in grid):
            return
        chosen = get_device()
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._convert = [self._converter(argument) for argument in self.arguments]
                    self._loaded = self._load()
        assert len(arguments) == len(self._convert), self.function.__qualname__
        converted = [convert(x) for convert, x in zip(self._convert, arguments)]
        if not SIMULATED:  # compiled code takes the elements of a tuple one by one
            converted = list(leaves(converted))
        chosen.launch(self._loaded, grid, self.threads, converted)

    def _converter(self, argument: Any) -> Callable[[Any], Any]:
        """The function that converts a caller's argument to the launched one."""
        if isinstance(argument, pointer):
            return get_device().pointer
        if isinstance(argument, tuple):
            fields = [self._converter(field) for field in argument]
            group: Any = getattr(type(argument), "_make", tuple)
            return lambda given: group([convert(x) for convert, x in zip(fields, given)])
        if SIMULATED:
            convert: Callable[[Any], Any] = argument
        else:
            convert = np.bool_ if argument is types.boolean else getattr(np, argument.name)
        return convert

    def _load(self) -> Any:
        chosen = get_device()
        if isinstance(chosen, device.Simulator):
            return cuda.jit(_silent(self.function))
        return chosen.load(*self._cubin(chosen.compute_capability))

    def compile(self, cc: tuple[int, int]) -> Compiled:
        """Machine code for a compute capability. Needs neither a GPU nor a driver."""
        signature = [_numba_type(argument) for argument in self.arguments]
        ptx = device.compile_ptx(self.function, signature, cc, (self.threads, self.resident))
        symbol = re.search(r"\.visible \.entry (\w+)\(", ptx)
        assert symbol is not None  # every kernel has an entry
        return Compiled(symbol[1], ptx, *device.assemble(ptx, cc))

    def _cubin(self, cc: tuple[int, int]) -> tuple[bytes, str]:
        """Machine code and symbol, from the disk cache if possible."""
        name = self._file_name(cc)
        if name is not None and (found := load("cuda", name)):
            symbol, _, cubin = found.partition(b"\n")
            return cubin, symbol.decode()
        with _patience:
            _note.on_start()
        try:
            compiled = self.compile(cc)
        finally:
            with _patience:
                _note.on_end()
        if name is not None:
            keep("cuda", name, compiled.symbol.encode() + b"\n" + compiled.cubin)
        return compiled.cubin, compiled.symbol

    def _file_name(self, cc: tuple[int, int]) -> str | None:
        """The cache key, covering all that the machine code depends on; None if it has no text."""
        function = self.function
        text = _own_text(function)
        if text is None:
            return None
        parts = (
            text,
            [str(argument) for argument in self.arguments],
            (self.threads, self.resident),
            cc,
            sources(function.__module__),
            _versions(),
        )
        return f"kernel.{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.cubin"


#: Compiling may take seconds in total and may happen in any thread.
_note, _patience = ProgressNote("cuda"), threading.Lock()


@cache
def _versions() -> tuple[str, ...]:
    """Versions of all packages that take part in compiling."""
    names = ("numba", "numba-cuda", "llvmlite", "nvidia-nvvm", "nvidia-nvjitlink")
    return tuple([version(name) for name in names])


def _described(value: Any) -> str | None:
    """As `scalars.described`, for what the closures of kernels hold: types, and functions that
    kernels call, whose code is among the sources."""
    if isinstance(value, (types.Type, DType)):
        return str(value)
    name = getattr(value, "_name", None)
    if isinstance(name, str):  # an intrinsic
        return name
    function = getattr(value, "py_func", value)
    if not inspect.isfunction(function) or not function.__module__.startswith(__package__):
        return described(value)
    return _own_text(function)


def _own_text(function: Callable[..., Any]) -> str | None:
    """A kernel, or a function that kernels call, as text: its name, code and closure. Globals of
    its module are covered by the digest of the sources."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    parts = [described(function.__code__), *[_described(value) for value in cells]]
    if any(part is None for part in parts):
        return None
    return f"{function.__module__}.{function.__qualname__}{parts}"


def _silent(function: Callable[..., None]) -> Callable[..., None]:
    """A simulated kernel without numpy's warnings of overflow and division by zero, which a GPU
    does not give."""
    errstate = np.errstate

    def run(*arguments: Any) -> None:
        with errstate(all="ignore"):
            function(*arguments)

    # With the kernel's globals, where the simulator puts its own `cuda` during a launch.
    silent: Any = python_types.FunctionType(
        run.__code__, function.__globals__, function.__name__, closure=run.__closure__
    )
    silent.waits = _waits(function, set())
    made: Callable[..., None] = silent
    return made


def _waits(function: Callable[..., Any], seen: set[Any]) -> bool:
    """True if a simulated kernel, or something of ours that it calls, has a barrier."""
    if "syncthreads" in function.__code__.co_names:
        return True
    seen.add(function)
    for value in used(function).values():
        called = getattr(value, "fn", value)  # which numba-cuda's simulator wraps
        ours = inspect.isfunction(called) and called.__module__.startswith("minitorch_backends")
        if ours and called not in seen and _waits(called, seen):
            return True
    return False


# -- functions that kernels call ------------------------------------------------------------------


def device_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for kernels to call: of numbers, arrays and shared memory."""
    if MISSING or (SIMULATED and "cuda" not in function.__code__.co_names):
        return function
    options = {} if SIMULATED else {"forceinline": True}
    made: Callable[..., Any] = cuda.jit(device=True, **options)(function)
    return made


def scalar(fn: Callable[..., float]) -> Callable[..., float]:
    """Make a scalar function of `operators`, or one composed of them, callable in kernels.

    Literals in it take the precision of its arguments, as in `fast`: `0.5 * x` of a float32 is
    computed in float32.
    """
    if not MISSING and not SIMULATED:
        with _registering:
            _register(fn)
    return fn


_registering = threading.RLock()
_registered: set[Callable[..., Any]] = set()


def _register(fn: Callable[..., Any]) -> None:
    """Let kernels call a Python function, and the functions that it calls in turn."""
    if fn in _registered:
        return
    _registered.add(fn)
    on_floats, on_integers = _FLOATING.get(fn), _WHOLE.get(fn)

    def choose(*arguments: Any) -> Any:
        floating = [t for t in arguments if isinstance(t, types.Float)]
        narrow = bool(floating) and all(t.bitwidth <= 32 for t in floating)
        if on_floats is not None and len(floating) == len(arguments):
            return on_floats[narrow]
        if on_integers is not None and all(isinstance(t, _INTEGERS) for t in arguments):
            return on_integers
        return in_float32(fn) if narrow else fn

    device.overload(fn, jit_options={"forceinline": True}, strict=False)(choose)
    for callee in used(fn).values():
        if inspect.isfunction(callee):
            _register(callee)


def _math() -> tuple[dict[Any, tuple[Any, Any]], dict[Any, Any]]:
    """Replacements of operators: for floats, as (double, single), and for integers.

    They cover rounding, because Python's returns integers, which numba computes from doubles;
    divisions, which do not raise when compiled; and integer operators that would go through doubles
    and lose the low bits.
    """
    libdevice = device.libdevice
    floating: dict[Any, tuple[Any, Any]] = {
        operators.floor: (lambda x: libdevice.floor(x), lambda x: libdevice.floorf(x)),
        operators.ceil: (lambda x: libdevice.ceil(x), lambda x: libdevice.ceilf(x)),
        operators.trunc: (lambda x: libdevice.trunc(x), lambda x: libdevice.truncf(x)),
        operators.round: (lambda x: libdevice.rint(x), lambda x: libdevice.rintf(x)),
        operators.fmod: (lambda x, y: libdevice.fmod(x, y), lambda x, y: libdevice.fmodf(x, y)),
        operators.div: (lambda x, y: x / y, lambda x, y: x / y),
    }
    whole: dict[Any, Any] = {
        **dict.fromkeys((operators.floor, operators.ceil, operators.trunc), lambda x: x),
        operators.round: lambda x: x,
        operators.relu: lambda x: x if x > 0 else 0,
        operators.relu_back: lambda y, d: 0 if y <= 0 else d,
        operators.keep_if: lambda condition, x: x if condition else 0,
        operators.sign: lambda x: (x > 0) - (x < 0),
    }
    return floating, whole


if not MISSING and not SIMULATED:
    _INTEGERS = (types.Integer, types.Boolean)
    _FLOATING, _WHOLE = _math()


# -- wide loads and stores ------------------------------------------------------------------------


def aligned(x: TensorData, count: int) -> bool:
    """True if x begins where a vector of `width` elements may: memory itself begins at a multiple
    of 256 bytes."""
    return x.offset % count == 0


@cache
def vectors(count: int) -> tuple[Any, Any]:
    """`load(values, x, i)` and `store(x, i, values)`: elements count * i to count * (i + 1) of an
    array, to and from a local array of `count` elements, at once.

    The array must begin at a multiple of the vector's size: see `aligned`, `ALIGNMENT`.
    """
    if MISSING or SIMULATED:

        def load(values: Any, x: Any, i: Any) -> None:
            if isinstance(x, device.Elements):
                x.check_vectors(count)
            for k in range(count):
                values[k] = x[count * i + k]

        def store(x: Any, i: Any, values: Any) -> None:
            x.check_vectors(count)
            for k in range(count):
                x[count * i + k] = values[k].item()

        return load, store
    return _intrinsic(count, loads=True), _intrinsic(count, loads=False)


def _intrinsic(count: int, loads: bool) -> Any:
    """`load` or `store` as an instruction of LLVM on a vector."""
    from llvmlite import ir

    def address(context: Any, builder: Any, sig: Any, args: Any, place: int) -> Any:
        """The address of vector i of the array argument at a place, and the vector's type."""
        array = args[place]
        if isinstance(sig.args[place], types.Array):  # shared memory
            array = context.make_array(sig.args[place])(context, builder, array).data
        vector = ir.VectorType(context.get_data_type(sig.args[place].dtype), count)
        i = context.cast(builder, args[place + 1], sig.args[place + 1], types.intp)
        return builder.gep(builder.bitcast(array, vector.as_pointer()), [i]), vector

    def local(context: Any, builder: Any, sig: Any, args: Any, place: int, vector: Any) -> Any:
        """The address of the local array at another place."""
        values = context.make_array(sig.args[place])(context, builder, args[place])
        return builder.bitcast(values.data, vector.as_pointer())

    def load(typingctx: Any, values: Any, x: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            source, vector = address(context, builder, sig, args, 1)
            read = builder.load(source)
            read.align = count * _bytes(sig.args[1])
            written = builder.store(read, local(context, builder, sig, args, 0, vector))
            written.align = _bytes(sig.args[1])
            return context.get_dummy_value()

        return types.void(values, x, i), generate

    def store(typingctx: Any, x: Any, i: Any, values: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            target, vector = address(context, builder, sig, args, 0)
            read = builder.load(local(context, builder, sig, args, 2, vector))
            read.align = _bytes(sig.args[0])
            builder.store(read, target).align = count * _bytes(sig.args[0])
            return context.get_dummy_value()

        return types.void(x, i, values), generate

    made: Any = device.intrinsic(load if loads else store)
    made._name = f"{made._name}{count}"  # noqa: SLF001 - numba has no other place for it
    return made


def _bytes(array: Any) -> int:
    """Bytes per element."""
    return 1 if array.dtype is types.boolean else array.dtype.bitwidth // 8


# -- arrays in compiled code ----------------------------------------------------------------------


def _numba_type(argument: Any) -> Any:
    """The type of an argument in a signature."""
    if isinstance(argument, tuple) and not isinstance(argument, pointer):
        fields = [_numba_type(field) for field in argument]
        named = type(argument) if hasattr(argument, "_fields") else None
        return types.BaseTuple.from_types(fields, named)
    if not isinstance(argument, pointer):
        return argument
    element = number(argument.dtype)
    return device.Booleans() if element is types.boolean else types.CPointer(element)
