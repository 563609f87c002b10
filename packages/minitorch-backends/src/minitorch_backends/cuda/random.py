"""Uniform random numbers: numpy's own, drawn on the GPU from the state of a generator on the host.

`fast` needs no such file: on the CPU, numpy's generator fills memory as fast as kernels read it. A
GPU would have to wait for the host to draw the numbers and copy them: for a dropout layer this
would take longer than everything else.

numpy's PCG64 (O'Neill 2014, "PCG: a family of simple fast space-efficient statistically good
algorithms for random number generation") is a linear congruential generator: state = A state + C
modulo 2**128, and each step (turn) gives 64 bits. Any number of turns is again one multiplication
and one addition, found in logarithmic time (Brown 1994, "Random number generation with arbitrary
strides"). So each thread jumps to its first number, and then advances by as many turns as there are
threads.

A 128-bit number is stored as two 64-bit halves: high and low.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from minitorch_backends.cuda.compile import (
    THREADS,
    Kernel,
    blocks,
    device_function,
    number,
    pointer,
    u32,
    u64,
)
from minitorch_backends.cuda.device import cuda
from minitorch_tensor.dtypes import DType, float32, float64
from minitorch_tensor.tensor_data import TensorData

#: A, of PCG64.
MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645

_BITS = 128
_LOW = (1 << 64) - 1

#: The least number of turns per thread: the first jump costs as much as tens of turns.
TURNS = 16


# -- numbers of 128 bits ---------------------------------------------------------------------------


@device_function
def high_half(a: Any, b: Any) -> Any:
    """The upper 64 bits of a b, from products of 32-bit halves."""
    low = u64(0xFFFFFFFF)
    a_high, a_low = u64(a >> u64(32)), u64(a & low)
    b_high, b_low = u64(b >> u64(32)), u64(b & low)
    middle = u64(u64(a_high * b_low) + u64(u64(a_low * b_low) >> u64(32)))
    other = u64(u64(a_low * b_high) + u64(middle & low))
    return u64(u64(a_high * b_high) + u64(u64(middle >> u64(32)) + u64(other >> u64(32))))


@device_function
def times_plus(x_high: Any, x_low: Any, y_high: Any, y_low: Any, z_high: Any, z_low: Any) -> Any:
    """x y + z modulo 2**128, as (high, low)."""
    product = u64(x_low * y_low)
    low = u64(product + z_low)
    carry = u64(1) if low < product else u64(0)
    cross = u64(u64(x_high * y_low) + u64(x_low * y_high))
    high = u64(u64(high_half(x_low, y_low) + cross) + u64(z_high + carry))
    return high, low


@device_function
def output_of(high: Any, low: Any) -> Any:
    """The 64-bit output of a state: its halves, xored, rotated by its uppermost 6 bits."""
    mixed, turn = u64(high ^ low), u64(high >> u64(58))
    return u64(u64(mixed >> turn) | u64(mixed << u64(u64(u64(64) - turn) & u64(63))))


@device_function
def after(turns: Any, high: Any, low: Any, a_high: Any, a_low: Any, c_high: Any, c_low: Any) -> Any:
    """The state after `turns` steps of state = a state + c, by the bits of `turns`: composing a
    jump with itself doubles its length."""
    while turns > u64(0):
        if u64(turns & u64(1)) == u64(1):
            high, low = times_plus(high, low, a_high, a_low, c_high, c_low)
        c_high, c_low = times_plus(c_high, c_low, a_high, a_low, c_high, c_low)
        a_high, a_low = times_plus(a_high, a_low, a_high, a_low, u64(0), u64(0))
        turns = u64(turns >> u64(1))
    return high, low


# -- the kernel ------------------------------------------------------------------------------------


@cache
def uniform(dtype: DType) -> Kernel:
    """out[i] = numpy's i-th uniform number, for i < count.

    Takes the state, C, and the A and C of a jump of as many turns as there are threads, each as two
    halves. A turn gives one float64, or two float32, the lower half first; `waiting` is 1 if the
    first float32 is `half`, left over from an earlier turn.
    """
    T = number(dtype)
    narrow = dtype is float32
    a_high, a_low = MULTIPLIER >> 64, MULTIPLIER & _LOW

    def kernel(
        out: Any, count: Any, waiting: Any, half: Any, high: Any, low: Any, c_high: Any, c_low: Any,
        all_a_high: Any, all_a_low: Any, all_c_high: Any, all_c_low: Any,
    ) -> None:  # fmt: skip
        t = u32(cuda.grid(1))
        if narrow and t == u32(0) and waiting == u32(1):
            out[0] = T(u32(half >> u32(8))) * T(2.0**-24)
        high, low = after(u64(u64(t) + u64(1)), high, low, u64(a_high), u64(a_low), c_high, c_low)
        i = u32(waiting + u32(2) * t) if narrow else t
        while i < count:
            bits = output_of(high, low)
            if narrow:
                out[i] = T(u32(u64(bits & u64(0xFFFFFFFF)) >> u64(8))) * T(2.0**-24)
                if u32(i + 1) < count:
                    out[u32(i + 1)] = T(u32(bits >> u64(40))) * T(2.0**-24)
                i = u32(i + 2 * cuda.gridsize(1))
            else:
                out[i] = T(u64(bits >> u64(11))) * T(2.0**-53)
                i = u32(i + cuda.gridsize(1))
            high, low = times_plus(high, low, all_a_high, all_a_low, all_c_high, all_c_low)

    return Kernel(kernel, (pointer(dtype), u32, u32, u32, *[u64] * 8), THREADS)


def fill(out: TensorData, state: dict[str, Any]) -> None:
    """Uniform numbers into out, contiguous float32 or float64 of less than 2**31 elements, from the
    state of a PCG64 as numpy gives it."""
    waiting = state["has_uint32"] if out.dtype is float32 else 0
    turns = (out.size - waiting + 1) // 2 if out.dtype is float32 else out.size
    grid = blocks(-(-max(turns, 1) // TURNS))
    together = grid * THREADS
    increment = state["state"]["inc"]
    # A**n, and 1 + A + ... + A**(n - 1): the division by A - 1 comes before the modulus.
    power = pow(MULTIPLIER, together, (MULTIPLIER - 1) << _BITS)
    total = (power - 1) // (MULTIPLIER - 1) * increment
    halves = [
        part
        for value in (state["state"]["state"], increment, power, total)
        for part in (value >> 64 & _LOW, value & _LOW)
    ]
    run = uniform(out.dtype)
    run(grid, out, out.size, waiting, state["uinteger"], *halves)


def examples() -> Iterator[Kernel]:
    """Every kernel of this module, for the compile gate."""
    yield uniform(float32)
    yield uniform(float64)
