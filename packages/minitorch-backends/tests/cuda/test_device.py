"""What `device.Hardware` asks of cuda.core and the driver, on stand-ins with their interfaces.

Nothing here takes the place of a GPU; it finds calls that would fail before they reached one.
"""

import ctypes
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from minitorch_autodiff import operators as ops
from minitorch_backends.cuda import CudaBackend, device
from minitorch_tensor.dtypes import float32

SUCCESS = SimpleNamespace(name="CUDA_SUCCESS")
OUT_OF_MEMORY = SimpleNamespace(name="CUDA_ERROR_OUT_OF_MEMORY")


class FakeDriver:
    """Copies on the host, where its memory is."""

    CUresult = SimpleNamespace(CUDA_SUCCESS=SUCCESS)
    status = SUCCESS

    def cuInit(self, flags):
        return (SUCCESS,)

    def cuDriverGetVersion(self):
        return SUCCESS, 13000

    def cuGetErrorString(self, status):
        return SUCCESS, b"out of memory"

    def _copy(self, target, source, size, stream):
        assert isinstance(stream, FakeHandle)
        ctypes.memmove(target, source, size)
        return (self.status,)

    cuMemcpyHtoDAsync = cuMemcpyDtoHAsync = cuMemcpyDtoDAsync = _copy


class FakeHandle(int):
    """What `Stream.handle` is: an object that `int` makes an address of."""


class FakeStream:
    def __init__(self):
        self.handle = FakeHandle(7)
        self.waits = 0

    def sync(self):
        self.waits += 1


class FakeDevice:
    """One for each thread, as in cuda.core, which is to be made current there."""

    compute_capability = (9, 0)
    name = "stand-in"
    properties = SimpleNamespace(multiprocessor_count=132)

    def __init__(self):
        self.current = threading.local()

    def set_current(self):
        self.current.yes = True

    def create_stream(self, obj=None, options=None):
        assert options.nonblocking
        return FakeStream()

    def allocate(self, size, *, stream):
        assert self.current.yes
        assert size > 0
        memory = np.full(size, 0xFF, np.uint8)
        return SimpleNamespace(handle=memory.ctypes.data, memory=memory)


class FakeCore:
    def __init__(self):
        self.devices = threading.local()
        self.launched = []

    def Device(self, number):
        assert number == 0
        if not hasattr(self.devices, "device"):
            self.devices.device = FakeDevice()
        return self.devices.device

    @staticmethod
    def StreamOptions(nonblocking):
        return SimpleNamespace(nonblocking=nonblocking)

    @staticmethod
    def LaunchConfig(grid, block):
        return grid, block

    class ObjectCode:
        @staticmethod
        def from_cubin(cubin):
            assert cubin[:4] == b"\x7fELF"
            return SimpleNamespace(get_kernel=lambda symbol: (cubin, symbol))

    def launch(self, stream, config, kernel, *arguments):
        assert isinstance(stream, FakeStream)
        self.launched.append((config, kernel, arguments))


@pytest.fixture
def stand_ins(monkeypatch):
    modules = {"cuda.core": FakeCore(), "cuda.bindings.driver": FakeDriver()}
    monkeypatch.setattr(device, "import_module", modules.__getitem__)
    hardware = device.Hardware()
    monkeypatch.undo()
    monkeypatch.setattr(device, "_made", [hardware])
    return hardware


def test_arrays_go_and_come_back(stand_ins):
    backend = CudaBackend()
    for array in (np.arange(6.0).reshape(2, 3), np.float32(3).reshape(()), np.empty((0, 2))):
        data = backend.from_numpy(array)
        copy = backend.contiguous(data)
        np.testing.assert_array_equal(backend.to_numpy(copy), array)
    part = backend.from_numpy(np.arange(6.0)).slice(0, 2, 3)
    np.testing.assert_array_equal(backend.to_numpy(part), [2.0, 3.0, 4.0])
    backend.synchronize()
    assert stand_ins._stream.waits == 4  # for each download of something, and at the end


def test_every_thread_has_the_context(stand_ins):
    backend = CudaBackend()
    seen = []
    thread = threading.Thread(target=lambda: seen.append(backend.from_numpy(np.ones(3))))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(backend.to_numpy(seen[0]), np.ones(3))


def test_what_the_driver_reports_is_raised(stand_ins):
    stand_ins._driver.status = OUT_OF_MEMORY
    with pytest.raises(RuntimeError, match=r"out of memory \(CUDA_ERROR_OUT_OF_MEMORY\)"):
        CudaBackend().from_numpy(np.ones(3))


def test_a_launch_has_addresses_and_numbers_of_the_declared_types(compiler, stand_ins):
    backend = CudaBackend()
    x = backend.from_numpy(np.ones((5, 7), np.float32))
    part = x.slice(0, 1, 3).slice(1, 2, 4)
    out = backend.zip(ops.sub, part, x.slice(0, 0, 1).slice(1, 0, 1), float32)
    (grid, block), (_, symbol), arguments = stand_ins._core.launched[-1]
    assert (grid, block) == (1, 256)
    assert "strided" in symbol
    assert arguments[:3] == (out.buffer.address, x.buffer.address + 4 * 9, x.buffer.address)
    assert all(type(a) is int for a in arguments[:4])
    assert {type(a) for a in arguments[4:14]} == {np.uint32}
    assert {type(a) for a in arguments[14:]} == {np.int32}
