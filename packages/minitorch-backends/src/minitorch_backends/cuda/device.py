"""The GPU, or its simulator: memory, transfers and launches. The only module that imports CUDA.

Two classes with the same methods, of which `get_device` gives the one instance:

- `Hardware` runs on the first GPU that CUDA_VISIBLE_DEVICES shows, through `cuda.core` and the
  driver.
- `Simulator` runs kernels in Python, a Python thread for each of CUDA's, through the simulator of
  numba-cuda: where the environment has NUMBA_ENABLE_CUDASIM=1 before Python starts.

*One stream.* All work goes to one stream, in the order of the calls, from every Python thread. So a
kernel sees the results of earlier ones, and memory may be reused as soon as the host holds no
reference to it: its next use comes later on the stream. Only `download` and `synchronize` wait.

*Memory* comes from the driver's stream-ordered pool, which keeps freed blocks (an allocation takes
a microsecond or two). A `Memory` is what `TensorData.buffer` is on this backend.

This module imports without CUDA; `MISSING` then says what to install, and `get_device` raises.
"""

from __future__ import annotations

import contextlib
import operator
import os
import threading
import types as python_types
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from minitorch_tensor.backend import BackendUnavailable
from minitorch_tensor.tensor_data import TensorData

#: True if kernels run in Python. numba-cuda reads the same variable.
SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")

#: The oldest GPUs that CUDA 13 compiles for: Turing.
OLDEST = (7, 5)

#: The CUDA version that the driver must support, in its encoding, and the first driver that does.
CUDA_VERSION, DRIVER = 13000, 580

INSTALL = 'pip install "minitorch-backends[cuda]"'

#: The number of blocks, or of threads in a block, along (x, y, z).
Grid: TypeAlias = "int | tuple[int, ...]"


def _missing() -> str:
    """The missing package that CUDA imports need; "" if none is missing."""
    wanted = {
        "numba_cuda": "numba-cuda",
        "cuda.core": "cuda-core",
        "cuda.bindings": "cuda-bindings",
    }
    absent = []
    for module, distribution in wanted.items():
        try:
            found = find_spec(module) is not None
        except ModuleNotFoundError:  # its parent package is missing, too
            found = False
        if not found:
            absent.append(distribution)
    if not absent:
        return ""
    return f"cuda: {', '.join(absent)} not installed; get everything it needs with {INSTALL}."


MISSING = _missing()

#: numba's `cuda`, for `cuda.threadIdx.x` and `cuda.syncthreads()` in kernels.
cuda: Any = None
#: numba's types, for signatures.
types: Any = None

if not MISSING:
    if not hasattr(np, "row_stack"):  # gone since NumPy 2.5, and numba-cuda 0.30 asks for it
        setattr(np, "row_stack", np.vstack)  # noqa: B010 - numpy's types do not know it
    cuda = import_module("numba.cuda")
    types = import_module("numba.cuda.types")


class Memory:
    """Bytes on the device; freed when the last reference goes.

    Attributes:
        address: the device address of the first byte.
        nbytes: the number of bytes.
        host: the integers that were uploaded to it, if they were few; None if it holds something
            else, or was written to since.
        bounds: bounds of its integers, (low, high), if the host knows some; they need not be
            tight.
    """

    __slots__ = ("address", "allocation", "bounds", "host", "nbytes")

    def __init__(self, address: int, nbytes: int, allocation: Any) -> None:
        self.address = address
        self.nbytes = nbytes
        self.allocation = allocation
        self.host: npt.NDArray[Any] | None = None
        self.bounds: tuple[int, int] | None = None


# -- hardware -----------------------------------------------------------------------------------


class Hardware:
    """The GPU, through cuda.core and the driver.

    Raises: BackendUnavailable without a driver or a device, or for a device that is too old.
    """

    def __init__(self) -> None:
        self._core: Any = import_module("cuda.core")
        self._driver: Any = import_module("cuda.bindings.driver")
        self._threads = threading.local()
        device = self._first_device()
        #: (major, minor): what kernels are compiled for.
        self.compute_capability: tuple[int, int] = tuple(device.compute_capability)
        if self.compute_capability < OLDEST:
            raise BackendUnavailable(
                f"cuda: the device is {device.name} of compute capability "
                f"{_dotted(self.compute_capability)}; {_dotted(OLDEST)} (Turing, 2018) is the "
                "oldest that CUDA 13 compiles for."
            )
        self.name: str = device.name
        device.set_current()
        self._threads.device = device
        self._stream = device.create_stream(options=self._core.StreamOptions(nonblocking=True))
        #: Multiprocessors, each of which works on several blocks at a time.
        self.processors: int = device.properties.multiprocessor_count

    def _first_device(self) -> Any:
        """Device 0, or BackendUnavailable. The driver itself is asked before cuda.core, whose error
        has no public name."""
        driver = self._driver
        try:
            (status,) = driver.cuInit(0)
        except import_module("cuda.pathfinder").DynamicLibNotFoundError as error:
            raise BackendUnavailable(
                "cuda: this machine has no NVIDIA driver (libcuda is not found); install the "
                f"driver of its GPU, {DRIVER} or newer."
            ) from error
        if status != driver.CUresult.CUDA_SUCCESS:
            raise BackendUnavailable(
                f"cuda: found no usable NVIDIA GPU: the driver says {status.name}. "
                "`nvidia-smi` must list one, and CUDA_VISIBLE_DEVICES must not hide it."
            )
        _, speaks = driver.cuDriverGetVersion()
        if speaks < CUDA_VERSION:
            raise BackendUnavailable(
                f"cuda: the NVIDIA driver is too old: it speaks CUDA {speaks // 1000}."
                f"{speaks % 1000 // 10}, and 13.0 is wanted; install driver {DRIVER} or newer."
            )
        return self._core.Device(0)

    def _device(self) -> Any:
        """The device, its context current in the calling thread; each thread has its own object."""
        device = getattr(self._threads, "device", None)
        if device is None:
            device = self._core.Device(0)
            device.set_current()
            self._threads.device = device
        return device

    @property
    def stream(self) -> int:
        """The handle of the stream that everything goes to, for libraries that take one."""
        return int(self._stream.handle)

    def allocate(self, nbytes: int) -> Memory:
        """Memory with arbitrary content, aligned to 256 bytes."""
        # An allocation of 0 bytes has no address.
        allocation = self._device().allocate(max(nbytes, 1), stream=self._stream)
        return Memory(int(allocation.handle), nbytes, allocation)

    def upload(self, memory: Memory, array: npt.NDArray[Any]) -> None:
        """Copy a C-contiguous array to the start of memory. The array may change afterwards: the
        driver has copied ordinary (pageable) host memory when the call returns."""
        self._device()
        if array.nbytes:
            self._check(
                self._driver.cuMemcpyHtoDAsync(
                    memory.address, array.ctypes.data, array.nbytes, self._stream.handle
                )
            )

    def download(self, array: npt.NDArray[Any], memory: Memory, offset: int) -> None:
        """Fill a C-contiguous array from memory, `offset` bytes in, and wait for it."""
        self._device()
        if array.nbytes:
            self._check(
                self._driver.cuMemcpyDtoHAsync(
                    array.ctypes.data, memory.address + offset, array.nbytes, self._stream.handle
                )
            )
            self._stream.sync()

    def copy(self, target: TensorData, source: TensorData) -> None:
        """Copy the elements of contiguous data to other contiguous data of its size and dtype."""
        self._device()
        size = source.size * source.dtype.itemsize
        if size:
            self._check(
                self._driver.cuMemcpyDtoDAsync(
                    self.pointer(target), self.pointer(source), size, self._stream.handle
                )
            )

    def pointer(self, x: TensorData) -> int:
        """The kernel argument for an array: the address of x's first element."""
        address: int = x.buffer.address
        return address + x.offset * x.dtype.itemsize if x.offset else address

    def library(self, name: str) -> str:
        """The path of a library of the CUDA toolkit ("cublas", say), ready to use our context.

        Raises: OSError if it is not found.
        """
        self._device()
        pathfinder: Any = import_module("cuda.pathfinder")
        try:
            return str(pathfinder.load_nvidia_dynamic_lib(name).abs_path)
        except pathfinder.DynamicLibNotFoundError as error:
            raise OSError(str(error)) from error

    def load(self, cubin: bytes, symbol: str) -> Any:
        """A kernel of a cubin, ready to be launched in any thread."""
        self._device()
        return self._core.ObjectCode.from_cubin(cubin).get_kernel(symbol)

    def launch(self, kernel: Any, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        """Run a loaded kernel on addresses (Python integers) and numbers (numpy scalars)."""
        self._device()
        self._core.launch(self._stream, self._launch_config(grid, block), kernel, *arguments)

    @lru_cache(maxsize=4096)  # noqa: B019 - there is one instance in a process
    def _launch_config(self, grid: Grid, block: Grid) -> Any:
        return self._core.LaunchConfig(grid=grid, block=block)

    def synchronize(self) -> None:
        """Wait for all work on the stream."""
        self._device()
        self._stream.sync()

    def reserved_bytes(self) -> int:
        """The bytes that the pool holds, in use or not."""
        return int(self._device().memory_resource.attributes.reserved_mem_current)

    def _check(self, result: tuple[Any, ...]) -> None:
        """Raise the driver's error, if any."""
        if result[0] != self._driver.CUresult.CUDA_SUCCESS:
            _, text = self._driver.cuGetErrorString(result[0])
            raise RuntimeError(f"cuda: {text.decode()} ({result[0].name}).")


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


# -- simulator ----------------------------------------------------------------------------------


class Elements:
    """The argument of a simulated kernel for an array: elements in numpy's memory, by one integer.

    Reading gives what compiled code would compute with: floats of their precision, and integers
    that do not overflow until they are stored, where they wrap. A position outside the memory
    raises, also one before its start.
    """

    __slots__ = ("_elements", "_kind", "_start", "_wrap")

    def __init__(self, elements: npt.NDArray[Any], start: int) -> None:
        self._elements = elements
        self._start = start
        self._kind = elements.dtype.kind
        self._wrap = rounding(elements.dtype)

    def _at(self, position: int) -> int:
        place = self._start + position
        if not 0 <= place < len(self._elements):
            raise IndexError(
                f"a kernel reads or writes element {place} of {len(self._elements)} "
                f"({self._elements.dtype})"
            )
        return place

    def check_vectors(self, count: int) -> None:
        """Trap as hardware would: a vector must begin at a multiple of its own size."""
        if self._start % count:
            raise IndexError(f"vectors of {count} elements begin at element {self._start}")

    def __getitem__(self, position: int) -> Any:
        value = self._elements[self._at(position)]
        return value if self._kind == "f" else value.item()

    def __setitem__(self, position: int, value: Any) -> None:
        self._elements[self._at(position)] = self._wrap(value)


@cache
def rounding(dtype: np.dtype[Any]) -> Any:
    """Conversion of numbers to a dtype as compiled code does it: to integers by truncation, and
    they wrap."""
    if dtype.kind == "f":
        return dtype.type
    if dtype.kind == "b":
        return bool
    bits = 8 * dtype.itemsize
    low = -(1 << (bits - 1)) if dtype.kind == "i" else 0
    undefined = 0

    def wrap(value: Any) -> int:
        try:
            return (int(value) - low) % (1 << bits) + low
        except (ValueError, OverflowError):  # NaN and infinities
            return undefined

    return wrap


def _taking_turns() -> Any:
    """A runner of blocks for numba-cuda's simulator, in place of its own, whose threads compete for
    Python's lock: a barrier costs it milliseconds.

    Here the threads of a block take turns: each runs until the next barrier, or its end, and gives
    the turn back. So the order is deterministic, too. Without barriers (`waits` is False) they run
    one after another in the launching thread.
    """
    simulator: Any = import_module("numba.cuda.simulator.kernel")

    class Thread(simulator.BlockThread):  # type: ignore[misc]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.turn, self.back = threading.Lock(), threading.Lock()  # released to say so
            self.turn.acquire()
            self.back.acquire()
            self.ended = False

        def run(self) -> None:
            self.turn.acquire()
            if not self.abort:
                super().run()  # stores an exception in self.exception
            self.ended = True
            self.back.release()

        def syncthreads(self) -> None:
            self.back.release()
            self.turn.acquire()
            if self.abort:
                raise RuntimeError("another thread of the block failed")

        def take_turn(self) -> None:
            self.turn.release()
            self.back.acquire()

    class Block(simulator.BlockManager):  # type: ignore[misc]
        def run(self, grid_point: Any, *arguments: Any) -> None:
            def target() -> None:
                self._f(*arguments)

            if not self._f.waits:
                this: Any = threading.current_thread()
                this.blockIdx = simulator.Dim3(*grid_point)
                for place in np.ndindex(*self._block_dim):
                    this.threadIdx = simulator.Dim3(*place)
                    target()
                return
            alive = [
                Thread(target, self, grid_point, place, self._debug)
                for place in np.ndindex(*self._block_dim)
            ]
            for thread in alive:
                thread.start()
            while alive:
                for thread in alive:
                    thread.take_turn()
                    if thread.exception and not thread.abort:
                        self._stop(alive)
                        raise thread.exception[0].with_traceback(thread.exception[1])
                alive = [thread for thread in alive if not thread.ended]

        def _stop(self, threads: list[Any]) -> None:
            """Let them all end."""
            for thread in threads:
                thread.abort = True
                while not thread.ended:
                    thread.take_turn()

    return Block


class Simulator:
    """A GPU in Python, for tests: numba-cuda's simulator, on numpy's memory."""

    compute_capability = (9, 0)
    name = "simulator"
    processors = 2

    def __init__(self) -> None:
        simulator: Any = import_module("numba.cuda.simulator.kernel")
        simulator.BlockManager = _taking_turns()
        self._one_at_a_time = threading.RLock()

    def allocate(self, nbytes: int) -> Memory:
        """Memory filled so that use of uninitialised elements shows."""
        array = np.full(-(-nbytes // 8) * 8, 0xFF, np.uint8)  # NaN, or -1
        return Memory(array.ctypes.data, nbytes, array)

    def upload(self, memory: Memory, array: npt.NDArray[Any]) -> None:
        """Copy a C-contiguous array to the start of memory."""
        memory.allocation[: array.nbytes] = np.frombuffer(array.tobytes(), np.uint8)

    def download(self, array: npt.NDArray[Any], memory: Memory, offset: int) -> None:
        """Fill a C-contiguous array from memory, `offset` bytes in."""
        if array.nbytes:
            content = memory.allocation[offset : offset + array.nbytes].view(array.dtype)
            array[...] = content.reshape(array.shape)

    def copy(self, target: TensorData, source: TensorData) -> None:
        """Copy the elements of contiguous data to other contiguous data of its size and dtype."""
        size = source.size * source.dtype.itemsize
        to, start = (x.offset * x.dtype.itemsize for x in (target, source))
        content = source.buffer.allocation[start : start + size]
        target.buffer.allocation[to : to + size] = content

    def pointer(self, x: TensorData) -> Elements:
        """The kernel argument for an array, from x's first element."""
        memory: Memory = x.buffer
        elements = memory.allocation[: memory.nbytes].view(x.dtype.numpy)
        return Elements(elements, x.offset)

    def launch(self, kernel: Any, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        """Run a kernel of numba-cuda's simulator, which runs one at a time."""
        with self._one_at_a_time:
            kernel[grid, block](*arguments)

    def synchronize(self) -> None:
        """Everything has been computed already."""


# -- which one ----------------------------------------------------------------------------------

_making = threading.Lock()
_made: list[Hardware | Simulator] = []


def get_device() -> Hardware | Simulator:
    """The one device of this process.

    Raises: BackendUnavailable that says what is missing and how to get it.
    """
    if not _made:
        with _making:
            if not _made:
                if MISSING:
                    raise BackendUnavailable(MISSING)
                _made.append(Simulator() if SIMULATED else Hardware())
    return _made[0]


def sized(hardware: int, simulated: int) -> int:
    """A number of threads, or a tile size: small in the simulator, where threads are expensive."""
    return simulated if SIMULATED else hardware


# -- compiling ----------------------------------------------------------------------------------


def compile_ptx(
    function: Callable[..., None],
    signature: Sequence[Any],
    cc: tuple[int, int],
    bounds: tuple[int, int],
) -> str:
    """A kernel as portable assembly.

    Args:
        signature: numba's types of the arguments.
        cc: the compute capability to compile for; there may be no device.
        bounds: threads per block, and blocks that a multiprocessor must hold at once.
    """
    with _compiling_for(cc):
        ptx, _ = cuda.compile(
            function, tuple(signature), device=False, abi="numba", cc=cc, launch_bounds=bounds
        )
    return str(ptx)


def assemble(ptx: str, cc: tuple[int, int]) -> tuple[bytes, str]:
    """Machine code and the assembler's log, by nvJitLink, which needs no driver."""
    core = import_module("cuda.core")
    options = core.LinkerOptions(arch=f"sm_{cc[0]}{cc[1]}", verbose=True)
    linker = core.Linker(core.ObjectCode.from_ptx(ptx.encode()), options=options)
    return bytes(linker.link("cubin").code), str(linker.get_info_log())


@contextlib.contextmanager
def _compiling_for(cc: tuple[int, int]) -> Iterator[None]:
    """Give numba a stand-in for the current device, which it asks for although it knows the target:
    there may be no device, and numba's context would not be ours."""
    dispatcher: Any = import_module("numba.cuda.dispatcher")
    global_compiler_lock = import_module("numba.cuda.core.compiler_lock").global_compiler_lock
    answer = python_types.SimpleNamespace(compute_capability=cc)
    with global_compiler_lock:
        asked = dispatcher.get_current_device
        dispatcher.get_current_device = lambda: answer
        try:
            yield
        finally:
            dispatcher.get_current_device = asked


#: numba's extension interface, and libdevice, NVIDIA's mathematical library.
overload: Any = None
intrinsic: Any = None
libdevice: Any = None
#: The type of an array of booleans in a signature.
Booleans: Any = None

if not MISSING and not SIMULATED:
    _extending = import_module("numba.cuda.extending")
    overload, intrinsic = _extending.overload, _extending.intrinsic
    libdevice = import_module("numba.cuda.libdevice")
    _lower = import_module("numba.cuda.cudaimpl").registry.lower

    class _Booleans(types.CPointer):  # type: ignore[misc, unused-ignore]
        """Bytes in memory, bits in registers. numba's own pointers read a byte where they promise a
        bit."""

        def __init__(self) -> None:
            super().__init__(types.boolean)

    def _get(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        byte = builder.load(builder.gep(args[0], [args[1]]))
        return builder.icmp_unsigned("!=", byte, byte.type(0))

    def _set(context: Any, builder: Any, sig: Any, args: Any) -> None:
        place = builder.gep(args[0], [args[1]])
        builder.store(builder.zext(args[2], place.type.pointee), place)

    Booleans = _Booleans
    _extending.register_model(Booleans)(_extending.core_models.PointerModel)
    _lower(operator.getitem, Booleans, types.Integer)(_get)
    _lower(operator.setitem, Booleans, types.Integer, types.Any)(_set)
